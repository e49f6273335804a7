// batch/v1 Job. Upstream: pkg/apis/batch/v1/defaults.go, pkg/apis/batch/validation/validation.go, pkg/registry/batch/job/strategy.go (1.37).
import { mapField, withDefaults, withField } from '../../edit.ts';
import { invalid, notSupported, required, type FieldError } from '../../field-error.ts';
import { fieldPath, type FieldPath } from '../../field-path.ts';
import type { Job, JobSpec, PodTemplateSpec } from '../../generated/types.ts';
import { defineKind, type KindDefinition } from '../../kind.ts';
import { isReadableSelector, selectorMatches, validateLabelSelector } from '../../names/labels.ts';
import { validateNotNegative } from '../../names/numbers.ts';
import type { KubeObject } from '../../request.ts';
import { isSame } from '../../is-same.ts';
import { ageCell, formatSelector, joinContainers } from '../../table/cells.ts';
import { humanDuration } from '../../table/human-duration.ts';
import { defaultPodTemplate, immutable } from '../apps/template.ts';
import { validateIndexLimits, validateManagedBy, validatePolicies } from './job-policies.ts';
import { validateJobStatus } from './job-status.ts';
import { validatePodTemplate } from '../core/pod-spec/validate.ts';
import { templateWarnings, workloadNameWarnings, workloadWarnings } from '../core/pod-spec/warnings.ts';

type StoredJob = Job & KubeObject;

const INT32_MAX = 2_147_483_647;
const INDEXED_PARALLELISM_MAX = 100_000;

function defaultSpec(spec: JobSpec): JobSpec {
  const isSingle = spec.completions === undefined && spec.parallelism === undefined;
  const filled = withDefaults(spec, {
    ...(isSingle ? { completions: 1 } : {}), parallelism: 1, backoffLimit: spec.backoffLimitPerIndex === undefined ? 6 : INT32_MAX, completionMode: 'NonIndexed', suspend: false,
    podReplacementPolicy: spec.podFailurePolicy === undefined ? 'TerminatingOrFailed' : 'Failed', manualSelector: false,
  });
  return mapField(filled, 'template', defaultPodTemplate);
}

/** The selector and labels that tie pods to this very Job, unless the user gives their own. */
function withGeneratedSelector(job: StoredJob): StoredJob {
  const template = job.spec.template;
  if (job.spec.manualSelector === true) return job;
  const uid = job.metadata.uid ?? '';
  const name = job.metadata.name ?? '';
  const labels = { ...template.metadata?.labels, 'batch.kubernetes.io/controller-uid': uid, 'batch.kubernetes.io/job-name': name, 'controller-uid': uid, 'job-name': name };
  const selector = { ...job.spec.selector, matchLabels: { ...job.spec.selector?.matchLabels, 'batch.kubernetes.io/controller-uid': uid } };
  return { ...job, spec: { ...job.spec, selector, template: { ...template, metadata: { ...template.metadata, labels } } } };
}

/** A Job without labels shows those of its template: upstream's defaults are applied to what is read, too. */
function withTemplateLabels(job: StoredJob): StoredJob {
  const labels = job.spec.template.metadata?.labels;
  return labels === undefined || Object.keys(job.metadata.labels ?? {}).length > 0 ? job : { ...job, metadata: { ...job.metadata, labels } };
}

/** Errors of a Job's spec that hold in a CronJob's template, too. @internal */
export function validateJobTemplateSpec(spec: JobSpec, path: FieldPath): readonly FieldError[] {
  const errors: FieldError[] = [];
  for (const field of ['parallelism', 'completions', 'activeDeadlineSeconds', 'backoffLimit', 'ttlSecondsAfterFinished', 'backoffLimitPerIndex', 'maxFailedIndexes'] as const) errors.push(...validateNotNegative(spec[field], path.child(field)));
  if (spec.maxFailedIndexes !== undefined && spec.backoffLimitPerIndex === undefined) errors.push(required(path.child('backoffLimitPerIndex'), 'when maxFailedIndexes is specified'));
  errors.push(...validateManagedBy(spec.managedBy, path.child('managedBy')));
  const mode = spec.completionMode;
  if (mode !== undefined) {
    if (mode !== 'NonIndexed' && mode !== 'Indexed') errors.push(notSupported(path.child('completionMode'), mode, ['NonIndexed', 'Indexed']));
    if (mode === 'Indexed') {
      if (spec.completions === undefined) errors.push(required(path.child('completions'), 'when completion mode is Indexed'));
      if ((spec.parallelism ?? 0) > INDEXED_PARALLELISM_MAX) errors.push(invalid(path.child('parallelism'), spec.parallelism, `must be less than or equal to ${INDEXED_PARALLELISM_MAX} when completion mode is Indexed`));
    }
  }
  errors.push(...validateIndexLimits(spec, path), ...validatePolicies(spec, path));
  errors.push(...validatePodTemplate(spec.template, path.child('template')));
  const restart = spec.template.spec?.restartPolicy;
  if (restart !== 'OnFailure' && restart !== 'Never') errors.push(required(path.child('template', 'spec', 'restartPolicy'), 'valid values: "OnFailure", "Never"'));
  else if (spec.podFailurePolicy !== undefined && restart !== 'Never') errors.push(invalid(path.child('template', 'spec', 'restartPolicy'), restart, 'only "Never" is supported when podFailurePolicy is specified'));
  return errors;
}

function validateSpec({ spec }: StoredJob): readonly FieldError[] {
  const path = fieldPath('spec');
  const errors: FieldError[] = [...validateJobTemplateSpec(spec, path)];
  if (spec.selector === undefined) errors.push(required(path.child('selector')));
  else errors.push(...validateLabelSelector(spec.selector, path.child('selector')));
  if (isReadableSelector(spec.selector) && !selectorMatches(spec.selector, spec.template.metadata?.labels)) errors.push(invalid(path.child('template', 'metadata', 'labels'), spec.template.metadata?.labels ?? null, '`selector` does not match template `labels`'));
  return errors;
}

/** The template with what may change before a Job starts taken from the other. */
function munged(template: PodTemplateSpec, old: PodTemplateSpec): PodTemplateSpec {
  const { nodeSelector, affinity, tolerations, schedulingGates } = old.spec ?? { containers: [] };
  return { ...template, metadata: old.metadata, spec: { ...(template.spec ?? { containers: [] }), nodeSelector, affinity, tolerations, schedulingGates } };
}

function validateSpecUpdate({ spec }: StoredJob, old: StoredJob): readonly FieldError[] {
  const path = fieldPath('spec');
  const errors: FieldError[] = [];
  const isElastic = spec.completionMode === 'Indexed' && spec.completions !== undefined && spec.parallelism === spec.completions;
  const check = (field: keyof JobSpec & string): void => {
    if (!isSame(spec[field], old.spec[field])) errors.push(immutable(path.child(field), spec[field]));
  };
  if (!isElastic) check('completions');
  check('selector');
  const isNotStarted = old.spec.suspend === true && old.status?.startTime === undefined;
  if (!isSame(isNotStarted ? munged(spec.template, old.spec.template) : spec.template, old.spec.template)) errors.push(immutable(path.child('template'), spec.template));
  for (const field of ['completionMode', 'podFailurePolicy', 'backoffLimitPerIndex', 'managedBy', 'successPolicy'] as const) check(field);
  return errors;
}

function statusCell(job: StoredJob): string {
  const has = (type: string): boolean => job.status?.conditions?.some((condition) => condition.type === type && condition.status === 'True') === true;
  if (has('Complete')) return 'Complete';
  if (has('Failed')) return 'Failed';
  if (job.metadata.deletionTimestamp !== undefined) return 'Terminating';
  return ['Suspended', 'FailureTarget', 'SuccessCriteriaMet'].find(has) ?? 'Running';
}

function completionsCell({ spec, status }: StoredJob): string {
  const done = status?.succeeded ?? 0;
  if (spec.completions !== undefined) return `${done}/${spec.completions}`;
  return (spec.parallelism ?? 0) > 1 ? `${done}/1 of ${spec.parallelism ?? 0}` : `${done}/1`;
}

function durationCell({ status }: StoredJob, now: number): string {
  if (status?.startTime === undefined) return '';
  return humanDuration((status.completionTime === undefined ? now : Date.parse(status.completionTime)) - Date.parse(status.startTime));
}

const SPEC_PATH = fieldPath('spec');
const COMPLETIONS_SOFT_MAX = 100_000;
const PARALLELISM_SOFT_MAX = 10_000;

/** Warnings for the spec of a job. Upstream: pkg/api/job/warnings.go (1.37). @internal */
export function jobSpecWarnings(spec: JobSpec, path: FieldPath): readonly string[] {
  const isHuge = spec.completionMode === 'Indexed' && (spec.completions ?? 0) > COMPLETIONS_SOFT_MAX && (spec.parallelism ?? 0) > PARALLELISM_SOFT_MAX;
  const huge = `${path}: In Indexed Jobs with a number of completions higher than 10^5 and a parallelism higher than 10^4, Kubernetes might not be able to track completedIndexes when a big number of indexes fail`;
  return [...(isHuge ? [huge] : []), ...templateWarnings(spec.template, path.child('template'))];
}

/** Job. @public */
export const jobKind: KindDefinition = defineKind<StoredJob>({
  group: 'batch', version: 'v1', kind: 'Job', resource: 'jobs', singular: 'job', categories: ['all'], namespaced: true, hasGeneration: true, defaultPropagation: 'Orphan',
  subresources: { status: { validateUpdate: validateJobStatus } },
  defaultsSpecAlone: true,
  default: (job) => withField(job, 'spec', defaultSpec(job.spec)),
  prepareForCreate: (job) => withGeneratedSelector({ ...job, status: {} as Job['status'] }),
  validateCreate: validateSpec,
  validateUpdate: validateSpecUpdate,
  warnings: (job, old) => [...(old === undefined ? workloadNameWarnings(job.metadata.name) : []), ...workloadWarnings(job, old, ({ spec }) => jobSpecWarnings(spec, SPEC_PATH))],
  canonicalize: withTemplateLabels,
  deleteWarnings: (_job, propagation) => (propagation === undefined ? ['child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or set propagationPolicy=Orphan to suppress this warning'] : []),
  selectableFields: { 'status.successful': (job) => String(job.status?.succeeded ?? 0) },
  columns: [
    { name: 'Name', type: 'string', format: 'name' }, { name: 'Status', type: 'string' }, { name: 'Completions', type: 'string' }, { name: 'Duration', type: 'string' }, { name: 'Age', type: 'string' },
    { name: 'Containers', type: 'string', priority: 1 }, { name: 'Images', type: 'string', priority: 1 }, { name: 'Selector', type: 'string', priority: 1 },
  ],
  cells: (job, now) => [job.metadata.name, statusCell(job), completionsCell(job), durationCell(job, now), ageCell(job, now), ...joinContainers(job.spec.template.spec), formatSelector(job.spec.selector)],
});
