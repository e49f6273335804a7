// What sig-apps demands of StatefulSets on every conformant cluster: the [Conformance] cases of test/e2e/apps/statefulset.go (v1.34).
import type { ConformanceCase } from './client.ts';
import { Bench, defineCase, GATED, imageOf, isReady, MERGE, NEW_IMAGE, OLD_IMAGE, sayExpected, STRATEGIC, summary, type Item } from './bench.ts';

const LABEL = 'app=ss';

/** One namespace with one StatefulSet `ss`, and what a case does with them. */
class SetBench extends Bench {
  get sets(): string {
    return this.path('apps/statefulsets');
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

  set(): Promise<Item> {
    return this.get(`${this.sets}/ss`);
  }

  async pods(): Promise<readonly Item[]> {
    return [...await this.list('pods', LABEL)].sort((one, other) => ordinalOf(one) - ordinalOf(other));
  }

  evictPod(name: string): Promise<unknown> {
    return this.ask('POST', `${this.path('pods')}/${name}/eviction`, { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name, namespace: this.namespace } });
  }

  deletePod(name: string): Promise<unknown> {
    return this.ask('DELETE', `${this.path('pods')}/${name}`);
  }

  /** Waits until the pods, by ordinal, are as told; `each` sees every state on the way. */
  untilSet(what: string, holds: (pods: readonly Item[]) => boolean, each: (pods: readonly Item[]) => void = () => undefined): Promise<readonly Item[]> {
    return this.until(what, () => this.pods(), holds, { each, show: summary });
  }

  setUntil(what: string, holds: (set: Item) => boolean): Promise<unknown> {
    return this.until(what, () => this.set(), holds, { show: ({ status }) => status });
  }

  /** Expects that the pods stay as they are for a while. */
  podsStay(what: string, holds: (pods: readonly Item[]) => boolean): Promise<void> {
    return this.stay(what, () => this.pods(), holds, summary);
  }
}

function ordinalOf(pod: Item): number {
  return Number(pod.metadata.name.slice(pod.metadata.name.lastIndexOf('-') + 1));
}

/** Rolls to an image, from the highest ordinal down. */
async function roll(bench: SetBench, image: string, replicas: number): Promise<void> {
  await bench.setImage(image);
  await bench.untilSet(`all pods to run ${image}`, (pods) => pods.length === replicas && pods.every((pod) => isReady(pod) && imageOf(pod) === image), (pods) => {
    const lowest = pods.find((pod) => imageOf(pod) === image);
    sayExpected(`the update to ${image} to go from the highest ordinal down`, lowest === undefined || pods.every((pod) => ordinalOf(pod) < ordinalOf(lowest) || imageOf(pod) === image), summary(pods));
  });
}

function define(name: string, id: string, body: (bench: SetBench) => Promise<void>): ConformanceCase {
  return defineCase(SetBench, name, id, body);
}

/** The suite for StatefulSets. Each case works in a namespace of its own and removes it. @public */
export const statefulSetConformance: readonly ConformanceCase[] = [
  define('should perform rolling updates and roll backs of template modifications', 'ss-rolling', async (bench) => {
    await bench.create(3);
    await bench.ready(3, LABEL);
    const before = (await bench.set()).status.updateRevision;
    await roll(bench, NEW_IMAGE, 3);
    await bench.setUntil('currentRevision to become updateRevision after the update', ({ status }) => status.currentRevision === status.updateRevision && status.updateRevision !== before);
    await roll(bench, OLD_IMAGE, 3);
    await bench.setUntil('the roll back to end at the first revision', ({ status }) => status.currentRevision === before && status.updateRevision === before);
  }),
  define('should perform canary updates and phased rolling updates of template modifications', 'ss-canary', async (bench) => {
    const partition = (value: number): object => ({ updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: value } } });
    await bench.create(3, partition(3));
    await bench.ready(3, LABEL);
    await bench.setImage(NEW_IMAGE);
    await bench.podsStay('no pod below the partition to be updated', (pods) => pods.every((pod) => imageOf(pod) === OLD_IMAGE));
    for (const from of [2, 1, 0]) {
      await bench.patch({ spec: partition(from) });
      const phased = (pods: readonly Item[]): boolean => pods.length === 3 && pods.every((pod) => isReady(pod) && imageOf(pod) === (ordinalOf(pod) >= from ? NEW_IMAGE : OLD_IMAGE));
      await bench.untilSet(`the pods from ordinal ${from} on, and no others, to be updated`, phased);
      await bench.podsStay(`partition ${from} to be kept`, phased);
      await bench.deletePod('ss-0');
      await bench.untilSet('a deleted pod to come back at the revision of its side of the partition', phased);
    }
  }),
  define('Scaling should happen in predictable order and halt if any stateful pod is unhealthy', 'ss-order', async (bench) => {
    await bench.create(1, {}, GATED);
    await bench.untilSet('ss-0 to run', (pods) => pods[0]?.status.phase === 'Running');
    await bench.patch({ spec: { replicas: 3 } });
    for (const ordinal of [0, 1, 2]) {
      await bench.untilSet(`ss-${ordinal} to run`, (pods) => pods[ordinal]?.status.phase === 'Running');
      await bench.podsStay(`scaling up to halt while ss-${ordinal} is not ready`, (pods) => pods.length === ordinal + 1);
      await bench.setReady(`ss-${ordinal}`, true);
    }
    await bench.ready(3, LABEL);
    for (const ordinal of [0, 1, 2]) await bench.setReady(`ss-${ordinal}`, false);
    await bench.untilSet('no pod to be ready', (pods) => pods.length === 3 && !pods.some(isReady));
    await bench.patch({ spec: { replicas: 0 } });
    await bench.podsStay('scaling down to halt while no pod is ready', (pods) => pods.length === 3);
    // The lowest pod that is not ready does not hold itself up: whichever comes last may be gone by then.
    for (const ordinal of [0, 1, 2]) await bench.setReady(`ss-${ordinal}`, true, { mayBeGone: true });
    await bench.untilSet('all pods to be gone', (pods) => pods.length === 0, (pods) => {
      sayExpected('pods to be removed from the highest ordinal down', pods.every((pod, index) => ordinalOf(pod) === index), summary(pods));
    });
  }),
  define('Burst scaling should run to completion even with unhealthy pods', 'ss-burst', async (bench) => {
    await bench.create(1, { podManagementPolicy: 'Parallel' }, GATED);
    await bench.untilSet('ss-0 to run', (pods) => pods[0]?.status.phase === 'Running');
    await bench.patch({ spec: { replicas: 3 } });
    await bench.untilSet('three pods to run though none is ready', (pods) => pods.length === 3 && pods.every((pod) => pod.status.phase === 'Running'));
    await bench.patch({ spec: { replicas: 0 } });
    await bench.untilSet('all pods to be gone though none was ready', (pods) => pods.length === 0);
  }),
  define('Should recreate evicted statefulset', 'ss-evicted', async (bench) => {
    // Upstream lets a node turn the pod away for a port that is taken; the Eviction API needs no say in where pods run.
    await bench.create(1);
    const uid = (await bench.ready(1, LABEL))[0]?.metadata.uid;
    await bench.evictPod('ss-0');
    await bench.untilSet('the evicted pod to be made anew under its name', (pods) => pods.length === 1 && pods[0]?.metadata.uid !== uid && pods.every(isReady));
  }),
  define('should have a working scale subresource', 'ss-scale', async (bench) => {
    await bench.create(1);
    await bench.ready(1, LABEL);
    await bench.scaleWorks(`${bench.sets}/ss`);
    await bench.ready(3, LABEL);
  }),
  define('should list, patch and delete a collection of StatefulSets', 'ss-collection', async (bench) => {
    await bench.create(1);
    await bench.ready(1, LABEL);
    const list = `${bench.sets}?labelSelector=app%3Dss`;
    sayExpected('one set in the list by label', (await bench.ask('GET', list) as { readonly items: readonly Item[] }).items.length === 1, list);
    await bench.patch({ metadata: { labels: { patched: 'yes' } }, spec: { replicas: 2 } });
    const patched = await bench.set();
    sayExpected('the patch to set label and replicas', patched.metadata.labels?.['patched'] === 'yes' && patched.spec.replicas === 2, patched);
    await bench.ready(2, LABEL);
    await bench.ask('DELETE', list);
    await bench.untilSet('the pods to go with the collection', (pods) => pods.length === 0);
    sayExpected('no set after the collection was deleted', (await bench.ask('GET', bench.sets) as { readonly items: readonly Item[] }).items.length === 0, list);
  }),
  define('should validate Statefulset Status endpoints', 'ss-status', async (bench) => {
    await bench.create(1);
    await bench.ready(1, LABEL);
    await bench.setUntil('readyReplicas 1 in the status', ({ status }) => status.readyReplicas === 1);
    await bench.statusWorks(`${bench.sets}/ss`);
  }),
];
