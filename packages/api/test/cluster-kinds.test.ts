// Rules of kinds that are not workloads: defaults, errors, what updates keep, what is given.
import { describe, expect, it } from 'vitest';
import { fieldErrorMessage, type FieldError } from '../src/field-error.ts';
import type { AllocationContext, KindDefinition, KindContext } from '../src/kind.ts';
import type { KubeObject } from '../src/request.ts';
import { configMapKind } from '../src/kinds/core/config-map.ts';
import { endpointsKind } from '../src/kinds/core/endpoints.ts';
import { limitRangeKind } from '../src/kinds/core/limit-range.ts';
import { namespaceKind } from '../src/kinds/core/namespace.ts';
import { nodeKind } from '../src/kinds/core/node.ts';
import { persistentVolumeClaimKind } from '../src/kinds/core/persistent-volume-claim.ts';
import { persistentVolumeKind } from '../src/kinds/core/persistent-volume.ts';
import { resourceQuotaKind } from '../src/kinds/core/resource-quota.ts';
import { secretKind } from '../src/kinds/core/secret.ts';
import { serviceKind } from '../src/kinds/core/service.ts';
import { endpointSliceKind } from '../src/kinds/discovery/endpoint-slice.ts';
import { storageClassKind } from '../src/kinds/storage/storage-class.ts';

const context: KindContext = { now: 0, time: '2026-01-02T03:04:05Z', profile: { kubernetes: '1.37', featureGates: {} } };

function make(kind: KindDefinition, fields: Readonly<Record<string, unknown>>): KubeObject {
  return { apiVersion: 'v1', kind: kind.kind, metadata: { name: 'a', namespace: 'ns' }, ...fields } as KubeObject;
}

function prepare(kind: KindDefinition, fields: Readonly<Record<string, unknown>>): KubeObject {
  const object = kind.default?.(make(kind, fields), context) ?? make(kind, fields);
  return kind.prepareForCreate?.(object, context) ?? object;
}

const texts = (errors: readonly FieldError[] | undefined): readonly string[] => (errors ?? []).map(fieldErrorMessage);

function errorsOf(kind: KindDefinition, fields: Readonly<Record<string, unknown>>): readonly string[] {
  return texts(kind.validateCreate?.(prepare(kind, fields), context));
}

function updateErrors(kind: KindDefinition, before: Readonly<Record<string, unknown>>, after: Readonly<Record<string, unknown>>): readonly string[] {
  const old = prepare(kind, before);
  const sent = kind.default?.(make(kind, { status: old['status'] as unknown, ...after }), context) ?? make(kind, after);
  const object = kind.prepareForUpdate?.(sent, old, context) ?? sent;
  return texts(kind.validateUpdate?.(object, old, context));
}

const CLAIM = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } };
const SUBDOMAIN = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const PORT = { port: 80, protocol: 'TCP' };

describe('errors of a create', () => {
  it.each<[string, KindDefinition, Readonly<Record<string, unknown>>, readonly string[]]>([
    ['a key in both parts of a ConfigMap', configMapKind, { data: { k: 'v' }, binaryData: { k: 'dg==' } }, ['data[k]: Invalid value: "k": duplicate of key present in binaryData']],
    ['a ConfigMap that is too large', configMapKind, { data: { k: 'x'.repeat(1_048_577) } }, ['[]: Too long: may not be more than 1048576 bytes']],
    ['a TLS secret without its parts', secretKind, { type: 'kubernetes.io/tls' }, ['data[tls.crt]: Required value', 'data[tls.key]: Required value']],
    ['a basic-auth secret without either', secretKind, { type: 'kubernetes.io/basic-auth' }, ['data[username]: Required value', 'data[password]: Required value']],
    ['a secret for no account', secretKind, { type: 'kubernetes.io/service-account-token' }, ['metadata.annotations[kubernetes.io/service-account.name]: Required value']],
    ['ranges of a balancer on a service that is none', serviceKind, { metadata: { name: 'a', annotations: { 'service.beta.kubernetes.io/load-balancer-source-ranges': 'x' } }, spec: { ports: [PORT] } }, ["metadata.annotations[service.beta.kubernetes.io/load-balancer-source-ranges]: Forbidden: may only be used when `type` is 'LoadBalancer'", 'metadata.annotations[service.beta.kubernetes.io/load-balancer-source-ranges]: Invalid value: "x": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)']],
    ['attributes of a volume without a driver', persistentVolumeKind, { spec: { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], hostPath: { path: '/a' }, volumeAttributesClassName: '' } }, ['spec.volumeAttributesClassName: Required value: an empty string is disallowed', 'spec.csi: Required value: has to be specified when using volumeAttributesClassName']],
    ['a scope of pods for services', resourceQuotaKind, { spec: { hard: { services: '1' }, scopes: ['Terminating'] } }, ['spec.scopes: Invalid value: ["Terminating"]: unsupported scope applied to resource']],
    ['a scope that is not asked whether it exists', resourceQuotaKind, { spec: { scopeSelector: { matchExpressions: [{ scopeName: 'BestEffort', operator: 'In' }] } } }, ["spec.scopeSelector.matchExpressions.operator: Invalid value: \"In\": must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity", "spec.scopeSelector.matchExpressions.values: Required value: must be at least one value when `operator` is 'In' or 'NotIn' for scope selector"]],
    ['a namespace with an unqualified finalizer', namespaceKind, { spec: { finalizers: ['x'] } }, ['spec.finalizers: Invalid value: "x": name is neither a standard finalizer name nor is it fully qualified']],
    ['a service without ports', serviceKind, { spec: {} }, ['spec.ports: Required value']],
    ['a headless service without ports', serviceKind, { spec: { clusterIP: 'None' } }, []],
    ['a headless load balancer', serviceKind, { spec: { type: 'LoadBalancer', clusterIP: 'None', selector: { a: 'b' }, ports: [PORT] } }, ["spec.clusterIPs[0]: Invalid value: \"None\": may not be set to 'None' for LoadBalancer services"]],
    ['ports that say the same', serviceKind, { spec: { ports: [{ ...PORT, name: 'a' }, { ...PORT, name: 'a' }] } }, ['spec.ports[1].name: Duplicate value: "a"', 'spec.ports[1]: Duplicate value: {"protocol":"TCP","port":80}']],
    ['a second family', serviceKind, { spec: { ports: [PORT], ipFamilies: ['IPv6'] } }, ['spec.ipFamilies[0]: Invalid value: "IPv6": not configured on this cluster']],
    ['a claim that asks for nothing', persistentVolumeClaimKind, { spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '0' } } } }, ['spec.resources[storage]: Invalid value: "0": must be greater than zero']],
    ['a claim from no claim', persistentVolumeClaimKind, { spec: { ...CLAIM, dataSource: { kind: 'PersistentVolumeClaim', name: '' } } }, ['spec.dataSource.name: Required value', 'spec.dataSourceRef.name: Required value']],
    ['a claim from another namespace, said twice', persistentVolumeClaimKind, { spec: { ...CLAIM, dataSource: { kind: 'PersistentVolumeClaim', name: 'x' }, dataSourceRef: { kind: 'PersistentVolumeClaim', name: 'x', namespace: 'o' } } }, ['spec: Invalid value: {}: may not be specified when dataSourceRef.namespace is specified']],
    ['a claim with a class of attributes that is no name', persistentVolumeClaimKind, { spec: { ...CLAIM, volumeAttributesClassName: 'X_' } }, [`spec.volumeAttributesClassName: Invalid value: "X_": ${SUBDOMAIN}`]],
    ['a local volume anywhere', persistentVolumeKind, { spec: { accessModes: ['ReadWriteOnce'], capacity: { storage: '1Gi' }, local: { path: '/x' } } }, ['spec.nodeAffinity: Required value: Local volume requires node affinity']],
    ['a volume of two kinds', persistentVolumeKind, { spec: { accessModes: ['ReadWriteOnce'], capacity: { storage: '1Gi' }, hostPath: { path: '/x' }, nfs: { server: 's', path: '/x' } } }, ['spec.nfs: Forbidden: may not specify more than 1 volume type']],
    ['two equal taints', nodeKind, { spec: { taints: [{ key: 'k', effect: 'NoSchedule' }, { key: 'k', effect: 'NoSchedule' }] } }, ['metadata.taints[1]: Duplicate value: {"key":"k","effect":"NoSchedule"}: taints must be unique by key and effect pair']],
    ['a quota of half a pod', resourceQuotaKind, { spec: { hard: { pods: '500m' } } }, ['spec.hard[pods]: Invalid value: "500m": must be an integer']],
    ['a quota of something else', resourceQuotaKind, { spec: { hard: { storage: '1' } } }, ['spec.hard[storage]: Invalid value: "storage": must be a standard resource for quota']],
    ['limits upside down', limitRangeKind, { spec: { limits: [{ type: 'Pod', min: { cpu: '2' }, max: { cpu: '1' } }] } }, ['spec.limits[0].min[cpu]: Invalid value: "2": min value 2 is greater than max value 1']],
    ['defaults for pods', limitRangeKind, { spec: { limits: [{ type: 'Pod', default: { cpu: '1' } }] } }, ["spec.limits[0].default: Forbidden: may not be specified when `type` is 'Pod'"]],
    ['an address of the other family', endpointSliceKind, { addressType: 'IPv6', endpoints: [{ addresses: ['10.0.0.1'] }] }, ['endpoints[0].addresses: Invalid value: "10.0.0.1": must be an IPv6 address']],
    ['a loopback endpoint', endpointSliceKind, { addressType: 'IPv4', endpoints: [{ addresses: ['127.0.0.1'] }] }, ['endpoints[0].addresses[0]: Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)']],
    ['a class without provisioner', storageClassKind, {}, ['provisioner: Required value']],
  ])('should find %s', (_, kind, fields, expected) => {
    expect(errorsOf(kind, fields)).toEqual(expected);
  });
});

describe('errors of an update', () => {
  it.each<[string, KindDefinition, Readonly<Record<string, unknown>>, Readonly<Record<string, unknown>>, readonly string[]]>([
    ['data of an immutable ConfigMap', configMapKind, { data: { k: 'v' }, immutable: true }, { data: { k: 'w' }, immutable: true }, ['data: Forbidden: field is immutable when `immutable` is set']],
    ['the external ID of a node', nodeKind, { spec: { externalID: 'x' } }, { spec: { externalID: 'y' } }, ['spec.externalID: Forbidden: may not be updated']],
    ['the class that an annotation of a claim names', persistentVolumeClaimKind, { spec: CLAIM }, { metadata: { name: 'a', annotations: { 'volume.beta.kubernetes.io/storage-class': 'x' } }, spec: CLAIM }, ['metadata.annotations.volume.beta.kubernetes.io/storage-class: Invalid value: "x": field is immutable']],
    ['the type of a secret', secretKind, { type: 'Opaque' }, { type: 'x/y' }, ['type: Invalid value: null: field is immutable']],
    ['the provisioner of a class', storageClassKind, { provisioner: 'a' }, { provisioner: 'b' }, ['provisioner: Invalid value: null: field is immutable']],
    ['the scopes of a quota', resourceQuotaKind, { spec: { scopes: ['Terminating'] } }, { spec: { scopes: [] } }, ['spec.scopes: Invalid value: []: field is immutable']],
    ['the address of a service', serviceKind, { spec: { clusterIP: '10.96.0.9', ports: [PORT] } }, { spec: { clusterIP: '10.96.0.8', ports: [PORT] } }, ['spec.clusterIPs[0]: Invalid value: ["10.96.0.8"]: may not change once set']],
  ])('should find a change of %s', (_, kind, before, after, expected) => {
    expect(updateErrors(kind, before, after)).toEqual(expected);
  });
  it('should not look at an address type that may not change', () => {
    const old = make(endpointSliceKind, { addressType: 'IPv4' });
    expect(texts(endpointSliceKind.validateCreate?.(make(endpointSliceKind, { addressType: 'X' }), { ...context, old }))).toEqual(['addressType: Invalid value: null: field is immutable']);
    expect(errorsOf(endpointSliceKind, { addressType: 'X', endpoints: [{ addresses: [] }] })).toEqual(['addressType: Unsupported value: "X": supported values: "FQDN", "IPv4", "IPv6"', 'endpoints[0].addresses: Required value: must contain at least 1 address']);
  });
  it('should let a bound claim grow and nothing else', () => {
    const spec = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, volumeName: 'v', storageClassName: 's' };
    const old = { ...prepare(persistentVolumeClaimKind, { spec }), status: { phase: 'Bound', capacity: { storage: '1Gi' } } } as unknown as KubeObject;
    const change = (fields: object): readonly string[] => texts(persistentVolumeClaimKind.validateUpdate?.({ ...old, spec: { ...old['spec'], ...fields } } as KubeObject, old, context)).map((text) => text.split('\n')[0] as string);
    expect(change({ resources: { requests: { storage: '2Gi' } } })).toEqual([]);
    expect(change({ resources: { requests: { storage: '500Mi' } } })).toEqual(['spec.resources.requests.storage: Forbidden: field can not be less than status.capacity']);
    expect(change({ volumeName: 'w' })).toEqual(['spec: Forbidden: spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims']);
  });
});

describe('defaults', () => {
  it('should fill limits of containers from the maximum and the minimum', () => {
    const made = prepare(limitRangeKind, { spec: { limits: [{ type: 'Container', max: { cpu: '2' }, min: { memory: '1Mi' } }] } });
    expect(made['spec'].limits[0]).toEqual({ type: 'Container', max: { cpu: '2' }, min: { memory: '1Mi' }, default: { cpu: '2' }, defaultRequest: { cpu: '2', memory: '1Mi' } });
  });
  it('should fold stringData of a secret into data', () => {
    expect(prepare(secretKind, { stringData: { k: 'v' }, data: { o: 'eA==' } })).toMatchObject({ type: 'Opaque', data: { k: 'dg==', o: 'eA==' } });
    expect(prepare(secretKind, { stringData: { k: 'v' } })).not.toHaveProperty('stringData');
  });
  it('should keep the two spellings of a pod CIDR alike', () => {
    expect(prepare(nodeKind, { spec: { podCIDR: '10.0.0.0/24' } })['spec'].podCIDRs).toEqual(['10.0.0.0/24']);
    expect(prepare(nodeKind, { spec: { podCIDRs: ['10.0.0.0/24'] } })['spec'].podCIDR).toBe('10.0.0.0/24');
  });
});

describe('what a service is given', () => {
  const allocation = (services: readonly KubeObject[], drawn = 7): AllocationContext => ({ ...context, dryRun: false, draw: () => drawn, store: { get: () => undefined, list: () => services } });
  const allocate = (fields: object, services: readonly KubeObject[] = []): KubeObject | readonly FieldError[] => serviceKind.allocate?.(prepare(serviceKind, { spec: { ports: [PORT], ...fields } }), undefined, allocation(services)) as KubeObject | readonly FieldError[];
  const other = (spec: object): KubeObject => ({ metadata: { name: 'other', namespace: 'ns' }, spec });

  it('should derive an address and step past one that is taken', () => {
    expect((allocate({}) as KubeObject)['spec']).toMatchObject({ clusterIP: '10.96.0.9', clusterIPs: ['10.96.0.9'] });
    expect((allocate({}, [other({ clusterIPs: ['10.96.0.9'] })]) as KubeObject)['spec'].clusterIP).toBe('10.96.0.10');
  });
  it('should share a node port between protocols of one port', () => {
    const { ports } = (allocate({ type: 'NodePort', ports: [{ ...PORT, name: 't' }, { ...PORT, name: 'u', protocol: 'UDP' }, { port: 81, protocol: 'TCP', name: 'v' }] }) as KubeObject)['spec'];
    expect(ports.map((port: { nodePort: number }) => port.nodePort)).toEqual([30_007, 30_007, 30_008]);
  });
  it.each<[string, object, string]>([
    ['an address outside the range', { clusterIP: '1.2.3.4' }, 'spec.clusterIPs: Invalid value: ["1.2.3.4"]: failed to allocate IP 1.2.3.4: the provided network does not match the current range'],
    ['an address that is taken', { clusterIP: '10.96.0.50' }, 'spec.clusterIPs: Invalid value: ["10.96.0.50"]: failed to allocate IP 10.96.0.50: provided IP is already allocated'],
    ['a node port outside the range', { type: 'NodePort', ports: [{ ...PORT, nodePort: 80 }] }, 'spec.ports[0].nodePort: Invalid value: 80: provided port is not in the valid range. The range of valid ports is 30000-32767'],
    ['a node port that is taken', { type: 'NodePort', ports: [{ ...PORT, nodePort: 30_100 }] }, 'spec.ports[0].nodePort: Invalid value: 30100: provided port is already allocated'],
  ])('should refuse %s', (_, fields, expected) => {
    expect(texts(allocate(fields, [other({ clusterIPs: ['10.96.0.50'], ports: [{ ...PORT, nodePort: 30_100 }] })]) as readonly FieldError[])).toEqual([expected]);
  });
  it('should drop what the old type alone could have', () => {
    const old = allocate({ type: 'NodePort' }) as KubeObject;
    const sent = serviceKind.default?.({ ...old, spec: { ...old['spec'], type: 'ClusterIP' } }, context) as KubeObject;
    const updated = serviceKind.prepareForUpdate?.(sent, old, context) as KubeObject;
    expect(updated['spec'].ports[0].nodePort).toBeUndefined();
    expect(updated['spec'].externalTrafficPolicy).toBeUndefined();
    expect(updated['spec'].clusterIP).toBe(old['spec'].clusterIP);
  });
});

describe('warnings of secrets', () => {
  const pem = (kind: string): string => Buffer.from(`-----BEGIN ${kind}-----\nAA==\n-----END ${kind}-----\n`).toString('base64');
  it.each<[string, string, readonly string[]]>([
    ['eA==', 'eA==', ['tls: failed to find any PEM data in certificate input']],
    [pem('PRIVATE KEY'), 'eA==', ['tls: failed to find certificate PEM data in certificate input, but did find a private key; PEM inputs may have been switched']],
    [pem('CERTIFICATE'), 'eA==', ['tls: failed to find any PEM data in key input']],
    [pem('CERTIFICATE'), pem('CERTIFICATE'), ['tls: found a certificate rather than a key in the PEM for the private key']],
    [pem('CERTIFICATE'), pem('RSA PRIVATE KEY'), []],
  ])('should tell of %s and %s', (certificate, key, expected) => {
    expect(secretKind.warnings?.(make(secretKind, { type: 'kubernetes.io/tls', data: { 'tls.crt': certificate, 'tls.key': key } }), undefined, context)).toEqual(expected);
  });
});

describe('writes', () => {
  it('should make limits and endpoints by a PUT to a name that is free', () => {
    expect([limitRangeKind, endpointsKind, configMapKind].map((kind) => kind.createsOnUpdate === true)).toEqual([true, true, false]);
  });

  it("should drop a node's source of configuration and warn of its external ID", () => {
    expect(prepare(nodeKind, { spec: { configSource: {}, externalID: 'x' } })['spec']).toEqual({ externalID: 'x' });
    expect(nodeKind.warnings?.(make(nodeKind, { spec: { externalID: 'x' } }), undefined, context)).toEqual(['spec.externalID: this field is deprecated, and is unused by Kubernetes']);
  });
});
