// What sig-apps demands of Deployments on every conformant cluster: the [Conformance] cases of test/e2e/apps/deployment.go (v1.34).
import type { ConformanceCase } from './client.ts';
import { Bench, defineCase, GATED, hasCondition, imageOf, isOwnedBy, isReady, MERGE, NEW_IMAGE, OLD_IMAGE, sayExpected, STRATEGIC, summary, type Item } from './bench.ts';

const LABELS = { app: 'web' };
const SELECTOR = 'app=web';
const REVISION = 'deployment.kubernetes.io/revision';
const OTHER_IMAGE = 'registry.k8s.io/pause:3.8';

/** One namespace with one Deployment `web`, and what a case does with them. */
class DeploymentBench extends Bench {
  get object(): string {
    return `${this.path('apps/deployments')}/web`;
  }

  async create(replicas: number, spec: object = {}, image: string = NEW_IMAGE): Promise<void> {
    const template = { metadata: { labels: LABELS }, spec: { terminationGracePeriodSeconds: 1, containers: [{ name: 'main', image }] } };
    await this.ask('POST', this.path('apps/deployments'), { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web', labels: LABELS }, spec: { replicas, selector: { matchLabels: LABELS }, template, ...spec } });
  }

  /** A ReplicaSet that the Deployment will find by its selector, with one ready pod. */
  async createOlderReplicaSet(annotations: object = {}): Promise<Item> {
    const labels = { ...LABELS, pod: 'older' };
    const template = { metadata: { labels }, spec: { terminationGracePeriodSeconds: 1, containers: [{ name: 'main', image: OLD_IMAGE }] } };
    const made = await this.ask('POST', this.path('apps/replicasets'), { apiVersion: 'apps/v1', kind: 'ReplicaSet', metadata: { name: 'older', labels, annotations }, spec: { replicas: 1, selector: { matchLabels: labels }, template } }) as Item;
    await this.ready(1, SELECTOR);
    return made;
  }

  setTemplate(pod: object): Promise<unknown> {
    return this.ask('PATCH', this.object, { spec: { template: { spec: pod } } }, STRATEGIC);
  }

  setImage(image: string): Promise<unknown> {
    return this.setTemplate({ containers: [{ name: 'main', image }] });
  }

  read(): Promise<Item> {
    return this.get(this.object);
  }

  /** Waits until the controller has seen the spec, and all pods are of its template, ready and alone. */
  complete(each: (deployment: Item) => void = () => undefined): Promise<Item> {
    const isComplete = ({ metadata, spec, status }: Item): boolean => (status.observedGeneration ?? 0) >= (metadata.generation ?? 0) && status.updatedReplicas === spec.replicas && status.replicas === spec.replicas && status.availableReplicas === spec.replicas;
    return this.until('the rollout to be complete', () => this.read(), isComplete, { each, show: ({ status }) => status });
  }

  /** The ReplicaSets of the Deployment: the newest, by its revision, and the others. */
  async replicaSets(): Promise<{ readonly newest: Item | undefined; readonly old: readonly Item[] }> {
    const deployment = await this.read();
    const owned = (await this.list('apps/replicasets', SELECTOR)).filter((set) => isOwnedBy(set, deployment));
    const newest = owned.find((set) => set.metadata.annotations?.[REVISION] === deployment.metadata.annotations?.[REVISION] && set.spec.template?.spec.containers[0]?.image === deployment.spec.template?.spec.containers[0]?.image);
    return { newest, old: owned.filter((set) => set !== newest) };
  }

  replicaSetUntil(name: string, what: string, holds: (set: Item) => boolean): Promise<Item> {
    return this.until(what, () => this.get(`${this.path('apps/replicasets')}/${name}`), holds, { show: ({ spec, status }) => ({ replicas: spec.replicas, status }) });
  }

  /** The revision that the Deployment names, once the controller has given it one for its image. */
  async revision(expected: string): Promise<void> {
    await this.until(`revision ${expected} with the template's image`, async () => ({ deployment: await this.read(), ...await this.replicaSets() }), ({ deployment, newest }) => deployment.metadata.annotations?.[REVISION] === expected && newest !== undefined, {
      show: ({ deployment }) => deployment.metadata.annotations,
    });
  }
}

function define(name: string, id: string, body: (bench: DeploymentBench) => Promise<void>): ConformanceCase {
  return defineCase(DeploymentBench, name, id, body);
}

/** The suite for Deployments. Each case works in a namespace of its own and removes it. @public */
export const deploymentConformance: readonly ConformanceCase[] = [
  define('RollingUpdateDeployment should delete old pods and create new ones', 'deploy-rolling', async (bench) => {
    const older = await bench.createOlderReplicaSet({ [REVISION]: '3546343826724305832' });
    await bench.create(1);
    // The revision goes on from that of the ReplicaSet that it took over; it is more than 32 bits hold.
    await bench.revision('3546343826724305833');
    await bench.complete();
    const pods = await bench.untilPods('the old pod to go', SELECTOR, (found) => found.length === 1);
    sayExpected('the pod of the template to be left', imageOf(pods[0]) === NEW_IMAGE, summary(pods));
    const { old } = await bench.replicaSets();
    sayExpected('one old ReplicaSet, the one that was adopted', old.length === 1 && old[0]?.metadata.uid === older.metadata.uid && old[0].spec.replicas === 0, old);
  }),
  define('RecreateDeployment should delete old pods and create new ones', 'deploy-recreate', async (bench) => {
    await bench.create(1, { strategy: { type: 'Recreate' } }, OLD_IMAGE);
    await bench.revision('1');
    await bench.complete();
    await bench.setImage(NEW_IMAGE);
    await bench.complete(({ status }) => {
      sayExpected('no new pod beside old ones', (status.updatedReplicas ?? 0) === 0 || status.updatedReplicas === status.replicas || status.observedGeneration === 1, status);
    });
    await bench.untilPods('one pod of the new template', SELECTOR, (pods) => pods.length === 1 && pods.every((pod) => isReady(pod) && imageOf(pod) === NEW_IMAGE), (pods) => {
      const alive = pods.filter(({ status }) => status.phase !== 'Succeeded' && status.phase !== 'Failed');
      sayExpected('old and new pods never to run together', new Set(alive.map(imageOf)).size <= 1, summary(pods));
    });
  }),
  define('deployment should delete old replica sets', 'deploy-cleanup', async (bench) => {
    await bench.createOlderReplicaSet();
    const known = new Set((await bench.list('pods', SELECTOR)).map(({ metadata }) => metadata.uid));
    await bench.create(1, { revisionHistoryLimit: 0 });
    const made = new Set<string>();
    await bench.until('no old ReplicaSet to be left', async () => {
      for (const pod of await bench.list('pods', SELECTOR)) {
        if (known.has(pod.metadata.uid)) continue;
        made.add(pod.metadata.uid);
        sayExpected('one pod to be created, of the new template', made.size === 1 && imageOf(pod) === NEW_IMAGE, summary([pod]));
      }
      return bench.replicaSets();
    }, ({ newest, old }) => newest !== undefined && newest.status.readyReplicas === 1 && old.length === 0);
  }),
  define('deployment should support rollover', 'deploy-rollover', async (bench) => {
    const older = await bench.createOlderReplicaSet();
    // Upstream's first image does not exist; a readiness gate that nobody opens stops a rollout as well, on any registry.
    const labels = LABELS;
    await bench.ask('POST', bench.path('apps/deployments'), {
      apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web', labels },
      spec: {
        replicas: 1, minReadySeconds: 10, strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } }, selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { terminationGracePeriodSeconds: 1, containers: [{ name: 'main', image: OTHER_IMAGE }], ...GATED } },
      },
    });
    await bench.until('one updated replica', () => bench.read(), ({ status }) => status.updatedReplicas === 1, { show: ({ status }) => status });
    await bench.revision('1');
    const stuck = (await bench.replicaSets()).newest as Item;
    for (const name of [older.metadata.name, stuck.metadata.name]) await bench.replicaSetUntil(name, `${name} to have 1 replica`, ({ spec, status }) => spec.replicas === 1 && status.replicas === 1);
    await bench.ask('PATCH', bench.object, { spec: { template: { spec: { readinessGates: null, containers: [{ name: 'main', image: NEW_IMAGE }] } } } }, MERGE);
    await bench.revision('2');
    await bench.complete(({ status }) => { sayExpected('at least 1 pod to be available and at most 2 to be there', (status.availableReplicas ?? 0) >= 1 && (status.replicas ?? 0) <= 2, status); });
    for (const name of [older.metadata.name, stuck.metadata.name]) await bench.replicaSetUntil(name, `${name} to have no replicas`, ({ spec, status }) => spec.replicas === 0 && (status.replicas ?? 0) === 0);
  }),
  define('Deployment should have a working scale subresource', 'deploy-scale', async (bench) => {
    await bench.create(1);
    await bench.complete();
    await bench.scaleWorks(bench.object);
    await bench.ready(3, SELECTOR);
  }),
  define('deployment should support proportional scaling', 'deploy-proportional', async (bench) => {
    await bench.create(10, { strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 3, maxUnavailable: 2 } } }, OLD_IMAGE);
    await bench.complete();
    const first = (await bench.replicaSets()).newest as Item;
    // Pods of the second template never become ready, so that the rollout stands in its middle.
    await bench.setTemplate({ ...GATED, containers: [{ name: 'main', image: NEW_IMAGE }] });
    await bench.replicaSetUntil(first.metadata.name, 'the first ReplicaSet to keep replicas - maxUnavailable = 8', ({ spec, status }) => spec.replicas === 8 && status.availableReplicas === 8);
    const { newest } = await bench.until('a second ReplicaSet', () => bench.replicaSets(), (found) => found.newest !== undefined && found.newest.metadata.uid !== first.metadata.uid);
    const second = (newest as Item).metadata.name;
    const grown = await bench.replicaSetUntil(second, 'the second ReplicaSet to have replicas + maxSurge - 8 = 5', ({ spec, status }) => spec.replicas === 5 && status.replicas === 5);
    sayExpected('no pod of the second ReplicaSet to be available', (grown.status.availableReplicas ?? 0) === 0, grown.status);
    const { status } = await bench.read();
    sayExpected('at least 8 replicas to be available', (status.availableReplicas ?? 0) >= 8, status);
    await bench.ask('PATCH', bench.object, { spec: { replicas: 30 } }, MERGE);
    await bench.replicaSetUntil(first.metadata.name, 'the first ReplicaSet to have 8 + 20 * 8/13, rounded = 20', ({ spec }) => spec.replicas === 20);
    await bench.replicaSetUntil(second, 'the second ReplicaSet to have 5 + 20 * 5/13, rounded = 13', ({ spec }) => spec.replicas === 13);
  }),
  define('should run the lifecycle of a Deployment', 'deploy-lifecycle', async (bench) => {
    await bench.create(2, {}, OTHER_IMAGE);
    await bench.until('two ready replicas', () => bench.read(), ({ status }) => status.readyReplicas === 2, { show: ({ status }) => status });
    await bench.ask('PATCH', bench.object, { metadata: { labels: { step: 'patched' } }, spec: { replicas: 1, template: { spec: { terminationGracePeriodSeconds: 2, containers: [{ name: 'main', image: OLD_IMAGE }] } } } }, STRATEGIC);
    const patched = await bench.complete();
    sayExpected('the patch of labels, replicas, grace and image', patched.metadata.labels?.['step'] === 'patched' && patched.spec.replicas === 1 && patched.spec.template?.spec.terminationGracePeriodSeconds === 2 && patched.spec.template.spec.containers[0]?.image === OLD_IMAGE, patched);
    const { items } = await bench.ask('GET', `/apis/apps/v1/deployments?labelSelector=${encodeURIComponent(SELECTOR)}`) as { readonly items: readonly Item[] };
    sayExpected('the list of all namespaces by label to hold it', items.some(({ metadata }) => metadata.uid === patched.metadata.uid), items.map(({ metadata }) => metadata.name));
    await bench.replace(bench.object, (read) => ({ ...read, metadata: { ...read.metadata, labels: { ...read.metadata.labels, step: 'updated' } }, spec: { ...read.spec, replicas: 2, template: { ...read.spec.template, spec: { ...read.spec.template?.spec, containers: [{ name: 'main', image: NEW_IMAGE }] } } } }));
    const fetched = await bench.get(`${bench.object}/status`);
    sayExpected('the update in what the status endpoint answers', fetched.spec.template?.spec.containers[0]?.image === NEW_IMAGE && fetched.metadata.labels?.['step'] === 'updated', fetched);
    await bench.complete();
    const answer = await bench.ask('PATCH', `${bench.object}/status`, { status: { readyReplicas: 0, availableReplicas: 0 } }, STRATEGIC) as Item;
    sayExpected('the patched counts in the answer', (answer.status.readyReplicas ?? 0) === 0 && (answer.status.availableReplicas ?? 0) === 0, answer.status);
    await bench.until('the controller to set the counts right', () => bench.read(), ({ status }) => status.readyReplicas === 2 && status.availableReplicas === 2 && status.updatedReplicas === 2, { show: ({ status }) => status });
    await bench.ask('DELETE', `${bench.path('apps/deployments')}?labelSelector=${encodeURIComponent(SELECTOR)}`);
    await bench.until('the Deployment to go with its collection', () => bench.list('apps/deployments'), (found) => found.length === 0);
    await bench.until('its ReplicaSets to go', () => bench.list('apps/replicasets'), (found) => found.length === 0);
    await bench.untilPods('its pods to go', SELECTOR, (pods) => pods.length === 0);
  }),
  define('should validate Deployment Status endpoints', 'deploy-status', async (bench) => {
    await bench.create(1);
    await bench.revision('1');
    const complete = await bench.complete();
    sayExpected('the condition Available', hasCondition(complete, 'Available', 'True'), complete.status);
    await bench.statusWorks(bench.object);
  }),
];
