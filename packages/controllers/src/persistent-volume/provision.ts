// Having a volume made for a claim: by the provisioner that is part of the controller, or by one outside.
// Upstream: provisionClaim in pkg/controller/volume/persistentvolume/pv_controller.go and pkg/volume/hostpath (1.37).
import type { KubeObject, PersistentVolume, PersistentVolumeClaim, StorageClass } from '@kubesim/api';
import { isAlreadyExists, isNotFound, send, type Calling, type ReconcileContext, type ReconcileResult } from '@kubesim/client';
import { claimRefOf, updateClaim } from './bind.ts';
import { annotated, annotation, BETA_STORAGE_PROVISIONER, BOUND_BY_CONTROLLER, classOfClaim, HOST_PATH_PROVISIONER, NO_PROVISIONER, PROVISIONED_BY, STORAGE_PROVISIONER } from './claims-and-volumes.ts';

/** Finalizer of volumes that the controller itself made and will take down. @internal */
export const CONTROLLER_FINALIZER = 'kubernetes.io/pv-controller';

const CREATE_RETRY_COUNT = 5;
const CREATE_RETRY_MS = 10_000;

/** [PV6] Has a volume made. @internal */
export function* provisionClaim(context: ReconcileContext, claim: PersistentVolumeClaim, storageClass: StorageClass | null): Calling<ReconcileResult> {
  const about = claim as KubeObject;
  const className = classOfClaim(claim);
  if (storageClass === null) {
    const message = `storageclass.storage.k8s.io "${className}" not found`;
    context.event({ about, type: 'Warning', reason: 'ProvisioningFailed', message });
    context.explain(`persistentvolumeclaim/${claim.metadata?.name}`, { rule: 'PV6', message: `waits for StorageClass ${className}, which does not exist`, blockedBy: `storageclass/${className}` });
    return undefined;
  }
  if (storageClass.provisioner === NO_PROVISIONER) {
    context.event({ about, type: 'Normal', reason: 'FailedBinding', message: `no volume plugin matched name: ${NO_PROVISIONER}` });
    return undefined;
  }
  const named = yield* setClaimProvisioner(claim, storageClass.provisioner);
  if (named.error !== undefined) return { error: named.error.message };
  if (storageClass.provisioner !== HOST_PATH_PROVISIONER) {
    const message = `Waiting for a volume to be created either by the external provisioner '${storageClass.provisioner}' or manually by the system administrator. If volume creation is delayed, please verify that the provisioner is running and correctly registered.`;
    context.event({ about: named.object as KubeObject, type: 'Normal', reason: 'ExternalProvisioning', message });
    context.explain(`persistentvolumeclaim/${claim.metadata?.name}`, { rule: 'PV6', message: `waits for the external provisioner ${storageClass.provisioner}` });
    return undefined;
  }
  return yield* provisionHostPath(context, named.object, storageClass);
}

function* provisionHostPath(context: ReconcileContext, claim: PersistentVolumeClaim, storageClass: StorageClass): Calling<ReconcileResult> {
  const name = `pvc-${claim.metadata?.uid}`;
  const live = yield* send({ verb: 'get', resource: 'persistentvolumes', name });
  if (live.object !== undefined) return undefined;
  if (!isNotFound(live.error)) return { error: live.error.message };
  const policy = storageClass.reclaimPolicy ?? 'Delete';
  const volume = {
    apiVersion: 'v1', kind: 'PersistentVolume',
    metadata: {
      name,
      annotations: { 'kubernetes.io/createdby': 'hostpath-dynamic-provisioner', [BOUND_BY_CONTROLLER]: 'yes', [PROVISIONED_BY]: HOST_PATH_PROVISIONER },
      ...(policy === 'Delete' ? { finalizers: [CONTROLLER_FINALIZER] } : {}),
    },
    spec: {
      capacity: { storage: claim.spec?.resources?.requests?.['storage'] },
      hostPath: { path: `/tmp/hostpath_pv/${claim.metadata?.uid}`, type: '' },
      accessModes: claim.spec?.accessModes, claimRef: claimRefOf(claim), persistentVolumeReclaimPolicy: policy,
      storageClassName: classOfClaim(claim), volumeMode: claim.spec?.volumeMode ?? 'Filesystem',
    },
  };
  for (let tryCount = 1; ; tryCount++) {
    const { error } = yield* send({ verb: 'create', resource: 'persistentvolumes', object: volume as unknown as KubeObject });
    if (error === undefined || isAlreadyExists(error)) break;
    if (tryCount === CREATE_RETRY_COUNT) {
      const message = `Error creating provisioned PV object for claim ${claim.metadata?.namespace}/${claim.metadata?.name}: ${error.message}. Deleting the volume.`;
      context.event({ about: claim as KubeObject, type: 'Warning', reason: 'ProvisioningFailed', message });
      return undefined;
    }
    yield { pauseMs: CREATE_RETRY_MS };
  }
  context.event({ about: claim as KubeObject, type: 'Normal', reason: 'ProvisioningSucceeded', message: `Successfully provisioned volume ${name} using ${HOST_PATH_PROVISIONER}` });
  return undefined;
}

function* setClaimProvisioner(claim: PersistentVolumeClaim, provisioner: string): ReturnType<typeof updateClaim> {
  if (annotation(claim, STORAGE_PROVISIONER) === provisioner && annotation(claim, BETA_STORAGE_PROVISIONER) === provisioner) return { object: claim };
  return yield* updateClaim(annotated(claim, { [BETA_STORAGE_PROVISIONER]: provisioner, [STORAGE_PROVISIONER]: provisioner }));
}

/** Whether a volume is the controller's own to take down, and why it cannot if so. Upstream: findDeletablePlugin and the hostpath deleter. @internal */
export function deletable(volume: PersistentVolume): { readonly isOwn: boolean; readonly problem?: string } {
  const provisioner = annotation(volume, PROVISIONED_BY);
  if (provisioner !== undefined && provisioner !== HOST_PATH_PROVISIONER) return { isOwn: false };
  const path = volume.spec?.hostPath?.path;
  if (path === undefined) return { isOwn: true, problem: `error getting deleter volume plugin for volume "${volume.metadata?.name}": no deletable volume plugin matched` };
  return path.startsWith('/tmp/') && path.length > 5 ? { isOwn: true } : { isOwn: true, problem: `host_path deleter only supports /tmp/.+ but received provided ${path}` };
}
