// Volumes of pods: which content each mount shows. Data of a claim outlives its pod.
import type { KubeObject, Pod } from '@kubesim/api';
import { attachmentName, type ActorContext } from '@kubesim/client';
import type { KubeletMessage, KubeletState, VolumeContent } from '../kubelet-state.ts';
import { emptyTree, type FileTree } from '../runtime/file-tree.ts';

const nothing: VolumeContent = { files: emptyTree, version: 0 };

/** Finds out what the pod's volumes are, when its sandbox is made. */
export function mountVolumes(context: ActorContext<KubeletMessage>, state: KubeletState, pod: Pod): void {
  const uid = pod.metadata?.uid ?? '';
  const namespace = pod.metadata?.namespace ?? '';
  for (const volume of pod.spec?.volumes ?? []) {
    const claim = volume.persistentVolumeClaim?.claimName ?? (volume.ephemeral === undefined ? undefined : `${pod.metadata?.name}-${volume.name}`);
    let key = `pod/${uid}/${volume.name}`;
    if (claim !== undefined) {
      const reply = context.call({ verb: 'get', resource: 'persistentvolumeclaims', namespace, name: claim });
      key = `claim/${reply.ok ? ((reply.object['spec'] as { volumeName?: string } | undefined)?.volumeName ?? `${namespace}/${claim}`) : `${namespace}/${claim}`}`;
    } else if (volume.hostPath !== undefined) {
      key = `host${volume.hostPath.path}`;
    } else if (volume.configMap?.name !== undefined) {
      state.volumes = state.volumes.set(context.epoch, key, { files: dataFiles(context, 'configmaps', namespace, volume.configMap.name, volume.configMap.items), version: 1 });
    } else if (volume.secret?.secretName !== undefined) {
      state.volumes = state.volumes.set(context.epoch, key, { files: dataFiles(context, 'secrets', namespace, volume.secret.secretName, volume.secret.items), version: 1 });
    }
    state.mounts = state.mounts.set(context.epoch, `${uid}/${volume.name}`, key);
  }
}

/** Names of the pod's volumes that are not attached to the node yet. Upstream: volumemanager WaitForAttachAndMount, csi_attacher.go (1.37). */
export function unattachedVolumes(context: ActorContext<KubeletMessage>, node: string, pod: Pod): readonly string[] {
  const namespace = pod.metadata?.namespace ?? '';
  return (pod.spec?.volumes ?? []).flatMap(({ name, persistentVolumeClaim, ephemeral }) => {
    const claim = persistentVolumeClaim?.claimName ?? (ephemeral === undefined ? undefined : `${pod.metadata?.name}-${name}`);
    if (claim === undefined) return [];
    const bound = context.call({ verb: 'get', resource: 'persistentvolumeclaims', namespace, name: claim });
    const volumeName = bound.ok ? bound.object['spec']?.volumeName as string | undefined : undefined;
    if (volumeName === undefined || volumeName === '') return [];
    const volume = context.call({ verb: 'get', resource: 'persistentvolumes', name: volumeName });
    const driver = volume.ok ? volume.object['spec']?.csi?.driver as string | undefined : undefined;
    if (driver === undefined) return [];
    const attachment = context.call({ verb: 'get', resource: 'volumeattachments.storage.k8s.io', name: attachmentName(volumeName, driver, node) });
    return attachment.ok && attachment.object['status']?.attached === true && attachment.object.metadata.deletionTimestamp === undefined ? [] : [name];
  });
}

function dataFiles(context: ActorContext<KubeletMessage>, resource: string, namespace: string, name: string, items: readonly { readonly key: string; readonly path: string }[] | undefined): FileTree {
  const reply = context.call({ verb: 'get', resource, namespace, name });
  if (!reply.ok) return emptyTree;
  const data = ((reply.object as KubeObject)['data'] ?? {}) as Readonly<Record<string, string>>;
  const paths = items ?? Object.keys(data).map((key) => ({ key, path: key }));
  return Object.fromEntries(paths.filter(({ key }) => data[key] !== undefined)
    .map(({ key, path }) => [`/${path}`, resource === 'secrets' ? atob(data[key] as string) : (data[key] as string)]));
}

/** What a pod's volume holds. */
export function volumeContent(state: Pick<KubeletState, 'mounts' | 'volumes'>, uid: string, volume: string): VolumeContent {
  return state.volumes.get(state.mounts.get(`${uid}/${volume}`) ?? `pod/${uid}/${volume}`) ?? nothing;
}
