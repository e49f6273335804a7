// A volume stays bound to a claim that is gone.
import { persistentVolumeController } from '@kubesim/controllers';
import { issue, type Bug } from './bug.ts';
import { patched } from './patch.ts';

export const volumesAreLeftBehind: Bug = {
  ...issue(45106), symptom: 'the volume of a deleted claim is left behind',
  kinds: ['StatefulSet'],
  faulty: patched(persistentVolumeController, { hears: ({ resource, type }) => resource !== 'persistentvolumeclaims' || type !== 'DELETED' }),
};
