import type { KubeObject } from '@kubesim/api';
import { describe, expect, it } from 'vitest';
import { endpointController } from '../src/endpoint/endpoint.ts';
import { endpointSliceController } from '../src/endpoint-slice/endpoint-slice.ts';
import { FakeCluster } from './fake-cluster.ts';

const SLICES = 'endpointslices.discovery.k8s.io';
const TRIGGER = 'endpoints.kubernetes.io/last-change-trigger-time';

function service(fields: object = {}, metadata: object = {}): object {
  return { metadata: { name: 's', namespace: 'ns', uid: 'S', labels: { app: 'a' }, ...metadata }, spec: { clusterIP: 'None', ipFamilies: ['IPv4'], selector: { app: 'a' }, ports: [{ name: 'web', port: 80, protocol: 'TCP', targetPort: 'web' }], ...fields } };
}

function pod(name: string, { ready = true, ip = '10.0.0.1', labels = { app: 'a' } as object, spec = {} as object, ports = [{ name: 'web', containerPort: 8080 }] as object[] } = {}): object {
  return {
    metadata: { name, namespace: 'ns', uid: name, labels },
    spec: { nodeName: 'n', containers: [{ name: 'c', ports }], terminationGracePeriodSeconds: 5, ...spec },
    status: { phase: 'Running', podIP: ip, podIPs: [{ ip }], conditions: [{ type: 'Ready', status: ready ? 'True' : 'False', lastTransitionTime: '2026-01-01T00:00:05Z' }] },
  };
}

function cluster(fields: object = {}): FakeCluster {
  const c = new FakeCluster(endpointSliceController);
  c.create('nodes', { metadata: { name: 'n', labels: { 'topology.kubernetes.io/zone': 'z1' } } });
  c.create('services', service(fields));
  c.settle();
  return c;
}

const only = (c: FakeCluster): KubeObject => {
  expect(c.list(SLICES)).toHaveLength(1);
  return c.list(SLICES)[0] as KubeObject;
};

describe('endpoint slices', () => {
  it('ES7 keeps one placeholder', () => {
    const c = cluster();
    expect(only(c)).toMatchObject({
      addressType: 'IPv4', endpoints: null, ports: null,
      metadata: { generateName: 's-', labels: { app: 'a', 'kubernetes.io/service-name': 's', 'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io', 'service.kubernetes.io/headless': '' } },
    });
    const { name } = only(c)['metadata'];
    c.create('pods', pod('p'));
    c.settle();
    c.remove('pods', 'ns/p');
    c.settle();
    expect(only(c)).toMatchObject({ metadata: { name }, endpoints: null, ports: null });
    c.advance(5000);
    expect(c.taken()).toEqual([`create ${SLICES} s-?`, `update ${SLICES} ${name}`, `update ${SLICES} ${name}`]);
  });

  it('ES1 ES2 ES4 follows a pod through its life', () => {
    const c = cluster();
    c.create('pods', pod('web-0', { ready: false, spec: { hostname: 'web-0', subdomain: 's' } }));
    c.settle();
    expect(only(c)['endpoints']).toEqual([{
      addresses: ['10.0.0.1'], conditions: { ready: false, serving: false, terminating: false }, hostname: 'web-0', nodeName: 'n', zone: 'z1',
      targetRef: { kind: 'Pod', namespace: 'ns', name: 'web-0', uid: 'web-0' },
    }]);
    c.patch('pods', 'ns/web-0', { status: { conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: '2026-01-01T00:00:09Z' }] } });
    c.settle();
    expect(only(c)['endpoints'][0].conditions).toEqual({ ready: true, serving: true, terminating: false });
    c.delete('pods', 'ns/web-0');
    c.settle();
    expect(only(c)['endpoints'][0].conditions).toEqual({ ready: false, serving: true, terminating: true });
    c.patch('pods', 'ns/web-0', { status: { phase: 'Succeeded' } });
    c.settle();
    expect(only(c)['endpoints']).toBeNull();
  });

  it('ES1 lets pods join and leave by their labels, and ignores other changes', () => {
    const c = cluster();
    c.create('pods', pod('p'));
    c.settle();
    c.taken();
    c.patch('pods', 'ns/p', { metadata: { annotations: { any: 'thing' } } });
    c.settle();
    expect(c.taken()).toEqual([]);
    c.patch('pods', 'ns/p', { metadata: { labels: { app: 'b' } } });
    c.settle();
    expect(only(c)['endpoints']).toBeNull();
  });

  it('ES3 publishes what is not ready', () => {
    const c = cluster({ publishNotReadyAddresses: true });
    c.create('pods', pod('p', { ready: false, spec: { nodeName: 'missing' } }));
    c.settle();
    expect(only(c)['endpoints'][0].conditions).toEqual({ ready: true, serving: false, terminating: false });
  });

  it('ES4 leaves out a pod whose node is missing, and comes back to it', () => {
    const c = cluster();
    c.create('pods', pod('p', { spec: { nodeName: 'late' } }));
    c.settle();
    expect(c.errors[0]).toBe('skipping Pod p for Service ns/s: Node late Not Found');
    expect(only(c)['endpoints']).toBeNull();
    c.create('nodes', { metadata: { name: 'late' } });
    c.advance(1000);
    expect(only(c)['endpoints']).toHaveLength(1);
  });

  it('ES5 groups pods by their ports', () => {
    const c = cluster();
    c.create('pods', pod('p'));
    c.create('pods', pod('q', { ip: '10.0.0.2', ports: [{ name: 'web', containerPort: 9090 }] }));
    c.settle();
    expect(c.list(SLICES).map((slice) => slice['ports'][0].port as number).sort((a, b) => a - b)).toEqual([8080, 9090]);
  });

  it('ES6 fills slices of 100', () => {
    const c = cluster();
    for (let index = 0; index < 150; index++) c.create('pods', pod(`p${String(index).padStart(3, '0')}`, { ip: `10.0.1.${index}` }));
    c.settle();
    const counts = (): number[] => c.list(SLICES).map((slice) => slice['endpoints'].length).sort((a, b) => a - b);
    expect(counts()).toEqual([50, 100]);
    c.create('pods', pod('q', { ip: '10.0.2.1' }));
    c.settle();
    expect(counts()).toEqual([51, 100]);
    c.remove('pods', 'ns/p000');
    c.create('pods', pod('r', { ip: '10.0.2.2' }));
    c.settle();
    expect(counts().reduce((sum, count) => sum + count)).toBe(151);
    expect(counts()).toHaveLength(2);
  });

  it('ES8 stamps only writes that a transition triggered', () => {
    const c = cluster();
    expect(only(c)['metadata'].annotations).toEqual({ [TRIGGER]: '2026-01-01T00:00:00Z' });
    c.create('pods', pod('p'));
    c.settle();
    expect(only(c)['metadata'].annotations).toEqual({ [TRIGGER]: '2026-01-01T00:00:05Z' });
    c.delete('pods', 'ns/p');
    c.settle();
    expect(only(c)['metadata'].annotations).toBeUndefined();
  });

  it('ES9 puts right what others change', () => {
    const c = cluster();
    c.create('pods', pod('p'));
    c.settle();
    c.taken();
    const { name } = only(c)['metadata'];
    c.patch(SLICES, `ns/${name}`, { endpoints: [], metadata: { generation: 9 } });
    c.settle();
    expect(c.taken()).toEqual([]);
    c.advance(1000);
    expect(only(c)['endpoints']).toHaveLength(1);
    c.remove(SLICES, `ns/${name}`);
    c.advance(1000);
    expect(only(c)['endpoints']).toHaveLength(1);
  });

  it('ES9 drops with its next update what others wrote beside what is compared', () => {
    const c = cluster();
    c.create('pods', pod('a'));
    c.create('pods', pod('b', { ip: '10.0.0.2' }));
    c.settle();
    const slice = only(c);
    const hints = { forZones: [{ name: 'z1' }] };
    c.patch(SLICES, `ns/${slice.metadata.name}`, { endpoints: (slice['endpoints'] as object[]).map((endpoint) => ({ ...endpoint, hints })), metadata: { generation: 9 } });
    c.advance(1000);
    expect(only(c)['endpoints'].map((endpoint: { hints?: object }) => endpoint.hints)).toEqual([hints, hints]);
    c.patch('pods', 'ns/b', { status: { conditions: [{ type: 'Ready', status: 'False', lastTransitionTime: '2026-01-01T00:00:09Z' }] } });
    c.settle();
    expect(only(c)['endpoints'].map((endpoint: { hints?: object }) => endpoint.hints)).toEqual([undefined, undefined]);
  });

  it('ES10 leaves Services without a selector alone', () => {
    const c = new FakeCluster(endpointSliceController);
    c.create('services', service({ selector: undefined }));
    c.create('services', service({ type: 'ExternalName' }, { name: 'e', uid: 'E' }));
    c.settle();
    expect(c.taken()).toEqual([]);
  });
});

describe('endpoints', () => {
  function endpoints(fields: object = {}): FakeCluster {
    const c = new FakeCluster(endpointController);
    c.create('services', service(fields));
    c.settle();
    return c;
  }

  it('EP1 EP2 carries labels and tells ready from not ready', () => {
    const c = endpoints();
    c.create('pods', pod('a', { ip: '10.0.0.2' }));
    c.create('pods', pod('b', { ip: '10.0.0.1', ready: false }));
    c.settle();
    expect(c.get('endpoints', 'ns/s')).toMatchObject({
      metadata: { labels: { app: 'a', 'service.kubernetes.io/headless': '', 'endpoints.kubernetes.io/managed-by': 'endpoint-controller' } },
      subsets: [{ addresses: [{ ip: '10.0.0.2', nodeName: 'n', targetRef: { name: 'a' } }], notReadyAddresses: [{ ip: '10.0.0.1' }], ports: [{ name: 'web', port: 8080, protocol: 'TCP' }] }],
    });
    c.delete('pods', 'ns/a');
    c.settle();
    expect(c.get('endpoints', 'ns/s')['subsets'][0].addresses).toBeUndefined();
  });

  it('EP2 publishes all addresses if told to', () => {
    const c = endpoints({ publishNotReadyAddresses: true });
    c.create('pods', pod('b', { ready: false }));
    c.settle();
    expect(c.get('endpoints', 'ns/s')['subsets'][0].addresses).toHaveLength(1);
  });

  it('EP3 packs addresses and ports', () => {
    const c = endpoints({ ports: [{ name: 'web', port: 80, protocol: 'TCP', targetPort: 'web' }, { name: 'raw', port: 70, protocol: 'TCP' }] });
    c.create('pods', pod('a', { ip: '10.0.0.2' }));
    c.create('pods', pod('b', { ip: '10.0.0.1' }));
    c.settle();
    expect(c.get('endpoints', 'ns/s')['subsets']).toMatchObject([{ addresses: [{ ip: '10.0.0.1' }, { ip: '10.0.0.2' }], ports: [{ port: 70 }, { port: 8080 }] }]);
  });

  it('EP4 cuts at 1000', () => {
    const c = endpoints();
    for (let index = 0; index < 1003; index++) c.create('pods', pod(`p${index}`, { ip: `10.1.${index >> 8}.${index & 255}`, ready: index % 2 === 0 }));
    c.settle();
    const found = c.get('endpoints', 'ns/s');
    expect(found['subsets'][0].addresses).toHaveLength(502);
    expect(found['subsets'][0].notReadyAddresses).toHaveLength(498);
    expect(found.metadata.annotations?.['endpoints.kubernetes.io/over-capacity']).toBe('truncated');
  });

  it('EP5 goes with its Service and comes back without', () => {
    const c = endpoints();
    c.remove('endpoints', 'ns/s');
    c.settle();
    expect(c.find('endpoints', 'ns/s')).toBeDefined();
    c.remove('services', 'ns/s');
    c.settle();
    expect(c.find('endpoints', 'ns/s')).toBeUndefined();
  });
});
