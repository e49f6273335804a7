// DefaultStorageClass: claims without a class get the default one. Upstream: plugin/pkg/admission/storage/storageclass/setdefault (1.37).
import type { KubeObject } from '@kubesim/api';
import type { AdmissionPlugin } from './admission-plugin.ts';

const MARK = 'storageclass.kubernetes.io/is-default-class';

/** Sets storageClassName of claims that say nothing of it. @public */
export const defaultStorageClass: AdmissionPlugin = {
  name: 'DefaultStorageClass',
  handles: (operation, resource, subresource) => operation === 'CREATE' && resource === 'persistentvolumeclaims' && subresource === '',
  admit: ({ operation, resource, subresource, object }, { store }) => {
    if (operation !== 'CREATE' || resource !== 'persistentvolumeclaims' || subresource !== '' || object === undefined) return undefined;
    if (object['spec']?.storageClassName !== undefined || object.metadata.annotations?.['volume.beta.kubernetes.io/storage-class'] !== undefined) return undefined;
    const marked = [...store.list('storageclasses.storage.k8s.io')].filter((each) => each.metadata.annotations?.[MARK] === 'true');
    const [chosen] = marked.sort((a, b) => (String(a.metadata.creationTimestamp) > String(b.metadata.creationTimestamp) ? -1 : String(a.metadata.creationTimestamp) < String(b.metadata.creationTimestamp) ? 1 : (a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1));
    if (chosen === undefined) return undefined;
    return { object: { ...object, spec: { ...object['spec'], storageClassName: chosen.metadata.name } } as KubeObject };
  },
};
