import { describe, expect, it } from 'vitest';
import { deepFreeze } from '../src/edit.ts';
import { fieldErrorMessage } from '../src/field-error.ts';
import { fieldPath } from '../src/field-path.ts';
import type { PodSpec } from '../src/generated/types.ts';
import { defaultPodSpec } from '../src/kinds/core/pod-spec/defaults.ts';
import { validatePodSpec } from '../src/kinds/core/pod-spec/validate.ts';

const LABEL = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const KEY = "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";

type Loose = Record<string, unknown>;

function errorsOf(spec: Loose): readonly string[] {
  return validatePodSpec(defaultPodSpec({ containers: [{ name: 'c', image: 'nginx:1.27' }], ...spec } as unknown as PodSpec), fieldPath('spec')).map(fieldErrorMessage);
}

function errorsOfContainer(container: Loose, spec: Loose = {}): readonly string[] {
  return errorsOf({ containers: [{ name: 'c', image: 'nginx:1.27', ...container }], ...spec }).map((text) => text.replaceAll('spec.containers[0]', 'c'));
}

const CONTAINERS: readonly (readonly [string, Loose, readonly string[]])[] = [
  ['nothing wrong', {}, []],
  ['no name', { name: '' }, ['c.name: Required value']],
  ['a bad name', { name: 'C' }, [`c.name: Invalid value: "C": ${LABEL}`]],
  ['a name with dots', { name: 'a.b' }, ['c.name: Invalid value: "a.b": must not contain dots']],
  ['no image', { image: '' }, ['c.image: Required value']],
  ['port 0', { ports: [{ containerPort: 0 }] }, ['c.ports[0].containerPort: Required value']],
  ['a port too high', { ports: [{ containerPort: 70_000 }] }, ['c.ports[0].containerPort: Invalid value: 70000: must be between 1 and 65535, inclusive']],
  ['two ports of a name', { ports: [{ containerPort: 80, name: 'web' }, { containerPort: 81, name: 'web' }] }, ['c.ports[1].name: Duplicate value: "web"']],
  ['an unknown protocol', { ports: [{ containerPort: 80, protocol: 'ICMP' }] }, ['c.ports[0].protocol: Unsupported value: "ICMP": supported values: "SCTP", "TCP", "UDP"']],
  ['a host port twice', { ports: [{ containerPort: 80, hostPort: 80 }, { containerPort: 81, hostPort: 80 }] }, ['c.ports[1].hostPort: Duplicate value: "TCP//80"']],
  ['a port name without letters', { ports: [{ containerPort: 80, name: '80' }] }, ['c.ports[0].name: Invalid value: "80": must contain at least one letter (a-z)']],
  ['a pull policy', { imagePullPolicy: 'Maybe' }, ['c.imagePullPolicy: Unsupported value: "Maybe": supported values: "Always", "IfNotPresent", "Never"']],
  ['a variable without name', { env: [{ name: '', value: '1' }] }, ['c.env[0].name: Required value']],
  ['a variable from two places', { env: [{ name: 'P', value: 'x', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }] }, ['c.env[0].valueFrom: Invalid value: "": may not be specified when `value` is not empty']],
  ['an unknown field', { env: [{ name: 'P', valueFrom: { fieldRef: { fieldPath: 'metadata.bogus' } } }] }, ['c.env[0].valueFrom.fieldRef.fieldPath: Invalid value: "metadata.bogus": error converting fieldPath: field label not supported: metadata.bogus']],
  ['a field that variables may not show', { env: [{ name: 'P', valueFrom: { fieldRef: { fieldPath: 'status.phase' } } }] }, ['c.env[0].valueFrom.fieldRef.fieldPath: Unsupported value: "status.phase": supported values: "metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName", "status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs"']],
  ['a mount of nothing', { volumeMounts: [{ name: 'nope', mountPath: '/d' }] }, ['c.volumeMounts[0].name: Not found: "nope"']],
  ['more asked for than allowed', { resources: { requests: { cpu: '2' }, limits: { cpu: '1' } } }, ['c.resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1']],
  ['a device without limit', { resources: { requests: { 'example.com/gpu': '1' } } }, ['c.resources.limits: Required value: Limit must be set for non overcommitable resources']],
  ['a resource of no kind', { resources: { limits: { thing: '1' } } }, ['c.resources.limits[thing]: Invalid value: "thing": must be a standard resource type or fully qualified', 'c.resources.limits[thing]: Invalid value: "thing": must be a standard resource for containers']],
  ['a probe of nothing', { readinessProbe: {} }, ['c.readinessProbe: Required value: must specify a handler type']],
  ['a probe of two sorts', { readinessProbe: { httpGet: { port: 80 }, tcpSocket: { port: 80 } } }, ['c.readinessProbe.tcpSocket: Forbidden: may not specify more than 1 handler type']],
  ['a probe without command', { readinessProbe: { exec: { command: [] } } }, ['c.readinessProbe.exec.command: Required value']],
  ['a negative threshold', { readinessProbe: { exec: { command: ['true'] }, failureThreshold: -1 } }, ['c.readinessProbe.failureThreshold: Invalid value: -1: must be greater than or equal to 0']],
  ['liveness that must succeed twice', { livenessProbe: { exec: { command: ['true'] }, successThreshold: 2 } }, ['c.livenessProbe.successThreshold: Invalid value: 2: must be 1']],
  ['a stop that sleeps too long', { lifecycle: { preStop: { sleep: { seconds: 500 } } } }, ['c.lifecycle.preStop.sleep: Invalid value: 500: must be non-negative and less than terminationGracePeriodSeconds (30)']],
  ['huge pages alone', { resources: { limits: { 'hugepages-2Mi': '2Mi' }, requests: { 'hugepages-2Mi': '2Mi' } } }, ['c.resources: Forbidden: HugePages require cpu or memory']],
  ['an AppArmor profile of no kind', { securityContext: { appArmorProfile: { type: 'X' } } }, ['c.securityContext.appArmorProfile.type: Unsupported value: "X": supported values: "Localhost", "RuntimeDefault", "Unconfined"']],
  ['an AppArmor profile of the node without path', { securityContext: { appArmorProfile: { type: 'Localhost' } } }, ['c.securityContext.appArmorProfile.localhostProfile: Required value: must be set when AppArmor type is Localhost']],
  ['an AppArmor profile with a path for nothing', { securityContext: { appArmorProfile: { type: 'Unconfined', localhostProfile: 'p' } } }, ['c.securityContext.appArmorProfile.localhostProfile: Invalid value: "p": can only be set when AppArmor type is Localhost']],
  ['a user below zero', { securityContext: { runAsUser: -1 } }, ['c.securityContext.runAsUser: Invalid value: -1: must be between 0 and 2147483647, inclusive']],
];

const SPECS: readonly (readonly [string, Loose, readonly string[]])[] = [
  ['an AppArmor profile with spaces', { securityContext: { appArmorProfile: { type: 'Localhost', localhostProfile: ' p' } } }, ['spec.securityContext.appArmorProfile.localhostProfile: Invalid value: " p": must not be padded with whitespace']],
  ['a way to relabel', { securityContext: { seLinuxChangePolicy: 'X' } }, ['spec.securityContext.seLinuxChangePolicy: Unsupported value: "X": supported values: "MountOption", "Recursive"']],
  ['a mount that is read-only below alone', { volumes: [{ name: 'v', emptyDir: {} }], containers: [{ name: 'c', image: 'x', volumeMounts: [{ name: 'v', mountPath: '/d', recursiveReadOnly: 'Enabled' }] }] }, ['spec.containers[0].volumeMounts.recursiveReadOnly: Forbidden: may only be specified when readOnly is true']],
  ['a mount that is read-only below in no known way', { volumes: [{ name: 'v', emptyDir: {} }], containers: [{ name: 'c', image: 'x', volumeMounts: [{ name: 'v', mountPath: '/d', recursiveReadOnly: 'X' }] }] }, ['spec.containers[0].volumeMounts.recursiveReadOnly: Unsupported value: "X": supported values: "Disabled", "Enabled", "IfPossible"']],
  ['no containers', { containers: [] }, ['spec.containers: Required value']],
  ['a restart policy', { restartPolicy: 'X' }, ['spec.restartPolicy: Unsupported value: "X": supported values: "Always", "OnFailure", "Never"']],
  ['a DNS policy', { dnsPolicy: 'Odd' }, ['spec.dnsPolicy: Unsupported value: "Odd": supported values: "ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"']],
  ['DNS without config', { dnsPolicy: 'None' }, ['spec.dnsConfig: Required value: must provide `dnsConfig` when `dnsPolicy` is None']],
  ['a node selector', { nodeSelector: { '-': 'b' } }, [`spec.nodeSelector: Invalid value: "-": ${KEY}`]],
  ['a deadline', { activeDeadlineSeconds: -1 }, ['spec.activeDeadlineSeconds: Invalid value: -1: must be between 1 and 2147483647, inclusive']],
  ['an init container of a taken name', { initContainers: [{ name: 'c', image: 'x' }] }, ['spec.initContainers[0].name: Duplicate value: "c"']],
  ['an init container that is probed', { initContainers: [{ name: 'i', image: 'x', readinessProbe: { exec: { command: ['a'] } } }] }, ['spec.initContainers[0].readinessProbe: Forbidden: may not be set for init containers without restartPolicy=Always']],
  ['two sources of a volume', { volumes: [{ name: 'v', emptyDir: {}, hostPath: { path: '/x' } }] }, ['spec.volumes[0].hostPath: Forbidden: may not specify more than 1 volume type']],
  ['a host path of an unknown type', { volumes: [{ name: 'v', hostPath: { path: '/x', type: 'Odd' } }] }, ['spec.volumes[0].hostPath.type: Unsupported value: "Odd": supported values: "", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket"']],
  ['a toleration with a value for any', { tolerations: [{ key: 'a', operator: 'Exists', value: 'x' }] }, ['spec.tolerations[0].operator: Invalid value: "x": value must be empty when `operator` is \'Exists\'']],
  ['an unknown effect', { tolerations: [{ key: 'a', effect: 'Bogus' }] }, ['spec.tolerations[0].effect: Unsupported value: "Bogus": supported values: "NoSchedule", "PreferNoSchedule", "NoExecute"']],
  ['no skew', { topologySpreadConstraints: [{ maxSkew: 0, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule' }] }, ['spec.topologySpreadConstraints[0].maxSkew: Invalid value: 0: must be greater than zero']],
  ['affinity to no term', { affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [] } } } }, ['spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms: Required value: must have at least one node selector term']],
  ['anti-affinity without topology', { affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: '' }] } } }, [
    'spec.affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].topologyKey: Required value: can not be empty',
    'spec.affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].topologyKey: Invalid value: "": name part must be non-empty',
    `spec.affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].topologyKey: Invalid value: "": ${KEY}`,
  ]],
  ['a gate twice', { schedulingGates: [{ name: 'x' }, { name: 'x' }] }, ['spec.schedulingGates[1]: Duplicate value: "x"']],
  ['a bad gate condition', { readinessGates: [{ conditionType: '-' }] }, [`spec.readinessGates[0].conditionType: Invalid value: "-": ${KEY}`]],
  ['an unknown system', { os: { name: 'dos' } }, ['spec.os: Unsupported value: "dos": supported values: "linux", "windows"']],
  ['several at once, in order', { containers: [{ name: 'c', image: '' }], volumes: [{ name: 'V', emptyDir: {} }], dnsPolicy: 'Odd' }, [
    `spec.volumes[0].name: Invalid value: "V": ${LABEL}`, 'spec.containers[0].image: Required value', 'spec.dnsPolicy: Unsupported value: "Odd": supported values: "ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"',
  ]],
];

describe('validatePodSpec', () => {
  it.each(CONTAINERS)('should tell of a container with %s', (_, container, expected) => {
    expect(errorsOfContainer(container)).toEqual(expected);
  });
  it.each(SPECS)('should tell of a pod with %s', (_, spec, expected) => {
    expect(errorsOf(spec)).toEqual(expected);
  });
  it('should tell of paths within a volume', () => {
    const spec = { volumes: [{ name: 'data', emptyDir: {} }] };
    expect(errorsOfContainer({ volumeMounts: [{ name: 'data', mountPath: '/d' }, { name: 'data', mountPath: '/d' }] }, spec)).toEqual(['c.volumeMounts[1].mountPath: Invalid value: "/d": must be unique']);
    expect(errorsOfContainer({ volumeMounts: [{ name: 'data', mountPath: '/d', subPath: '../x' }] }, spec)).toEqual(["c.volumeMounts.subPath: Invalid value: \"../x\": must not contain '..'"]);
  });
  it('should tell of a bad frozen spec under each path that it stands at', () => {
    const frozen = Object.freeze(defaultPodSpec({ containers: [{ name: 'C', image: 'x' }] } as PodSpec));
    expect(validatePodSpec(frozen, fieldPath('spec')).map(({ field }) => field)).toEqual(['spec.containers[0].name']);
    expect(validatePodSpec(frozen, fieldPath('spec', 'template', 'spec')).map(({ field }) => field)).toEqual(['spec.template.spec.containers[0].name']);
  });
  it('should tell of what a spec has for itself, though one of the same template was good', () => {
    const good = deepFreeze(defaultPodSpec(deepFreeze({ containers: [{ name: 'c', image: 'x', volumeMounts: [{ name: 'v', mountPath: '/v' }] }], volumes: [{ name: 'v', emptyDir: {} }], hostname: 'a' } as unknown as PodSpec)));
    const fieldsOf = (own: Partial<PodSpec>): readonly string[] => validatePodSpec(deepFreeze({ ...good, ...own }), fieldPath('spec')).map(({ field }) => field);
    expect(validatePodSpec(good, fieldPath('spec'))).toEqual([]);
    expect(fieldsOf({ hostname: 'b' })).toEqual([]);
    expect(fieldsOf({ hostname: 'B', subdomain: 'b.c', nodeName: '-' })).toEqual(['spec.nodeName', 'spec.hostname', 'spec.subdomain']);
    expect(fieldsOf({ volumes: [] })).toEqual(['spec.containers[0].volumeMounts[0].name']);
    expect(fieldsOf({ restartPolicy: 'Sometimes' })).toEqual(['spec.restartPolicy']);
    expect(fieldsOf({ activeDeadlineSeconds: 0 })).toEqual(['spec.activeDeadlineSeconds']);
  });
});

const PULL_POLICIES: readonly (readonly [string, string])[] = [
  ['nginx', 'Always'], ['nginx:latest', 'Always'], ['nginx:1.27', 'IfNotPresent'], ['host:5000/nginx', 'Always'], ['host:5000/a/nginx:2', 'IfNotPresent'], [' x', 'IfNotPresent'], ['Upper', 'IfNotPresent'],
  [`a@sha256:${'0'.repeat(64)}`, 'IfNotPresent'],
];

describe('defaultPodSpec', () => {
  it.each(PULL_POLICIES)('should pull %j by the policy %s', (image, policy) => {
    expect(defaultPodSpec({ containers: [{ name: 'c', image }] } as PodSpec).containers[0]?.imagePullPolicy).toBe(policy);
  });
  it('should keep a spec that has its defaults', () => {
    const spec = defaultPodSpec({ containers: [{ name: 'c', image: 'x', readinessProbe: { httpGet: { port: 80 } } }], volumes: [{ name: 'v' }] } as PodSpec);
    expect(defaultPodSpec(spec)).toBe(spec);
  });
});
