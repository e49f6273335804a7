// Settings of a cluster that live in its World: the profile, and what observers asked to keep.
import type { Profile, Reason, ReconcileEnd } from '@kubesim/client';
import { emptyRecorder, type RecorderState } from '@kubesim/client';
import { OrderedMap, Vector, type ComponentType, type Machine } from '@kubesim/kernel';

/** Settings as World data. @internal */
export interface SettingsState {
  profile: Profile;
  recorder: RecorderState;
  /** Whether Events are written at all. */
  events: boolean;
  /** Latest reasons by subject: who says it, what, and since when. */
  reasons: OrderedMap<readonly StatedReason[]>;
  /** Errors with which controllers' work on a key ended last, by `<controller> <key>`: the error, and since when it is the same. */
  failures: OrderedMap<{ readonly error: string; readonly since: number }>;
  /** What was decided and done to the cluster, oldest first: for timelines. */
  log: Vector<LoggedReason>;
}

/** A decision or a fault as it happened. @public */
export interface LoggedReason extends Reason {
  readonly at: number;
  /** `statefulset-controller`, `kube-scheduler`; `fault` for what was done to the cluster. */
  readonly source: string;
  /** `kind/namespace/name` or `kind/name`. */
  readonly subject: string;
}

/** Notes how a controller's work on a key ended. @internal */
export function noteReconcileEnd(machine: Machine, { controller, key, error }: ReconcileEnd): void {
  const slot = machine.slotOf(SETTINGS);
  const subject = `${controller} ${key}`;
  const known = machine.peek<SettingsState>(slot).failures.get(subject);
  if (known?.error === error) return;
  const settings = machine.edit<SettingsState>(slot);
  settings.failures = error === undefined ? settings.failures.delete(machine.epoch, subject) : settings.failures.set(machine.epoch, subject, { error, since: known?.since ?? machine.now });
}

/** So many entries the log keeps. */
const LOG_MAX = 20_000;

/** Adds to the log of a World. @internal */
export function logReason(machine: Machine, { source, subject, rule, message, blockedBy }: Omit<LoggedReason, 'at'>): void {
  const settings = machine.edit<SettingsState>(machine.slotOf(SETTINGS));
  const { epoch, now: at } = machine;
  settings.log = settings.log.push(epoch, blockedBy === undefined ? { at, source, subject, rule, message } : { at, source, subject, rule, message, blockedBy });
  if (settings.log.length - settings.log.base > LOG_MAX) settings.log = settings.log.dropBefore(epoch, settings.log.length - LOG_MAX / 2);
}

/** A reason with who gave it and since when it stands. @public */
export interface StatedReason extends Reason {
  readonly source: string;
  readonly since: number;
}

/** Name of the settings component. @internal */
export const SETTINGS = 'settings';

/** @internal */
export const settingsComponent: ComponentType<SettingsState, never, { readonly profile: Profile; readonly events: boolean }> = {
  name: SETTINGS,
  version: 2,
  initial: ({ profile, events }) => ({ profile, recorder: emptyRecorder(), events, reasons: OrderedMap.empty(), failures: OrderedMap.empty(), log: Vector.empty() }),
  receive: () => {},
  // Events and reasons never steer anything, so they are no part of a state's identity.
  hash: (state, hasher) => hasher.value(state.profile),
};
