// The collector misses that an object is deleted in the foreground, and its dependents are never deleted.
import { garbageCollectorController } from '@kubesim/controllers';
import { issue, type Bug } from './bug.ts';
import { patched } from './patch.ts';

export const foregroundDeletionIsMissed: Bug = {
  ...issue(115570), symptom: 'a foreground deletion never ends',
  faulty: patched(garbageCollectorController, { hears: ({ before, after }) => before === undefined || after?.metadata.deletionTimestamp === undefined || before.metadata.deletionTimestamp !== undefined }),
};
