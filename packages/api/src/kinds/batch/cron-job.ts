// batch/v1 CronJob. Upstream: pkg/apis/batch/v1/defaults.go, pkg/apis/batch/validation/validation.go, pkg/registry/batch/cronjob/strategy.go (1.37).
import { mapField, withDefaults, withField } from '../../edit.ts';
import { invalid, notSupported, required, type FieldError } from '../../field-error.ts';
import { fieldPath, type FieldPath } from '../../field-path.ts';
import type { CronJob, CronJobSpec, JobSpec } from '../../generated/types.ts';
import { defineKind, type KindDefinition } from '../../kind.ts';
import { validateNotNegative } from '../../names/numbers.ts';
import type { KubeObject } from '../../request.ts';
import { ageCell, formatSelector, joinContainers } from '../../table/cells.ts';
import { humanDuration } from '../../table/human-duration.ts';
import { defaultPodTemplate } from '../apps/template.ts';
import { workloadNameWarnings, workloadWarnings } from '../core/pod-spec/warnings.ts';
import { cronScheduleError, timeZoneError } from './cron-schedule.ts';
import { jobSpecWarnings, validateJobTemplateSpec } from './job.ts';

type StoredCronJob = CronJob & KubeObject;

/** Names of Jobs are the name with eleven characters more. */
const NAME_MAX = 52;

function defaultSpec(spec: CronJobSpec): CronJobSpec {
  const policy = (spec.concurrencyPolicy ?? '') === '' ? withField(spec, 'concurrencyPolicy', 'Allow') : spec;
  const filled = withDefaults(policy, { suspend: false, successfulJobsHistoryLimit: 3, failedJobsHistoryLimit: 1 });
  return mapField(filled, 'jobTemplate', (job) => mapField(job, 'spec', (jobSpec) => mapField(jobSpec, 'template', defaultPodTemplate)));
}

/** The selector of each job is made for it. */
function validateJobTemplate(spec: JobSpec, path: FieldPath): readonly FieldError[] {
  const errors = [...validateJobTemplateSpec(spec, path)];
  if (spec.selector !== undefined) errors.push(invalid(path.child('selector'), spec.selector, '`selector` will be auto-generated'));
  if (spec.manualSelector === true) errors.push(notSupported(path.child('manualSelector'), true, ['nil', 'false']));
  return errors;
}

function validateSpec({ spec }: StoredCronJob): readonly FieldError[] {
  const path = fieldPath('spec');
  const errors: FieldError[] = [];
  const { schedule = '', timeZone, concurrencyPolicy = '' } = spec;
  if (schedule !== '') {
    const error = /(^|\s)(CRON_)?TZ=/.test(schedule) ? 'cannot use TZ or CRON_TZ in schedule, use timeZone field instead' : cronScheduleError(schedule);
    if (error !== undefined) errors.push(invalid(path.child('schedule'), schedule, error));
  }
  errors.push(...validateNotNegative(spec.startingDeadlineSeconds, path.child('startingDeadlineSeconds')));
  if (timeZone !== undefined) {
    const error = timeZoneError(timeZone);
    if (error !== undefined) errors.push(invalid(path.child('timeZone'), timeZone, error));
  }
  if (concurrencyPolicy === '') errors.push(required(path.child('concurrencyPolicy')));
  else if (!['Allow', 'Forbid', 'Replace'].includes(concurrencyPolicy)) errors.push(notSupported(path.child('concurrencyPolicy'), concurrencyPolicy, ['Allow', 'Forbid', 'Replace']));
  errors.push(...validateNotNegative(spec.successfulJobsHistoryLimit, path.child('successfulJobsHistoryLimit')), ...validateNotNegative(spec.failedJobsHistoryLimit, path.child('failedJobsHistoryLimit')));
  if (spec.jobTemplate.spec !== undefined) errors.push(...validateJobTemplate(spec.jobTemplate.spec, path.child('jobTemplate', 'spec')));
  // This rule is declared with the type upstream, and such rules come last.
  if (schedule === '') errors.push(required(path.child('schedule')));
  return errors;
}

function validateCreate(job: StoredCronJob, isUpdate: boolean): readonly FieldError[] {
  const errors = [...validateSpec(job)];
  const name = job.metadata.name ?? '';
  if (!isUpdate && name.length > NAME_MAX) errors.push(invalid(fieldPath('metadata', 'name'), name, `must be no more than ${NAME_MAX} characters`));
  return errors;
}

const JOB_PATH = fieldPath('spec', 'jobTemplate', 'spec');

/** CronJob. @public */
export const cronJobKind: KindDefinition = defineKind<StoredCronJob>({
  group: 'batch', version: 'v1', kind: 'CronJob', resource: 'cronjobs', singular: 'cronjob', shortNames: ['cj'], categories: ['all'], namespaced: true, hasGeneration: true,
  subresources: { status: true },
  defaultsSpecAlone: true,
  default: (job) => withField(job, 'spec', defaultSpec(job.spec)),
  prepareForCreate: (job) => ({ ...job, status: {} as CronJob['status'] }),
  validateCreate: (job, { old }) => validateCreate(job, old !== undefined),
  warnings: (job, old) => [
    ...(old === undefined ? workloadNameWarnings(job.metadata.name) : []),
    ...workloadWarnings(job, old, ({ spec }) => (spec.jobTemplate.spec === undefined ? [] : jobSpecWarnings(spec.jobTemplate.spec, JOB_PATH))),
  ],
  columns: [
    { name: 'Name', type: 'string', format: 'name' }, { name: 'Schedule', type: 'string' }, { name: 'Timezone', type: 'string' }, { name: 'Suspend', type: 'boolean' }, { name: 'Active', type: 'integer' }, { name: 'Last Schedule', type: 'string' }, { name: 'Age', type: 'string' },
    { name: 'Containers', type: 'string', priority: 1 }, { name: 'Images', type: 'string', priority: 1 }, { name: 'Selector', type: 'string', priority: 1 },
  ],
  cells: (job, now) => [
    job.metadata.name, job.spec.schedule, job.spec.timeZone ?? '<none>', job.spec.suspend === true ? 'True' : 'False', job.status?.active?.length ?? 0,
    job.status?.lastScheduleTime === undefined ? '<none>' : humanDuration(now - Date.parse(job.status.lastScheduleTime)), ageCell(job, now),
    ...joinContainers(job.spec.jobTemplate.spec?.template.spec), job.spec.jobTemplate.spec?.selector === undefined ? '<none>' : formatSelector(job.spec.jobTemplate.spec.selector),
  ],
});
