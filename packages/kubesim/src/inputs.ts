// Inputs: everything that comes into a World from outside, as named functions of their arguments, so that runs are recorded and replayed.
import type { ApiCall, ApiReply, ResourceName, RestRequest, RestResponse } from '@kubesim/api';
import type { InputFunction, Machine } from '@kubesim/kernel';
import type { ContainerAddress, ContainerBehaviour, ExecOutcome, KubeletMessage, PodHttpResponse, ProbeFlap } from '@kubesim/kubelet';
import type { ControllerArgs } from '@kubesim/client';
import type { ControlPlane } from './control-plane.ts';
import { catchUp, crashProcess, delayCaches, FAULTS, freezeCaches, relistCaches, SILENCE_SEEN_MS, standProcess, startProcess, thawCaches, type ApiFault, type CrashPoint, type FaultState } from './faults.ts';
import type { NodeOptions } from './options.ts';
import { exec, http } from './pod-access.ts';
import { formatDuration } from './duration.ts';
import { logReason } from './settings.ts';

/** A fault as an input. @public */
export type FaultInput =
  | { readonly fault: 'api'; readonly rule: ApiFault }
  | { readonly fault: 'freeze' | 'thaw' | 'relist'; readonly process: string; readonly resource?: ResourceName }
  | { readonly fault: 'lag'; readonly process: string; readonly lagMs: number; readonly resource?: ResourceName }
  | { readonly fault: 'stand'; readonly process: string; readonly behindMs: number; readonly resource?: ResourceName }
  | { readonly fault: 'catchUp'; readonly process: string }
  | { readonly fault: 'crash' | 'restart'; readonly process: string }
  | { readonly fault: 'crashAfter'; readonly point: CrashPoint }
  | { readonly fault: 'clear' }
  | { readonly fault: 'clock'; readonly node: string; readonly offsetMs: number }
  | { readonly fault: 'slow'; readonly node: string; readonly factor: number }
  | { readonly fault: 'disk'; readonly node: string; readonly isFull: boolean }
  | { readonly fault: 'flap'; readonly namespace: string; readonly pod: string; readonly flap: Omit<ProbeFlap, 'fromMs' | 'untilMs'>; readonly forMs: number }
  | { readonly fault: 'detach'; readonly node: string; readonly isSlow: boolean }
  | { readonly fault: 'shutdown'; readonly node: string; readonly graceMs: number; readonly criticalGraceMs: number }
  | { readonly fault: 'kill'; readonly namespace: string; readonly pod: string; readonly exitCode: number; readonly container?: string; readonly reason?: string }
  | { readonly fault: 'node'; readonly node: string; readonly state: 'stopped' | 'cut-off' | 'up' };

/** Inputs of a cluster by name, with what each answers. @internal */
export interface ClusterInputs {
  call(machine: Machine, call: ApiCall): ApiReply;
  request(machine: Machine, request: RestRequest): RestResponse;
  fault(machine: Machine, input: FaultInput): void;
  node(machine: Machine, node: NodeOptions & { readonly name: string }): void;
  exec(machine: Machine, target: ContainerAddress & { readonly command: readonly string[]; readonly stdin?: string }): ExecOutcome;
  http(machine: Machine, request: { readonly namespace: string; readonly url: string; readonly method: string }): PodHttpResponse | 'timeout' | 'unresolved' | undefined;
  controller(machine: Machine, change: { readonly name: string; readonly on: boolean }): void;
  tell(machine: Machine, told: { readonly process: string; readonly message: unknown }): void;
}

/** Who the user's own calls come from. @internal */
export const USER = 'kubectl';

/** The inputs of a control plane. `addNode` makes a node's object and its kubelet. @internal */
export function clusterInputs(plane: () => ControlPlane, behaviours: readonly ContainerBehaviour[], addNode: (machine: Machine, node: NodeOptions & { readonly name: string }) => void): Readonly<Record<string, InputFunction>> {
  const inputs: ClusterInputs = {
    call: (machine, call) => plane().server(machine).call(call, { process: USER }),
    request: (machine, request) => plane().server(machine).handle(request),
    fault: (machine, input) => applyFault(plane(), machine, input),
    node: addNode,
    exec: (machine, target) => exec(plane(), machine, behaviours, target),
    http: (machine, { namespace, url, method }) => http(plane(), machine, behaviours, namespace, new URL(url), method),
    controller: (machine, { name, on }) => switchController(plane(), machine, name, on),
    tell: (machine, { process, message }) => plane().actors.tell(machine, plane().processes.actorSlot(machine, process), message),
  };
  return inputs as unknown as Readonly<Record<string, InputFunction>>;
}

function switchController(plane: ControlPlane, machine: Machine, name: string, on: boolean): void {
  const { process } = machine.argsOf(machine.slotOf(`controller ${name}`)) as ControllerArgs;
  const controller = plane.parts.controllers.find((each) => each.name === name);
  if (controller === undefined) throw new RangeError(`no controller is named '${name}'`);
  if (on) plane.processes.startController(machine, process, controller);
  else plane.processes.stopController(machine, process, name);
}

function applyFault(plane: ControlPlane, machine: Machine, input: FaultInput): void {
  const { subject, message } = describeFault(input);
  logReason(machine, { source: 'fault', subject, rule: input.fault, message });
  switch (input.fault) {
    case 'api': {
      const state = machine.edit<FaultState>(machine.slotOf(FAULTS));
      state.rules = [...state.rules, { ...input.rule, left: input.rule.times ?? 1 }];
      return;
    }
    case 'freeze':
      return freezeCaches(machine, input.process, input.resource);
    case 'thaw':
      return thawCaches(machine, input.process, input.resource);
    case 'relist':
      return relistCaches(machine, input.process, input.resource);
    case 'lag':
      return delayCaches(machine, input.process, input.lagMs, input.resource);
    case 'crashAfter': {
      const state = machine.edit<FaultState>(machine.slotOf(FAULTS));
      state.crashes = [...state.crashes, { ...input.point, left: input.point.writes ?? 1 }];
      return;
    }
    case 'clear': {
      const state = machine.edit<FaultState>(machine.slotOf(FAULTS));
      state.rules = [];
      state.crashes = [];
      return;
    }
    case 'clock': {
      const state = machine.edit<FaultState>(machine.slotOf(FAULTS));
      state.skew = state.skew.set(machine.epoch, input.node, input.offsetMs);
      return tellKubelet(plane, machine, input.node, { kind: 'clock', offsetMs: input.offsetMs });
    }
    case 'slow':
      return tellKubelet(plane, machine, input.node, { kind: 'slow', factor: input.factor });
    case 'shutdown':
      return tellKubelet(plane, machine, input.node, { kind: 'shutdown', graceMs: input.graceMs, criticalGraceMs: input.criticalGraceMs });
    case 'disk': {
      const state = machine.edit<FaultState>(machine.slotOf(FAULTS));
      state.fullDisks = input.isFull ? state.fullDisks.set(machine.epoch, input.node, true) : state.fullDisks.delete(machine.epoch, input.node);
      // Who is off hears of it with its start.
      if (state.nodes.get(input.node) === 'stopped') return;
      return tellKubelet(plane, machine, input.node, { kind: 'disk', isFull: input.isFull });
    }
    case 'detach':
      return holdAttachments(plane, machine, input.node, input.isSlow);
    case 'flap': {
      const { node, uid } = placeOf(plane, machine, input);
      return tellKubelet(plane, machine, node, { kind: 'flap', uid, flap: input.flap, forMs: input.forMs });
    }
    case 'kill': {
      const { node, uid } = placeOf(plane, machine, input);
      return tellKubelet(plane, machine, node, { kind: 'killContainers', uid, exitCode: input.exitCode, container: input.container, reason: input.reason });
    }
    case 'stand':
      return standProcess(plane, machine, input.process, machine.now - input.behindMs, input.resource);
    case 'catchUp':
      return catchUp(machine, input.process);
    case 'crash':
      return crashProcess(plane, machine, input.process);
    case 'restart':
      crashProcess(plane, machine, input.process);
      return startProcess(plane, machine, input.process);
    case 'node':
      return changeNode(plane, machine, input.node, input.state);
  }
}

const ATTACHMENTS = 'volumeattachments.storage.k8s.io';

/** The finalizer by which an external attacher holds an attachment until its driver has detached the volume. */
function attacherFinalizer(driver: string): string {
  return `external-attacher/${driver.replaceAll('.', '-')}`;
}

/**
 * Lets the attacher hold what is attached to a node, as it does on every cluster while its driver detaches; or lets go. Legal: a driver
 * may take any time to detach a volume. The simulated one answers at once, and so holds nothing by itself.
 */
function holdAttachments(plane: ControlPlane, machine: Machine, node: string, isHeld: boolean): void {
  for (const attachment of [...plane.storage(machine).list(ATTACHMENTS)]) {
    if (attachment['spec']?.nodeName !== node) continue;
    const finalizer = attacherFinalizer(attachment['spec'].attacher as string);
    const others = (attachment.metadata.finalizers ?? []).filter((each) => each !== finalizer);
    // No finalizer may be added to what is being deleted already.
    if (isHeld && attachment.metadata.deletionTimestamp !== undefined) continue;
    const object = { ...attachment, metadata: { ...attachment.metadata, finalizers: isHeld ? [...others, finalizer] : others } };
    plane.server(machine).call({ verb: 'update', resource: ATTACHMENTS, name: attachment.metadata.name ?? '', object }, { process: 'csi-attacher' });
  }
}

/** Where a pod runs. */
function placeOf(plane: ControlPlane, machine: Machine, { namespace, pod: name }: { readonly namespace: string; readonly pod: string }): { readonly node: string; readonly uid: string } {
  const pod = plane.storage(machine).get('pods', `${namespace}/${name}`);
  const node = pod?.['spec']?.nodeName as string | undefined;
  if (pod === undefined || node === undefined) throw new RangeError(`faults: pod '${name}' does not run on any node`);
  return { node, uid: pod.metadata.uid ?? '' };
}

/** A fault in words: what it is done to, and what it does. */
function describeFault(input: FaultInput): { readonly subject: string; readonly message: string } {
  switch (input.fault) {
    case 'api': {
      const { verb, resource, name, process, error, delayMs, when, times = 1 } = input.rule;
      const calls = `${verb ?? 'any call'} of ${resource ?? 'anything'}${name === undefined ? '' : ` ${name}`}`;
      return { subject: `process/${process ?? '*'}`, message: `the next ${times} times ${calls}${delayMs === undefined ? '' : ` takes ${formatDuration(delayMs)}`}${error === undefined ? '' : ` meets ${error}${when === 'after' ? ' after it took effect' : ''}`}` };
    }
    case 'crashAfter':
      return { subject: `process/${input.point.process}`, message: `crashes after its next ${input.point.verb ?? 'write'} of ${input.point.resource ?? 'anything'}` };
    case 'clear':
      return { subject: 'process/*', message: 'API faults end' };
    case 'freeze': case 'thaw': case 'relist': case 'lag':
      return { subject: `process/${input.process}`, message: `cache of ${input.resource ?? 'everything'}: ${input.fault === 'lag' ? `lags by ${formatDuration(input.lagMs)}` : input.fault}` };
    case 'stand':
      return { subject: `process/${input.process}`, message: `is served by an API server that is ${formatDuration(input.behindMs)} behind${input.resource === undefined ? '' : ` in ${input.resource}`}` };
    case 'catchUp':
      return { subject: `process/${input.process}`, message: 'its API server has caught up' };
    case 'crash': case 'restart':
      return { subject: `process/${input.process}`, message: input.fault };
    case 'node':
      return { subject: `node/${input.node}`, message: { stopped: 'is switched off', 'cut-off': 'is cut off from the API server', up: 'is back' }[input.state] };
    case 'clock':
      return { subject: `node/${input.node}`, message: `its clock is off by ${input.offsetMs < 0 ? '-' : ''}${formatDuration(Math.abs(input.offsetMs))}` };
    case 'slow':
      return { subject: `node/${input.node}`, message: `takes ${input.factor} times as long for everything` };
    case 'disk':
      return { subject: `node/${input.node}`, message: input.isFull ? 'its disk is full' : 'its disk has room again' };
    case 'detach':
      return { subject: `node/${input.node}`, message: input.isSlow ? 'what is attached to it is slow to be detached' : 'what is to be detached from it is' };
    case 'flap': {
      const { type, container, failMs, passMs } = input.flap;
      return { subject: `pod/${input.namespace}/${input.pod}`, message: `${container === undefined ? '' : `${container}: `}its ${type} probe fails for ${formatDuration(failMs)} and passes for ${formatDuration(passMs)} by turns, for ${formatDuration(input.forMs)}` };
    }
    case 'shutdown':
      return { subject: `node/${input.node}`, message: `shuts down gracefully within ${formatDuration(input.graceMs + input.criticalGraceMs)}` };
    case 'kill':
      return { subject: `pod/${input.namespace}/${input.pod}`, message: `${input.container ?? 'its containers'}: killed, exit code ${input.exitCode}` };
  }
}

function tellKubelet(plane: ControlPlane, machine: Machine, node: string, message: KubeletMessage): void {
  plane.actors.tell(machine, plane.processes.actorSlot(machine, `kubelet/${node}`), message);
}

/**
 * Stopped: the machine is off, its containers are gone. Cut off: its kubelet runs on, and reaches nothing. Up: back again; a
 * kubelet that was stopped starts from what the API says. A node that is up is rebooted: its containers are gone.
 */
function changeNode(plane: ControlPlane, machine: Machine, node: string, state: 'stopped' | 'cut-off' | 'up'): void {
  const process = `kubelet/${node}`;
  const faults = machine.edit<FaultState>(machine.slotOf(FAULTS));
  const before = faults.nodes.get(node);
  if (machine.slotOf(`process ${process}`) < 0) throw new RangeError(`faults: no node is named '${node}'`);
  if (state === 'up') {
    faults.nodes = faults.nodes.delete(machine.epoch, node);
    if (before === 'cut-off') {
      thawCaches(machine, process);
      return plane.processes.start(machine, process);
    }
    if (before === undefined) plane.processes.crash(machine, process, true);
    plane.processes.start(machine, process);
    const offsetMs = faults.skew.get(node);
    if (offsetMs !== undefined) tellKubelet(plane, machine, node, { kind: 'clock', offsetMs });
    if (faults.fullDisks.has(node)) tellKubelet(plane, machine, node, { kind: 'disk', isFull: true });
    return;
  }
  faults.nodes = faults.nodes.set(machine.epoch, node, state);
  // A silent node is noticed by its silence: until that can be seen, the cluster is not settled.
  machine.send(machine.slotOf(FAULTS), 'faults', `silence of ${node}`, null, { delayMs: SILENCE_SEEN_MS });
  if (state === 'cut-off') return freezeCaches(machine, process);
  plane.processes.crash(machine, process, true);
  // With the machine off nothing is cut off any more: what it sees once it is up must not stand still.
  if (before === 'cut-off') thawCaches(machine, process);
}
