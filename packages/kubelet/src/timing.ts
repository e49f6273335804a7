// How long things take on a node. Everything here is a setting: no source fixes these numbers.

/** Durations of a node, in ms, and the dials of its runtime. @public */
export interface KubeletTiming {
  /** From the binding to the first sync of the pod. */
  readonly syncStartMs: number;
  /** Making a sandbox with its network. */
  readonly sandboxMs: number;
  /** Starting one container whose image is there. */
  readonly startMs: number;
  /** Pulling an image that its behaviour gives no time for. */
  readonly pullMs: number;
  /** From the last container's end to the removal of a deleted pod's object; without it, the next relist. */
  readonly removeAfterMs?: number;
  /** Time between routine syncs of a pod, drawn times 1 to 1.5. */
  readonly syncFrequencyMs: number;
  /** Period of the relist (PLEG) and of the loop that starts due pods. */
  readonly relistMs: number;
  /** The runtime gives a reason (Completed, Error) to an ended container. */
  readonly terminatedReasons: boolean;
  /** Statuses say whether a container has started, which takes a prober. */
  readonly startedInStatus: boolean;
  /** Exit code of a container that takes SIGTERM and says nothing else; undefined: what its behaviour says. */
  readonly stopExitCode?: number;
  /** How long a container takes to stop; undefined: what its behaviour says. */
  readonly stopMs?: number;
  /** Images that no behaviour is registered for: already on the node, or pulled first. */
  readonly imagesPresent: boolean;
  /** Whether the kubelet's own Events are recorded. */
  readonly events: boolean;
}

/** Upstream release 1.37: defaults of kubelet/config/v1beta1; latencies of the observed orders of magnitude. @public */
export const DEFAULT_TIMING: KubeletTiming = {
  syncStartMs: 20, sandboxMs: 400, startMs: 150, pullMs: 2000, syncFrequencyMs: 60_000, relistMs: 1000,
  terminatedReasons: true, startedInStatus: true, imagesPresent: true, events: true,
};

/** The runtime of the recorded scenarios: starts and stops at once, exits 0, keeps a stopped pod's object for 0.3 s. @public */
export const RECORDED_TIMING: KubeletTiming = {
  syncStartMs: 10, sandboxMs: 5, startMs: 5, pullMs: 5, removeAfterMs: 300, syncFrequencyMs: 60_000, relistMs: 1000,
  terminatedReasons: false, startedInStatus: false, stopExitCode: 0, stopMs: 1, imagesPresent: true, events: false,
};

/** The quickest runtime there is: that of the recordings. @public */
export const INSTANT_TIMING: KubeletTiming = RECORDED_TIMING;

/** Presets by name. @public */
export type TimingPreset = 'default' | 'recorded';

/** The timing that an option names, or a preset with some numbers replaced. Throws RangeError for a negative duration. @public */
export function resolveTiming(option: TimingPreset | (Partial<KubeletTiming> & { readonly preset?: TimingPreset }) = 'default'): KubeletTiming {
  if (typeof option === 'string') return option === 'recorded' ? RECORDED_TIMING : DEFAULT_TIMING;
  const { preset, ...own } = option;
  const timing: KubeletTiming = { ...(preset === 'recorded' ? RECORDED_TIMING : DEFAULT_TIMING), ...own };
  for (const [name, value] of Object.entries(timing)) {
    if (typeof value === 'number' && !(value >= 0)) throw new RangeError(`kubelet: timing.${name} must not be negative, and is ${value}`);
  }
  return timing;
}
