// A sync of the controller, call for call, is that of the long way: at random, over sets, pods, claims, revisions, failing
// writes, caches that move on, kept summaries, releases and gates.
import type { ApiCall, ApiReply, KubeObject } from '@kubesim/api';
import type { HandlerContext, Lister, ReconcileContext } from '@kubesim/client';
import type { Epoch, OrderedMap } from '@kubesim/kernel';
import { describe, expect, it } from 'vitest';
import { statefulSetController } from '../../src/stateful-set/stateful-set-controller.ts';
import type { SyncPlan } from '../../src/stateful-set/plan.ts';
import { naiveSync } from './naive-sync.ts';
import { largeSyncWorld, randomSyncWorld, SyncStage, type SyncWorld } from './sync-worlds.ts';

const EPOCH: Epoch = { kind: 'epoch' };

/** All that a sync did, in order, and how it ended. */
interface Transcript {
  readonly did: unknown[];
  error: string | undefined;
  writes: unknown;
}

interface State {
  summaries: OrderedMap<unknown>;
  writes: OrderedMap<Readonly<Record<string, number>>>;
}

function listerOf(stage: SyncStage, resource: string, listed: (resource: string) => void): Lister {
  const controller = (object: KubeObject): string | undefined => object.metadata.ownerReferences?.find((owner) => owner.controller === true)?.uid;
  return {
    get: (namespace, name) => stage.get(resource, namespace, name),
    list: () => stage.list(resource),
    byOwner: (uid) => {
      listed(resource);
      return stage.list(resource).filter((object) => controller(object) === uid);
    },
    byOwnerUid: (uid) => stage.list(resource).filter((object) => object.metadata.ownerReferences?.some((owner) => owner.uid === uid)),
    orphans: (namespace) => stage.list(resource).filter((object) => namespace === 'default' && controller(object) === undefined),
    ...(stage.seen(resource) === undefined ? {} : { seenRevision: () => stage.seen(resource) as number }),
  };
}

/** What the controller does. */
function controllerSync(world: SyncWorld, key: string): Transcript {
  const stage = new SyncStage(world);
  const did: unknown[] = [];
  const state = statefulSetController.initialState?.() as State;
  const listings: string[] = [];
  const lister = <T>(resource: string): Lister<T> => listerOf(stage, resource, (of) => { listings.push(of); }) as unknown as Lister<T>;
  const unwanted = (): never => { throw new Error('a handler of pods and claims asks for this'); };
  if (world.isKept) {
    const handler: HandlerContext = { now: world.now, profile: world.profile, state, epoch: EPOCH, lister, watch: unwanted, enqueue: () => undefined, enqueueAfter: unwanted };
    for (const resource of statefulSetController.watches) {
      for (const held of stage.list(resource)) {
        const after = world.isKeptOld && resource === 'statefulsets.apps' ? { ...held, spec: { ...held['spec'], selector: { matchLabels: { foo: 'old' } }, minReadySeconds: 1 } } : held;
        statefulSetController.handle(handler, { resource, type: 'ADDED', after });
      }
    }
    listings.length = 0;
    stage.podIsGone = (before) => { statefulSetController.handle(handler, { resource: 'pods', type: 'DELETED', before }); };
  }
  if (Object.keys(world.writes).length > 0) state.writes = state.writes.set(EPOCH, 'set-uid', world.writes);
  const context: ReconcileContext = {
    now: world.now, clock: world.clock, profile: world.profile, state, epoch: EPOCH, lister, decide: (make) => checkPlan(make(), world.set), random: () => ({ below: () => 0 }),
    event: (event) => { did.push({ event: { ...event, about: event.about.metadata.uid } }); },
    explain: (subject, why) => { did.push({ subject, why }); },
    enqueueAfter: (later, delayMs) => { did.push({ later, delayMs }); },
  };
  const run = statefulSetController.reconcile(context, key);
  for (let step = run.next(); ;) {
    if (step.done === true) {
      const error = step.value !== undefined && 'error' in step.value ? step.value.error : undefined;
      // A sync costs what changed: the pods are told by what is kept of them, unless one comes, goes or gets a new revision.
      const isAllKept = world.isKept && !world.isKeptOld && world.pods.every(({ metadata: { namespace, name } }) => namespace === 'default' && name?.endsWith('-x') === false);
      if (world.isDirect && isAllKept) expect(listings.includes('pods')).toBe(false);
      return { did, error, writes: state.writes.get('set-uid') ?? {} };
    }
    if ('pauseMs' in step.value) step = run.next({ ok: true, object: { metadata: {} } });
    else {
      const reply: ApiReply = stage.call(step.value);
      did.push({ call: step.value, reply: reply.ok });
      step = run.next(reply);
    }
  }
}

const PHASES: readonly string[] = ['recreate', 'replicas', 'condemned-claims', 'condemned', 'rolling-update'];

/** A plan is in upstream's order, and only its last phase ends the sync. Whatever else is decided passes. */
function checkPlan<T>(made: T, set: KubeObject | undefined): T {
  if (!(made instanceof Object && 'phases' in made)) return made;
  const { phases } = made as unknown as SyncPlan;
  expect(phases.map(({ name }) => name)).toEqual(PHASES.filter((name) => phases.some((phase) => phase.name === name)));
  for (const [at, { name, pace, memberCount, steps, endsSync }] of phases.entries()) {
    expect([['ordered', 'slow-start'].includes(pace), endsSync && at < phases.length - 1]).toEqual([true, false]);
    // Members have places of their own, in order, below their count.
    expect(steps.every(({ index }, place) => index > (steps[place - 1]?.index ?? -1) && index < memberCount)).toBe(true);
    expect(steps.length > 0 || endsSync || at === 0).toBe(true);
    if (name === 'replicas') expect(memberCount).toBe(set?.['spec'].replicas ?? 1);
    // Only living replicas and condemned pods are stopped at.
    if (name !== 'replicas' && name !== 'condemned') expect(steps.some(({ stops }) => stops)).toBe(false);
  }
  return made;
}

/** What the long way does. */
function longSync(world: SyncWorld, key: string): Transcript {
  const stage = new SyncStage(world);
  const did: unknown[] = [];
  const writes = { ...world.writes };
  const error = naiveSync({
    profile: world.profile, now: world.now, clock: world.clock, writes,
    get: (resource, namespace, name) => stage.get(resource, namespace, name), list: (resource) => stage.list(resource), seen: (resource) => stage.seen(resource),
    call: (call) => {
      const reply = stage.call(call);
      did.push({ call, reply: reply.ok });
      return reply;
    },
    event: (event) => { did.push({ event }); },
    explain: (subject, why) => { did.push({ subject, why }); },
    enqueueAfter: (later, delayMs) => { did.push({ later, delayMs }); },
  }, key);
  return { did, error, writes };
}

/** As it goes over the wire: what is undefined is not there. */
const plain = (value: unknown): unknown => (value === undefined ? undefined : JSON.parse(JSON.stringify(value)));

const SEED = Number(process.env['KUBESIM_SEED'] ?? 1);
const WORLDS_EACH = 100;
const ROUNDS = Number(process.env['KUBESIM_SYNCS'] ?? 30);

function check(world: SyncWorld, title: string): Transcript {
  const key = `default/${world.set?.metadata.name ?? 'web'}`;
  const done = controllerSync(world, key);
  const wanted = longSync(world, key);
  // One by one, so that a failure shows the first thing that differs and no more.
  wanted.did.forEach((one, at) => expect(plain(done.did[at]), `${title}, step ${at}`).toEqual(plain(one)));
  expect([done.did.length, done.error, done.writes], title).toEqual([wanted.did.length, wanted.error, wanted.writes]);
  return done;
}

describe(`syncs from seed ${SEED}`, () => {
  it.each(Array.from({ length: ROUNDS }, (_, index) => index))(`${WORLDS_EACH} worlds, round %i`, (round) => {
    for (let index = 0; index < WORLDS_EACH; index++) {
      const seed = (SEED * 1000 + round) * WORLDS_EACH + index;
      check(freeze(randomSyncWorld(seed)), `world ${seed}`);
    }
  });

  it('that find the status as the sync before wrote it', () => {
    for (let index = 0; index < 80; index++) {
      const world = { ...randomSyncWorld(SEED * 500_000 + index), failing: 0 };
      const written = check(freeze(world), `world ${index}`).did.map((one) => (one as { call?: ApiCall }).call).find((call) => call?.subresource === 'status');
      if (world.set === undefined || written?.verb !== 'update') continue;
      const again = { ...world, writes: {}, set: { ...world.set, status: plain(written.object['status']) } };
      check(freeze(again), `world ${index} again`);
    }
  });

  it('of a large set, in batches that grow to 500', () => {
    const { did } = check(freeze(largeSyncWorld(700)), 'large world');
    // The 700th creation is in the batch after 1, 2, 4 and so on to 256, and that one ends with the 1 011th.
    expect(did.filter((one) => (one as { call?: { resource: string } }).call?.resource === 'pods').length).toBe(1011);
  });
});

function freeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const item of Object.values(value)) freeze(item);
  }
  return value;
}
