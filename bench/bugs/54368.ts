// Pods that hang on a lost node are deleted by force so that the set goes on; the old ones may still run. That is what people asked
// for in the thread, and why upstream does not do it.
import { statefulSetController } from '@kubesim/controllers';
import { issue, type Bug } from './bug.ts';
import { hasCondition, podsOf } from './objects.ts';
import { patched } from './patch.ts';

export const lostPodsAreForced: Bug = {
  ...issue(54368), symptom: 'two pods of one name run, one of them on a node that was cut off',
  kinds: ['StatefulSet'],
  draws: { faults: ['cutOff'] },
  special: 'a node must be cut off that a pod is on which is deleted meanwhile, which is one scenario in several hundred among all faults',
  faulty: patched(statefulSetController, {
    watches: ['nodes'],
    *first(context, key) {
      const lost = context.decide(() => podsOf(context, key).filter((pod) => pod.metadata.deletionTimestamp !== undefined && !hasCondition(context.lister('nodes').get('', (pod['spec'].nodeName as string | undefined) ?? ''), 'Ready')).map(({ metadata }) => ({ namespace: metadata.namespace, name: metadata.name ?? '' })));
      for (const pod of lost) yield { verb: 'delete', resource: 'pods', ...pod, options: { gracePeriodSeconds: 0 } };
      return undefined;
    },
  }),
};
