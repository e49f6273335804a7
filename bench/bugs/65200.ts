// An object was copied into another namespace with its owner reference. The collector looks for the owner where the copy is, keeps in mind that
// the uid is gone, and deletes what it owns where it really is. Here it looks there for the owner of every object.
import type { KubeObject } from '@kubesim/api';
import { call, failedWith, newControllerRef } from '@kubesim/client';
import { garbageCollectorController } from '@kubesim/controllers';
import { issue, type Bug } from './bug.ts';
import { ENSEMBLE, ensembleOperator } from './operators/ensemble.ts';
import { faulty } from './patch.ts';

const ELSEWHERE = 'elsewhere';

/** An operator that copies a ConfigMap for each ensemble once. */
const copying = ensembleOperator({
  *begin({ ensemble, name }) {
    if (ensemble['status'] !== undefined) return;
    try {
      yield* call({ verb: 'create', resource: 'configmaps', namespace: ELSEWHERE, object: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: ELSEWHERE, ownerReferences: [newControllerRef(ensemble, { apiVersion: 'db.example.com/v1', kind: 'Ensemble' })] } } });
    } catch (error) {
      if (!failedWith(error, 'AlreadyExists')) throw error;
    }
  },
});

export const ownersAreMistakenByNamespace: Bug = {
  ...issue(65200), symptom: 'objects are collected although their owner is there, after one of them was copied into another namespace',
  draws: { ...ENSEMBLE, objects: [{ kind: 'Manifest', object: { apiVersion: 'v1', kind: 'Namespace', metadata: { name: ELSEWHERE } } as KubeObject }, ...(ENSEMBLE.objects ?? [])] },
  fixed: { controllers: [copying] },
  faulty: {
    controllers: [copying, faulty(garbageCollectorController, {
      call: (asked, context) => {
        const isMistaken = asked.verb === 'get' && asked.resource === 'ensembles.db.example.com' && context.lister('configmaps').list(ELSEWHERE).length > 0;
        return isMistaken ? { ...asked, namespace: ELSEWHERE } : asked;
      },
    })],
    withoutControllers: [garbageCollectorController.name],
  },
};
