// How a pod shows in a table. Upstream: pkg/printers/internalversion/printers.go printPod (1.37).
import type { ContainerStatus, Pod } from '../../generated/types.ts';
import type { TableCell, TableColumn } from '../../kind.ts';
import { humanDuration } from '../../table/human-duration.ts';

/** Columns of pods. @internal */
export const POD_COLUMNS: readonly TableColumn[] = [
  { name: 'Name', type: 'string', format: 'name' }, { name: 'Ready', type: 'string' }, { name: 'Status', type: 'string' }, { name: 'Restarts', type: 'string' }, { name: 'Age', type: 'string' },
  { name: 'IP', type: 'string', priority: 1 }, { name: 'Node', type: 'string', priority: 1 }, { name: 'Nominated Node', type: 'string', priority: 1 }, { name: 'Readiness Gates', type: 'string', priority: 1 },
];

function isSidecar(pod: Pod, name: string): boolean {
  return pod.spec.initContainers?.some((container) => container.name === name && container.restartPolicy === 'Always') ?? false;
}

interface Shown {
  readonly reason: string;
  readonly ready: number;
  readonly restarts: number;
  readonly lastRestartAt: number | undefined;
}

function finishedAt(status: ContainerStatus): number | undefined {
  const time = status.lastState?.terminated?.finishedAt;
  return time === undefined ? undefined : Date.parse(time);
}

const later = (a: number | undefined, b: number | undefined): number | undefined => (a === undefined ? b : b === undefined ? a : Math.max(a, b));

/** What the init containers say, if they still keep the pod. */
function showInit(pod: Pod): Shown | undefined {
  const statuses = pod.status?.initContainerStatuses ?? [];
  let restarts = 0;
  let lastRestartAt: number | undefined;
  for (const [index, status] of statuses.entries()) {
    restarts += status.restartCount;
    lastRestartAt = later(lastRestartAt, finishedAt(status));
    const { terminated, waiting } = status.state ?? {};
    if (terminated !== undefined && terminated.exitCode === 0) continue;
    if (isSidecar(pod, status.name) && status.started === true) continue;
    const total = pod.spec.initContainers?.length ?? 0;
    if (terminated !== undefined) {
      const reason = (terminated.reason ?? '') !== '' ? `Init:${terminated.reason ?? ''}` : (terminated.signal ?? 0) !== 0 ? `Init:Signal:${terminated.signal ?? 0}` : `Init:ExitCode:${terminated.exitCode}`;
      return { reason, ready: 0, restarts, lastRestartAt };
    }
    if (waiting !== undefined && (waiting.reason ?? '') !== '' && waiting.reason !== 'PodInitializing') return { reason: `Init:${waiting.reason ?? ''}`, ready: 0, restarts, lastRestartAt };
    return { reason: `Init:${index}/${total}`, ready: 0, restarts, lastRestartAt };
  }
  return undefined;
}

function showContainers(pod: Pod, start: string): Shown {
  let reason = start;
  let ready = 0;
  let restarts = 0;
  let lastRestartAt: number | undefined;
  let hasRunning = false;
  for (const status of pod.status?.initContainerStatuses ?? []) {
    if (!isSidecar(pod, status.name)) continue;
    restarts += status.restartCount;
    lastRestartAt = later(lastRestartAt, finishedAt(status));
    if (status.ready && status.state?.running !== undefined) ready++;
  }
  for (const status of [...(pod.status?.containerStatuses ?? [])].reverse()) {
    restarts += status.restartCount;
    lastRestartAt = later(lastRestartAt, finishedAt(status));
    const { waiting, terminated, running } = status.state ?? {};
    if (waiting !== undefined && (waiting.reason ?? '') !== '') reason = waiting.reason as string;
    else if (terminated !== undefined) reason = (terminated.reason ?? '') !== '' ? terminated.reason as string : (terminated.signal ?? 0) !== 0 ? `Signal:${terminated.signal ?? 0}` : `ExitCode:${terminated.exitCode}`;
    else if (status.ready && running !== undefined) {
      hasRunning = true;
      ready++;
    }
  }
  if (reason === 'Completed' && hasRunning) reason = pod.status?.conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'True') === true ? 'Running' : 'NotReady';
  return { reason, ready, restarts, lastRestartAt };
}

/** Cells of a pod. @internal */
export function podCells(pod: Pod, now: number): readonly TableCell[] {
  const { status } = pod;
  const start = (status?.reason ?? '') !== '' ? status?.reason as string : status?.phase ?? '';
  const isGated = status?.conditions?.some((condition) => condition.type === 'PodScheduled' && condition.reason === 'SchedulingGated') === true;
  const shown = showInit(pod) ?? showContainers(pod, isGated ? 'SchedulingGated' : start);
  let { reason } = shown;
  if (pod.metadata.deletionTimestamp !== undefined && status?.reason === 'NodeLost') reason = 'Unknown';
  else if (pod.metadata.deletionTimestamp !== undefined && status?.phase !== 'Failed' && status?.phase !== 'Succeeded') reason = 'Terminating';
  const total = pod.spec.containers.length + (pod.spec.initContainers?.filter((container) => container.restartPolicy === 'Always').length ?? 0);
  const restarts = shown.restarts > 0 && shown.lastRestartAt !== undefined ? `${shown.restarts} (${humanDuration(now - shown.lastRestartAt)} ago)` : String(shown.restarts);
  const gates = pod.spec.readinessGates ?? [];
  const trueGates = gates.filter((gate) => status?.conditions?.some((condition) => condition.type === gate.conditionType && condition.status === 'True')).length;
  const created = pod.metadata.creationTimestamp;
  return [
    pod.metadata.name, `${shown.ready}/${total}`, reason, restarts, created === undefined ? '<unknown>' : humanDuration(now - Date.parse(created)),
    status?.podIP ?? '<none>', (pod.spec.nodeName ?? '') === '' ? '<none>' : pod.spec.nodeName as string, status?.nominatedNodeName ?? '<none>', gates.length === 0 ? '<none>' : `${trueGates}/${gates.length}`,
  ];
}
