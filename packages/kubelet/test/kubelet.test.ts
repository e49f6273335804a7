// The kubelet as an actor: admission, addresses, heartbeats, lost connections, shutdown, failing behaviours, stages.
import { describe, expect, it } from 'vitest';
import type { ApiCall, ApiReply, KubeObject, Pod } from '@kubesim/api';
import type { ActorContext } from '@kubesim/client';
import { BehaviourFailure, createKubelet, liveProcesses, type ContainerBehaviour, type KubeletMessage, type KubeletOptions, type KubeletState } from '@kubesim/kubelet';

const START = Date.UTC(2026, 0, 1);

/** A kubelet, the objects it meets, and its timers. */
function stand(options: Partial<KubeletOptions> = {}, behaviours: readonly ContainerBehaviour[] = []) {
  const actor = createKubelet({ node: 'node-1', relistPhaseMs: 760, tickPhaseMs: 650, podCIDR: '10.1.0.0/24', timing: 'recorded', ...options }, behaviours);
  const state: KubeletState = actor.initial();
  const objects = new Map<string, KubeObject>();
  const tasks: { at: number; order: number; name?: string; quietUntil?: number; message: KubeletMessage }[] = [];
  const calls: { t: number; call: ApiCall }[] = [];
  const events: string[] = [];
  let now = START;
  let order = 0;
  let isCutOff: boolean | number = false;
  const key = (resource: string, namespace: string | undefined, name: string): string => `${resource}/${namespace ?? ''}/${name}`;
  const call = (asked: ApiCall): ApiReply => {
    calls.push({ t: (now - START) / 1000, call: asked });
    if (isCutOff === true) return { ok: false, status: { code: 503 } };
    if (typeof isCutOff === 'number' && asked.verb === 'update') return { ok: false, status: { code: isCutOff } };
    const name = 'name' in asked ? (asked.name ?? '') : '';
    const at = key(asked.resource, asked.namespace, asked.verb === 'create' ? (asked.object.metadata.name ?? '') : name);
    if (asked.verb === 'create') {
      objects.set(at, asked.object);
      return { ok: true, object: asked.object };
    }
    const stored = objects.get(at);
    if (stored === undefined) return { ok: false, status: { code: 404 } };
    if (asked.verb === 'update') objects.set(at, asked.object);
    if (asked.verb === 'patch') objects.set(at, { ...stored, status: { ...stored['status'], ...(asked.patch as { status: object }).status } });
    if (asked.verb === 'delete') objects.delete(at);
    return { ok: true, object: objects.get(at) ?? stored };
  };
  const context = (): ActorContext<KubeletMessage> => ({
    now, epoch: { kind: 'epoch' }, profile: { kubernetes: '1.37', featureGates: {} }, call,
    lister: (resource: string) => ({
      get: (namespace: string, name: string) => objects.get(key(resource, namespace, name)) as never,
      list: () => [...objects].filter(([at]) => at.startsWith(`${resource}/`)).map(([, object]) => object as never), byOwner: () => [], byOwnerUid: () => [], orphans: () => [],
    }),
    after: (delayMs, message, timer) => {
      context().cancel(timer?.name ?? '');
      tasks.push({ at: now + Math.ceil(delayMs), order: order++, message, ...timer });
    },
    cancel: (name) => {
      const index = tasks.findIndex((task) => task.name === name);
      if (index >= 0) tasks.splice(index, 1);
    },
    event: ({ reason, message }) => void events.push(`${reason} ${message}`), explain: () => {}, random: () => ({ below: () => 0 }),
  });
  const run = (seconds: number): void => {
    for (;;) {
      tasks.sort((a, b) => a.at - b.at || a.order - b.order);
      const [next] = tasks;
      if (next === undefined || next.at > START + seconds * 1000) break;
      tasks.shift();
      now = next.at;
      actor.receive(context(), state, next.message);
    }
    now = START + seconds * 1000;
  };
  const put = (name: string, spec: object = {}, uid: string = name): void => {
    const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'n', uid, generation: 1 }, spec: { nodeName: 'node-1', containers: [{ name: 'c', image: 'nginx' }], ...spec }, status: { phase: 'Pending' } } as KubeObject;
    objects.set(key('pods', 'n', name), pod);
    actor.observe(context(), state, { resource: 'pods', type: 'ADDED', after: pod });
  };
  return {
    actor, state, objects, tasks, calls, events, context, run, put,
    tell: (message: KubeletMessage) => actor.receive(context(), state, message), start: () => actor.start(context(), state),
    status: (name: string) => (objects.get(key('pods', 'n', name)) as Pod | undefined)?.status, cutOff: (value: boolean | number) => void (isCutOff = value), now: () => now,
    node: (node: KubeObject) => objects.set(key('nodes', '', 'node-1'), node),
  };
}

const node = (allocatable: object, labels: object = {}): KubeObject => ({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'node-1', labels }, spec: {}, status: { allocatable } } as KubeObject);

describe('kubelet', () => {
  const rejections: readonly (readonly [string, object, string, string])[] = [
    ['cpu', { containers: [{ name: 'c', resources: { requests: { cpu: '40' } } }] }, 'OutOfcpu', 'Pod was rejected: Node didn\'t have enough resource: cpu, requested: 40000, used: 500, capacity: 1000'],
    ['memory', { containers: [{ name: 'c', resources: { requests: { memory: '2Gi' } } }] }, 'OutOfmemory', 'Pod was rejected: Node didn\'t have enough resource: memory, requested: 2147483648, used: 0, capacity: 1073741824'],
    ['affinity', { nodeSelector: { a: 'b' } }, 'NodeAffinity', 'Pod was rejected: Predicate NodeAffinity failed: node(s) didn\'t match Pod\'s node affinity/selector'],
    ['ports', { containers: [{ name: 'c', ports: [{ containerPort: 1, hostPort: 80 }] }] }, 'NodePorts', 'Pod was rejected: Predicate NodePorts failed: node(s) didn\'t have free ports for the requested pod ports'],
    ['os', { nodeSelector: { 'kubernetes.io/os': 'windows' } }, 'PodOSSelectorNodeLabelDoesNotMatch', 'Pod was rejected: Failed to admit pod as the `kubernetes.io/os` label doesn\'t match node label'],
  ];
  for (const [what, spec, reason, message] of rejections) {
    it(`[KN1] should turn away a pod for its ${what}`, () => {
      const at = stand();
      at.node(node({ cpu: '1', memory: '1Gi', pods: '10' }, { 'kubernetes.io/os': 'linux' }));
      at.put('first', { containers: [{ name: 'c', image: 'nginx', resources: { requests: { cpu: '500m' } }, ports: [{ containerPort: 1, hostPort: 80 }] }] });
      at.put('p', spec);
      at.run(5);
      expect([at.status('p')?.phase, at.status('p')?.reason, at.status('p')?.message]).toEqual(['Failed', reason, message]);
      expect([at.status('p')?.conditions, at.status('p')?.containerStatuses]).toEqual([undefined, undefined]);
      expect(at.status('first')?.phase).toBe('Running');
    });
  }

  it('[KN1] should turn away a pod that does not tolerate a NoExecute taint', () => {
    const at = stand();
    at.node({ ...node({ pods: '10' }), spec: { taints: [{ key: 'gone', effect: 'NoExecute' }, { key: 'other', effect: 'NoSchedule' }] } } as KubeObject);
    at.put('p');
    at.put('q', { tolerations: [{ key: 'gone', operator: 'Exists' }] });
    at.run(2);
    expect([at.status('p')?.reason, at.status('p')?.message]).toEqual(['TaintToleration', 'Pod was rejected: Predicate TaintToleration failed: node(s) had untolerated taint(s)']);
    expect(at.status('q')?.phase).toBe('Running');
  });

  it('[KN1] should turn away one pod too many', () => {
    const at = stand();
    at.node(node({ pods: '1' }));
    at.put('a');
    at.put('b');
    at.run(2);
    expect([at.status('a')?.phase, at.status('b')?.reason]).toEqual(['Running', 'OutOfpods']);
  });

  it('[KN1] should admit a pod in the place of one whose containers are gone while its object is still there', () => {
    const at = stand();
    at.node(node({ pods: '1' }));
    at.put('a');
    at.run(3);
    const running = at.objects.get('pods/n/a') as KubeObject;
    const deleted = { ...running, metadata: { ...running.metadata, deletionTimestamp: '2026-01-01T00:00:33Z', deletionGracePeriodSeconds: 1 } } as KubeObject;
    at.objects.set('pods/n/a', deleted);
    at.actor.observe(at.context(), at.state, { resource: 'pods', type: 'MODIFIED', before: running, after: deleted });
    for (let second = 3; at.status('a')?.phase === 'Running'; second += 0.1) at.run(second);
    expect(at.objects.has('pods/n/a')).toBe(true);
    at.put('b');
    at.run(20);
    expect(at.status('b')?.phase).toBe('Running');
  });

  for (const [reuse, expected] of [['round-robin', '10.1.0.4'], ['lowest', '10.1.0.2']] as const) {
    it(`[KN2] should hand out addresses ${reuse}`, () => {
      const at = stand({ addressReuse: reuse });
      at.put('a');
      at.put('b');
      at.run(3);
      expect([at.status('a')?.podIP, at.status('b')?.podIP]).toEqual(['10.1.0.2', '10.1.0.3']);
      const gone = at.objects.get('pods/n/a') as KubeObject;
      at.objects.delete('pods/n/a');
      at.actor.observe(at.context(), at.state, { resource: 'pods', type: 'DELETED', before: gone });
      at.run(40);
      at.put('c');
      at.run(45);
      expect(at.status('c')?.podIP).toBe(expected);
    });
  }

  it('[KN3] should renew its lease every 10 s and arm nothing but quiet timers when idle', () => {
    const at = stand();
    at.start();
    at.put('a');
    at.run(65);
    const renewals = at.calls.filter(({ call }) => call.resource.startsWith('leases') && (call.verb === 'update' || call.verb === 'create')).map(({ t }) => t);
    expect(renewals).toEqual([0, 10, 20, 30, 40, 50, 60]);
    expect(at.tasks.map((task) => task.quietUntil)).toEqual([Infinity, Infinity]);
    expect(at.objects.get('nodes//node-1')?.['status'].conditions.find((each: { type: string }) => each.type === 'Ready').reason).toBe('KubeletReady');
  });

  it('[KN3] should set its node right when somebody calls it unready', () => {
    const at = stand();
    at.start();
    at.run(1);
    const before = at.objects.get('nodes//node-1') as KubeObject;
    const after = { ...before, status: { ...before['status'], conditions: [{ type: 'Ready', status: 'Unknown' }] } };
    at.objects.set('nodes//node-1', after);
    at.actor.observe(at.context(), at.state, { resource: 'nodes', type: 'MODIFIED', before, after });
    at.run(12);
    expect(at.objects.get('nodes//node-1')?.['status'].conditions.find((each: { type: string }) => each.type === 'Ready').status).toBe('True');
  });

  for (const [code, again] of [[409, true], [403, true], [422, false]] as const) {
    it(`[KN4] should ${again ? 'try again' : 'give up'} when a status write is answered with ${code}`, () => {
      const at = stand();
      at.put('a');
      at.cutOff(code);
      at.run(5);
      at.cutOff(false);
      at.run(20);
      expect(at.status('a')?.phase).toBe(again ? 'Running' : 'Pending');
    });
  }

  it('[KN4] should keep containers running without the API and make up for its writes', () => {
    const at = stand();
    at.put('a', { containers: [{ name: 'c', image: 'nginx' }] });
    at.cutOff(true);
    at.run(30);
    expect(at.status('a')?.phase).toBe('Pending');
    expect(liveProcesses(at.state, at.now()).map((each) => each.name)).toEqual(['a']);
    at.cutOff(false);
    at.run(50);
    expect(at.status('a')?.phase).toBe('Running');
  });

  it('[KN4] [KN6] should show two processes of one identity while one node is cut off', () => {
    const lost = stand();
    const other = stand({ node: 'node-2' });
    lost.put('web-0', {}, 'u1');
    other.put('web-0', { nodeName: 'node-2' }, 'u2');
    lost.run(3);
    other.run(3);
    const names = [...liveProcesses(lost.state, lost.now()), ...liveProcesses(other.state, other.now())].map((each) => `${each.name} ${each.uid}`);
    expect(names).toEqual(['web-0 u1', 'web-0 u2']);
  });

  it('[KN5] should end ordinary pods before critical ones and admit no more', () => {
    const at = stand();
    at.put('a');
    at.put('z', { priority: 2_000_000_000 });
    at.run(3);
    at.tell({ kind: 'shutdown', graceMs: 20_000, criticalGraceMs: 10_000 });
    at.run(10);
    expect([at.status('a')?.phase, at.status('a')?.reason, at.status('z')?.phase]).toEqual(['Failed', 'Terminated', 'Running']);
    at.put('late');
    at.run(40);
    expect([at.status('z')?.reason, at.status('late')?.reason]).toEqual(['Terminated', 'NodeShutdown']);
  });

  it('[KN5] should evict a pod when told to', () => {
    const at = stand();
    at.put('a');
    at.run(3);
    at.tell({ kind: 'evict', uid: 'a', message: 'The node was low on resource: memory.' });
    at.run(10);
    expect([at.status('a')?.phase, at.status('a')?.reason, at.status('a')?.message]).toEqual(['Failed', 'Evicted', 'The node was low on resource: memory.']);
  });

  it('[KN7] should name a behaviour that throws and stay as it was', () => {
    const bad: ContainerBehaviour = { name: 'bad', version: 1, images: ['bad'], start: () => { throw new Error('no'); } };
    const at = stand({}, [bad]);
    at.put('a', { containers: [{ name: 'c', image: 'bad' }] });
    expect(() => at.run(3)).toThrow(BehaviourFailure);
    expect(liveProcesses(at.state, at.now())).toEqual([]);
  });

  it('[KN7] should refuse options and messages that cannot be', () => {
    expect(() => createKubelet({ node: '' })).toThrow(RangeError);
    expect(() => createKubelet({ node: 'a', timing: { startMs: -1 } })).toThrow('timing.startMs');
    expect(() => stand().tell({ kind: 'slow', factor: 0 })).toThrow(RangeError);
  });

  it('[KN8] should let a stage end the runs of the pods it selects', () => {
    const at = stand({ stages: [{ name: 'crash', labels: {}, container: 'x', endsAfterMs: 2000, exitCode: 9 }] });
    at.put('a', { containers: [{ name: 'c', image: 'nginx' }] });
    at.put('b', { containers: [{ name: 'x', image: 'nginx' }], restartPolicy: 'Never' });
    at.run(10);
    expect([at.status('a')?.phase, at.status('b')?.phase, at.status('b')?.containerStatuses?.[0]?.state?.terminated?.exitCode]).toEqual(['Running', 'Failed', 9]);
  });

  it('[KC3] should break an HTTP probe when the page is moved away, and heal it', () => {
    const at = stand();
    at.put('a', { containers: [{ name: 'c', image: 'nginx', readinessProbe: { httpGet: { path: '/', port: 80 }, periodSeconds: 5, failureThreshold: 1 } }] });
    at.run(3);
    const ready = (): string | undefined => at.status('a')?.conditions?.find((each) => each.type === 'Ready')?.status;
    const page = (content: string | null): void => {
      const worker = at.state.workers.get('a');
      const instance = worker?.runtime.containers['c']?.[0];
      if (worker === undefined || instance === undefined) throw new Error('no container');
      const files: Readonly<Record<string, string>> = content === null ? { '/usr/share/nginx/html/index.html': '\u0000deleted' } : {};
      at.tell({ kind: 'files', uid: 'a', runtime: { ...worker.runtime, containers: { c: [{ ...instance, files }] } } });
    };
    expect(ready()).toBe('True');
    page(null);
    at.run(10);
    expect(ready()).toBe('False');
    page('back');
    at.run(20);
    expect(ready()).toBe('True');
  });
});
