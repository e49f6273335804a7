// Small edits of frozen objects that keep the identity of what they do not change. Identity matters: results that are
// memoized by object (a template that is already defaulted and validated) stay memoized only if it is kept.

/** The object with the given fields filled in where it has none. Returns the same object if nothing was missing. @public */
export function withDefaults<T extends object>(object: T, defaults: Partial<T>): T {
  let missing = false;
  for (const key of Object.keys(defaults) as (keyof T)[]) {
    if (object[key] === undefined && defaults[key] !== undefined) {
      missing = true;
      break;
    }
  }
  if (!missing) return object;
  const filled: Partial<T> = { ...object };
  for (const key of Object.keys(defaults) as (keyof T)[]) {
    if (filled[key] === undefined && defaults[key] !== undefined) filled[key] = defaults[key];
  }
  return filled as T;
}

/** The object with one field set, or the same object if it has that very value; `undefined` takes the field out. @public */
export function withField<T extends object, K extends keyof T>(object: T, key: K, value: T[K]): T {
  if (object[key] === value) return object;
  if (value === undefined) {
    const { [key]: _, ...rest } = object;
    return rest as T;
  }
  return { ...object, [key]: value };
}

/** The object with one field mapped; a field that is absent is left so. @public */
export function mapField<T extends object, K extends keyof T>(object: T, key: K, map: (value: NonNullable<T[K]>) => T[K]): T {
  const value = object[key];
  return value === undefined || value === null ? object : withField(object, key, map(value as NonNullable<T[K]>));
}

/** The list with each item mapped, or the same list if no item changed. @public */
export function mapItems<T>(items: readonly T[], map: (item: T, index: number) => T): readonly T[] {
  let out: T[] | undefined;
  for (let index = 0; index < items.length; index++) {
    const item = items[index] as T;
    const mapped = map(item, index);
    if (mapped !== item && out === undefined) out = [...items.slice(0, index)];
    out?.push(mapped);
  }
  return out ?? items;
}

/**
 * Remembers the result of a pure function of one object for as long as that object lives, if it is frozen: an object that
 * may still change is worked out each time. A result that is remembered is frozen, so that it can be a key in its turn. @public
 */
export function memoizeFrozen<A extends object, R>(work: (object: A) => R): (object: A) => R {
  const results = new WeakMap<A, { readonly result: R }>();
  return (object) => {
    const known = results.get(object);
    if (known !== undefined) return known.result;
    const result = work(object);
    if (Object.isFrozen(object)) results.set(object, { result: deepFreeze(result) });
    return result;
  };
}

/** Freezes JSON all the way down; what is frozen already is taken to be frozen all the way. Returns its argument. @public */
export function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  if (Array.isArray(value)) {
    for (const item of value) if (typeof item === 'object') deepFreeze(item);
  } else {
    for (const key of Object.keys(value)) {
      const field = (value as Record<string, unknown>)[key];
      if (typeof field === 'object') deepFreeze(field);
    }
  }
  return value;
}
