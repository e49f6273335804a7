// The usual shape of a controller: one kind that it is for, kinds that it owns objects of, and a key for each object of the first.
import type { KubeObject, ResourceName } from '@kubesim/api';
import { controllerOf } from './controller-ref.ts';
import type { Controller, HandlerContext, ReconcileContext, Reconciling } from './reconcile.ts';

/** What a controller is made of. @public */
export interface ControllerParts {
  /** Its name, by which processes, queues and reasons are known: `ledger-controller`. */
  readonly name: string;
  /** The kind that it is for: every change of an object enqueues that object. */
  readonly for: { readonly apiVersion: string; readonly kind: string; readonly resource: ResourceName };
  /** Resources of which it owns objects: a change enqueues the owner, by the controller owner reference. */
  readonly owns?: readonly ResourceName[];
  /** Further resources that it reads, and the keys that a change of one enqueues. */
  readonly also?: Readonly<Record<ResourceName, (object: KubeObject, context: HandlerContext) => readonly string[]>>;
  /** How many keys may be worked on at once; 1 without it. */
  readonly workers?: number;
  /** Private state that is lost in a crash. */
  readonly initialState?: () => object;
  /** As of `Controller`: whether time alone changes nothing about what it does in a settled cluster. */
  readonly isTimeless?: Controller['isTimeless'];
  /** Brings one object of the kind to what it asks for. A key is `namespace/name`, or `name` where the kind has no namespaces. */
  reconcile(context: ReconcileContext, key: string): Reconciling;
}

/** Makes a controller of its parts. Upstream's counterpart: the builder of sigs.k8s.io/controller-runtime. @public */
export function defineController(parts: ControllerParts): Controller {
  const { name, owns = [], also = {}, workers = 1, initialState, isTimeless } = parts;
  const owned = new Set(owns);
  const group = groupOf(parts.for.apiVersion);
  const isOwnedBy = (object: KubeObject): string | undefined => {
    const owner = controllerOf(object);
    return owner?.kind === parts.for.kind && groupOf(owner.apiVersion) === group ? keyOfName(object.metadata.namespace, owner.name) : undefined;
  };
  return {
    name, workers, watches: [...new Set([parts.for.resource, ...owns, ...Object.keys(also)])],
    ...(initialState === undefined ? {} : { initialState }), ...(isTimeless === undefined ? {} : { isTimeless }),
    handle(context, { resource, before, after }) {
      const object = (after ?? before) as KubeObject;
      if (resource === parts.for.resource) context.enqueue(objectKey(object));
      // An object that changes hands concerns both owners.
      if (owned.has(resource)) for (const key of new Set([before, after].map((one) => (one === undefined ? undefined : isOwnedBy(one))))) if (key !== undefined) context.enqueue(key);
      if (Object.hasOwn(also, resource)) for (const key of also[resource]?.(object, context) ?? []) context.enqueue(key);
    },
    reconcile: (context, key) => parts.reconcile(context, key),
  };
}

function groupOf(apiVersion: string): string {
  const slash = apiVersion.indexOf('/');
  return slash < 0 ? '' : apiVersion.slice(0, slash);
}

function keyOfName(namespace: string | undefined, name: string): string {
  return namespace === undefined || namespace === '' ? name : `${namespace}/${name}`;
}

/** The key of an object: `namespace/name`, or `name` without a namespace. @public */
export function objectKey({ metadata }: KubeObject): string {
  return keyOfName(metadata.namespace, metadata.name ?? '');
}

/** Namespace (empty for none) and name of a key. @public */
export function splitKey(key: string): { readonly namespace: string; readonly name: string } {
  const slash = key.indexOf('/');
  return slash < 0 ? { namespace: '', name: key } : { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}
