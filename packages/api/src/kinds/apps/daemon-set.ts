// apps/v1 DaemonSet. Upstream: pkg/apis/apps/v1/{defaults,conversion}.go, pkg/apis/apps/validation/validation.go, pkg/registry/apps/daemonset/strategy.go (1.37).
import { mapField, withDefaults, withField } from '../../edit.ts';
import { invalid, notSupported, required, type FieldError } from '../../field-error.ts';
import { fieldPath, type FieldPath } from '../../field-path.ts';
import type { DaemonSet, DaemonSetSpec, DaemonSetUpdateStrategy } from '../../generated/types.ts';
import { defineKind, type KindDefinition } from '../../kind.ts';
import { isEmptySelector, isReadableSelector, selectorMatches, validateLabelSelector } from '../../names/labels.ts';
import { intOrPercentNumber, validateAtMostAll, validateIntOrPercent, validateNotNegative } from '../../names/numbers.ts';
import type { KubeObject } from '../../request.ts';
import { isSame } from '../../is-same.ts';
import { ageCell, formatSelector, joinContainers } from '../../table/cells.ts';
import { templateWarnings, workloadWarnings } from '../core/pod-spec/warnings.ts';
import { defaultPodTemplate, historyWarnings, immutable, validateCounts, validateRunningTemplate } from './template.ts';

type StoredDaemonSet = DaemonSet & KubeObject;

/** Carries the count of template changes that the API dropped as a field. */
const TEMPLATE_GENERATION = 'deprecated.daemonset.template.generation';

function defaultSpec(spec: DaemonSetSpec): DaemonSetSpec {
  let updateStrategy = spec.updateStrategy ?? {};
  if ((updateStrategy.type ?? '') === '') updateStrategy = { ...updateStrategy, type: 'RollingUpdate' };
  if (updateStrategy.type === 'RollingUpdate') updateStrategy = withField(updateStrategy, 'rollingUpdate', withDefaults(updateStrategy.rollingUpdate ?? {}, { maxUnavailable: 1, maxSurge: 0 }));
  return mapField(withDefaults(withField(spec, 'updateStrategy', updateStrategy), { revisionHistoryLimit: 10 }), 'template', defaultPodTemplate);
}

function templateGeneration(set: StoredDaemonSet): number {
  const value = Number(set.metadata.annotations?.[TEMPLATE_GENERATION] ?? '0');
  return Number.isInteger(value) ? value : 0;
}

function withTemplateGeneration(set: StoredDaemonSet, count: number): StoredDaemonSet {
  if (set.metadata.annotations?.[TEMPLATE_GENERATION] === String(count)) return set;
  return { ...set, metadata: { ...set.metadata, annotations: { ...set.metadata.annotations, [TEMPLATE_GENERATION]: String(count) } } };
}

function validateStrategy(strategy: DaemonSetUpdateStrategy, path: FieldPath): readonly FieldError[] {
  if (strategy.type === 'OnDelete') return [];
  if (strategy.type !== 'RollingUpdate') return [notSupported(path, { Type: strategy.type, RollingUpdate: null }, ['RollingUpdate', 'OnDelete'])];
  const at = path.child('rollingUpdate');
  if (strategy.rollingUpdate === undefined) return [required(at)];
  const { maxUnavailable, maxSurge } = strategy.rollingUpdate;
  const errors: FieldError[] = [...validateIntOrPercent(maxUnavailable, at.child('maxUnavailable')), ...validateIntOrPercent(maxSurge, at.child('maxSurge'))];
  const hasUnavailable = intOrPercentNumber(maxUnavailable) !== 0;
  const hasSurge = intOrPercentNumber(maxSurge) !== 0;
  if (hasUnavailable && hasSurge) errors.push(invalid(at.child('maxSurge'), maxSurge, 'may not be set when maxUnavailable is non-zero'));
  else if (!hasUnavailable && !hasSurge) errors.push(required(at.child('maxUnavailable'), 'cannot be 0 when maxSurge is 0'));
  errors.push(...validateAtMostAll(maxUnavailable, at.child('maxUnavailable')), ...validateAtMostAll(maxSurge, at.child('maxSurge')));
  return errors;
}

function validateSpec({ spec }: StoredDaemonSet, old: StoredDaemonSet | undefined): readonly FieldError[] {
  const path = fieldPath('spec');
  const changed = old !== undefined && !isSame(spec.selector, old.spec.selector) ? [immutable(path.child('selector'), spec.selector)] : [];
  // Upstream asks for no selector here: one that is missing matches nothing, which is the error.
  const selectorErrors = spec.selector === undefined ? [] : validateLabelSelector(spec.selector, path.child('selector'));
  const isMissed = isReadableSelector(spec.selector) && !selectorMatches(spec.selector, spec.template.metadata?.labels);
  return [
    ...changed, ...selectorErrors,
    ...(isMissed ? [invalid(path.child('template', 'metadata', 'labels'), spec.template.metadata?.labels ?? null, '`selector` does not match template `labels`')] : []),
    ...(spec.selector !== undefined && isEmptySelector(spec.selector) ? [invalid(path.child('selector'), spec.selector, 'empty selector is invalid for daemonset')] : []),
    ...validateRunningTemplate(spec.template, 'DaemonSet', path.child('template')),
    ...validateNotNegative(spec.minReadySeconds, path.child('minReadySeconds')), ...validateStrategy(spec.updateStrategy ?? {}, path.child('updateStrategy')), ...validateNotNegative(spec.revisionHistoryLimit, path.child('revisionHistoryLimit')),
  ];
}

const COUNTS = ['currentNumberScheduled', 'numberMisscheduled', 'desiredNumberScheduled', 'numberReady', 'observedGeneration', 'updatedNumberScheduled', 'numberAvailable', 'numberUnavailable', 'collisionCount'] as const;

const TEMPLATE_PATH = fieldPath('spec', 'template');

/** DaemonSet. @public */
export const daemonSetKind: KindDefinition = defineKind<StoredDaemonSet>({
  group: 'apps', version: 'v1', kind: 'DaemonSet', resource: 'daemonsets', singular: 'daemonset', shortNames: ['ds'], categories: ['all'], namespaced: true, hasGeneration: true,
  subresources: { status: { validateUpdate: (set) => validateCounts(set.status ?? { currentNumberScheduled: 0, numberMisscheduled: 0, desiredNumberScheduled: 0, numberReady: 0 }, COUNTS, fieldPath('status')) } },
  default: (set) => withTemplateGeneration(withField(set, 'spec', defaultSpec(set.spec)), templateGeneration(set)),
  prepareForCreate: (set) => withTemplateGeneration({ ...set, status: { currentNumberScheduled: 0, numberMisscheduled: 0, desiredNumberScheduled: 0, numberReady: 0 } }, Math.max(1, templateGeneration(set))),
  prepareForUpdate: (set, old) => withTemplateGeneration(set, templateGeneration(old) + (isSame(set.spec.template, old.spec.template) ? 0 : 1)),
  // The rule of the selector comes before those of a create: one hook for both.
  validateCreate: (set, { old }) => validateSpec(set, old as StoredDaemonSet | undefined),
  warnings: (set, old) => [...workloadWarnings(set, old, ({ spec }) => templateWarnings(spec.template, TEMPLATE_PATH)), ...historyWarnings(set.spec.revisionHistoryLimit)],
  rowMetadata: (metadata) => {
    const { [TEMPLATE_GENERATION]: _generation, ...annotations } = metadata.annotations ?? {};
    return withField(metadata, 'annotations', Object.keys(annotations).length === 0 ? undefined : annotations);
  },
  columns: [
    { name: 'Name', type: 'string', format: 'name' }, { name: 'Desired', type: 'integer' }, { name: 'Current', type: 'integer' }, { name: 'Ready', type: 'integer' }, { name: 'Up-to-date', type: 'integer' }, { name: 'Available', type: 'integer' },
    { name: 'Node Selector', type: 'string' }, { name: 'Age', type: 'string' }, { name: 'Containers', type: 'string', priority: 1 }, { name: 'Images', type: 'string', priority: 1 }, { name: 'Selector', type: 'string', priority: 1 },
  ],
  cells: (set, now) => [
    set.metadata.name, set.status?.desiredNumberScheduled ?? 0, set.status?.currentNumberScheduled ?? 0, set.status?.numberReady ?? 0, set.status?.updatedNumberScheduled ?? 0, set.status?.numberAvailable ?? 0,
    formatSelector({ matchLabels: set.spec.template.spec?.nodeSelector ?? {} }) || '<none>', ageCell(set, now), ...joinContainers(set.spec.template.spec), formatSelector(set.spec.selector),
  ],
});
