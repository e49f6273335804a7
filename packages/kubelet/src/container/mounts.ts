// The files that a container sees: its image's, its own layer, and its volumes at their mount paths.
import type { Container, Pod } from '@kubesim/api';
import { withInstance, type ContainerInstance, type RuntimePod } from '../runtime/container-runtime.ts';
import { withEntry, type FileTree } from '../runtime/file-tree.ts';
import type { PodDraft, PodEnvironment } from '../pod/pod-worker-state.ts';

function mountsOf(container: Container): readonly { readonly path: string; readonly volume: string; readonly subPath: string }[] {
  return (container.volumeMounts ?? []).map((mount) => ({
    path: mount.mountPath.replace(/(.)\/+$/, '$1'), volume: mount.name, subPath: mount.subPath === undefined ? '' : `/${mount.subPath}`,
  }));
}

function isUnder(path: string, directory: string): boolean {
  return path === directory || path.startsWith(`${directory}/`);
}

/** All files of a running container. A mount hides what the image has at its path. */
export function containerFiles(pod: Pod, container: Container, instance: ContainerInstance, env: Pick<PodEnvironment, 'behaviour' | 'volume'>): FileTree {
  const mounts = mountsOf(container);
  const files: Record<string, string | null> = {};
  const own: FileTree = { ...env.behaviour(container.image ?? '').files, ...instance.files };
  for (const [path, content] of Object.entries(own)) {
    // A file of the image that was deleted is kept as a mark of its own (see DELETED).
    if (content === DELETED || mounts.some((mount) => isUnder(path, mount.path))) continue;
    files[path] = content;
  }
  for (const mount of mounts) {
    files[mount.path] = null;
    for (const [path, content] of Object.entries(env.volume(pod, mount.volume))) {
      if (mount.subPath !== '' && !isUnder(path, mount.subPath)) continue;
      files[`${mount.path}${path.slice(mount.subPath.length)}`] = content;
    }
  }
  return files;
}

/** Marks a file of the image as deleted in the container's own layer. */
const DELETED = '\u0000deleted';

/** Puts changed files where they belong, into volumes or the container's own layer, and answers the pod's new runtime. */
export function writeContainerFiles(draft: Pick<PodDraft, 'pod' | 'runtime'>, container: Container, instance: ContainerInstance, files: FileTree, env: Pick<PodEnvironment, 'behaviour' | 'volume' | 'writeVolume'>): RuntimePod {
  const { pod } = draft;
  const mounts = mountsOf(container);
  let layer: FileTree = {};
  const image = env.behaviour(container.image ?? '').files ?? {};
  for (const [path, content] of Object.entries(files)) {
    if (!mounts.some((mount) => isUnder(path, mount.path)) && image[path] !== content) layer = withEntry(layer, path, content);
  }
  for (const path of Object.keys(image)) {
    if (!Object.hasOwn(files, path) && !mounts.some((mount) => isUnder(path, mount.path))) layer = withEntry(layer, path, DELETED);
  }
  for (const mount of mounts) {
    const before = env.volume(pod, mount.volume);
    const kept = Object.entries(before).filter(([path]) => mount.subPath !== '' && !isUnder(path, mount.subPath));
    const now = Object.entries(files).filter(([path]) => path !== mount.path && isUnder(path, mount.path))
      .map(([path, content]) => [`${mount.subPath}${path.slice(mount.path.length)}`, content] as const);
    const after: FileTree = Object.fromEntries([...kept, ...now]);
    if (JSON.stringify(before) !== JSON.stringify(after)) env.writeVolume(pod, mount.volume, after);
  }
  return withInstance(draft.runtime, { ...instance, files: layer });
}
