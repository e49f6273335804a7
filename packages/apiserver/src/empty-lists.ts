// Which lists a request sent empty. Go's typed objects tell an empty list from one that is absent, and a few rules look at
// that; once written both are absent. Objects here have no empty lists, so what was sent is remembered beside the object.
import type { KindDefinition, KubeObject } from '@kubesim/api';

/** By the decoded object of one request: a root that no store ever holds, for what is stored has a root of its own. */
const sent = new WeakMap<KubeObject, ReadonlySet<string>>();

function isEmptyList(value: unknown, path: string): boolean {
  let at = value;
  for (const name of path.split('.')) {
    if (typeof at !== 'object' || at === null || Array.isArray(at)) return false;
    at = (at as Readonly<Record<string, unknown>>)[name];
  }
  return Array.isArray(at) && at.length === 0;
}

/** Remembers of a decoded object which of the lists that count for its kind were sent empty. @internal */
export function noteEmptyLists(kind: KindDefinition, raw: unknown, decoded: KubeObject): void {
  const paths = kind.emptyLists?.filter((path) => isEmptyList(raw, path)) ?? [];
  if (paths.length > 0) sent.set(decoded, new Set(paths));
}

/** The lists that were sent empty with a decoded object, if any. @internal */
export function emptyListsOf(decoded: KubeObject): ReadonlySet<string> | undefined {
  return sent.get(decoded);
}

/** Another form of a decoded object was sent with the same lists. @internal */
export function inheritEmptyLists(from: KubeObject, to: KubeObject): void {
  const paths = sent.get(from);
  if (paths !== undefined) sent.set(to, paths);
}
