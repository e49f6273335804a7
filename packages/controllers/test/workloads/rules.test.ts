// Rules of the workload controllers, one line a case.
import type { PodTemplateSpec, CronJob, Deployment, Pod, ReplicaSet } from '@kubesim/api';
import { describe, expect, it } from 'vitest';
import { dueRun, nextRunInMs } from '../../src/cron-job/due.ts';
import { nextAfter, parseSchedule, type Schedule } from '../../src/cron-job/schedule.ts';
import { fixedOffset } from '../../src/cron-job/time-zone.ts';
import { lastRevision, maxRevision, newSetAnnotations } from '../../src/deployment/annotations.ts';
import { setsToDelete } from '../../src/deployment/cleanup.ts';
import { maxSurge, maxUnavailable } from '../../src/deployment/fenceposts.ts';
import { proportionalSizes } from '../../src/deployment/scale.ts';
import { computeHash, equalIgnoreHash } from '../../src/deployment/template.ts';
import { formatIndexes, parseIndexes } from '../../src/job/indexes.ts';
import { matchFailurePolicy } from '../../src/job/pod-failure-policy.ts';
import { podsToDelete } from '../../src/replica-set/deletion-ranking.ts';

function deployment(replicas: number, surge: number | string, unavailable: number | string, more: object = {}): Deployment {
  return { metadata: { name: 'd' }, spec: { replicas, strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: surge, maxUnavailable: unavailable } }, ...more } } as unknown as Deployment;
}

function set(name: string, replicas: number, more: { max?: number; revision?: number; at?: string; status?: number } = {}): ReplicaSet {
  const annotations = { 'deployment.kubernetes.io/max-replicas': String(more.max ?? 0), 'deployment.kubernetes.io/revision': String(more.revision ?? 1) };
  return { metadata: { name, creationTimestamp: more.at ?? '2026-01-01T00:00:00Z', annotations }, spec: { replicas }, status: { replicas: more.status ?? 0 } } as unknown as ReplicaSet;
}

describe('fenceposts', () => {
  it.each([
    [10, '25%', '25%', 3, 2], [1, '25%', '25%', 1, 0], [10, 0, 0, 0, 1], [2, '100%', '100%', 2, 2], [3, 1, 5, 1, 3], [0, '25%', '25%', 0, 0],
  ])('%i pods, surge %s, unavailable %s: %i and %i', (replicas, surge, unavailable, wantedSurge, wantedUnavailable) => {
    expect([maxSurge(deployment(replicas, surge, unavailable)), maxUnavailable(deployment(replicas, surge, unavailable))]).toEqual([wantedSurge, wantedUnavailable]);
  });
});

describe('proportional scaling', () => {
  // From upstream's own cases: TestScale in pkg/controller/deployment/sync_test.go.
  it.each([
    ['up by a half', 15, [10, 5], 10, { a: 10, b: 5 }],
    ['up, equal sets, newer first', 12, [5, 5], 10, { a: 6, b: 6 }],
    ['down to nothing', 0, [5, 5], 10, { a: 0, b: 0 }],
    ['down by a half', 5, [5, 5], 10, { a: 2, b: 3 }],
    ['up twice', 20, [4, 6], 10, { a: 8, b: 12 }],
  ])('%s', (_title, desired, [a = 0, b = 0], max, wanted) => {
    const sets = [set('a', a, { max, at: '2026-01-01T00:00:00Z' }), set('b', b, { max, at: '2026-01-02T00:00:00Z' })];
    const sizes = proportionalSizes(deployment(desired, 0, 1), sets);
    expect(Object.fromEntries(sizes.map(({ set: one, size }) => [one.metadata.name, size]))).toEqual(wanted);
  });
});

describe('revisions', () => {
  const of = (revision: string): ReplicaSet => ({ metadata: { name: revision, annotations: { 'deployment.kubernetes.io/revision': revision } }, spec: {} }) as unknown as ReplicaSet;

  it('a revision above 2^53 that was adopted is counted on to the digit', () => {
    const sets = [of('3546343826724305832'), of('3546343826724305831'), of('7'), of('not-a-number'), of('9223372036854775808')];
    expect([maxRevision(sets), lastRevision(sets)]).toEqual([3546343826724305832n, 3546343826724305831n]);
    expect(newSetAnnotations(deployment(1, 1, 0), undefined, maxRevision(sets) + 1n)).toEqual({ 'deployment.kubernetes.io/revision': '3546343826724305833' });
  });
});

describe('history limit', () => {
  it.each([
    [2, [['a', 1, 0], ['b', 2, 0], ['c', 3, 0]], ['a']],
    [0, [['a', 1, 0], ['b', 2, 1]], ['a']],
    [1, [['a', 1, 1], ['b', 2, 0], ['c', 3, 0]], ['b']],
    [2147483647, [['a', 1, 0]], []],
  ] as const)('of %i', (limit, sets, deleted) => {
    const old = sets.map(([name, revision, status]) => set(name, 0, { revision, status }));
    expect(setsToDelete(deployment(1, 1, 1, { revisionHistoryLimit: limit }), old).map((one) => one.metadata.name)).toEqual(deleted);
  });
});

describe('template hash', () => {
  const template = { metadata: { labels: { app: 'a' } }, spec: { containers: [{ name: 'c', image: 'i' }] } };
  it('leaves out the hash label, the order of keys, and what is empty', () => {
    expect(equalIgnoreHash(template, { spec: { containers: [{ image: 'i', name: 'c', args: [] }] }, metadata: { labels: { 'pod-template-hash': 'x', app: 'a' }, annotations: {} } })).toBe(true);
    expect(equalIgnoreHash(template, { ...template, spec: { containers: [{ name: 'c', image: 'j' }] } })).toBe(false);
  });
  // The first two stand in recordings, the others were computed by upstream's code from random templates.
  it.each<readonly [string, unknown]>([
    ['86546c85dc', {metadata: {labels: {app: 'nginx'}}, spec: {containers: [{name: 'nginx', image: 'nginx:1.25', ports: [{name: 'web', containerPort: 80, protocol: 'TCP'}], resources: {}, terminationMessagePath: '/dev/termination-log', terminationMessagePolicy: 'File', imagePullPolicy: 'IfNotPresent'}], restartPolicy: 'Always', terminationGracePeriodSeconds: 1, dnsPolicy: 'ClusterFirst', securityContext: {}, schedulerName: 'default-scheduler'}}],
    ['776cd9c5cf', {metadata: {labels: {app: 'nginx'}}, spec: {containers: [{name: 'nginx', image: 'nginx:1.25', ports: [{name: 'web', containerPort: 80, protocol: 'TCP'}], resources: {}, terminationMessagePath: '/dev/termination-log', terminationMessagePolicy: 'File', imagePullPolicy: 'IfNotPresent'}], restartPolicy: 'Always', terminationGracePeriodSeconds: 1, dnsPolicy: 'ClusterFirst', securityContext: {}, schedulerName: 'default-scheduler', readinessGates: [{conditionType: 'example.com/ok'}]}}],
    ['6b645d8889', {spec: {activeDeadlineSeconds: 69, automountServiceAccountToken: false, dnsConfig: {nameservers: ['']}, dnsPolicy: 'a', hostAliases: [], hostNetwork: false, overhead: {k5: '12', k2: '500m'}, readinessGates: [{conditionType: 'héllo'}, {}], resourceClaims: [], resources: {claims: [{name: 'x y'}, {}], limits: {}}, restartPolicy: '', setHostnameAsFQDN: true, terminationGracePeriodSeconds: 55, topologySpreadConstraints: [{maxSkew: 22, minDomains: 61, whenUnsatisfiable: 'héllo'}, {maxSkew: 32, minDomains: 3}]}}],
    ['6548d4b888', {metadata: {deletionGracePeriodSeconds: 61, generateName: '', name: '', uid: 'héllo'}, spec: {affinity: {podAntiAffinity: {}}, dnsPolicy: 'a', hostIPC: true, hostPID: true, os: {name: 'a'}, preemptionPolicy: 'x y', priorityClassName: '', resourceClaims: [{}], runtimeClassName: 'x y', schedulingGates: [{}], schedulingGroup: {}, serviceAccount: '', serviceAccountName: 'x y', setHostnameAsFQDN: true, shareProcessNamespace: false, terminationGracePeriodSeconds: 50, volumes: [{awsElasticBlockStore: {readOnly: false}, flexVolume: {}, flocker: {}, gitRepo: {}, hostPath: {path: 'a'}, name: '', nfs: {}, photonPersistentDisk: {fsType: 'héllo'}, portworxVolume: {fsType: 'héllo', readOnly: false, volumeID: 'a'}, storageos: {fsType: 'a', volumeName: 'héllo'}}]}}],
    ['6b4b7645d4', {spec: {dnsConfig: {nameservers: ['x y', 'a']}, ephemeralContainers: [{envFrom: [{prefix: 'x y', secretRef: {}}, {configMapRef: {}, prefix: 'héllo'}], image: 'héllo', readinessProbe: {exec: {}, failureThreshold: 77, periodSeconds: 62, successThreshold: 6, tcpSocket: {}, timeoutSeconds: 49}, resizePolicy: [], restartPolicy: 'a', stdin: true, targetContainerName: '', terminationMessagePolicy: 'a', volumeMounts: [{mountPropagation: 'a', recursiveReadOnly: 'héllo', subPathExpr: 'x y'}]}], evictionResponders: [{priority: 5}], hostAliases: [], hostUsers: false, hostnameOverride: 'héllo', nodeName: 'x y', nodeSelector: {k2: 'héllo', k5: ''}, preemptionPolicy: '', resources: {limits: {}}, runtimeClassName: 'héllo', schedulingGates: [{name: 'héllo'}], serviceAccount: 'héllo', serviceAccountName: 'x y', subdomain: 'x y', terminationGracePeriodSeconds: 77, tolerations: []}}],
    ['d7bf8d656', {spec: {affinity: {nodeAffinity: {}}, containers: [{env: [{valueFrom: {}}, {}], lifecycle: {postStart: {exec: {}, httpGet: {}, sleep: {}, tcpSocket: {host: 'a'}}, preStop: {sleep: {}, tcpSocket: {}}}, stdin: true, stdinOnce: true, tty: false}], hostIPC: false, hostNetwork: true, hostUsers: true, hostnameOverride: '', initContainers: [{env: [{value: ''}, {value: 'x y'}], imagePullPolicy: 'a', name: '', readinessProbe: {exec: {}, failureThreshold: 66, httpGet: {port: 'web'}, tcpSocket: {port: 80}, terminationGracePeriodSeconds: 49}, resizePolicy: [{restartPolicy: 'héllo'}, {resourceName: ''}], resources: {limits: {k8: '100k'}}, stdinOnce: false, terminationMessagePath: 'a', volumeDevices: []}], preemptionPolicy: 'héllo', resources: {limits: {}}, serviceAccount: 'x y', subdomain: '', tolerations: [{operator: 'a'}]}}],
  ])('is %s as a real cluster has it', (hash, given) => {
    expect(computeHash(given as PodTemplateSpec)).toBe(hash);
  });
  it('is another one for each collision', () => {
    const hashes = [undefined, 0, 1, 2, 256].map((count) => computeHash(template, count));
    expect(new Set(hashes).size).toBe(5);
    for (const hash of hashes) expect(hash).toMatch(/^[bcdfghjklmnpqrstvwxz2456789]{1,10}$/);
  });
});

describe('deletion ranking', () => {
  const NOW = Date.parse('2026-01-10T00:00:00Z');
  const pod = (name: string, more: { node?: string; phase?: string; ready?: string; cost?: string; restarts?: number; created?: string } = {}): Pod => ({
    metadata: { name, uid: name, creationTimestamp: more.created ?? '2026-01-01T00:00:00Z', ...(more.cost === undefined ? {} : { annotations: { 'controller.kubernetes.io/pod-deletion-cost': more.cost } }) },
    spec: { nodeName: more.node ?? 'n', containers: [] },
    status: {
      phase: more.phase ?? 'Running', conditions: more.ready === 'no' ? [] : [{ type: 'Ready', status: 'True', lastTransitionTime: more.ready ?? '2026-01-02T00:00:00Z' }],
      containerStatuses: [{ name: 'c', restartCount: more.restarts ?? 0 }],
    },
  } as unknown as Pod);
  it.each([
    ['unassigned', pod('a', { node: '' }), pod('b', { phase: 'Pending', ready: 'no' })],
    ['pending', pod('b', { phase: 'Pending' }), pod('a', { ready: 'no' })],
    ['not ready', pod('b', { ready: 'no' }), pod('a', { cost: '-5' })],
    ['cheaper', pod('b', { cost: '-1' }), pod('a')],
    ['ready for less, by powers of two', pod('b', { ready: '2026-01-09T00:00:00Z' }), pod('a')],
    ['smaller uid within a power of two', pod('a'), pod('b', { ready: '2026-01-02T00:00:05Z' })],
    ['more restarts', pod('b', { restarts: 3 }), pod('a')],
    ['younger', pod('b', { created: '2026-01-09T12:00:00Z' }), pod('a')],
  ])('%s pods go first', (_title, goes, stays) => {
    expect(podsToDelete([stays, goes], [], 1, NOW)).toEqual([goes]);
    expect(podsToDelete([goes, stays], [], 1, NOW)).toEqual([goes]);
  });
  it('doubled-up pods go first', () => {
    const pods = [pod('a', { node: 'x' }), pod('b', { node: 'y' })];
    expect(podsToDelete(pods, [...pods, pod('c', { node: 'y' })], 1, NOW).map((one) => one.metadata.name)).toEqual(['b']);
  });
});

describe('schedules', () => {
  it.each([
    ['* * * * *', '2026-01-01T00:00:30Z', '2026-01-01T00:01:00Z'],
    ['*/15 * * * *', '2026-01-01T00:46:00Z', '2026-01-01T01:00:00Z'],
    ['20-35/15 * * * *', '2026-01-01T00:20:00Z', '2026-01-01T00:35:00Z'],
    ['5/20 * * * *', '2026-01-01T00:05:00Z', '2026-01-01T00:25:00Z'],
    ['0 0 29 2 *', '2026-01-01T00:00:00Z', '2028-02-29T00:00:00Z'],
    ['0 0 31 2 *', '2026-01-01T00:00:00Z', undefined],
    ['0 0 13 * fri', '2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z'],
    ['0 0 13 * *', '2026-01-01T00:00:00Z', '2026-01-13T00:00:00Z'],
    ['0 0 * jul mon', '2026-01-01T00:00:00Z', '2026-07-06T00:00:00Z'],
    ['@hourly', '2026-01-01T00:00:00Z', '2026-01-01T01:00:00Z'],
    ['@weekly', '2026-01-01T00:00:00Z', '2026-01-04T00:00:00Z'],
    ['@every 1h30m', '2026-01-01T00:00:00Z', '2026-01-01T01:30:00Z'],
  ])('%s after %s is %s', (text, after, next) => {
    const found = nextAfter(parseSchedule(text) as Schedule, Date.parse(after), () => 0);
    expect(found === undefined ? undefined : new Date(found).toISOString().replace('.000', '')).toBe(next);
  });
  it.each(['* * * *', '60 * * * *', '* * * * 8', '5-1 * * * *', '*/0 * * * *', '@never', 'x * * * *'])('%s is refused', (text) => {
    expect(typeof parseSchedule(text)).toBe('string');
  });
  it('goes by the clock of its zone', () => {
    const next = nextAfter(parseSchedule('0 9 * * *') as Schedule, Date.parse('2026-01-01T00:00:00Z'), fixedOffset('Etc/GMT+3') as () => number);
    expect(new Date(next ?? 0).toISOString()).toBe('2026-01-01T12:00:00.000Z');
    expect(fixedOffset('Mars/Olympus')).toBeUndefined();
  });
  it('passes over a local time that the clocks skip', () => {
    const forward = Date.parse('2026-03-29T01:00:00Z');
    const next = nextAfter(parseSchedule('30 2 * * *') as Schedule, forward - 3_600_000, (at) => (at < forward ? 3_600_000 : 7_200_000));
    expect(new Date(next ?? 0).toISOString()).toBe('2026-03-30T00:30:00.000Z');
  });
  it.each([
    ['10:00', undefined, undefined, undefined], ['10:00', undefined, '10:30', '10:00'], ['10:00', undefined, '13:10', '13:00'], ['10:00', '12:00', '13:10', '13:00'],
    ['10:00', '13:00', '13:10', undefined],
  ])('created at %s, last run %s, at %s due is %s', (created, last, now, due) => {
    const at = (time: string): string => `2026-01-01T${time}:00Z`;
    const cronJob = { metadata: { creationTimestamp: at(created).replace('00Z', '00Z') }, spec: {}, status: last === undefined ? {} : { lastScheduleTime: at(last) } } as unknown as CronJob;
    const found = dueRun({ ...cronJob, metadata: { ...cronJob.metadata, creationTimestamp: '2026-01-01T09:59:00Z' } }, parseSchedule('0 * * * *') as Schedule, () => 0, Date.parse(now === undefined ? '2026-01-01T09:59:30Z' : at(now)));
    expect(found.at).toBe(due === undefined ? undefined : Date.parse(at(due)));
    expect(nextRunInMs(cronJob, parseSchedule('0 * * * *') as Schedule, () => 0, Date.parse(at(now ?? '10:00')))).toBeGreaterThan(0);
  });
});

describe('indexes', () => {
  it.each([['1,3-5,7', [1, 3, 4, 5, 7]], ['0,1', [0, 1]], ['', []], ['0-9', [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]]])('%s', (text, indexes) => {
    expect([...parseIndexes(text, 10)]).toEqual(indexes);
    expect(formatIndexes(indexes)).toBe(text);
  });
});

describe('pod failure policy', () => {
  const failed = { metadata: { name: 'p', namespace: 'ns' }, status: { phase: 'Failed', conditions: [{ type: 'DisruptionTarget', status: 'True' }], containerStatuses: [{ name: 'c', state: { terminated: { exitCode: 42 } } }] } } as unknown as Pod;
  it.each([
    [{ action: 'FailJob', onExitCodes: { operator: 'In', values: [42] } }, { action: 'FailJob', message: 'Container c for pod ns/p failed with exit code 42 matching FailJob rule at index 0' }],
    [{ action: 'Ignore', onExitCodes: { operator: 'NotIn', values: [42] } }, { action: 'Count' }],
    [{ action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget' }] }, { action: 'Ignore' }],
    [{ action: 'FailIndex', onExitCodes: { containerName: 'other', operator: 'In', values: [42] } }, { action: 'Count' }],
  ])('%j', (rule, verdict) => {
    expect(matchFailurePolicy({ rules: [rule] }, failed)).toEqual(verdict);
  });
});
