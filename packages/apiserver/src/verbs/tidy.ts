// Storage holds what the wire shows: no field that is undefined.

/** The object without fields that are undefined. @internal */
export function tidy<T extends object>(object: T): T {
  const result: Partial<T> = {};
  for (const key of Object.keys(object) as (keyof T)[]) if (object[key] !== undefined) result[key] = object[key];
  return result as T;
}
