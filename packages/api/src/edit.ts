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
 * Visits the items of a list that are none of `known`'s, where both have the rest in the same order: what one version of a
 * long list has beyond the version before it. Identity counts. @public
 */
export function forEachNew<T>(items: readonly T[], known: readonly T[], visit: (item: T, index: number) => void): void {
  let next = 0;
  for (let index = 0; index < items.length; index++) {
    const item = items[index] as T;
    if (next < known.length && item === known[next]) next++;
    else if (next + 1 < known.length && item === known[next + 1]) next += 2;
    else visit(item, index);
  }
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

/** What is known of objects that are alike: the first of them, how many fields count, and what came of it. */
interface Alike<T, R> {
  readonly first: T;
  readonly fields: number;
  readonly result: R;
}

/** What is known by its names of the fields of one type, faster than walking over them. @public */
export interface ByName<T> {
  /** A copy that may be changed, until it is frozen. */
  copy(object: T): T;
  /** Whether all but own fields is identical, and the object has no field but those of its type. */
  isAlike(first: T, object: T): boolean;
}

/** Objects alike that are kept for one part: templates that share their containers and differ elsewhere are few. */
const ALIKE_MAX = 4;

/**
 * Remembers results for objects that are alike: equal in every field but their own ones, by identity of frozen parts. They are
 * kept for as long as the part lives that `anchor` names, so that pods of one template cost what differs between them. @public
 */
export class AlikeMemo<T extends object, R> {
  private readonly anchor: keyof T;
  private readonly own: ReadonlySet<string>;
  private readonly byName: ByName<T> | undefined;
  private readonly known: WeakMap<object, Alike<T, R>[]> = new WeakMap();

  constructor(anchor: keyof T, own: readonly (keyof T & string)[], byName?: ByName<T>) {
    this.anchor = anchor;
    this.own = new Set(own);
    this.byName = byName;
  }

  /** What was remembered for an object that is alike; undefined if nothing was. */
  get(object: T): { readonly result: R } | undefined {
    const part = object[this.anchor];
    if (typeof part !== 'object' || part === null) return undefined;
    const entries = this.known.get(part);
    if (entries === undefined) return undefined;
    for (let index = 0; index < entries.length; index++) {
      const entry = entries[index] as Alike<T, R>;
      if (this.byName === undefined ? this.isAlike(entry, object) : this.byName.isAlike(entry.first, object)) return entry;
    }
    return undefined;
  }

  /** Remembers a result, if all parts that count are frozen. */
  set(object: T, result: R): void {
    const part = object[this.anchor];
    if (typeof part !== 'object' || part === null || this.byName?.isAlike(object, object) === false) return;
    let fields = 0;
    for (const key of Object.keys(object)) {
      if (this.own.has(key)) continue;
      const value = (object as Readonly<Record<string, unknown>>)[key];
      if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) return;
      fields++;
    }
    const entries = this.known.get(part);
    const entry = { first: Object.isFrozen(object) ? object : Object.freeze({ ...object }), fields, result };
    if (entries === undefined) this.known.set(part, [entry]);
    else if (entries.unshift(entry) > ALIKE_MAX) entries.pop();
  }

  private isAlike({ first, fields }: Alike<T, R>, object: T): boolean {
    const left = first as Readonly<Record<string, unknown>>;
    const right = object as Readonly<Record<string, unknown>>;
    let count = 0;
    const keys = Object.keys(right);
    for (let index = 0; index < keys.length; index++) {
      const key = keys[index] as string;
      if (right[key] === left[key]) {
        if (!this.own.has(key)) count++;
      } else if (!this.own.has(key)) return false;
    }
    return count === fields;
  }
}

/**
 * Remembers a pure function that changes no own fields and does not look at them; objects that are alike share its work. What
 * comes out is frozen if what goes in is. @public
 */
export function memoizeAlike<T extends object>(anchor: keyof T, own: readonly (keyof T & string)[], work: (object: T) => T, byName?: ByName<T>): (object: T) => T {
  const memo = new AlikeMemo<T, T | undefined>(anchor, own, byName);
  return (object) => {
    const known = memo.get(object);
    if (known === undefined) {
      const result = work(object);
      if (!Object.isFrozen(object)) return result;
      // Built field by field: V8 would make a dictionary of what a field is deleted from, and of every copy.
      const shared: Partial<T> = {};
      for (const key of Object.keys(result) as (keyof T & string)[]) if (!own.includes(key)) shared[key] = result[key];
      memo.set(object, result === object ? undefined : deepFreeze(shared as T));
      return deepFreeze(result);
    }
    if (known.result === undefined || !Object.isFrozen(object)) return known.result === undefined ? object : work(object);
    const out: T = byName === undefined ? { ...known.result } : byName.copy(known.result);
    for (let index = 0; index < own.length; index++) {
      const key = own[index] as keyof T;
      const value = object[key];
      if (value !== undefined) out[key] = value;
    }
    return Object.freeze(out);
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
