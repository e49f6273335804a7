// The API server: verbs over storage, in upstream's order of steps. Synchronous; errors are Status data.
import {
  badRequestStatus, builtInScheme, customResourceKinds, deepFreeze, forbiddenStatus, formatTime, invalidStatus, noSuchResourceStatus, notFoundStatus, resourceName, type ApiProfile, type ApiReply, type ContainerLog, type CustomResourceDefinition, type FieldError, type KindContext, type KindDefinition, type KubeObject, type ResourceName, type Status, type StoreReader,
} from '@kubesim/api';
import type { AdmissionAttributes, AdmissionContext, AdmissionPlugin, AdmissionWrite } from './admission/admission-plugin.ts';
import { ALWAYS_ALLOW, type Authorizer } from './authorization/authorizer.ts';
import type { Storage } from './storage/storage.ts';

const DEFINITIONS: ResourceName = 'customresourcedefinitions.apiextensions.k8s.io';

/** What an API server is made of. @public */
export interface ApiServerOptions {
  readonly storage: Storage;
  /** Virtual instant, ms since 1970. */
  now(): number;
  readonly profile: ApiProfile;
  readonly admission?: readonly AdmissionPlugin[];
  /** Who may do what by REST; everything without it. Typed calls of trusted clients are not asked. */
  readonly authorizer?: Authorizer;
  /** What a container printed, from its kubelet; undefined if there is no such run. Without it every log is empty. */
  readonly containerLog?: (target: { readonly namespace: string; readonly pod: string; readonly container: string }, previous: boolean) => ContainerLog | undefined;
  /** How many writes an object's managed fields may be behind, 16 without it: they are worked out when they are read. 0 works them out at each write. */
  readonly managedFieldsLag?: number;
  /** 32 hex digits derived from the seed and these parts. */
  identity(parts: readonly string[]): string;
}

/** Who calls, and as what. @public */
export interface Caller {
  /** `kube-controller-manager`, `kubectl`. */
  readonly process: string;
}

/** Who a request without a user comes from. @internal */
export const ADMINISTRATOR: { readonly name: string; readonly groups: readonly string[] } = { name: 'system:admin', groups: ['system:masters'] };

/** What a write carries besides its object. @internal */
export interface WriteRequest {
  readonly dryRun: boolean;
  /** What tells this dry run from others of the same object. */
  readonly dryRunLabel?: string;
  /** Who owns the fields that are written; undefined for writes that are not tracked. */
  readonly fieldManager?: string;
  readonly user: { readonly name: string; readonly groups: readonly string[] };
  /** Texts of Warning headers are added here. */
  readonly warnings: string[];
}

/** A kind that a request is about, where. @internal */
export interface Scope {
  readonly kind: KindDefinition;
  readonly resource: ResourceName;
  readonly namespace: string;
}

/** A Status that ends a request; caught at its boundary, never seen outside. @internal */
export class Refusal extends Error {
  readonly status: Status;
  constructor(status: Status) {
    super(status.message ?? '');
    this.status = status;
  }
}

interface Handlers {
  readonly phase: 'admit' | 'validate';
  readonly operation: AdmissionAttributes['operation'];
  readonly subresource: string;
  readonly handlers: readonly AdmissionPlugin[];
}

const NO_PLUGINS: readonly AdmissionPlugin[] = [];

/** By chain of plugins, which of them look at a sort of request: they answer that once, for the servers of all forks. */
const handlers = new WeakMap<readonly AdmissionPlugin[], Map<ResourceName, readonly Handlers[]>>();

function handlersOf(plugins: readonly AdmissionPlugin[]): Map<ResourceName, readonly Handlers[]> {
  let known = handlers.get(plugins);
  if (known === undefined) handlers.set(plugins, known = new Map());
  return known;
}

/** What every verb works with. @internal */
export class ServerContext {
  readonly storage: Storage;
  readonly options: ApiServerOptions;
  readonly store: StoreReader;
  private readonly plugins: Map<ResourceName, readonly Handlers[]>;
  /** What hooks look at, for the instant that it names: many requests share one. */
  private current: AdmissionContext | undefined;

  constructor(options: ApiServerOptions) {
    this.options = options;
    this.storage = options.storage;
    this.plugins = handlersOf(options.admission ?? NO_PLUGINS);
    this.store = { get: (resource, key) => this.storage.get(resource, key), list: (resource, prefix) => this.storage.list(resource, prefix) };
  }

  get authorizer(): Authorizer {
    return this.options.authorizer ?? ALWAYS_ALLOW;
  }

  get now(): number {
    return this.options.now();
  }

  get kindContext(): KindContext {
    return this.hookContext;
  }

  private get hookContext(): AdmissionContext {
    const now = this.now;
    if (this.current === undefined || this.current.now !== now) this.current = Object.freeze({ now, time: formatTime(now), profile: this.options.profile, store: this.store });
    return this.current;
  }

  /** The kind of a resource, built in or declared by a definition in the store. Throws Refusal 404. */
  kind(resource: ResourceName): KindDefinition {
    const kind = builtInScheme.byResource(resource) ?? this.customKinds().find((each) => resourceName(each) === resource);
    if (kind === undefined) throw new Refusal(noSuchResourceStatus());
    return kind;
  }

  /** Kinds that definitions in the store declare. */
  customKinds(): readonly KindDefinition[] {
    const kinds: KindDefinition[] = [];
    for (const definition of this.storage.list(DEFINITIONS)) kinds.push(...customResourceKinds(definition as CustomResourceDefinition & KubeObject));
    return kinds;
  }

  scope(call: { readonly resource: ResourceName; readonly namespace?: string }): Scope {
    const kind = this.kind(call.resource);
    if (kind.namespaced && (call.namespace === undefined || call.namespace === '')) throw new Refusal(badRequestStatus('an empty namespace may not be set during creation'));
    return { kind, resource: call.resource, namespace: kind.namespaced ? call.namespace ?? '' : '' };
  }

  key(scope: Scope, name: string): string {
    return scope.namespace === '' ? name : `${scope.namespace}/${name}`;
  }

  /** The stored object. Throws Refusal 404. */
  stored(scope: Scope, name: string): KubeObject {
    const object = this.storage.get(scope.resource, this.key(scope, name));
    if (object === undefined) throw new Refusal(notFoundStatus(scope.kind, name));
    return object;
  }

  /** Runs admission: mutating or validating. Throws Refusal. */
  admit(phase: 'admit' | 'validate', attributes: AdmissionAttributes, warnings: string[] = [], writes: AdmissionWrite[] = []): KubeObject | undefined {
    const plugins = this.pluginsFor(phase, attributes);
    let { object } = attributes;
    if (plugins.length === 0) return object;
    let current = attributes;
    const context = this.hookContext;
    for (let index = 0; index < plugins.length; index++) {
      const outcome = (plugins[index] as AdmissionPlugin)[phase]?.(current, context);
      if (outcome === undefined) continue;
      if ('forbidden' in outcome) throw new Refusal(forbiddenStatus(attributes.kind, attributes.name, outcome.forbidden));
      if ('status' in outcome) throw new Refusal(outcome.status);
      if ('invalid' in outcome) throw new Refusal(invalidStatus(attributes.kind, attributes.name, outcome.invalid));
      if (outcome.warnings !== undefined) warnings.push(...outcome.warnings);
      if (outcome.writes !== undefined) writes.push(...outcome.writes);
      if (outcome.object !== undefined) {
        object = deepFreeze(outcome.object);
        current = { ...attributes, object };
      }
    }
    return object;
  }

  /** Whether any plugin looks at a sort of request. */
  hasPlugins(operation: AdmissionAttributes['operation'], resource: ResourceName, subresource: string): boolean {
    const request = { operation, resource, subresource };
    return this.pluginsFor('admit', request).length > 0 || this.pluginsFor('validate', request).length > 0;
  }

  private pluginsFor(phase: 'admit' | 'validate', { operation, resource, subresource }: Pick<AdmissionAttributes, 'operation' | 'resource' | 'subresource'>): readonly AdmissionPlugin[] {
    const known = this.plugins.get(resource);
    let found: Handlers | undefined;
    if (known !== undefined) {
      for (let index = 0; index < known.length && found === undefined; index++) {
        const each = known[index] as Handlers;
        if (each.phase === phase && each.operation === operation && each.subresource === subresource) found = each;
      }
    }
    if (found === undefined) {
      const own = (this.options.admission ?? NO_PLUGINS).filter((plugin) => plugin[phase] !== undefined && (plugin.handles === undefined || plugin.handles(operation, resource, subresource)));
      found = { phase, operation, subresource, handlers: own };
      this.plugins.set(resource, [...known ?? [], found]);
    }
    return found.handlers;
  }

  /** Writes what admission asked to be written before the admitted object. */
  writeAdmitted(writes: readonly AdmissionWrite[]): void {
    for (const write of writes) {
      const metadata = { ...write.object.metadata, resourceVersion: this.nextVersion(write.resource) };
      this.storage.put(write.resource, write.key, { ...write.object, metadata });
    }
  }

  nextVersion(resource: ResourceName): string {
    return String(this.storage.revisionOf(resource) + 1);
  }

  /** A whole number below `bound`, derived from parts. */
  draw(parts: readonly string[], bound: number): number {
    return Number.parseInt(this.options.identity(parts).slice(0, 8), 16) % bound;
  }
}

/** Throws Refusal 422 if there are errors. @internal */
export function refuseInvalid(scope: Scope, name: string, ...found: readonly (readonly FieldError[] | undefined)[]): void {
  for (const errors of found) if (errors !== undefined && errors.length > 0) throw new Refusal(invalidStatus(scope.kind, name, found.flatMap((each) => each ?? [])));
}

/** Runs a verb and turns refusals into replies. @internal */
export function reply(run: () => KubeObject): ApiReply {
  try {
    return { ok: true, object: run() };
  } catch (error) {
    if (error instanceof Refusal) return { ok: false, status: error.status };
    throw error;
  }
}
