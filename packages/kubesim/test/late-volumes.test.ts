// Claims that wait for what comes later: no event names them, so the binder's next round finds them.
import { describe, expect, it } from 'vitest';
import { Cluster } from '../src/index.ts';

const claim = (name: string, storageClassName: string): Record<string, unknown> => ({
  apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name }, spec: { storageClassName, accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
});

describe('settle', () => {
  it('should not end before a claim is bound whose class or volume came after it', () => {
    const cluster = new Cluster();
    cluster.apply(JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [claim('of-a-class', 'late'), claim('of-a-volume', '')] }));
    const phases = (): unknown[] => cluster.settle().list('persistentvolumeclaims').map(({ metadata, status }) => `${metadata.name} ${status?.phase}`);
    expect(phases()).toEqual(['of-a-class Pending', 'of-a-volume Pending']);
    const at = cluster.now;
    const provisioner = cluster.list('storageclasses')[0]?.provisioner ?? '';
    cluster.create({ apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass', metadata: { name: 'late' }, provisioner, volumeBindingMode: 'Immediate' });
    expect(phases()).toEqual(['of-a-class Bound', 'of-a-volume Pending']);
    cluster.create({ apiVersion: 'v1', kind: 'PersistentVolume', metadata: { name: 'v' }, spec: { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], hostPath: { path: '/x' } } });
    expect(phases()).toEqual(['of-a-class Bound', 'of-a-volume Bound']);
    expect(cluster.now - at).toBeLessThanOrEqual(30_000);
  });
});
