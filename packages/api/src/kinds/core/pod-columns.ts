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

function endReason(ended: { readonly reason?: string; readonly signal?: number; readonly exitCode: number }): string {
  if ((ended.reason ?? '') !== '') return ended.reason as string;
  return (ended.signal ?? 0) !== 0 ? `Signal:${ended.signal ?? 0}` : `ExitCode:${ended.exitCode}`;
}

/** What the init containers say, and whether one of them still keeps the pod. */
function showInit(pod: Pod, start: string): Shown & { readonly isInitializing: boolean; readonly sidecarRestarts: number; readonly sidecarRestartAt: number | undefined } {
  let [ready, restarts, sidecarRestarts] = [0, 0, 0];
  let lastRestartAt: number | undefined;
  let sidecarRestartAt: number | undefined;
  for (const [index, status] of (pod.status?.initContainerStatuses ?? []).entries()) {
    const sidecar = isSidecar(pod, status.name);
    restarts += status.restartCount;
    lastRestartAt = later(lastRestartAt, finishedAt(status));
    if (sidecar) {
      sidecarRestarts += status.restartCount;
      sidecarRestartAt = later(sidecarRestartAt, finishedAt(status));
    }
    const { terminated, waiting } = status.state ?? {};
    if (terminated !== undefined && terminated.exitCode === 0) continue;
    if (sidecar && status.started === true) {
      if (status.ready) ready++;
      continue;
    }
    const isWaiting = waiting !== undefined && (waiting.reason ?? '') !== '' && waiting.reason !== 'PodInitializing';
    const why = terminated !== undefined ? endReason(terminated) : isWaiting ? waiting.reason : `${index}/${pod.spec.initContainers?.length ?? 0}`;
    return { reason: `Init:${why ?? ''}`, ready, restarts, lastRestartAt, isInitializing: true, sidecarRestarts, sidecarRestartAt };
  }
  return { reason: start, ready, restarts, lastRestartAt, isInitializing: false, sidecarRestarts, sidecarRestartAt };
}

function hasCondition(pod: Pod, type: string): boolean {
  return pod.status?.conditions?.some((condition) => condition.type === type && condition.status === 'True') === true;
}

/** What the containers say, from the last to the first, upon what the init containers said. */
function showContainers(pod: Pod, before: Shown): Shown {
  let { reason, ready, restarts, lastRestartAt } = before;
  let errorReason = '';
  let hasRunning = false;
  for (const status of [...(pod.status?.containerStatuses ?? [])].reverse()) {
    restarts += status.restartCount;
    lastRestartAt = later(lastRestartAt, finishedAt(status));
    const { waiting, terminated, running } = status.state ?? {};
    if (waiting !== undefined && (waiting.reason ?? '') !== '') reason = waiting.reason as string;
    else if (terminated !== undefined) {
      reason = endReason(terminated);
      if (terminated.exitCode !== 0) errorReason = reason;
    } else if (status.ready && running !== undefined) {
      hasRunning = true;
      ready++;
    }
  }
  if (reason === 'Completed') {
    if (hasRunning && hasCondition(pod, 'Ready')) reason = 'Running';
    else if (errorReason !== '') reason = errorReason;
    else if (hasRunning) reason = 'NotReady';
  }
  return { reason, ready, restarts, lastRestartAt };
}

/** Cells of a pod. @internal */
export function podCells(pod: Pod, now: number): readonly TableCell[] {
  const { status } = pod;
  const start = (status?.reason ?? '') !== '' ? status?.reason as string : status?.phase ?? '';
  const isGated = status?.conditions?.some((condition) => condition.type === 'PodScheduled' && condition.reason === 'SchedulingGated') === true;
  const init = showInit(pod, isGated ? 'SchedulingGated' : start);
  const shown = init.isInitializing && !hasCondition(pod, 'Initialized') ? init : showContainers(pod, { reason: init.reason, ready: init.ready, restarts: init.sidecarRestarts, lastRestartAt: init.sidecarRestartAt });
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
