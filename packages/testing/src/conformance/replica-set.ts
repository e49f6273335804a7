// What sig-apps demands of ReplicaSets on every conformant cluster: the [Conformance] cases of test/e2e/apps/replica_set.go (v1.34).
import type { ConformanceCase } from './client.ts';
import { Bench, defineCase, isOwnedBy, NEW_IMAGE, OLD_IMAGE, sayExpected, STRATEGIC, summary, type Item } from './bench.ts';

const LABELS = { app: 'rs' };
const SELECTOR = 'app=rs';

/** One namespace with one ReplicaSet `rs`, and what a case does with them. */
class ReplicaSetBench extends Bench {
  get object(): string {
    return `${this.path('apps/replicasets')}/rs`;
  }

  async create(replicas: number, labels: Readonly<Record<string, string>> = LABELS): Promise<Item> {
    const template = { metadata: { labels: LABELS }, spec: { terminationGracePeriodSeconds: 1, containers: [{ name: 'main', image: OLD_IMAGE }] } };
    return await this.ask('POST', this.path('apps/replicasets'), { apiVersion: 'apps/v1', kind: 'ReplicaSet', metadata: { name: 'rs', labels }, spec: { replicas, selector: { matchLabels: LABELS }, template } }) as Item;
  }

  setUntil(what: string, holds: (set: Item) => boolean): Promise<Item> {
    return this.until(what, () => this.get(this.object), holds, { show: ({ spec, status }) => ({ replicas: spec.replicas, status }) });
  }
}

function define(name: string, id: string, body: (bench: ReplicaSetBench) => Promise<void>): ConformanceCase {
  return defineCase(ReplicaSetBench, name, id, body);
}

/** The suite for ReplicaSets. Each case works in a namespace of its own and removes it. @public */
export const replicaSetConformance: readonly ConformanceCase[] = [
  define('should serve a basic image on each replica with a public image', 'rs-serve', async (bench) => {
    // Upstream asks each pod for its name through the proxy; that each runs with an address of its own needs no way into the pods' network.
    const set = await bench.create(2);
    const pods = await bench.ready(2, SELECTOR);
    sayExpected('each pod to run for the set, at an address of its own', pods.every((pod) => pod.status.phase === 'Running' && isOwnedBy(pod, set)) && new Set(pods.map(({ status }) => status.podIP)).size === 2 && pods.every(({ status }) => status.podIP !== undefined), summary(pods));
  }),
  define('should adopt matching pods on creation and release no longer matching pods', 'rs-adopt', async (bench) => {
    await bench.ask('POST', bench.path('pods'), { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'orphan', labels: LABELS }, spec: { terminationGracePeriodSeconds: 1, containers: [{ name: 'main', image: OLD_IMAGE }] } });
    const orphan = (await bench.ready(1, SELECTOR))[0] as Item;
    const set = await bench.create(1);
    const adopted = await bench.untilPods('the orphan to be adopted or replaced', SELECTOR, (pods) => pods.length === 1 && pods.every((pod) => isOwnedBy(pod, set)));
    sayExpected('no second pod beside the adopted one', adopted.length === 1 && (adopted[0] as Item).metadata.uid === orphan.metadata.uid, summary(adopted));
    await bench.replace(`${bench.path('pods')}/orphan`, (pod) => ({ ...pod, metadata: { ...pod.metadata, labels: { app: 'other' } } }));
    await bench.untilPods('the pod to be released', 'app=other', (pods) => pods.length === 1 && pods.every((pod) => !isOwnedBy(pod, set)));
    const after = await bench.ready(1, SELECTOR);
    sayExpected('another pod in its place', after.every((pod) => isOwnedBy(pod, set) && pod.metadata.uid !== orphan.metadata.uid), summary(after));
  }),
  define('Replicaset should have a working scale subresource', 'rs-scale', async (bench) => {
    await bench.create(1);
    await bench.ready(1, SELECTOR);
    await bench.setUntil('one replica in the status', ({ status }) => status.replicas === 1);
    await bench.scaleWorks(bench.object);
    await bench.ready(3, SELECTOR);
  }),
  define('Replace and Patch tests', 'rs-replace', async (bench) => {
    await bench.create(1);
    await bench.ready(1, SELECTOR);
    await bench.replace(bench.object, (read) => ({ ...read, spec: { ...read.spec, replicas: 2 } }));
    await bench.ready(2, SELECTOR);
    await bench.ask('PATCH', bench.object, { metadata: { labels: { step: 'patched' } }, spec: { replicas: 3, template: { spec: { terminationGracePeriodSeconds: 0, containers: [{ name: 'main', image: NEW_IMAGE }] } } } }, STRATEGIC);
    const patched = await bench.setUntil('three ready and available replicas', ({ status }) => status.readyReplicas === 3 && status.availableReplicas === 3);
    sayExpected('the patch of labels, grace and image', patched.metadata.labels?.['step'] === 'patched' && patched.spec.template?.spec.terminationGracePeriodSeconds === 0 && patched.spec.template.spec.containers[0]?.image === NEW_IMAGE, patched);
  }),
  define('should list and delete a collection of ReplicaSets', 'rs-collection', async (bench) => {
    // Sets of cases before it may still be there, in namespaces that are being deleted.
    const own = { ...LABELS, listed: 'rs-collection' };
    const set = await bench.create(3, own);
    await bench.ready(3, SELECTOR);
    const { items } = await bench.ask('GET', `/apis/apps/v1/replicasets?labelSelector=${encodeURIComponent(`listed=${own.listed}`)}`) as { readonly items: readonly Item[] };
    sayExpected('the list of all namespaces by label to hold the set alone', items.length === 1 && items[0]?.metadata.uid === set.metadata.uid, items.map(({ metadata }) => metadata.name));
    await bench.ask('DELETE', `${bench.path('apps/replicasets')}?labelSelector=${encodeURIComponent(SELECTOR)}`);
    await bench.until('the set to go with its collection', () => bench.list('apps/replicasets', SELECTOR), (found) => found.length === 0);
    await bench.untilPods('the pods to go with the set', SELECTOR, (pods) => pods.length === 0);
  }),
  define('should validate Replicaset Status endpoints', 'rs-status', async (bench) => {
    await bench.create(1);
    await bench.ready(1, SELECTOR);
    await bench.setUntil('readyReplicas 1 in the status', ({ status }) => status.readyReplicas === 1);
    await bench.statusWorks(bench.object);
  }),
];
