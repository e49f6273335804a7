// JSON merge patch (RFC 7386). Pure; what does not change keeps its identity.

type Fields = Readonly<Record<string, unknown>>;

function isMap(value: unknown): value is Fields {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

/** The value with a merge patch applied; null takes a field out. @public */
export function applyMergePatch(value: unknown, patch: unknown): unknown {
  if (!isMap(patch)) return patch;
  const result: Record<string, unknown> = isMap(value) ? { ...value } : {};
  for (const [key, item] of Object.entries(patch)) {
    if (item === null) delete result[key];
    else Object.defineProperty(result, key, { value: applyMergePatch(Object.hasOwn(result, key) ? result[key] : undefined, item), enumerable: true, configurable: true, writable: true });
  }
  return result;
}
