import { describe, expect, it } from 'vitest';
import { fieldErrorMessage, type FieldError } from '../src/field-error.ts';
import { podKind } from '../src/kinds/core/pod.ts';
import { qosClass } from '../src/kinds/core/qos-class.ts';
import type { KubeObject } from '../src/request.ts';
import type { Pod } from '../src/generated/types.ts';

type Loose = Record<string, unknown>;

const CONTEXT = { now: 0, time: '1970-01-01T00:00:00Z', profile: { kubernetes: '1.37', featureGates: {} } } as const;
const texts = (errors: readonly FieldError[] | undefined): readonly string[] => (errors ?? []).map(fieldErrorMessage);

function pod(spec: Loose = {}, rest: Loose = {}): KubeObject {
  const sent = { apiVersion: 'v1', kind: 'Pod', ...rest, metadata: { name: 'a', namespace: 'n', ...(rest['metadata'] as Loose | undefined) }, spec: { containers: [{ name: 'c', image: 'x' }], ...spec } };
  return podKind.default?.(sent as KubeObject, CONTEXT) ?? (sent as KubeObject);
}

const created = (object: KubeObject): readonly string[] => texts(podKind.validateCreate?.(object, CONTEXT));

function subresource(name: 'status' | 'resize' | 'ephemeralcontainers', sent: KubeObject, old: KubeObject): { readonly object: KubeObject; readonly errors: readonly string[] } {
  const strategy = podKind.subresources?.[name];
  if (typeof strategy !== 'object') throw new TypeError(`pods have no ${name}`);
  const object = strategy.prepareForUpdate?.(sent, old, CONTEXT) ?? sent;
  return { object, errors: texts(strategy.validateUpdate?.(object, old, { ...CONTEXT, old })) };
}

const SPECS: readonly (readonly [string, Loose, readonly string[]])[] = [
  ['a gate and a node', { nodeName: 'n1', schedulingGates: [{ name: 'g' }] }, ['spec.nodeName: Forbidden: cannot be set until all schedulingGates have been cleared']],
  ['a token without a service account', { volumes: [{ name: 'v', projected: { sources: [{ serviceAccountToken: { path: 'p' } }] } }] }, ['spec.volumes[0].projected.sources[0].serviceAccountToken: Forbidden: must not be specified when serviceAccountName is not set']],
  ['another port of the host on its network', { hostNetwork: true, containers: [{ name: 'c', image: 'x', ports: [{ containerPort: 80, hostPort: 81 }] }] }, ['spec.containers[0].ports[0].hostPort: Invalid value: 81: must match `containerPort` when `hostNetwork` is true']],
  ['users of its own on the network of the host', { hostUsers: false, hostNetwork: true }, ['spec.hostNetwork: Forbidden: when `pod.Spec.HostUsers` is false']],
  ['options of Windows on Linux', { os: { name: 'linux' }, containers: [{ name: 'c', image: 'x', securityContext: { windowsOptions: { hostProcess: false } } }] }, ['spec.containers[0].securityContext.windowsOptions: Forbidden: windows options cannot be set for a linux pod']],
  ['what Windows lacks', { os: { name: 'windows' }, hostPID: true, securityContext: { fsGroup: 1 } }, ['spec.hostPID: Forbidden: cannot be set for a windows pod', 'spec.securityContext.fsGroup: Forbidden: cannot be set for a windows pod']],
  ['a user of Windows', { securityContext: { windowsOptions: { runAsUserName: 'a\\b\\c' } } }, ['spec.securityContext.windowsOptions.runAsUserName: Invalid value: "a\\\\b\\\\c": runAsUserName cannot contain more than one backslash']],
  ['a process of the host off its network', { securityContext: { windowsOptions: { hostProcess: true } } }, ['spec.hostNetwork: Invalid value: false: hostNetwork must be true if pod contains any hostProcess containers']],
  ['a claim of nothing', { resourceClaims: [{ name: 'r' }] }, ['spec.resourceClaims[0]: Invalid value: {"Name":"r","ResourceClaimName":null,"ResourceClaimTemplateName":null}: must specify one of: `resourceClaimName`, `resourceClaimTemplateName`']],
  ['a claim that the pod lacks', { containers: [{ name: 'c', image: 'x', resources: { claims: [{ name: 'r' }] } }] }, ['spec.containers[0].resources.claims[0]: Not found: "r": must be one of the names in pod.spec.resourceClaims which is empty']],
  ['a pod that asks for less than its containers', { resources: { requests: { cpu: '1' } }, containers: [{ name: 'c', image: 'x', resources: { requests: { cpu: '2' } } }] }, ['spec.resources.requests[cpu]: Invalid value: "1": must be greater than or equal to aggregate container requests of 2']],
  ['a pod that asks for a disk as a whole', { resources: { limits: { 'ephemeral-storage': '1' } } }, ['spec.resources.limits[ephemeral-storage]: Unsupported value: "ephemeral-storage": supported values: "cpu", "hugepages-", "memory"']],
  ['huge pages by halves', { containers: [{ name: 'c', image: 'x', resources: { limits: { cpu: '1', 'hugepages-2Mi': '3Mi' } } }] }, ['spec.containers[0].resources.limits[hugepages-2Mi]: Invalid value: "3Mi": 3Mi is not positive integer multiple of hugepages-2Mi', 'spec.containers[0].resources.requests[hugepages-2Mi]: Invalid value: "3Mi": 3Mi is not positive integer multiple of hugepages-2Mi']],
  ['overhead below zero', { overhead: { cpu: '-1' } }, ['spec.overhead.limits[cpu]: Invalid value: "-1": must be greater than or equal to 0']],
  ['a host that is no name', { hostnameOverride: 'A_' }, [expect.stringContaining('spec.hostnameOverride: Invalid value: "A_": a lowercase RFC 1123 subdomain') as string]],
  ['a seccomp profile that leads up', { securityContext: { seccompProfile: { type: 'Localhost', localhostProfile: '../x' } } }, ["spec.securityContext.seccompProfile.localhostProfile: Invalid value: \"../x\": must not contain '..'"]],
  ['a parameter of the network of the host', { hostNetwork: true, securityContext: { sysctls: [{ name: 'net.core.somaxconn', value: '1' }] } }, ['spec.securityContext.sysctls[0].name: Invalid value: "net.core.somaxconn": may not be specified when \'hostNetwork\' is true']],
  ['a device of what is no disk', { volumes: [{ name: 'v', emptyDir: {} }], containers: [{ name: 'c', image: 'x', volumeDevices: [{ name: 'v', devicePath: '/d' }] }] }, ['spec.containers[0].volumeDevices[0].name: Invalid value: "v": can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode']],
  ['proc unmasked for users of the host', { containers: [{ name: 'c', image: 'x', securityContext: { procMount: 'Unmasked' } }] }, ['spec.containers[0].securityContext.procMount: Invalid value: "Unmasked": `hostUsers` must be false to use `Unmasked`']],
  ['restarts on resize of what never restarts', { restartPolicy: 'Never', containers: [{ name: 'c', image: 'x', resizePolicy: [{ resourceName: 'cpu', restartPolicy: 'RestartContainer' }] }] }, ["spec.containers[0].resizePolicy: Invalid value: \"RestartContainer\": must be 'NotRequired' when `restartPolicy` is 'Never'"]],
  ['a key that stands twice in affinity', { affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: 'z', labelSelector: { matchLabels: { a: 'b' } }, matchLabelKeys: ['a'] }] } } }, ['spec.affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].matchLabelKeys[0]: Invalid value: "a": exists in both matchLabelKeys and labelSelector']],
  ['an odd divisor', { containers: [{ name: 'c', image: 'x', env: [{ name: 'P', valueFrom: { resourceFieldRef: { resource: 'limits.cpu', divisor: '2' } } }] }] }, ['spec.containers[0].env[0].valueFrom.resourceFieldRef.divisor: Invalid value: "limits.cpu": only divisor\'s values 1m and 1 are supported with the cpu resource']],
];

const ANNOTATIONS: readonly (readonly [Loose, Loose, readonly string[]])[] = [
  [{ 'controller.kubernetes.io/pod-deletion-cost': '+1' }, {}, ['metadata.annotations[controller.kubernetes.io/pod-deletion-cost]: Invalid value: "+1": must be a 32bit integer']],
  [{ 'controller.kubernetes.io/pod-deletion-cost': '-10' }, {}, []],
  [{ 'kubernetes.io/config.mirror': 'x' }, {}, ['metadata.annotations[kubernetes.io/config.mirror]: Invalid value: "x": must set spec.nodeName if mirror pod annotation is set']],
  [{ 'seccomp.security.alpha.kubernetes.io/pod': 'odd' }, {}, ['metadata.annotations.seccomp.security.alpha.kubernetes.io/pod: Invalid value: "odd": must be a valid seccomp profile']],
  [{ 'container.apparmor.security.beta.kubernetes.io/d': 'odd' }, {}, ['metadata.annotations[container.apparmor.security.beta.kubernetes.io/d]: Invalid value: "d": container not found', 'metadata.annotations[container.apparmor.security.beta.kubernetes.io/d]: Invalid value: "odd": invalid AppArmor profile name: "odd"']],
  [{ 'container.apparmor.security.beta.kubernetes.io/c': 'unconfined' }, { securityContext: { appArmorProfile: { type: 'RuntimeDefault' } } }, ['spec.containers[0].securityContext.appArmorProfile.type: Forbidden: apparmor type in annotation and field must match']],
];

describe('rules of new pods', () => {
  it.each(SPECS)('should tell of %s', (_, spec, expected) => {
    expect(created(pod(spec))).toEqual(expected);
  });
  it.each(ANNOTATIONS)('should read the annotations %j', (annotations, spec, expected) => {
    expect(created(pod(spec, { metadata: { annotations } }))).toEqual(expected);
  });
  it('should fill in what a pod as a whole asks for', () => {
    const { spec } = pod({ resources: { limits: { cpu: '3', memory: '1Gi' } }, containers: [{ name: 'c', image: 'x', resources: { requests: { cpu: '1' } } }] }) as unknown as Pod;
    expect(spec.resources).toEqual({ limits: { cpu: '3', memory: '1Gi' }, requests: { cpu: '1', memory: '1Gi' } });
  });
  it('should serve a pod by its own resources before those of its containers', () => {
    expect(qosClass(pod({ resources: { limits: { cpu: '1', memory: '1' }, requests: { cpu: '1', memory: '1' } } }) as unknown as Pod)).toBe('Guaranteed');
    expect(qosClass(pod({ containers: [{ name: 'c', image: 'x', resources: { limits: { cpu: '0' }, requests: { cpu: '0' } } }] }) as unknown as Pod)).toBe('BestEffort');
  });
});

describe('rules of updates of pods', () => {
  it('should let a gated pod only be narrowed', () => {
    const old = pod({ schedulingGates: [{ name: 'g' }], nodeSelector: { a: 'b' } });
    expect(texts(podKind.validateUpdate?.(pod({ schedulingGates: [{ name: 'g' }], nodeSelector: { a: 'b', c: 'd' } }), old, CONTEXT))).toEqual([]);
    expect(texts(podKind.validateUpdate?.(pod({ schedulingGates: [{ name: 'g' }], nodeSelector: { a: 'c' } }), old, CONTEXT))).toEqual(['spec.nodeSelector: Invalid value: {"a":"c"}: only additions to spec.nodeSelector are allowed (no mutations or deletions)']);
  });
  it('should keep the annotation of a mirror', () => {
    const old = pod({ nodeName: 'n1' }, { metadata: { annotations: { 'kubernetes.io/config.mirror': 'x' } } });
    expect(texts(podKind.validateUpdate?.({ ...old, metadata: { ...old.metadata, annotations: {} } }, old, CONTEXT))).toEqual(['metadata.annotations[kubernetes.io/config.mirror]: Forbidden: may not remove or update mirror pod annotation']);
  });
});

describe('writes of the status of pods', () => {
  const old = pod({ restartPolicy: 'Never' }, { status: { phase: 'Running', qosClass: 'BestEffort', containerStatuses: [{ name: 'c', image: 'x', imageID: '', ready: false, restartCount: 0, state: { terminated: { exitCode: 0 } } }] } });
  const write = (status: Loose): { readonly object: KubeObject; readonly errors: readonly string[] } => subresource('status', { ...old, spec: { containers: [] }, status } as unknown as KubeObject, old);
  it.each<readonly [string, Loose, readonly string[]]>([
    ['a class of service', { qosClass: 'Guaranteed' }, ['status.qosClass: Invalid value: "Guaranteed": field is immutable']],
    ['a condition that is no name', { conditions: [{ type: 'a b', status: 'True' }] }, [expect.stringContaining('metadata.conditions[0].Type: Invalid value: "a b"') as string]],
    ['a container that ended and runs again', { containerStatuses: [{ name: 'c', state: { running: {} } }] }, ['status.containerStatuses[0].state: Forbidden: may not be transitioned to non-terminated state']],
    ['an address that is none', { podIP: 'x' }, [expect.stringContaining('status.podIPs[0]: Invalid value: "x": must be a valid IP address') as string]],
    ['two addresses of one family', { podIP: '1.1.1.1', podIPs: [{ ip: '1.1.1.1' }, { ip: '2.2.2.2' }] }, ['status.podIPs: Invalid value: [{"IP":"1.1.1.1"},{"IP":"2.2.2.2"}]: may specify no more than one IP for each IP family']],
    ['addresses of the host that differ', { hostIP: '1.1.1.1', hostIPs: [{ ip: '2.2.2.2' }] }, ['status.hostIPs[0].ip: Invalid value: "2.2.2.2": must be equal to `hostIP`']],
    ['a nominated node that is no name', { nominatedNodeName: 'N_' }, [expect.stringContaining('status.nominatedNodeName: Invalid value: "N_"') as string]],
    ['a claim that the pod lacks', { resourceClaimStatuses: [{ name: 'r' }] }, ['status.resourceClaimStatuses[0].name: Invalid value: "r": must match the name of an entry in `spec.resourceClaims`']],
  ])('should refuse %s', (_, status, expected) => {
    expect(write({ phase: 'Running', ...status }).errors).toEqual(expected);
  });
  it('should keep the spec and the class of service, and show one address twice', () => {
    const { object, errors } = write({ phase: 'Failed', podIP: '1.1.1.1' });
    expect(errors).toEqual([]);
    expect(object['spec']).toBe(old['spec']);
    expect(object['status']).toEqual({ phase: 'Failed', podIP: '1.1.1.1', podIPs: [{ ip: '1.1.1.1' }], qosClass: 'BestEffort' });
  });
});

describe('resizes of pods', () => {
  const of = (resources: Loose, rest: Loose = {}): KubeObject => pod({ containers: [{ name: 'c', image: 'x', resources }] }, rest);
  const old = of({ requests: { cpu: '1' }, limits: { cpu: '2' } }, { status: { phase: 'Running', qosClass: 'Burstable' } });
  it('should change cpu and memory', () => {
    expect(subresource('resize', of({ requests: { cpu: '1500m' }, limits: { cpu: '2' } }), old).errors).toEqual([]);
  });
  it('should refuse what a resize cannot do', () => {
    expect(subresource('resize', of({ requests: { cpu: '2', memory: '1' }, limits: { cpu: '2', memory: '1' } }), old).errors).toEqual(['spec: Invalid value: "Burstable": Pod QOS Class may not change as a result of resizing']);
    expect(subresource('resize', of({ requests: { cpu: '1' } }), old).errors).toEqual(['spec.containers[0].resources.limits: Forbidden: resource limits cannot be removed']);
    expect(subresource('resize', of({ requests: { cpu: '1', 'ephemeral-storage': '1' }, limits: { cpu: '2' } }), old).errors).toEqual(['spec: Forbidden: only cpu and memory resources are mutable']);
    const mirror = of({}, { metadata: { annotations: { 'kubernetes.io/config.mirror': 'x' } } });
    expect(subresource('resize', mirror, mirror).errors).toContain('[]: Forbidden: static pods cannot be resized');
  });
});

describe('ephemeral containers', () => {
  it('should stay as they were added', () => {
    const old = pod({ ephemeralContainers: [{ name: 'e', image: 'x' }] });
    expect(subresource('ephemeralcontainers', pod(), old).errors).toEqual(['spec.ephemeralContainers: Forbidden: existing ephemeral containers "e" may not be removed\n']);
    expect(subresource('ephemeralcontainers', pod({ ephemeralContainers: [{ name: 'e', image: 'y' }] }), old).errors[0]).toMatch(/^spec\.ephemeralContainers: Forbidden: existing ephemeral containers "e" may not be changed\n@@ /);
  });
  it('should take no ports and no resources', () => {
    expect(subresource('ephemeralcontainers', pod({ ephemeralContainers: [{ name: 'e', image: 'x', ports: [{ containerPort: 1 }], resources: { limits: { cpu: '1' } } }] }), pod()).errors).toEqual(['spec.ephemeralContainers[0].ports: Forbidden: cannot be set for an Ephemeral Container', 'spec.ephemeralContainers[0].resources: Forbidden: cannot be set for an Ephemeral Container']);
  });
});
