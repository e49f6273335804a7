import { describe, expect, it } from 'vitest';
import type { KindDefinition } from '../src/kind.ts';
import { deploymentKind } from '../src/kinds/apps/deployment.ts';
import { replicaSetKind } from '../src/kinds/apps/replica-set.ts';
import { statefulSetKind } from '../src/kinds/apps/stateful-set.ts';
import { cronJobKind } from '../src/kinds/batch/cron-job.ts';
import { jobKind } from '../src/kinds/batch/job.ts';
import { persistentVolumeClaimKind } from '../src/kinds/core/persistent-volume-claim.ts';
import { persistentVolumeKind } from '../src/kinds/core/persistent-volume.ts';
import { podKind } from '../src/kinds/core/pod.ts';
import { serviceKind } from '../src/kinds/core/service.ts';
import { storageClassKind } from '../src/kinds/storage/storage-class.ts';
import type { KubeObject } from '../src/request.ts';

const CONTEXT = { now: 0, time: '1970-01-01T00:00:00Z', profile: { kubernetes: '1.37', featureGates: {} } } as const;

type Loose = Record<string, unknown>;

function objectOf(content: Loose): KubeObject {
  return { ...content, metadata: { name: 'a', ...(content['metadata'] as Loose | undefined) } } as unknown as KubeObject;
}

function warningsOf(kind: KindDefinition, content: Loose, old?: Loose): readonly string[] {
  return kind.warnings?.(objectOf(content), old === undefined ? undefined : objectOf(old), CONTEXT) ?? [];
}

const container = (fields: Loose): Loose => ({ containers: [{ name: 'c', image: 'x', ...fields }] });
const HIDDEN = 'hides previous definition of "A", which may be dropped when using apply';
const NULL_SELECTOR = 'a null labelSelector results in matching no pod';

const PODS: readonly (readonly [string, Loose, readonly string[]])[] = [
  ['nothing to say', container({}), []],
  ['a variable twice', container({ env: [{ name: 'A', value: '1' }, { name: 'A', value: '2' }] }), [`spec.containers[0].env[1]: ${HIDDEN}`]],
  ['a variable that adds to itself', container({ env: [{ name: 'A', value: '1' }, { name: 'A', value: '$(A)2' }] }), []],
  ['a variable that is itself', container({ env: [{ name: 'A', value: '1' }, { name: 'A', value: '$(A)' }] }), [`spec.containers[0].env[1]: ${HIDDEN}`]],
  ['a variable that a field hides', container({ env: [{ name: 'A', value: '1' }, { name: 'A', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }] }), [`spec.containers[0].env[1]: ${HIDDEN}`]],
  ['a port twice', container({ ports: [{ containerPort: 80, protocol: 'TCP' }, { containerPort: 80, protocol: 'TCP' }] }), ['spec.containers[0].ports[1]: duplicate port definition with spec.containers[0].ports[0]']],
  ['a port of two protocols', container({ ports: [{ containerPort: 80, protocol: 'TCP' }, { containerPort: 80, protocol: 'UDP' }] }), []],
  ['a port with and without host port', container({ ports: [{ containerPort: 80, protocol: 'TCP' }, { containerPort: 80, hostPort: 80, protocol: 'TCP' }] }), ['spec.containers[0].ports[1]: overlapping port definition with spec.containers[0].ports[0]']],
  ['a host port on one address and on all', container({ ports: [{ containerPort: 80, hostPort: 80, protocol: 'TCP' }, { containerPort: 80, hostPort: 80, hostIP: '1.2.3.4', protocol: 'TCP' }] }), ['spec.containers[0].ports[1]: dangerously ambiguous port definition with spec.containers[0].ports[0]']],
  ['an address without host port', container({ ports: [{ containerPort: 80, hostIP: '1.2.3.4', protocol: 'TCP' }] }), ['spec.containers[0].ports[0]: hostIP set without hostPort: {Name: HostPort:0 ContainerPort:80 Protocol:TCP HostIP:1.2.3.4}']],
  ['a port name in two containers', { containers: [{ name: 'c', ports: [{ containerPort: 80, name: 'web' }] }, { name: 'd', ports: [{ containerPort: 81, name: 'web' }] }] }, [
    'spec.containers[1].ports[0]: duplicate port name "web" with spec.containers[0].ports[0], services and probes that select ports by name will use spec.containers[0].ports[0]',
  ]],
  ['init containers first', { ...container({ env: [{ name: 'A' }, { name: 'A' }] }), initContainers: [{ name: 'i', env: [{ name: 'A' }, { name: 'A' }] }] }, [`spec.initContainers[0].env[1]: ${HIDDEN}`, `spec.containers[0].env[1]: ${HIDDEN}`]],
  ['a part of a byte', container({ resources: { requests: { memory: '1500m', cpu: '100m' } } }), ['spec.containers[0].resources.requests[memory]: fractional byte value "1500m" is invalid, must be an integer']],
  ['negative grace', { ...container({}), terminationGracePeriodSeconds: -1 }, ['spec.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1']],
  ['a spread of no pods', { ...container({}), topologySpreadConstraints: [{ maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule' }] }, [`spec.topologySpreadConstraints[0].labelSelector: ${NULL_SELECTOR}`]],
  ['affinity to no pods', { ...container({}), affinity: { podAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, podAffinityTerm: { topologyKey: 'z' } }] }, podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: 'z' }] } } }, [
    `spec.affinity.podAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].podAffinityTerm.labelSelector: ${NULL_SELECTOR}`, `spec.affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].labelSelector: ${NULL_SELECTOR}`,
  ]],
  ['an old label of nodes', { ...container({}), nodeSelector: { 'beta.kubernetes.io/os': 'linux' } }, ['spec.nodeSelector[beta.kubernetes.io/os]: deprecated since v1.14; use "kubernetes.io/os" instead']],
  ['an alias twice', { ...container({}), hostAliases: [{ ip: '1.1.1.1' }, { ip: '1.1.1.1' }] }, ['spec.hostAliases[1].ip: duplicate ip "1.1.1.1"']],
  ['a pull secret twice', { ...container({}), imagePullSecrets: [{ name: 's' }, { name: 's' }] }, ['spec.imagePullSecrets[1].name: duplicate name "s"']],
  ['an old volume', { ...container({}), volumes: [{ name: 'v', gitRepo: { repository: 'r' } }] }, ['spec.volumes[0].gitRepo: deprecated in v1.11, and disabled by default in v1.33+']],
  ['files that overlap', { ...container({}), volumes: [{ name: 'v', configMap: { name: 'm', items: [{ key: 'a', path: 'd' }, { key: 'b', path: 'd/e' }] } }] }, ['volume "v" (ConfigMap "m"): overlapping paths: "d/e" with "d"']],
  ['files of two sources', { ...container({}), volumes: [{ name: 'v', projected: { sources: [{ secret: { name: 's', items: [{ key: 'a', path: 'f' }] } }, { serviceAccountToken: { path: 'f' } }] } }] }, ['volume "v" (Projected): overlapping paths: "f" (ServiceAccountToken) with "f" (Secret "s")']],
];

describe('warnings', () => {
  it.each(PODS)('of a pod: %s', (_, spec, expected) => {
    expect(warningsOf(podKind, { spec })).toEqual(expected);
  });

  it('of a pod whose name is no label, and none of an update', () => {
    const pod = { metadata: { name: 'a.b' }, spec: container({}) };
    expect(warningsOf(podKind, pod)).toEqual(["metadata.name: this is used in the Pod's hostname, which can result in surprising behavior; a DNS label is recommended: [must not contain dots]"]);
    expect(warningsOf(podKind, pod, pod)).toEqual([]);
  });

  it('of templates: new ones, and when the generation rises', () => {
    const spec = { template: { metadata: { annotations: { 'container.apparmor.security.beta.kubernetes.io/c': 'x' } }, spec: container({ env: [{ name: 'A' }, { name: 'A' }] }) } };
    const texts = ['spec.template.metadata.annotations[container.apparmor.security.beta.kubernetes.io/c]: deprecated since v1.30; use the "appArmorProfile" field instead', `spec.template.spec.containers[0].env[1]: ${HIDDEN}`];
    for (const kind of [deploymentKind, replicaSetKind, statefulSetKind, jobKind]) {
      expect(warningsOf(kind, { spec })).toEqual(texts);
      expect(warningsOf(kind, { spec }, { spec })).toEqual([]);
      expect(warningsOf(kind, { spec: { ...spec, replicas: 2 } }, { spec })).toEqual(texts);
    }
    expect(warningsOf(deploymentKind, { metadata: { annotations: { a: 'b' } }, spec }, { spec })).toEqual(texts);
    expect(warningsOf(cronJobKind, { spec: { jobTemplate: { spec } } })).toEqual(texts.map((text) => text.replace('spec.template', 'spec.jobTemplate.spec.template')));
  });

  it('of names that pods take over', () => {
    const text = 'metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is recommended: [must not contain dots]';
    for (const kind of [deploymentKind, replicaSetKind, jobKind]) expect(warningsOf(kind, { metadata: { name: 'a.b' }, spec: { template: {} } })).toEqual([text]);
  });

  it('of claims and volumes', () => {
    const claim = { resources: { requests: { storage: '1500m' } } };
    const text = 'resources.requests[storage]: fractional byte value "1500m" is invalid, must be an integer';
    expect(warningsOf(persistentVolumeClaimKind, { spec: claim })).toEqual([`spec.${text}`]);
    const set = { template: {}, volumeClaimTemplates: [{ spec: claim }] };
    expect(warningsOf(statefulSetKind, { spec: set })).toEqual([`spec.volumeClaimTemplates[0].${text}`]);
    expect(warningsOf(statefulSetKind, { spec: set }, { spec: set })).toEqual([`spec.volumeClaimTemplates[0].Spec.${text}`]);
    expect(warningsOf(persistentVolumeKind, { spec: { rbd: {}, nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'beta.kubernetes.io/arch' }] }] } } } })).toEqual([
      'spec.nodeAffinity.required.nodeSelectorTerms[0].matchExpressions[0].key: beta.kubernetes.io/arch is deprecated since v1.14; use "kubernetes.io/arch" instead', 'spec.rbd: deprecated in v1.28, non-functional in v1.31+',
    ]);
    expect(warningsOf(storageClassKind, { allowedTopologies: [{ matchLabelExpressions: [{ key: 'failure-domain.beta.kubernetes.io/zone' }] }] })).toEqual(['allowedTopologies[0].matchLabelExpressions[0].key: deprecated since v1.17; use "topology.kubernetes.io/zone" instead']);
  });

  it('of services', () => {
    const headless = { type: 'ClusterIP', clusterIP: 'None', clusterIPs: ['None'], sessionAffinity: 'ClientIP', externalIPs: ['1.2.3.4'], loadBalancerIP: '1.2.3.4' };
    expect(warningsOf(serviceKind, { spec: headless })).toEqual(['spec.loadBalancerIP is ignored for headless services', 'spec.externalIPs is ignored for headless services', 'spec.SessionAffinity is ignored for headless services']);
    const external = { type: 'ClusterIP', clusterIP: '10.0.0.1', clusterIPs: ['10.0.0.1'], sessionAffinity: 'None', externalIPs: ['1.2.3.4'], loadBalancerSourceRanges: ['10.0.0.1/8'], trafficDistribution: 'PreferClose' };
    expect(warningsOf(serviceKind, { spec: external })).toEqual([
      'spec.externalIPs is deprecated and may no longer be implemented in some clusters', 'spec.loadBalancerSourceRanges[0]: CIDR value "10.0.0.1/8" is ambiguous in this context (should be "10.0.0.0/8" or "10.0.0.1/32"?)',
      'spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"',
    ]);
  });
});
