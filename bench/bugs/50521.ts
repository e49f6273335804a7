// A volume is released, and deleted, when the cache does not show its claim: the claim is not looked up before.
import { persistentVolumeController } from '@kubesim/controllers';
import { issue, type Bug } from './bug.ts';
import { patched } from './patch.ts';

export const claimIsGoneByTheCache: Bug = {
  ...issue(50521), symptom: 'a bound volume is released and deleted',
  kinds: ['StatefulSet'],
  draws: { faults: ['staleServer'] },
  special: 'the controller must start with an API server whose cache of claims lags, and no other, just while a claim is bound, which is one scenario in a thousand among all faults',
  faulty: patched(persistentVolumeController, { reply: (reply, call) => (call.verb === 'get' && call.resource === 'persistentvolumeclaims' ? { ok: false, status: { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', code: 404, reason: 'NotFound', message: 'not found' } } : reply) }),
};
