// What sig-apps demands of StatefulSets on every conformant cluster: the [Conformance] cases of test/e2e/apps/statefulset.go (v1.34).
import type { ConformanceCase, ControlPlaneClient } from './client.ts';

interface Item {
  readonly metadata: { readonly name: string; readonly uid: string; readonly labels?: Readonly<Record<string, string>>; readonly deletionTimestamp?: string };
  readonly spec: { readonly replicas?: number; readonly containers?: readonly { readonly image: string }[] };
  readonly status: {
    readonly phase?: string; readonly currentRevision?: string; readonly updateRevision?: string; readonly readyReplicas?: number; readonly replicas?: number;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
}

const OLD_IMAGE = 'registry.k8s.io/pause:3.9';
const NEW_IMAGE = 'registry.k8s.io/pause:3.10';
const MERGE = 'application/merge-patch+json';
const STRATEGIC = 'application/strategic-merge-patch+json';
/** Set by the case on a pod's status: so readiness is in its hand without exec. */
const GATE = 'conformance.kubesim.dev/ready';
const STEP_MS = 1_000;
const WAIT_STEPS = 300;
const QUIET_STEPS = 10;

function sayExpected(what: string, holds: boolean, found: unknown): void {
  if (!holds) throw new Error(`expected ${what}; found ${JSON.stringify(found)}`);
}

/** One namespace with one StatefulSet `ss`, and what a case does with them. */
class Bench {
  private readonly client: ControlPlaneClient;
  private readonly core: string;
  readonly sets: string;
  readonly namespace: string;

  constructor(client: ControlPlaneClient, namespace: string) {
    this.client = client;
    this.namespace = namespace;
    this.core = `/api/v1/namespaces/${namespace}`;
    this.sets = `/apis/apps/v1/namespaces/${namespace}/statefulsets`;
  }

  async ask(method: string, path: string, body?: unknown, contentType?: string): Promise<unknown> {
    const answer = await this.client.request(method, path, body, contentType);
    sayExpected(`${method} ${path} to succeed`, answer.status < 300, answer);
    return answer.body;
  }

  async create(replicas: number, spec: object = {}, pod: object = {}): Promise<void> {
    const labels = { app: 'ss' };
    const template = { metadata: { labels }, spec: { terminationGracePeriodSeconds: 1, containers: [{ name: 'main', image: OLD_IMAGE }], ...pod } };
    await this.ask('POST', this.sets, { apiVersion: 'apps/v1', kind: 'StatefulSet', metadata: { name: 'ss', labels }, spec: { serviceName: 'ss', replicas, selector: { matchLabels: labels }, template, ...spec } });
  }

  patch(change: object): Promise<unknown> {
    return this.ask('PATCH', `${this.sets}/ss`, change, MERGE);
  }

  setImage(image: string): Promise<unknown> {
    return this.ask('PATCH', `${this.sets}/ss`, { spec: { template: { spec: { containers: [{ name: 'main', image }] } } } }, STRATEGIC);
  }

  async set(): Promise<Item> {
    return await this.ask('GET', `${this.sets}/ss`) as Item;
  }

  async pods(): Promise<readonly Item[]> {
    const { items } = await this.ask('GET', `${this.core}/pods?labelSelector=app%3Dss`) as { readonly items: readonly Item[] };
    return [...items].sort((one, other) => ordinalOf(one) - ordinalOf(other));
  }

  evictPod(name: string): Promise<unknown> {
    return this.ask('POST', `${this.core}/pods/${name}/eviction`, { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name, namespace: this.namespace } });
  }

  deletePod(name: string): Promise<unknown> {
    return this.ask('DELETE', `${this.core}/pods/${name}`);
  }

  /** Opens or shuts the readiness gate of a pod. */
  setReady(ordinal: number, ready: boolean): Promise<unknown> {
    const condition = { type: GATE, status: ready ? 'True' : 'False' };
    return this.ask('PATCH', `${this.core}/pods/ss-${ordinal}/status`, { status: { conditions: [condition] } }, STRATEGIC);
  }

  /** Waits until the pods are as told; `each` sees every state on the way. */
  async until(what: string, holds: (pods: readonly Item[]) => boolean, each: (pods: readonly Item[]) => void = () => undefined): Promise<readonly Item[]> {
    let pods = await this.pods();
    for (let step = 0; step < WAIT_STEPS; step++) {
      each(pods);
      if (holds(pods)) return pods;
      await this.client.advance(STEP_MS);
      pods = await this.pods();
    }
    sayExpected(what, false, summary(pods));
    return pods;
  }

  ready(count: number): Promise<readonly Item[]> {
    return this.until(`${count} ready pods`, (pods) => pods.length === count && pods.every(isReady));
  }

  async setUntil(what: string, holds: (set: Item) => boolean): Promise<void> {
    let found = await this.set();
    for (let step = 0; step < WAIT_STEPS && !holds(found); step++) {
      await this.client.advance(STEP_MS);
      found = await this.set();
    }
    sayExpected(what, holds(found), found.status);
  }

  /** Expects that the pods stay as they are for a while. */
  async stay(what: string, holds: (pods: readonly Item[]) => boolean): Promise<void> {
    for (let step = 0; step < QUIET_STEPS; step++) {
      await this.client.advance(STEP_MS);
      const pods = await this.pods();
      sayExpected(what, holds(pods), summary(pods));
    }
  }
}

const GATED = { readinessGates: [{ conditionType: GATE }] };

function ordinalOf(pod: Item): number {
  return Number(pod.metadata.name.slice(pod.metadata.name.lastIndexOf('-') + 1));
}

function isReady(pod: Item): boolean {
  return pod.metadata.deletionTimestamp === undefined && (pod.status.conditions ?? []).some(({ type, status }) => type === 'Ready' && status === 'True');
}

function imageOf(pod: Item | undefined): string | undefined {
  return pod?.spec.containers?.[0]?.image;
}

function summary(pods: readonly Item[]): unknown {
  return pods.map((pod) => `${pod.metadata.name} ${pod.status.phase ?? ''} ${isReady(pod) ? 'ready' : 'not ready'} ${imageOf(pod) ?? ''}`);
}

/** Rolls to an image, from the highest ordinal down. */
async function roll(bench: Bench, image: string, replicas: number): Promise<void> {
  await bench.setImage(image);
  await bench.until(`all pods to run ${image}`, (pods) => pods.length === replicas && pods.every((pod) => isReady(pod) && imageOf(pod) === image), (pods) => {
    const lowest = pods.find((pod) => imageOf(pod) === image);
    sayExpected(`the update to ${image} to go from the highest ordinal down`, lowest === undefined || pods.every((pod) => ordinalOf(pod) < ordinalOf(lowest) || imageOf(pod) === image), summary(pods));
  });
}

function define(name: string, id: string, body: (bench: Bench) => Promise<void>): ConformanceCase {
  return {
    name,
    async run(client) {
      const bench = new Bench(client, `conformance-${id}`);
      await bench.ask('POST', '/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: bench.namespace } });
      try { await body(bench); } finally { await client.request('DELETE', `/api/v1/namespaces/${bench.namespace}`); }
    },
  };
}

/** The suite for StatefulSets. Each case works in a namespace of its own and removes it. @public */
export const statefulSetConformance: readonly ConformanceCase[] = [
  define('should perform rolling updates and roll backs of template modifications', 'ss-rolling', async (bench) => {
    await bench.create(3);
    await bench.ready(3);
    const before = (await bench.set()).status.updateRevision;
    await roll(bench, NEW_IMAGE, 3);
    await bench.setUntil('currentRevision to become updateRevision after the update', ({ status }) => status.currentRevision === status.updateRevision && status.updateRevision !== before);
    await roll(bench, OLD_IMAGE, 3);
    await bench.setUntil('the roll back to end at the first revision', ({ status }) => status.currentRevision === before && status.updateRevision === before);
  }),
  define('should perform canary updates and phased rolling updates of template modifications', 'ss-canary', async (bench) => {
    const partition = (value: number): object => ({ updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: value } } });
    await bench.create(3, partition(3));
    await bench.ready(3);
    await bench.setImage(NEW_IMAGE);
    await bench.stay('no pod below the partition to be updated', (pods) => pods.every((pod) => imageOf(pod) === OLD_IMAGE));
    for (const from of [2, 1, 0]) {
      await bench.patch({ spec: partition(from) });
      const phased = (pods: readonly Item[]): boolean => pods.length === 3 && pods.every((pod) => isReady(pod) && imageOf(pod) === (ordinalOf(pod) >= from ? NEW_IMAGE : OLD_IMAGE));
      await bench.until(`the pods from ordinal ${from} on, and no others, to be updated`, phased);
      await bench.stay(`partition ${from} to be kept`, phased);
      await bench.deletePod('ss-0');
      await bench.until('a deleted pod to come back at the revision of its side of the partition', phased);
    }
  }),
  define('Scaling should happen in predictable order and halt if any stateful pod is unhealthy', 'ss-order', async (bench) => {
    await bench.create(1, {}, GATED);
    await bench.until('ss-0 to run', (pods) => pods[0]?.status.phase === 'Running');
    await bench.patch({ spec: { replicas: 3 } });
    for (const ordinal of [0, 1, 2]) {
      await bench.until(`ss-${ordinal} to run`, (pods) => pods[ordinal]?.status.phase === 'Running');
      await bench.stay(`scaling up to halt while ss-${ordinal} is not ready`, (pods) => pods.length === ordinal + 1);
      await bench.setReady(ordinal, true);
    }
    await bench.ready(3);
    for (const ordinal of [0, 1, 2]) await bench.setReady(ordinal, false);
    await bench.until('no pod to be ready', (pods) => pods.length === 3 && !pods.some(isReady));
    await bench.patch({ spec: { replicas: 0 } });
    await bench.stay('scaling down to halt while no pod is ready', (pods) => pods.length === 3);
    for (const ordinal of [0, 1, 2]) await bench.setReady(ordinal, true);
    await bench.until('all pods to be gone', (pods) => pods.length === 0, (pods) => {
      sayExpected('pods to be removed from the highest ordinal down', pods.every((pod, index) => ordinalOf(pod) === index), summary(pods));
    });
  }),
  define('Burst scaling should run to completion even with unhealthy pods', 'ss-burst', async (bench) => {
    await bench.create(1, { podManagementPolicy: 'Parallel' }, GATED);
    await bench.until('ss-0 to run', (pods) => pods[0]?.status.phase === 'Running');
    await bench.patch({ spec: { replicas: 3 } });
    await bench.until('three pods to run though none is ready', (pods) => pods.length === 3 && pods.every((pod) => pod.status.phase === 'Running'));
    await bench.patch({ spec: { replicas: 0 } });
    await bench.until('all pods to be gone though none was ready', (pods) => pods.length === 0);
  }),
  define('Should recreate evicted statefulset', 'ss-evicted', async (bench) => {
    // Upstream lets a node turn the pod away for a port that is taken; the Eviction API needs no say in where pods run.
    await bench.create(1);
    const uid = (await bench.ready(1))[0]?.metadata.uid;
    await bench.evictPod('ss-0');
    await bench.until('the evicted pod to be made anew under its name', (pods) => pods.length === 1 && pods[0]?.metadata.uid !== uid && pods.every(isReady));
  }),
  define('should have a working scale subresource', 'ss-scale', async (bench) => {
    await bench.create(1);
    await bench.ready(1);
    const scale = await bench.ask('GET', `${bench.sets}/ss/scale`) as Item;
    sayExpected('the scale to have 1 replica in spec and status', scale.spec.replicas === 1 && scale.status.replicas === 1, scale);
    await bench.ask('PUT', `${bench.sets}/ss/scale`, { ...scale, spec: { replicas: 2 } });
    sayExpected('spec.replicas 2 after an update of the scale', (await bench.set()).spec.replicas === 2, await bench.set());
    await bench.ready(2);
    await bench.ask('PATCH', `${bench.sets}/ss/scale`, { spec: { replicas: 3 } }, MERGE);
    await bench.ready(3);
  }),
  define('should list, patch and delete a collection of StatefulSets', 'ss-collection', async (bench) => {
    await bench.create(1);
    await bench.ready(1);
    const list = `${bench.sets}?labelSelector=app%3Dss`;
    sayExpected('one set in the list by label', (await bench.ask('GET', list) as { readonly items: readonly Item[] }).items.length === 1, list);
    await bench.patch({ metadata: { labels: { patched: 'yes' } }, spec: { replicas: 2 } });
    const patched = await bench.set();
    sayExpected('the patch to set label and replicas', patched.metadata.labels?.['patched'] === 'yes' && patched.spec.replicas === 2, patched);
    await bench.ready(2);
    await bench.ask('DELETE', list);
    await bench.until('the pods to go with the collection', (pods) => pods.length === 0);
    sayExpected('no set after the collection was deleted', (await bench.ask('GET', bench.sets) as { readonly items: readonly Item[] }).items.length === 0, list);
  }),
  define('should validate Statefulset Status endpoints', 'ss-status', async (bench) => {
    await bench.create(1);
    await bench.ready(1);
    await bench.setUntil('readyReplicas 1 in the status', ({ status }) => status.readyReplicas === 1);
    const path = `${bench.sets}/ss/status`;
    const has = (set: Item, type: string): boolean => (set.status.conditions ?? []).some((each) => each.type === type);
    const read = await bench.ask('GET', path) as Item;
    await bench.ask('PUT', path, { ...read, status: { ...read.status, conditions: [{ type: 'StatusUpdate', status: 'True', reason: 'E2E', message: 'Set by a test' }] } });
    sayExpected('the updated condition to be there', has(await bench.set(), 'StatusUpdate'), await bench.set());
    const answer = await bench.ask('PATCH', path, { spec: { replicas: 5 }, status: { conditions: [{ type: 'StatusPatched', status: 'True' }] } }, MERGE) as Item;
    sayExpected('the patched condition in the answer', has(answer, 'StatusPatched'), answer);
    sayExpected('the status endpoint to leave spec alone', answer.spec.replicas === 1, answer.spec);
  }),
];
