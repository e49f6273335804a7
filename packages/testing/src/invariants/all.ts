// The lists of invariants that people use.
import type { Monitor } from '../explorer/monitor.ts';
import { claimsConverge, deletionsEnd, historyIsTrimmed, nothingLeaks, podsFindPlaces, replicaSetsConverge, statusEqualsRecount } from './at-rest.ts';
import { deploymentsConverge } from './deployments-at-rest.ts';
import { claimsOfMembersGo, membersAreCounted, membersKeepTheirClaims, operatorsCreateWithMeasure, scalesStay } from './operators.ts';
import { operatorsConverge } from './operators-at-rest.ts';
import { statefulSetsConverge } from './stateful-sets-at-rest.ts';
import { availabilityFloor, budgetIsKept, historyKeepsWhatRuns, oneControllerAnObject, recreationInOrder, surgeCeiling } from './deployment.ts';
import { antiAffinityIsKept, boundOnce, cachesMoveForward, cordonsAreKept, endedStaysEnded, nodesHoldTheirPods, oneLiveProcessAnIdentity } from './pods.ts';
import { orderedCreation, orderedDeletion, podIdentity, revisionPromotion, revisionSafety, rollingUpdateInOrder } from './stateful-set.ts';
import { noEmptyWrite, noHotLoop, oneObjectAName, versionsGrow } from './store.ts';
import { attachedToOneNode, claimsAreKept, claimsInUseStay, volumesStayBound } from './volumes.ts';

/** What holds of every log of a real cluster's watch events too: nothing of it needs a machine, a state at rest, or to know who deleted a claim. @public */
export const traceInvariants: readonly Monitor[] = [
  versionsGrow, oneObjectAName, noEmptyWrite, noHotLoop, oneControllerAnObject, boundOnce, endedStaysEnded, orderedCreation, orderedDeletion, rollingUpdateInOrder, revisionSafety, revisionPromotion, podIdentity,
  availabilityFloor, surgeCeiling, historyKeepsWhatRuns, claimsInUseStay, volumesStayBound, attachedToOneNode,
];

/** Invariants of StatefulSets. @public */
export const statefulSetInvariants: readonly Monitor[] = [
  versionsGrow, oneObjectAName, noHotLoop, orderedCreation, orderedDeletion, rollingUpdateInOrder, revisionSafety, revisionPromotion, podIdentity, oneLiveProcessAnIdentity, claimsAreKept, boundOnce, endedStaysEnded,
  historyKeepsWhatRuns, statefulSetsConverge, statusEqualsRecount, historyIsTrimmed, nothingLeaks, deletionsEnd,
];

/** Every invariant there is. @public */
export const allInvariants: readonly Monitor[] = [
  ...traceInvariants, claimsAreKept, oneLiveProcessAnIdentity, nodesHoldTheirPods, antiAffinityIsKept, cordonsAreKept, budgetIsKept, recreationInOrder, cachesMoveForward,
  statefulSetsConverge, deploymentsConverge, replicaSetsConverge, statusEqualsRecount, historyIsTrimmed, nothingLeaks, deletionsEnd, claimsConverge, podsFindPlaces, operatorsConverge,
  membersKeepTheirClaims, claimsOfMembersGo, membersAreCounted, operatorsCreateWithMeasure, scalesStay,
];
