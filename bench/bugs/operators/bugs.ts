// Bugs of operators: each replaces one way of the Ensemble's operator. Patterns of the Sieve and kamera papers, and issues of operators.
import { call, type Calling } from '@kubesim/client';
import type { FaultName } from '@kubesim/testing';
import type { Bug } from '../bug.ts';
import { claimName, counted, ENSEMBLE, ENSEMBLES, ensembleOperator, growHeld, isGoing, podName, podOf, read, remove, RIGHT_ENSEMBLE, seenPods, surplus, type Ways, type Work } from './ensemble.ts';

const CLAIMS = 'persistentvolumeclaims';
const HOLD = 'db.example.com/hold';

function operatorBug(id: string, symptom: string, source: string, ways: Partial<Ways>, special?: { readonly faults: readonly FaultName[]; readonly why: string }): Bug {
  return { id, symptom, source, faulty: { controllers: [ensembleOperator(ways)] }, fixed: RIGHT_ENSEMBLE, draws: { ...ENSEMBLE, ...(special === undefined ? {} : { faults: special.faults }) }, ...(special === undefined ? {} : { special: special.why }) };
}

function ordinalOf(name: string | undefined): number {
  return Number(/-(\d+)$/.exec(name ?? '')?.[1] ?? -1);
}

function* takeAway({ namespace, name }: Work, ordinal: number): Calling<void> {
  yield* remove('pods', namespace, podName(name, ordinal));
}

/** The claims of pods that the cache shows on their way out are deleted, by name; the pod may have come anew. */
export const claimsByAnOldView: Bug = operatorBug('operator-stale-pods', 'scaled down and up again, a member loses its claim', 'instaclustr/cassandra-operator#407', {
  *shrink(work) {
    for (const pod of seenPods(work)) if (isGoing(pod)) yield* remove(CLAIMS, work.namespace, claimName(work.name, ordinalOf(pod.metadata.name)));
    for (const ordinal of surplus(work)) yield* takeAway(work, ordinal);
    return false;
  },
});

/** What the cache does not show yet is made again, by a name that the server makes up. */
export const makesTwice: Bug = operatorBug('operator-duplicates', 'more pods than were asked for, and they stay', 'tektoncd/pipeline#3656', {
  *grow(work) {
    const there = seenPods(work).filter((pod) => !isGoing(pod)).length;
    for (let count = there; count < work.replicas; count++) yield* call({ verb: 'create', resource: 'pods', namespace: work.namespace, object: podOf(work.ensemble, undefined) });
    return false;
  },
  *shrink(work) {
    // It takes away as many as the scale was lowered by since its last report.
    const lowered = ((work.ensemble['status']?.asked as number | undefined) ?? work.replicas) - work.replicas;
    for (const pod of seenPods(work).filter((each) => !isGoing(each)).slice(0, Math.max(0, lowered))) yield* remove('pods', work.namespace, pod.metadata.name ?? '');
    return false;
  },
  *report(work) {
    if (work.ensemble['status']?.asked === work.replicas) return;
    yield* call({ verb: 'update', resource: ENSEMBLES, subresource: 'status', namespace: work.namespace, name: work.name, object: { ...work.ensemble, status: { asked: work.replicas } } });
  },
});

/** It takes a pod away, waits until it is gone, and then deletes the claim: who dies meanwhile has forgotten the claim. */
export const forgetsItsSecondWrite: Bug = operatorBug('operator-crash-between-writes', 'the claim of a member stays where the operator was restarted', 'Sieve: a crash between two writes', {
  *shrink(work) {
    const { context, namespace, name, replicas } = work;
    for (const pod of seenPods(work).filter((each) => ordinalOf(each.metadata.name) >= replicas && !isGoing(each))) {
      const ordinal = ordinalOf(pod.metadata.name);
      const claim = context.decide(() => context.lister(CLAIMS).get(namespace, claimName(name, ordinal))?.metadata.uid ?? null);
      yield* remove('pods', namespace, podName(name, ordinal), pod.metadata.uid);
      while ((yield* read('pods', namespace, podName(name, ordinal)))?.metadata.uid === pod.metadata.uid) yield { pauseMs: 500 };
      if (claim !== null) yield* remove(CLAIMS, namespace, claimName(name, ordinal), claim);
    }
    return false;
  },
});

/** Its pods carry a finalizer, and nobody takes it off where the whole ensemble goes. */
export const leaksFinalizers: Bug = operatorBug('operator-finalizer', 'pods of a deleted ensemble are being deleted for ever', 'instaclustr/cassandra-operator#399', {
  grow: growHeld([HOLD]),
  *letGo(context, namespace, _name, ensemble) {
    if (ensemble === undefined || isGoing(ensemble)) return;
    const going = context.decide(() => context.lister('pods').byOwner(ensemble.metadata.uid ?? '').filter(isGoing).map(({ metadata }) => metadata.name ?? ''));
    for (const name of going) {
      const pod = yield* read('pods', namespace, name);
      if (pod?.metadata.finalizers?.includes(HOLD) === true) yield* call({ verb: 'update', resource: 'pods', namespace, name, object: { ...pod, metadata: { ...pod.metadata, finalizers: pod.metadata.finalizers.filter((each) => each !== HOLD) } } });
    }
  },
});

/** A spec that was brought about once is never looked at again, whatever becomes of its pods. */
export const trustsTheGeneration: Bug = operatorBug('operator-observed-generation', 'a member that is lost is not made again', 'kamera: the observed generation taken for the state', {
  isDone: ({ metadata, spec, status }) => status?.observedGeneration === metadata.generation && status?.readyReplicas === spec.replicas,
});

/** Each look writes when it was, and each write brings the next look. */
export const neverRests: Bug = operatorBug('operator-hot-loop', 'the operator writes the status over and over', 'kamera: a reconcile that wakes itself', {
  *report(work) {
    const looks = ((work.ensemble['status']?.looks as number | undefined) ?? 0) + 1;
    yield* call({ verb: 'update', resource: ENSEMBLES, subresource: 'status', namespace: work.namespace, name: work.name, object: { ...work.ensemble, status: { ...counted(work), looks } } });
  },
});

/** It hears of its claims, and not of its pods. */
export const hearsNotOfPods: Bug = operatorBug('operator-unwatched', 'a member that is deleted comes back only when something else changes', 'instaclustr/cassandra-operator#40', { owns: [CLAIMS], *report() { yield* []; } });

/** The claim of a member goes when its pod is seen on its way out: if that is missed, it stays. */
export const mustSeeItGo: Bug = operatorBug('operator-missed-state', 'the claim of a member stays that was scaled away', 'instaclustr/cassandra-operator#398', {
  *shrink(work) {
    for (const pod of seenPods(work)) {
      const ordinal = ordinalOf(pod.metadata.name);
      if (ordinal < work.replicas) continue;
      if (isGoing(pod)) yield* remove(CLAIMS, work.namespace, claimName(work.name, ordinal));
      else yield* takeAway(work, ordinal);
    }
    return false;
  },
}, { faults: ['relist', 'crashAfter'], why: 'the operator must be away just while a member goes, which is one scenario in several hundred among all faults' });

export const OPERATOR_BUGS: readonly Bug[] = [claimsByAnOldView, makesTwice, forgetsItsSecondWrite, leaksFinalizers, trustsTheGeneration, neverRests, hearsNotOfPods, mustSeeItGo];
