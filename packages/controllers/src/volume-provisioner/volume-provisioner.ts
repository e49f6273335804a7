// An external provisioner and resizer, as CSI drivers bring them: serves every class whose provisioner is not the binder's own.
// Rules: SPEC.md.
import type { KubeObject, Node, PersistentVolume, PersistentVolumeClaim, StorageClass } from '@kubesim/api';
import { isAlreadyExists, isNotFound, send, type Calling, type Controller, type ReconcileContext, type ReconcileResult, type Reconciling } from '@kubesim/client';
import { claimRefOf, updateClaim, updateVolume } from '../persistent-volume/bind.ts';
import { annotated, annotation, classOfClaim, HOST_PATH_PROVISIONER, NO_PROVISIONER, PROVISIONED_BY, SELECTED_NODE, STORAGE_PROVISIONER } from '../persistent-volume/claims-and-volumes.ts';
import { nanosOf } from '../quantity/quantity.ts';

const FINALIZER = 'external-provisioner.volume.kubernetes.io/finalizer';
const ZONE = 'topology.kubernetes.io/zone';

/** Upstream: sigs.k8s.io/sig-storage-lib-external-provisioner (v13) and kubernetes-csi/external-resizer. @public */
export const volumeProvisionerController: Controller = {
  name: 'external-provisioner',
  watches: ['persistentvolumeclaims', 'persistentvolumes', 'storageclasses.storage.k8s.io', 'nodes'],
  workers: 10,
  handle(context, { resource, after }) {
    if (after === undefined) return;
    if (resource === 'persistentvolumeclaims' && isExternal(annotation(after as PersistentVolumeClaim, STORAGE_PROVISIONER))) {
      context.enqueue(`claim ${after.metadata.namespace}/${after.metadata.name}`);
    } else if (resource === 'persistentvolumes' && isExternal(annotation(after as PersistentVolume, PROVISIONED_BY))) {
      context.enqueue(`volume ${after.metadata.name}`);
    }
  },
  *reconcile(context, key): Reconciling {
    const rest = key.slice(key.indexOf(' ') + 1);
    if (key.startsWith('volume ')) return yield* takeDown(context, rest);
    const [namespace = '', name = ''] = rest.split('/');
    const claim = context.decide(() => context.lister<PersistentVolumeClaim>('persistentvolumeclaims').get(namespace, name) ?? null);
    if (claim === null) return undefined;
    return yield* (claim.spec?.volumeName ?? '') === '' ? provision(context, claim) : resize(context, claim);
  },
};

/** [XP1] [XP2] Makes a volume for a claim, once its node is chosen where the class waits for that. */
function* provision(context: ReconcileContext, claim: PersistentVolumeClaim): Calling<ReconcileResult> {
  const about = claim as KubeObject;
  const plan = context.decide(() => {
    const storageClass = context.lister<StorageClass>('storageclasses.storage.k8s.io').get('', classOfClaim(claim));
    const nodeName = annotation(claim, SELECTED_NODE);
    const node = nodeName === undefined ? undefined : context.lister<Node>('nodes').get('', nodeName);
    const exists = context.lister<PersistentVolume>('persistentvolumes').get('', `pvc-${claim.metadata?.uid}`) !== undefined;
    return { storageClass: storageClass ?? null, nodeName: nodeName ?? null, zone: node?.metadata?.labels?.[ZONE] ?? null, hasNode: node !== undefined, exists };
  });
  const { storageClass } = plan;
  if (storageClass === null || plan.exists || claim.metadata?.deletionTimestamp !== undefined) return undefined;
  if (storageClass.volumeBindingMode === 'WaitForFirstConsumer' && plan.nodeName === null) return undefined;
  const { namespace, name, uid } = claim.metadata ?? {};
  context.event({ about, type: 'Normal', reason: 'Provisioning', message: `External provisioner is provisioning volume for claim "${namespace}/${name}"` });
  if (plan.nodeName !== null && !plan.hasNode) {
    // [XP3] The node is gone: the scheduler has to choose again.
    const message = `failed to provision volume with StorageClass "${storageClass.metadata?.name}": error getting selected node "${plan.nodeName}": node "${plan.nodeName}" not found`;
    context.event({ about, type: 'Warning', reason: 'ProvisioningFailed', message });
    const { error } = yield* updateClaim(annotated(claim, { [SELECTED_NODE]: undefined }));
    return error === undefined ? undefined : { error: error.message };
  }
  const volumeName = `pvc-${uid}`;
  const terms = plan.zone === null ? allowedTerms(storageClass) : [{ matchExpressions: [{ key: ZONE, operator: 'In', values: [plan.zone] }] }];
  const volume = {
    apiVersion: 'v1', kind: 'PersistentVolume',
    metadata: { name: volumeName, annotations: { [PROVISIONED_BY]: storageClass.provisioner }, finalizers: [FINALIZER] },
    spec: {
      capacity: { storage: claim.spec?.resources?.requests?.['storage'] },
      csi: { driver: storageClass.provisioner, volumeHandle: volumeName },
      accessModes: claim.spec?.accessModes, claimRef: claimRefOf(claim), persistentVolumeReclaimPolicy: storageClass.reclaimPolicy ?? 'Delete',
      storageClassName: classOfClaim(claim), volumeMode: claim.spec?.volumeMode ?? 'Filesystem',
      ...(terms.length === 0 ? {} : { nodeAffinity: { required: { nodeSelectorTerms: terms } } }),
    },
  };
  const { error } = yield* send({ verb: 'create', resource: 'persistentvolumes', object: volume as unknown as KubeObject });
  if (error !== undefined && !isAlreadyExists(error)) {
    context.event({ about, type: 'Warning', reason: 'ProvisioningFailed', message: `failed to provision volume with StorageClass "${storageClass.metadata?.name}": ${error.message}` });
    return { error: error.message };
  }
  context.event({ about, type: 'Normal', reason: 'ProvisioningSucceeded', message: `Successfully provisioned volume ${volumeName}` });
  return undefined;
}

/** [XP4] Deletes a released volume by its policy, then lets it go. */
function* takeDown(context: ReconcileContext, name: string): Calling<ReconcileResult> {
  const volume = context.decide(() => context.lister<PersistentVolume>('persistentvolumes').get('', name) ?? null);
  if (volume === null || volume.spec?.persistentVolumeReclaimPolicy !== 'Delete' || volume.status?.phase !== 'Released') return undefined;
  if (volume.metadata?.deletionTimestamp === undefined) {
    const { error } = yield* send({ verb: 'delete', resource: 'persistentvolumes', name });
    return error === undefined || isNotFound(error) ? undefined : { error: error.message };
  }
  const { finalizers = [], ...metadata } = volume.metadata;
  if (!finalizers.includes(FINALIZER)) return undefined;
  const kept = finalizers.filter((finalizer) => finalizer !== FINALIZER);
  const { error } = yield* updateVolume({ ...volume, metadata: kept.length === 0 ? metadata : { ...metadata, finalizers: kept } } as PersistentVolume);
  return error === undefined ? undefined : { error: error.message };
}

/** [XP5] A bound claim asks for more than its volume has, and its class allows that. */
function* resize(context: ReconcileContext, claim: PersistentVolumeClaim): Calling<ReconcileResult> {
  const requested = claim.spec?.resources?.requests?.['storage'] ?? '0';
  if (claim.status?.phase !== 'Bound' || nanosOf(requested) <= nanosOf(claim.status.capacity?.['storage'])) return undefined;
  const plan = context.decide(() => ({
    volume: context.lister<PersistentVolume>('persistentvolumes').get('', claim.spec?.volumeName ?? '') ?? null,
    isAllowed: context.lister<StorageClass>('storageclasses.storage.k8s.io').get('', classOfClaim(claim))?.allowVolumeExpansion === true,
  }));
  const { volume, isAllowed } = plan;
  if (volume === null || !isAllowed) return undefined;
  if (nanosOf(volume.spec?.capacity?.['storage']) < nanosOf(requested)) {
    context.event({ about: claim as KubeObject, type: 'Normal', reason: 'Resizing', message: `External resizer is resizing volume ${volume.metadata?.name}` });
    const { error } = yield* updateVolume({ ...volume, spec: { ...volume.spec, capacity: { ...volume.spec?.capacity, storage: requested } } } as PersistentVolume);
    if (error !== undefined) return { error: error.message };
  }
  const { error } = yield* updateClaim({ ...claim, status: { ...claim.status, capacity: { ...claim.status.capacity, storage: requested } } } as PersistentVolumeClaim, 'status');
  if (error !== undefined) return { error: error.message };
  context.event({ about: claim as KubeObject, type: 'Normal', reason: 'VolumeResizeSuccessful', message: 'Resize volume succeeded' });
  return undefined;
}

function allowedTerms(storageClass: StorageClass): readonly object[] {
  const [first] = storageClass.allowedTopologies ?? [];
  const expressions = (first?.matchLabelExpressions ?? []).map(({ key, values }) => ({ key, operator: 'In', values }));
  return expressions.length === 0 ? [] : [{ matchExpressions: expressions }];
}

function isExternal(provisioner: string | undefined): boolean {
  return provisioner !== undefined && provisioner !== HOST_PATH_PROVISIONER && provisioner !== NO_PROVISIONER;
}
