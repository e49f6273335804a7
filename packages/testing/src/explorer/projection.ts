// The canonical projection of states: what steers, with what only grows left out, instants relative to now, versions and uids by
// whether they are current. A projection is a digest of what is fixed and stamps of what depends on now and on the store.
import type { KubeObject } from '@kubesim/api';
import { DigestSum, Hasher, mix, OrderedMap, Vector, type Digest } from '@kubesim/kernel';

/** What a stamp is relative to: the present instant, the versions or uids in the store, the revisions that views have not seen. @internal */
export type StampKind = 'instant' | 'version' | 'uid' | 'revision';

/** A value within a projection that counts relative to something. @internal */
export interface Stamp {
  readonly kind: StampKind;
  /** Hash of where it stands. */
  readonly place: number;
  /** ms, a version, a uid's number, or a revision. */
  readonly value: number;
  /** Of a revision: the resource whose views it is compared with. */
  readonly resource: string | undefined;
}

/** @internal */
export interface Projection {
  readonly digest: Digest;
  readonly stamps: readonly Stamp[];
}

/** Whole numbers from here on are instants in ms since 1970 (2001 and later): nothing else in a state is so large. */
const INSTANTS_FROM = 1_000_000_000_000;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;
const UID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;
/** A field of this name holds the newest versions that a controller wrote, by resource: it waits for its caches to show them. */
const REVISIONS_UNDER = 'writes';
const ANY = 'any';
/** What chance or the order of coming gave each node of several that are alike: phases of kubelets, the scheduler's order of nodes. */
const FREE_BETWEEN_NODES = /PhaseMs$|^(order|places|startIndex)$/;

/** Which object has a uid: a uid is a function of its object's key and incarnation, so it is named by the key. @internal */
export class UidNames {
  private readonly numbers = new Map<string, number>();
  private readonly keys: string[] = [];

  note(object: KubeObject): void {
    const { uid, namespace = '', name = '' } = object.metadata;
    if (uid === undefined || this.numbers.has(uid)) return;
    this.numbers.set(uid, this.keys.length);
    this.keys.push(`${object.kind ?? ''} ${namespace}/${name}`);
  }

  numberOf(uid: string): number | undefined {
    return this.numbers.get(uid);
  }

  keyOf(number: number): string {
    return this.keys[number] ?? '';
  }

  /** A text with its uids named by their objects; `each` is told their numbers. */
  replaceIn(text: string, each?: (number: number) => void): string {
    if (text.length < 36 || !text.includes('-')) return text;
    return text.replace(UID, (uid) => {
      const number = this.numbers.get(uid);
      if (number === undefined) return uid;
      each?.(number);
      return this.keyOf(number);
    });
  }
}

/** What projections share: names of uids, a renaming of texts (for symmetry), and what was worked out of frozen values. @internal */
export class ProjectionContext {
  readonly uids: UidNames;
  readonly rename: ((text: string) => string) | undefined;
  readonly memo: WeakMap<object, Projection> = new WeakMap();

  constructor(uids: UidNames, rename?: (text: string) => string) {
    this.uids = uids;
    this.rename = rename;
  }
}

/** A stamp within something larger. Written out field by field: there are thousands for a component. */
function elsewhere({ kind, place, value, resource }: Stamp, within: number): Stamp {
  return { kind, place: mix(within, place), value, resource };
}

/** A hasher that projects. @internal */
export class Projector extends Hasher {
  private readonly context: ProjectionContext;
  private readonly stamps: Stamp[] = [];

  constructor(context: ProjectionContext) {
    super();
    this.context = context;
  }

  projection(): Projection {
    return { digest: this.finish(), stamps: this.stamps };
  }

  override instant(instant: number): this {
    return this.stamp('instant', instant);
  }

  override counter(): this {
    return this;
  }

  override text(text: string): this {
    const canonical = this.context.uids.replaceIn(text, (number) => { this.stamp('uid', number); });
    return super.text(this.context.rename === undefined ? canonical : this.context.rename(canonical));
  }

  override value(value: unknown): this {
    return this.project(value, undefined);
  }

  override constant(value: unknown): this {
    return value === null || typeof value !== 'object' ? this.value(value) : this.remembered(value);
  }

  /** `revisionsOf`: numbers under this value are revisions of that resource; `any` where its keys will name the resource. */
  private project(value: unknown, revisionsOf: string | undefined): this {
    if (typeof value === 'string') {
      if (value.length >= 20 && value.charCodeAt(10) === 0x54 && TIME.test(value)) return this.stamp('instant', Date.parse(value));
      return this.word(1).text(value);
    }
    if (typeof value === 'number') {
      if (revisionsOf !== undefined) return this.stamp('revision', value, revisionsOf);
      if (value >= INSTANTS_FROM && Number.isSafeInteger(value)) return this.stamp('instant', value);
      return this.word(2).number(value);
    }
    if (typeof value === 'boolean') return this.word(value ? 3 : 4);
    if (value === null || value === undefined) return this.word(5);
    const object = value;
    if (revisionsOf !== undefined || !Object.isFrozen(object)) return this.embed(this.fresh(object, revisionsOf));
    return this.remembered(object);
  }

  private remembered(object: object): this {
    let projection = this.context.memo.get(object);
    if (projection === undefined) {
      projection = this.fresh(object, undefined);
      this.context.memo.set(object, projection);
    }
    return this.embed(projection);
  }

  private fresh(value: object, revisionsOf: string | undefined): Projection {
    return new Projector(this.context).children(value, revisionsOf).projection();
  }

  private embed(projection: Projection): this {
    const place = this.a;
    const { stamps } = projection;
    for (let index = 0; index < stamps.length; index++) this.stamps.push(elsewhere(stamps[index] as Stamp, place));
    return this.digest(projection.digest);
  }

  private stamp(kind: StampKind, value: number, resource?: string): this {
    this.word(20);
    this.stamps.push({ kind, place: this.a, value, resource });
    return this;
  }

  private children(value: object, revisionsOf: string | undefined): this {
    if (Array.isArray(value)) {
      this.word(6).word(value.length);
      // Of nodes that are alike, the order of their names is free.
      if (this.context.rename !== undefined && value.length > 1 && value.every((item) => typeof item === 'string')) return this.unordered(value);
      for (const item of value) this.project(item, revisionsOf);
      return this;
    }
    if (value instanceof OrderedMap) return this.entries(value as OrderedMap<unknown>, revisionsOf);
    if (value instanceof Vector) {
      this.word(10).word(value.length - value.base);
      for (const item of value.values()) this.project(item, revisionsOf);
      return this;
    }
    this.word(7);
    const record = value as Readonly<Record<string, unknown>>;
    const metadata = record['metadata'] as Readonly<Record<string, unknown>> | undefined;
    if (metadata !== undefined && metadata !== null && typeof metadata === 'object') this.object(record, metadata);
    for (const key of Object.keys(record).sort()) {
      if (record[key] === undefined || (this.context.rename !== undefined && FREE_BETWEEN_NODES.test(key)) || key === 'resourceVersion' || key === 'generation' || key === 'observedGeneration') continue;
      this.text(key).project(record[key], key === REVISIONS_UNDER ? ANY : revisionsOf === undefined ? undefined : key);
    }
    return this.word(8);
  }

  /** Of an API object: whether its version is current, and how far its status is behind its generation. */
  private object(record: Readonly<Record<string, unknown>>, metadata: Readonly<Record<string, unknown>>): void {
    const version = metadata['resourceVersion'];
    if (typeof version === 'string') this.stamp('version', Number(version));
    const generation = metadata['generation'];
    const observed = (record['status'] as { readonly observedGeneration?: unknown } | undefined)?.observedGeneration;
    if (typeof generation === 'number') this.word(21).number(typeof observed === 'number' ? generation - observed : -1);
  }

  private unordered(texts: readonly string[]): this {
    const hashes = texts.map((text) => new Projector(this.context).text(text).projection());
    for (const { stamps } of hashes) this.stamps.push(...stamps);
    const sum = new DigestSum();
    for (const { digest } of hashes) sum.add(digest);
    return this.digest(sum.value());
  }

  /** Entries count in any order: keys may be renamed. */
  private entries(map: OrderedMap<unknown>, revisionsOf: string | undefined): this {
    this.word(9).word(map.size);
    let a = 0;
    let b = 0;
    let c = 0;
    let d = 0;
    const place = this.a;
    map.forEach((item, key) => {
      const { digest, stamps } = new Projector(this.context).text(key).project(item, revisionsOf).projection();
      a = (a + digest.a) | 0;
      b = (b + digest.b) | 0;
      c = (c + digest.c) | 0;
      d = (d + digest.d) | 0;
      const entry = mix(place, digest.a);
      for (let index = 0; index < stamps.length; index++) this.stamps.push(elsewhere(stamps[index] as Stamp, entry));
    });
    return this.digest({ a, b, c, d });
  }
}
