// What a kind is to the API server: its names, and its rules as pure functions over frozen objects.
// The machinery (verbs, metadata, zero values and defaults of the schema, patches, tables) is not here: a kind says only
// what is its own. Order of the hooks in a write: see `KindDefinition`.
import type { ObjectMeta } from './generated/types.ts';
import type { FieldError } from './field-error.ts';
import type { KubeObject, ResourceName } from './request.ts';
import type { SchemaNode } from './schema/schema.ts';

/** Which control plane is simulated, as far as the API cares. @public */
export interface ApiProfile {
  readonly kubernetes: '1.34' | '1.36' | '1.37';
  readonly featureGates: Readonly<Record<string, boolean>>;
}

/** What every hook may look at besides its objects. @public */
export interface KindContext {
  /** Virtual instant, ms since 1970. */
  readonly now: number;
  /** The same instant as metadata shows it: `2026-01-02T03:04:05Z`. */
  readonly time: string;
  readonly profile: ApiProfile;
  /** Of `KindDefinition.emptyLists` those that the request sent empty. */
  readonly emptyLists?: ReadonlySet<string>;
}

/** What validation may look at besides its objects. @public */
export interface ValidationContext extends KindContext {
  /** The stored object where an update is validated by the rules of a create. */
  readonly old?: KubeObject;
  /** The object comes of a patch that was applied to its JSON text, and was decoded from that anew. */
  readonly isJsonPatched?: boolean;
}

/** Reads of the store, for hooks that allocate from it. @public */
export interface StoreReader {
  get(resource: ResourceName, key: string): KubeObject | undefined;
  /** In key order; `namespace/` as prefix for one namespace. */
  list(resource: ResourceName, prefix?: string): Iterable<KubeObject>;
}

/** What a hook that allocates may look at. @public */
export interface AllocationContext extends KindContext {
  readonly store: StoreReader;
  readonly dryRun: boolean;
  /** A whole number from 0 up to, not including, `bound`, derived from the object's identity and `label`; never from a counter. */
  draw(label: string, bound: number): number;
}

/** Rules of one subresource that writes a part of the object (`status`, `resize`, `ephemeralcontainers`, `finalize`). @public */
export interface SubresourceStrategy<T extends KubeObject = KubeObject> {
  /**
   * The object to store, of what was sent and what is stored. Default for `status`: what was sent with everything but
   * status and metadata (less owner references and deletion marks) taken from what is stored.
   */
  prepareForUpdate?(object: T, old: T, context: KindContext): T;
  /** Errors of the kind; those of metadata stand before them. */
  validateUpdate?(object: T, old: T, context: ValidationContext): readonly FieldError[];
  warnings?(object: T, old: T, context: KindContext): readonly string[];
}

/** One column of a Table. `priority` 1 is shown only in wide output. @public */
export interface TableColumn {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'number' | 'boolean' | 'date';
  readonly format?: string;
  readonly description?: string;
  readonly priority?: number;
}

/** Cells are numbers, booleans, texts or null, in the order of the columns. @public */
export type TableCell = string | number | boolean | null | undefined;

/** A condition of a table row. @public */
export interface TableRowCondition {
  readonly type: 'Completed';
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason?: string;
  readonly message?: string;
}

/** How the scale subresource reads and writes this kind. @public */
export interface ScaleStrategy<T extends KubeObject = KubeObject> {
  replicas(object: T): number;
  statusReplicas(object: T): number;
  /** The selector as text; undefined shows none. */
  selector(object: T): string | undefined;
  withReplicas(object: T, replicas: number): T;
}

/** Subresources that a kind may serve. @public */
export type SubresourceName =
  | 'status' | 'scale' | 'finalize' | 'approval' | 'binding' | 'eviction' | 'ephemeralcontainers' | 'resize' | 'log' | 'exec'
  | 'attach' | 'portforward' | 'proxy' | 'token';

/** How names of a kind are checked; a function answers upstream's messages for a bad name (`prefix` for generateName). @public */
export type NameRule = 'subdomain' | 'label' | 'label1035' | 'path-segment' | ((name: string, prefix: boolean) => readonly string[]);

/**
 * One kind, served under one resource. Everything but the names is optional: what is left out is done from the schema alone.
 *
 * Order in a create: decode (wrong types are 400) → zero values of the schema → `default` → mutating admission →
 * `prepareForCreate` (after the machinery has dropped status and set generation) → metadata errors, `validateCreate` →
 * `warnings` → `canonicalize` → validating admission → `allocate` → storage.
 *
 * Order in an update: decode → zero values → `default` → mutating admission → `prepareForUpdate` (after the machinery has put
 * back status, generation and what of metadata the server owns) → metadata errors, `validateCreate` with `context.old`
 * (unless `updateOnlyValidation`), metadata update errors, `validateUpdate` → `warnings` → `canonicalize` → the generation is
 * raised if `generationChanged` → validating admission → `allocate` → storage. Errors are collected, none stops the others.
 *
 * Hooks are pure. They get frozen or not yet frozen JSON and never write into it; they return the same object where they
 * change nothing (see edit.ts). Fields without omitempty in Go are always there (`''`, 0, `{}` as the schema's default has
 * them); absent, null and empty omitempty fields are `undefined`. Texts, not numbers, stand for quantities.
 * @public
 */
export interface KindDefinition<T extends KubeObject = KubeObject> {
  /** Empty for core. */
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  /** Plural, lower case: `statefulsets`. */
  readonly resource: string;
  readonly singular: string;
  readonly shortNames?: readonly string[];
  /** Such as `all`. */
  readonly categories?: readonly string[];
  readonly namespaced: boolean;
  /** Definition of the schema if it is not the one that carries this group, version and kind. */
  readonly definition?: string;
  /** The schema itself, where there is no definition: custom resources. */
  readonly schema?: SchemaNode;
  /** Neither is known: objects are stored as sent. */
  readonly isStoredAsSent?: boolean;
  /** Objects are stored once under one version: here, the resource whose store this kind shares (`events` for events.k8s.io). */
  readonly storedAs?: { readonly resource: ResourceName; toStored(object: KubeObject): KubeObject; fromStored(object: KubeObject): T };
  /** Verbs of discovery; all of create, delete, deletecollection, get, list, patch, update, watch without it. */
  readonly verbs?: readonly string[];
  /** Subresources served; those with rules of their own give them, others `true`. */
  readonly subresources?: Readonly<Partial<Record<SubresourceName, SubresourceStrategy<T> | true>>>;
  readonly scale?: ScaleStrategy<T>;
  /** A create may set status (Node), though there is a status subresource. */
  readonly keepsStatusOnCreate?: boolean;
  /** An object without any name is called by a UUID (LimitRange). */
  readonly unnamedGetsUid?: boolean;

  /** How names are checked; `subdomain` without it. */
  readonly nameRule?: NameRule;
  /** Generation starts at 1 and follows the spec. */
  readonly hasGeneration?: boolean;
  /** Whether an update raises the generation; a change of `spec` without it. */
  generationChanged?(object: T, old: T): boolean;
  /** PUT without resourceVersion is refused. */
  readonly requiresResourceVersion?: boolean;
  /** Finalizers need no domain. */
  readonly takesAnyFinalizer?: boolean;
  /** PUT to a name that does not exist creates it. */
  readonly createsOnUpdate?: boolean;

  /** Paths of lists that mean another thing empty than absent; objects have neither. What was sent stands in the context. */
  readonly emptyLists?: readonly string[];
  /** Fills in defaults that the schema does not publish. */
  default?(object: T, context: KindContext): T;
  /** `default` looks at the spec alone, and changes nothing else: a write of the status need not ask it. */
  readonly defaultsSpecAlone?: boolean;
  prepareForCreate?(object: T, context: KindContext): T;
  prepareForUpdate?(object: T, old: T, context: KindContext): T;
  /** Errors of the kind itself; those of metadata are found by the machinery and stand before them. */
  validateCreate?(object: T, context: ValidationContext): readonly FieldError[];
  validateUpdate?(object: T, old: T, context: ValidationContext): readonly FieldError[];
  /** Upstream's update validation of this kind does not repeat that of create. */
  readonly updateOnlyValidation?: boolean;
  /** Texts of Warning headers, for create (`old` undefined) and update. */
  warnings?(object: T, old: T | undefined, context: KindContext): readonly string[];
  canonicalize?(object: T): T;
  /** Takes what must come from the store (a cluster IP, a node port) before a create or update is stored; errors make it 422. */
  allocate?(object: T, old: T | undefined, context: AllocationContext): T | readonly FieldError[];

  /**
   * Seconds of grace of a delete for kinds that are deleted gracefully (Pod): what the options ask (`undefined`: nothing), the
   * object, and the seconds to use.
   */
  gracePeriodSeconds?(object: T, requested: number | undefined): number;
  /** What a delete does where nothing is asked; `unsupported` never sets finalizers. Background without it. */
  readonly defaultPropagation?: 'Background' | 'Orphan' | 'unsupported';
  /** A delete answers with the object, not with a Status. */
  readonly deleteReturnsObject?: boolean;
  /** Something other than finalizers of metadata keeps a deleted object (a Namespace's spec.finalizers). */
  blocksRemoval?(object: T): boolean;
  /** What the first delete of an object that stays does to it besides the deletion marks. */
  prepareForDelete?(object: T, context: KindContext): T;
  /** Texts of Warning headers of a delete; `propagation` is what the request asked, if anything. */
  deleteWarnings?(object: T, propagation: string | undefined): readonly string[];

  /** Field selectors besides metadata.name and metadata.namespace. */
  readonly selectableFields?: Readonly<Record<string, (object: T) => string>>;
  /** Columns of a Table; Name and Created At without them. The first is Name. */
  readonly columns?: readonly TableColumn[];
  /** Cells of a row in the order of `columns`; `now` in ms. */
  cells?(object: T, now: number): readonly TableCell[];
  rowConditions?(object: T): readonly TableRowCondition[];
  /** Metadata in the rows of a Table, where it lacks what upstream adds only as it converts the whole object. */
  rowMetadata?(metadata: ObjectMeta): ObjectMeta;
  /** What of the object counts when states are compared; the object less managedFields and server-given times without it. */
  projection?(object: T): unknown;
}

/** Checks a kind's definition against its type and gives it the type that the registry holds. @public */
export function defineKind<T extends KubeObject>(definition: KindDefinition<T>): KindDefinition {
  return definition as unknown as KindDefinition;
}

/** The resource with its group: `pods`, `statefulsets.apps`. @public */
export function resourceName(kind: Pick<KindDefinition, 'group' | 'resource'>): ResourceName {
  return kind.group === '' ? kind.resource : `${kind.resource}.${kind.group}`;
}

/** The apiVersion of a kind: `v1`, `apps/v1`. @public */
export function apiVersionOf(kind: Pick<KindDefinition, 'group' | 'version'>): string {
  return kind.group === '' ? kind.version : `${kind.group}/${kind.version}`;
}
