// The table of all faults: what scripts, arbitraries, the explorer and reports read.
import type { FaultDefinition } from './definition.ts';
import type { FaultName } from './fault.ts';
import { apiError, latency } from './api-faults.ts';
import { dnsLag, freeze, lag, quotaLag, relist, staleServer } from './cache-faults.ts';
import { clockJump, cutOff, diskFull, kubeletRestart, nodeCrash, slow, slowDetach, zoneLoss } from './node-faults.ts';
import { containerCrash, probeFlap } from './pod-faults.ts';
import { crash, crashAfter, leaderChange } from './process-faults.ts';

/** Every class of faults by its name. A fault is legal if a real cluster could behave so with every component right: none invents a state, reorders what one watch shows, or breaks what an API promises. @public */
export const FAULTS: { readonly [Name in FaultName]: FaultDefinition<Name> } = {
  apiError, latency, relist, freeze, lag, crash, crashAfter, leaderChange, staleServer, nodeCrash, cutOff, zoneLoss, slow, clockJump, kubeletRestart, diskFull, slowDetach, probeFlap, containerCrash, quotaLag, dnsLag,
};

/** Names of all classes, in the table's order. @public */
export const FAULT_NAMES: readonly FaultName[] = Object.keys(FAULTS) as FaultName[];
