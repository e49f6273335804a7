// Faults as the World holds them. Each is something that etcd, a network, a node or a clock could do; the rule that makes it legal stands beside it.
import type { ApiCall, ApiReply, ResourceName, Status } from '@kubesim/api';
import { delayView, freezeView, relist, thawView, viewName } from '@kubesim/apiserver';
import type { Ports } from '@kubesim/client';
import { OrderedMap, type ComponentType, type Machine } from '@kubesim/kernel';
import type { CallFilter, ControlPlane } from './control-plane.ts';
import { logReason } from './settings.ts';

/** Which API calls are meant: what is left out matches any. @public */
export interface CallPattern {
  readonly verb?: ApiCall['verb'];
  /** Plural with its group, `statefulsets.apps`, or any word that kubectl takes. */
  readonly resource?: ResourceName;
  readonly namespace?: string;
  readonly name?: string;
  /** Which process calls: `kube-controller-manager`, `kubelet/node-1`, … The user's own calls are never met. */
  readonly process?: string;
}

/** What API calls of some kind meet: an error, a delay, or a late error. @public */
export interface ApiFault extends CallPattern {
  /** What happens: `before` the write took effect, or `after` (the reply is lost: a timeout whose write happened). */
  readonly when?: 'before' | 'after';
  readonly error?: 'conflict' | 'timeout' | 'internal' | 'unavailable' | 'forbidden' | 'tooManyRequests';
  /**
   * Virtual ms that the call takes; without `error`, `when` says whether the request or its reply is under way. It meets calls
   * of controllers: a kubelet and the scheduler have their answers at once.
   */
  readonly delayMs?: number;
  /** How many calls it meets; 1 without it. */
  readonly times?: number;
}

/** Rules in force, as World data. @internal */
export interface FaultState {
  rules: readonly (ApiFault & { readonly left: number })[];
  /** Processes that crash once so many more of their writes took effect. */
  crashes: readonly (CrashPoint & { readonly left: number })[];
  /** Processes that made their last write and are about to be gone. */
  dying: readonly string[];
  /** Nodes that are stopped or cut off, by name. */
  nodes: OrderedMap<'stopped' | 'cut-off'>;
  /** Nodes whose disk is full. */
  fullDisks: OrderedMap<true>;
  /** The revision of the API server that a process is served by, where that has seen nothing since: by process, or by process and resource. */
  standing: OrderedMap<number>;
  /** The lowest revision at which the server of a process ever stood: so far it may have gone back. */
  wentBackTo: OrderedMap<number>;
  /** How far the clocks of nodes are off, in ms. */
  skew: OrderedMap<number>;
}

/** Where a process crashes: right after a write of its own took effect, before it does anything more. @public */
export interface CrashPoint extends CallPattern {
  readonly process: string;
  /** After how many such writes; 1 without it. */
  readonly writes?: number;
  /** It starts again after so many virtual ms; without this it stays down. */
  readonly restartAfterMs?: number;
}

type FaultMessage = { readonly do: 'crash'; readonly process: string; readonly restartAfterMs?: number } | { readonly do: 'start'; readonly process: string } | null;

/** Name of the component that holds faults. @internal */
export const FAULTS = 'faults';

/** After so long the others see that a leader renews its lease no more: a few tries of a candidate. */
const LEADER_MISSED_MS = 10_000;

/** After so long a lost heartbeat of a node shows: one and a half of a lease's renewals, and a look of the node lifecycle controller. @internal */
export const SILENCE_SEEN_MS = 25_000;

const KUBELET = 'kubelet/';

/**
 * Crashes a process. A leader or a kubelet is noticed by its silence: until that can be seen, the cluster is not settled. Legal: a
 * process may end at any instant; what it wrote stays, what it had in mind is lost. Containers are no children of a kubelet: they run on.
 * @internal
 */
export function crashProcess(plane: ControlPlane, machine: Machine, process: string): void {
  const { processes } = plane;
  const missedAfterMs = process.startsWith(KUBELET) ? SILENCE_SEEN_MS : processes.isCandidate(machine, process) ? LEADER_MISSED_MS : undefined;
  if (missedAfterMs !== undefined && processes.isServing(machine, process)) machine.send(machine.slotOf(FAULTS), FAULTS, `silence of ${process}`, null, { delayMs: missedAfterMs });
  processes.crash(machine, process);
}

/** Starts a process that is down. A kubelet whose node is off or cut off starts when the node is back: it needs the machine, and the API server's list. @internal */
export function startProcess(plane: ControlPlane, machine: Machine, process: string): void {
  const { nodes } = machine.peek<FaultState>(machine.slotOf(FAULTS));
  if (process.startsWith(KUBELET) && nodes.has(process.slice(KUBELET.length))) return;
  plane.processes.start(machine, process);
}

/** @internal */
export function faultComponent(plane: () => ControlPlane): ComponentType<FaultState, FaultMessage> {
  return {
    name: FAULTS,
    version: 4,
    initial: () => ({ rules: [], crashes: [], dying: [], nodes: OrderedMap.empty(), fullDisks: OrderedMap.empty(), standing: OrderedMap.empty(), wentBackTo: OrderedMap.empty(), skew: OrderedMap.empty() }),
    receive: (machine, state, message, slot) => {
      if (message === null) return;
      if (message.do === 'start') return startProcess(plane(), machine, message.process);
      state.dying = state.dying.filter((process) => process !== message.process);
      logReason(machine, { source: 'fault', subject: `process/${message.process}`, rule: 'crash', message: 'crashes between two of its writes' });
      crashProcess(plane(), machine, message.process);
      if (message.restartAfterMs !== undefined) machine.send(slot, FAULTS, `start of ${message.process}`, { do: 'start', process: message.process }, { delayMs: message.restartAfterMs });
    },
  };
}

function matches(fault: CallPattern, call: ApiCall, process: string): boolean {
  return (fault.verb === undefined || fault.verb === call.verb)
    && (fault.resource === undefined || fault.resource === call.resource)
    && (fault.namespace === undefined || fault.namespace === call.namespace)
    && (fault.name === undefined || ('name' in call && fault.name === call.name) || ('object' in call && fault.name === call.object.metadata.name))
    && (fault.process === undefined || fault.process === process);
}

/** The error as the API server or its client would word it. @internal */
function faultStatus(error: NonNullable<ApiFault['error']>, call: ApiCall): Status {
  const name = 'name' in call ? call.name ?? '' : 'object' in call ? call.object.metadata.name ?? '' : '';
  const failure = (code: number, reason: string, message: string): Status => ({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', code, reason, message } as Status);
  switch (error) {
    case 'conflict':
      return failure(409, 'Conflict', `Operation cannot be fulfilled on ${call.resource} "${name}": the object has been modified; please apply your changes to the latest version and try again`);
    case 'timeout':
      return failure(504, 'Timeout', `Timeout: request did not complete within requested timeout - context deadline exceeded`);
    case 'internal':
      return failure(500, 'InternalError', 'Internal error occurred: injected');
    case 'unavailable':
      return failure(503, 'ServiceUnavailable', 'the server is currently unable to handle the request');
    case 'tooManyRequests':
      return failure(429, 'TooManyRequests', 'the server has received too many requests and has asked us to try again later');
    case 'forbidden':
      return failure(403, 'Forbidden', `${call.resource} "${name}" is forbidden: injected`);
  }
}

/**
 * Meets calls with the faults in force. Legal: a server may refuse any call; a reply may be lost after the write took effect;
 * a conflict is what any concurrent write would cause. A stopped or cut-off node's kubelet reaches nothing.
 * @internal
 */
export const faultFilter: CallFilter = (machine, call, process, send) => {
  const slot = machine.slotOf(FAULTS);
  const faults = machine.peek<FaultState>(slot);
  if (faults.nodes.size > 0 && process.startsWith(KUBELET) && faults.nodes.has(process.slice(KUBELET.length))) return unreachable();
  if (faults.dying.length > 0 && faults.dying.includes(process)) return unreachable();
  const rule = faults.rules.length === 0 ? undefined : faults.rules.find((each) => each.error !== undefined && matches(each, call, process));
  const answer = rule === undefined || rule.when === 'after' ? send() : undefined;
  if (answer?.ok === true && faults.crashes.length > 0 && WRITES.has(call.verb)) countTowardsCrash(machine, slot, call, process);
  if (rule?.error === undefined) return answer as ApiReply;
  spend(machine, slot, rule);
  // With `after` the write happened, its reply does not come.
  return { ok: false, status: faultStatus(rule.error, call) };
};

/** The time that faults give a call. Legal: a network may be slow for any time. @internal */
export const faultLatency: NonNullable<Ports['latency']> = (machine, call, process) => {
  const slot = machine.slotOf(FAULTS);
  const { rules } = machine.peek<FaultState>(slot);
  if (rules.length === 0) return undefined;
  const rule = rules.find((each) => matches(each, call, process));
  if (rule?.delayMs === undefined) return undefined;
  if (rule.error !== undefined) return { delayMs: rule.delayMs, when: 'after' };
  spend(machine, slot, rule);
  return { delayMs: rule.delayMs, when: rule.when ?? 'before' };
};

const WRITES: ReadonlySet<ApiCall['verb']> = new Set<ApiCall['verb']>(['create', 'update', 'patch', 'delete', 'deletecollection']);

function spend(machine: Machine, slot: number, rule: FaultState['rules'][number]): void {
  const faults = machine.edit<FaultState>(slot);
  faults.rules = faults.rules.flatMap((each) => (each !== rule ? [each] : rule.left > 1 ? [{ ...rule, left: rule.left - 1 }] : []));
}

/** Legal: a process may end at any instant; what it wrote stays, what it had in mind is lost. */
function countTowardsCrash(machine: Machine, slot: number, call: ApiCall, process: string): void {
  const faults = machine.edit<FaultState>(slot);
  const point = faults.crashes.find((each) => matches(each, call, process));
  if (point === undefined) return;
  faults.crashes = faults.crashes.flatMap((each) => (each !== point ? [each] : point.left > 1 ? [{ ...point, left: point.left - 1 }] : []));
  if (point.left > 1) return;
  faults.dying = [...faults.dying, process];
  machine.post(slot, FAULTS, `crash of ${process}`, { do: 'crash', process, restartAfterMs: point.restartAfterMs });
}

function unreachable(): ApiReply {
  return { ok: false, status: { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', code: 503, reason: 'ServiceUnavailable', message: 'dial tcp: connect: no route to host' } as Status };
}

/** Slots of the views of a process; of one resource, or of all. Throws RangeError if there is none. @internal */
export function viewsOf(machine: Machine, process: string, resource?: ResourceName): readonly number[] {
  const prefix = `view ${process} `;
  const found = machine.componentNames().filter((name) => (resource === undefined ? name.startsWith(prefix) : name === viewName({ owner: 0, process, resource })));
  if (found.length === 0) throw new RangeError(`faults: process '${process}' has no cache${resource === undefined ? '' : ` of ${resource}`}`);
  return found.map((name) => machine.slotOf(name));
}

/** Legal: a watch may be slow for any time; order is kept. @internal */
export function freezeCaches(machine: Machine, process: string, resource?: ResourceName): void {
  for (const slot of viewsOf(machine, process, resource)) freezeView(machine, slot);
}

/**
 * Hands a process to an API server that has seen nothing since an instant and sees nothing more: its caches, which never go back, stand
 * still, and when it starts it lists what that server holds. Legal: a list from version 0 may be answered by any server's cache, which
 * may lag as any. What the process writes goes to the store, and meets the rule of conflicts; single objects are read there, too. A server has
 * a cache for each resource, and one of them may lag alone.
 * @internal
 */
export function standProcess(plane: ControlPlane, machine: Machine, process: string, instant: number, resource?: ResourceName): void {
  const storage = plane.storage(machine);
  freezeCaches(machine, process, resource);
  const faults = machine.edit<FaultState>(machine.slotOf(FAULTS));
  const revision = Math.max(storage.revisionAt(instant), storage.compactedRevision);
  faults.standing = faults.standing.set(machine.epoch, resource === undefined ? process : standingKey(process, resource), revision);
  faults.wentBackTo = faults.wentBackTo.set(machine.epoch, process, Math.min(revision, faults.wentBackTo.get(process) ?? revision));
}

function standingKey(process: string, resource: ResourceName): string {
  return `${process} ${resource}`;
}

/** The server has caught up. @internal */
export function catchUp(machine: Machine, process: string): void {
  const faults = machine.edit<FaultState>(machine.slotOf(FAULTS));
  const found = [...faults.standing.keys()].filter((key) => key === process || key.startsWith(standingKey(process, '')));
  for (const key of found) faults.standing = faults.standing.delete(machine.epoch, key);
  if (found.length > 0) thawCaches(machine, process);
}

/** Where the API server of a process stands with a resource; undefined if that is the newest revision. @internal */
export const faultStanding: NonNullable<ControlPlane['standing']> = (machine, process, resource) => {
  const { standing } = machine.peek<FaultState>(machine.slotOf(FAULTS));
  return standing.size === 0 ? undefined : standing.get(standingKey(process, resource)) ?? standing.get(process);
};

/** Legal as `freezeCaches`. @internal */
export function delayCaches(machine: Machine, process: string, lagMs: number, resource?: ResourceName): void {
  for (const slot of viewsOf(machine, process, resource)) delayView(machine, slot, lagMs);
}

/** @internal */
export function thawCaches(machine: Machine, process: string, resource?: ResourceName): void {
  for (const slot of viewsOf(machine, process, resource)) thawView(machine, slot);
}

/** Legal: a lost watch means a relist, which may skip states and may not invent one. @internal */
export function relistCaches(machine: Machine, process: string, resource?: ResourceName): void {
  for (const slot of viewsOf(machine, process, resource)) relist(machine, slot);
}
