// One pod on one node as frozen data, and what its steps may ask for. Sources: pod_workers.go, kuberuntime_manager.go (1.37).
import type { Pod, PodStatus } from '@kubesim/api';
import type { KubeletTiming } from '../timing.ts';
import type { ContainerBehaviour } from '../runtime/behaviour.ts';
import type { RuntimePod } from '../runtime/container-runtime.ts';
import type { FileTree } from '../runtime/file-tree.ts';

/** A back-off: how long, and since when. */
export interface BackOff {
  readonly ms: number;
  readonly at: number;
  /** Why it waits (image pulls). */
  readonly error?: string;
}

/** Why a container does not run, as the last sync found. Shown by the next sync (B.14 R3). */
export interface StartFailure {
  readonly reason: string;
  readonly message: string;
  /** When its crash-loop back-off ends. */
  readonly expiresAt?: number;
}

/** One probe of one container. */
export interface ProbeState {
  readonly container: string;
  readonly type: 'startup' | 'liveness' | 'readiness';
  readonly isInit: boolean;
  /** Ticks lie at base + k · period. */
  readonly baseAt: number;
  /** The next tick that can change anything; undefined while none can. */
  readonly nextAt?: number;
  /** The run it looks at. */
  readonly instance?: string;
  readonly result: 'unknown' | 'success' | 'failure';
  /** How often in a row the latest outcome came. */
  readonly outcome?: 'success' | 'failure';
  readonly count: number;
  /** A failure that is already told will repeat itself until then, if nothing changes. */
  readonly failsUntil?: number;
  /** A failed liveness or startup probe rests until the container has a new run. */
  readonly isOnHold?: boolean;
}

/**
 * A probe that flaps: between two instants it fails for a time and passes as it would by itself for a time, by turns. A program may
 * answer late or not at all; what a result comes to is up to the probe's thresholds. @public
 */
export interface ProbeFlap {
  readonly type: ProbeState['type'];
  /** One container of the pod; all that have such a probe without it. */
  readonly container?: string;
  readonly failMs: number;
  readonly passMs: number;
  readonly fromMs: number;
  readonly untilMs: number;
}

/** One step of a sync in progress. */
export type SyncStep =
  | { readonly do: 'sandbox' } | { readonly do: 'sandboxReady' }
  | { readonly do: 'attached'; readonly since: number; readonly waitMs: number }
  | { readonly do: 'start' | 'create' | 'run'; readonly container: string }
  | { readonly do: 'pulled'; readonly container: string; readonly since: number; readonly error?: string }
  | { readonly do: 'postStarted'; readonly container: string; readonly failure?: string }
  | { readonly do: 'kill'; readonly container: string; readonly message: string; readonly graceMs: number }
  | { readonly do: 'fail'; readonly container: string; readonly failure: StartFailure }
  | { readonly do: 'killPod' } | { readonly do: 'podKilled' };

/** A sync in progress: what is still to do, and when the step that runs is over. */
export interface Operation {
  readonly steps: readonly SyncStep[];
  readonly wakeAt: number;
  readonly failures: Readonly<Record<string, StartFailure>>;
  readonly otherFailure?: boolean;
  readonly hasChanged: boolean;
}

/**
 * How far the pod's worker is: `sync` (runs), `terminating` (wants its containers gone), `terminated` (they are gone),
 * `finished` (nothing left to do).
 */
export type WorkerMode = 'sync' | 'terminating' | 'terminated' | 'finished';

/** All a kubelet knows of one pod. @public */
export interface PodWorkerState {
  /** The object as last seen. */
  readonly pod: Pod;
  readonly mode: WorkerMode;
  /** The object is gone from the API: containers are stopped, nothing is written any more. */
  readonly isOrphan: boolean;
  readonly startTime: number;
  readonly firstSyncAt?: number;
  /** What runs. */
  readonly runtime: RuntimePod;
  /** What the last relist saw of it, and when that was. */
  readonly cache: RuntimePod;
  readonly cacheAt: number;
  /** The newest relist was asked for by a sync instead of being due. */
  readonly relistedOnDemand: boolean;
  readonly cachePrint: string;
  readonly lastSyncAt: number;
  readonly wantsSync: boolean;
  /** Relists that must pass before the next sync. */
  readonly relistsToWait: number;
  readonly operation?: Operation;
  /** A relist that a sync asked for. */
  readonly relistAt?: number;
  /** When the pod is synced again if nothing happens. */
  readonly retryAt?: number;
  readonly failures: Readonly<Record<string, StartFailure>>;
  readonly backOffs: Readonly<Record<string, BackOff>>;
  readonly pullBackOffs: Readonly<Record<string, BackOff>>;
  readonly probes: readonly ProbeState[];
  /** Flaps that were told, the newest last. */
  readonly flaps?: readonly ProbeFlap[];
  /** Containers whose postStart hook runs: not yet running for the status. */
  readonly starting: readonly string[];
  readonly status?: PodStatus;
  /** What ended the pod apart from its containers: rejection, deadline, eviction. */
  readonly ended?: { readonly reason: string; readonly message: string };
  /** Grace of the termination, and when its kill began. */
  readonly graceMs?: number;
  readonly killStartedAt?: number;
  readonly wasInitialized: boolean;
  /** Final steps of a deleted pod's object. */
  readonly removal?: { readonly step: 'force' | 'remove'; readonly at: number };
}

/** A PodWorkerState while a step works on it. Nested values are replaced, never written into. */
export type PodDraft = { -readonly [Field in keyof PodWorkerState]: PodWorkerState[Field] };

/** What a step may ask the node. @public */
export interface PodEnvironment {
  readonly now: number;
  /** An instant as the node's clock showed it, in the wire's form. */
  stamp(instant: number): string;
  readonly timing: KubeletTiming;
  /** Offsets of the node's 1 s loops within the second: relist, and start of due pods. */
  readonly relistPhaseMs: number;
  readonly tickPhaseMs: number;
  readonly hostIP: string;
  /** Whose wording the Events have. */
  readonly messages: string;
  /** A kubelet that comes back leaves containers as ready as it finds them in the status, until a probe says otherwise. */
  readonly restartKeepsReadiness: boolean;
  behaviour(image: string): ContainerBehaviour;
  /** A whole number below `bound`, from a stream of that name. */
  random(name: string, bound: number): number;
  /** Whether an object exists that a container needs. */
  exists(resource: string, namespace: string, name: string): boolean;
  hasImage(image: string): boolean;
  /** Why nothing can be written to the node's disk; undefined if it has room. */
  readonly diskError: string | undefined;
  /** Takes a place in the queue of pulls, one after the other: when this one is done. */
  reservePull(durationMs: number): number;
  imagePulled(image: string): void;
  /** Names of the pod's volumes that a controller has yet to attach. */
  unattached(pod: Pod): readonly string[];
  allocateIP(): string;
  /** Files of a mounted volume. */
  volume(pod: Pod, volume: string): FileTree;
  writeVolume(pod: Pod, volume: string, files: FileTree): void;
  event(type: 'Normal' | 'Warning', reason: string, message: string): void;
  /** A write of the status is wanted. */
  statusChanged(): void;
  /** The object may go. */
  remove(): void;
}
