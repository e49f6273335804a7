// Digests of 128 bits with a small number each, in typed arrays: millions of states in tens of bytes each.
import type { Digest } from '@kubesim/kernel';

const START_CAPACITY = 1 << 12;
/** Words of an entry: a digest, its number plus one (0: nothing is there), and room that keeps an entry within a line of the processor's cache. */
const ENTRY = 8;
const NUMBER = 4;

/** A table from digests to numbers of 0 or more. @internal */
export class DigestTable {
  private words = new Int32Array(START_CAPACITY * ENTRY);
  private mask = START_CAPACITY - 1;
  private count = 0;

  get size(): number {
    return this.count;
  }

  /** The number held for a digest, or −1. */
  get(digest: Digest): number {
    return (this.words[this.find(digest) + NUMBER] as number) - 1;
  }

  /** Holds a number (0 or more) for a digest. */
  set(digest: Digest, value: number): void {
    const { words } = this;
    const at = this.find(digest);
    if (words[at + NUMBER] === 0) {
      this.count++;
      words[at] = digest.a;
      words[at + 1] = digest.b;
      words[at + 2] = digest.c;
      words[at + 3] = digest.d;
    }
    words[at + NUMBER] = value + 1;
    if (this.count * 3 > (this.mask + 1) * 2) this.grow();
  }

  /** Everything held, in no particular order. */
  forEach(visit: (digest: Digest, value: number) => void): void {
    const { words } = this;
    for (let at = 0; at < words.length; at += ENTRY) {
      if (words[at + NUMBER] === 0) continue;
      visit({ a: words[at] as number, b: words[at + 1] as number, c: words[at + 2] as number, d: words[at + 3] as number }, (words[at + NUMBER] as number) - 1);
    }
  }

  /** Where the entry of a digest is, or would be. */
  private find({ a, b, c, d }: Digest): number {
    const { words, mask } = this;
    for (let place = a & mask; ; place = (place + 1) & mask) {
      const at = place * ENTRY;
      if (words[at + NUMBER] === 0) return at;
      if (words[at] === a && words[at + 1] === b && words[at + 2] === c && words[at + 3] === d) return at;
    }
  }

  private grow(): void {
    const { words } = this;
    const capacity = (this.mask + 1) * 2;
    const grown = new Int32Array(capacity * ENTRY);
    const mask = capacity - 1;
    for (let at = 0; at < words.length; at += ENTRY) {
      if (words[at + NUMBER] === 0) continue;
      // All are different: the first free place is its own.
      let place = (words[at] as number) & mask;
      while (grown[place * ENTRY + NUMBER] !== 0) place = (place + 1) & mask;
      const target = place * ENTRY;
      for (let word = 0; word <= NUMBER; word++) grown[target + word] = words[at + word] as number;
    }
    this.words = grown;
    this.mask = mask;
  }
}
