import { describe, expect, it } from 'vitest';
import { endpointSliceMirroringController } from '../src/endpoint-slice-mirroring/endpoint-slice-mirroring.ts';
import { FakeCluster } from './fake-cluster.ts';

const SLICES = 'endpointslices.discovery.k8s.io';

function cluster(metadata: object = {}, spec: object = {}): FakeCluster {
  const c = new FakeCluster(endpointSliceMirroringController);
  c.create('services', { metadata: { name: 's', namespace: 'ns' }, spec });
  c.create('endpoints', { metadata: { name: 's', namespace: 'ns', uid: 'E', labels: { a: 'b' }, ...metadata }, subsets: [{ addresses: [{ ip: '10.0.0.1' }, { ip: 'fd00::1' }], notReadyAddresses: [{ ip: '10.0.0.2' }], ports: [{ port: 80 }] }] });
  c.settle();
  return c;
}

describe('endpoint slice mirroring', () => {
  it('EM1 EM2 mirrors what is kept by hand', () => {
    const c = cluster();
    expect(c.list(SLICES)).toMatchObject([
      { addressType: 'IPv4', endpoints: [{ addresses: ['10.0.0.1'], conditions: { ready: true } }, { addresses: ['10.0.0.2'], conditions: { ready: false } }], ports: [{ name: '', port: 80, protocol: 'TCP' }],
        metadata: { labels: { a: 'b', 'kubernetes.io/service-name': 's', 'endpointslice.kubernetes.io/managed-by': 'endpointslicemirroring-controller.k8s.io' } } },
      { addressType: 'IPv6', endpoints: [{ addresses: ['fd00::1'] }] },
    ]);
    c.taken();
    c.patch('endpoints', 'ns/s', { subsets: [{ addresses: [{ ip: '10.0.0.9' }], ports: [{ port: 80 }] }] });
    c.settle();
    expect(c.list(SLICES)).toMatchObject([{ endpoints: [{ addresses: ['10.0.0.9'] }] }]);
  });

  it('EM1 leaves out what is not to be mirrored', () => {
    expect(cluster({ labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' } }).list(SLICES)).toEqual([]);
    expect(cluster({}, { selector: { a: 'b' } }).list(SLICES)).toEqual([]);
  });

  it('EM3 goes with the Endpoints or the Service', () => {
    for (const resource of ['endpoints', 'services']) {
      const c = cluster();
      c.remove(resource, 'ns/s');
      c.settle();
      expect(c.list(SLICES)).toEqual([]);
    }
  });
});
