// The path of a field inside an object, as error causes name it. Text is made only when it is asked for.

/** A path such as `spec.template.spec.containers[0].ports[1].name`. Immutable; cheap to extend. @public */
export class FieldPath {
  readonly parent: FieldPath | undefined;
  readonly segment: string;

  constructor(segment: string, parent?: FieldPath) {
    this.segment = segment;
    this.parent = parent;
  }

  /** The path of a field below this one. Several names descend several levels. */
  child(name: string, ...more: readonly string[]): FieldPath {
    let path = new FieldPath(this.segment === '' && this.parent === undefined ? name : `.${name}`, this);
    for (const next of more) path = new FieldPath(`.${next}`, path);
    return path;
  }

  /** The path of an item of this list. */
  index(index: number): FieldPath {
    return new FieldPath(`[${index}]`, this);
  }

  /** The path of an entry of this map. */
  key(key: string): FieldPath {
    return new FieldPath(`[${key}]`, this);
  }

  toString(): string {
    let text = this.segment;
    for (let path = this.parent; path !== undefined; path = path.parent) text = path.segment + text;
    return text;
  }
}

/** Starts a path: `fieldPath('spec', 'template')` is `spec.template`; without names it is the root, whose children stand alone. @public */
export function fieldPath(...names: readonly string[]): FieldPath {
  const [first = '', ...rest] = names;
  const root = new FieldPath(first);
  const [second, ...others] = rest;
  return second === undefined ? root : root.child(second, ...others);
}
