import { describe, expect, it } from 'vitest';
import { fieldErrorMessage } from '../src/field-error.ts';
import type { KindDefinition } from '../src/kind.ts';
import { controllerRevisionKind } from '../src/kinds/apps/controller-revision.ts';
import { daemonSetKind } from '../src/kinds/apps/daemon-set.ts';
import { deploymentKind } from '../src/kinds/apps/deployment.ts';
import { replicaSetKind } from '../src/kinds/apps/replica-set.ts';
import { statefulSetKind } from '../src/kinds/apps/stateful-set.ts';
import { horizontalPodAutoscalerKind } from '../src/kinds/autoscaling/horizontal-pod-autoscaler.ts';
import { cronJobKind } from '../src/kinds/batch/cron-job.ts';
import { cronScheduleError, timeZoneError } from '../src/kinds/batch/cron-schedule.ts';
import { jobKind } from '../src/kinds/batch/job.ts';
import { leaseKind } from '../src/kinds/coordination/lease.ts';
import { eventKind } from '../src/kinds/core/event.ts';
import { podKind } from '../src/kinds/core/pod.ts';
import { podDisruptionBudgetKind } from '../src/kinds/policy/pod-disruption-budget.ts';
import { priorityClassKind } from '../src/kinds/scheduling/priority-class.ts';
import type { KubeObject } from '../src/request.ts';

const CONTEXT = { now: 0, time: '1970-01-01T00:00:00Z', profile: { kubernetes: '1.37', featureGates: {} } } as const;
const POD_SPEC = { containers: [{ name: 'c', image: 'nginx:1.27' }] };
const TEMPLATE = { metadata: { labels: { app: 'a' } }, spec: POD_SPEC };
const WORKLOAD = { selector: { matchLabels: { app: 'a' } }, template: TEMPLATE };

type Loose = Record<string, unknown>;

function prepared(kind: KindDefinition, content: Loose): KubeObject {
  const object = { metadata: { name: 'a', namespace: 'ns', uid: 'u' }, ...content } as unknown as KubeObject;
  return kind.default?.(object, CONTEXT) ?? object;
}

function createErrors(kind: KindDefinition, content: Loose): readonly string[] {
  const object = prepared(kind, content);
  const made = kind.prepareForCreate?.(object, CONTEXT) ?? object;
  return (kind.validateCreate?.(made, CONTEXT) ?? []).map(fieldErrorMessage);
}

function updateErrors(kind: KindDefinition, before: Loose, after: Loose, kubernetes: '1.34' | '1.37' = '1.37'): readonly string[] {
  const context = { ...CONTEXT, profile: { kubernetes, featureGates: {} } };
  const old = prepared(kind, before);
  const object = prepared(kind, after);
  const errors = [...(kind.updateOnlyValidation === true ? [] : kind.validateCreate?.(object, { ...context, old }) ?? []), ...(kind.validateUpdate?.(object, old, context) ?? [])];
  return errors.map(fieldErrorMessage);
}

function statusErrors(kind: KindDefinition, status: Loose, oldStatus: Loose = {}): readonly string[] {
  const strategy = kind.subresources?.status;
  if (typeof strategy !== 'object') throw new Error('no status rules');
  return (strategy.validateUpdate?.({ metadata: { name: 'a' }, spec: {}, status } as unknown as KubeObject, { metadata: { name: 'a' }, spec: {}, status: oldStatus } as unknown as KubeObject, CONTEXT) ?? []).map(fieldErrorMessage);
}

const CREATES: readonly (readonly [string, KindDefinition, Loose, readonly string[]])[] = [
  ['a good StatefulSet', statefulSetKind, { spec: WORKLOAD }, []],
  ['a StatefulSet without selector', statefulSetKind, { spec: { ...WORKLOAD, selector: undefined } }, ['spec.selector: Required value', 'spec.template.metadata.labels: Invalid value: {"app":"a"}: `selector` does not match template `labels`']],
  ['a selector that cannot be read', statefulSetKind, { spec: { ...WORKLOAD, selector: { matchExpressions: [{ key: 'app', operator: 'In' }] } } }, [
    "spec.selector.matchExpressions[0].values: Required value: must be specified when `operator` is 'In' or 'NotIn'", 'spec.selector: Invalid value: {"matchExpressions":[{"key":"app","operator":"In"}]}',
  ]],
  ['an unknown policy', statefulSetKind, { spec: { ...WORKLOAD, podManagementPolicy: 'Random' } }, ["spec.podManagementPolicy: Invalid value: \"Random\": must be 'OrderedReady' or 'Parallel'"]],
  ['a step on delete', statefulSetKind, { spec: { ...WORKLOAD, updateStrategy: { type: 'OnDelete', rollingUpdate: { partition: 1 } } } }, ['spec.updateStrategy.rollingUpdate: Invalid value: {"Partition":1,"MaxUnavailable":null}: only allowed for updateStrategy \'RollingUpdate\'']],
  ['none unavailable', statefulSetKind, { spec: { ...WORKLOAD, updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '0%' } } } }, ['spec.updateStrategy.rollingUpdate.maxUnavailable: Invalid value: "0%": cannot be 0']],
  ['pods that may end', statefulSetKind, { spec: { ...WORKLOAD, template: { ...TEMPLATE, spec: { ...POD_SPEC, restartPolicy: 'OnFailure' } } } }, ['spec.template.spec.restartPolicy: Unsupported value: "OnFailure": supported values: "Always"']],
  ['a claim without size', statefulSetKind, { spec: { ...WORKLOAD, volumeClaimTemplates: [{ metadata: { name: 'data' }, spec: {} }] } }, ['spec.volumeClaimTemplates[0].spec.accessModes: Required value: at least 1 access mode is required', 'spec.volumeClaimTemplates[0].spec.resources[storage]: Required value']],
  ['a Deployment that may not move', deploymentKind, { spec: { ...WORKLOAD, strategy: { rollingUpdate: { maxSurge: 0, maxUnavailable: 0 } } } }, ['spec.strategy.rollingUpdate.maxUnavailable: Invalid value: 0: may not be 0 when `maxSurge` is 0']],
  ['a deadline before ready', deploymentKind, { spec: { ...WORKLOAD, progressDeadlineSeconds: 0 } }, ['spec.progressDeadlineSeconds: Invalid value: 0: must be greater than minReadySeconds']],
  ['steps of a recreation', deploymentKind, { spec: { ...WORKLOAD, strategy: { type: 'Recreate', rollingUpdate: {} } } }, ["spec.strategy.rollingUpdate: Forbidden: may not be specified when strategy `type` is 'Recreate'"]],
  ['a ReplicaSet below zero', replicaSetKind, { spec: { ...WORKLOAD, replicas: -1 } }, ['spec.replicas: Invalid value: -1: must be greater than or equal to 0']],
  ['a ReplicaSet that selects all', replicaSetKind, { spec: { ...WORKLOAD, selector: {} } }, ['spec.selector: Invalid value: {}: empty selector is invalid for deployment']],
  ['a DaemonSet without selector', daemonSetKind, { spec: { ...WORKLOAD, selector: undefined } }, ['spec.template.metadata.labels: Invalid value: {"app":"a"}: `selector` does not match template `labels`']],
  ['a DaemonSet that may not move', daemonSetKind, { spec: { ...WORKLOAD, updateStrategy: { rollingUpdate: { maxUnavailable: 0 } } } }, ['spec.updateStrategy.rollingUpdate.maxUnavailable: Required value: cannot be 0 when maxSurge is 0']],
  ['a revision without data', controllerRevisionKind, { revision: -1 }, ['data: Required value: data is mandatory', 'revision: Invalid value: -1: must be greater than or equal to 0']],
  ['a good Job', jobKind, { spec: { template: { spec: { ...POD_SPEC, restartPolicy: 'Never' } } } }, []],
  ['a Job that never ends', jobKind, { spec: { template: { spec: POD_SPEC } } }, ['spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"']],
  ['a CronJob of nothing', cronJobKind, { spec: { schedule: '', jobTemplate: { spec: { template: { spec: {} } } } } }, [
    'spec.jobTemplate.spec.template.spec.containers: Required value', 'spec.jobTemplate.spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"', 'spec.schedule: Required value',
  ]],
  ['two budgets in one', podDisruptionBudgetKind, { spec: { minAvailable: '150%', maxUnavailable: 'x' } }, [
    'spec: Invalid value: {"minAvailable":"150%","maxUnavailable":"x"}: minAvailable and maxUnavailable cannot be both set', 'spec.minAvailable: Invalid value: "150%": must not be greater than 100%',
    "spec.maxUnavailable: Invalid value: \"x\": a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')",
  ]],
  ['a class above all', priorityClassKind, { value: 2_000_000_000 }, ['value: Forbidden: maximum allowed value of a user defined priority is 1000000000']],
  ['a lease of no time', leaseKind, { spec: { leaseDurationSeconds: 0, leaseTransitions: -1 } }, ['spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0', 'spec.leaseTransitions: Invalid value: -1: must be greater than or equal to 0']],
  ['an autoscaler of nothing', horizontalPodAutoscalerKind, { spec: { scaleTargetRef: { kind: '', name: '' }, maxReplicas: 0 } }, [
    'spec.maxReplicas: Invalid value: 0: must be greater than or equal to `minReplicas`', 'spec.scaleTargetRef.kind: Required value', 'spec.scaleTargetRef.name: Required value',
    'spec.scaleTargetRef.apiVersion: Invalid value: "": apiVersion must specify API group', 'spec.maxReplicas: Required value',
  ]],
  ['an autoscaler that tolerates less than nothing', horizontalPodAutoscalerKind, { spec: { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'd' }, maxReplicas: 2, behavior: { scaleUp: { tolerance: '-100m' }, scaleDown: { tolerance: '0' } } } }, ['spec.behavior.scaleUp.tolerance: Invalid value: "-100m": must be greater than or equal to 0']],
  ['an Event of elsewhere', eventKind, { involvedObject: { kind: 'Pod', name: 'p', namespace: 'other' } }, ['involvedObject.namespace: Invalid value: "other": does not match event.namespace']],
  ['a CronJob that selects for its jobs', cronJobKind, { spec: { schedule: '* * * * *', jobTemplate: { spec: { manualSelector: true, selector: { matchLabels: { a: 'b' } }, template: { spec: { ...POD_SPEC, restartPolicy: 'Never' } } } } } }, [
    'spec.jobTemplate.spec.selector: Invalid value: {"matchLabels":{"a":"b"}}: `selector` will be auto-generated', 'spec.jobTemplate.spec.manualSelector: Unsupported value: true: supported values: "nil", "false"',
  ]],
  ['a pod with ephemeral containers', podKind, { spec: { ...POD_SPEC, ephemeralContainers: [{ name: 'e', image: 'x' }] } }, ['spec.ephemeralContainers: Forbidden: cannot be set on create']],
  ['a pod with spaces', podKind, { spec: { containers: [{ name: 'c', image: ' x' }] } }, ['spec.containers[0].image: Invalid value: " x": must not have leading or trailing whitespace']],
];

describe('creates', () => {
  it.each(CREATES)('should tell of %s', (_, kind, content, expected) => {
    expect(createErrors(kind, content)).toEqual(expected);
  });
});

describe('updates', () => {
  it.each([
    ['serviceName', 'x', '"x"'], ['podManagementPolicy', 'Parallel', '"Parallel"'],
  ] as const)('should keep the %s of a StatefulSet', (field, value, shown) => {
    expect(updateErrors(statefulSetKind, { spec: WORKLOAD }, { spec: { ...WORKLOAD, [field]: value } })).toEqual([`spec.${field}: Invalid value: ${shown}: field is immutable`]);
  });
  it('should say it in one sentence before 1.37', () => {
    expect(updateErrors(statefulSetKind, { spec: WORKLOAD }, { spec: { ...WORKLOAD, serviceName: 'x' } }, '1.34')[0]).toMatch(/^spec: Forbidden: updates to statefulset spec for fields other than 'replicas'/);
  });
  it('should find an image that is missing in a pod twice: the rules of an update look at it once more', () => {
    expect(updateErrors(podKind, { spec: POD_SPEC }, { spec: { containers: [{ name: 'c', image: '' }] } })).toEqual(['spec.containers[0].image: Required value', 'spec.containers[0].image: Required value']);
  });

  it.each([
    ['nothing', POD_SPEC, []],
    ['an image', { containers: [{ name: 'c', image: 'nginx:2' }] }, []],
    ['a name', { containers: [{ name: 'd', image: 'nginx:1.27' }] }, ['spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`']],
    ['a new gate', { ...POD_SPEC, schedulingGates: [{ name: 'x' }] }, ["spec.schedulingGates[0].name: Forbidden: only deletion is allowed, but found new scheduling gate 'x'"]],
    ['a new toleration', { ...POD_SPEC, tolerations: [{ key: 'a', operator: 'Exists' }] }, []],
    ['a deadline', { ...POD_SPEC, activeDeadlineSeconds: 5 }, []],
    ['one container more', { containers: [...POD_SPEC.containers, { name: 'd', image: 'x:1' }] }, ['spec.containers: Forbidden: pod updates may not add or remove containers']],
  ] as const)('should judge a pod that changes %s', (_, spec, expected) => {
    const errors = updateErrors(podKind, { spec: POD_SPEC }, { spec });
    expect(errors.map((text, index) => text.slice(0, expected[index]?.length))).toEqual(expected);
  });
  it('should tell of the selector of a DaemonSet before anything else', () => {
    const errors = updateErrors(daemonSetKind, { spec: WORKLOAD }, { spec: { ...WORKLOAD, selector: { matchLabels: { app: 'b' } } } });
    expect(errors.map((text) => text.split(':')[0])).toEqual(['spec.selector', 'spec.template.metadata.labels']);
  });
  it('should count the templates of a DaemonSet', () => {
    const old = daemonSetKind.prepareForCreate?.(prepared(daemonSetKind, { spec: WORKLOAD }), CONTEXT) as KubeObject;
    const changed = prepared(daemonSetKind, { spec: { ...WORKLOAD, template: { ...TEMPLATE, metadata: { labels: { app: 'a', v: '2' } } } } });
    const count = (object: KubeObject): string | undefined => object.metadata.annotations?.['deprecated.daemonset.template.generation'];
    expect(count(old)).toBe('1');
    expect(count(daemonSetKind.prepareForUpdate?.(changed, old, CONTEXT) as KubeObject)).toBe('2');
  });
});

describe('status writes', () => {
  it('should bound the counts of a StatefulSet by its replicas', () => {
    expect(statusErrors(statefulSetKind, { replicas: 1, readyReplicas: 2, availableReplicas: 2 })).toEqual([
      'status.readyReplicas: Invalid value: 2: cannot be greater than status.replicas', 'status.availableReplicas: Invalid value: 2: cannot be greater than status.replicas',
    ]);
    expect(statusErrors(statefulSetKind, { replicas: -1 })).toHaveLength(5);
  });
  it('should not let the collisions of a Deployment shrink', () => {
    expect(statusErrors(deploymentKind, { collisionCount: 1 }, { collisionCount: 2 })).toEqual(['status.collisionCount: Invalid value: 1: cannot be decremented']);
  });
});

describe('Job', () => {
  const job = (spec: object): Loose => ({ spec: { template: { spec: { ...POD_SPEC, restartPolicy: 'Never' } }, ...spec } });
  const codes = (operator: string, values: readonly number[], more: object = {}): object => ({ podFailurePolicy: { rules: [{ action: 'FailJob', onExitCodes: { operator, values, ...more } }] } });
  const RULE = 'spec.podFailurePolicy.rules[0]';
  it.each([
    ['exit codes out of order, twice and zero', codes('In', [0, 5, 3, 3]), [`${RULE}.onExitCodes.values[0]: Invalid value: 0: must not be 0 for the In operator`, `${RULE}.onExitCodes.values[3]: Duplicate value: 3`, `${RULE}.onExitCodes.values: Invalid value: [0,5,3,3]: must be ordered`]],
    ['zero where it is not meant', codes('NotIn', [0]), []],
    ['another container', codes('In', [1], { containerName: 'x' }), [`${RULE}.onExitCodes.containerName: Invalid value: "x": must be one of the container or initContainer names in the pod template`]],
    ['no codes and no operator', codes('', []), [`${RULE}.onExitCodes.operator: Required value: valid values: ["In" "NotIn"]`, `${RULE}.onExitCodes.values: Invalid value: []: at least one value is required`]],
    ['a rule about nothing', { podFailurePolicy: { rules: [{ action: 'Ignore' }] } }, [`${RULE}: Invalid value: specifying one of OnExitCodes and OnPodConditions is required`]],
    ['an action of indexes without their limit', { podFailurePolicy: { rules: [{ action: 'FailIndex', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] }] } }, [`${RULE}.action: Invalid value: "FailIndex": requires the backoffLimitPerIndex to be set`]],
    ['replaced pods under a failure policy', { ...codes('In', [1]), podReplacementPolicy: 'TerminatingOrFailed' }, ['spec.podReplacementPolicy: Unsupported value: "TerminatingOrFailed": supported values: "Failed"']],
    ['success without indexes', { successPolicy: { rules: [{ succeededCount: 1 }] } }, ['spec.successPolicy: Invalid value: {"rules":[{"succeededCount":1}]}: requires indexed completion mode']],
    ['limits per index without indexes', { backoffLimitPerIndex: 1 }, ['spec.backoffLimitPerIndex: Invalid value: 1: requires indexed completion mode']],
    ['a manager without domain', { managedBy: 'me' }, ['spec.managedBy: Invalid value: "me": must be a domain-prefixed path (such as "acme.io/foo")']],
  ] as const)('should tell of %s', (_, spec, expected) => {
    expect(createErrors(jobKind, job(spec)).filter((text) => !/^spec\.(selector|template)/.test(text))).toEqual(expected);
  });
  it.each([
    ['0-2,4', 4, []],
    ['0-9', 1, ['error parsing succeededIndexes: too large index: "9"']],
    ['2,1', 1, ['error parsing succeededIndexes: non-increasing order, previous: 2, current: 1']],
    ['1-2-3', 1, ["error parsing succeededIndexes: the fragment \"1-2-3\" violates the requirement that an index interval can have at most two parts separated by '-'"]],
    ['x', 1, ['error parsing succeededIndexes: cannot convert string to integer for index: "x"']],
    ['0-1', 3, ['must be less than or equal to 2 (the number of indexes in the specified succeededIndexes field)']],
  ] as const)('should read the indexes %s of a success policy', (succeededIndexes, succeededCount, expected) => {
    const errors = createErrors(jobKind, job({ completionMode: 'Indexed', completions: 5, successPolicy: { rules: [{ succeededIndexes, succeededCount }] } }));
    expect(errors.filter((text) => text.startsWith('spec.successPolicy')).map((text) => text.replace(/^.*?: Invalid value: (?:"(?:[^"]*)"|\d+): /, '')).slice(0, 1)).toEqual(expected);
  });
  it('should keep a failure policy to pods that are not restarted', () => {
    expect(createErrors(jobKind, { spec: { ...codes('In', [1]), template: { spec: { ...POD_SPEC, restartPolicy: 'OnFailure' } } } })).toContain('spec.template.spec.restartPolicy: Invalid value: "OnFailure": only "Never" is supported when podFailurePolicy is specified');
  });
  it('should select its own pods', () => {
    const job = jobKind.prepareForCreate?.(prepared(jobKind, { spec: { template: { spec: POD_SPEC } } }), CONTEXT) as KubeObject;
    expect(job['spec'].selector).toEqual({ matchLabels: { 'batch.kubernetes.io/controller-uid': 'u' } });
    expect(jobKind.canonicalize?.(job).metadata.labels).toEqual({ 'batch.kubernetes.io/controller-uid': 'u', 'batch.kubernetes.io/job-name': 'a', 'controller-uid': 'u', 'job-name': 'a' });
  });
});

describe('cron schedules', () => {
  it.each([
    ['* * * * *', undefined], ['*/5 0-6,12 1 jan mon-fri', undefined], ['@hourly', undefined], ['@every 1h30m', undefined],
    ['x', 'expected exactly 5 fields, found 1: [x]'], ['60 * * * *', 'end of range (60) above maximum (59): 60'], ['5-1 * * * *', 'beginning of range (5) beyond end of range (1): 5-1'],
    ['a * * * *', 'failed to parse int from a: strconv.Atoi: parsing "a": invalid syntax'], ['@never', 'unrecognized descriptor: @never'],
  ])('should read %j', (schedule, error) => {
    expect(cronScheduleError(schedule)).toBe(error);
  });
  it.each([['UTC', undefined], ['Europe/Berlin', undefined], ['Mars/Olympus', 'unknown time zone Mars/Olympus'], ['', 'timeZone must be nil or non-empty string']])('should know the zone %j', (zone, error) => {
    expect(timeZoneError(zone)).toBe(error);
  });
});
