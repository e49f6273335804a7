// All bugs of the bench, one file each.
import type { Bug } from './bug.ts';
import { claimInUseIsLetGo } from './23886.ts';
import { templatesCollide } from './29735.ts';
import { unhealthyBlocksScaleDown } from './36333.ts';
import { lowerOrdinalIsNotRemade } from './38418.ts';
import { doesNotWaitForPodsBelow } from './41889.ts';
import { terminatingPodsCountAsHealthy } from './44684.ts';
import { volumesAreLeftBehind } from './45106.ts';
import { claimIsGoneByTheCache } from './50521.ts';
import { lostPodsAreForced } from './54368.ts';
import { brokenRolloutBlocksItsOwnRepair } from './67250.ts';
import { ownersAreMistakenByNamespace } from './65200.ts';
import { claimOfPendingPodIsNotMadeAgain } from './74374.ts';
import { revisionsPileUp } from './85690.ts';
import { roomIsNotCounted } from './86626.ts';
import { unreadableOwnerCountsAsGone } from './88097.ts';
import { replacesEndedPodsByForce } from './89067.ts';
import { unreadyPodsCountAsAvailable } from './108266.ts';
import { statusIsNotWrittenOnErrors } from './108837.ts';
import { failedCreateIsForgotten } from './111778.ts';
import { minReadyIsIgnored } from './112307.ts';
import { foregroundDeletionIsMissed } from './115570.ts';
import { succeededPodsStay } from './118310.ts';
import { looksAgainTooLate } from './119352.ts';
import { completeByThoseThere } from './119685.ts';
import { completeFromThePartitionOn } from './121534.ts';
import { brokenOldPodStays } from './137409.ts';
import { antiAffinityIsNotAsked } from './138546.ts';
import { quotaBlocksScaleDown } from './140858.ts';
import { budgetAllowsOneTooMany } from './budget-lags.ts';
import { claimsFollowTheScale } from './claims-follow-scale.ts';
import { cordonIsIgnored } from './cordon-ignored.ts';
import { missesThatAPodIsGone } from './missed-deletion.ts';
import { missesThatAnOwnerIsGone } from './missed-owner.ts';
import { missesThatAReplicaIsGone } from './missed-replica.ts';
import { recreationOverlaps } from './recreate-overlap.ts';
import { OPERATOR_BUGS } from './operators/bugs.ts';

export const BUGS: readonly Bug[] = [
  claimInUseIsLetGo,
  templatesCollide,
  unhealthyBlocksScaleDown,
  lowerOrdinalIsNotRemade,
  doesNotWaitForPodsBelow,
  terminatingPodsCountAsHealthy,
  volumesAreLeftBehind,
  claimIsGoneByTheCache,
  lostPodsAreForced,
  ownersAreMistakenByNamespace,
  brokenRolloutBlocksItsOwnRepair,
  claimOfPendingPodIsNotMadeAgain,
  revisionsPileUp,
  roomIsNotCounted,
  unreadableOwnerCountsAsGone,
  replacesEndedPodsByForce,
  unreadyPodsCountAsAvailable,
  statusIsNotWrittenOnErrors,
  failedCreateIsForgotten,
  minReadyIsIgnored,
  foregroundDeletionIsMissed,
  succeededPodsStay,
  looksAgainTooLate,
  completeByThoseThere,
  completeFromThePartitionOn,
  brokenOldPodStays,
  antiAffinityIsNotAsked,
  quotaBlocksScaleDown,
  budgetAllowsOneTooMany,
  claimsFollowTheScale,
  cordonIsIgnored,
  missesThatAPodIsGone,
  missesThatAnOwnerIsGone,
  missesThatAReplicaIsGone,
  recreationOverlaps,
  ...OPERATOR_BUGS,
];
