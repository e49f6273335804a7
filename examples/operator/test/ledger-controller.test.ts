// Tests of the operator: what it does, what always holds, and that its property finds a defect of one line.
import type { KubeObject } from '@kubesim/api';
import type { Calling, ReconcileContext } from '@kubesim/client';
import { randomArbiter } from '@kubesim/kernel';
import fc from 'fast-check';
import { Cluster } from 'kubesim';
import { describe, expect, it } from 'vitest';
import { LEDGER_DEFINITION, quorum } from '../src/ledger.ts';
import { createLedgerController, readLive, type Read } from '../src/ledger-controller.ts';

const OPERATOR = 'ledger-controller';
const SETS = 'statefulsets.apps';
const BUDGETS = 'poddisruptionbudgets.policy';

/** A cluster with a ledger of three members, at rest. */
function start(read: Read): Cluster {
  const cluster = new Cluster({ nodes: 1, timing: 'instant', events: false, controllers: [createLedgerController(read)] });
  cluster.apply(LEDGER_DEFINITION);
  cluster.settle();
  cluster.apply('{apiVersion: example.dev/v1, kind: Ledger, metadata: {name: books}, spec: {members: 3, image: "ledger:1"}}');
  return cluster.settle();
}

function resize(cluster: Cluster, members: number): void {
  cluster.patch('ledger/books', { spec: { members } }, { type: 'merge' });
}

describe('a ledger', () => {
  it('has a set of its members and a budget that protects their majority', () => {
    const cluster = start(readLive);
    expect(cluster.get('statefulset/books')?.['spec'].replicas).toBe(3);
    expect(cluster.get('pdb/books')?.['spec'].minAvailable).toBe(2);
    expect(cluster.get('ledger/books')?.['status']).toEqual({ readyMembers: 3, observedGeneration: 1 });
    expect(cluster.kubectl('get ledgers')).toMatch(/^NAME +MEMBERS +READY\nbooks +3 +3/);
    expect(cluster.explain('ledger/books')).toMatchObject([{ source: OPERATOR, rule: 'in shape', message: '3 of 3 members are ready, 2 are protected' }]);
  });

  it('goes with all that it owns', () => {
    const cluster = start(readLive);
    cluster.delete('ledger/books');
    cluster.settle();
    expect([...cluster.list('statefulsets'), ...cluster.list('pdb'), ...cluster.list('pods')]).toEqual([]);
  });

  it('is made whole again: the set that somebody deletes, the budget that somebody lowers', () => {
    const cluster = start(readLive);
    cluster.delete('statefulset/books');
    cluster.patch('pdb/books', { spec: { minAvailable: 1 } });
    cluster.settle();
    expect(cluster.get('statefulset/books')?.status?.readyReplicas).toBe(3);
    expect(cluster.get('pdb/books')?.['spec'].minAvailable).toBe(2);
  });

  it('is brought to its size by an operator that crashed at any of its calls', () => {
    const atRest = start(readLive);
    resize(atRest, 5);
    for (let steps = 0; steps < 20; steps += 2) {
      const cluster = atRest.fork();
      for (let step = 0; step < steps; step++) cluster.kernel.step();
      cluster.faults.restart(OPERATOR);
      cluster.settle();
      expect([cluster.get('statefulset/books')?.status?.readyReplicas, cluster.get('pdb/books')?.spec?.minAvailable]).toEqual([5, 3]);
    }
  });
});

/** What people and misfortune do to a ledger. */
type Command =
  | { readonly do: 'resize'; readonly members: number; readonly ms: number }
  | { readonly do: 'crash' }
  | { readonly do: 'lag'; readonly resource: string }
  | { readonly do: 'catchUp' }
  | { readonly do: 'refuse'; readonly resource: string; readonly after: boolean };

const commands: fc.Arbitrary<readonly Command[]> = fc.array(fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant('resize' as const), members: fc.constantFrom(1, 3, 5, 7), ms: fc.constantFrom(0, 100, 2_000) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('crash' as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('lag' as const), resource: fc.constantFrom(SETS, BUDGETS) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('catchUp' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('refuse' as const), resource: fc.constantFrom(SETS, BUDGETS), after: fc.boolean() }) },
), { minLength: 1, maxLength: 10 });

function obey(cluster: Cluster, command: Command): void {
  switch (command.do) {
    case 'resize':
      resize(cluster, command.members);
      return void cluster.run({ for: command.ms });
    case 'crash': return cluster.faults.restart(OPERATOR);
    case 'lag': return cluster.faults.freezeCache(OPERATOR, command.resource);
    case 'catchUp': return cluster.faults.thawCache(OPERATOR);
    case 'refuse': return cluster.faults.api({ process: OPERATOR, verb: 'update', resource: command.resource, error: 'timeout', when: command.after ? 'after' : 'before' });
  }
}

/** The first moment at which the budget asks for less than a majority of the members that the set is to have. */
function unprotected(history: Iterable<{ readonly object: KubeObject; readonly type: string; readonly revision: number }>): string | undefined {
  let size = 0;
  let protectedCount = 0;
  for (const { object, type, revision } of history) {
    if (object.kind === 'StatefulSet') size = type === 'DELETED' ? 0 : object['spec'].replicas as number;
    if (object.kind === 'PodDisruptionBudget') protectedCount = type === 'DELETED' ? 0 : object['spec'].minAvailable as number;
    if (size > 0 && protectedCount < quorum(size)) return `at revision ${revision} ${protectedCount} of ${size} members are protected`;
  }
  return undefined;
}

/** Runs commands from a ledger at rest, under a random order of things; throws what does not hold. */
function check(atRest: Cluster, seed: number, list: readonly Command[]): void {
  const cluster = atRest.fork();
  cluster.useArbiter(randomArbiter(seed, { deferrals: 3 }));
  for (const command of list) obey(cluster, command);
  cluster.faults.thawCache(OPERATOR);
  cluster.settle();
  const broken = unprotected(cluster.history());
  if (broken !== undefined) throw new Error(broken);
  const { members } = cluster.get('ledger/books')?.['spec'] as { readonly members: number };
  expect(cluster.get('statefulset/books')?.status?.readyReplicas).toBe(members);
  expect(cluster.get('pdb/books')?.['spec'].minAvailable).toBe(quorum(members));
  expect(cluster.get('ledger/books')?.['status'].readyMembers).toBe(members);
}

/** The defect: the operator acts on what its cache says. A change of one function. */
function* readCache(context: ReconcileContext, resource: string, namespace: string, name: string): Calling<KubeObject | undefined> {
  return context.decide(() => context.lister(resource).get(namespace, name) ?? null) ?? undefined;
}

describe('the majority of a ledger is protected at every moment, and it comes to its size', () => {
  const property = (read: Read): fc.IPropertyWithHooks<[number, readonly Command[]]> => {
    const atRest = start(read);
    return fc.property(fc.nat(10_000), commands, (seed, list) => check(atRest, seed, list));
  };

  it('whatever is done, in whatever order things happen', () => {
    fc.assert(property(readLive), { seed: 1, numRuns: 25 });
  });

  it('as the example that it shrinks to shows: the budget was lowered, and its cache did not hear of it', () => {
    const seen = (read: Read): string | undefined => {
      const cluster = start(read);
      cluster.faults.freezeCache(OPERATOR, BUDGETS);
      for (const members of [1, 3]) {
        resize(cluster, members);
        cluster.run({ for: '2s' });
      }
      return unprotected(cluster.history());
    };
    expect(seen(readLive)).toBeUndefined();
    expect(seen(readCache)).toMatch(/1 of 3 members are protected/);
  });

  it('finds the operator that trusts its cache', () => {
    const found = fc.check(property(readCache), { seed: 1, numRuns: 300 });
    expect(found.failed).toBe(true);
    expect(String((found as { readonly errorInstance?: unknown }).errorInstance)).toMatch(/\d of \d members are protected/);
    // What is left after shrinking is a few commands, sizes that go up and down among them.
    const [, list] = found.counterexample as [number, readonly Command[]];
    expect(list.length).toBeLessThan(12);
    expect(list.filter((command) => command.do === 'resize').length).toBeGreaterThan(0);
  });
});
