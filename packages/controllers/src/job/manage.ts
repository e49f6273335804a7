// How many pods a Job starts or stops, and the pods it starts.
// Upstream: manageJob in pkg/controller/job/job_controller.go (1.37).
import type { Job, Pod, PodSpec } from '@kubesim/api';
import { newControllerRef, type ControllerKind } from '@kubesim/client';
import { podFromTemplate } from '../pods/pod-control.ts';
import { podsToDelete } from '../replica-set/deletion-ranking.ts';
import { COMPLETION_INDEX, INDEX_FAILURE_COUNT, indexOf, isIndexed, pendingIndexes } from './indexes.ts';
import { replacesOnlyFailed, TRACKING_FINALIZER, type Tally } from './tally.ts';

/** How owner references name a Job. @internal */
export const JOB_KIND: ControllerKind = { apiVersion: 'batch/v1', kind: 'Job' };

/** Most pods created or deleted in one sync. Upstream: MaxPodCreateDeletePerSync. */
const PODS_PER_SYNC_MAX = 500;

/** What a sync does about the pods of a Job that goes on. */
export interface ManagePlan {
  readonly remove: readonly string[];
  readonly create: readonly Pod[];
}

/** Plans. A suspended Job, and one that is at its end, stops all its pods. */
export function planPods(job: Job, tally: Tally, pods: readonly Pod[], now: number, isEnding: boolean): ManagePlan {
  const { active } = tally;
  if (isEnding || job.spec.suspend === true) return { remove: active.slice(0, PODS_PER_SYNC_MAX).map((pod) => pod.metadata.name), create: [] };
  const wanted = wantedActive(job, tally);
  const surplus = active.length - wanted;
  if (surplus > 0) {
    return { remove: podsToDelete(active, [], Math.min(surplus, PODS_PER_SYNC_MAX), now).map((pod) => pod.metadata.name), create: [] };
  }
  const held = replacesOnlyFailed(job) ? tally.terminating : 0;
  const missing = Math.min(wanted - held - active.length, PODS_PER_SYNC_MAX);
  if (missing <= 0) return { remove: [], create: [] };
  if (!isIndexed(job)) return { remove: [], create: Array.from({ length: missing }, () => newJobPod(job)) };
  const working = replacesOnlyFailed(job) ? pods.filter((pod) => pod.status?.phase !== 'Failed') : active;
  const taken = new Set([...tally.completedIndexes, ...tally.failedIndexes, ...working.map(indexOf).filter((index) => index !== undefined)]);
  return { remove: [], create: pendingIndexes(missing, job.spec.completions ?? 0, taken).map((index) => newJobPod(job, index, pods)) };
}

/** Pods that should be active: no more than are still to succeed, no more than may run at once. */
function wantedActive(job: Job, { active, succeeded, failedIndexes }: Tally): number {
  const parallelism = job.spec.parallelism ?? 1;
  const { completions } = job.spec;
  if (completions === undefined) return succeeded > 0 ? Math.min(active.length, parallelism) : parallelism;
  return Math.max(0, Math.min(completions - succeeded - (isIndexed(job) ? failedIndexes.size : 0), parallelism));
}

function newJobPod(job: Job, index?: number, pods: readonly Pod[] = []): Pod {
  const pod = podFromTemplate(job, job.spec.template, newControllerRef(job, JOB_KIND));
  const finalizers = [...(pod.metadata.finalizers ?? []), TRACKING_FINALIZER];
  if (index === undefined) return { ...pod, metadata: { ...pod.metadata, finalizers } };
  const name = `${job.metadata.name}-${index}`;
  const failures = pods.filter((one) => one.status?.phase === 'Failed' && indexOf(one) === index).length;
  const counts: Readonly<Record<string, string>> = job.spec.backoffLimitPerIndex === undefined ? {} : { [INDEX_FAILURE_COUNT]: String(failures) };
  return {
    ...pod,
    metadata: {
      ...pod.metadata, finalizers, generateName: `${name}-`,
      annotations: { ...pod.metadata.annotations, [COMPLETION_INDEX]: String(index), ...counts },
      labels: { ...pod.metadata.labels, [COMPLETION_INDEX]: String(index) },
    },
    spec: { ...withIndexVariable(pod.spec), hostname: name },
  };
}

/** Every container is told its index. */
function withIndexVariable(spec: PodSpec): PodSpec {
  const name = 'JOB_COMPLETION_INDEX';
  const variable = { name, valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: `metadata.labels['${COMPLETION_INDEX}']` } } };
  const told = <C extends PodSpec['containers'][number]>(container: C): C =>
    container.env?.some((one) => one.name === name) === true ? container : { ...container, env: [...(container.env ?? []), variable] };
  return {
    ...spec, containers: spec.containers.map(told),
    ...(spec.initContainers === undefined ? {} : { initContainers: spec.initContainers.map(told) }),
  };
}
