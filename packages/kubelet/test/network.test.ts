// Shell, files, images, network and DNS, over hand-made states of two nodes.
import { describe, expect, it } from 'vitest';
import { answerDns, createDns, execInContainer, httpToPod, queryDns, searchNames, type DnsState, type PodNetwork } from '@kubesim/kubelet';
import type { ActorContext } from '@kubesim/client';
import { OrderedMap } from '@kubesim/kernel';
import type { EndpointSlice, Pod, Service } from '@kubesim/api';
import { initialKubeletState, type KubeletState } from '../src/kubelet-state.ts';
import type { PodWorkerState } from '../src/pod/pod-worker-state.ts';
import { parseShell } from '../src/container/shell-parser.ts';

const epoch = { kind: 'epoch' } as const;
const NOW = Date.UTC(2026, 0, 1);

function node(pods: readonly { readonly name: string; readonly ip: string; readonly image: string; readonly claim?: string }[]): KubeletState {
  const state = initialKubeletState();
  for (const { name, ip, image, claim } of pods) {
    const pod = {
      metadata: { name, namespace: 'n', uid: `uid-${name}` },
      spec: { containers: [{ name: 'c', image, ports: [{ containerPort: 80 }], env: [{ name: 'A', value: 'b' }], volumeMounts: claim === undefined ? [] : [{ name: 'www', mountPath: '/usr/share/nginx/html' }] }], hostname: name, subdomain: 'web' },
    } as unknown as Pod;
    const worker = {
      pod, mode: 'sync', runtime: { sandbox: { isReady: true, ip, createdAt: NOW }, containers: { c: [{ name: 'c', attempt: 0, id: 'x', startedAt: NOW, files: {}, log: [] }] } }, probes: [], failures: {},
    } as unknown as PodWorkerState;
    state.workers = state.workers.set(epoch, `uid-${name}`, worker);
    if (claim !== undefined) state.mounts = state.mounts.set(epoch, `uid-${name}/www`, `claim/${claim}`);
  }
  return state;
}

const slice = (name: string, endpoints: readonly object[]): EndpointSlice => ({
  metadata: { name, namespace: 'n', labels: { 'kubernetes.io/service-name': 'web' } }, addressType: 'IPv4', ports: [{ name: 'http', port: 80, protocol: 'TCP' }], endpoints,
} as unknown as EndpointSlice);

function dnsOf(services: readonly object[], slices: readonly EndpointSlice[], caches: boolean = false): DnsState {
  return {
    services: OrderedMap.of((services as Service[]).map((each) => [`${each.metadata?.namespace}/${each.metadata?.name}`, each] as const)),
    slices: OrderedMap.of(slices.map((each) => [`n/web/${each.metadata?.name}`, each] as const)), cache: OrderedMap.empty(), ttlSeconds: 30, caches,
  };
}

const headless = { metadata: { name: 'web', namespace: 'n' }, spec: { clusterIP: 'None', ports: [{ name: 'http', port: 80 }] } };
const ready = slice('a', [{ addresses: ['10.0.0.2'], hostname: 'web-0', conditions: { ready: true } }, { addresses: ['10.0.0.3'], hostname: 'web-1', conditions: { ready: false } }]);

/** Tells the states what an exec asks for, as the runtime does. */
function settle(network: PodNetwork, outcome: { readonly messages: readonly { readonly node: string; readonly message: object }[] }): void {
  for (const { node: name, message } of outcome.messages) {
    const { state } = network.nodes.find((each) => each.node === name) as PodNetwork['nodes'][number];
    const { uid, runtime, volumes } = message as { uid?: string; runtime?: never; volumes?: readonly (readonly [string, never])[] };
    for (const [key, content] of volumes ?? []) state.volumes = state.volumes.set(epoch, key, content);
    const worker = uid === undefined ? undefined : state.workers.get(uid);
    if (uid !== undefined && worker !== undefined && runtime !== undefined) state.workers = state.workers.set(epoch, uid, { ...worker, runtime });
  }
}

const network = (): PodNetwork => ({
  now: NOW, dns: dnsOf([headless], [ready]),
  nodes: [{ node: 'a', state: node([{ name: 'web-0', ip: '10.0.0.2', image: 'nginx:1.25', claim: 'pv-1' }]) }, { node: 'b', state: node([{ name: 'bb', ip: '10.0.1.2', image: 'busybox' }]) }],
});

function sh(at: PodNetwork, pod: string, script: string): string {
  const outcome = execInContainer(at, { namespace: 'n', pod }, ['sh', '-c', script]);
  settle(at, outcome);
  return `${outcome.exitCode} ${outcome.stdout}${outcome.stderr}`.trimEnd();
}

describe('containers', () => {
  const lines: readonly (readonly [string, string])[] = [
    ['echo "$(hostname)"', '0 bb'], ['false && echo a || echo b', '0 b'], ['false; echo $?', '0 1'], ['echo a; echo b', '0 a\nb'], ["echo '$A' \"$A\" $A", '0 $A b b'],
    ['echo x | cat', '0 x'], ['cat /none 2>/dev/null || echo no', '0 no'], ['nope', '127 sh: nope: not found'], ['test -f /etc/hostname && exit 3', '3'],
    ['mkdir -p /d/e && echo hi > /d/e/f && cat /d/e/f && ls /d/e', '0 hi\nf'], ['echo a > /tmp/x; echo b >> /tmp/x; cat /tmp/x', '0 a\nb'],
    ['touch /tmp/a && mv /tmp/a /tmp/b && ls /tmp', '0 b'], ['rm /tmp/none', "1 rm: cannot remove '/tmp/none': No such file or directory"], ['id -u', '0 0'], ['env | grep A=', '0 A=b'],
    ['echo a > /nodir/x', "1 sh: can't create /nodir/x: nonexistent directory"], ['cp /etc/hostname /tmp/h && ls /tmp', '0 h'],
  ];
  for (const [script, expected] of lines) it(`[KC1] should run: ${script}`, () => expect(sh(network(), 'bb', script)).toBe(expected));

  it('[KC1] should take connectors, pipes and redirections apart', () => {
    expect(parseShell('a "b c" && d | e > f').map(({ connector, pipeline }) => [connector, ...pipeline.map(({ words, redirections }) => [words.length, redirections.length])]))
      .toEqual([[';', [2, 0]], ['&&', [1, 0], [1, 1]]]);
  });

  it('[KC2] should keep the data of a claim for its next pod, wherever that lands, and nothing else', () => {
    const at = network();
    sh(at, 'web-0', 'hostname > /usr/share/nginx/html/index.html; echo lost > /tmp/x');
    const next: PodNetwork = { ...at, nodes: [{ node: 'b', state: { ...node([{ name: 'web-0', ip: '10.0.1.9', image: 'nginx', claim: 'pv-1' }]), volumes: at.nodes[1]?.state.volumes as never } }] };
    expect(sh(next, 'web-0', 'cat /usr/share/nginx/html/index.html; cat /tmp/x')).toBe('1 web-0\ncat: /tmp/x: No such file or directory');
  });

  it('[KC3] should answer by what lies in the html folder', () => {
    const at = network();
    const get = (path: string): number | undefined => httpToPod(at, { namespace: 'n', pod: 'web-0' }, { method: 'GET', path, port: 80 })?.status;
    expect([get('/'), get('/index.html')]).toEqual([403, 404]);
    sh(at, 'web-0', 'echo hello > /usr/share/nginx/html/index.html');
    expect([get('/'), get('/none')]).toEqual([200, 404]);
    sh(at, 'web-0', 'mv /usr/share/nginx/html/index.html /usr/share/nginx/html/index.htm');
    expect(get('/')).toBe(403);
    expect(httpToPod(at, { namespace: 'n', pod: 'web-0' }, { method: 'GET', path: '/', port: 81 })).toBeUndefined();
  });

  it('[KC4] should reach a pod by its short name and print its headers', () => {
    const at = network();
    sh(at, 'web-0', 'echo hello > /usr/share/nginx/html/index.html');
    expect(sh(at, 'bb', 'curl -sI web-0.web')).toMatch(/^0 HTTP\/1.1 200 OK\r\nServer: nginx\/1.25\r\n/);
    expect(sh(at, 'bb', 'wget -qO- http://web-0.web.n.svc.cluster.local/')).toBe('0 hello');
    expect(sh(at, 'bb', 'curl -s web')).toBe('0 hello');
    expect(sh(at, 'bb', 'curl web-1.web')).toBe('6 curl: (6) Could not resolve host: web-1.web');
    expect(sh(at, 'bb', 'curl 10.0.1.2:80')).toMatch(/^7 /);
    expect(sh(at, 'bb', 'nslookup web-0.web')).toContain('Address 1: 10.0.0.2');
  });

  it('[KC4] should say what is wrong with an exec that cannot be', () => {
    expect(execInContainer(network(), { namespace: 'n', pod: 'none' }, ['true']).error).toBe('pods "none" not found');
    expect(execInContainer(network(), { namespace: 'n', pod: 'bb', container: 'z' }, ['true']).error).toBe('container z is not valid for pod bb');
  });
});

describe('dns', () => {
  const service = { metadata: { name: 'api', namespace: 'n' }, spec: { clusterIP: '10.96.0.7', ports: [{ name: 'http', port: 80 }] } };
  const outside = { metadata: { name: 'out', namespace: 'n' }, spec: { type: 'ExternalName', externalName: 'example.com' } };
  const state = dnsOf([headless, service, outside], [ready]);
  const queries: readonly (readonly [string, string, 'A' | 'SRV' | 'PTR', string, readonly string[]])[] = [
    ['KD1', 'web.n.svc.cluster.local', 'A', 'NOERROR', ['10.0.0.2']], ['KD1', 'api.n.svc.cluster.local', 'A', 'NOERROR', ['10.96.0.7']],
    ['KD1', 'WEB.n.svc.cluster.local.', 'A', 'NOERROR', ['10.0.0.2']], ['KD1', 'none.n.svc.cluster.local', 'A', 'NXDOMAIN', []], ['KD1', 'n.svc.cluster.local', 'A', 'NOERROR', []],
    ['KD1', 'out.n.svc.cluster.local', 'A', 'NOERROR', ['example.com.']], ['KD1', '10-1-2-3.n.pod.cluster.local', 'A', 'NOERROR', ['10.1.2.3']],
    ['KD2', 'web-0.web.n.svc.cluster.local', 'A', 'NOERROR', ['10.0.0.2']], ['KD2', 'web-1.web.n.svc.cluster.local', 'A', 'NXDOMAIN', []],
    ['KD2', '_http._tcp.web.n.svc.cluster.local', 'SRV', 'NOERROR', ['0 100 80 web-0.web.n.svc.cluster.local.', '10.0.0.2']],
    ['KD2', '2.0.0.10.in-addr.arpa', 'PTR', 'NOERROR', ['web-0.web.n.svc.cluster.local.']],
  ];
  for (const [id, name, type, code, data] of queries) {
    it(`[${id}] should answer ${type} ${name}`, () => {
      const answer = answerDns(state, { name, type });
      expect([answer.code, answer.records.map((record) => record.data)]).toEqual([code, data]);
    });
  }

  it('[KD1] should answer NXDOMAIN for a headless service without ready endpoints', () => {
    expect(answerDns(dnsOf([headless], [slice('a', [])]), { name: 'web.n.svc.cluster.local', type: 'A' }).code).toBe('NXDOMAIN');
  });

  it('[KC4] should ask for short names along the search path first', () => {
    expect(searchNames('n', 'web-0.web')).toEqual(['web-0.web.n.svc.cluster.local', 'web-0.web.svc.cluster.local', 'web-0.web.cluster.local', 'web-0.web']);
    expect(searchNames('n', 'a.b.c.d.e.f')[0]).toBe('a.b.c.d.e.f');
  });

  it('[KD3] should show a change after the lag, and keep a negative answer for its time to live', () => {
    const dns = createDns({ lagMs: 500, caches: true });
    const own = dns.initial();
    const due: { delay: number; message: unknown }[] = [];
    const context = { now: NOW, epoch, after: (delay: number, message: unknown) => due.push({ delay, message }) } as unknown as ActorContext<never>;
    const query = { name: 'web-0.web.n.svc.cluster.local', type: 'A' } as const;
    dns.observe(context, own, { resource: 'services', type: 'ADDED', after: headless as never });
    dns.observe(context, own, { resource: 'endpointslices.discovery.k8s.io', type: 'ADDED', after: ready as never });
    const early = queryDns(own, query, NOW);
    expect(early.answer.code).toBe('NXDOMAIN');
    dns.receive(context, own, early.message as never);
    expect(due.map(({ delay }) => delay)).toEqual([500, 500]);
    for (const { message } of due) dns.receive(context, own, message as never);
    expect(queryDns(own, query, NOW + 29_999).answer.code).toBe('NXDOMAIN');
    expect(queryDns(own, query, NOW + 30_000).answer.code).toBe('NOERROR');
  });

  it('[KD3] should refuse a negative lag', () => {
    expect(() => createDns({ lagMs: -1 })).toThrow(RangeError);
  });
});
