// The kubelet of one node as an actor: its pods, its node object, its lease. The rules of a pod's life are in pod/.
import type { ApiReply, KubeObject, Node, Pod } from '@kubesim/api';
import { qosClass } from '@kubesim/api';
import type { Actor, ActorContext, CacheChange } from '@kubesim/client';
import { OrderedMap } from '@kubesim/kernel';
import { defaultBehaviours } from './container/images.ts';
import { initialKubeletState, wallClock, whatOutlives, type KubeletMessage, type KubeletState } from './kubelet-state.ts';
import { admitPod, type Rejection } from './node/admission.ts';
import { EVICTION_CHECK_MS, evictable, isCritical, LOW_DISK_MESSAGE, PRESSURE_TRANSITION_MS, pressureRejection, unusedImages } from './node/disk-pressure.ts';
import { heartbeatNode, registerNode, renewLease } from './node/node-status.ts';
import { mountVolumes } from './node/volumes.ts';
import { NodeEnvironment, type Effect } from './node-environment.ts';
import type { KubeletOptions } from './options.ts';
import { runtimeOfStatus } from './pod/adopt.ts';
import { nextTick } from './pod/grid.ts';
import { newPodWorker, nextWake, stepPod, type PodInput } from './pod/pod-worker.ts';
import type { PodEnvironment, PodWorkerState } from './pod/pod-worker-state.ts';
import { writeStatus } from './pod/status-write.ts';
import type { ContainerBehaviour } from './runtime/behaviour.ts';
import { isRunning, withInstance, type RuntimePod } from './runtime/container-runtime.ts';
import { resolveTiming, type KubeletTiming } from './timing.ts';

type Context = ActorContext<KubeletMessage>;

/** Where the status manager looks again after a write that failed. */
const STATUS_RESYNC_MS = 10_000;
const LEASE_RENEW_MS = 10_000;
const NODE_REPORT_MS = 300_000;
/** A hard threshold gives a pod no grace; the runtime takes a second for it. */
const EVICTION_GRACE_MS = 1000;

/** An image behaviour threw: whose, and what it said. The kubelet's state is as it was before the step. @public */
export class BehaviourFailure extends Error {
  override readonly name = 'BehaviourFailure';
}

/** Makes the kubelet of a node. Behaviours are matched before the built-in ones. Throws RangeError for a bad option. @public */
export function createKubelet(options: KubeletOptions, behaviours: readonly ContainerBehaviour[] = []): Actor<KubeletState, KubeletMessage> {
  if (typeof options.node !== 'string' || options.node === '') throw new RangeError('kubelet: options.node must name the node');
  const kubelet = new Kubelet(options, [...behaviours, ...defaultBehaviours]);
  return {
    name: `kubelet/${options.node}`,
    isTimeless: true,
    watches: [
      { resource: 'pods', fieldSelector: `spec.nodeName=${options.node}` }, { resource: 'nodes', fieldSelector: `metadata.name=${options.node}` },
    ],
    initial: initialKubeletState,
    outlives: whatOutlives,
    start: (context, state) => kubelet.start(context, state),
    observe: (context, state, change) => kubelet.observe(context, state, change),
    receive: (context, state, message) => kubelet.receive(context, state, message),
  };
}

class Kubelet {
  private readonly options: KubeletOptions;
  private readonly behaviours: readonly ContainerBehaviour[];
  private readonly timing: KubeletTiming;

  constructor(options: KubeletOptions, behaviours: readonly ContainerBehaviour[]) {
    this.options = options;
    this.behaviours = behaviours;
    this.timing = resolveTiming(options.timing);
  }

  start(context: Context, state: KubeletState): void {
    const { relistPhaseMs, tickPhaseMs, heartbeats } = this.options;
    state.isDown = false;
    state.relistPhaseMs = relistPhaseMs ?? context.random('relist').below(this.timing.relistMs);
    state.tickPhaseMs = tickPhaseMs ?? context.random('tick').below(this.timing.relistMs);
    context.after(0, { kind: 'register' }, { name: 'register' });
    if (heartbeats !== false) {
      context.after(0, { kind: 'lease' }, { name: 'lease' });
      context.after(NODE_REPORT_MS, { kind: 'nodeStatus' }, { name: 'nodeStatus', quietUntil: Infinity });
    }
    this.takeOver(context, state);
    if (state.isDiskFull) this.lookAtDisk(context, state);
    this.resync(context, state);
  }

  /**
   * A kubelet that comes back finds what runs, and makes a worker for each pod anew. Of a pod that has gone from the API meanwhile it
   * ends the containers. Upstream: kubelet_pods.go HandlePodCleanups (1.37).
   */
  private takeOver(context: Context, state: KubeletState): void {
    const left = [...state.workers];
    if (left.length === 0) return;
    state.workers = OrderedMap.empty();
    const pods = new Map(context.lister<Pod & KubeObject>('pods').list().map((pod) => [pod.metadata.uid ?? '', pod]));
    for (const [uid, { pod: known, runtime, flaps }] of left) {
      const pod = pods.get(uid);
      if (pod !== undefined && hasEnded(pod) && pod.metadata.deletionTimestamp === undefined) this.release(context, state, uid, runtime);
      else if (pod !== undefined) this.begin(context, state, pod, runtime, flaps);
      else {
        state.workers = state.workers.set(context.epoch, uid, newPodWorker(known, this.environment(context, state, known, []), runtime));
        this.step(context, state, uid, { kind: 'update', pod: known, isGone: true });
      }
    }
  }

  observe(context: Context, state: KubeletState, change: CacheChange): void {
    if (change.resource === 'nodes') {
      // Somebody else (the node controller) says that this node is not ready: the next status round corrects it.
      if (change.after !== undefined && this.options.heartbeats !== false && !isNodeReady(change.after as Node)) {
        context.after(STATUS_RESYNC_MS, { kind: 'nodeStatus' }, { name: 'nodeStatus' });
      }
      return;
    }
    const pod = (change.after ?? change.before) as Pod | undefined;
    if (change.resource !== 'pods' || pod === undefined) return;
    // A pod of the same name with another uid is another pod: the one before is gone.
    const uidBefore = change.before?.metadata.uid;
    if (change.after !== undefined && uidBefore !== undefined && uidBefore !== change.after.metadata.uid) this.podChanged(context, state, change.before as Pod, true);
    this.podChanged(context, state, pod, change.after === undefined);
  }

  receive(context: Context, state: KubeletState, message: KubeletMessage): void {
    if (state.isDown) return this.happenWithout(context, state, message);
    switch (message.kind) {
      case 'pod':
        return this.step(context, state, message.uid, { kind: 'wake' });
      case 'flush':
        return this.flush(context, state);
      case 'register':
        if (this.options.registerNode !== false) registerNode(context, this.options, wallClock(state.clockJumps, context.now));
        return;
      case 'lease':
        state.lease = renewLease(context, this.options.node, state.lease, wallClock(state.clockJumps, context.now));
        context.after(LEASE_RENEW_MS, { kind: 'lease' }, { name: 'lease', quietUntil: Infinity });
        return;
      case 'nodeStatus':
        heartbeatNode(context, this.options.node, wallClock(state.clockJumps, context.now), state.diskPressureAt >= 0);
        context.after(NODE_REPORT_MS, { kind: 'nodeStatus' }, { name: 'nodeStatus', quietUntil: Infinity });
        return;
      case 'resync':
        return this.resync(context, state);
      case 'slow':
        if (!(message.factor > 0)) throw new RangeError(`kubelet/${this.options.node}: a slowness must be above 0, and is ${message.factor}`);
        state.slowness = message.factor;
        return;
      case 'clock':
        state.clockJumps = [...state.clockJumps, { at: context.now, offsetMs: message.offsetMs }];
        return;
      case 'shutdown':
        state.isShuttingDown = true;
        this.shutDown(context, state, false, message.graceMs);
        context.after(message.graceMs, { kind: 'shutdownCritical', graceMs: message.criticalGraceMs }, { name: 'shutdown' });
        return;
      case 'shutdownCritical':
        return this.shutDown(context, state, true, message.graceMs);
      case 'disk':
        state.isDiskFull = message.isFull;
        if (message.isFull || state.diskPressureAt >= 0) this.lookAtDisk(context, state);
        return;
      case 'pressure':
        return this.checkPressure(context, state);
      case 'flap':
        return this.step(context, state, message.uid, { kind: 'flap', flap: { ...message.flap, fromMs: context.now, untilMs: context.now + message.forMs } });
      case 'evict':
        return this.step(context, state, message.uid, { kind: 'end', reason: 'Evicted', message: message.message, graceMs: EVICTION_GRACE_MS });
      case 'killContainers':
        return this.killContainers(context, state, message);
      case 'files': {
        for (const [key, content] of message.volumes ?? []) state.volumes = state.volumes.set(context.epoch, key, content);
        if (message.uid !== undefined) {
          const worker = state.workers.get(message.uid);
          if (worker !== undefined) this.step(context, state, message.uid, { kind: 'files', runtime: message.runtime ?? worker.runtime });
        }
        // Whoever has one of these volumes mounted may answer its probes differently now.
        const changed = new Set((message.volumes ?? []).map(([key]) => key));
        const mounted = new Set([...state.mounts].filter(([, key]) => changed.has(key)).map(([place]) => place.slice(0, place.indexOf('/'))));
        for (const uid of [...mounted].sort()) {
          const worker = state.workers.get(uid);
          if (worker !== undefined && uid !== message.uid) this.step(context, state, uid, { kind: 'files', runtime: worker.runtime });
        }
      }
    }
  }

  /** What happens on the node while its kubelet is down: nobody acts on it. */
  private happenWithout(context: Context, state: KubeletState, message: KubeletMessage): void {
    const { now } = context;
    if (message.kind === 'disk') state.isDiskFull = message.isFull;
    else if (message.kind === 'slow') state.slowness = message.factor;
    else if (message.kind === 'clock') state.clockJumps = [...state.clockJumps, { at: now, offsetMs: message.offsetMs }];
    else if (message.kind === 'killContainers' || message.kind === 'flap') {
      const worker = state.workers.get(message.uid);
      if (worker === undefined) return;
      const after = message.kind === 'flap' ? { ...worker, flaps: [...worker.flaps ?? [], { ...message.flap, fromMs: now, untilMs: now + message.forMs }] } : { ...worker, runtime: killed(worker.runtime, message, now) };
      state.workers = state.workers.set(context.epoch, message.uid, after);
    }
  }

  /** Lets the eviction manager look at its next round. */
  private lookAtDisk(context: Context, state: KubeletState): void {
    context.after(nextTick(context.now, state.tickPhaseMs, EVICTION_CHECK_MS) - context.now, { kind: 'pressure' }, { name: 'pressure' });
  }

  /**
   * One round of the eviction manager: says that the disk is full, drops images, and evicts a pod; with nothing more to evict it rests
   * until the disk has room. The condition outlasts the pressure by five minutes.
   */
  private checkPressure(context: Context, state: KubeletState): void {
    const { node, heartbeats } = this.options;
    const had = state.diskPressureAt >= 0;
    if (state.isDiskFull) state.diskPressureAt = context.now;
    else if (context.now >= state.diskPressureAt + PRESSURE_TRANSITION_MS) state.diskPressureAt = -1;
    const has = state.diskPressureAt >= 0;
    if (has !== had && heartbeats !== false && !heartbeatNode(context, node, wallClock(state.clockJumps, context.now), has)) context.after(STATUS_RESYNC_MS, { kind: 'nodeStatus' }, { name: 'nodeStatus' });
    if (!state.isDiskFull) {
      if (has) context.after(state.diskPressureAt + PRESSURE_TRANSITION_MS - context.now, { kind: 'pressure' }, { name: 'pressure' });
      return;
    }
    for (const image of unusedImages(state.images.keys(), state.workers)) state.images = state.images.delete(context.epoch, image);
    const [uid, ...others] = evictable(state.workers);
    if (uid === undefined) return;
    const pod = state.workers.get(uid)?.pod;
    if (this.timing.events && pod !== undefined) context.event({ about: pod as KubeObject, type: 'Warning', reason: 'Evicted', message: LOW_DISK_MESSAGE });
    this.step(context, state, uid, { kind: 'end', reason: 'Evicted', message: LOW_DISK_MESSAGE, graceMs: EVICTION_GRACE_MS });
    if (others.length > 0) context.after(EVICTION_CHECK_MS, { kind: 'pressure' }, { name: 'pressure' });
  }

  /** Looks at every pod of the cache again: after a start, and after a time without the API. */
  private resync(context: Context, state: KubeletState): void {
    const seen = new Set<string>();
    for (const pod of context.lister<Pod & KubeObject>('pods').list()) {
      seen.add(pod.metadata.uid ?? '');
      this.podChanged(context, state, pod, false);
    }
    for (const [uid, worker] of [...state.workers]) if (!seen.has(uid)) this.podChanged(context, state, worker.pod, true);
    if (state.writes.size > 0) context.after(0, { kind: 'flush' }, { name: 'flush' });
  }

  private podChanged(context: Context, state: KubeletState, pod: Pod, isGone: boolean): void {
    const uid = pod.metadata?.uid ?? '';
    const worker = state.workers.get(uid);
    if (worker !== undefined) {
      if (isGone && (worker.mode === 'finished' || worker.mode === 'terminated')) return this.forget(context, state, uid);
      if (worker.pod === pod && !isGone) return;
      if (!isGone && worker.mode !== 'finished' && statusWasChanged(worker, pod)) context.after(STATUS_RESYNC_MS, { kind: 'flush' }, { name: 'status' });
      if (!isGone && statusWasChanged(worker, pod)) state.writes = state.writes.set(context.epoch, uid, addWrite(state.writes.get(uid), 'status'));
      return this.step(context, state, uid, { kind: 'update', pod, isGone });
    }
    if (isGone || pod.spec?.nodeName !== this.options.node) return;
    // One that was asked to go had ended before the kubelet started: what is left is to remove it.
    if (hasEnded(pod) && pod.metadata?.deletionTimestamp === undefined) return;
    const rejection = pod.metadata?.deletionTimestamp === undefined && pod.status?.startTime === undefined ? this.admit(context, state, pod) : undefined;
    if (rejection !== undefined) return this.reject(context, state, pod, rejection);
    const { adoptsUntil } = this.options;
    const running = adoptsUntil !== undefined && context.now <= adoptsUntil ? runtimeOfStatus(pod, context.now) : undefined;
    if (running !== undefined) {
      if (running.sandbox?.ip !== undefined && pod.spec.hostNetwork !== true) state.addresses = state.addresses.set(context.epoch, running.sandbox.ip, uid);
      mountVolumes(context, state, pod);
    }
    this.begin(context, state, pod, running);
  }

  /** Makes the worker of a pod, with what runs of it already. */
  private begin(context: Context, state: KubeletState, pod: Pod, running: RuntimePod | undefined, flaps?: PodWorkerState['flaps']): void {
    const uid = pod.metadata?.uid ?? '';
    state.workers = state.workers.set(context.epoch, uid, newPodWorker(pod, this.environment(context, state, pod, []), running, flaps));
    this.step(context, state, uid, pod.metadata?.deletionTimestamp === undefined ? { kind: 'wake' } : { kind: 'update', pod });
  }

  private admit(context: Context, state: KubeletState, pod: Pod): Rejection | undefined {
    if (state.isShuttingDown) return { reason: 'NodeShutdown', message: 'Pod was rejected as the node is shutting down.' };
    const pressed = state.diskPressureAt >= 0 ? pressureRejection(pod) : undefined;
    if (pressed !== undefined) return pressed;
    const others: Pod[] = [];
    state.workers.forEach((worker) => {
      // A pod whose containers are gone takes no room any more, while its object may still be there (filterOutInactivePods).
      if (worker.mode !== 'finished' && worker.mode !== 'terminated') others.push(worker.pod);
    });
    return admitPod(pod, context.lister<Node & KubeObject>('nodes').get('', this.options.node), others);
  }

  /** B.14 R15: phase, reason and message, nothing else. */
  private reject(context: Context, state: KubeletState, pod: Pod, { reason, message }: Rejection): void {
    const uid = pod.metadata?.uid ?? '';
    const env = this.environment(context, state, pod, []);
    const generation = pod.metadata?.generation;
    const worker: PodWorkerState = {
      ...newPodWorker(pod, env), mode: 'finished', retryAt: undefined,
      status: {
        ...(generation === undefined ? {} : { observedGeneration: generation }), phase: 'Failed', reason, message: `Pod was rejected: ${message}`,
        startTime: env.stamp(context.now), qosClass: pod.status?.qosClass ?? qosClass(pod),
      },
    };
    state.workers = state.workers.set(context.epoch, uid, worker);
    if (this.timing.events) context.event({ about: pod as KubeObject, type: 'Warning', reason, message });
    // It takes as long as a first sync: a controller that makes the pod again at once must not do so for ever at one instant.
    state.writes = state.writes.set(context.epoch, uid, addWrite(state.writes.get(uid), 'status'));
    context.after(this.timing.syncStartMs, { kind: 'flush' }, { name: `reject/${uid}` });
  }

  private step(context: Context, state: KubeletState, uid: string, input: PodInput): void {
    const worker = state.workers.get(uid);
    if (worker === undefined) return;
    const effects: Effect[] = [];
    const pod = input.kind === 'update' ? input.pod : worker.pod;
    const env = this.environment(context, state, pod, effects);
    let next: PodWorkerState;
    try {
      next = stepPod(worker, input, env);
    } catch (error) {
      if (error instanceof RangeError) throw error;
      throw new BehaviourFailure(`kubelet/${this.options.node}: pod ${pod.metadata?.namespace}/${pod.metadata?.name}: ${error instanceof Error ? error.message : String(error)}`);
    }
    state.workers = state.workers.set(context.epoch, uid, next);
    for (const effect of effects) this.carryOut(context, state, uid, effect);
    if (next.mode === 'finished' && next.isOrphan) return this.forget(context, state, uid);
    const wake = nextWake(next, env);
    const name = `pod/${uid}`;
    if (wake === undefined) context.cancel(name);
    else context.after(wake.at - context.now, { kind: 'pod', uid }, wake.quietUntil > wake.at ? { name, quietUntil: wake.quietUntil } : { name });
  }

  private environment(context: Context, state: KubeletState, pod: Pod, effects: Effect[]): PodEnvironment {
    return new NodeEnvironment(this.options, this.behaviours, this.timing, context, state, pod, effects);
  }

  private carryOut(context: Context, state: KubeletState, uid: string, effect: Effect): void {
    if (effect === 'status' || effect === 'remove') this.want(context, state, uid, effect);
    else context.event(effect);
  }

  private want(context: Context, state: KubeletState, uid: string, write: 'status' | 'remove'): void {
    state.writes = state.writes.set(context.epoch, uid, addWrite(state.writes.get(uid), write));
    context.after(0, { kind: 'flush' }, { name: 'flush' });
  }

  /** One write a step; the rest follows in line. A write that cannot reach the API is tried again with the next resync. */
  private flush(context: Context, state: KubeletState): void {
    const first = state.writes.first();
    if (first === undefined) return;
    const [uid, wanted] = first;
    state.writes = state.writes.delete(context.epoch, uid);
    const worker = state.workers.get(uid);
    if (worker !== undefined) {
      const reply = wanted === 'remove' ? removePod(context, worker.pod) : writeStatus(context, worker);
      if (reply !== undefined && !reply.ok && mayRetry(reply.status.code ?? 0, wanted)) {
        state.writes = state.writes.set(context.epoch, uid, wanted);
        context.after(STATUS_RESYNC_MS, { kind: 'flush' }, { name: 'status' });
        return;
      }
      if (wanted === 'status+remove') state.writes = state.writes.set(context.epoch, uid, 'remove');
    }
    if (state.writes.size > 0) context.after(0, { kind: 'flush' }, { name: 'flush' });
  }

  private forget(context: Context, state: KubeletState, uid: string): void {
    const worker = state.workers.get(uid);
    state.workers = state.workers.delete(context.epoch, uid);
    state.writes = state.writes.delete(context.epoch, uid);
    this.release(context, state, uid, worker?.runtime);
    context.cancel(`pod/${uid}`);
  }

  /** Gives back a pod's address and what only it held. */
  private release(context: Context, state: KubeletState, uid: string, runtime: RuntimePod | undefined): void {
    const address = runtime?.sandbox?.ip;
    if (address !== undefined && state.addresses.get(address) === uid) state.addresses = state.addresses.delete(context.epoch, address);
    for (const place of [...state.mounts.keys(`${uid}/`, `${uid}0`)]) {
      const key = state.mounts.get(place) ?? '';
      if (key.startsWith('pod/')) state.volumes = state.volumes.delete(context.epoch, key);
      state.mounts = state.mounts.delete(context.epoch, place);
    }
  }

  private shutDown(context: Context, state: KubeletState, critical: boolean, graceMs: number): void {
    for (const [uid, worker] of [...state.workers]) {
      if (isCritical(worker.pod) !== critical) continue;
      const own = (worker.pod.spec?.terminationGracePeriodSeconds ?? 30) * 1000;
      this.step(context, state, uid, { kind: 'end', reason: 'Terminated', message: 'Pod was terminated in response to imminent node shutdown.', graceMs: Math.min(graceMs, own) });
    }
  }

  private killContainers(context: Context, state: KubeletState, message: Extract<KubeletMessage, { kind: 'killContainers' }>): void {
    const worker = state.workers.get(message.uid);
    if (worker !== undefined) this.step(context, state, message.uid, { kind: 'files', runtime: killed(worker.runtime, message, context.now) });
  }
}

/** A pod's runtime with its containers, or the one that is named, ended at this instant. */
function killed(runtime: RuntimePod, { exitCode, container, reason }: Extract<KubeletMessage, { kind: 'killContainers' }>, now: number): RuntimePod {
  let after = runtime;
  for (const [instance] of Object.values(runtime.containers)) {
    if (instance === undefined || !isRunning(instance, now) || (container !== undefined && container !== instance.name)) continue;
    after = withInstance(after, { ...instance, endsAt: now, exitCode, ...(reason === undefined ? {} : { reason }) });
  }
  return after;
}

function addWrite(before: 'status' | 'remove' | 'status+remove' | undefined, write: 'status' | 'remove'): 'status' | 'remove' | 'status+remove' {
  return before === undefined || before === write ? write : 'status+remove';
}

/** Whether a refused write is tried again: not where the pod is gone or another one, nor where it can never be valid. */
function mayRetry(code: number, wanted: 'status' | 'remove' | 'status+remove'): boolean {
  return code !== 404 && code !== 422 && !(wanted === 'remove' && code === 409);
}

/** The kubelet's delete of a pod whose containers are gone: grace 0, this uid and no other. */
function removePod(context: Context, pod: Pod): ApiReply {
  return context.call({
    verb: 'delete', resource: 'pods', namespace: pod.metadata?.namespace, name: pod.metadata?.name ?? '',
    options: { gracePeriodSeconds: 0, preconditions: { uid: pod.metadata?.uid } },
  });
}

function hasEnded(pod: Pod): boolean {
  return pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
}

function isNodeReady(node: Node): boolean {
  return node.status?.conditions?.some((each) => each.type === 'Ready' && each.status === 'True') === true;
}

/** Whether somebody else wrote into what the kubelet owns of the status (the node controller's Ready=False). */
function statusWasChanged(worker: PodWorkerState, pod: Pod): boolean {
  if (worker.status === undefined || worker.pod.status === pod.status) return false;
  const readyOf = (conditions: Pod['status']): string | undefined => conditions?.conditions?.find((each) => each.type === 'Ready')?.status;
  return readyOf(pod.status) !== readyOf(worker.status) && readyOf(worker.pod.status) === readyOf(worker.status);
}
