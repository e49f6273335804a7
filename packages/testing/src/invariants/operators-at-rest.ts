// What custom resources must have come to at rest, as far as that can be known of any: those whose kind makes pods of its own.
import type { KubeObject } from '@kubesim/api';
import type { Monitor, MonitorView } from '../explorer/monitor.ts';
import { hasEnded, isTerminating, keyOf, ownerOf } from './facts.ts';
import { isQuotaTight } from './hindrances.ts';

/** A custom resource with `spec.replicas` whose kind owns pods has as many as it asks for; its status says so, where it says anything. @public */
export const operatorsConverge: Monitor<readonly string[]> = {
  name: 'convergence of custom resources',
  initial: [],
  step: (kinds, view) => {
    let next = kinds;
    for (const { resource, type, after } of view.changes) {
      if (resource !== 'pods' || type !== 'ADDED') continue;
      const owner = after.metadata.ownerReferences?.find(({ controller }) => controller === true);
      if (owner?.apiVersion.includes('.') === true && !next.includes(owner.kind)) next = [...next, owner.kind];
    }
    return { state: next };
  },
  end: (kinds, view) => {
    for (const definition of view.list('customresourcedefinitions.apiextensions.k8s.io')) {
      const kind = definition['spec'].names.kind as string;
      if (!kinds.includes(kind)) continue;
      for (const object of view.list(definition.metadata.name ?? '')) {
        const found = isTerminating(object) ? undefined : judged(view, object, kind);
        if (found !== undefined) return found;
      }
    }
    return undefined;
  },
};

function judged(view: MonitorView, object: KubeObject, kind: string): string | undefined {
  const replicas = object['spec']?.replicas as unknown;
  if (typeof replicas !== 'number' || isQuotaTight(view, object.metadata.namespace, 2)) return undefined;
  const pods = view.list('pods', object.metadata.namespace).filter((pod) => ownerOf(pod, kind)?.uid === object.metadata.uid && !isTerminating(pod) && !hasEnded(pod));
  if (pods.length !== replicas) return `at rest ${kind} ${keyOf(object)} has ${pods.length} pods where ${replicas} are asked for`;
  const said = object['status']?.replicas as unknown;
  if (typeof said === 'number' && said !== pods.length) return `status.replicas of ${kind} ${keyOf(object)} is ${said} where ${pods.length} are there`;
  const observed = object['status']?.observedGeneration as unknown;
  if (typeof observed === 'number' && object.metadata.generation !== undefined && observed !== object.metadata.generation) return `the status of ${kind} ${keyOf(object)} observes generation ${observed}, and it is at ${object.metadata.generation}`;
  return undefined;
}
