// Sets of fields, as managed fields hold them. Upstream: sigs.k8s.io/structured-merge-diff/v6/fieldpath.

/**
 * A set of paths as a tree. Keys are path elements as FieldsV1 writes them: `f:NAME`, `k:{"key":"value"}`, `v:VALUE`.
 * A node that is a member is itself in the set, whatever stands under it. Sets are never changed once made. @public
 */
export interface FieldSet {
  readonly isMember: boolean;
  readonly children: ReadonlyMap<string, FieldSet>;
}

const NO_CHILDREN: ReadonlyMap<string, FieldSet> = new Map();

/** The set of nothing. @public */
export const EMPTY_SET: FieldSet = { isMember: false, children: NO_CHILDREN };

/** The set of one path's end. @public */
export const LEAF: FieldSet = { isMember: true, children: NO_CHILDREN };

/** A set under construction. @internal */
export interface SetBuilder {
  isMember: boolean;
  readonly children: Map<string, SetBuilder>;
}

/** Starts a set. @internal */
export function buildSet(): SetBuilder {
  return { isMember: false, children: new Map() };
}

/** The builder's child of a path element, made if it is not there. @internal */
export function childOf(set: SetBuilder, element: string): SetBuilder {
  let child = set.children.get(element);
  if (child === undefined) {
    child = buildSet();
    set.children.set(element, child);
  }
  return child;
}

/** The built set without branches that hold nothing. @internal */
export function finishSet(set: SetBuilder): FieldSet {
  const children = new Map<string, FieldSet>();
  for (const [element, child] of set.children) {
    const finished = finishSet(child);
    if (!isEmptySet(finished)) children.set(element, finished);
  }
  return { isMember: set.isMember, children };
}

/** Whether a set holds nothing. @public */
export function isEmptySet(set: FieldSet): boolean {
  return !set.isMember && set.children.size === 0;
}

/** What is in either. @public */
export function unionSets(a: FieldSet, b: FieldSet): FieldSet {
  if (isEmptySet(a)) return b;
  if (isEmptySet(b)) return a;
  const children = new Map(a.children);
  for (const [element, child] of b.children) {
    const held = children.get(element);
    children.set(element, held === undefined ? child : unionSets(held, child));
  }
  return { isMember: a.isMember || b.isMember, children };
}

/** What is in the first and, as that very path, not in the second. @public */
export function subtractSets(a: FieldSet, b: FieldSet): FieldSet {
  if (isEmptySet(b)) return a;
  const children = new Map<string, FieldSet>();
  for (const [element, child] of a.children) {
    const taken = b.children.get(element);
    const left = taken === undefined ? child : subtractSets(child, taken);
    if (!isEmptySet(left)) children.set(element, left);
  }
  return { isMember: a.isMember && !b.isMember, children };
}

/** What is in both. @public */
export function intersectSets(a: FieldSet, b: FieldSet): FieldSet {
  const children = new Map<string, FieldSet>();
  for (const [element, child] of a.children) {
    const other = b.children.get(element);
    if (other === undefined) continue;
    const common = intersectSets(child, other);
    if (!isEmptySet(common)) children.set(element, common);
  }
  return { isMember: a.isMember && b.isMember, children };
}

/** The first without everything at or under the paths of the second. @public */
export function excludeSets(a: FieldSet, b: FieldSet): FieldSet {
  const children = new Map<string, FieldSet>();
  for (const [element, child] of a.children) {
    const excluded = b.children.get(element);
    if (excluded?.isMember === true) continue;
    const left = excluded === undefined ? child : excludeSets(child, excluded);
    if (!isEmptySet(left)) children.set(element, left);
  }
  return { isMember: a.isMember, children };
}

/** A set of paths of field names. @public */
export function setOfPaths(paths: readonly (readonly string[])[]): FieldSet {
  const set = buildSet();
  for (const path of paths) {
    let at = set;
    for (const name of path) at = childOf(at, `f:${name}`);
    at.isMember = true;
  }
  return finishSet(set);
}

/** The set as FieldsV1 writes it. @public */
export function encodeFieldSet(set: FieldSet): Readonly<Record<string, unknown>> {
  const out: Record<string, unknown> = {};
  if (set.isMember && set.children.size > 0) out['.'] = {};
  for (const [element, child] of set.children) out[element] = encodeFieldSet(child);
  return out;
}

/** The set that FieldsV1 writes. @public */
export function decodeFieldSet(fields: unknown, isRoot: boolean = true): FieldSet {
  if (typeof fields !== 'object' || fields === null) return isRoot ? EMPTY_SET : LEAF;
  const children = new Map<string, FieldSet>();
  let isMember = false;
  for (const [element, child] of Object.entries(fields)) {
    if (element === '.') isMember = true;
    else children.set(element, decodeFieldSet(child, false));
  }
  return { isMember: isMember || (!isRoot && children.size === 0), children };
}

/** All members as conflicts show them: `.spec.template.spec.containers[name="c"].image`, in order. @public */
export function listPaths(set: FieldSet, prefix: string = ''): readonly string[] {
  const out: string[] = set.isMember && prefix !== '' ? [prefix] : [];
  const elements = [...set.children.keys()].sort((a, b) => (a < b ? -1 : 1));
  for (const element of elements) out.push(...listPaths(set.children.get(element) as FieldSet, prefix + showElement(element)));
  return out;
}

function showElement(element: string): string {
  const rest = element.slice(2);
  if (element.startsWith('f:')) return `.${rest}`;
  if (element.startsWith('v:')) return `[=${rest}]`;
  const keys = JSON.parse(rest) as Readonly<Record<string, unknown>>;
  return `[${Object.keys(keys).sort().map((key) => `${key}=${JSON.stringify(keys[key])}`).join(',')}]`;
}
