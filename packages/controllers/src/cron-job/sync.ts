// The sync of a CronJob: tidy up what its Jobs have come to, then start the run that is due.
// Upstream: syncCronJob, cleanupFinishedJobs in pkg/controller/cronjob/cronjob_controllerv2.go (1.37).
import type { CronJob, CronJobStatus, Job, KubeObject, ObjectReference } from '@kubesim/api';
import {
  call, CallFailed, controllerOf, failedWith, formatTime, isNamespaceTerminating, newControllerRef, type Calling, type ReconcileContext, type ReconcileResult, type Reconciling,
} from '@kubesim/client';
import { dueRun, nextRunInMs } from './due.ts';
import { parseSchedule, type OffsetAt } from './schedule.ts';
import { fixedOffset } from './time-zone.ts';

const CRON_JOB_KIND = { apiVersion: 'batch/v1', kind: 'CronJob' };
const JOBS = 'jobs.batch';

/** Offsets of time zones beyond the fixed ones, by IANA name; undefined for an unknown name. Must be a pure function. @public */
export type TimeZones = (timeZone: string) => OffsetAt | undefined;

/** A sync in progress: the CronJob with the status as this sync has written it. */
interface Running {
  readonly context: ReconcileContext;
  cronJob: CronJob;
  status: CronJobStatus;
  isStatusNew: boolean;
}

/** Reconciles the CronJob of a key `namespace/name`. @internal */
export function* syncCronJob(context: ReconcileContext, key: string, timeZones: TimeZones): Reconciling {
  const [namespace = '', name = ''] = key.split('/');
  const seen = context.decide(() => {
    const found = context.lister<CronJob>('cronjobs.batch').get(namespace, name);
    return found === undefined ? null : { cronJob: found, jobs: context.lister<Job>(JOBS).byOwner(found.metadata.uid ?? '') };
  });
  if (seen === null) return undefined;
  const running: Running = { context, cronJob: seen.cronJob, status: seen.cronJob.status ?? {}, isStatusNew: false };
  try {
    yield* cleanupFinished(running, seen.jobs);
    yield* syncActive(running, seen.jobs);
    const nextMs = yield* startDue(running, timeZones);
    yield* writeStatus(running);
    // A run is a long timer: nothing has to settle for it.
    if (nextMs !== undefined) context.enqueueAfter(key, nextMs, { long: true });
    return undefined;
  } catch (error) {
    if (error instanceof CallFailed) return { error: error.message } satisfies ReconcileResult;
    throw error;
  }
}

function finishedType(job: Job): string | undefined {
  return job.status?.conditions?.find(({ type, status }) => status === 'True' && (type === 'Complete' || type === 'Failed'))?.type;
}

/** Deletes the oldest finished Jobs beyond the history limits. */
function* cleanupFinished(running: Running, jobs: readonly Job[]): Calling<void> {
  const { successfulJobsHistoryLimit, failedJobsHistoryLimit } = running.cronJob.spec;
  for (const [type, limit] of [['Complete', successfulJobsHistoryLimit], ['Failed', failedJobsHistoryLimit]] as const) {
    if (limit === undefined) continue;
    const finished = jobs.filter((job) => finishedType(job) === type).sort(byStart);
    for (const job of finished.slice(0, Math.max(0, finished.length - limit))) yield* deleteJob(running, job);
  }
}

function byStart(one: Job, other: Job): number {
  const a = one.status?.startTime ?? '9999';
  const b = other.status?.startTime ?? '9999';
  return a !== b ? (a < b ? -1 : 1) : one.metadata.name < other.metadata.name ? -1 : 1;
}

function* deleteJob(running: Running, job: Job): Calling<void> {
  const { namespace, name } = job.metadata;
  try {
    yield* call({ verb: 'delete', resource: JOBS, namespace, name, options: { propagationPolicy: 'Background' } });
  } catch (error) {
    if (error instanceof CallFailed) record(running, 'Warning', 'FailedDelete', `Deleted job: ${error.message}`);
    throw error;
  }
  forgetActive(running, job.metadata.uid);
  record(running, 'Normal', 'SuccessfulDelete', `Deleted job ${name}`);
}

/** Brings the list of active Jobs up to what has become of them. */
function* syncActive(running: Running, jobs: readonly Job[]): Calling<void> {
  for (const job of jobs) {
    const isActive = running.status.active?.some(({ uid }) => uid === job.metadata.uid) ?? false;
    const finished = finishedType(job);
    if (!isActive && finished === undefined) {
      const fresh = yield* call<CronJob>({ verb: 'get', resource: 'cronjobs.batch', namespace: job.metadata.namespace, name: running.cronJob.metadata.name });
      if (fresh.status?.active?.some(({ uid }) => uid === job.metadata.uid) === true) {
        running.cronJob = fresh;
        running.status = fresh.status;
      } else record(running, 'Warning', 'UnexpectedJob', `Saw a job that the controller did not create or forgot: ${job.metadata.name}`);
    } else if (isActive && finished !== undefined) {
      forgetActive(running, job.metadata.uid);
      record(running, 'Normal', 'SawCompletedJob', `Saw completed job: ${job.metadata.name}, condition: ${finished}`);
    }
    const completed = job.status?.completionTime;
    if (finished === 'Complete' && completed !== undefined && (running.status.lastSuccessfulTime ?? '') < completed) amend(running, { lastSuccessfulTime: completed });
  }
  const uids = new Set(jobs.map((job) => job.metadata.uid));
  for (const reference of running.status.active ?? []) {
    if (uids.has(reference.uid)) continue;
    const reply = yield { verb: 'get', resource: JOBS, namespace: reference.namespace, name: reference.name ?? '' };
    if (reply.ok) continue;
    if (reply.status.reason !== 'NotFound') throw new CallFailed(reply.status);
    record(running, 'Warning', 'MissingJob', `Active job went missing: ${reference.name}`);
    forgetActive(running, reference.uid);
  }
}

/** Starts the run that is due, if its time, its deadline and the concurrency policy allow. Answers when to look again, in ms. */
function* startDue(running: Running, timeZones: TimeZones): Calling<number | undefined> {
  const { cronJob, context } = running;
  const { schedule: text, timeZone = 'UTC', suspend, startingDeadlineSeconds, concurrencyPolicy } = cronJob.spec;
  const subject = `cronjob/${cronJob.metadata.name}`;
  if (cronJob.metadata.deletionTimestamp !== undefined) return undefined;
  const offsetAt = fixedOffset(timeZone) ?? timeZones(timeZone);
  if (offsetAt === undefined) {
    record(running, 'Warning', 'UnknownTimeZone', `invalid timeZone: "${timeZone}": unknown time zone ${timeZone}`);
    return undefined;
  }
  if (suspend === true) {
    context.explain(subject, { rule: 'suspend', message: 'suspended: no run is started' });
    return undefined;
  }
  const schedule = parseSchedule(text);
  if (typeof schedule === 'string') {
    record(running, 'Warning', 'UnparseableSchedule', `unparseable schedule: "${text}" : ${schedule}`);
    return undefined;
  }
  const { now } = context;
  const due = dueRun(cronJob, schedule, offsetAt, now);
  if (due.hasMissedTooMany) {
    record(running, 'Warning', 'TooManyMissedTimes', 'too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew');
  }
  const next = (): number | undefined => nextRunInMs({ ...cronJob, status: running.status }, schedule, offsetAt, now);
  if (due.at === undefined) {
    context.explain(subject, { rule: 'schedule', message: `no run is due by "${text}"` });
    return next();
  }
  if (startingDeadlineSeconds !== undefined && due.at + startingDeadlineSeconds * 1000 < now) {
    record(running, 'Warning', 'MissSchedule', `Missed scheduled time to start a job: ${new Date(due.at).toUTCString().replace('GMT', '+0000')}`);
    return next();
  }
  const name = jobName(cronJob, due.at);
  const at = formatTime(due.at);
  if (running.status.lastScheduleTime === at || running.status.active?.some((reference) => reference.name === name) === true) return next();
  const active = running.status.active ?? [];
  if (concurrencyPolicy === 'Forbid' && active.length > 0) {
    record(running, 'Normal', 'JobAlreadyActive', 'Not starting job because prior execution is running and concurrency policy is Forbid');
    context.explain(subject, { rule: 'Forbid', message: 'the run before is still active', blockedBy: `job/${active[0]?.name ?? ''}` });
    return next();
  }
  if (concurrencyPolicy === 'Replace') {
    for (const reference of active) {
      yield* deleteJob(running, { metadata: { namespace: reference.namespace, name: reference.name ?? '', uid: reference.uid } } as Job);
    }
  }
  const job = yield* createJob(running, name, due.at);
  if (job !== undefined) {
    const reference: ObjectReference = {
      apiVersion: 'batch/v1', kind: 'Job', name, namespace: job.metadata.namespace, uid: job.metadata.uid, resourceVersion: job.metadata.resourceVersion,
    };
    amend(running, { active: [...(running.status.active ?? []), reference], lastScheduleTime: at });
  }
  return next();
}

/** Name of a run: the minute of its time makes it one of a kind. */
function jobName(cronJob: CronJob, at: number): string {
  return `${cronJob.metadata.name}-${Math.floor(at / 60_000)}`;
}

/** Creates the Job of a run. Undefined if the namespace is going, or the name is taken by another one's Job. */
function* createJob(running: Running, name: string, at: number): Calling<Job | undefined> {
  const { cronJob } = running;
  const { metadata, spec } = cronJob.spec.jobTemplate;
  const { namespace } = cronJob.metadata;
  const job = {
    apiVersion: 'batch/v1', kind: 'Job',
    metadata: {
      name, namespace, ...(metadata?.labels === undefined ? {} : { labels: metadata.labels }),
      annotations: { ...metadata?.annotations, 'batch.kubernetes.io/cronjob-scheduled-timestamp': formatTime(at) },
      ...(metadata?.finalizers === undefined ? {} : { finalizers: metadata.finalizers }),
      ownerReferences: [newControllerRef(cronJob, CRON_JOB_KIND)],
    },
    spec,
  };
  try {
    const created = yield* call<Job>({ verb: 'create', resource: JOBS, namespace, object: job as unknown as KubeObject });
    record(running, 'Normal', 'SuccessfulCreate', `Created job ${created.metadata.name}`);
    return created;
  } catch (error) {
    if (!(error instanceof CallFailed)) throw error;
    if (isNamespaceTerminating(error.status)) return undefined;
    if (failedWith(error, 'AlreadyExists')) {
      // An earlier sync made it and did not get to say so in the status.
      const existing = yield* call<Job>({ verb: 'get', resource: JOBS, namespace, name });
      return controllerOf(existing)?.uid === cronJob.metadata.uid ? existing : undefined;
    }
    record(running, 'Warning', 'FailedCreate', `Error creating job: ${(error as CallFailed).message}`);
    throw error;
  }
}

function forgetActive(running: Running, uid: string | undefined): void {
  const active = running.status.active?.filter((reference) => reference.uid !== uid);
  if (active?.length === running.status.active?.length) return;
  amend(running, { active: active?.length === 0 ? undefined : active });
}

function amend(running: Running, change: Partial<CronJobStatus>): void {
  running.status = { ...running.status, ...change };
  running.isStatusNew = true;
}

function* writeStatus({ cronJob, status, isStatusNew }: Running): Calling<void> {
  if (!isStatusNew) return;
  const { namespace, name } = cronJob.metadata;
  yield* call({ verb: 'update', resource: 'cronjobs.batch', subresource: 'status', namespace, name, object: { ...cronJob, status } });
}

function record({ context, cronJob }: Running, type: 'Normal' | 'Warning', reason: string, message: string): void {
  context.event({ about: cronJob, type, reason, message });
}
