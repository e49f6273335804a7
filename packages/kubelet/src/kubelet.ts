// A kubelet: runs the pods of one node, reports their status, stops them with grace and lets their objects go.
import type { ContainerStatus, Pod, PodCondition, Probe } from '@kubesim/api';
import type { Actor, ActorContext } from '@kubesim/client';
import { OrderedMap } from '@kubesim/kernel';

/** How long things take on a node, in ms. @public */
export interface KubeletTiming {
  /** From binding to containers running. */
  readonly startMs: number;
  /** From the end of the grace's work to the object's removal. */
  readonly removeMs: number;
  /** How long a container takes to stop after SIGTERM. */
  readonly stopMs: number;
}

/** Orders of magnitude of real nodes. @public */
export const DEFAULT_TIMING: KubeletTiming = Object.freeze({ startMs: 1_000, removeMs: 500, stopMs: 500 });

/** Containers start and stop at once. @public */
export const INSTANT_TIMING: KubeletTiming = Object.freeze({ startMs: 0, removeMs: 300, stopMs: 0 });

/** Options of a kubelet. */
export interface KubeletOptions {
  readonly node: string;
  /** First three numbers of the node's pod range, such as `10.244.1`. */
  readonly podRange: string;
  readonly hostIP: string;
  readonly timing: KubeletTiming;
}

/** A pod as its kubelet knows it. */
export interface PodWorker {
  readonly uid: string;
  readonly phase: 'starting' | 'running' | 'stopping' | 'stopped';
  readonly ip: string;
  readonly startedAt: number;
  readonly isReady: boolean;
}

/** State of a kubelet. */
export interface KubeletState {
  pods: OrderedMap<PodWorker>;
  /** Last address given out. */
  lastAddress: number;
}

/** What a kubelet tells itself. */
export interface KubeletMessage {
  readonly do: 'start' | 'ready' | 'stop' | 'remove';
  readonly key: string;
  readonly uid: string;
}

const time = (instant: number): string => new Date(instant).toISOString().replace(/\.\d+Z$/, 'Z');

/** The kubelet of a node. @public */
export function createKubelet(options: KubeletOptions): Actor<KubeletState, KubeletMessage> {
  return {
    name: `kubelet/${options.node}`,
    watches: [{ resource: 'pods', fieldSelector: `spec.nodeName=${options.node}` }],
    initial: () => ({ pods: OrderedMap.empty(), lastAddress: 1 }),
    start: () => {},
    observe: (context, state, change) => {
      const after = change.after as Pod | undefined;
      if (after === undefined) {
        const gone = change.before as Pod;
        forget(context, state, gone);
        return;
      }
      const key = `${after.metadata.namespace ?? ''}/${after.metadata.name}`;
      const worker = state.pods.get(key);
      if (worker !== undefined && worker.uid !== after.metadata.uid) forget(context, state, after);
      if (after.metadata.deletionTimestamp !== undefined) return beginStop(context, state, options, key, after);
      if (worker?.phase === 'running' && worker.uid === after.metadata.uid) return checkGates(context, worker, after);
      if (state.pods.has(key) || after.status?.phase === 'Succeeded' || after.status?.phase === 'Failed') return;
      admit(context, state, options, key, after);
    },
    receive: (context, state, message) => {
      const worker = state.pods.get(message.key);
      if (worker === undefined || worker.uid !== message.uid) return;
      switch (message.do) {
        case 'start': return started(context, state, options, message.key, worker);
        case 'ready': return ready(context, state, message.key, worker);
        case 'stop': return stopped(context, state, options, message.key, worker);
        case 'remove': return removed(context, state, message.key);
      }
    },
  };
}

function timer(context: ActorContext<KubeletMessage>, delayMs: number, message: KubeletMessage): void {
  context.after(delayMs, message, { name: `${message.do} ${message.key}` });
}

function admit(context: ActorContext<KubeletMessage>, state: KubeletState, options: KubeletOptions, key: string, pod: Pod): void {
  const address = state.lastAddress + 1;
  state.lastAddress = address;
  const ip = `${options.podRange}.${address % 254 === 0 ? 254 : address % 254}`;
  state.pods = state.pods.set(context.epoch, key, { uid: pod.metadata.uid ?? '', phase: 'starting', ip, startedAt: context.now, isReady: false });
  timer(context, options.timing.startMs, { do: 'start', key, uid: pod.metadata.uid ?? '' });
}

function forget(context: ActorContext<KubeletMessage>, state: KubeletState, pod: Pod): void {
  const key = `${pod.metadata.namespace ?? ''}/${pod.metadata.name}`;
  for (const what of ['start', 'ready', 'stop', 'remove']) context.cancel(`${what} ${key}`);
  state.pods = state.pods.delete(context.epoch, key);
}

/** When a container without failures becomes ready: at once, or when its probes have passed. */
function readyDelayMs(pod: Pod): number {
  const delay = (probe: Probe | undefined): number => (probe === undefined ? 0 : (probe.initialDelaySeconds ?? 0) * 1_000 + ((probe.successThreshold ?? 1) - 1) * (probe.periodSeconds ?? 10) * 1_000 + 1_000);
  return Math.max(0, ...pod.spec.containers.map((container) => delay(container.readinessProbe) + delay(container.startupProbe)));
}

/** Whoever opens a readiness gate writes a condition; the kubelet answers with Ready. */
function checkGates(context: ActorContext<KubeletMessage>, worker: PodWorker, pod: Pod): void {
  if ((pod.spec.readinessGates ?? []).length === 0) return;
  const conditions = conditionsOf(pod, worker.isReady, context.now);
  const readiness = (list: readonly PodCondition[] | undefined): string | undefined => list?.find((condition) => condition.type === 'Ready')?.status;
  if (readiness(conditions) !== readiness(pod.status?.conditions)) writeStatus(context, pod, { conditions });
}

function podOf(context: ActorContext<KubeletMessage>, key: string): Pod | undefined {
  const slash = key.indexOf('/');
  return context.lister<Pod>('pods').get(key.slice(0, slash), key.slice(slash + 1));
}

const CONDITION_ORDER = ['PodReadyToStartContainers', 'Initialized', 'Ready', 'ContainersReady', 'PodScheduled'] as const;

function conditionsOf(pod: Pod, isReady: boolean, now: number): readonly PodCondition[] {
  const gatesOpen = (pod.spec.readinessGates ?? []).every((gate) => pod.status?.conditions?.some((held) => held.type === gate.conditionType && held.status === 'True'));
  const wanted: Readonly<Record<string, boolean>> = { PodReadyToStartContainers: true, Initialized: true, Ready: isReady && gatesOpen, ContainersReady: isReady, PodScheduled: true };
  const others = (pod.status?.conditions ?? []).filter((held) => !(CONDITION_ORDER as readonly string[]).includes(held.type));
  const generation = pod.metadata.generation === undefined ? {} : { observedGeneration: pod.metadata.generation };
  return [...others, ...CONDITION_ORDER.map((type): PodCondition => {
    const status = wanted[type] === true ? 'True' : 'False';
    const held = pod.status?.conditions?.find((condition) => condition.type === type);
    return { type, status, lastProbeTime: null, lastTransitionTime: held?.status === status ? held.lastTransitionTime : time(now), ...generation } as unknown as PodCondition;
  })];
}

function statusOf(pod: Pod, worker: PodWorker, options: Pick<KubeletOptions, 'hostIP'> | undefined, isReady: boolean, now: number): object {
  const containerStatuses = pod.spec.containers.map((container): ContainerStatus => ({
    name: container.name, image: container.image ?? '', imageID: `sim://${container.image ?? ''}`, ready: isReady, started: true, restartCount: 0, containerID: `sim://${worker.uid}/${container.name}`,
    state: { running: { startedAt: time(worker.startedAt) } }, lastState: {},
  }));
  return {
    phase: 'Running', conditions: conditionsOf(pod, isReady, now), containerStatuses, podIP: worker.ip, podIPs: [{ ip: worker.ip }], startTime: pod.status?.startTime ?? time(worker.startedAt),
    ...(options === undefined ? {} : { hostIP: options.hostIP, hostIPs: [{ ip: options.hostIP }] }),
  };
}

function writeStatus(context: ActorContext<KubeletMessage>, pod: Pod, status: object): void {
  context.call({ verb: 'patch', resource: 'pods', subresource: 'status', namespace: pod.metadata.namespace, name: pod.metadata.name, patchType: 'merge', patch: { metadata: { uid: pod.metadata.uid }, status } });
}

function started(context: ActorContext<KubeletMessage>, state: KubeletState, options: KubeletOptions, key: string, worker: PodWorker): void {
  const pod = podOf(context, key);
  if (pod === undefined) return;
  const delayMs = readyDelayMs(pod);
  const isReady = delayMs === 0;
  const running: PodWorker = { ...worker, phase: 'running', startedAt: context.now, isReady };
  state.pods = state.pods.set(context.epoch, key, running);
  for (const container of pod.spec.containers) context.event({ about: pod as never, type: 'Normal', reason: 'Started', message: 'Container started', fieldPath: `spec.containers{${container.name}}` });
  writeStatus(context, pod, statusOf(pod, running, options, isReady, context.now));
  if (!isReady) timer(context, delayMs, { do: 'ready', key, uid: worker.uid });
}

function ready(context: ActorContext<KubeletMessage>, state: KubeletState, key: string, worker: PodWorker): void {
  const pod = podOf(context, key);
  if (pod === undefined || worker.phase !== 'running') return;
  state.pods = state.pods.set(context.epoch, key, { ...worker, isReady: true });
  writeStatus(context, pod, statusOf(pod, worker, undefined, true, context.now));
}

function beginStop(context: ActorContext<KubeletMessage>, state: KubeletState, options: KubeletOptions, key: string, pod: Pod): void {
  const worker = state.pods.get(key) ?? { uid: pod.metadata.uid ?? '', phase: 'starting' as const, ip: '', startedAt: context.now, isReady: false };
  if (worker.phase === 'stopping' || worker.phase === 'stopped') return;
  for (const what of ['start', 'ready']) context.cancel(`${what} ${key}`);
  state.pods = state.pods.set(context.epoch, key, { ...worker, phase: 'stopping', isReady: false });
  const graceMs = (pod.metadata.deletionGracePeriodSeconds ?? 0) * 1_000;
  timer(context, worker.phase === 'starting' ? 0 : Math.min(options.timing.stopMs, graceMs), { do: 'stop', key, uid: worker.uid });
}

function stopped(context: ActorContext<KubeletMessage>, state: KubeletState, options: KubeletOptions, key: string, worker: PodWorker): void {
  const pod = podOf(context, key);
  if (pod === undefined) return;
  state.pods = state.pods.set(context.epoch, key, { ...worker, phase: 'stopped' });
  const containerStatuses = pod.spec.containers.map((container): object => ({
    name: container.name, image: container.image ?? '', imageID: `sim://${container.image ?? ''}`, ready: false, started: false, restartCount: 0, containerID: `sim://${worker.uid}/${container.name}`,
    state: { terminated: { exitCode: 0, startedAt: time(worker.startedAt), finishedAt: time(context.now), reason: 'Completed', containerID: `sim://${worker.uid}/${container.name}` } }, lastState: {},
  }));
  if (pod.status?.phase === 'Running') writeStatus(context, pod, { phase: 'Succeeded', conditions: conditionsOf(pod, false, context.now), containerStatuses });
  timer(context, options.timing.removeMs, { do: 'remove', key, uid: worker.uid });
}

function removed(context: ActorContext<KubeletMessage>, state: KubeletState, key: string): void {
  const pod = podOf(context, key);
  state.pods = state.pods.delete(context.epoch, key);
  if (pod === undefined) return;
  context.call({ verb: 'delete', resource: 'pods', namespace: pod.metadata.namespace, name: pod.metadata.name, options: { gracePeriodSeconds: 0, preconditions: { uid: pod.metadata.uid } } });
}

/** Pods whose containers run on this node now, by key: for finding two live processes with one identity. @public */
export function liveProcesses(state: KubeletState): readonly { readonly key: string; readonly uid: string }[] {
  return [...state.pods].filter(([, worker]) => worker.phase === 'running' || worker.phase === 'stopping').map(([key, worker]) => ({ key, uid: worker.uid }));
}
