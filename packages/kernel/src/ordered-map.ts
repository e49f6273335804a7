// A persistent ordered map from strings: a B+tree that is edited in place where the epoch owns it and copied where not.
// Keys are ordered by UTF-16 code unit. It knows nothing of what it holds.
import { NOBODY, type Epoch } from './epoch.ts';

const WIDTH = 32;
const HALF = WIDTH / 2;

interface Leaf<V> {
  readonly isLeaf: true;
  readonly epoch: Epoch;
  readonly keys: string[];
  readonly values: V[];
}

interface Branch<V> {
  readonly isLeaf: false;
  readonly epoch: Epoch;
  /** keys[i] is the least key under children[i], as it was when the branch was last written. */
  readonly keys: string[];
  readonly children: Tree<V>[];
}

type Tree<V> = Leaf<V> | Branch<V>;

/** First index whose key is not less than `key`. */
function lowerBound(keys: readonly string[], key: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((keys[middle] as string) < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Index of the child that holds or would hold `key`. */
function childIndex(keys: readonly string[], key: string): number {
  let low = 1;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((keys[middle] as string) <= key) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

function owned<V>(tree: Leaf<V>, epoch: Epoch): Leaf<V>;
function owned<V>(tree: Branch<V>, epoch: Epoch): Branch<V>;
function owned<V>(tree: Tree<V>, epoch: Epoch): Tree<V> {
  if (tree.epoch === epoch) return tree;
  if (tree.isLeaf) return { isLeaf: true, epoch, keys: tree.keys.slice(), values: tree.values.slice() };
  return { isLeaf: false, epoch, keys: tree.keys.slice(), children: tree.children.slice() };
}

/** What an insertion did: the tree in place of the old one, and a right neighbour if it split. */
interface Inserted<V> {
  tree: Tree<V>;
  right: Tree<V> | undefined;
  grew: boolean;
}

function insert<V>(tree: Tree<V>, epoch: Epoch, key: string, value: V): Inserted<V> {
  if (tree.isLeaf) {
    const index = lowerBound(tree.keys, key);
    const leaf = owned(tree, epoch);
    if (leaf.keys[index] === key) {
      leaf.values[index] = value;
      return { tree: leaf, right: undefined, grew: false };
    }
    if (index === leaf.keys.length) {
      leaf.keys.push(key);
      leaf.values.push(value);
    } else {
      leaf.keys.splice(index, 0, key);
      leaf.values.splice(index, 0, value);
    }
    if (leaf.keys.length <= WIDTH) return { tree: leaf, right: undefined, grew: true };
    // Keys that only ever grow leave full leaves behind instead of half-empty ones.
    const cut = index === leaf.keys.length - 1 ? WIDTH : HALF;
    const right: Leaf<V> = { isLeaf: true, epoch, keys: leaf.keys.splice(cut), values: leaf.values.splice(cut) };
    return { tree: leaf, right, grew: true };
  }
  const index = childIndex(tree.keys, key);
  const child = tree.children[index] as Tree<V>;
  const result = insert(child, epoch, key, value);
  if (result.tree === child && result.right === undefined && (tree.keys[index] as string) <= key) {
    result.tree = tree;
    return result;
  }
  const branch = owned(tree, epoch);
  branch.children[index] = result.tree;
  if (key < (branch.keys[index] as string)) branch.keys[index] = key;
  if (result.right !== undefined) {
    branch.children.splice(index + 1, 0, result.right);
    branch.keys.splice(index + 1, 0, result.right.keys[0] as string);
  }
  if (branch.children.length <= WIDTH) return { tree: branch, right: undefined, grew: result.grew };
  const cut = index >= branch.children.length - 2 ? WIDTH : HALF;
  const right: Branch<V> = { isLeaf: false, epoch, keys: branch.keys.splice(cut), children: branch.children.splice(cut) };
  return { tree: branch, right, grew: result.grew };
}

/** Removes a key that is known to be present; answers undefined when nothing is left. */
function remove<V>(tree: Tree<V>, epoch: Epoch, key: string): Tree<V> | undefined {
  if (tree.isLeaf) {
    if (tree.keys.length === 1) return undefined;
    const leaf = owned(tree, epoch);
    const index = lowerBound(leaf.keys, key);
    leaf.keys.splice(index, 1);
    leaf.values.splice(index, 1);
    return leaf;
  }
  const index = childIndex(tree.keys, key);
  const child = tree.children[index] as Tree<V>;
  const rest = remove(child, epoch, key);
  if (rest === undefined) {
    if (tree.children.length === 1) return undefined;
    const branch = owned(tree, epoch);
    branch.children.splice(index, 1);
    branch.keys.splice(index, 1);
    return branch;
  }
  const branch = rest === child ? tree : owned(tree, epoch);
  if (rest !== child) branch.children[index] = rest;
  return mergeSmall(branch, epoch, index);
}

/** Joins a small child with its right neighbour, so that removals leave no long chain of nearly empty leaves. */
function mergeSmall<V>(branch: Branch<V>, epoch: Epoch, index: number): Branch<V> {
  const left = branch.children[index] as Tree<V>;
  const right = branch.children[index + 1];
  if (right === undefined || left.isLeaf !== right.isLeaf || left.keys.length + right.keys.length > HALF) return branch;
  const edited = owned(branch, epoch);
  const merged: Tree<V> = left.isLeaf
    ? { isLeaf: true, epoch, keys: [...left.keys, ...right.keys], values: [...left.values, ...(right as Leaf<V>).values] }
    : { isLeaf: false, epoch, keys: [...left.keys, ...right.keys], children: [...left.children, ...(right as Branch<V>).children] };
  edited.children.splice(index, 2, merged);
  edited.keys.splice(index + 1, 1);
  return edited;
}

/**
 * A map from strings that iterates in key order. `set` and `delete` answer the map to use from now on: the same one, edited
 * in place, when the epoch owns it, and another one otherwise, the old one being as it was. O(log n), a copy O(log n · 32).
 * @public
 */
export class OrderedMap<V> {
  private epoch: Epoch;
  private root: Tree<V> | undefined;
  private count: number;

  private constructor(epoch: Epoch, root: Tree<V> | undefined, count: number) {
    this.epoch = epoch;
    this.root = root;
    this.count = count;
  }

  /** A map with nothing in it. */
  static empty<V>(): OrderedMap<V> {
    return new OrderedMap<V>(NOBODY, undefined, 0);
  }

  /** A map of these entries; later ones win. */
  static of<V>(entries: Iterable<readonly [string, V]>): OrderedMap<V> {
    const epoch: Epoch = { kind: 'epoch' };
    const map = new OrderedMap<V>(epoch, undefined, 0);
    for (const [key, value] of entries) map.set(epoch, key, value);
    return map;
  }

  get size(): number {
    return this.count;
  }

  get(key: string): V | undefined {
    let tree = this.root;
    if (tree === undefined) return undefined;
    while (!tree.isLeaf) tree = tree.children[childIndex(tree.keys, key)] as Tree<V>;
    const index = lowerBound(tree.keys, key);
    return tree.keys[index] === key ? tree.values[index] : undefined;
  }

  has(key: string): boolean {
    let tree = this.root;
    if (tree === undefined) return false;
    while (!tree.isLeaf) tree = tree.children[childIndex(tree.keys, key)] as Tree<V>;
    return tree.keys[lowerBound(tree.keys, key)] === key;
  }

  set(epoch: Epoch, key: string, value: V): OrderedMap<V> {
    if (this.root === undefined) return this.become(epoch, { isLeaf: true, epoch, keys: [key], values: [value] }, 1);
    if (this.epoch === epoch && this.replace(epoch, key, value)) return this;
    const { tree, right, grew } = insert(this.root, epoch, key, value);
    const root: Tree<V> = right === undefined ? tree
      : { isLeaf: false, epoch, keys: [tree.keys[0] as string, right.keys[0] as string], children: [tree, right] };
    return this.become(epoch, root, grew ? this.count + 1 : this.count);
  }

  delete(epoch: Epoch, key: string): OrderedMap<V> {
    if (this.root === undefined || !this.has(key)) return this;
    let root = remove(this.root, epoch, key);
    while (root !== undefined && !root.isLeaf && root.children.length === 1) root = root.children[0];
    return this.become(epoch, root, this.count - 1);
  }

  /** The entry with the least key not less than `from`. */
  first(from?: string): readonly [string, V] | undefined {
    return this.root === undefined ? undefined : firstOf(this.root, from);
  }

  /** The entry with the greatest key. */
  last(): readonly [string, V] | undefined {
    let tree = this.root;
    if (tree === undefined) return undefined;
    while (!tree.isLeaf) tree = tree.children[tree.children.length - 1] as Tree<V>;
    const index = tree.keys.length - 1;
    return [tree.keys[index] as string, tree.values[index] as V];
  }

  /** Entries in key order, from the first key not less than `from`, up to but without `to`. */
  *entries(from?: string, to?: string): Generator<readonly [string, V], void, undefined> {
    if (this.root !== undefined) yield* walk(this.root, from, to);
  }

  *keys(from?: string, to?: string): Generator<string, void, undefined> {
    for (const [key] of this.entries(from, to)) yield key;
  }

  *values(from?: string, to?: string): Generator<V, void, undefined> {
    for (const [, value] of this.entries(from, to)) yield value;
  }

  [Symbol.iterator](): Generator<readonly [string, V], void, undefined> {
    return this.entries();
  }

  /** Calls `visit` for each entry in key order, from `from` up to but without `to`: no generator, for hot paths. */
  forEach(visit: (value: V, key: string) => void, from?: string, to?: string): void {
    if (this.root !== undefined) visitTree(this.root, visit, from, to);
  }

  /**
   * Calls `visit` for the value of each of these keys that is here; the keys are in key order. Keys that stand beside each
   * other in the map are found without a search.
   */
  forEachOf(keys: readonly string[], visit: (value: V, key: string) => void): void {
    let leaf: Leaf<V> | undefined;
    let at = 0;
    for (const key of keys) {
      if (leaf === undefined || key > (leaf.keys[leaf.keys.length - 1] as string)) {
        leaf = this.leafOf(key);
        at = leaf === undefined ? 0 : lowerBound(leaf.keys, key);
      } else if (leaf.keys[at] !== key) at = lowerBound(leaf.keys, key);
      if (leaf === undefined || leaf.keys[at] !== key) continue;
      visit(leaf.values[at] as V, key);
      at++;
    }
  }

  private leafOf(key: string): Leaf<V> | undefined {
    let tree = this.root;
    while (tree !== undefined && !tree.isLeaf) tree = tree.children[childIndex(tree.keys, key)];
    return tree as Leaf<V> | undefined;
  }

  /** Puts another value in the place of one, if all that stands above it is the epoch's. */
  private replace(epoch: Epoch, key: string, value: V): boolean {
    let tree = this.root as Tree<V>;
    while (!tree.isLeaf && tree.epoch === epoch) tree = tree.children[childIndex(tree.keys, key)] as Tree<V>;
    if (!tree.isLeaf || tree.epoch !== epoch) return false;
    const index = lowerBound(tree.keys, key);
    if (tree.keys[index] !== key) return false;
    tree.values[index] = value;
    return true;
  }

  private become(epoch: Epoch, root: Tree<V> | undefined, count: number): OrderedMap<V> {
    if (this.epoch !== epoch) return new OrderedMap(epoch, root, count);
    this.root = root;
    this.count = count;
    return this;
  }
}

/** The first entry at or after `from`; the next leaf has it where the one that would hold `from` ends before it. */
function firstOf<V>(tree: Tree<V>, from: string | undefined): readonly [string, V] | undefined {
  if (tree.isLeaf) {
    const index = from === undefined ? 0 : lowerBound(tree.keys, from);
    return index < tree.keys.length ? [tree.keys[index] as string, tree.values[index] as V] : undefined;
  }
  for (let index = from === undefined ? 0 : childIndex(tree.keys, from); index < tree.children.length; index++) {
    const found = firstOf(tree.children[index] as Tree<V>, from);
    if (found !== undefined) return found;
  }
  return undefined;
}

function* walk<V>(tree: Tree<V>, from: string | undefined, to: string | undefined): Generator<readonly [string, V], void, undefined> {
  if (tree.isLeaf) {
    for (let index = from === undefined ? 0 : lowerBound(tree.keys, from); index < tree.keys.length; index++) {
      const key = tree.keys[index] as string;
      if (to !== undefined && key >= to) return;
      yield [key, tree.values[index] as V];
    }
    return;
  }
  for (let index = from === undefined ? 0 : childIndex(tree.keys, from); index < tree.children.length; index++) {
    if (to !== undefined && (tree.keys[index] as string) >= to) return;
    yield* walk(tree.children[index] as Tree<V>, from, to);
  }
}

function visitTree<V>(tree: Tree<V>, visit: (value: V, key: string) => void, from: string | undefined, to: string | undefined): void {
  if (tree.isLeaf) {
    for (let index = from === undefined ? 0 : lowerBound(tree.keys, from); index < tree.keys.length; index++) {
      const key = tree.keys[index] as string;
      if (to !== undefined && key >= to) return;
      visit(tree.values[index] as V, key);
    }
    return;
  }
  for (let index = from === undefined ? 0 : childIndex(tree.keys, from); index < tree.children.length; index++) {
    if (to !== undefined && (tree.keys[index] as string) >= to) return;
    visitTree(tree.children[index] as Tree<V>, visit, from, to);
  }
}
