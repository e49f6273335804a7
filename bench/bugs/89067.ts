// A pod that has failed is deleted and made anew at every look, without waiting for anything: deletion by force makes the loop hot.
import type { KubeObject } from '@kubesim/api';
import { statefulSetController } from '@kubesim/controllers';
import { issue, type Bug } from './bug.ts';
import { podsOf } from './objects.ts';
import { patched } from './patch.ts';

/** Its image cannot be pulled, or it has ended. */
function isFailing(pod: KubeObject): boolean {
  const statuses = (pod['status']?.containerStatuses ?? []) as readonly { readonly state?: { readonly waiting?: { readonly reason?: string } } }[];
  return pod['status']?.phase === 'Failed' || statuses.some(({ state }) => state?.waiting?.reason === 'ErrImagePull' || state?.waiting?.reason === 'ImagePullBackOff');
}

export const replacesEndedPodsByForce: Bug = {
  ...issue(89067), symptom: 'a set deletes and creates a failing pod over and over',
  kinds: ['StatefulSet'],
  faulty: patched(statefulSetController, {
    *first(context, key) {
      const failing = context.decide(() => podsOf(context, key).filter(isFailing).map(({ metadata }) => ({ namespace: metadata.namespace, name: metadata.name ?? '' })));
      for (const pod of failing) yield { verb: 'delete', resource: 'pods', ...pod, options: { gracePeriodSeconds: 0 } };
      return undefined;
    },
  }),
};
