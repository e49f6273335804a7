// Values within states that are kept. Nobody changes them any more, frozen or not: each object is looked at once.
import { Hasher, OrderedMap, Vector, type Digest } from '@kubesim/kernel';
import { DigestTable } from './digest-table.ts';

/** Digests and numbers of values: equal values have the same. @internal */
export class KeptValues {
  private readonly ids = new DigestTable();
  private readonly digests = new WeakMap<object, Digest>();

  idOf(value: unknown): number {
    const digest = this.digestOf(value);
    let id = this.ids.get(digest);
    if (id < 0) this.ids.set(digest, id = this.ids.size);
    return id;
  }

  digestOf(value: unknown): Digest {
    if (value === null || typeof value !== 'object') return new Hasher().value(value).finish();
    // Lists that answer a question are made anew each time.
    if (Array.isArray(value)) return this.fresh(value);
    let digest = this.digests.get(value);
    if (digest === undefined) {
      digest = Object.isFrozen(value) ? new Hasher().value(value).finish() : this.fresh(value);
      this.digests.set(value, digest);
    }
    return digest;
  }

  fresh(value: object): Digest {
    const hasher = new Hasher();
    if (Array.isArray(value)) {
      hasher.word(6).word(value.length);
      for (const item of value) hasher.digest(this.digestOf(item));
    } else if (value instanceof OrderedMap) {
      hasher.word(9).word(value.size);
      (value as OrderedMap<unknown>).forEach((item, key) => { hasher.text(key).digest(this.digestOf(item)); });
    } else if (value instanceof Vector) {
      hasher.word(10).word(value.base).word(value.length);
      for (const item of value.values()) hasher.digest(this.digestOf(item));
    } else {
      const record = value as Readonly<Record<string, unknown>>;
      hasher.word(7);
      for (const key of Object.keys(record).sort()) if (record[key] !== undefined) hasher.text(key).digest(this.digestOf(record[key]));
    }
    return hasher.finish();
  }
}

/** A hasher over a state that is kept. @internal */
export class KeptHasher extends Hasher {
  private readonly values: KeptValues;

  constructor(values: KeptValues) {
    super();
    this.values = values;
  }

  override value(value: unknown): this {
    if (value === null || typeof value !== 'object') return super.value(value);
    // A record that is not frozen was made by the step before, and is not met again; what it holds may be.
    const isKnown = Object.isFrozen(value) || value instanceof OrderedMap || value instanceof Vector;
    return this.digest(isKnown ? this.values.digestOf(value) : this.values.fresh(value));
  }

  override constant(value: unknown): this {
    return value === null || typeof value !== 'object' ? super.value(value) : this.digest(this.values.digestOf(value));
  }
}
