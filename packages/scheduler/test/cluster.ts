// Objects, caches and a hand-driven process for tests of the scheduler.
import type { ApiCall, ApiReply, KubeObject, Node, Pod } from '@kubesim/api';
import type { ActorContext, EventToRecord, Lister } from '@kubesim/client';
import {
  createScheduler, defaultProfile, nodeInfo, nodeInfoSnapshot, schedulePod, type CycleResult, type SchedulerMessage, type SchedulerOptions, type SchedulerPlugin,
  type SchedulerState,
} from '../src/index.ts';

type Part = Readonly<Record<string, unknown>>;

export function aNode(name: string, spec: Part = {}, { labels = {}, allocatable = {}, images = [] }: { labels?: Readonly<Record<string, string>>; allocatable?: Part; images?: unknown[] } = {}): Node {
  return {
    metadata: { name, labels: { 'kubernetes.io/hostname': name, ...labels } }, spec,
    status: { allocatable: { cpu: '4', memory: '8Gi', pods: '110', ...allocatable }, images },
  } as unknown as Node;
}

export function aPod(name: string, spec: Part = {}, metadata: Part = {}, status: Part = {}): Pod {
  return {
    apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'default', uid: `uid-${name}`, ...metadata },
    spec: { schedulerName: 'default-scheduler', priority: 0, containers: [{ name: 'c', image: 'nginx:1.25' }], ...spec }, status: { phase: 'Pending', ...status },
  } as unknown as Pod;
}

export function asking(cpu: string, memory?: string): Part {
  return { containers: [{ name: 'c', image: 'nginx:1.25', resources: { requests: { cpu, ...(memory === undefined ? {} : { memory }) } } }] };
}

export function listerOf(objects: readonly KubeObject[]): Lister {
  const of = (namespace?: string): readonly KubeObject[] => namespace === undefined ? objects : objects.filter((object) => (object.metadata.namespace ?? '') === namespace);
  return { get: (namespace, name) => of(namespace).find((object) => object.metadata.name === name), list: of, byOwner: () => [], byOwnerUid: () => [], orphans: of };
}

export interface Setting {
  readonly nodes: readonly Node[];
  readonly pods?: readonly Pod[];
  readonly pod: Pod;
  readonly objects?: Readonly<Record<string, readonly unknown[]>>;
  readonly release?: '1.34' | '1.36' | '1.37';
  readonly plugins?: readonly SchedulerPlugin[];
  readonly memo?: Map<string, unknown>;
  readonly startIndex?: number;
  readonly nominated?: ReadonlyMap<string, readonly Pod[]>;
  readonly draw?: (bound: number) => number;
}

/** One cycle. */
export function cycle(setting: Setting): CycleResult {
  const infos = setting.nodes.map((node) => nodeInfo(node, (setting.pods ?? []).filter((pod) => pod.spec?.nodeName === node.metadata?.name)));
  return schedulePod({
    profile: setting.plugins === undefined ? defaultProfile : { schedulerName: 'default-scheduler', plugins: setting.plugins }, snapshot: nodeInfoSnapshot(infos), pod: setting.pod,
    random: () => ({ below: setting.draw ?? (() => 0) }), memo: setting.memo, startIndex: setting.startIndex, nominated: setting.nominated,
    listers: { profile: { kubernetes: setting.release ?? '1.37', featureGates: {} }, lister: (resource) => listerOf((setting.objects?.[resource] ?? []) as KubeObject[]) as never },
  });
}

/** The node, or the text of the failure. */
export function outcome(setting: Setting): string {
  const result = cycle(setting);
  return result.kind === 'placed' ? result.nodeName : result.message;
}

interface Timer { readonly at: number; readonly sequence: number; readonly name: string | undefined; readonly message: SchedulerMessage }

/** A scheduler over caches that show each of its writes at the next step. */
export class TestCluster {
  now = 1_800_000_000_000;
  readonly calls: ApiCall[] = [];
  readonly events: EventToRecord[] = [];
  writesInStep = 0;
  mostWritesInStep = 0;
  refuse: (call: ApiCall) => string | undefined = () => undefined;
  private readonly stores = new Map<string, Map<string, KubeObject>>();
  private readonly scheduler: ReturnType<typeof createScheduler>;
  state: SchedulerState;
  private timers: Timer[] = [];
  private sequence = 0;
  private readonly epoch = { kind: 'epoch' as const };

  constructor(options: SchedulerOptions = {}) {
    this.scheduler = createScheduler(options);
    this.state = this.scheduler.initial();
  }

  put(resource: string, object: unknown): void {
    const after = object as KubeObject;
    const key = `${after.metadata.namespace ?? ''}/${after.metadata.name ?? ''}`;
    const before = this.store(resource).get(key);
    this.store(resource).set(key, after);
    this.scheduler.observe(this.context(), this.state, { resource, type: before === undefined ? 'ADDED' : 'MODIFIED', before, after });
  }

  remove(resource: string, namespace: string, name: string): void {
    const before = this.store(resource).get(`${namespace}/${name}`);
    this.store(resource).delete(`${namespace}/${name}`);
    this.scheduler.observe(this.context(), this.state, { resource, type: 'DELETED', before });
  }

  get(resource: string, namespace: string, name: string): KubeObject | undefined {
    return this.store(resource).get(`${namespace}/${name}`);
  }

  nodeOf(name: string): string | undefined {
    return this.get('pods', 'default', name)?.['spec'].nodeName;
  }

  /** Runs what is due within so many ms. */
  run(forMs = 0): void {
    const end = this.now + forMs;
    for (let steps = 0; ; steps++) {
      if (steps > 10_000) throw new Error('the scheduler spins');
      const next = this.timers.filter((timer) => timer.at <= end).sort((a, b) => a.at - b.at || a.sequence - b.sequence)[0];
      if (next === undefined) break;
      this.timers = this.timers.filter((timer) => timer !== next);
      this.now = Math.max(this.now, next.at);
      this.writesInStep = 0;
      this.scheduler.receive(this.context(), this.state, next.message);
      this.mostWritesInStep = Math.max(this.mostWritesInStep, this.writesInStep);
      this.show();
    }
    this.now = end;
  }

  private pending: (() => void)[] = [];

  private show(): void {
    for (const action of this.pending.splice(0)) action();
  }

  private store(resource: string): Map<string, KubeObject> {
    let store = this.stores.get(resource);
    if (store === undefined) this.stores.set(resource, store = new Map());
    return store;
  }

  private call(call: ApiCall): ApiReply {
    this.calls.push(call);
    this.writesInStep++;
    const refusal = this.refuse(call);
    if (refusal !== undefined) return { ok: false, status: { status: 'Failure', message: refusal, code: 409, reason: 'Conflict' } };
    this.pending.push(() => this.carryOut(call));
    return { ok: true, object: {} as KubeObject };
  }

  private carryOut(call: ApiCall): void {
    if (call.verb === 'delete') return this.remove(call.resource, call.namespace ?? '', call.name);
    if (call.verb === 'update') return this.put(call.resource, call.object);
    if (call.verb !== 'create' && call.verb !== 'patch') return;
    const pod = this.get('pods', call.namespace ?? '', call.name ?? '');
    if (pod === undefined) return;
    if (call.verb === 'create') {
      this.put('pods', { ...pod, spec: { ...pod['spec'], nodeName: (call.object['target'] as { name: string }).name } });
      return;
    }
    const { conditions = [], ...rest } = (call.patch as { status: { conditions?: { type: string }[] } }).status;
    const kept = ((pod['status'].conditions ?? []) as { type: string }[]).filter((old) => !conditions.some((condition) => condition.type === old.type));
    this.put('pods', { ...pod, status: { ...pod['status'], ...rest, conditions: [...kept, ...conditions] } });
  }

  private context(): ActorContext<SchedulerMessage> {
    return {
      epoch: this.epoch, now: this.now, profile: { kubernetes: '1.37', featureGates: {} },
      lister: (resource) => listerOf([...this.store(resource).values()]) as never,
      call: (call) => this.call(call),
      after: (delayMs, message, options = {}) => {
        if (options.name !== undefined) this.timers = this.timers.filter((timer) => timer.name !== options.name);
        this.timers.push({ at: this.now + delayMs, sequence: this.sequence++, name: options.name, message });
      },
      cancel: (name) => { this.timers = this.timers.filter((timer) => timer.name !== name); },
      event: (event) => { this.events.push(event); },
      explain: () => undefined,
      random: () => ({ below: () => 0 }),
    };
  }
}
