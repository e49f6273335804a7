// A small operator of the usual sort: an Ensemble of members, each a pod with a claim of its own. What it does at each point is a
// way that a bug may replace; with all ways as they are here it is right.
import type { KubeObject } from '@kubesim/api';
import { call, defineController, failedWith, newControllerRef, splitKey, type Calling, type Controller, type ReconcileContext, type Reconciling } from '@kubesim/client';
import { customResourceScenario, type RunOptions, type ScenarioOptions } from '@kubesim/testing';

export const ENSEMBLES = 'ensembles.db.example.com';
const KIND = { apiVersion: 'db.example.com/v1', kind: 'Ensemble' };
const CLAIMS = 'persistentvolumeclaims';
const LOOK_AGAIN_MS = 1_000;

/** What a reconcile works on. */
export interface Work {
  readonly context: ReconcileContext;
  readonly namespace: string;
  readonly name: string;
  readonly ensemble: KubeObject;
  readonly replicas: number;
}

/** The points at which builds differ. */
export interface Ways {
  /** What it hears of beside its own kind. */
  readonly owns: readonly string[];
  /** Finalizers that its pods carry. */
  readonly finalizers: readonly string[];
  /** Lets pods go that are being deleted. */
  letGo(context: ReconcileContext, namespace: string, name: string, ensemble: KubeObject | undefined): Calling<void>;
  /** Whether there is nothing to do. */
  isDone(ensemble: KubeObject): boolean;
  /** Before anything is made. */
  begin(work: Work): Calling<void>;
  /** Makes what is missing; answers whether to look again. */
  grow(work: Work): Calling<boolean>;
  /** Takes away what is too much; answers whether to look again. */
  shrink(work: Work): Calling<boolean>;
  /** Writes the status. */
  report(work: Work): Calling<void>;
}

/** Asks the API server, which no cache can be behind. */
export function* read(resource: string, namespace: string, name: string): Calling<KubeObject | undefined> {
  try {
    return yield* call({ verb: 'get', resource, namespace, name });
  } catch (error) {
    if (failedWith(error, 'NotFound')) return undefined;
    throw error;
  }
}

/** Deletes what may be gone already; only this very object, if a uid is given. */
export function* remove(resource: string, namespace: string, name: string, uid?: string): Calling<void> {
  try {
    yield* call({ verb: 'delete', resource, namespace, name, ...(uid === undefined ? {} : { options: { preconditions: { uid } } }) });
  } catch (error) {
    if (!failedWith(error, 'NotFound')) throw error;
  }
}

export const podName = (name: string, ordinal: number): string => `${name}-${ordinal}`;
export const claimName = (name: string, ordinal: number): string => `data-${name}-${ordinal}`;

const isOf = (object: KubeObject, owner: KubeObject): boolean => (object.metadata.ownerReferences ?? []).some(({ uid }) => uid === owner.metadata.uid);
export const isGoing = (object: KubeObject): boolean => object.metadata.deletionTimestamp !== undefined;
const hasEnded = (pod: KubeObject): boolean => pod['status']?.phase === 'Failed' || pod['status']?.phase === 'Succeeded';
const isReady = (pod: KubeObject): boolean => ((pod['status']?.conditions ?? []) as readonly { readonly type: string; readonly status: string }[]).some(({ type, status }) => type === 'Ready' && status === 'True');

function claimOf(ensemble: KubeObject, ordinal: number): KubeObject {
  return {
    apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: claimName(ensemble.metadata.name ?? '', ordinal), namespace: ensemble.metadata.namespace, ownerReferences: [newControllerRef(ensemble, KIND)] },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  } as KubeObject;
}

/** The pod of a member; without an ordinal one whose name the API server makes up, and which has no claim. */
export function podOf(ensemble: KubeObject, ordinal: number | undefined, finalizers: readonly string[] = []): KubeObject {
  const name = ensemble.metadata.name ?? '';
  const mounts = ordinal === undefined ? {} : { volumes: [{ name: 'data', persistentVolumeClaim: { claimName: claimName(name, ordinal) } }] };
  return {
    apiVersion: 'v1', kind: 'Pod',
    metadata: { ...(ordinal === undefined ? { generateName: `${name}-` } : { name: podName(name, ordinal) }), namespace: ensemble.metadata.namespace, labels: { ensemble: name }, ownerReferences: [newControllerRef(ensemble, KIND)], ...(finalizers.length === 0 ? {} : { finalizers }) },
    spec: { terminationGracePeriodSeconds: 1, containers: [{ name: 'main', image: 'db:1' }], ...mounts },
  } as KubeObject;
}

/** The pods of an ensemble as the cache has them. */
export function seenPods({ context, ensemble }: Work): readonly KubeObject[] {
  return context.decide(() => context.lister('pods').byOwner(ensemble.metadata.uid ?? ''));
}

function* grow({ namespace, name, ensemble, replicas }: Work, finalizers: readonly string[]): Calling<boolean> {
  for (let ordinal = 0; ordinal < replicas; ordinal++) {
    const claim = yield* read(CLAIMS, namespace, claimName(name, ordinal));
    // One that is going, or is a former ensemble's, is waited for.
    if (claim !== undefined && (isGoing(claim) || !isOf(claim, ensemble))) return true;
    if (claim === undefined) yield* call({ verb: 'create', resource: CLAIMS, namespace, object: claimOf(ensemble, ordinal) });
    const pod = yield* read('pods', namespace, podName(name, ordinal));
    if (pod !== undefined && (isGoing(pod) || !isOf(pod, ensemble))) return true;
    if (pod !== undefined && hasEnded(pod)) {
      yield* remove('pods', namespace, podName(name, ordinal), pod.metadata.uid);
      return true;
    }
    if (pod === undefined) yield* call({ verb: 'create', resource: 'pods', namespace, object: podOf(ensemble, ordinal, finalizers) });
  }
  return false;
}

/** Ordinals of what the ensemble has beyond its replicas, by the pods and claims of the cache. */
export function surplus({ context, ensemble, replicas }: Work): readonly number[] {
  return context.decide(() => {
    const names = ['pods', CLAIMS].flatMap((resource) => context.lister(resource).byOwner(ensemble.metadata.uid ?? '')).map(({ metadata }) => metadata.name ?? '');
    return [...new Set(names.map((each) => Number(/-(\d+)$/.exec(each)?.[1] ?? -1)))].filter((ordinal) => ordinal >= replicas).sort((a, b) => b - a);
  });
}

function* shrink(work: Work): Calling<boolean> {
  const { namespace, name, ensemble } = work;
  for (const ordinal of surplus(work)) {
    const pod = yield* read('pods', namespace, podName(name, ordinal));
    if (pod !== undefined) {
      if (isOf(pod, ensemble) && !isGoing(pod)) yield* remove('pods', namespace, podName(name, ordinal), pod.metadata.uid);
      return true;
    }
    // The member is gone for certain, and nobody but this makes it anew.
    const claim = yield* read(CLAIMS, namespace, claimName(name, ordinal));
    if (claim !== undefined && isOf(claim, ensemble) && !isGoing(claim)) yield* remove(CLAIMS, namespace, claimName(name, ordinal), claim.metadata.uid);
  }
  return false;
}

/** What the status is to say, by the cache. */
export function counted(work: Work): Readonly<Record<string, number>> {
  const pods = seenPods(work).filter((pod) => !isGoing(pod) && !hasEnded(pod));
  return { replicas: pods.length, readyReplicas: pods.filter(isReady).length, observedGeneration: work.ensemble.metadata.generation ?? 0 };
}

function* report(work: Work): Calling<void> {
  const { namespace, name, ensemble } = work;
  const status = counted(work);
  const before = (ensemble['status'] ?? {}) as Readonly<Record<string, unknown>>;
  if (Object.keys(status).every((field) => before[field] === status[field])) return;
  yield* call({ verb: 'update', resource: ENSEMBLES, subresource: 'status', namespace, name, object: { ...ensemble, status: { ...before, ...status } } });
}

const RIGHT: Ways = {
  owns: ['pods', CLAIMS], finalizers: [],
  *letGo() { return undefined; },
  isDone: () => false,
  *begin() { return undefined; },
  grow: (work) => grow(work, []),
  shrink, report,
};

/** Grows with pods that carry finalizers. */
export const growHeld = (finalizers: readonly string[]): Ways['grow'] => (work) => grow(work, finalizers);

/** The operator, some of its ways replaced. */
export function ensembleOperator(replaced: Partial<Ways> = {}): Controller {
  const ways: Ways = { ...RIGHT, ...replaced };
  return defineController({
    name: 'ensemble-operator', for: { ...KIND, resource: ENSEMBLES }, owns: ways.owns, also: Object.fromEntries(['pods', CLAIMS].filter((resource) => !ways.owns.includes(resource)).map((resource) => [resource, () => []])),
    *reconcile(context, key): Reconciling {
      const { namespace, name } = splitKey(key);
      const ensemble = yield* read(ENSEMBLES, namespace, name);
      yield* ways.letGo(context, namespace, name, ensemble);
      if (ensemble === undefined || isGoing(ensemble) || ways.isDone(ensemble)) return undefined;
      const work: Work = { context, namespace, name, ensemble, replicas: (ensemble['spec'].replicas as number | undefined) ?? 0 };
      yield* ways.begin(work);
      const isGrowing = yield* ways.grow(work);
      const isShrinking = yield* ways.shrink(work);
      yield* ways.report(work);
      return isGrowing || isShrinking ? { requeueAfterMs: LOOK_AGAIN_MS } : undefined;
    },
  });
}

/** What is drawn for all of them. */
export const ENSEMBLE: ScenarioOptions = customResourceScenario({
  definition: {
    apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', metadata: { name: ENSEMBLES },
    spec: {
      group: 'db.example.com', scope: 'Namespaced', names: { plural: 'ensembles', singular: 'ensemble', kind: 'Ensemble', listKind: 'EnsembleList' },
      versions: [{ name: 'v1', served: true, storage: true, subresources: { status: {} }, schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } } }],
    },
  } as KubeObject,
  object: { ...KIND, metadata: { name: 'db', namespace: 'default' }, spec: { replicas: 3 } } as KubeObject,
});

/** The right build of all of them. */
export const RIGHT_ENSEMBLE: RunOptions = { controllers: [ensembleOperator()] };
