// A persistent array that grows at its end and is dropped at its front: histories, and tables of instances.
import { NOBODY, type Epoch } from './epoch.ts';

const BITS = 5;
const WIDTH = 1 << BITS;
const MASK = WIDTH - 1;

interface Chunk {
  readonly epoch: Epoch;
  readonly slots: unknown[];
}

/**
 * A persistent array. `push` and `set` answer the vector to use from now on, the same one edited in place where the epoch
 * owns it. Indexes below `base` were dropped and read as undefined. Reads are O(log32 n). @public
 */
export class Vector<V> {
  private epoch: Epoch;
  private root: Chunk;
  private depth: number;
  private end: number;
  private start: number;

  private constructor(epoch: Epoch, root: Chunk, depth: number, start: number, end: number) {
    this.epoch = epoch;
    this.root = root;
    this.depth = depth;
    this.start = start;
    this.end = end;
  }

  static empty<V>(): Vector<V> {
    return new Vector<V>(NOBODY, { epoch: NOBODY, slots: [] }, 0, 0, 0);
  }

  /** A vector of these values, from index `base` on. */
  static of<V>(values: Iterable<V>, base: number = 0): Vector<V> {
    const epoch: Epoch = { kind: 'epoch' };
    let depth = 0;
    while (base >>> (BITS * (depth + 1)) > 0) depth++;
    const vector = new Vector<V>(epoch, { epoch, slots: [] }, depth, base, base);
    for (const value of values) vector.push(epoch, value);
    return vector;
  }

  /** One more than the last index. */
  get length(): number {
    return this.end;
  }

  /** The least index that is still held. */
  get base(): number {
    return this.start;
  }

  get(index: number): V | undefined {
    if (index < this.start || index >= this.end) return undefined;
    let chunk = this.root;
    for (let level = this.depth; level > 0; level--) chunk = chunk.slots[(index >>> (BITS * level)) & MASK] as Chunk;
    return chunk.slots[index & MASK] as V;
  }

  set(epoch: Epoch, index: number, value: V): Vector<V> {
    if (index < this.start || index >= this.end) throw new RangeError(`vector: index ${index} is outside ${this.start}…${this.end}`);
    return this.write(epoch, index, value, this.end);
  }

  push(epoch: Epoch, value: V): Vector<V> {
    return this.write(epoch, this.end, value, this.end + 1);
  }

  /** Forgets everything below `base`. The memory of whole chunks of 32 is given back. */
  dropBefore(epoch: Epoch, base: number): Vector<V> {
    if (base <= this.start) return this;
    const to = Math.min(base, this.end);
    const root = prune(this.root, epoch, this.depth, to);
    if (this.epoch !== epoch) return new Vector<V>(epoch, root, this.depth, to, this.end);
    this.root = root;
    this.start = to;
    return this;
  }

  *values(from: number = this.start): Generator<V, void, undefined> {
    for (let index = Math.max(from, this.start); index < this.end; index++) yield this.get(index) as V;
  }

  private write(epoch: Epoch, index: number, value: V, end: number): Vector<V> {
    let root = this.root;
    let depth = this.depth;
    while (index >>> (BITS * (depth + 1)) > 0) {
      root = { epoch, slots: [root] };
      depth++;
    }
    const top = own(root, epoch);
    let chunk = top;
    for (let level = depth; level > 0; level--) {
      const slot = (index >>> (BITS * level)) & MASK;
      const child = chunk.slots[slot] as Chunk | undefined;
      const next = child === undefined ? { epoch, slots: [] } : own(child, epoch);
      if (next !== child) chunk.slots[slot] = next;
      chunk = next;
    }
    chunk.slots[index & MASK] = value;
    if (this.epoch !== epoch) return new Vector<V>(epoch, top, depth, this.start, end);
    this.root = top;
    this.depth = depth;
    this.end = end;
    return this;
  }
}

function own(chunk: Chunk, epoch: Epoch): Chunk {
  return chunk.epoch === epoch ? chunk : { epoch, slots: chunk.slots.slice() };
}

function prune(chunk: Chunk, epoch: Epoch, depth: number, base: number): Chunk {
  const slot = (base >>> (BITS * depth)) & MASK;
  const edited = own(chunk, epoch);
  for (let index = 0; index < slot; index++) edited.slots[index] = undefined;
  const child = edited.slots[slot] as Chunk | undefined;
  if (depth > 0 && child !== undefined) edited.slots[slot] = prune(child, epoch, depth - 1, base);
  return edited;
}
