// When the change happened that a sync answers to, and what to remember for the next. [ES8]
// Upstream: staging/src/k8s.io/endpointslice/trigger_time_tracker.go (1.37). Used by Endpoints and EndpointSlices alike.
import type { Pod, Service } from '@kubesim/api';
import { OrderedMap, type Epoch } from '@kubesim/kernel';

/** Times that syncs of a Service have seen. Times are texts, which sort as instants. @internal */
export interface TriggerTimes {
  readonly service: string;
  /** Of the pods that have a time, by name. */
  readonly pods: OrderedMap<string>;
}

/** Pods by name whose time may have changed since the last sync; undefined where the Service does not select the pod any longer. @internal */
export type PodsToTime = Iterable<readonly [name: string, pod: Pod | undefined]>;

/** The trigger time of a sync: the earliest that no sync has seen yet, undefined if there is none; and the times seen from now on. @internal */
export function triggerTime(epoch: Epoch, known: TriggerTimes | undefined, service: Service, changed: PodsToTime): { readonly time: string | undefined; readonly times: TriggerTimes } {
  const created = service.metadata?.creationTimestamp ?? '';
  let pods = known?.pods ?? OrderedMap.empty<string>();
  let earliest: string | undefined;
  let isSame = known?.service === created;
  for (const [name, pod] of changed) {
    const time = pod === undefined ? undefined : readyTime(pod);
    const before = pods.get(name);
    if (time === before) continue;
    isSame = false;
    if (time === undefined) {
      pods = pods.delete(epoch, name);
      continue;
    }
    if (time > (before ?? '') && (earliest === undefined || time < earliest)) earliest = time;
    pods = pods.set(epoch, name, time);
  }
  if (known === undefined) return { time: created === '' ? undefined : created, times: { service: created, pods } };
  if (created > known.service && (earliest === undefined || created < earliest)) earliest = created;
  return { time: earliest, times: isSame ? known : { service: created, pods } };
}

/** All pods of a Service, and those of the last sync that are no longer among them: what a sync looks at that knows no changes. @internal */
export function* allPodsToTime(known: TriggerTimes | undefined, pods: readonly Pod[]): PodsToTime {
  const names = new Set<string>();
  for (const pod of pods) {
    const name = pod.metadata?.name ?? '';
    names.add(name);
    yield [name, pod];
  }
  for (const name of [...(known?.pods.keys() ?? [])]) if (!names.has(name)) yield [name, undefined];
}

/** When a pod's readiness last changed. @internal */
export function readyTime(pod: Pod): string | undefined {
  for (const condition of pod.status?.conditions ?? []) if (condition.type === 'Ready') return condition.lastTransitionTime;
  return undefined;
}
