import { describe, expect, it } from 'vitest';
import { persistentVolumeController } from '../src/persistent-volume/persistent-volume.ts';
import { pvProtectionController } from '../src/pv-protection/pv-protection.ts';
import { pvcProtectionController } from '../src/pvc-protection/pvc-protection.ts';
import { formatNanos, nanosOf } from '../src/quantity/quantity.ts';
import { volumeProvisionerController } from '../src/volume-provisioner/volume-provisioner.ts';
import { FakeCluster } from './fake-cluster.ts';

const CLAIMS = 'persistentvolumeclaims';
const VOLUMES = 'persistentvolumes';
const CLASSES = 'storageclasses.storage.k8s.io';

function claim(name: string, spec: object = {}, metadata: object = {}): object {
  return {
    metadata: { name, namespace: 'ns', uid: `U-${name}`, finalizers: ['kubernetes.io/pvc-protection'], ...metadata },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, storageClassName: '', ...spec }, status: { phase: 'Pending' },
  };
}

function volume(name: string, storage: string, spec: object = {}): object {
  return { metadata: { name, finalizers: ['kubernetes.io/pv-protection'] }, spec: { capacity: { storage }, accessModes: ['ReadWriteOnce'], storageClassName: '', persistentVolumeReclaimPolicy: 'Retain', ...spec }, status: { phase: 'Pending' } };
}

function pod(name: string, claimName: string, nodeName?: string): object {
  return { metadata: { name, namespace: 'ns' }, spec: { ...(nodeName === undefined ? {} : { nodeName }), volumes: [{ name: 'v', persistentVolumeClaim: { claimName } }] }, status: { phase: 'Pending' } };
}

function cluster(): FakeCluster {
  const c = new FakeCluster(persistentVolumeController, pvcProtectionController, pvProtectionController, volumeProvisionerController);
  c.create(CLASSES, { metadata: { name: 'standard', annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } }, provisioner: 'kubernetes.io/host-path', reclaimPolicy: 'Delete', volumeBindingMode: 'Immediate' });
  c.create(CLASSES, { metadata: { name: 'wait' }, provisioner: 'kubernetes.io/host-path', reclaimPolicy: 'Delete', volumeBindingMode: 'WaitForFirstConsumer' });
  c.create(CLASSES, { metadata: { name: 'csi' }, provisioner: 'csi.example.com', reclaimPolicy: 'Delete', volumeBindingMode: 'WaitForFirstConsumer', allowVolumeExpansion: true });
  return c;
}

describe('persistent volumes', () => {
  it('PV1 PV2 binds the smallest volume that fits, in four writes', () => {
    const c = cluster();
    for (const [name, size] of [['big', '10Gi'], ['fit', '2Gi'], ['small', '500Mi']] as const) c.create(VOLUMES, volume(name, size));
    c.settle();
    c.taken();
    c.create(CLAIMS, claim('c'));
    c.settle();
    expect(c.taken().slice(0, 4)).toEqual([`update ${VOLUMES} fit`, `update ${VOLUMES}/status fit`, `update ${CLAIMS} c`, `update ${CLAIMS}/status c`]);
    expect(c.get(VOLUMES, 'fit')).toMatchObject({ status: { phase: 'Bound' }, spec: { claimRef: { name: 'c', uid: 'U-c' } }, metadata: { annotations: { 'pv.kubernetes.io/bound-by-controller': 'yes' } } });
    expect(c.get(CLAIMS, 'ns/c')).toMatchObject({ spec: { volumeName: 'fit' }, status: { phase: 'Bound', capacity: { storage: '2Gi' }, accessModes: ['ReadWriteOnce'] } });
  });

  it('PV3 PV9 waits for a volume and finds it within 15 s', () => {
    const c = cluster();
    c.create(CLAIMS, claim('c'));
    c.settle();
    expect(c.takenEvents()).toEqual(['Normal FailedBinding no persistent volumes available for this claim and no storage class is set']);
    expect(c.waiting()).toEqual([]);
    c.create(VOLUMES, volume('v', '1Gi'));
    c.advance(15_000);
    expect(c.get(CLAIMS, 'ns/c')['status'].phase).toBe('Bound');
  });

  it('PV3 waits for the first consumer', () => {
    const c = cluster();
    c.create(CLAIMS, claim('c', { storageClassName: 'wait' }));
    c.settle();
    expect(c.takenEvents()).toEqual(['Normal WaitForFirstConsumer waiting for first consumer to be created before binding']);
    c.create('pods', pod('p', 'c'));
    c.advance(15_000);
    expect(c.takenEvents()).toEqual(['Normal WaitForPodScheduled waiting for pod p to be scheduled']);
    c.patch(CLAIMS, 'ns/c', { metadata: { annotations: { 'volume.kubernetes.io/selected-node': 'n' } } });
    c.settle();
    expect(c.get(CLAIMS, 'ns/c')['status'].phase).toBe('Bound');
  });

  it('PV4 binds by name or says why not', () => {
    const c = cluster();
    c.create(VOLUMES, volume('v', '1Gi'));
    c.create(CLAIMS, claim('c', { volumeName: 'v', resources: { requests: { storage: '5Gi' } } }));
    c.settle();
    expect(c.takenEvents()).toContain('Warning VolumeMismatch Cannot bind to requested volume "v": requested PV is too small');
    c.create(CLAIMS, claim('d', { volumeName: 'v' }));
    c.settle();
    expect(c.get(CLAIMS, 'ns/d').metadata.annotations).toEqual({ 'pv.kubernetes.io/bind-completed': 'yes' });
    c.create(CLAIMS, claim('e', { volumeName: 'v' }));
    c.settle();
    expect(c.takenEvents()).toContain('Warning FailedBinding volume "v" already bound to a different claim.');
  });

  it('PV5 loses a claim with its volume', () => {
    const c = cluster();
    c.create(CLAIMS, claim('c', { storageClassName: 'standard' }));
    c.settle();
    c.remove(VOLUMES, 'pvc-U-c');
    c.settle();
    expect(c.get(CLAIMS, 'ns/c')['status']).toMatchObject({ phase: 'Lost' });
    expect(c.takenEvents()).toContain('Warning ClaimLost Bound claim has lost its PersistentVolume. Data on the volume is lost!');
  });

  it('PV6 PV8 makes a volume and takes it down, in the recorded order', () => {
    const c = cluster();
    c.create(CLAIMS, claim('c', { storageClassName: 'standard' }));
    c.settle();
    expect(c.taken().filter((call) => !call.endsWith('pvc-U-c') || call.startsWith('create') || call.includes('/status'))).toEqual([
      `update ${CLAIMS} c`, `create ${VOLUMES} pvc-U-c`, `update ${VOLUMES}/status pvc-U-c`, `update ${CLAIMS} c`, `update ${CLAIMS}/status c`, `update ${CLAIMS}/status c`,
    ]);
    expect(c.takenEvents()).toEqual(['Normal ProvisioningSucceeded Successfully provisioned volume pvc-U-c using kubernetes.io/host-path']);
    c.delete(CLAIMS, 'ns/c');
    c.settle();
    expect(c.list(CLAIMS)).toEqual([]);
    expect(c.list(VOLUMES)).toEqual([]);
    expect(c.taken()).toEqual([`update ${CLAIMS} c`, `update ${VOLUMES}/status pvc-U-c`, `update ${VOLUMES} pvc-U-c`, `delete ${VOLUMES} pvc-U-c`, `update ${VOLUMES} pvc-U-c`]);
  });

  it('PV6 waits for other provisioners and for classes', () => {
    const c = new FakeCluster(persistentVolumeController);
    c.create(CLASSES, { metadata: { name: 'csi' }, provisioner: 'csi.example.com' });
    c.create(CLAIMS, claim('c', { storageClassName: 'csi' }));
    c.create(CLAIMS, claim('d', { storageClassName: 'none' }));
    c.settle();
    expect(c.get(CLAIMS, 'ns/c').metadata.annotations).toEqual({ 'volume.beta.kubernetes.io/storage-provisioner': 'csi.example.com', 'volume.kubernetes.io/storage-provisioner': 'csi.example.com' });
    expect(c.takenEvents()).toEqual([
      expect.stringContaining("Normal ExternalProvisioning Waiting for a volume to be created either by the external provisioner 'csi.example.com'"),
      'Warning ProvisioningFailed storageclass.storage.k8s.io "none" not found', expect.stringContaining('ExternalProvisioning'),
    ]);
  });

  it('PV7 gives the default class', () => {
    const c = cluster();
    c.create(CLAIMS, claim('c', { storageClassName: undefined }));
    c.settle();
    expect(c.get(CLAIMS, 'ns/c')).toMatchObject({ spec: { storageClassName: 'standard' }, status: { phase: 'Bound' } });
  });

  it('PV8 keeps a retained volume, fails one it cannot delete', () => {
    const c = cluster();
    c.create(VOLUMES, volume('keep', '1Gi'));
    c.create(CLAIMS, claim('c'));
    c.advance(15_000);
    c.delete(CLAIMS, 'ns/c');
    c.settle();
    expect(c.get(VOLUMES, 'keep')['status'].phase).toBe('Released');
    c.create(VOLUMES, volume('bad', '1Gi', { persistentVolumeReclaimPolicy: 'Delete', hostPath: { path: '/data' } }));
    c.settle();
    c.create(CLAIMS, claim('d'));
    c.settle();
    c.delete(CLAIMS, 'ns/d');
    c.settle();
    expect(c.get(VOLUMES, 'bad')['status'].phase).toBe('Failed');
    expect(c.takenEvents()).toContain('Warning VolumeFailedDelete host_path deleter only supports /tmp/.+ but received provided /data');
  });
});

describe('claim and volume protection', () => {
  it('PP1 PP3 keeps a deleted claim while a scheduled pod has it', () => {
    const c = cluster();
    c.create(CLAIMS, claim('c', { storageClassName: 'standard' }));
    c.create('pods', pod('p', 'c', 'n'));
    c.settle();
    c.delete(CLAIMS, 'ns/c');
    c.settle();
    expect(c.find(CLAIMS, 'ns/c')).toBeDefined();
    expect(c.why.get('persistentvolumeclaim/c')).toMatchObject({ rule: 'PP1', blockedBy: 'pod/p' });
    c.patch('pods', 'ns/p', { status: { phase: 'Succeeded' } });
    c.settle();
    expect(c.find(CLAIMS, 'ns/c')).toBeDefined();
    c.remove('pods', 'ns/p');
    c.settle();
    expect(c.find(CLAIMS, 'ns/c')).toBeUndefined();
  });

  it('PP2 tells whether pods use the claim', () => {
    const c = cluster();
    c.create(CLAIMS, claim('c', { storageClassName: 'standard' }));
    c.settle();
    const unused = (): object => c.get(CLAIMS, 'ns/c')['status'].conditions[0];
    expect(unused()).toMatchObject({ type: 'Unused', status: 'True', reason: 'NoPodsUsingPVC', lastProbeTime: null });
    c.create('pods', pod('p', 'c'));
    c.settle();
    expect(unused()).toMatchObject({ status: 'False', reason: 'PodUsingPVC', message: 'A pod is currently referencing this PVC' });
    c.patch('pods', 'ns/p', { status: { phase: 'Failed' } });
    c.settle();
    expect(unused()).toMatchObject({ status: 'True' });
    const older = cluster();
    older.profile = { kubernetes: '1.36', featureGates: {} };
    older.create(CLAIMS, claim('c', { storageClassName: 'standard' }));
    older.settle();
    expect(older.get(CLAIMS, 'ns/c')['status'].conditions).toBeUndefined();
  });

  it('VP1 VP2 keeps a bound volume', () => {
    const c = cluster();
    c.create(VOLUMES, { ...volume('v', '1Gi'), metadata: { name: 'v' } });
    c.settle();
    expect(c.get(VOLUMES, 'v').metadata.finalizers).toEqual(['kubernetes.io/pv-protection']);
    c.create(CLAIMS, claim('c'));
    c.settle();
    c.delete(VOLUMES, 'v');
    c.settle();
    expect(c.find(VOLUMES, 'v')).toBeDefined();
    c.delete(CLAIMS, 'ns/c');
    c.settle();
    expect(c.find(VOLUMES, 'v')).toBeUndefined();
  });
});

describe('external provisioner', () => {
  function chosen(node: string): FakeCluster {
    const c = cluster();
    c.create('nodes', { metadata: { name: 'n', labels: { 'topology.kubernetes.io/zone': 'z1' } } });
    c.create(CLAIMS, claim('c', { storageClassName: 'csi' }));
    c.settle();
    expect(c.list(VOLUMES)).toEqual([]);
    c.takenEvents();
    c.patch(CLAIMS, 'ns/c', { metadata: { annotations: { 'volume.kubernetes.io/selected-node': node } } });
    c.settle();
    return c;
  }

  it('XP1 XP2 makes a volume in the zone of the chosen node', () => {
    const c = chosen('n');
    expect(c.get(VOLUMES, 'pvc-U-c')).toMatchObject({ status: { phase: 'Bound' }, spec: { csi: { driver: 'csi.example.com' }, nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [{ values: ['z1'] }] }] } } } });
    expect(c.get(CLAIMS, 'ns/c')['status'].phase).toBe('Bound');
    expect([...new Set(c.takenEvents().map((event) => event.split(' ')[1]))]).toEqual(['ExternalProvisioning', 'Provisioning', 'ProvisioningSucceeded']);
  });

  it('XP3 takes a choice back whose node is gone', () => {
    const c = chosen('missing');
    expect(c.get(CLAIMS, 'ns/c').metadata.annotations?.['volume.kubernetes.io/selected-node']).toBeUndefined();
  });

  it('XP4 deletes a released volume', () => {
    const c = chosen('n');
    c.delete(CLAIMS, 'ns/c');
    c.settle();
    expect(c.list(VOLUMES)).toEqual([]);
  });

  it('XP5 resizes', () => {
    const c = chosen('n');
    c.patch(CLAIMS, 'ns/c', { spec: { resources: { requests: { storage: '4Gi' } } } });
    c.settle();
    expect(c.get(CLAIMS, 'ns/c')['status'].capacity).toEqual({ storage: '4Gi' });
    expect(c.get(VOLUMES, 'pvc-U-c')['spec'].capacity).toEqual({ storage: '4Gi' });
  });
});

describe('quantities', () => {
  it.each([['1Gi', '1Gi'], ['1024Mi', '1Gi'], ['100m', '100m'], ['0.5', '500m'], ['1500m', '1500m'], ['2', '2'], ['1e3', '1k'], ['12E', '12E']])('reads %s and writes %s', (text, written) => {
    expect(formatNanos(nanosOf(text), text.endsWith('i'))).toBe(written);
  });
});

describe('what a round of 15 s finds, and a change makes known', () => {
  const after = (volumes: readonly object[], claims: readonly object[], change: object): readonly string[] => {
    const delayed: string[] = [];
    const lister = (resource: string): unknown => {
      const all = (resource === 'persistentvolumes' ? volumes : claims) as readonly { readonly metadata: { readonly name: string } }[];
      return { list: () => all, get: (_namespace: string, name: string) => all.find(({ metadata }) => metadata.name === name) };
    };
    persistentVolumeController.handle?.({ now: 4_000, lister, enqueue: () => undefined, enqueueAfter: (key: string, ms: number) => { delayed.push(`${key} ${ms}`); } } as never, change as never);
    return delayed;
  };

  it('PV9 a volume stays bound though its claim went before it knew of it', () => {
    const claim = { metadata: { namespace: 'ns', name: 'c', uid: 'u' }, spec: {} };
    const volumes = [{ metadata: { name: 'v' }, spec: { claimRef: { uid: 'u' } } }, { metadata: { name: 'w' }, spec: { claimRef: { uid: 'x' } } }];
    expect(after(volumes, [], { resource: 'persistentvolumeclaims', type: 'DELETED', before: claim })).toEqual(['volume v 11000']);
  });

  it('PV9 a claim stays lost though its volume was only seen late', () => {
    const volume = { metadata: { name: 'v' }, spec: { claimRef: { namespace: 'ns', name: 'c', uid: 'u' } } };
    const of = (phase: string): readonly string[] => after([volume], [{ metadata: { namespace: 'ns', name: 'c' }, status: { phase } }], { resource: 'persistentvolumes', type: 'ADDED', after: volume });
    expect([of('Lost'), of('Bound')]).toEqual([['claim ns/c 11000'], []]);
  });
});
