// DefaultTolerationSeconds: pods tolerate a lost node for five minutes. Upstream: plugin/pkg/admission/defaulttolerationseconds (1.37).
import { copyPodSpec, deepFreeze, memoizeFrozen, type PodSpec, type Toleration } from '@kubesim/api';
import { withSpec } from '../assemble.ts';
import type { AdmissionPlugin } from './admission-plugin.ts';

const SECONDS = 300;
const KEYS = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'] as const;

const NONE: readonly Toleration[] = Object.freeze([]);

/** Tolerations with those that are missing. Pods of one template share theirs, so that the list is one list, too. */
const withMissing = memoizeFrozen((held: readonly Toleration[]): readonly Toleration[] => {
  const tolerates = (key: string): boolean => held.some((each) => (each.key === key || (each.key ?? '') === '') && ((each.effect ?? '') === '' || each.effect === 'NoExecute'));
  const missing = KEYS.filter((key) => !tolerates(key));
  return missing.length === 0 ? held : deepFreeze([...held, ...missing.map((key) => ({ key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: SECONDS }))]);
});

/** Adds tolerations of not-ready and unreachable nodes. @public */
export const defaultTolerationSeconds: AdmissionPlugin = {
  name: 'DefaultTolerationSeconds',
  handles: (operation, resource, subresource) => resource === 'pods' && subresource === '' && (operation === 'CREATE' || operation === 'UPDATE'),
  admit: ({ operation, resource, subresource, object }) => {
    if (operation === 'DELETE' || operation === 'CONNECT' || resource !== 'pods' || subresource !== '' || object === undefined) return undefined;
    const held = (object['spec']?.tolerations ?? NONE) as readonly Toleration[];
    const tolerations = withMissing(held);
    if (tolerations === held) return undefined;
    const spec = copyPodSpec(object['spec'] as PodSpec);
    spec.tolerations = tolerations;
    return { object: withSpec(object, Object.freeze(spec)) };
  },
};
