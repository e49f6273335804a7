// Priority: pods get the value of their class. Upstream: plugin/pkg/admission/priority/admission.go (1.37).
import { copyPodSpec, type KubeObject, type PodSpec, type PriorityClass, type StoreReader } from '@kubesim/api';
import { withSpec } from '../assemble.ts';
import type { AdmissionPlugin } from './admission-plugin.ts';

const BUILT_IN: Readonly<Record<string, number>> = { 'system-cluster-critical': 2_000_000_000, 'system-node-critical': 2_000_001_000 };

/** Sets priority and preemption policy of pods. @public */
export const priority: AdmissionPlugin = {
  name: 'Priority',
  handles: (operation, resource, subresource) => resource === 'pods' && subresource === '' && (operation === 'CREATE' || operation === 'UPDATE'),
  admit: ({ operation, resource, subresource, object, oldObject }, { store }) => {
    if (operation === 'UPDATE' && resource === 'pods' && subresource === '' && object !== undefined) return carryForward(object, oldObject);
    if (operation !== 'CREATE' || resource !== 'pods' || subresource !== '' || object === undefined) return undefined;
    const name = (object['spec']?.priorityClassName as string | undefined) ?? '';
    const chosen = name === '' ? globalDefault(store) : store.get('priorityclasses.scheduling.k8s.io', name) as PriorityClass | undefined;
    if (name !== '' && chosen === undefined && BUILT_IN[name] === undefined) return { forbidden: `no PriorityClass with name ${name} was found` };
    const value = chosen?.value ?? BUILT_IN[name] ?? 0;
    const given = object['spec']?.priority as number | undefined;
    if (given !== undefined && given !== value) return { forbidden: `the integer value of priority (${given}) must not be provided in pod spec; priority admission controller computed ${value} from the given PriorityClass name` };
    const preemptionPolicy = (object['spec']?.preemptionPolicy as string | undefined) ?? chosen?.preemptionPolicy ?? 'PreemptLowerPriority';
    const spec = copyPodSpec(object['spec'] as PodSpec);
    spec.priority = value;
    spec.preemptionPolicy = preemptionPolicy;
    if (chosen?.metadata.name !== undefined) spec.priorityClassName = chosen.metadata.name;
    return { object: withSpec(object, Object.freeze(spec)) };
  },
};

/** The class of pods that name none: the least of those that say so. */
function globalDefault(store: StoreReader): PriorityClass | undefined {
  let least: PriorityClass | undefined;
  for (const object of store.list('priorityclasses.scheduling.k8s.io')) {
    const candidate = object as unknown as PriorityClass;
    if (candidate.globalDefault === true && (least === undefined || (candidate.value ?? 0) < (least.value ?? 0))) least = candidate;
  }
  return least;
}

/** What a create worked out stands also where an update leaves it out. */
function carryForward(object: KubeObject, old: KubeObject | undefined): { readonly object: KubeObject } | undefined {
  const { priority: held, preemptionPolicy: policy } = (old?.['spec'] ?? {}) as { readonly priority?: number; readonly preemptionPolicy?: string };
  const spec = object['spec'] as { readonly priority?: number; readonly preemptionPolicy?: string };
  const needsPriority = spec.priority === undefined && held !== undefined;
  const needsPolicy = spec.preemptionPolicy === undefined && policy !== undefined;
  if (!needsPriority && !needsPolicy) return undefined;
  return { object: { ...object, spec: { ...spec, ...(needsPriority ? { priority: held } : {}), ...(needsPolicy ? { preemptionPolicy: policy } : {}) } } as KubeObject };
}
