// ServiceAccount: pods run as an account of their namespace, with its token mounted. Not among the default plugins here.
// Upstream: plugin/pkg/admission/serviceaccount/admission.go (1.37).
import type { Container, KubeObject, PodSpec, ServiceAccount, Volume } from '@kubesim/api';
import type { AdmissionPlugin } from './admission-plugin.ts';

const MOUNT_PATH = '/var/run/secrets/kubernetes.io/serviceaccount';
const TOKEN_SECONDS = 3607;
const SUFFIX_ALPHABET = 'bcdfghjklmnpqrstvwxz2456789';
const SUFFIX_LENGTH = 5;

/** A suffix that follows from the pod's name; upstream draws it. */
function suffix(name: string): string {
  let hash = 2_166_136_261;
  for (let index = 0; index < name.length; index++) hash = Math.imul(hash ^ name.charCodeAt(index), 16_777_619) >>> 0;
  let text = '';
  for (let index = 0; index < SUFFIX_LENGTH; index++) {
    text += SUFFIX_ALPHABET[hash % SUFFIX_ALPHABET.length] as string;
    hash = Math.imul(hash ^ index, 16_777_619) >>> 0;
  }
  return text;
}

function tokenVolume(name: string): Volume {
  return {
    name,
    projected: {
      sources: [
        { serviceAccountToken: { expirationSeconds: TOKEN_SECONDS, path: 'token' } },
        { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
        { downwardAPI: { items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }] } },
      ],
      defaultMode: 420,
    },
  };
}

function mountToken(spec: PodSpec, volume: string): PodSpec {
  let isNeeded = false;
  const mount = (container: Container): Container => {
    if (container.volumeMounts?.some((each) => each.mountPath === MOUNT_PATH) === true) return container;
    isNeeded = true;
    return { ...container, volumeMounts: [...container.volumeMounts ?? [], { name: volume, readOnly: true, mountPath: MOUNT_PATH }] };
  };
  const containers = spec.containers.map(mount);
  const initContainers = spec.initContainers?.map(mount);
  if (!isNeeded) return spec;
  return { ...spec, containers, ...(initContainers === undefined ? {} : { initContainers }), volumes: [...spec.volumes ?? [], tokenVolume(volume)] };
}

/** Gives pods their account and its token. @public */
export const serviceAccount: AdmissionPlugin = {
  name: 'ServiceAccount',
  handles: (operation, resource, subresource) => operation === 'CREATE' && resource === 'pods' && subresource === '',
  admit: ({ operation, resource, subresource, object, namespace, name }, { store }) => {
    if (operation !== 'CREATE' || resource !== 'pods' || subresource !== '' || object === undefined) return undefined;
    // Mirror pods have no account.
    if (object.metadata.annotations?.['kubernetes.io/config.mirror'] !== undefined) return undefined;
    let spec = object['spec'] as PodSpec;
    const account = spec.serviceAccountName === undefined || spec.serviceAccountName === '' ? 'default' : spec.serviceAccountName;
    const found = store.get('serviceaccounts', `${namespace}/${account}`) as (ServiceAccount & KubeObject) | undefined;
    if (found === undefined) return { forbidden: `error looking up service account ${namespace}/${account}: serviceaccount "${account}" not found` };
    spec = { ...spec, serviceAccountName: account, serviceAccount: account };
    if (spec.automountServiceAccountToken ?? found.automountServiceAccountToken ?? true) spec = mountToken(spec, `kube-api-access-${suffix(`${namespace}/${name}`)}`);
    if ((spec.imagePullSecrets ?? []).length === 0 && (found.imagePullSecrets ?? []).length > 0) spec = { ...spec, imagePullSecrets: found.imagePullSecrets as NonNullable<PodSpec['imagePullSecrets']> };
    return { object: { ...object, spec } };
  },
};
