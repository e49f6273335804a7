// TaintNodesByCondition: a new node is not ready until its kubelet says so. Upstream: plugin/pkg/admission/nodetaint (1.37).
import type { KubeObject, Taint } from '@kubesim/api';
import type { AdmissionPlugin } from './admission-plugin.ts';

const NOT_READY: Taint = { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' };

/** Taints new nodes as not ready. @public */
export const taintNodesByCondition: AdmissionPlugin = {
  name: 'TaintNodesByCondition',
  handles: (operation, resource, subresource) => operation === 'CREATE' && resource === 'nodes' && subresource === '',
  admit: ({ operation, resource, subresource, object }) => {
    if (operation !== 'CREATE' || resource !== 'nodes' || subresource !== '' || object === undefined) return undefined;
    const taints = (object['spec']?.taints ?? []) as readonly Taint[];
    if (taints.some((taint) => taint.key === NOT_READY.key && taint.effect === NOT_READY.effect)) return undefined;
    return { object: { ...object, spec: { ...object['spec'], taints: [...taints, NOT_READY] } } as KubeObject };
  },
};
