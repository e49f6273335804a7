// Claims beyond the replicas are deleted, whatever the policy says: the data are lost for who scales up again.
import type { KubeObject } from '@kubesim/api';
import { statefulSetController } from '@kubesim/controllers';
import type { Bug } from './bug.ts';
import { endOf, ordinalOf, setOf } from './objects.ts';
import { patched } from './patch.ts';

export const claimsFollowTheScale: Bug = {
  id: 'claims-follow-scale', source: 'the promise of StatefulSets: claims outlive a scale-down unless the policy says otherwise', symptom: 'claims are deleted by a scale-down',
  kinds: ['StatefulSet'],
  faulty: patched(statefulSetController, {
    *first(context, key) {
      const beyond = context.decide(() => {
        const set = setOf(context, key);
        const prefixes = ((set?.['spec'].volumeClaimTemplates ?? []) as readonly KubeObject[]).map(({ metadata }) => `${metadata.name ?? ''}-${set?.metadata.name ?? ''}-`);
        return context.lister('persistentvolumeclaims').list(set?.metadata.namespace).filter(({ metadata }) => prefixes.some((prefix) => metadata.name?.startsWith(prefix)) && ordinalOf(metadata.name) >= endOf(set)).map(({ metadata }) => ({ namespace: metadata.namespace, name: metadata.name ?? '' }));
      });
      for (const claim of beyond) yield { verb: 'delete', resource: 'persistentvolumeclaims', ...claim };
      return undefined;
    },
  }),
};
