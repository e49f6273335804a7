// Recorded syncs of the Deployment controller.
import { deploymentController } from '@kubesim/controllers';
import type { ConformSet } from '../conform-set.ts';
import { syncSet } from '../sync-set.ts';

/** `pnpm conform deployment`. */
export const deploymentSet: ConformSet = syncSet('deployment', deploymentController, (before) => {
  if (before.deployment === undefined) throw new Error('a case without a Deployment');
  return before.deployment;
});
