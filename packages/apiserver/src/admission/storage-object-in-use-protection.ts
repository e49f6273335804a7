// StorageObjectInUseProtection: claims and volumes carry a finalizer. Upstream: plugin/pkg/admission/storage/storageobjectinuseprotection (1.37).
import type { KubeObject } from '@kubesim/api';
import type { AdmissionPlugin } from './admission-plugin.ts';

const FINALIZERS: Readonly<Record<string, string>> = { persistentvolumeclaims: 'kubernetes.io/pvc-protection', persistentvolumes: 'kubernetes.io/pv-protection' };

/** Adds the protection finalizer on create. @public */
export const storageObjectInUseProtection: AdmissionPlugin = {
  name: 'StorageObjectInUseProtection',
  handles: (operation, resource, subresource) => operation === 'CREATE' && Object.hasOwn(FINALIZERS, resource) && subresource === '',
  admit: ({ operation, resource, subresource, object }) => {
    const finalizer = Object.hasOwn(FINALIZERS, resource) ? FINALIZERS[resource] : undefined;
    if (operation !== 'CREATE' || finalizer === undefined || subresource !== '' || object === undefined) return undefined;
    const held = object.metadata.finalizers ?? [];
    if (held.includes(finalizer)) return undefined;
    return { object: { ...object, metadata: { ...object.metadata, finalizers: [...held, finalizer] } } as KubeObject };
  },
};
