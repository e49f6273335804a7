// Storage holds what the wire shows: no field that is undefined.

/** The object without fields that are undefined. @internal */
export function tidy<T extends object>(object: T): T {
  const result: Partial<T> = {};
  for (const key of Object.keys(object) as (keyof T)[]) if (object[key] !== undefined) result[key] = object[key];
  return result as T;
}

/** The same, frozen. A copy by spread of a frozen object costs little, one of an object that is not and gains a field a lot. @internal */
export function freeze<T extends object>(object: T): T {
  return Object.freeze(tidy(object));
}
