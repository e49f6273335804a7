// What sig-apps demands of ReplicationControllers on every conformant cluster: the [Conformance] cases of test/e2e/apps/rc.go (v1.34).
import type { ConformanceCase } from './client.ts';
import { Bench, defineCase, hasCondition, isOwnedBy, MERGE, NEW_IMAGE, OLD_IMAGE, sayExpected, STRATEGIC, summary, type Item } from './bench.ts';

const LABELS = { app: 'rc' };
const SELECTOR = 'app=rc';

/** One namespace with one ReplicationController `rc`, and what a case does with them. */
class ReplicationControllerBench extends Bench {
  get object(): string {
    return `${this.path('replicationcontrollers')}/rc`;
  }

  async create(replicas: number): Promise<Item> {
    const template = { metadata: { labels: LABELS }, spec: { terminationGracePeriodSeconds: 1, containers: [{ name: 'main', image: OLD_IMAGE }] } };
    return await this.ask('POST', this.path('replicationcontrollers'), { apiVersion: 'v1', kind: 'ReplicationController', metadata: { name: 'rc', labels: LABELS }, spec: { replicas, selector: LABELS, template } }) as Item;
  }

  controllerUntil(what: string, holds: (controller: Item) => boolean): Promise<Item> {
    return this.until(what, () => this.get(this.object), holds, { show: ({ spec, status }) => ({ replicas: spec.replicas, status }) });
  }
}

function define(name: string, id: string, body: (bench: ReplicationControllerBench) => Promise<void>): ConformanceCase {
  return defineCase(ReplicationControllerBench, name, id, body);
}

/** The suite for ReplicationControllers. Each case works in a namespace of its own and removes it. @public */
export const replicationControllerConformance: readonly ConformanceCase[] = [
  define('should serve a basic image on each replica with a public image', 'rc-serve', async (bench) => {
    const controller = await bench.create(2);
    const pods = await bench.ready(2, SELECTOR);
    sayExpected('each pod to run for the controller, at an address of its own', pods.every((pod) => pod.status.phase === 'Running' && isOwnedBy(pod, controller) && pod.status.podIP !== undefined) && new Set(pods.map(({ status }) => status.podIP)).size === 2, summary(pods));
  }),
  define('should surface a failure condition on a common issue like exceeded quota', 'rc-quota', async (bench) => {
    await bench.ask('POST', bench.path('resourcequotas'), { apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'two-pods' }, spec: { hard: { pods: '2' } } });
    await bench.until('the quota to be counted', () => bench.get(`${bench.path('resourcequotas')}/two-pods`), ({ status }) => (status as { readonly hard?: { readonly pods?: string } }).hard?.pods === '2');
    await bench.create(3);
    await bench.controllerUntil('the condition ReplicaFailure', (found) => (found.status.observedGeneration ?? 0) >= (found.metadata.generation ?? 0) && hasCondition(found, 'ReplicaFailure'));
    await bench.replace(bench.object, (read) => ({ ...read, spec: { ...read.spec, replicas: 2 } }));
    await bench.controllerUntil('the condition ReplicaFailure to go', (found) => (found.status.observedGeneration ?? 0) >= (found.metadata.generation ?? 0) && !hasCondition(found, 'ReplicaFailure'));
  }),
  define('should adopt matching pods on creation', 'rc-adopt', async (bench) => {
    await bench.ask('POST', bench.path('pods'), { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'orphan', labels: LABELS }, spec: { terminationGracePeriodSeconds: 1, containers: [{ name: 'main', image: OLD_IMAGE }] } });
    await bench.ready(1, SELECTOR);
    const controller = await bench.create(1);
    await bench.untilPods('the orphan to be adopted or replaced', SELECTOR, (pods) => pods.length === 1 && pods.every((pod) => isOwnedBy(pod, controller)));
  }),
  define('should release no longer matching pods', 'rc-release', async (bench) => {
    const controller = await bench.create(1);
    const pod = (await bench.ready(1, SELECTOR))[0] as Item;
    await bench.replace(`${bench.path('pods')}/${pod.metadata.name}`, (read) => ({ ...read, metadata: { ...read.metadata, labels: { app: 'other' } } }));
    await bench.untilPods('the pod to be released', 'app=other', (pods) => pods.length === 1 && pods.every((each) => !isOwnedBy(each, controller)));
    await bench.untilPods('another pod in its place', SELECTOR, (pods) => pods.length === 1 && pods.every((each) => isOwnedBy(each, controller) && each.metadata.uid !== pod.metadata.uid));
  }),
  define('should test the lifecycle of a ReplicationController', 'rc-lifecycle', async (bench) => {
    await bench.create(1);
    await bench.controllerUntil('one ready replica', ({ status }) => status.readyReplicas === 1);
    const patched = await bench.ask('PATCH', bench.object, { metadata: { labels: { step: 'patched' } } }, MERGE) as Item;
    sayExpected('the patched label', patched.metadata.labels?.['step'] === 'patched', patched.metadata);
    const zero = await bench.ask('PATCH', `${bench.object}/status`, { status: { readyReplicas: 0, availableReplicas: 0 } }, STRATEGIC) as Item;
    sayExpected('the patched counts in the answer', (zero.status.readyReplicas ?? 0) === 0 && (zero.status.availableReplicas ?? 0) === 0, zero.status);
    await bench.controllerUntil('the controller to set the counts right', ({ status }) => status.readyReplicas === 1 && status.availableReplicas === 1);
    const fetched = await bench.get(`${bench.object}/status`);
    sayExpected('one replica in what the status endpoint answers', fetched.spec.replicas === 1, fetched);
    await bench.ask('PATCH', `${bench.object}/scale`, { spec: { replicas: 2 } }, STRATEGIC);
    await bench.controllerUntil('two ready replicas', ({ spec, status }) => spec.replicas === 2 && status.readyReplicas === 2);
    await bench.replace(bench.object, (read) => ({ ...read, metadata: { ...read.metadata, annotations: { step: 'updated' } }, spec: { ...read.spec, template: { ...read.spec.template, spec: { ...read.spec.template?.spec, containers: [{ name: 'main', image: NEW_IMAGE }] } } } }));
    const { items } = await bench.ask('GET', `/api/v1/replicationcontrollers?labelSelector=${encodeURIComponent('step=patched')}`) as { readonly items: readonly Item[] };
    sayExpected('the list by label to hold the updated controller', items.length === 1 && items[0]?.metadata.annotations?.['step'] === 'updated', items);
    await bench.ask('DELETE', `${bench.path('replicationcontrollers')}?labelSelector=${encodeURIComponent('step=patched')}`);
    await bench.until('the controller to go with its collection', () => bench.list('replicationcontrollers'), (found) => found.length === 0);
    // The default of this kind, and of no other, is to leave its pods behind.
    await bench.untilPods('the pods to stay without an owner', SELECTOR, (pods) => pods.length === 2 && pods.every((pod) => (pod.metadata.ownerReferences ?? []).length === 0));
  }),
  define('should get and update a ReplicationController scale', 'rc-scale', async (bench) => {
    await bench.create(1);
    await bench.ready(1, SELECTOR);
    await bench.controllerUntil('one replica in the status', ({ status }) => status.replicas === 1);
    await bench.scaleWorks(bench.object);
    await bench.ready(3, SELECTOR);
  }),
];
