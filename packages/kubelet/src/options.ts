// Options of a kubelet: what the node has and how its runtime behaves. Plain data, so that a World can hold them.
import type { KubeletTiming, TimingPreset } from './timing.ts';

/** A change to how containers of some pods live: data, so that it forks and replays. The first stage that applies counts. @public */
export interface PodStage {
  readonly name: string;
  readonly namespace?: string;
  /** Labels that the pod must have. */
  readonly labels?: Readonly<Record<string, string>>;
  readonly container?: string;
  /** Image name without registry and tag. */
  readonly image?: string;
  /** Virtual instants between which runs must start. */
  readonly fromMs?: number;
  readonly untilMs?: number;
  /** How often it applies: `[1, 20]` is one run in twenty, drawn from a stream of the stage's name. */
  readonly probability?: readonly [number, number];
  /** The run ends by itself after this long (plus up to `jitterMs`). */
  readonly endsAfterMs?: number;
  readonly jitterMs?: number;
  readonly exitCode?: number;
  readonly reason?: string;
  /** How it takes SIGTERM. */
  readonly stopMs?: number;
  readonly stopExitCode?: number;
}

/** Options of createKubelet. @public */
export interface KubeletOptions {
  /** Name of the node. */
  readonly node: string;
  /** Labels beside those of host name, os and arch. */
  readonly labels?: Readonly<Record<string, string>>;
  readonly capacity?: Readonly<Record<string, string>>;
  readonly allocatable?: Readonly<Record<string, string>>;
  readonly hostIP?: string;
  /** Range of the pods' addresses; by default that of the node's spec, else 10.244.0.0/24. */
  readonly podCIDR?: string;
  /** The same as a prefix of three bytes (`10.244.3`), for a range of /24. */
  readonly podRange?: string;
  /** One address for all pods, as in the recorded scenarios. */
  readonly podIP?: string;
  /** Addresses go round (default), or the lowest free one is taken again at once. */
  readonly addressReuse?: 'round-robin' | 'lowest';
  readonly timing?: TimingPreset | (Partial<KubeletTiming> & { readonly preset?: TimingPreset });
  readonly stages?: readonly PodStage[];
  /** Whether the lease is renewed and the node's status reported (default true). */
  readonly heartbeats?: boolean;
  /** A controller attaches volumes to the node: a pod waits for those of its claims (default false: they are there). */
  readonly controllerAttach?: boolean;
  /** Makes the node's object if there is none (default true). */
  readonly registerNode?: boolean;
  /**
   * Up to this instant the kubelet takes over what runs according to the statuses of its pods, as one that is restarted does.
   * Without it, containers that it did not start are gone.
   */
  readonly adoptsUntil?: number;
  /** Where the 1 s loops lie within the second; drawn if left out. */
  readonly relistPhaseMs?: number;
  readonly tickPhaseMs?: number;
}
