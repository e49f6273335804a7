// The operator: a ledger owns a StatefulSet of its members and a PodDisruptionBudget that protects their majority.
//
// The one rule that takes care: at no moment may the budget ask for less than a majority of the members that the set is to
// have. So it is raised before the set grows, and lowered after the set has shrunk. Each of the two is decided by what the
// other one *is*, not by what a cache says that it was: a cache may lag behind the operator's own writes.
import type { KubeObject } from '@kubesim/api';
import { call, defineController, failedWith, newControllerRef, splitKey, type Calling, type Controller, type ReconcileContext, type Reconciling } from '@kubesim/client';
import { LEDGERS, quorum, type Ledger } from './ledger.ts';

const SETS = 'statefulsets.apps';
const BUDGETS = 'poddisruptionbudgets.policy';
const LEDGER = { apiVersion: 'example.dev/v1', kind: 'Ledger' };

/** How the operator reads an object of its own before it acts on it. */
export type Read = (context: ReconcileContext, resource: string, namespace: string, name: string) => Calling<KubeObject | undefined>;

/** Asks the API server. */
export function* readLive(_context: ReconcileContext, resource: string, namespace: string, name: string): Calling<KubeObject | undefined> {
  try {
    return yield* call({ verb: 'get', resource, namespace, name });
  } catch (error) {
    if (failedWith(error, 'NotFound')) return undefined;
    throw error;
  }
}

/** The operator. Its tests show what becomes of it if `read` is one that trusts the cache. */
export function createLedgerController(read: Read = readLive): Controller {
  return defineController({
    name: 'ledger-controller',
    for: { ...LEDGER, resource: LEDGERS },
    owns: [SETS, BUDGETS],
    reconcile: (context, key) => reconcile(context, key, read),
  });
}

function* reconcile(context: ReconcileContext, key: string, read: Read): Reconciling {
  const { namespace, name } = splitKey(key);
  const ledger = context.decide(() => context.lister<Ledger>(LEDGERS).get(namespace, name) ?? null);
  // What it owned goes with it: the garbage collector follows the owner references.
  if (ledger === null || ledger.metadata.deletionTimestamp !== undefined) return undefined;
  const { members } = ledger.spec;
  const set = yield* read(context, SETS, namespace, name);
  const budget = yield* read(context, BUDGETS, namespace, name);
  const size = (set?.['spec'].replicas as number | undefined) ?? 0;
  const protectedCount = (budget?.['spec'].minAvailable as number | undefined) ?? 0;
  const needed = quorum(Math.max(members, size));

  if (budget === undefined) yield* call({ verb: 'create', resource: BUDGETS, namespace, object: budgetOf(ledger, needed) });
  else if (protectedCount < needed) yield* call({ verb: 'update', resource: BUDGETS, namespace, name, object: withSpec(budget, { minAvailable: needed }) });

  if (set === undefined) {
    yield* call({ verb: 'create', resource: SETS, namespace, object: setOf(ledger) });
    context.event({ about: ledger as unknown as KubeObject, type: 'Normal', reason: 'Created', message: `Created a set of ${members} members` });
    return undefined;
  }
  if (size !== members || imageOf(set) !== ledger.spec.image) {
    yield* call({ verb: 'update', resource: SETS, namespace, name, object: withSpec(set, { replicas: members, template: setOf(ledger)['spec'].template }) });
    context.explain(`ledger/${key}`, { rule: 'resize', message: `the set goes from ${size} to ${members} members` });
    // The set's change brings us back, to lower the budget where the set has shrunk.
    return undefined;
  }
  if (budget !== undefined && protectedCount > needed) yield* call({ verb: 'update', resource: BUDGETS, namespace, name, object: withSpec(budget, { minAvailable: needed }) });

  const status = { readyMembers: (set['status']?.readyReplicas as number | undefined) ?? 0, observedGeneration: ledger.metadata.generation ?? 0 };
  if (ledger.status?.readyMembers !== status.readyMembers || ledger.status.observedGeneration !== status.observedGeneration) {
    yield* call({ verb: 'update', resource: LEDGERS, subresource: 'status', namespace, name, object: { ...ledger, status } as unknown as KubeObject });
  }
  context.explain(`ledger/${key}`, { rule: 'in shape', message: `${status.readyMembers} of ${members} members are ready, ${needed} are protected` });
  return undefined;
}

function withSpec(object: KubeObject, fields: object): KubeObject {
  return { ...object, spec: { ...object['spec'], ...fields } };
}

function imageOf(set: KubeObject): string | undefined {
  return (set['spec'].template.spec.containers as readonly { readonly image: string }[])[0]?.image;
}

function labelsOf(ledger: Ledger): Readonly<Record<string, string>> {
  return { 'example.dev/ledger': ledger.metadata.name };
}

function ownedBy(ledger: Ledger): KubeObject['metadata'] {
  const { name, namespace } = ledger.metadata;
  return { name, namespace, labels: labelsOf(ledger), ownerReferences: [newControllerRef(ledger as unknown as KubeObject, LEDGER)] };
}

function budgetOf(ledger: Ledger, minAvailable: number): KubeObject {
  return { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata: ownedBy(ledger), spec: { minAvailable, selector: { matchLabels: labelsOf(ledger) } } };
}

function setOf(ledger: Ledger): KubeObject {
  const { members, image } = ledger.spec;
  return {
    apiVersion: 'apps/v1', kind: 'StatefulSet', metadata: ownedBy(ledger),
    spec: {
      serviceName: ledger.metadata.name, replicas: members, podManagementPolicy: 'Parallel', selector: { matchLabels: labelsOf(ledger) },
      template: { metadata: { labels: labelsOf(ledger) }, spec: { containers: [{ name: 'ledger', image }] } },
    },
  };
}
