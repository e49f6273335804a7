// What the StatefulSet controller does differently from release to release, and by feature gate: all of it is decided here.
import type { Profile } from '@kubesim/client';

/** The differences, as facts. @internal */
export interface Behaviour {
  /** Event messages start with `Create`, not `create`. 1.36 */
  readonly capitalizesEvents: boolean;
  /** A pod that is gone already counts as deleted, with its event. 1.36; before, an error but in the rolling update. */
  readonly deletesGonePods: boolean;
  /** Gate MaxUnavailableStatefulSet: the rolling update has a budget in place of one pod at a time. */
  readonly hasMaxUnavailable: boolean;
  /** Parallel sets replace broken old pods outside the budget, then healthy ones within it. 1.37 (#137666) */
  readonly updatesInTwoPhases: boolean;
  /** Gate StatefulSetSemanticRevisionComparison: a revision that defaults to the same template is the same. */
  readonly comparesRevisionsSemantically: boolean;
  /** Gate StatefulSetRecreateStrategy, 1.37 alpha. */
  readonly hasRecreate: boolean;
  /** An update is complete whatever the strategy. 1.37 (#136833); before, only with RollingUpdate. */
  readonly completesAnyStrategy: boolean;
  /** Conditions of the stored status are carried over. 1.37 (#137187); before, every status write drops them. */
  readonly keepsConditions: boolean;
  /** Looks again at the instant at which the next pod becomes available. 1.36 (#135428); before, after minReadySeconds. */
  readonly requeuesPrecisely: boolean;
  /** Gate StaleControllerConsistencyStatefulSet, 1.36: no sync while caches are behind own writes. */
  readonly skipsStaleSyncs: boolean;
}

/** Reads the profile. @internal */
export function behaviourOf(profile: Profile): Behaviour {
  const since136 = profile.kubernetes !== '1.34';
  const since137 = since136 && profile.kubernetes !== '1.36';
  const gate = (name: string, byDefault: boolean): boolean => profile.featureGates[name] ?? byDefault;
  return {
    capitalizesEvents: since136,
    deletesGonePods: since136,
    hasMaxUnavailable: gate('MaxUnavailableStatefulSet', since137),
    updatesInTwoPhases: since137,
    comparesRevisionsSemantically: gate('StatefulSetSemanticRevisionComparison', true),
    hasRecreate: since137 && gate('StatefulSetRecreateStrategy', false),
    completesAnyStrategy: since137,
    keepsConditions: since137,
    requeuesPrecisely: since136,
    skipsStaleSyncs: since136 && gate('StaleControllerConsistencyStatefulSet', true),
  };
}
