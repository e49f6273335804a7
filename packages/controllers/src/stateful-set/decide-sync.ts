// The decision of one sync, from what the caches hold to a plan: pure, and complete but for what the API server answers.
// Upstream: updateStatefulSet in pkg/controller/statefulset/stateful_set_control.go (1.37).
import type { StatefulSetStatus } from '@kubesim/api';
import type { Reason } from '@kubesim/client';
import { condemnedClaimsPhase, condemnedPhase } from './condemned.ts';
import type { DecisionInput } from './decision-input.ts';
import { explainCondemned, explainReplicas, explainSet, explainUpdate } from './explain.ts';
import type { Phase, SyncPlan } from './plan.ts';
import { CREATING_NEW_PODS, DELETING_OLD_PODS, isRecreating, oldPods, recreatePhase, withProgress } from './recreate.ts';
import { replicasPhase } from './replicas.ts';
import { podsToUpdate } from './rolling-update.ts';
import { countClaimed, countPlaced, keptConditions, newStatus } from './status.ts';

/** Decides a sync. @internal */
export function decideSync(input: DecisionInput): SyncPlan {
  const { set, behaviour, revisions } = input;
  let conditions = keptConditions(set, behaviour);
  const claimed = (): StatefulSetStatus => newStatus(input, countClaimed(input), conditions);
  if (set.metadata.deletionTimestamp !== undefined) {
    return plan(input, [], claimed(), { rule: 'Deleting', message: 'the set is being deleted: its pods are left to the garbage collector' });
  }
  if (isRecreating(set, behaviour)) {
    const olds = oldPods(input);
    if (olds.length > 0) {
      conditions = withProgress(conditions, DELETING_OLD_PODS, input.now);
      const why = `deletes ${olds.length} pods that are not at revision ${revisions.update.name}, and creates none before they are gone`;
      return plan(input, [recreatePhase(olds)], claimed(), { rule: 'Recreate', message: why });
    }
    if (revisions.current.name !== revisions.update.name) conditions = withProgress(conditions, CREATING_NEW_PODS, input.now);
  }
  const { phases, why } = placedPhases(input);
  return plan(input, phases, newStatus(input, countPlaced(input), conditions), why);
}

function plan(input: DecisionInput, phases: readonly Phase[], status: StatefulSetStatus, why: Reason): SyncPlan {
  return { phases, status, explanations: [explainSet(input.set, why)] };
}

/** Living replicas first, then the condemned ones, then the update: each phase only if the ones before let the sync go on. */
function placedPhases(input: DecisionInput): { readonly phases: readonly Phase[]; readonly why: Reason } {
  const replicas = replicasPhase(input);
  if (replicas.endsSync) return { phases: [replicas], why: explainReplicas(input, replicas) };
  const condemned = condemnedPhase(input);
  const phases = [replicas, condemnedClaimsPhase(input), condemned].filter((phase) => phase.steps.length > 0 || phase.endsSync);
  const why = replicas.steps.length > 0 ? explainReplicas(input, replicas)
    : condemned.memberCount > 0 ? explainCondemned(input, condemned) : undefined;
  if (condemned.endsSync) return { phases, why: why ?? explainCondemned(input, condemned) };
  const strategy = input.set.spec.updateStrategy?.type;
  if (strategy === 'OnDelete' || isRecreating(input.set, input.behaviour)) {
    return { phases, why: why ?? { rule: `${strategy}`, message: `${strategy}: pods are left at the revision they have` } };
  }
  const pods = podsToUpdate(input);
  if (pods.length === 0) return { phases, why: why ?? explainUpdate(input, pods) };
  const steps = pods.map((pod, index) => ({ index, pod, stops: false }));
  const update: Phase = { name: 'rolling-update', pace: 'ordered', memberCount: pods.length, steps, endsSync: true };
  return { phases: [...phases, update], why: why ?? explainUpdate(input, pods) };
}
