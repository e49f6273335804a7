// The cycle, its plugins and preemption.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { feasibleNodesToFind, interleaveZones, nodeInfo, PluginMisbehaved, type SchedulerPlugin } from '../src/index.ts';
import { aNode, aPod, asking, cycle, outcome, type Setting } from './cluster.ts';

const NOT_HELPFUL = ' preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.';
const NO_VICTIMS = ' preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod.';
const refused = (reasons: string, preemption: string): string => `0/1 nodes are available: ${reasons}.${preemption}`;
const web = { labels: { app: 'web' } };
const nearWeb = { labelSelector: { matchLabels: { app: 'web' } }, topologyKey: 'kubernetes.io/hostname' };
const onN = { nodeName: 'n' };
const required = (kind: string): Readonly<Record<string, unknown>> => ({ affinity: { [kind]: { requiredDuringSchedulingIgnoredDuringExecution: [nearWeb] } } });
const claimed = { volumes: [{ name: 'd', persistentVolumeClaim: { claimName: 'data' } }] };
const aClaim = (spec: object = {}, annotations: object = {}, more: object = {}): object =>
  ({ metadata: { name: 'data', namespace: 'default', uid: 'c', annotations, ...more }, spec: { accessModes: ['ReadWriteOnce'], storageClassName: 'late', resources: { requests: { storage: '1Gi' } }, ...spec } });
const late = { metadata: { name: 'late' }, provisioner: 'kubernetes.io/no-provisioner', volumeBindingMode: 'WaitForFirstConsumer' };
const aVolume = (spec: object = {}, labels: object = {}): object =>
  ({ metadata: { name: 'pv', labels }, spec: { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], storageClassName: 'late', ...spec }, status: { phase: 'Available' } });
const bound = aClaim({ volumeName: 'pv' }, { 'pv.kubernetes.io/bind-completed': 'yes' });
const volumes = (claim: object | undefined, volume?: object, storageClass: object = late): Setting['objects'] => ({
  persistentvolumeclaims: claim === undefined ? [] : [claim], persistentvolumes: volume === undefined ? [] : [volume], 'storageclasses.storage.k8s.io': [storageClass],
});
const elsewhere = { nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: ['m'] }] }] } } };
const spread = (more: object = {}): Readonly<Record<string, unknown>> => ({ topologySpreadConstraints: [{ maxSkew: 1, topologyKey: 'kubernetes.io/hostname', whenUnsatisfiable: 'DoNotSchedule', labelSelector: { matchLabels: { app: 'web' } }, ...more }] });
const port = (hostPort: number, more: object = {}): Readonly<Record<string, unknown>> => ({ containers: [{ name: 'c', image: 'i', ports: [{ containerPort: 80, hostPort, ...more }] }] });
const taint = { key: 'k', value: 'v', effect: 'NoSchedule' };

const cases: readonly (readonly [title: string, setting: Omit<Setting, 'nodes'> & { node?: ReturnType<typeof aNode> }, expected: string])[] = [
  ['[P1] should refuse a cordoned node', { node: aNode('n', { unschedulable: true }), pod: aPod('p') }, refused('1 node(s) were unschedulable', NOT_HELPFUL)],
  ['[P1] should take a cordoned node for a pod that tolerates it', { node: aNode('n', { unschedulable: true }), pod: aPod('p', { tolerations: [{ operator: 'Exists' }] }) }, 'n'],
  ['[P2] should refuse an untolerated taint', { node: aNode('n', { taints: [taint] }), pod: aPod('p') }, refused('1 node(s) had untolerated taint(s)', NOT_HELPFUL)],
  ['[P2] should name the taint in 1.34', { node: aNode('n', { taints: [taint] }), pod: aPod('p'), release: '1.34' }, refused('1 node(s) had untolerated taint {k: v}', NOT_HELPFUL)],
  ['[P2] should accept a taint tolerated by value', { node: aNode('n', { taints: [taint] }), pod: aPod('p', { tolerations: [{ key: 'k', value: 'v', effect: 'NoSchedule' }] }) }, 'n'],
  ['[P3] should refuse a node that nodeSelector excludes', { pod: aPod('p', { nodeSelector: { disk: 'ssd' } }) }, refused("1 node(s) didn't match Pod's node affinity/selector", NOT_HELPFUL)],
  ['[P3] should compare whole numbers with Gt', { node: aNode('n', {}, { labels: { gen: '10' } }), pod: aPod('p', { affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'gen', operator: 'Gt', values: ['9'] }] }] } } } }) }, 'n'],
  ['[P3] should limit the nodes by name', { pod: aPod('p', { affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['x'] }] }] } } } }) }, refused("1 node(s) didn't satisfy plugin(s) [NodeAffinity]", NOT_HELPFUL)],
  ['[P3] should refuse names that contradict each other', { pod: aPod('p', { affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchFields: ['x', 'y'].map((name) => ({ key: 'metadata.name', operator: 'In', values: [name] })) }] } } } }) }, '0/1 nodes are available: pod affinity terms conflict. not found'],
  ['[P4] should refuse a taken port', { pods: [aPod('old', { ...port(80), ...onN })], pod: aPod('p', port(80)) }, refused("1 node(s) didn't have free ports for the requested pod ports", NO_VICTIMS)],
  ['[P4] should tell addresses apart', { pods: [aPod('old', { ...port(80, { hostIP: '1.1.1.1' }), ...onN })], pod: aPod('p', port(80, { hostIP: '2.2.2.2' })) }, 'n'],
  ['[P4] should tell protocols apart', { pods: [aPod('old', { ...port(80, { protocol: 'UDP' }), ...onN })], pod: aPod('p', port(80)) }, 'n'],
  ['[P5] should tell every shortage', { node: aNode('n', {}, { allocatable: { cpu: '1', memory: '1Gi' } }), pods: [aPod('old', { ...asking('500m', '512Mi'), ...onN })], pod: aPod('p', asking('600m', '600Mi')) }, refused('1 Insufficient cpu, 1 Insufficient memory', NO_VICTIMS)],
  ['[P5] should give up where the node is too small', { node: aNode('n', {}, { allocatable: { cpu: '1' } }), pod: aPod('p', asking('2')) }, refused('1 Insufficient cpu', NOT_HELPFUL)],
  ['[P5] should count pods', { node: aNode('n', {}, { allocatable: { pods: '1' } }), pods: [aPod('old', onN)], pod: aPod('p') }, refused('1 Too many pods', NO_VICTIMS)],
  ['[P5] should place a pod without requests on an overcommitted node', { node: aNode('n', {}, { allocatable: { cpu: '1' } }), pods: [aPod('old', { ...asking('2'), ...onN })], pod: aPod('p') }, 'n'],
  ['[P6] should count sidecars with the main containers', { node: aNode('n', {}, { allocatable: { cpu: '1' } }), pod: aPod('p', { ...asking('600m'), initContainers: [{ name: 's', image: 'i', restartPolicy: 'Always', resources: { requests: { cpu: '600m' } } }] }) }, refused('1 Insufficient cpu', NOT_HELPFUL)],
  ['[P6] should count an init container only as a peak', { node: aNode('n', {}, { allocatable: { cpu: '1' } }), pod: aPod('p', { ...asking('600m'), initContainers: [{ name: 's', image: 'i', resources: { requests: { cpu: '900m' } } }] }) }, 'n'],
  ['[P9] should refuse too great a skew', { pods: [aPod('old', onN, web)], pod: aPod('p', spread({ minDomains: 2 }), web) }, refused("1 node(s) didn't match pod topology spread constraints", NO_VICTIMS)],
  ['[P9] should refuse a node without the key for good', { pod: aPod('p', spread({ topologyKey: 'zone' }), web) }, refused("1 node(s) didn't match pod topology spread constraints (missing required label)", NOT_HELPFUL)],
  ['[P9] should not count itself where its selector does not mean it', { pods: [aPod('old', onN, web)], pod: aPod('p', spread()) }, 'n'],
  ['[P10] should let the first of a group go anywhere', { pod: aPod('p', required('podAffinity'), web) }, 'n'],
  ['[P10] should refuse a node away from the pods it wants', { pod: aPod('p', required('podAffinity')) }, refused("1 node(s) didn't match pod affinity rules", NOT_HELPFUL)],
  ['[P10] should keep its distance', { pods: [aPod('old', onN, web)], pod: aPod('p', required('podAntiAffinity')) }, refused("1 node(s) didn't match pod anti-affinity rules", NO_VICTIMS)],
  ['[P10] should respect the distance others keep', { pods: [aPod('old', { ...required('podAntiAffinity'), ...onN })], pod: aPod('p', {}, web) }, refused("1 node(s) didn't satisfy existing pods anti-affinity rules", NO_VICTIMS)],
  ['[P10] should pass over existing affinity of another namespace', { pods: [aPod('old', { ...required('podAntiAffinity'), ...onN }, { namespace: 'other' })], pod: aPod('p', {}, web) }, 'n'],
  ['[P11] should refuse a pod whose claim is missing', { pod: aPod('p', claimed) }, '0/1 nodes are available: persistentvolumeclaim "data" not found. not found'],
  ['[P11] should refuse a pod whose claim goes', { pod: aPod('p', claimed), objects: volumes(aClaim({}, {}, { deletionTimestamp: 'x' })) }, '0/1 nodes are available: persistentvolumeclaim "data" is being deleted. not found'],
  ['[P11] should refuse unbound immediate claims', { pod: aPod('p', claimed), objects: volumes(aClaim(), undefined, { ...late, volumeBindingMode: 'Immediate' }) }, '0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims. not found'],
  ['[P11] should refuse a volume of another node', { pod: aPod('p', claimed), objects: volumes(bound, aVolume(elsewhere)) }, refused("1 node(s) didn't match PersistentVolume's node affinity", NOT_HELPFUL)],
  ['[P11] should miss a bound volume that is gone', { pod: aPod('p', claimed), objects: volumes(bound) }, refused('1 node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)', NOT_HELPFUL)],
  ['[P11] should find a static volume', { pod: aPod('p', claimed), objects: volumes(aClaim(), aVolume()) }, 'n'],
  ['[P11] should not find one that is too small', { pod: aPod('p', claimed), objects: volumes(aClaim(), aVolume({ capacity: { storage: '1Mi' } })) }, refused("1 node(s) didn't find available persistent volumes to bind", NOT_HELPFUL)],
  ['[P11] should count on a provisioner', { pod: aPod('p', claimed), objects: volumes(aClaim(), undefined, { ...late, provisioner: 'example.com/p' }) }, 'n'],
  ['[P11] should keep to the selected node', { pod: aPod('p', claimed), objects: volumes(aClaim({}, { 'volume.kubernetes.io/selected-node': 'm' }), aVolume()) }, refused("1 node(s) didn't find available persistent volumes to bind", NOT_HELPFUL)],
  ['[P12] should keep to the zone of a volume', { node: aNode('n', {}, { labels: { 'topology.kubernetes.io/zone': 'a' } }), pod: aPod('p', claimed), objects: volumes(bound, aVolume({}, { 'topology.kubernetes.io/zone': 'b' })) }, refused('1 node(s) had no available volume zone', NOT_HELPFUL)],
  ['[P12] should give a ReadWriteOncePod claim to one pod', { pods: [aPod('old', { ...claimed, ...onN })], pod: aPod('p', claimed), objects: volumes(aClaim({ accessModes: ['ReadWriteOncePod'], volumeName: 'pv' }, { 'pv.kubernetes.io/bind-completed': 'yes' }), aVolume()) }, refused('1 node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by another pod', NO_VICTIMS)],
  ['[P12] should not share an exclusive disk', { pods: [aPod('old', { volumes: [{ name: 'd', awsElasticBlockStore: { volumeID: 'x' } }], ...onN })], pod: aPod('p', { volumes: [{ name: 'd', awsElasticBlockStore: { volumeID: 'x' } }] }) }, refused('1 node(s) had no available disk', NO_VICTIMS)],
  ['[P12] should count the volumes of a driver', { pods: [], pod: aPod('p', claimed), objects: { ...volumes(bound, aVolume({ csi: { driver: 'd', volumeHandle: 'h' } })), 'csinodes.storage.k8s.io': [{ metadata: { name: 'n' }, spec: { drivers: [{ name: 'd', allocatable: { count: 0 } }] } }] } }, refused('1 node(s) exceed max volume count', NO_VICTIMS)],
  ['[M3] should say that a pod never preempts', { node: aNode('n', {}, { allocatable: { pods: '1' } }), pods: [aPod('old', onN)], pod: aPod('p', { priority: 5, preemptionPolicy: 'Never' }) }, refused('1 Too many pods', ' preemption: not eligible due to preemptionPolicy=Never.')],
  ['[M3] should say where it makes room', { node: aNode('n', {}, { allocatable: { pods: '1' } }), pods: [aPod('old', onN)], pod: aPod('p', { priority: 5 }) }, refused('1 Too many pods', ' preemption: found a potential placement for pod on node n, preempting 1 victims')],
  ['[M3] should add nothing for that in 1.36', { node: aNode('n', {}, { allocatable: { pods: '1' } }), pods: [aPod('old', onN)], pod: aPod('p', { priority: 5 }), release: '1.36' }, '0/1 nodes are available: 1 Too many pods.'],
];

describe('plugins', () => {
  for (const [title, { node = aNode('n'), ...setting }, expected] of cases) it(title, () => expect(outcome({ ...setting, nodes: [node] })).toBe(expected));
});

function scoresOf(setting: Setting): Readonly<Record<string, Readonly<Record<string, number>>>> {
  const result = cycle(setting);
  return result.kind === 'placed' ? result.scores().byPlugin : {};
}

describe('scores', () => {
  it('[P2] should prefer few PreferNoSchedule taints', () => {
    const byPlugin = scoresOf({ nodes: [aNode('a', { taints: [{ key: 'k', effect: 'PreferNoSchedule' }] }), aNode('b')], pod: aPod('p') });
    expect([byPlugin['a']?.['TaintToleration'], byPlugin['b']?.['TaintToleration']]).toEqual([0, 300]);
  });
  it('[P6] should score a container without requests as 100 m and 200 MiB', () => {
    const byPlugin = scoresOf({ nodes: [aNode('a', {}, { allocatable: { cpu: '1', memory: '400Mi' } }), aNode('b')], pod: aPod('p') });
    expect(byPlugin['a']?.['NodeResourcesFit']).toBe(70);
  });
  it('[P7] should score balance before and after', () => {
    const nodes = [aNode('a', {}, { allocatable: { cpu: '1', memory: '1Gi' } }), aNode('b')];
    const pod = aPod('p', asking('500m'));
    expect(scoresOf({ nodes, pod })['a']?.['NodeResourcesBalancedAllocation']).toBe(62);
    expect(scoresOf({ nodes, pod, release: '1.34' })['a']?.['NodeResourcesBalancedAllocation']).toBe(75);
  });
  it('[P8] should prefer nodes that hold the image', () => {
    const images = [{ names: ['nginx:1.25'], sizeBytes: 1000 * 1024 * 1024 }];
    const byPlugin = scoresOf({ nodes: [aNode('a', {}, { images }), aNode('b')], pod: aPod('p') });
    expect([byPlugin['a']?.['ImageLocality'], byPlugin['b']?.['ImageLocality']]).toEqual([48, 0]);
  });
  it('[P9] should count by difference what it counts anew', () => {
    const service = { services: [{ metadata: { name: 'web', namespace: 'default' }, spec: { selector: { app: 'web' } } }] };
    const made = new Map<string, ReturnType<typeof aPod>>();
    const nodes = ['a', 'b', 'c'].map((name) => aNode(name, {}, { labels: { 'topology.kubernetes.io/zone': name === 'c' ? 'two' : 'one' } }));
    const podOn = (number: number, version: number): ReturnType<typeof aPod> => {
      const key = `${number}/${version}`;
      const known = made.get(key);
      if (known !== undefined) return known;
      const pod = aPod(`old-${number}`, { nodeName: 'abc'[number % 3] }, { labels: { app: version === 0 ? 'other' : 'web' }, ...(version === 2 ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {}) });
      made.set(key, pod);
      return pod;
    };
    let differences = 0;
    fc.assert(fc.property(fc.array(fc.uniqueArray(fc.tuple(fc.nat(11), fc.nat(2)), { selector: ([number]) => number, maxLength: 12 }), { minLength: 2, maxLength: 6 }), (sequence) => {
      const memo = new Map<string, unknown>();
      const pod = aPod('p', {}, web);
      let before = '';
      for (const held of sequence) {
        const setting: Setting = { nodes, pods: held.map(([number, version]) => podOn(number, version)), pod, objects: service };
        const [kept, anew] = [cycle({ ...setting, memo }), cycle(setting)];
        if (kept.kind !== 'placed' || anew.kind !== 'placed') throw new Error('not placed');
        expect(kept.scores()).toEqual(anew.scores());
        const shown = JSON.stringify(anew.scores().total);
        if (before !== '' && shown !== before) differences++;
        before = shown;
      }
    }), { seed: 1, numRuns: 150 });
    expect(differences).toBeGreaterThan(50);
  });
  it('[P9] should spread the pods of a Service by default', () => {
    const objects = { services: [{ metadata: { name: 's', namespace: 'default' }, spec: { selector: { app: 'web' } } }] };
    const byPlugin = scoresOf({ nodes: [aNode('a'), aNode('b')], pods: [aPod('old', { nodeName: 'a' }, web)], pod: aPod('p', {}, web), objects });
    expect([byPlugin['a']?.['PodTopologySpread'], byPlugin['b']?.['PodTopologySpread']]).toEqual([132, 200]);
  });
  it('[P10] should prefer to be near what it likes', () => {
    const pod = aPod('p', { affinity: { podAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 10, podAffinityTerm: nearWeb }] } } });
    const byPlugin = scoresOf({ nodes: [aNode('a'), aNode('b')], pods: [aPod('old', { nodeName: 'b' }, web)], pod });
    expect([byPlugin['a']?.['InterPodAffinity'], byPlugin['b']?.['InterPodAffinity']]).toEqual([0, 200]);
  });
});

describe('cycle', () => {
  it('[C1] should let zones take turns', () => {
    const zoned = (name: string, zone: string): ReturnType<typeof nodeInfo> => nodeInfo(aNode(name, {}, { labels: { 'topology.kubernetes.io/zone': zone } }));
    expect(interleaveZones([zoned('a1', 'a'), zoned('a2', 'a'), zoned('b1', 'b')]).map(({ name }) => name)).toEqual(['a1', 'b1', 'a2']);
  });
  it('[C2] should stop with enough nodes and go on from there', () => {
    expect([feasibleNodesToFind(99), feasibleNodesToFind(100), feasibleNodesToFind(1000), feasibleNodesToFind(5000), feasibleNodesToFind(10_000), feasibleNodesToFind(1000, 20)])
      .toEqual([99, 100, 420, 500, 500, 200]);
    const nodes = Array.from({ length: 300 }, (_, index) => aNode(`n${index}`));
    const result = cycle({ nodes, pod: aPod('p'), startIndex: 250 });
    expect(result.nextStartIndex).toBe((250 + feasibleNodesToFind(300)) % 300);
  });
  it('[C3] should sort reasons as strings', () => {
    const nodes = [...Array.from({ length: 10 }, (_, index) => aNode(`a${index}`, { unschedulable: true })), aNode('b', { taints: [taint] }), aNode('c', { taints: [taint] })];
    expect(outcome({ nodes, pod: aPod('p') })).toContain('0/12 nodes are available: 10 node(s) were unschedulable, 2 node(s) had untolerated taint(s). preemption:');
  });
  it('[C4] should break ties by the draw', () => {
    const nodes = [aNode('a'), aNode('b'), aNode('c')];
    expect([0, 1, 2].map((draw) => outcome({ nodes, pod: aPod('p'), draw: () => draw }))).toEqual(['a', 'b', 'c']);
  });
  it('[C5] should try the nominated node first, and leave room for those nominated', () => {
    const nodes = [aNode('a'), aNode('b', {}, { allocatable: { cpu: '1' } })];
    expect(outcome({ nodes, pod: aPod('p', asking('800m'), {}, { nominatedNodeName: 'b' }) })).toBe('b');
    const nominated = new Map([['b', [aPod('vip', { ...asking('800m'), priority: 10 })]]]);
    expect(outcome({ nodes: nodes.slice(1), pod: aPod('p', asking('800m')), nominated })).toContain('1 Insufficient cpu');
    expect(outcome({ nodes: nodes.slice(1), pod: aPod('p', { ...asking('800m'), priority: 11 }), nominated })).toBe('b');
  });
  it('[C6] should name a plugin that answers nonsense', () => {
    const nodes = [aNode('a'), aNode('b')];
    const bad: readonly (readonly [SchedulerPlugin, string])[] = [
      [{ name: 'X', score: () => NaN }, 'plugin X answered null at Score'],
      [{ name: 'X', score: () => 0.5 }, 'plugin X answered 0.5 at Score'],
      [{ name: 'X', score: () => 101 }, 'plugin X answered 101 at NormalizeScore'],
      [{ name: 'X', filter: () => true as never }, 'plugin X answered true at Filter'],
      [{ name: 'X', filter: () => ({ code: 'No', reasons: [] }) as never }, 'plugin X answered {"code":"No","reasons":[]} at Filter'],
      [{ name: 'X', preFilter: () => 3 as never }, 'plugin X answered 3 at PreFilter'],
    ];
    for (const [plugin, message] of bad) {
      expect(() => cycle({ nodes, pod: aPod('p'), plugins: [plugin] })).toThrow(PluginMisbehaved);
      expect(() => cycle({ nodes, pod: aPod('p'), plugins: [plugin] })).toThrow(message);
    }
  });
});

describe('preemption', () => {
  const small = (name: string): ReturnType<typeof aNode> => aNode(name, {}, { allocatable: { cpu: '1' } });
  const victimsOf = (setting: Setting): readonly unknown[] => {
    const result = cycle(setting);
    return result.kind === 'unschedulable' ? [result.preemption.nodeName, ...result.preemption.victims.map((victim) => victim.metadata?.name)] : [];
  };
  const old = (name: string, nodeName: string, cpu: string, priority: number, startTime = '2026-01-01T00:00:00Z', labels = {}): ReturnType<typeof aPod> =>
    aPod(name, { ...asking(cpu), nodeName, priority }, { labels }, { startTime });

  it('[M1] should spare the more important pods', () => {
    const pods = [old('low', 'n', '500m', 1), old('mid', 'n', '500m', 5)];
    expect(victimsOf({ nodes: [small('n')], pods, pod: aPod('p', { ...asking('500m'), priority: 10 }) })).toEqual(['n', 'low']);
  });
  it('[M1] should spare the longer running of equal pods', () => {
    const pods = [old('young', 'n', '500m', 1, '2026-01-02T00:00:00Z'), old('elder', 'n', '500m', 1)];
    expect(victimsOf({ nodes: [small('n')], pods, pod: aPod('p', { ...asking('500m'), priority: 10 }) })).toEqual(['n', 'young']);
  });
  it('[M1] should take a budget with an empty selector for none', () => {
    const pods = [old('young', 'n', '500m', 1, '2026-01-02T00:00:00Z', { app: 'web' }), old('elder', 'n', '500m', 1)];
    const budget = { metadata: { name: 'b', namespace: 'default' }, spec: { selector: {} }, status: { disruptionsAllowed: 0 } };
    expect(victimsOf({ nodes: [small('n')], pods, pod: aPod('p', { ...asking('500m'), priority: 10 }), objects: { 'poddisruptionbudgets.policy': [budget] } })).toEqual(['n', 'young']);
  });

  it('[P9] should count no pod for an empty spread selector', () => {
    const spread = { topologySpreadConstraints: [{ maxSkew: 1, topologyKey: 'kubernetes.io/hostname', whenUnsatisfiable: 'DoNotSchedule', labelSelector: {} }] };
    const pods = ['a', 'b', 'c'].map((name) => aPod(name, { nodeName: 'n' }, { labels: { app: 'web' } }));
    const nodes = [aNode('n'), aNode('m', { unschedulable: true })];
    expect(outcome({ nodes, pods, pod: aPod('p', spread, { labels: { app: 'web' } }) })).toBe('n');
  });

  it('[P12] should not take the old zone label of a node for the new one of a volume', () => {
    const at = (labels: Readonly<Record<string, string>>, volumeLabels: Readonly<Record<string, string>>): string => outcome({
      nodes: [aNode('n', {}, { labels })], pod: aPod('p', { volumes: [{ name: 'd', persistentVolumeClaim: { claimName: 'c' } }] }),
      objects: {
        persistentvolumeclaims: [{ metadata: { name: 'c', namespace: 'default', annotations: { 'pv.kubernetes.io/bind-completed': 'yes' } }, spec: { volumeName: 'v' }, status: { phase: 'Bound' } }],
        persistentvolumes: [{ metadata: { name: 'v', labels: volumeLabels }, spec: {} }],
      },
    });
    const [old, current] = [{ 'failure-domain.beta.kubernetes.io/zone': 'a' }, { 'topology.kubernetes.io/zone': 'a' }];
    expect(at(current, old)).toBe('n');
    expect(at(old, current)).toContain('node(s) had no available volume zone');
  });

  it('[M1] should spare what a budget protects', () => {
    const pods = [old('kept', 'n', '500m', 1, '2026-01-02T00:00:00Z', { app: 'web' }), old('taken', 'n', '500m', 1)];
    const budget = { metadata: { name: 'b', namespace: 'default' }, spec: { selector: { matchLabels: { app: 'web' } } }, status: { disruptionsAllowed: 0 } };
    expect(victimsOf({ nodes: [small('n')], pods, pod: aPod('p', { ...asking('500m'), priority: 10 }), objects: { 'poddisruptionbudgets.policy': [budget] } })).toEqual(['n', 'taken']);
  });
  it('[M2] should take the node where least is lost', () => {
    const pod = aPod('p', { ...asking('1'), priority: 10 });
    const nodes = [small('a'), small('b')];
    expect(victimsOf({ nodes, pods: [old('x', 'a', '1', 5), old('y', 'b', '1', 4)], pod })).toEqual(['b', 'y']);
    expect(victimsOf({ nodes, pods: [old('x', 'a', '500m', 4), old('z', 'a', '500m', 4), old('y', 'b', '1', 4)], pod })).toEqual(['b', 'y']);
    expect(victimsOf({ nodes, pods: [old('x', 'a', '1', 4), old('y', 'b', '1', 4, '2026-01-02T00:00:00Z')], pod })).toEqual(['b', 'y']);
  });
});
