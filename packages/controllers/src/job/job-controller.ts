// The Job controller: what wakes it. What it then does is in sync.ts.
// Upstream: pkg/controller/job/job_controller.go (1.37).
import type { Job, KubeObject, Pod } from '@kubesim/api';
import {
  controllerOf, creationObserved, deleteExpectations, deletionObserved, matchesSelector, type CacheChange, type Controller, type HandlerContext,
} from '@kubesim/client';
import { keyOf } from '../pods/active-pods.ts';
import { isFinished } from './finish.ts';
import { forget, initialState, releaseObserved } from './state.ts';
import { ORPHAN_PREFIX, syncJob } from './sync.ts';
import { hasFinalizer } from './tally.ts';

/** How long changes of pods are gathered before a sync, in ms. Upstream: syncJobBatchPeriod. */
const BATCH_MS = 1000;

/** Runs pods until enough of them have succeeded. @public */
export const jobController: Controller = {
  name: 'job-controller',
  watches: ['jobs.batch', 'pods'],
  workers: 5,
  initialState,
  handle,
  reconcile: syncJob,
};

function handle(context: HandlerContext, { resource, before, after }: CacheChange): void {
  if (resource === 'pods') handlePod(context, before as Pod | undefined, after as Pod | undefined);
  else handleJob(context, before as Job | undefined, after as Job | undefined);
}

function handleJob(context: HandlerContext, before: Job | undefined, after: Job | undefined): void {
  const key = keyOf((after ?? before) as KubeObject);
  if (before !== undefined && before.metadata.uid !== after?.metadata.uid) {
    deleteExpectations(context, key);
    forget(context, key);
  }
  const isOver = after === undefined || (isFinished(after) && (before === undefined || !isFinished(before)));
  if (isOver) releasePods(context, (after ?? before) as Job);
  if (before !== undefined && after !== undefined && before.metadata.generation === after.metadata.generation) context.enqueueAfter(key, BATCH_MS);
  else context.enqueue(key);
}

/** Pods that nobody will count any more are let go. */
function releasePods(context: HandlerContext, job: Job): void {
  for (const pod of context.lister<Pod>('pods').byOwner(job.metadata.uid ?? '')) if (hasFinalizer(pod)) context.enqueue(ORPHAN_PREFIX + keyOf(pod));
}

function handlePod(context: HandlerContext, before: Pod | undefined, after: Pod | undefined): void {
  if (before !== undefined && after !== undefined && before.metadata.uid !== after.metadata.uid) {
    handlePod(context, before, undefined);
    handlePod(context, undefined, after);
    return;
  }
  const pod = (after ?? before) as Pod;
  const reference = controllerOf(pod);
  const jobs = context.lister<Job>('jobs.batch');
  if (reference === undefined) {
    if (after === undefined || (before !== undefined && before.metadata.labels === after.metadata.labels && controllerOf(before) === undefined)) return;
    for (const job of jobs.list(pod.metadata.namespace)) if (matchesSelector(job.spec.selector, pod.metadata.labels)) context.enqueueAfter(keyOf(job), BATCH_MS);
    return;
  }
  if (reference.kind !== 'Job') return;
  const job = jobs.get(pod.metadata.namespace ?? '', reference.name);
  if (job === undefined || job.metadata.uid !== reference.uid || isFinished(job)) {
    if (after !== undefined && hasFinalizer(after)) context.enqueue(ORPHAN_PREFIX + keyOf(after));
    return;
  }
  const key = keyOf(job);
  if (after === undefined || !hasFinalizer(after)) releaseObserved(context, key, pod.metadata.uid ?? '');
  if (after === undefined || after.metadata.deletionTimestamp !== undefined) deletionObserved(context, key, keyOf(pod));
  else if (before === undefined) creationObserved(context, key);
  context.enqueueAfter(key, BATCH_MS);
}
