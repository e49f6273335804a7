// Recorded syncs of the ReplicaSet controller.
import { replicaSetController } from '@kubesim/controllers';
import type { ConformSet } from '../conform-set.ts';
import { syncSet } from '../sync-set.ts';

/** `pnpm conform replicaset`: the first set of a case is the one that was synced. */
export const replicasetSet: ConformSet = syncSet('replicaset', replicaSetController, (before) => {
  const [set] = before.replicaSets;
  if (set === undefined) throw new Error('a case without a ReplicaSet');
  return set;
});
