export { type Epoch } from './epoch.ts';
export { OrderedMap } from './ordered-map.ts';
export { Vector } from './vector.ts';
export { type Task } from './task.ts';
export { type Alternative } from './agenda.ts';
export {
  deviationArbiter, fifoArbiter, listArbiter, pctArbiter, randomArbiter, replayArbiter, ReplayDifference,
  type ArbiterState, type Decision, type Deviation,
} from './arbiter.ts';
export { fingerprint, FingerprintMismatch, type ComponentType, type InputFunction, type MachineDefinition } from './component.ts';
export { BoundExceeded, Machine, step, type ChoiceRecord, type KeptChoices, type MachineOptions, type RunLimits, type RunOutcome, type SendOptions, type StepWitness } from './machine.ts';
export { World, type Instance, type WorldJson } from './world.ts';
export { checkMovesAt, driftPlan, laterBy, NotPeriodic, Repetition, type DriftPlan, type Lateness, type ObservedPeriod, type QuietRules, type TextRule } from './drift.ts';
export { deriveIdentity } from './random.ts';
export { DigestSum, formatDigest, Hasher, hashText, mix, omitFields, type Digest, type Omit } from './hash.ts';
