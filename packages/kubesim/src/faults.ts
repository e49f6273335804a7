// A first set of faults. Each is something that etcd, a network, a node or a clock could do; the rule that makes it legal stands beside it.
import type { ApiCall, ApiReply, ResourceName, Status } from '@kubesim/api';
import { freezeView, relist, thawView, viewName } from '@kubesim/apiserver';
import { OrderedMap, type ComponentType, type Machine } from '@kubesim/kernel';
import type { CallFilter } from './control-plane.ts';

/** An error that API calls of some kind meet. @public */
export interface ApiFault {
  /** Which calls: verb, resource, name, process; what is left out matches any. */
  readonly verb?: ApiCall['verb'];
  readonly resource?: ResourceName;
  readonly name?: string;
  readonly process?: string;
  /** What happens: `before` the write took effect, or `after` (the reply is lost: a timeout whose write happened). */
  readonly when?: 'before' | 'after';
  readonly error: 'conflict' | 'timeout' | 'internal' | 'unavailable' | 'forbidden';
  /** How many calls it meets; 1 without it. */
  readonly times?: number;
}

/** Rules in force, as World data. @internal */
export interface FaultState {
  rules: readonly (ApiFault & { readonly left: number })[];
  /** Nodes that are stopped or cut off, by name. */
  nodes: OrderedMap<'stopped' | 'cut-off'>;
  /** Clock offset of processes in ms. */
  skew: OrderedMap<number>;
}

/** Name of the component that holds faults. @internal */
export const FAULTS = 'faults';

/** @internal */
export const faultComponent: ComponentType<FaultState, never> = {
  name: FAULTS,
  version: 1,
  initial: () => ({ rules: [], nodes: OrderedMap.empty(), skew: OrderedMap.empty() }),
  receive: () => {},
};

function matches(fault: ApiFault, call: ApiCall, process: string): boolean {
  return (fault.verb === undefined || fault.verb === call.verb)
    && (fault.resource === undefined || fault.resource === call.resource)
    && (fault.name === undefined || ('name' in call && fault.name === call.name) || ('object' in call && fault.name === call.object.metadata.name))
    && (fault.process === undefined || fault.process === process);
}

/** The error as the API server or its client would word it. @internal */
function faultStatus(fault: ApiFault, call: ApiCall): Status {
  const name = 'name' in call ? call.name ?? '' : 'object' in call ? call.object.metadata.name ?? '' : '';
  const failure = (code: number, reason: string, message: string): Status => ({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', code, reason, message } as Status);
  switch (fault.error) {
    case 'conflict':
      return failure(409, 'Conflict', `Operation cannot be fulfilled on ${call.resource} "${name}": the object has been modified; please apply your changes to the latest version and try again`);
    case 'timeout':
      return failure(504, 'Timeout', `Timeout: request did not complete within requested timeout - context deadline exceeded`);
    case 'internal':
      return failure(500, 'InternalError', 'Internal error occurred: injected');
    case 'unavailable':
      return failure(503, 'ServiceUnavailable', 'the server is currently unable to handle the request');
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
  if (faults.nodes.size > 0 && process.startsWith('kubelet/') && faults.nodes.has(process.slice('kubelet/'.length))) return unreachable();
  if (faults.rules.length === 0) return send();
  const place = faults.rules.findIndex((rule) => matches(rule, call, process));
  const rule = faults.rules[place];
  if (rule === undefined) return send();
  const rest = rule.left > 1 ? faults.rules.with(place, { ...rule, left: rule.left - 1 }) : faults.rules.filter((each) => each !== rule);
  machine.edit<FaultState>(slot).rules = rest;
  // The write happens, its reply does not come.
  if (rule.when === 'after') send();
  return { ok: false, status: faultStatus(rule, call) };
};

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

/** @internal */
export function thawCaches(machine: Machine, process: string, resource?: ResourceName): void {
  for (const slot of viewsOf(machine, process, resource)) thawView(machine, slot);
}

/** Legal: a lost watch means a relist, which may skip states and may not invent one. @internal */
export function relistCaches(machine: Machine, process: string, resource?: ResourceName): void {
  for (const slot of viewsOf(machine, process, resource)) relist(machine, slot);
}
