// Admission plugins over a store that is a list of objects.
import type { ApiProfile, KindDefinition, KubeObject } from '@kubesim/api';
import { builtInScheme } from '@kubesim/api';
import { describe, expect, it } from 'vitest';
import type { AdmissionAttributes, AdmissionContext } from '../src/admission/admission-plugin.ts';
import { limitRanger } from '../src/admission/limit-ranger.ts';
import { persistentVolumeClaimResize } from '../src/admission/persistent-volume-claim-resize.ts';
import { resourceQuota } from '../src/admission/resource-quota.ts';
import { serviceAccount } from '../src/admission/service-account.ts';

const profile: ApiProfile = { kubernetes: '1.37', featureGates: {} };

function context(objects: Readonly<Record<string, readonly KubeObject[]>>): AdmissionContext {
  const keyOf = ({ metadata }: KubeObject): string => (metadata.namespace === undefined ? metadata.name ?? '' : `${metadata.namespace}/${metadata.name}`);
  return {
    now: 0, time: '2026-01-02T03:04:05Z', profile,
    store: { get: (resource, key) => objects[resource]?.find((each) => keyOf(each) === key), list: (resource, prefix = '') => (objects[resource] ?? []).filter((each) => keyOf(each).startsWith(prefix)) },
  };
}

function attributes(resource: string, object: KubeObject, oldObject?: KubeObject): AdmissionAttributes {
  const kind = builtInScheme.byResource(resource) as KindDefinition;
  return { operation: oldObject === undefined ? 'CREATE' : 'UPDATE', kind, resource, subresource: '', namespace: 'ns', name: object.metadata.name ?? '', object, oldObject, dryRun: false, user: { name: 'u', groups: [] } };
}

const pod = (resources: object | undefined, fields: object = {}): KubeObject => ({ metadata: { name: 'p', namespace: 'ns' }, spec: { containers: [{ name: 'c', ...(resources === undefined ? {} : { resources }) }], ...fields } });
const named = (name: string, fields: object): KubeObject => ({ metadata: { name, namespace: 'ns' }, ...fields });

describe('LimitRanger', () => {
  const limits = (item: object): AdmissionContext => context({ limitranges: [named('l', { spec: { limits: [item] } })] });
  it('should fill in defaults and say so', () => {
    const outcome = limitRanger.admit?.(attributes('pods', pod({ limits: { cpu: '1' } })), limits({ type: 'Container', default: { cpu: '2', memory: '1Gi' }, defaultRequest: { cpu: '500m' } }));
    expect(outcome).toMatchObject({
      object: {
        metadata: { annotations: { 'kubernetes.io/limit-ranger': 'LimitRanger plugin set: cpu request for container c; memory limit for container c' } },
        spec: { containers: [{ resources: { limits: { cpu: '1', memory: '1Gi' }, requests: { cpu: '500m' } } }] },
      },
    });
  });
  it.each<[object, object | undefined, string]>([
    [{ type: 'Container', max: { cpu: '1' } }, { limits: { cpu: '2' } }, 'maximum cpu usage per Container is 1, but limit is 2'],
    [{ type: 'Container', max: { cpu: '1' } }, undefined, 'maximum cpu usage per Container is 1.  No limit is specified'],
    [{ type: 'Container', min: { memory: '1Gi' } }, { requests: { memory: '1Mi' } }, 'minimum memory usage per Container is 1Gi, but request is 1Mi'],
    [{ type: 'Container', maxLimitRequestRatio: { cpu: '2' } }, { requests: { cpu: '1' }, limits: { cpu: '3' } }, 'cpu max limit to request ratio per Container is 2, but provided ratio is 3.000000'],
    [{ type: 'Pod', max: { cpu: '1', memory: '1' } }, undefined, '[maximum cpu usage per Pod is 1.  No limit is specified, maximum memory usage per Pod is 1.  No limit is specified]'],
  ])('should refuse what lies outside %j', (item, resources, forbidden) => {
    expect(limitRanger.validate?.(attributes('pods', pod(resources)), limits(item))).toEqual({ forbidden });
  });
  it('should let through what keeps within', () => {
    expect(limitRanger.validate?.(attributes('pods', pod({ requests: { cpu: '1' }, limits: { cpu: '1' } })), limits({ type: 'Container', min: { cpu: '1' }, max: { cpu: '1' } }))).toBeUndefined();
  });
});

describe('ResourceQuota', () => {
  const quota = (hard: object, used: object, spec: object = {}): AdmissionContext => context({ resourcequotas: [named('q', { spec: { hard, ...spec }, status: { hard, used } })] });
  it('should count a pod before it is written', () => {
    const outcome = resourceQuota.validate?.(attributes('pods', pod({ requests: { cpu: '500m' } })), quota({ pods: '2', 'requests.cpu': '1' }, { pods: '1', 'requests.cpu': '250m' }));
    expect(outcome).toMatchObject({ writes: [{ resource: 'resourcequotas', key: 'ns/q', object: { status: { used: { pods: '2', 'requests.cpu': '750m' } } } }] });
  });
  it('should refuse what exceeds, and say what', () => {
    expect(resourceQuota.validate?.(attributes('pods', pod(undefined)), quota({ pods: '1' }, { pods: '1' }))).toEqual({ forbidden: 'exceeded quota: q, requested: pods=1, used: pods=1, limited: pods=1' });
  });
  it('should ask for what it limits', () => {
    expect(resourceQuota.validate?.(attributes('pods', pod(undefined)), quota({ 'limits.cpu': '1', 'requests.memory': '1' }, {}))).toEqual({ forbidden: 'failed quota: q: must specify limits.cpu for: c; requests.memory for: c' });
  });
  it('should not count before its status says what is used', () => {
    expect(resourceQuota.validate?.(attributes('services', named('s', { spec: { type: 'ClusterIP' } })), quota({ services: '1' }, {}))).toEqual({ forbidden: 'status unknown for quota: q, resources: services' });
  });
  it('should count only what its scopes take in', () => {
    expect(resourceQuota.validate?.(attributes('pods', pod(undefined)), quota({ pods: '0' }, { pods: '0' }, { scopes: ['Terminating'] }))).toBeUndefined();
    expect(resourceQuota.validate?.(attributes('pods', pod(undefined, { activeDeadlineSeconds: 1 })), quota({ pods: '0' }, { pods: '0' }, { scopes: ['Terminating'] }))).toHaveProperty('forbidden');
  });
  it('should count only the growth of an update', () => {
    const before = named('s', { spec: { type: 'ClusterIP', ports: [{ port: 1 }] } });
    const after = named('s', { spec: { type: 'NodePort', ports: [{ port: 1 }] } });
    expect(resourceQuota.validate?.(attributes('services', after, before), quota({ services: '1', 'services.nodeports': '0' }, { services: '1', 'services.nodeports': '0' }))).toEqual({ forbidden: 'exceeded quota: q, requested: services.nodeports=1, used: services.nodeports=0, limited: services.nodeports=0' });
    expect(resourceQuota.validate?.(attributes('services', before, before), quota({ services: '1' }, { services: '1' }))).toBeUndefined();
  });
});

describe('PersistentVolumeClaimResize', () => {
  const claim = (storage: string, phase: string): KubeObject => named('c', { spec: { storageClassName: 's', resources: { requests: { storage } } }, status: { phase } });
  const classes = (allowVolumeExpansion: boolean): AdmissionContext => context({ 'storageclasses.storage.k8s.io': [{ metadata: { name: 's' }, allowVolumeExpansion }] });
  it('should let bound claims grow where their class does', () => {
    expect(persistentVolumeClaimResize.validate?.(attributes('persistentvolumeclaims', claim('2Gi', 'Bound'), claim('1Gi', 'Bound')), classes(true))).toBeUndefined();
    expect(persistentVolumeClaimResize.validate?.(attributes('persistentvolumeclaims', claim('2Gi', 'Bound'), claim('1Gi', 'Bound')), classes(false))).toEqual({ forbidden: 'only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize' });
    expect(persistentVolumeClaimResize.validate?.(attributes('persistentvolumeclaims', claim('2Gi', 'Pending'), claim('1Gi', 'Pending')), classes(true))).toEqual({ forbidden: 'Only bound persistent volume claims can be expanded' });
  });
});

describe('ServiceAccount', () => {
  it('should give a pod its account and mount the token', () => {
    const outcome = serviceAccount.admit?.(attributes('pods', pod(undefined)), context({ serviceaccounts: [named('default', {})] }));
    expect(outcome).toMatchObject({ object: { spec: { serviceAccountName: 'default', serviceAccount: 'default', containers: [{ volumeMounts: [{ readOnly: true, mountPath: '/var/run/secrets/kubernetes.io/serviceaccount' }] }], volumes: [{ projected: { defaultMode: 420 } }] } } });
  });
  it('should mount nothing where that is switched off', () => {
    const outcome = serviceAccount.admit?.(attributes('pods', pod(undefined)), context({ serviceaccounts: [named('default', { automountServiceAccountToken: false })] }));
    expect(outcome).toMatchObject({ object: { spec: { serviceAccountName: 'default' } } });
    expect(outcome).not.toHaveProperty('object.spec.volumes');
  });
  it('should refuse a pod whose account is not there', () => {
    expect(serviceAccount.admit?.(attributes('pods', pod(undefined)), context({}))).toEqual({ forbidden: 'error looking up service account ns/default: serviceaccount "default" not found' });
  });
});
