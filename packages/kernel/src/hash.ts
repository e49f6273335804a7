// Integer hashing: mixing for digests and counter-based randomness. Equal on every platform, since it is 32-bit integers only.
import { OrderedMap } from './ordered-map.ts';
import { Vector } from './vector.ts';

/** One round of mixing: a 32-bit state and a 32-bit word. @internal */
export function mix(state: number, word: number): number {
  let h = Math.imul(state ^ word, 0x9e3779b1);
  h ^= h >>> 15;
  h = Math.imul(h, 0x85ebca77);
  return h ^ (h >>> 13);
}

/** The hash of a text from a seed, over its UTF-16 code units. @internal */
export function hashText(seed: number, text: string): number {
  let h = seed ^ text.length;
  for (let index = 0; index < text.length; index++) h = Math.imul(h ^ text.charCodeAt(index), 0x01000193);
  return avalanche(h);
}

/** The hashes of one text from four seeds, in one walk over it. @internal */
export function hashTexts(a: number, b: number, c: number, d: number, text: string): readonly [number, number, number, number] {
  const { length } = text;
  let ha = a ^ length;
  let hb = b ^ length;
  let hc = c ^ length;
  let hd = d ^ length;
  for (let index = 0; index < length; index++) {
    const unit = text.charCodeAt(index);
    ha = Math.imul(ha ^ unit, 0x01000193);
    hb = Math.imul(hb ^ unit, 0x01000193);
    hc = Math.imul(hc ^ unit, 0x01000193);
    hd = Math.imul(hd ^ unit, 0x01000193);
  }
  return [avalanche(ha), avalanche(hb), avalanche(hc), avalanche(hd)];
}

function avalanche(state: number): number {
  let h = state ^ (state >>> 15);
  h = Math.imul(h, 0x85ebca77);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae3d);
  return h ^ (h >>> 16);
}

/** A hash of 128 bits as four words: wide enough that distinct states do not meet by chance. @public */
export interface Digest {
  readonly a: number;
  readonly b: number;
  readonly c: number;
  readonly d: number;
}

/** Sums digests so that the order of addition does not matter, and takes them out again. @public */
export class DigestSum {
  a = 0;
  b = 0;
  c = 0;
  d = 0;

  add(part: Digest): void {
    this.a = (this.a + part.a) | 0;
    this.b = (this.b + part.b) | 0;
    this.c = (this.c + part.c) | 0;
    this.d = (this.d + part.d) | 0;
  }

  subtract(part: Digest): void {
    this.a = (this.a - part.a) | 0;
    this.b = (this.b - part.b) | 0;
    this.c = (this.c - part.c) | 0;
    this.d = (this.d - part.d) | 0;
  }

  value(): Digest {
    return { a: this.a, b: this.b, c: this.c, d: this.d };
  }
}

/** Fields that do not count, with the digests already worked out without them. @public */
export interface Omit {
  readonly fields: ReadonlySet<string>;
  readonly memo: WeakMap<object, Digest>;
}

/** Names fields that digests leave out. Make it once: what was worked out is remembered with it. @public */
export function omitFields(names: readonly string[]): Omit {
  return { fields: new Set(names), memo: new WeakMap() };
}

const OMIT_NOTHING: Omit = omitFields([]);

/** Takes in words and texts in order and gives a digest of 128 bits. Not cryptographic. @public */
export class Hasher {
  protected a: number = 0x243f6a88;
  protected b: number = 0x85a308d3;
  protected c: number = 0x13198a2e;
  protected d: number = 0x03707344;

  /** A virtual instant: a projection takes it relative to now. */
  instant(instant: number): this {
    return this.number(instant);
  }

  /** A number that only grows and steers nothing by itself: a projection leaves it out. */
  counter(count: number): this {
    return this.number(count);
  }

  number(word: number): this {
    // Integers beyond 32 bits (instants) enter by both halves; fractions and infinities by their text.
    if (!Number.isSafeInteger(word)) return this.text(String(word));
    const low = word | 0;
    const high = Math.floor(word / 4294967296) | 0;
    this.word(low ^ Math.imul(high, 0x27d4eb2f));
    return high === 0 || high === -1 ? this : this.word(high);
  }

  word(word: number): this {
    this.a = mix(this.a, word);
    this.b = mix(this.b, word ^ 0x55555555);
    this.c = mix(this.c, Math.imul(word, 0x9e3779b1));
    this.d = mix(this.d, Math.imul(word ^ 0x0f0f0f0f, 0xc2b2ae3d));
    return this;
  }

  text(text: string): this {
    // `hashText` from four seeds in one pass.
    const { length } = text;
    let a = this.a ^ length;
    let b = this.b ^ length;
    let c = this.c ^ length;
    let d = this.d ^ length;
    for (let index = 0; index < length; index++) {
      const code = text.charCodeAt(index);
      a = Math.imul(a ^ code, 0x01000193);
      b = Math.imul(b ^ code, 0x01000193);
      c = Math.imul(c ^ code, 0x01000193);
      d = Math.imul(d ^ code, 0x01000193);
    }
    this.a = avalanche(a);
    this.b = avalanche(b);
    this.c = avalanche(c);
    this.d = avalanche(d);
    return this;
  }

  digest(part: Digest): this {
    this.a = mix(this.a, part.a);
    this.b = mix(this.b, part.b);
    this.c = mix(this.c, part.c);
    this.d = mix(this.d, part.d);
    return this;
  }

  /**
   * Any JSON value, `OrderedMap` or `Vector`; keys of objects in code-unit order, absent and undefined fields alike. Digests of frozen objects are
   * remembered, since a World holds the same objects for long. `omit` names fields that do not count at any depth.
   */
  value(value: unknown, omit: Omit = OMIT_NOTHING): this {
    if (typeof value === 'string') return this.word(1).text(value);
    if (typeof value === 'number') return this.word(2).number(value);
    if (typeof value === 'boolean') return this.word(value ? 3 : 4);
    if (value === null || value === undefined) return this.word(5);
    // Frozen or not, a value has one digest: what was read back from JSON is frozen where the original may not have been.
    if (!Object.isFrozen(value)) return this.digest(new Hasher().fields(value as object, omit).finish());
    let digest = omit.memo.get(value as object);
    if (digest === undefined) {
      digest = new Hasher().fields(value as object, omit).finish();
      omit.memo.set(value as object, digest);
    }
    return this.digest(digest);
  }

  /** A value that nobody changes any more, frozen or not: it is looked at once. */
  constant(value: unknown): this {
    if (value === null || typeof value !== 'object') return this.value(value);
    let digest = OMIT_NOTHING.memo.get(value);
    if (digest === undefined) {
      digest = new Hasher().fields(value, OMIT_NOTHING).finish();
      OMIT_NOTHING.memo.set(value, digest);
    }
    return this.digest(digest);
  }

  private fields(value: object, omit: Omit): this {
    if (Array.isArray(value)) {
      this.word(6).word(value.length);
      for (const item of value) this.value(item, omit);
      return this;
    }
    if (value instanceof OrderedMap) {
      this.word(9).word(value.size);
      value.forEach((item, key) => { this.text(key).value(item, omit); });
      return this;
    }
    if (value instanceof Vector) {
      this.word(10).word(value.base).word(value.length);
      for (const item of value.values()) this.value(item, omit);
      return this;
    }
    this.word(7);
    const record = value as Readonly<Record<string, unknown>>;
    for (const key of Object.keys(record).sort()) {
      if (record[key] === undefined || omit.fields.has(key)) continue;
      this.text(key).value(record[key], omit);
    }
    return this.word(8);
  }

  finish(): Digest {
    return { a: mix(this.a, 1), b: mix(this.b, 2), c: mix(this.c, 3), d: mix(this.d, 4) };
  }
}

/** A digest as 32 hex digits. @public */
export function formatDigest(digest: Digest): string {
  return [digest.a, digest.b, digest.c, digest.d].map((word) => (word >>> 0).toString(16).padStart(8, '0')).join('');
}
