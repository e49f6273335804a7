// PersistentVolumeClaimResize: a bound claim grows only where its class allows it.
// Upstream: plugin/pkg/admission/storage/persistentvolume/resize/admission.go (1.37).
import { compareQuantities } from '@kubesim/api';
import type { AdmissionPlugin } from './admission-plugin.ts';

/** Guards the size of claims. @public */
export const persistentVolumeClaimResize: AdmissionPlugin = {
  name: 'PersistentVolumeClaimResize',
  handles: (operation, resource, subresource) => operation === 'UPDATE' && resource === 'persistentvolumeclaims' && subresource === '',
  validate: ({ operation, resource, subresource, object, oldObject }, { store }) => {
    if (operation !== 'UPDATE' || resource !== 'persistentvolumeclaims' || subresource !== '' || object === undefined || oldObject === undefined) return undefined;
    const size = (claim: typeof object): string | undefined => claim['spec']?.resources?.requests?.storage as string | undefined;
    if (compareQuantities(size(object), size(oldObject)) <= 0) return undefined;
    if (oldObject['status']?.phase !== 'Bound') return { forbidden: 'Only bound persistent volume claims can be expanded' };
    const name = (object.metadata.annotations?.['volume.beta.kubernetes.io/storage-class'] ?? object['spec']?.storageClassName ?? '') as string;
    const storageClass = name === '' ? undefined : store.get('storageclasses.storage.k8s.io', name);
    if (storageClass?.['allowVolumeExpansion'] === true) return undefined;
    return { forbidden: 'only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize' };
  },
};
