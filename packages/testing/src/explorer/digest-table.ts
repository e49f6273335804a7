// Digests of 128 bits with a small number each, in typed arrays: millions of states in tens of bytes each.
import type { Digest } from '@kubesim/kernel';

const START_CAPACITY = 1 << 12;

/** A table from digests to numbers of 0 or more. @internal */
export class DigestTable {
  private words = new Int32Array(START_CAPACITY * 4);
  private values = new Int32Array(START_CAPACITY).fill(-1);
  private mask = START_CAPACITY - 1;
  private count = 0;

  get size(): number {
    return this.count;
  }

  /** The number held for a digest, or −1. */
  get(digest: Digest): number {
    return this.values[this.find(digest)] as number;
  }

  /** Holds a number (0 or more) for a digest. */
  set(digest: Digest, value: number): void {
    const place = this.find(digest);
    if (this.values[place] === -1) {
      this.count++;
      this.words[place * 4] = digest.a;
      this.words[place * 4 + 1] = digest.b;
      this.words[place * 4 + 2] = digest.c;
      this.words[place * 4 + 3] = digest.d;
    }
    this.values[place] = value;
    if (this.count * 3 > this.values.length * 2) this.grow();
  }

  /** Everything held, in no particular order. */
  forEach(visit: (digest: Digest, value: number) => void): void {
    for (let place = 0; place < this.values.length; place++) {
      if (this.values[place] === -1) continue;
      const at = place * 4;
      visit({ a: this.words[at] as number, b: this.words[at + 1] as number, c: this.words[at + 2] as number, d: this.words[at + 3] as number }, this.values[place] as number);
    }
  }

  private find(digest: Digest): number {
    const { words, values, mask } = this;
    for (let place = digest.a & mask; ; place = (place + 1) & mask) {
      if (values[place] === -1) return place;
      const at = place * 4;
      if (words[at] === digest.a && words[at + 1] === digest.b && words[at + 2] === digest.c && words[at + 3] === digest.d) return place;
    }
  }

  private grow(): void {
    const { words, values } = this;
    const capacity = values.length * 2;
    this.words = new Int32Array(capacity * 4);
    this.values = new Int32Array(capacity).fill(-1);
    this.mask = capacity - 1;
    for (let place = 0; place < values.length; place++) {
      if (values[place] === -1) continue;
      const at = place * 4;
      const target = this.find({ a: words[at] as number, b: words[at + 1] as number, c: words[at + 2] as number, d: words[at + 3] as number });
      this.words.set(words.subarray(at, at + 4), target * 4);
      this.values[target] = values[place] as number;
    }
  }
}
