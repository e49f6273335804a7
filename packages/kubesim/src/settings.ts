// Settings of a cluster that live in its World: the profile, and what observers asked to keep.
import type { Profile, Reason } from '@kubesim/client';
import { emptyRecorder, type RecorderState } from '@kubesim/client';
import { OrderedMap, type ComponentType } from '@kubesim/kernel';

/** Settings as World data. @internal */
export interface SettingsState {
  profile: Profile;
  recorder: RecorderState;
  /** Whether Events are written at all. */
  events: boolean;
  /** Latest reasons by subject: who says it, what, and since when. */
  reasons: OrderedMap<readonly StatedReason[]>;
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
  version: 1,
  initial: ({ profile, events }) => ({ profile, recorder: emptyRecorder(), events, reasons: OrderedMap.empty() }),
  receive: () => {},
  // Events and reasons never steer anything, so they are no part of a state's identity.
  hash: (state, hasher) => hasher.value(state.profile),
};
