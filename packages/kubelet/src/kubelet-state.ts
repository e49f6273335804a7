// The state of one kubelet, and what others may read of it.
import type { KubeObject } from '@kubesim/api';
import { OrderedMap } from '@kubesim/kernel';
import type { PodWorkerState, ProbeFlap } from './pod/pod-worker-state.ts';
import { isRunning } from './runtime/container-runtime.ts';
import type { RuntimePod } from './runtime/container-runtime.ts';
import type { FileTree } from './runtime/file-tree.ts';

/** Content of a volume; of two copies of one claim the higher version is the newer. @public */
export interface VolumeContent {
  readonly files: FileTree;
  readonly version: number;
}

/** All that a kubelet and its node's runtime hold. @public */
export interface KubeletState {
  /** Pod workers by uid. */
  workers: OrderedMap<PodWorkerState>;
  /** Images that were pulled. */
  images: OrderedMap<boolean>;
  /** Volume contents by key: `claim/…`, `pod/UID/NAME`, `host/PATH`. */
  volumes: OrderedMap<VolumeContent>;
  /** Key of a pod's volume, by `UID/NAME`. */
  mounts: OrderedMap<string>;
  /** Addresses in use, with the pod's uid. */
  addresses: OrderedMap<string>;
  lastAddress: number;
  /** When the pull that is last in the queue is done. */
  pullFreeAt: number;
  relistPhaseMs: number;
  tickPhaseMs: number;
  /** Writes that are due, by uid. */
  writes: OrderedMap<'status' | 'remove' | 'status+remove'>;
  lease: KubeObject | undefined;
  /** Latencies of the node are multiplied by this (1: as configured). */
  slowness: number;
  /** The kubelet has ended: what happens on the node meanwhile, it finds afterwards. */
  isDown: boolean;
  /** The node shuts down: nothing new is admitted. */
  isShuttingDown: boolean;
  /** The disk of images and logs is full. */
  isDiskFull: boolean;
  /** When the eviction manager last saw that; -1 where the node reports no pressure. */
  diskPressureAt: number;
  /** Jumps of the node's clock, oldest first: from an instant on it is off by so many ms. */
  clockJumps: readonly ClockJump[];
}

/** From an instant on, a node's clock is off by so many ms. @public */
export interface ClockJump {
  readonly at: number;
  readonly offsetMs: number;
}

/**
 * What the node's clock showed at an instant. What a kubelet writes down carries it; durations run on, as Go's monotonic
 * readings do. @internal
 */
export function wallClock(jumps: readonly ClockJump[], instant: number): number {
  let offsetMs = 0;
  for (const jump of jumps) if (jump.at <= instant) offsetMs = jump.offsetMs;
  return instant + offsetMs;
}

/** A kubelet that has seen nothing. @internal */
export function initialKubeletState(): KubeletState {
  return {
    workers: OrderedMap.empty(), images: OrderedMap.empty(), volumes: OrderedMap.empty(), mounts: OrderedMap.empty(), addresses: OrderedMap.empty(),
    lastAddress: 1, pullFreeAt: 0, relistPhaseMs: 0, tickPhaseMs: 0, writes: OrderedMap.empty(), lease: undefined, slowness: 1, isDown: false, isShuttingDown: false, isDiskFull: false, diskPressureAt: -1, clockJumps: [],
  };
}

/** What is on the node without its kubelet: containers, images, volumes, addresses, and how the machine is. @internal */
export function whatOutlives({ workers, images, volumes, mounts, addresses, lastAddress, slowness, isDiskFull, clockJumps }: KubeletState): Partial<KubeletState> {
  return { workers, images, volumes, mounts, addresses, lastAddress, slowness, isDiskFull, clockJumps, isDown: true };
}

/** What a kubelet is sent: its own timers, and faults and changes from outside. @public */
export type KubeletMessage =
  | { readonly kind: 'pod'; readonly uid: string }
  | { readonly kind: 'flush' } | { readonly kind: 'register' } | { readonly kind: 'lease' } | { readonly kind: 'nodeStatus' }
  /** All pods are looked at again, as after a lost connection. */
  | { readonly kind: 'resync' }
  /** Latencies times this from now on. */
  | { readonly kind: 'slow'; readonly factor: number }
  /** Graceful node shutdown: ordinary pods first, then critical ones (priority ≥ 2000000000). */
  | { readonly kind: 'shutdown'; readonly graceMs: number; readonly criticalGraceMs: number }
  | { readonly kind: 'shutdownCritical'; readonly graceMs: number }
  /** The node's clock jumps: from now on it is off by so many ms. */
  | { readonly kind: 'clock'; readonly offsetMs: number }
  /** The disk runs full, or has room again. */
  | { readonly kind: 'disk'; readonly isFull: boolean }
  /** The eviction manager looks. */
  | { readonly kind: 'pressure' }
  /** A probe of a pod flaps for a time: see ProbeFlap. */
  | { readonly kind: 'flap'; readonly uid: string; readonly flap: Omit<ProbeFlap, 'fromMs' | 'untilMs'>; readonly forMs: number }
  /** A pod is evicted under pressure. */
  | { readonly kind: 'evict'; readonly uid: string; readonly message: string }
  /** The container processes of a pod end at once, as after a crash of the runtime. */
  | { readonly kind: 'killContainers'; readonly uid: string; readonly exitCode: number; readonly container?: string; readonly reason?: string }
  /** What an exec changed. */
  | { readonly kind: 'files'; readonly uid?: string; readonly runtime?: RuntimePod; readonly volumes?: readonly (readonly [string, VolumeContent])[] };

/** A process that runs on a node. @public */
export interface LiveProcess {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly container: string;
  readonly startedAt: number;
  readonly ip?: string;
}

/** All container processes that run on a node at an instant, whatever the API thinks of their pods. @public */
export function liveProcesses(state: KubeletState, now: number): readonly LiveProcess[] {
  const found: LiveProcess[] = [];
  for (const [uid, worker] of state.workers) {
    const ip = worker.runtime.sandbox?.ip;
    for (const container of Object.keys(worker.runtime.containers).sort()) {
      const instance = worker.runtime.containers[container]?.[0];
      if (instance === undefined || !isRunning(instance, now)) continue;
      found.push({
        namespace: worker.pod.metadata?.namespace ?? '', name: worker.pod.metadata?.name ?? '', uid, container, startedAt: instance.startedAt,
        ...(ip === undefined ? {} : { ip }),
      });
    }
  }
  return found;
}
