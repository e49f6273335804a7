// What all conformance cases work with: a namespace of their own on some control plane, and waiting there with a bound.
import type { ConformanceCase, ControlPlaneClient } from './client.ts';

/** The fields that cases read of any object. @internal */
export interface Item {
  readonly metadata: {
    readonly name: string; readonly uid: string; readonly generation?: number; readonly labels?: Readonly<Record<string, string>>; readonly annotations?: Readonly<Record<string, string>>; readonly deletionTimestamp?: string;
    readonly ownerReferences?: readonly { readonly uid: string; readonly controller?: boolean }[];
  };
  readonly spec: {
    readonly replicas?: number; readonly containers?: readonly { readonly image: string }[];
    readonly template?: { readonly spec: { readonly terminationGracePeriodSeconds?: number; readonly containers: readonly { readonly image: string }[] } };
  };
  readonly status: {
    readonly phase?: string; readonly podIP?: string; readonly currentRevision?: string; readonly updateRevision?: string; readonly observedGeneration?: number;
    readonly replicas?: number; readonly readyReplicas?: number; readonly availableReplicas?: number; readonly updatedReplicas?: number; readonly unavailableReplicas?: number;
    readonly conditions?: readonly { readonly type: string; readonly status: string; readonly reason?: string }[];
  };
}

/** Images that every registry mirror has, and that do nothing until they are stopped. @internal */
export const OLD_IMAGE = 'registry.k8s.io/pause:3.9';
/** @internal */
export const NEW_IMAGE = 'registry.k8s.io/pause:3.10';
/** @internal */
export const MERGE = 'application/merge-patch+json';
/** @internal */
export const STRATEGIC = 'application/strategic-merge-patch+json';
/** Set by a case on a pod's status: so readiness is in its hand without exec. @internal */
export const GATE = 'conformance.kubesim.dev/ready';
/** Pod fields by which a pod is ready only once a case says so. @internal */
export const GATED: object = { readinessGates: [{ conditionType: GATE }] };

const STEP_MS = 1_000;
const WAIT_STEPS = 300;
const QUIET_STEPS = 10;
const APPLY_TRIES = 10;

/** Throws the error of a case: what was expected, and what is there. @internal */
export function sayExpected(what: string, holds: boolean, found: unknown): void {
  if (!holds) throw new Error(`expected ${what}; found ${JSON.stringify(found)}`);
}

/** @internal */
export function isReady(pod: Item): boolean {
  return pod.metadata.deletionTimestamp === undefined && hasCondition(pod, 'Ready', 'True');
}

/** @internal */
export function hasCondition(item: Item, type: string, status?: string): boolean {
  return (item.status.conditions ?? []).some((each) => each.type === type && (status === undefined || each.status === status));
}

/** The first container's image. @internal */
export function imageOf(pod: Item | undefined): string | undefined {
  return pod?.spec.containers?.[0]?.image;
}

/** @internal */
export function isOwnedBy(item: Item, owner: Item): boolean {
  return item.metadata.ownerReferences?.some(({ uid, controller }) => controller === true && uid === owner.metadata.uid) === true;
}

/** Pods as an error shows them. @internal */
export function summary(pods: readonly Item[]): unknown {
  return pods.map((pod) => `${pod.metadata.name} ${pod.status.phase ?? ''} ${isReady(pod) ? 'ready' : 'not ready'} ${imageOf(pod) ?? ''}`);
}

/** One namespace, and what a case does in it. @internal */
export class Bench {
  protected readonly client: ControlPlaneClient;
  readonly namespace: string;

  constructor(client: ControlPlaneClient, namespace: string) {
    this.client = client;
    this.namespace = namespace;
  }

  /** Path of a collection: `pods`, `apps/replicasets`. */
  path(resource: string): string {
    const [group = '', plural] = resource.split('/');
    return plural === undefined ? `/api/v1/namespaces/${this.namespace}/${group}` : `/apis/${group}/v1/namespaces/${this.namespace}/${plural}`;
  }

  async ask(method: string, path: string, body?: unknown, contentType?: string): Promise<unknown> {
    const answer = await this.client.request(method, path, body, contentType);
    sayExpected(`${method} ${path} to succeed`, answer.status < 300, answer);
    return answer.body;
  }

  async get(path: string): Promise<Item> {
    return await this.ask('GET', path) as Item;
  }

  /** What is there, by label; a path with a query of its own lists that. */
  async list(resource: string, labelSelector?: string): Promise<readonly Item[]> {
    const { items } = await this.ask('GET', `${this.path(resource)}${labelSelector === undefined ? '' : `?labelSelector=${encodeURIComponent(labelSelector)}`}`) as { readonly items: readonly Item[] };
    return items;
  }

  /** Reads, changes and writes back; begins anew after a conflict, as a client does that writes beside controllers. */
  async replace(path: string, change: (item: Item) => object): Promise<Item> {
    for (let tries = 1; ; tries++) {
      const answer = await this.client.request('PUT', path, change(await this.get(path)));
      if (answer.status === 409 && tries < APPLY_TRIES) continue;
      sayExpected(`PUT ${path} to succeed`, answer.status < 300, answer);
      return answer.body as Item;
    }
  }

  /** Waits until what `look` answers is as told; `each` sees every state on the way. */
  async until<T>(what: string, look: () => Promise<T>, holds: (found: T) => boolean, options: { readonly each?: (found: T) => void; readonly show?: (found: T) => unknown } = {}): Promise<T> {
    let found = await look();
    for (let step = 0; step < WAIT_STEPS; step++) {
      options.each?.(found);
      if (holds(found)) return found;
      await this.client.advance(STEP_MS);
      found = await look();
    }
    sayExpected(what, holds(found), options.show?.(found) ?? found);
    return found;
  }

  /** Waits for pods of a label. */
  untilPods(what: string, labelSelector: string, holds: (pods: readonly Item[]) => boolean, each: (pods: readonly Item[]) => void = () => undefined): Promise<readonly Item[]> {
    return this.until(what, () => this.list('pods', labelSelector), holds, { each, show: summary });
  }

  /** So many pods of a label are ready, and no others are there. */
  ready(count: number, labelSelector: string): Promise<readonly Item[]> {
    return this.untilPods(`${count} ready pods`, labelSelector, (pods) => pods.length === count && pods.every(isReady));
  }

  /** Expects that something stays as it is for a while. */
  async stay<T>(what: string, look: () => Promise<T>, holds: (found: T) => boolean, show: (found: T) => unknown = (found) => found): Promise<void> {
    for (let step = 0; step < QUIET_STEPS; step++) {
      await this.client.advance(STEP_MS);
      const found = await look();
      sayExpected(what, holds(found), show(found));
    }
  }

  /** Opens or shuts the readiness gate of a pod. */
  async setReady(pod: string, ready: boolean, options: { readonly mayBeGone?: boolean } = {}): Promise<void> {
    const path = `${this.path('pods')}/${pod}/status`;
    const answer = await this.client.request('PATCH', path, { status: { conditions: [{ type: GATE, status: ready ? 'True' : 'False' }] } }, STRATEGIC);
    sayExpected(`PATCH ${path} to succeed`, answer.status < 300 || (answer.status === 404 && options.mayBeGone === true), answer);
  }

  /** The scale subresource: read, replaced, patched, each time to be seen in the object. */
  async scaleWorks(object: string): Promise<void> {
    const { spec, status, ...scale } = await this.get(`${object}/scale`);
    sayExpected('the scale to have 1 replica in spec and status', spec.replicas === 1 && status.replicas === 1, { spec, status });
    const put = await this.ask('PUT', `${object}/scale`, { ...scale, spec: { replicas: 2 } }) as Item;
    sayExpected('spec.replicas 2 in the answer to an update of the scale', put.spec.replicas === 2, put.spec);
    sayExpected('spec.replicas 2 after an update of the scale', (await this.get(object)).spec.replicas === 2, await this.get(object));
    await this.ask('PATCH', `${object}/scale`, { spec: { replicas: 3 } }, MERGE);
    sayExpected('spec.replicas 3 after a patch of the scale', (await this.get(object)).spec.replicas === 3, await this.get(object));
  }

  /** The status subresource: read, updated, patched; spec does not follow. */
  async statusWorks(object: string): Promise<void> {
    const path = `${object}/status`;
    const replicas = (await this.get(path)).spec.replicas;
    await this.replace(path, (read) => ({ ...read, status: { ...read.status, conditions: [...read.status.conditions ?? [], { type: 'StatusUpdate', status: 'True', reason: 'E2E', message: 'Set by a test' }] } }));
    const updated = await this.get(object);
    sayExpected('the updated condition to be there', hasCondition(updated, 'StatusUpdate'), updated.status);
    const answer = await this.ask('PATCH', path, { spec: { replicas: 5 }, status: { conditions: [{ type: 'StatusPatched', status: 'True' }] } }, MERGE) as Item;
    sayExpected('the patched condition in the answer', hasCondition(answer, 'StatusPatched'), answer.status);
    sayExpected('the status endpoint to leave spec alone', answer.spec.replicas === replicas, answer.spec);
  }
}

/** A case that works in a namespace of its own and removes it. @internal */
export function defineCase<B extends Bench>(bench: new (client: ControlPlaneClient, namespace: string) => B, name: string, id: string, body: (bench: B) => Promise<void>): ConformanceCase {
  return {
    name,
    async run(client) {
      const own = new bench(client, `conformance-${id}`);
      await own.ask('POST', '/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: own.namespace } });
      try { await body(own); } finally { await client.request('DELETE', `/api/v1/namespaces/${own.namespace}`); }
    },
  };
}
