import { describe, expect, it } from 'vitest';
import { formatDigest, Machine, type World } from '@kubesim/kernel';
import { checkCertificate, explore, findLoop, type Intervention, type Monitor } from '@kubesim/testing';
import { BUILT_IN_CONTROLLERS } from '../../kubesim/src/bootstrap.ts';
import { Space, type Spot } from '../src/explorer/space.ts';
import { Cluster } from 'kubesim';

const MANAGER = 'kube-controller-manager';

/** A small cluster with the controllers that act on sets of pods, the set at rest. */
function settled(replicas: number, nodes: number = 1, policy: string = 'OrderedReady'): Cluster {
  const kept = ['statefulset-controller', 'garbage-collector-controller', 'node-lifecycle-controller'];
  const cluster = new Cluster({ nodes, seed: 1, events: false, timing: 'instant', withoutControllers: BUILT_IN_CONTROLLERS.map(({ name }) => name).filter((name) => !kept.includes(name)) });
  cluster.apply(JSON.stringify({
    apiVersion: 'apps/v1', kind: 'StatefulSet', metadata: { name: 'web' },
    spec: { serviceName: 'web', replicas, podManagementPolicy: policy, selector: { matchLabels: { app: 'web' } }, template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'main', image: 'app:1' }] } } },
  }));
  return cluster.settle();
}

function rollingUpdate(replicas: number): World {
  const cluster = settled(replicas);
  cluster.setImage('statefulset/web', { main: 'app:2' });
  return cluster.kernel.seal();
}

/** The World whose time stands at the instant, with what is due then. */
function machineAt(machine: Machine, now: number): World {
  const fork = Machine.from(machine.seal());
  if (fork.now < now) fork.alternatives();
  return fork.seal();
}

/** What is in the store, without what differs from run to run: versions, uids, times. */
function contentOf(machine: Machine): string {
  const { tables } = machine.peek<{ readonly tables: { readonly keys: () => Iterable<string>; get: (resource: string) => { objects: { values: () => Iterable<object> } } | undefined } }>(machine.slotOf('store'));
  const all = [...tables.keys()].map((resource) => [...(tables.get(resource)?.objects.values() ?? [])]);
  return JSON.stringify(all, (key, value: unknown) => (['resourceVersion', 'uid', 'managedFields', 'generation', 'observedGeneration'].includes(key) || /Time(stamp)?$/.test(key) ? undefined : value));
}

const atMostOne: Monitor<null> = {
  name: 'no pod beside the set', initial: null,
  step: (state, view) => {
    const stray = view.list('pods', 'default').find((pod) => !/^web-[0-2]$/.test(pod.metadata.name ?? ''));
    return stray === undefined ? { state } : { violation: stray.metadata.name ?? '' };
  },
  end: (_state, view) => {
    const old = view.list('pods', 'default').find((pod) => pod['spec'].containers[0].image !== 'app:2');
    return old === undefined ? undefined : `at rest ${old.metadata.name ?? ''} has the old image`;
  },
};

describe('the explorer over a cluster', () => {
  it('should make each step as the machine does: the same alternatives, and states equal to the last version', () => {
    const world = rollingUpdate(2);
    for (let seed = 1; seed <= 3; seed++) {
      const space = new Space(world, {});
      let spot = space.start() as Spot;
      const machine = Machine.from(world);
      for (let step = 0; step < 120 && !space.hasEnded(spot); step++) {
        const moves = space.moves(spot);
        const alternatives = machine.alternatives();
        expect(moves.map((move) => (move.kind === 'receive' ? move.head.pending.task.label : move.kind))).toEqual(alternatives.map(({ task }) => task.label));
        const choice = (seed * 7919 + step * step * seed) % moves.length;
        const move = moves[choice];
        if (move === undefined) throw new Error('no move');
        spot = space.take(spot, move).spot;
        machine.stepChoice(choice);
        // What the machine holds now is found among what was kept: every component, every waiting message.
        const again = space.transitions.state(machine.seal());
        expect(space.transitions.exactIds(spot.state)).toEqual(space.transitions.exactIds(again));
        // The digest that was carried along is the one that is worked out anew.
        const anew = spot.state.now === again.now ? again : space.transitions.ready(again) ?? again;
        expect(formatDigest(space.transitions.digest(spot.state, 0, 0))).toBe(formatDigest(space.transitions.digest(space.transitions.state(machineAt(machine, spot.state.now)), 0, 0)));
        expect(formatDigest(space.transitions.digest(spot.state, 0, 0))).toBe(formatDigest(space.transitions.digest(anew, 0, 0)));
        expect(spot.state.timers.map(({ pending, dueAt }) => `${pending.id} ${dueAt}`)).toEqual((space.transitions.ready(again)?.timers.length === spot.state.timers.length ? space.transitions.ready(again) : again)?.timers.map(({ pending, dueAt }) => `${pending.id} ${dueAt}`));
      }
    }
  });

  it('should carry steps over to states that differ elsewhere, and to the same outcome as a machine', () => {
    const world = rollingUpdate(2);
    const space = new Space(world, {});
    for (let seed = 1; seed <= 12; seed++) {
      let spot = space.start() as Spot;
      const machine = Machine.from(world);
      for (let step = 0; step < 90 && !space.hasEnded(spot); step++) {
        const moves = space.moves(spot);
        const choice = (seed * 104_729 + step * step * (seed + 3)) % moves.length;
        spot = space.take(spot, moves[choice] as (typeof moves)[number]).spot;
        machine.stepChoice(choice);
        expect(space.transitions.exactIds(spot.state)).toEqual(space.transitions.exactIds(space.transitions.state(machine.seal())));
      }
    }
    expect(space.transitions.carried).toBeGreaterThan(space.transitions.made / 8);
  });

  it('should enter the same states, and no state that behaves in two ways, whether steps commute or not', () => {
    const world = rollingUpdate(1);
    const bounds = { monitors: [atMostOne], deferrals: 0 };
    const contents = new Set<string>();
    const commuted = explore(world, { ...bounds, bisimulate: true, onFinal: (machine) => contents.add(contentOf(machine)) });
    expect(commuted.violation).toBeUndefined();
    expect(commuted).toMatchObject({ exhausted: true });
    const plain = explore(world, { ...bounds, commute: false });
    expect(plain.states).toBe(commuted.states);
    expect(commuted.edges).toBeLessThan(plain.edges);
    // Every way ends in one content: the rollout is confluent.
    expect(contents.size).toBe(1);
  });

  it('should have its certificate confirmed by the steps of a plain machine', () => {
    const world = rollingUpdate(1);
    const bounds = { monitors: [atMostOne], deviations: 1 };
    const { certificate } = explore(world, bounds);
    expect(certificate === undefined ? 'none' : checkCertificate(certificate, world, bounds)).toBeUndefined();
  });

  it('should go its paths on a real machine', () => {
    const world = rollingUpdate(1);
    const deleted: Monitor<null> = { name: 'web-0 is never gone', initial: null, step: (state, view) => (view.get('pods', 'default/web-0') === undefined ? { violation: 'it is gone' } : { state }) };
    const result = explore(world, { monitors: [deleted] });
    expect(result.violation?.message).toBe('web-0 is never gone: it is gone');
    const machine = Machine.from(world);
    for (const choice of result.violation?.path ?? []) machine.stepChoice(choice as number);
    expect(JSON.stringify(contentOf(machine))).not.toContain('web-0"');
  });

  it('should find what a crash or a stale view at some point brings about, and name it in the path', () => {
    const crash: Intervention = { name: 'crash of the manager', input: 'fault', args: { fault: 'restart', process: MANAGER }, budget: 'crashes' };
    const freeze: Intervention = {
      name: 'stale pods', input: 'fault', args: { fault: 'freeze', process: MANAGER, resource: 'pods' }, budget: 'stale', undo: { input: 'fault', args: { fault: 'thaw', process: MANAGER, resource: 'pods' } }, forMs: 50,
    };
    const world = rollingUpdate(1);
    const budgets = { crashes: 1, stale: 1 };
    const result = explore(world, { monitors: [atMostOne], interventions: [crash, freeze], budgets, deviations: 0 });
    expect(result.violation).toBeUndefined();
    expect(result).toMatchObject({ exhausted: true, budgets: { crashes: 1, stale: 1, deviations: 0 } });
    expect(explore(world, { deviations: 0 }).states).toBeLessThan(result.states / 4);
    const seenStale: Monitor<null> = {
      name: 'pods are never behind', initial: null, watches: `view ${MANAGER} pods`,
      step: (state, view) => { const held = view.component<{ frozen: boolean; unseen: readonly unknown[]; head: number }>(`view ${MANAGER} pods`); return held.frozen && held.unseen.length - held.head >= 2 ? { violation: 'two behind' } : { state }; },
    };
    const stale = explore(world, { monitors: [seenStale], interventions: [crash, freeze], budgets, deviations: 0 });
    expect(stale.violation?.path).toContain('stale pods');
    expect(stale.violation?.path.filter((step) => typeof step === 'string')).toHaveLength(1);
  });

  it('should count nodes that are alike as one, and find the same under the names of any', () => {
    const cluster = settled(0, 2, 'Parallel');
    cluster.scale('statefulset/web', 1);
    const world = cluster.kernel.seal();
    const nodes = [1, 2].map((index) => [`node-${index}`, `10.244.${index}.`, `192.0.2.${index + 1}`]);
    const bounds = { monitors: [] };
    const cordon = (name: string): Intervention => ({ name: `cordon ${name}`, input: 'call', args: { verb: 'patch', resource: 'nodes', name, patchType: 'merge', patch: { spec: { unschedulable: true } } }, budget: 'cordons' });
    const interventions = [cordon('node-1'), cordon('node-2')];
    const all = explore(world, { ...bounds, interventions, deviations: 0 });
    const folded = explore(world, { ...bounds, interventions, deviations: 0, symmetry: [nodes] });
    expect(all.exhausted && folded.exhausted).toBe(true);
    expect(folded.states).toBeLessThan(all.states * 0.85);
    const onNode = (name: string): Monitor<null> => ({
      name: `${name} stays empty`, initial: null, step: (state, view) => (view.list('pods', 'default').some((pod) => pod['spec'].nodeName === name) ? { violation: 'a pod is there' } : { state }),
    });
    // What is said of any node is found; of one by name it may be another that is found.
    const either: Monitor<null> = { name: 'no pod on a cordoned cluster', initial: null, step: (state, view) => (view.list('nodes').every((node) => node['spec'].unschedulable !== true) || view.list('pods', 'default').every((pod) => pod['spec'].nodeName === undefined) ? { state } : { violation: 'a pod is on a node' }) };
    expect(explore(world, { monitors: [either], interventions, deviations: 0, symmetry: [nodes] }).violation).toBeDefined();
    expect(explore(world, { monitors: [onNode('node-1')], interventions, deviations: 0 }).violation ?? explore(world, { monitors: [onNode('node-2')], interventions, deviations: 0 }).violation).toBeDefined();
  });

  it('should print a loop of two that undo each other, though names, uids and versions grow', () => {
    const undo = new Cluster({
      nodes: 1, seed: 1, events: false, timing: 'instant', withoutControllers: BUILT_IN_CONTROLLERS.map(({ name }) => name).filter((name) => name !== 'garbage-collector-controller'),
      controllers: [{
        name: 'quarrel', watches: ['configmaps'], workers: 1,
        handle: (context) => { context.enqueue('once'); },
        *reconcile(context) {
          const isThere = context.decide(() => context.lister('configmaps').get('default', 'bone') !== undefined);
          if (isThere) yield { verb: 'delete', resource: 'configmaps', namespace: 'default', name: 'bone' };
          else yield { verb: 'create', resource: 'configmaps', namespace: 'default', object: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'bone' } } };
          return undefined;
        },
      }],
    });
    const calm = new Cluster({ nodes: 1, seed: 1, events: false, timing: 'instant', withoutControllers: BUILT_IN_CONTROLLERS.map(({ name }) => name) });
    calm.run({ for: '1m' });
    calm.apply('{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"bone"}}');
    expect(findLoop(calm.kernel.seal())).toMatchObject({ loop: undefined, exhausted: true });
    undo.run({ for: '1m' });
    undo.apply('{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"bone"}}');
    const { loop } = findLoop(undo.kernel.seal(), { maxStates: 1_000 });
    expect(loop?.steps.some((label) => label.includes('quarrel'))).toBe(true);
  });
});
