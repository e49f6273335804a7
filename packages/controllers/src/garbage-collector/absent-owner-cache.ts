// Owners that are known not to exist, so that their dependents need not ask again.
// Upstream: ReferenceCache in pkg/controller/garbagecollector/uid_cache.go (1.37).

/** How many absences are remembered. [GC8] @internal */
export const ABSENT_OWNER_CACHE_SIZE = 500;

/** Remembers an absence; the one that was not asked about for the longest time is forgotten. Latest last. @internal */
export function addAbsent(absent: readonly string[], key: string): readonly string[] {
  if (absent[absent.length - 1] === key) return absent;
  const rest = absent.filter((other) => other !== key);
  const kept = rest.length >= ABSENT_OWNER_CACHE_SIZE ? rest.slice(rest.length - ABSENT_OWNER_CACHE_SIZE + 1) : rest;
  return Object.freeze([...kept, key]);
}

/** Whether an owner is known to be absent. @internal */
export function isAbsent(absent: readonly string[], key: string): boolean {
  return absent.lastIndexOf(key) >= 0;
}
