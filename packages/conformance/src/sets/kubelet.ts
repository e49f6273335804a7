// The kubelet set: scripted containers on one node. The kubelet is the product's; around it stands the least that can hold
// it: an API in memory, a binding, and a StatefulSet that makes pods in order.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { defaultPodSpec, type ApiCall, type ApiReply, type KubeObject } from '@kubesim/api';
import type { ActorContext, CacheChange } from '@kubesim/client';
import { createKubelet, scriptedBehaviour, type KubeletMessage, type KubeletState } from '@kubesim/kubelet';
import type { CaseResult, ConformOptions, ConformSet, SetReport } from '../conform-set.ts';

interface Happening {
  readonly seconds: number;
  readonly delete?: string;
  readonly grace?: number;
  readonly condition?: string | { readonly pod?: string; readonly type: string };
  readonly pod?: string;
  readonly scale?: number | string;
  readonly replicas?: number;
}

interface KubeletCase {
  readonly id: string;
  readonly seconds: number;
  readonly objects: readonly KubeObject[];
  readonly at: readonly Happening[];
}

interface Comparer {
  podHistory(events: readonly { readonly t: number; readonly type: string; readonly object: unknown }[], namespace: string): unknown;
  compareKubelet(vector: unknown, actual: unknown): readonly string[];
}

const NAMESPACE = 'ns00042';
const START = Date.UTC(2026, 0, 1);
/** Where the kubelet's loops lie within the second: any value is a real kubelet. */
const RELIST_PHASE_MS = 760;
const TICK_PHASE_MS = 650;

/** The world around one kubelet: objects, tasks, and what watchers saw. */
class Harness {
  now: number = START;
  readonly seen: { t: number; type: string; object: unknown }[] = [];
  private readonly objects = new Map<string, KubeObject>();
  private readonly tasks: { at: number; order: number; name: string | undefined; run: () => void }[] = [];
  private readonly kubelet = createKubelet({
    node: 'node-4', relistPhaseMs: RELIST_PHASE_MS, tickPhaseMs: TICK_PHASE_MS, heartbeats: false, registerNode: false,
    timing: { syncStartMs: 10, sandboxMs: 5, startMs: 5, syncFrequencyMs: 10_000 },
  }, [scriptedBehaviour]);
  private readonly state: KubeletState = this.kubelet.initial();
  private readonly draws = new Map<string, number>();
  private order = 0;
  private revision = 0;

  constructor() {
    this.store('nodes', {
      apiVersion: 'v1', kind: 'Node',
      metadata: { name: 'node-4', labels: { 'sim': 'scripted', 'kubernetes.io/hostname': 'node-4', 'kubernetes.io/os': 'linux' } },
      spec: { podCIDR: '10.244.4.0/24' }, status: { allocatable: { cpu: '1', memory: '3840Mi', pods: '110' } },
    }, 'ADDED');
    this.kubelet.start(this.context(), this.state);
  }

  later(delayMs: number, run: () => void, name?: string): void {
    if (name !== undefined) this.cancel(name);
    this.tasks.push({ at: this.now + Math.max(0, Math.ceil(delayMs)), order: this.order++, name, run });
  }

  runUntil(instant: number): void {
    for (;;) {
      let best = -1;
      this.tasks.forEach((task, index) => {
        const least = this.tasks[best];
        if (least === undefined || task.at < least.at || (task.at === least.at && task.order < least.order)) best = index;
      });
      const next = this.tasks[best];
      if (next === undefined || next.at > instant) break;
      this.tasks.splice(best, 1);
      this.now = next.at;
      next.run();
    }
    this.now = instant;
  }

  pods(): readonly KubeObject[] {
    return [...this.objects].filter(([key]) => key.startsWith('pods/')).map(([, object]) => object);
  }

  createPod(pod: KubeObject): void {
    const name = pod.metadata.name as string;
    const spec = defaultPodSpec(pod['spec']);
    const uid = `00000000-0000-4000-8000-${`${++this.revision}`.padStart(12, '0')}`;
    const object = { ...pod, metadata: { ...pod.metadata, namespace: NAMESPACE, uid, generation: 1 }, spec, status: { phase: 'Pending', qosClass: 'BestEffort' } };
    this.store('pods', object, 'ADDED');
    if (spec.nodeName !== undefined) return;
    this.later(8, () => {
      const stored = this.objects.get(`pods/${NAMESPACE}/${name}`);
      if (stored?.metadata.uid !== uid || stored.metadata.deletionTimestamp !== undefined) return;
      const conditions = [{ type: 'PodScheduled', status: 'True', lastProbeTime: null, lastTransitionTime: this.text() }];
      this.store('pods', { ...stored, spec: { ...stored['spec'], nodeName: 'node-4' }, status: { ...stored['status'], conditions } }, 'MODIFIED');
      this.say('Normal', 'Scheduled', `Successfully assigned ${NAMESPACE}/${name} to node-4`);
    });
  }

  deletePod(name: string, grace: number | undefined, force: boolean): ApiReply {
    const key = `pods/${NAMESPACE}/${name}`;
    const pod = this.objects.get(key);
    if (pod === undefined) return notFound('pods', name);
    const isFinal = grace === 0 || force || pod['spec'].nodeName === undefined || ['Succeeded', 'Failed'].includes(pod['status'].phase as string);
    const seconds = isFinal ? 0 : (grace ?? (pod['spec'].terminationGracePeriodSeconds as number | undefined) ?? 30);
    const generation = (pod.metadata.generation ?? 1) + (pod.metadata.deletionTimestamp === undefined ? 1 : 0);
    const marked = { ...pod, metadata: { ...pod.metadata, generation, deletionTimestamp: this.text(seconds * 1000), deletionGracePeriodSeconds: seconds } };
    this.store('pods', marked, 'MODIFIED');
    if (seconds === 0) {
      this.objects.delete(key);
      this.tell('DELETED', marked, marked);
    }
    return { ok: true, object: marked };
  }

  setCondition(name: string, type: string): void {
    const pod = this.objects.get(`pods/${NAMESPACE}/${name}`);
    if (pod === undefined) return;
    const kept = ((pod['status'].conditions ?? []) as { type: string }[]).filter((each) => each.type !== type);
    this.store('pods', { ...pod, status: { ...pod['status'], conditions: [...kept, { type, status: 'True', lastProbeTime: null, lastTransitionTime: this.text() }] } }, 'MODIFIED');
  }

  say(type: string, reason: string, message: string): void {
    this.seen.push({ t: (this.now - START) / 1000, type: 'ADDED', object: { kind: 'Event', type, reason, message } });
  }

  private text(delayMs: number = 0): string {
    return `${new Date(this.now + delayMs).toISOString().slice(0, 19)}Z`;
  }

  private cancel(name: string): void {
    const index = this.tasks.findIndex((task) => task.name === name);
    if (index >= 0) this.tasks.splice(index, 1);
  }

  private store(resource: string, object: KubeObject, type: 'ADDED' | 'MODIFIED'): void {
    const key = `${resource}/${object.metadata.namespace === undefined ? '' : `${object.metadata.namespace}/`}${object.metadata.name}`;
    const before = this.objects.get(key);
    const after = { ...object, metadata: { ...object.metadata, resourceVersion: `${++this.revision}` } };
    this.objects.set(key, after);
    if (resource === 'pods') this.tell(type, after, before);
  }

  private tell(type: 'ADDED' | 'MODIFIED' | 'DELETED', object: KubeObject, before: KubeObject | undefined): void {
    this.seen.push({ t: (this.now - START) / 1000, type, object });
    if (object['spec'].nodeName !== 'node-4') return;
    const change: CacheChange = type === 'DELETED' ? { resource: 'pods', type, before: object } : { resource: 'pods', type, before, after: object };
    this.later(1, () => this.kubelet.observe(this.context(), this.state, change));
    // The StatefulSet looks again after every change of its pods.
    this.later(1, () => this.onChange());
  }

  onChange: () => void = () => {};

  private call(call: ApiCall): ApiReply {
    const name = 'name' in call ? (call.name ?? '') : '';
    const key = `${call.resource}/${call.namespace === undefined ? '' : `${call.namespace}/`}${name}`;
    const stored = this.objects.get(key);
    if (stored === undefined) return notFound(call.resource, name);
    if (call.verb === 'get') return { ok: true, object: stored };
    if (call.verb === 'delete') return this.deletePod(name, call.options?.gracePeriodSeconds, false);
    if (call.verb === 'update') {
      this.store(call.resource, call.object, 'MODIFIED');
      return { ok: true, object: this.objects.get(key) as KubeObject };
    }
    throw new RangeError(`conform kubelet: the harness has no ${call.verb}`);
  }

  private context(): ActorContext<KubeletMessage> {
    const harness = this;
    return {
      now: this.now, epoch: { kind: 'epoch' }, profile: { kubernetes: '1.37', featureGates: {} },
      lister: (resource: string) => ({
        get: (namespace: string, name: string) => harness.objects.get(`${resource}/${namespace === '' ? '' : `${namespace}/`}${name}`) as never,
        list: () => [...harness.objects].filter(([key]) => key.startsWith(`${resource}/`)).map(([, object]) => object as never),
        byOwner: () => [], byOwnerUid: () => [], orphans: () => [],
      }),
      call: (call) => harness.call(call),
      after: (delayMs, message, options) => harness.later(delayMs, () => harness.kubelet.receive(harness.context(), harness.state, message), options?.name),
      cancel: (name) => harness.cancel(name),
      event: ({ type, reason, message }) => harness.say(type, reason, message),
      explain: () => {},
      random: (name) => ({
        below: (bound) => {
          const count = (harness.draws.get(name) ?? 0) + 1;
          harness.draws.set(name, count);
          return Math.floor((((count * 7 + 3) % 10) / 10) * bound);
        },
      }),
    };
  }
}

function notFound(resource: string, name: string): ApiReply {
  return { ok: false, status: { code: 404, reason: 'NotFound', message: `${resource} "${name}" not found` } };
}

/** The least StatefulSet controller that a kubelet can be watched under. */
function runStatefulSet(harness: Harness, set: KubeObject): { scale(replicas: number): void } {
  let replicas: number = set['spec'].replicas ?? 1;
  const isParallel = set['spec'].podManagementPolicy === 'Parallel';
  const nameOf = (ordinal: number): string => `${set.metadata.name}-${ordinal}`;
  const reconcile = (): void => {
    const pods = new Map(harness.pods().map((pod) => [pod.metadata.name as string, pod]));
    for (let ordinal = 0; ordinal < replicas; ordinal++) {
      const pod = pods.get(nameOf(ordinal));
      if (pod === undefined) {
        const template = set['spec'].template;
        harness.createPod({
          apiVersion: 'v1', kind: 'Pod', metadata: { ...template.metadata, name: nameOf(ordinal) },
          spec: { ...template.spec, hostname: nameOf(ordinal), subdomain: set['spec'].serviceName },
        } as KubeObject);
        harness.say('Normal', 'SuccessfulCreate', `Create Pod ${nameOf(ordinal)} in StatefulSet ${set.metadata.name} successful`);
        pods.set(nameOf(ordinal), harness.pods().find((each) => each.metadata.name === nameOf(ordinal)) as KubeObject);
        if (!isParallel) return;
      } else if (!isParallel) {
        const isReady = pod['status'].phase === 'Running' && pod['status'].conditions?.some((each: { type: string; status: string }) => each.type === 'Ready' && each.status === 'True');
        if (!isReady || pod.metadata.deletionTimestamp !== undefined) return;
      }
    }
    const condemned = [...pods.keys()].filter((name) => Number(name.slice(name.lastIndexOf('-') + 1)) >= replicas).sort().reverse();
    for (const name of condemned) {
      if (pods.get(name)?.metadata.deletionTimestamp === undefined) {
        harness.deletePod(name, undefined, false);
        harness.say('Normal', 'SuccessfulDelete', `Delete Pod ${name} in StatefulSet ${set.metadata.name} successful`);
      }
      if (!isParallel) return;
    }
  };
  harness.onChange = reconcile;
  harness.later(10, reconcile);
  return {
    scale(count) {
      replicas = count;
      harness.later(5, reconcile);
    },
  };
}

/** Plays a case and answers what watchers saw. */
function play(vector: KubeletCase): Harness['seen'] {
  const harness = new Harness();
  let set: { scale(replicas: number): void } | undefined;
  harness.later(10, () => {
    for (const object of vector.objects) {
      if (object.kind === 'Pod') harness.createPod(object);
      else if (object.kind === 'StatefulSet') set = runStatefulSet(harness, object);
    }
  });
  for (const happening of vector.at) {
    harness.later(happening.seconds * 1000, () => {
      if (happening.delete !== undefined) harness.deletePod(happening.delete, happening.grace, false);
      if (happening.scale !== undefined) set?.scale(typeof happening.scale === 'number' ? happening.scale : (happening.replicas ?? 0));
      if (happening.condition !== undefined) {
        const { condition } = happening;
        harness.setCondition(happening.pod ?? (typeof condition === 'string' ? 'p' : (condition.pod ?? 'p')), typeof condition === 'string' ? condition : condition.type);
      }
    });
  }
  harness.runUntil(START + vector.seconds * 1000);
  return harness.seen;
}

/** Cases of the kubelet set. */
export const kubeletSet: ConformSet = {
  name: 'kubelet',
  async run(options: ConformOptions): Promise<SetReport> {
    const root = join(import.meta.dirname, '../../vectors');
    const folder = options.folder ?? join(root, 'kubelet');
     
    const comparer: Comparer = await import(join(root, 'compare.mjs'));
    const text = gunzipSync(readFileSync(join(folder, `${options.release ?? '1.37'}.jsonl.gz`))).toString('utf8');
    const cases: CaseResult[] = [];
    for (const line of text.split('\n')) {
      if (line === '') continue;
      const vector = JSON.parse(line) as KubeletCase;
      if (options.only !== undefined && options.only !== vector.id) continue;
      const differences = comparer.compareKubelet(vector, comparer.podHistory(play(vector), NAMESPACE));
      cases.push({ id: vector.id, agrees: differences.length === 0, differences });
    }
    return { cases };
  },
};
