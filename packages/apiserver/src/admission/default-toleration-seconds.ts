// DefaultTolerationSeconds: pods tolerate a lost node for five minutes. Upstream: plugin/pkg/admission/defaulttolerationseconds (1.37).
import type { KubeObject, Toleration } from '@kubesim/api';
import type { AdmissionPlugin } from './admission-plugin.ts';

const SECONDS = 300;
const KEYS = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'] as const;

/** Adds tolerations of not-ready and unreachable nodes. @public */
export const defaultTolerationSeconds: AdmissionPlugin = {
  name: 'DefaultTolerationSeconds',
  admit: ({ operation, resource, subresource, object }) => {
    if (operation === 'DELETE' || operation === 'CONNECT' || resource !== 'pods' || subresource !== '' || object === undefined) return undefined;
    const held = (object['spec']?.tolerations ?? []) as readonly Toleration[];
    const tolerates = (key: string): boolean => held.some((each) => (each.key === key || (each.key ?? '') === '') && ((each.effect ?? '') === '' || each.effect === 'NoExecute'));
    const missing = KEYS.filter((key) => !tolerates(key));
    if (missing.length === 0) return undefined;
    const tolerations = [...held, ...missing.map((key) => ({ key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: SECONDS }))];
    return { object: { ...object, spec: { ...object['spec'], tolerations } } as KubeObject };
  },
};
