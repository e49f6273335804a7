// Keeps a claim as long as a scheduled pod uses it, and tells by a condition whether any pod does. Rules: SPEC.md.
import type { KubeObject, PersistentVolumeClaim, Pod } from '@kubesim/api';
import { formatTime, send, type Calling, type Controller, type HandlerContext, type ReconcileContext, type ReconcileResult, type Reconciling } from '@kubesim/client';
import { OrderedMap } from '@kubesim/kernel';
import { claimsOfPod, isTerminated } from '../persistent-volume/claims-and-volumes.ts';
import { updateClaim } from '../persistent-volume/bind.ts';
import { claimsConcerned, podsOfClaim, type PodsByClaim } from '../persistent-volume/pods-by-claim.ts';

interface State {
  users: PodsByClaim;
}

const FINALIZER = 'kubernetes.io/pvc-protection';

/** Upstream: pkg/controller/volume/pvcprotection (1.37). @public */
export const pvcProtectionController: Controller = {
  name: 'persistentvolumeclaim-protection-controller',
  watches: ['persistentvolumeclaims', 'pods'],
  workers: 1,
  initialState: (): State => ({ users: OrderedMap.empty() }),
  handle(context, { resource, before, after }) {
    if (resource === 'pods') {
      handlePod(context, before as Pod | undefined, after as Pod | undefined);
    } else if (after !== undefined) {
      context.enqueue(`${after.metadata.namespace}/${after.metadata.name}`);
    }
  },
  *reconcile(context, key): Reconciling {
    const [namespace = '', name = ''] = key.split('/');
    let claim: PersistentVolumeClaim | null = context.decide(() => context.lister<PersistentVolumeClaim>('persistentvolumeclaims').get(namespace, name) ?? null);
    if (claim === null) return undefined;
    const isLeaving = claim.metadata?.deletionTimestamp !== undefined;
    if (hasUnusedCondition(context) && !isLeaving && claim.status?.phase === 'Bound') {
      const marked = yield* updateUnused(context, claim);
      if (marked !== undefined) return marked;
    }
    const finalizers = claim.metadata?.finalizers ?? [];
    if (isLeaving && finalizers.includes(FINALIZER)) return yield* letGo(context, claim);
    if (!isLeaving && !finalizers.includes(FINALIZER)) {
      claim = { ...claim, metadata: { ...claim.metadata, finalizers: [...finalizers, FINALIZER] } } as PersistentVolumeClaim;
      return failure(yield* updateClaim(claim));
    }
    return undefined;
  },
};

/** [PP1] The finalizer goes when no scheduled pod names the claim, by the cache and by the API. */
function* letGo(context: ReconcileContext, claim: PersistentVolumeClaim): Calling<ReconcileResult> {
  const { namespace = '', name = '' } = claim.metadata ?? {};
  const user = context.decide(() => usersOf(context, claim).find(isScheduled)?.metadata?.name ?? null);
  let blocker = user;
  if (blocker === null) {
    const live = yield* send({ verb: 'list', resource: 'pods', namespace });
    if (live.error !== undefined) return { error: `live list of pods failed: ${live.error.message}` };
    const pods = (live.object['items'] ?? []) as readonly Pod[];
    blocker = pods.find((pod) => isScheduled(pod) && claimsOfPod(pod).includes(name))?.metadata?.name ?? null;
  }
  if (blocker !== null) {
    context.explain(`persistentvolumeclaim/${name}`, { rule: 'PP1', message: `is being deleted and stays while pod ${blocker} uses it`, blockedBy: `pod/${blocker}` });
    return undefined;
  }
  const { finalizers, ...metadata } = claim.metadata ?? {};
  const kept = (finalizers ?? []).filter((finalizer) => finalizer !== FINALIZER);
  return failure(yield* updateClaim({ ...claim, metadata: kept.length === 0 ? metadata : { ...metadata, finalizers: kept } } as PersistentVolumeClaim));
}

/** [PP2] The condition Unused. Upstream also lists pods live before it says True; the cache alone decides here. */
function* updateUnused(context: ReconcileContext, claim: PersistentVolumeClaim): Calling<ReconcileResult> {
  const isUsed = context.decide(() => usersOf(context, claim).some((pod) => !isTerminated(pod)));
  const conditions = claim.status?.conditions ?? [];
  const status = isUsed ? 'False' : 'True';
  if (conditions.some((condition) => condition.type === 'Unused' && condition.status === status)) return undefined;
  const condition = {
    type: 'Unused', status, lastProbeTime: null, lastTransitionTime: formatTime(context.clock),
    reason: isUsed ? 'PodUsingPVC' : 'NoPodsUsingPVC',
    message: isUsed ? 'A pod is currently referencing this PVC' : 'No pods are currently referencing this PVC',
  };
  const changed = conditions.some(({ type }) => type === 'Unused') ? conditions.map((old) => (old.type === 'Unused' ? condition : old)) : [...conditions, condition];
  return failure(yield* updateClaim({ ...claim, status: { ...claim.status, conditions: changed } } as unknown as PersistentVolumeClaim, 'status'));
}

/** [PP3] Pods that come, go, are scheduled or end bring their claims up. */
function handlePod(context: HandlerContext, before: Pod | undefined, after: Pod | undefined): void {
  const pod = (after ?? before) as Pod;
  for (const claim of claimsConcerned(context.state as State, context, before, after)) context.enqueue(`${pod.metadata?.namespace}/${claim}`);
}

function usersOf(context: ReconcileContext, claim: PersistentVolumeClaim): readonly Pod[] {
  const { namespace = '', name = '' } = claim.metadata ?? {};
  return podsOfClaim(context, (context.state as State).users, namespace, name);
}

function isScheduled(pod: Pod): boolean {
  return (pod.spec?.nodeName ?? '') !== '';
}

function hasUnusedCondition({ profile }: ReconcileContext): boolean {
  return profile.featureGates['PersistentVolumeClaimUnusedSinceTime'] ?? profile.kubernetes === '1.37';
}

function failure(written: { readonly error?: { readonly message: string }; readonly object?: KubeObject | PersistentVolumeClaim }): ReconcileResult {
  return written.error === undefined ? undefined : { error: written.error.message };
}
