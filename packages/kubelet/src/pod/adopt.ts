// What runs on a node according to a pod's status: for a kubelet that takes over from one that ran before, as in a cluster that
// was read from `kubectl get -o yaml`.
import type { ContainerStatus, Pod } from '@kubesim/api';
import { parseTime } from '@kubesim/api';
import type { ContainerInstance, RuntimePod } from '../runtime/container-runtime.ts';
import { emptyTree } from '../runtime/file-tree.ts';

/** The pod's sandbox and containers as its status tells of them; undefined if it tells of none. */
export function runtimeOfStatus(pod: Pod, now: number): RuntimePod | undefined {
  const statuses = [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])];
  const containers = Object.fromEntries(statuses.flatMap((status) => {
    const instance = instanceOf(status, now);
    return instance === undefined ? [] : [[status.name ?? '', [instance]]];
  }));
  const ip = pod.status?.podIP;
  if (ip === undefined && Object.keys(containers).length === 0) return undefined;
  return { sandbox: { isReady: true, ...(ip === undefined ? {} : { ip }), createdAt: parseTime(pod.status?.startTime ?? '') ?? now }, containers };
}

function instanceOf({ name = '', restartCount = 0, containerID, state, lastState }: ContainerStatus, now: number): ContainerInstance | undefined {
  const run = { name, attempt: restartCount, files: emptyTree, log: [] };
  if (state?.running !== undefined) return { ...run, id: containerID ?? `containerd://${name}-${restartCount}`, startedAt: parseTime(state.running.startedAt ?? '') ?? now };
  const ended = state?.terminated ?? lastState?.terminated;
  if (ended === undefined) return undefined;
  const endsAt = parseTime(ended.finishedAt ?? '') ?? now;
  return {
    ...run, id: ended.containerID ?? containerID ?? `containerd://${name}-${restartCount}`, startedAt: parseTime(ended.startedAt ?? '') ?? endsAt, endsAt, exitCode: ended.exitCode ?? 0,
    ...(ended.reason === undefined ? {} : { reason: ended.reason }),
  };
}
