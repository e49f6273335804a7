// Priority: pods get the value of their class. Upstream: plugin/pkg/admission/priority/admission.go (1.37).
import type { KubeObject, PriorityClass } from '@kubesim/api';
import type { AdmissionPlugin } from './admission-plugin.ts';

const BUILT_IN: Readonly<Record<string, number>> = { 'system-cluster-critical': 2_000_000_000, 'system-node-critical': 2_000_001_000 };

/** Sets priority and preemption policy of pods. @public */
export const priority: AdmissionPlugin = {
  name: 'Priority',
  admit: ({ operation, resource, subresource, object, oldObject }, { store }) => {
    if (operation === 'UPDATE' && resource === 'pods' && subresource === '' && object !== undefined) return carryForward(object, oldObject);
    if (operation !== 'CREATE' || resource !== 'pods' || subresource !== '' || object === undefined) return undefined;
    const name = (object['spec']?.priorityClassName as string | undefined) ?? '';
    const classes = [...store.list('priorityclasses.scheduling.k8s.io')] as unknown as PriorityClass[];
    const chosen = name === '' ? classes.filter((each) => each.globalDefault === true).sort((a, b) => (a.value ?? 0) - (b.value ?? 0))[0] : classes.find((each) => each.metadata.name === name);
    if (name !== '' && chosen === undefined && BUILT_IN[name] === undefined) return { forbidden: `no PriorityClass with name ${name} was found` };
    const value = chosen?.value ?? BUILT_IN[name] ?? 0;
    const given = object['spec']?.priority as number | undefined;
    if (given !== undefined && given !== value) return { forbidden: `the integer value of priority (${given}) must not be provided in pod spec; priority admission controller computed ${value} from the given PriorityClass name` };
    const preemptionPolicy = (object['spec']?.preemptionPolicy as string | undefined) ?? chosen?.preemptionPolicy ?? 'PreemptLowerPriority';
    const spec = { ...object['spec'], priority: value, preemptionPolicy, ...(chosen === undefined ? {} : { priorityClassName: chosen.metadata.name }) } as object;
    return { object: { ...object, spec } as KubeObject };
  },
};

/** What a create worked out stands also where an update leaves it out. */
function carryForward(object: KubeObject, old: KubeObject | undefined): { readonly object: KubeObject } | undefined {
  const { priority: held, preemptionPolicy: policy } = (old?.['spec'] ?? {}) as { readonly priority?: number; readonly preemptionPolicy?: string };
  const spec = object['spec'] as { readonly priority?: number; readonly preemptionPolicy?: string };
  const needsPriority = spec.priority === undefined && held !== undefined;
  const needsPolicy = spec.preemptionPolicy === undefined && policy !== undefined;
  if (!needsPriority && !needsPolicy) return undefined;
  return { object: { ...object, spec: { ...spec, ...(needsPriority ? { priority: held } : {}), ...(needsPolicy ? { preemptionPolicy: policy } : {}) } } as KubeObject };
}
