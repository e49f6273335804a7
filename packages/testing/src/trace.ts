// Recorded watch events of a real cluster, judged by the invariants that need no machine.
import type { KubeObject, ResourceName, WatchEvent } from '@kubesim/api';
import type { Change } from '@kubesim/apiserver';
import { traceInvariants } from './invariants/all.ts';
import { keyOf } from './invariants/facts.ts';
import type { Monitor, MonitorView } from './explorer/monitor.ts';
import { Following, type Violation } from './properties/monitor.ts';

/** How a trace is read. @public */
export interface TraceOptions {
  /** How late the controllers' caches may have been, in ms; 5000 without it. */
  readonly staleMs?: number;
}

/** What broke in a trace, and at which event. @public */
export interface TraceViolation extends Violation {
  /** Place of the event in the trace, from 0. */
  readonly event: number;
}

/** Plurals of kinds that `s` does not make. */
const PLURALS: Readonly<Record<string, string>> = { Ingress: 'ingresses', NetworkPolicy: 'networkpolicies', PodDisruptionBudget: 'poddisruptionbudgets', StorageClass: 'storageclasses', Endpoints: 'endpoints', PriorityClass: 'priorityclasses' };
const STALE_MS = 5_000;
const NEVER = '1970-01-01T00:00:00Z';

/** The resource that an object belongs to: the plural of its kind with its group. */
function resourceOf(object: KubeObject): ResourceName {
  const kind = object.kind ?? '';
  const plural = PLURALS[kind] ?? `${kind.toLowerCase()}s`;
  const [group, version] = (object.apiVersion ?? 'v1').split('/');
  return version === undefined ? plural : `${plural}.${group ?? ''}`;
}

/** The latest instant that an object's own stamps tell of. */
function instantOf(object: KubeObject): number {
  const stamps = [object.metadata.creationTimestamp, ...((object['status']?.conditions ?? []) as readonly { readonly lastTransitionTime?: string; readonly lastUpdateTime?: string }[]).flatMap(({ lastTransitionTime, lastUpdateTime }) => [lastTransitionTime, lastUpdateTime])];
  return Math.max(...stamps.map((stamp) => Date.parse(stamp ?? NEVER)));
}

/**
 * Checks the watch events of a cluster, in the order in which they were seen, as one log of several resources. Time is told by the
 * stamps within the objects. Answers what does not hold, or undefined. @public
 */
export function checkTrace(events: readonly WatchEvent[], invariants: readonly Monitor[] = traceInvariants, options: TraceOptions = {}): TraceViolation | undefined {
  const objects = new Map<ResourceName, Map<string, KubeObject>>();
  const tableOf = (resource: ResourceName): Map<string, KubeObject> => {
    let table = objects.get(resource);
    if (table === undefined) objects.set(resource, table = new Map());
    return table;
  };
  let now = events.reduce((first, { object }) => Math.min(first, instantOf(object)), Infinity);
  const following = new Following(invariants, now);
  for (const [index, { type, object }] of events.entries()) {
    const resource = resourceOf(object);
    now = Math.max(now, instantOf(object));
    const table = tableOf(resource);
    const key = keyOf(object);
    const before = table.get(key);
    if (type === 'DELETED') table.delete(key);
    else table.set(key, object);
    const change: Change = { resource, key, type: type as Change['type'], revision: Number(object.metadata.resourceVersion), after: object, ...(before === undefined ? {} : { before }) };
    const view: MonitorView = {
      now, changes: [change], staleMs: options.staleMs ?? STALE_MS,
      get: (wanted, name) => objects.get(wanted)?.get(name),
      list: (wanted, namespace) => [...tableOf(wanted).values()].filter(({ metadata }) => namespace === undefined || metadata.namespace === namespace),
      component: (name) => { throw new RangeError(`a trace has no component '${name}'`); },
      hasComponent: () => false,
    };
    const violation = following.step(view);
    if (violation !== undefined) return { ...violation, event: index };
  }
  return undefined;
}
