// Arbitraries of scenarios. The distribution of each stands in its docstring and is sampled in test/arbitraries.test.ts.
import fc from 'fast-check';
import type { FaultDefinition } from '../faults/definition.ts';
import type { Fault, FaultName, FaultProcess } from '../faults/fault.ts';
import { FAULT_NAMES, FAULTS } from '../faults/table.ts';
import type { Choices, Command, NodeShape, ObjectSpec, PodShape, Scenario } from './scenario.ts';
import { smallerScenarios } from './shrink.ts';

/** Kinds of workloads that a scenario may have. @public */
export type WorkloadKind = 'StatefulSet' | 'Deployment' | 'Pod';

/** What to draw. @public */
export interface ScenarioOptions {
  /** Which workloads; all without it. */
  readonly kinds?: readonly WorkloadKind[];
  readonly maxReplicas?: number;
  readonly maxCommands?: number;
  readonly maxFaults?: number;
  /** Which faults; all without it, none with []. */
  readonly faults?: readonly Fault['fault'][];
  readonly kubernetes?: readonly Scenario['kubernetes'][];
  /** Objects that each scenario has beside what is drawn: what an operator works on. */
  readonly objects?: readonly ObjectSpec[];
  /** Commands that may be drawn beside the usual ones. */
  readonly commands?: fc.Arbitrary<Command>;
  /** Resources whose caches and calls faults meet beside the usual ones. */
  readonly resources?: readonly string[];
}

function weighted<T>(...choices: readonly (readonly [weight: number, arbitrary: fc.Arbitrary<T>])[]): fc.Arbitrary<T> {
  return fc.oneof(...choices.filter(([weight]) => weight > 0).map(([weight, arbitrary]) => ({ weight, arbitrary })));
}

/** A field that is there one time in `n`. */
function rarely<T>(n: number, arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> {
  return weighted<T | undefined>([n - 1, fc.constant(undefined)], [1, arbitrary]);
}

function dropUndefined<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)) as T;
}

/** Pods: one in four with a probe, one in eight with anti-affinity, half with a grace of 1 s, one in eight asks for 300m of cpu. @public */
export function podShape(): fc.Arbitrary<PodShape> {
  return fc.record({
    version: fc.constant(1), probe: rarely(4, fc.constant(true)), apart: rarely(8, fc.constant(true)), cpu: rarely(8, fc.constant('300m')), graceSeconds: rarely(2, fc.constant(1)),
  }).map((shape) => dropUndefined(shape) as PodShape);
}

/**
 * StatefulSets of 1 to `maxReplicas`: half Parallel, a quarter with a partition, a third with claims (of those half with a policy to
 * delete, and a third are attached by a driver), a sixth with minReadySeconds, one in eight with a short history, one in ten with other ordinals. @public
 */
export function statefulSetSpec(options: ScenarioOptions = {}): fc.Arbitrary<ObjectSpec> {
  const max = options.maxReplicas ?? 4;
  return fc.record({
    replicas: fc.integer({ min: 1, max }), pod: podShape(), podManagementPolicy: fc.constantFrom('OrderedReady' as const, 'Parallel' as const), partition: rarely(4, fc.integer({ min: 1, max })),
    onDelete: rarely(12, fc.constant(true)), minReadySeconds: rarely(6, fc.constantFrom(1, 5)), claims: rarely(3, fc.constant(true)), attached: rarely(3, fc.constant(true)), whenScaled: rarely(4, fc.constant('Delete' as const)),
    whenDeleted: rarely(4, fc.constant('Delete' as const)), historyLimit: rarely(8, fc.constantFrom(0, 1)), ordinalsStart: rarely(10, fc.constant(3)),
  }).map((fields) => dropUndefined({ kind: 'StatefulSet' as const, name: 'web', ...fields }) as ObjectSpec);
}

/** Deployments of 1 to `maxReplicas`: one in six Recreate, surge 0 to 2 and unavailable 0 to 1 or a share, one in eight with a short history. @public */
export function deploymentSpec(options: ScenarioOptions = {}): fc.Arbitrary<ObjectSpec> {
  return fc.record({
    replicas: fc.integer({ min: 1, max: options.maxReplicas ?? 4 }), pod: podShape(), recreate: rarely(6, fc.constant(true)), maxSurge: fc.constantFrom<number | string>(1, 1, 2, '25%'),
    maxUnavailable: fc.constantFrom<number | string>(0, 0, 1, '25%'), minReadySeconds: rarely(6, fc.constantFrom(1, 5)), historyLimit: rarely(8, fc.constantFrom(0, 1)),
  }).map((fields) => dropUndefined({ kind: 'Deployment' as const, name: 'api', ...fields }) as ObjectSpec);
}

/** Objects beside a workload: a budget in one scenario of four, a quota in one of six, a claim with a pod that mounts it in one of six. @public */
export function companions(app: string): fc.Arbitrary<readonly ObjectSpec[]> {
  return fc.record({
    budget: rarely(4, fc.integer({ min: 1, max: 3 }).map((minAvailable): ObjectSpec => ({ kind: 'PodDisruptionBudget', name: 'floor', app, minAvailable }))),
    quota: rarely(6, fc.integer({ min: 2, max: 5 }).map((pods): ObjectSpec => ({ kind: 'ResourceQuota', name: 'limit', pods }))),
    claim: rarely(6, fc.constantFrom('standard' as const, 'wait' as const).map((storageClass): ObjectSpec => ({ kind: 'PersistentVolumeClaim', name: 'shared', storageClass }))),
    graceSeconds: fc.constantFrom(1, 5),
  }).map(({ budget, quota, claim, graceSeconds }) => [
    ...(budget === undefined ? [] : [budget]), ...(quota === undefined ? [] : [quota]),
    ...(claim === undefined ? [] : [claim, { kind: 'Pod' as const, name: 'reader', pod: { version: 1, claim: 'shared', graceSeconds } }]),
  ]);
}

/** Nodes: 3, seldom 1, 2 or 4; in one scenario of three in the zones a and b. @public */
export function nodeShapes(): fc.Arbitrary<readonly NodeShape[]> {
  return fc.record({ count: weighted([6, fc.constant(3)], [1, fc.constantFrom(1, 2, 4)]), zoned: weighted([2, fc.constant(false)], [1, fc.constant(true)]) })
    .map(({ count, zoned }) => Array.from({ length: count }, (_, index) => (zoned ? { zone: index % 2 === 0 ? 'a' : 'b' } : {})));
}

/** Waits: a third none, else up to 6 s, so that most commands fall into the middle of what the one before began; one in ten waits a minute. */
function wait(): fc.Arbitrary<number> {
  return weighted([3, fc.constant(0)], [6, fc.nat(6_000)], [1, fc.constant(60_000)]);
}

/**
 * Commands against a workload: image 4, scale 4, pod deletion 3 (a fifth by force), partition 1, rollback 1, eviction 1, deletion of
 * the workload 1, pause 1, deletion of a claim 1, cordon 1, rest 1. One image in six cannot be pulled. @public
 */
export function command(target: string, options: ScenarioOptions = {}): fc.Arbitrary<Command> {
  const max = options.maxReplicas ?? 4;
  const of = target.split('/')[1] ?? '';
  const isSet = target.startsWith('statefulset/');
  const isPod = target.startsWith('pod/');
  const nth = fc.nat(max);
  const node = fc.integer({ min: 1, max: 3 }).map((index) => `node-${index}`);
  const one = (shape: object): fc.Arbitrary<Command> => fc.record({ waitMs: wait(), ...Object.fromEntries(Object.entries(shape).map(([key, value]) => [key, value instanceof fc.Arbitrary ? value as fc.Arbitrary<unknown> : fc.constant(value as unknown)])) }) as unknown as fc.Arbitrary<Command>;
  const workload = isPod ? 0 : 1;
  return weighted<Command>(
    [4 * workload, one({ do: 'setImage', target, version: fc.constantFrom(2, 3, 2, 3, 1, 0) })], [4 * workload, one({ do: 'scale', target, replicas: fc.nat(max) })],
    [3, one({ do: 'deletePod', of, nth }).chain((each) => weighted<Command>([4, fc.constant(each)], [1, fc.constant({ ...each, force: true } as Command)]))],
    [isSet ? 1 : 0, one({ do: 'partition', target, partition: fc.nat(max) })], [workload, one({ do: 'rollback', target })], [1, one({ do: 'evict', of, nth })],
    [1, one({ do: 'delete', target, cascade: fc.constantFrom('background', 'background', 'foreground', 'orphan') })], [isSet || isPod ? 0 : 1, one({ do: fc.constantFrom('pause', 'unpause'), target })],
    [isSet ? 1 : 0, one({ do: 'delete', target: fc.nat(max).map((ordinal) => `persistentvolumeclaim/data-${of}-${ordinal}`) })],
    [1, one({ do: fc.constantFrom('cordon', 'uncordon'), node })], [1, one({ do: 'settle' })], ...(options.commands === undefined ? [] : [[8, options.commands] as const]),
  );
}

/**
 * Commands that belong together, as people do them: a rollout that fails and is put right, scaled or helped by hand 3, a canary below a partition of which a
 * pod is deleted 2, scaled down and up 2, taken away and made again 2, a node drained 1, pods deleted with their claims 3 (of a set that has some), three
 * images one after the other 1. @public
 */
export function story(target: string, main: ObjectSpec, options: ScenarioOptions = {}): fc.Arbitrary<readonly Command[]> {
  const max = options.maxReplicas ?? 4;
  const of = target.split('/')[1] ?? '';
  const isSet = target.startsWith('statefulset/');
  const later = fc.integer({ min: 1_500, max: 12_000 });
  const soon = weighted<number>([2, fc.nat(1_500)], [2, later]);
  const version = fc.constantFrom(2, 3);
  const replicas = fc.nat(max);
  const nth = fc.nat(max);
  type Part = (drawn: { readonly waits: readonly number[]; readonly version: number; readonly replicas: number; readonly nth: number; readonly way: number }) => Command;
  const told = (wait: fc.Arbitrary<number>, ...parts: readonly Part[]): fc.Arbitrary<readonly Command[]> =>
    fc.record({ waits: fc.array(wait, { minLength: parts.length, maxLength: parts.length }), version, replicas, nth, way: fc.nat(6) }).map((drawn) => parts.map((part, index) => ({ ...part(drawn), waitMs: drawn.waits[index] ?? 0 })));
  const tell = (...parts: readonly Part[]): fc.Arbitrary<readonly Command[]> => told(soon, ...parts);
  const waitMs = 0;
  if (target.startsWith('pod/')) return tell(() => ({ waitMs, do: 'delete', target }), () => ({ waitMs, do: 'create', object: main }));
  return weighted<readonly Command[]>(
    // What is put right before a pod has met it has never been wrong.
    [3, told(later, () => ({ waitMs, do: 'setImage', target, version: 0 }), ({ way, version: next, replicas: count, nth: pod }) => (way === 0 ? { waitMs, do: 'rollback', target } : way < 3 ? { waitMs, do: 'scale', target, replicas: count } : way < 5 ? { waitMs, do: 'deletePod', of, nth: pod } : { waitMs, do: 'setImage', target, version: next }))],
    [isSet ? 2 : 0, tell(({ nth: partition }) => ({ waitMs, do: 'partition', target, partition: 1 + (partition % max) }), ({ version: next }) => ({ waitMs, do: 'setImage', target, version: next }), ({ replicas: deleted }) => ({ waitMs, do: 'deletePod', of, nth: deleted }))],
    [2, tell(({ way, replicas: count }) => ({ waitMs, do: 'scale', target, replicas: way === 0 ? 0 : Math.min(count, 1) }), ({ nth: count }) => ({ waitMs, do: 'scale', target, replicas: Math.max(count, 1) }))],
    [2, tell(({ way }) => ({ waitMs, do: 'delete', target, cascade: (['background', 'background', 'foreground', 'orphan'] as const)[way] ?? 'background' }), () => ({ waitMs, do: 'create', object: main }))],
    [1, tell(({ nth: index }) => ({ waitMs, do: 'cordon', node: `node-${1 + (index % 3)}` }), ({ nth: pod }) => ({ waitMs, do: 'evict', of, nth: pod }), ({ nth: index }) => ({ waitMs, do: 'uncordon', node: `node-${1 + (index % 3)}` }))],
    [isSet && 'claims' in main ? 3 : 0, tell(({ nth: ordinal }) => ({ waitMs, do: 'delete', target: `persistentvolumeclaim/data-${of}-${ordinal}` }), ({ nth: pod }) => ({ waitMs, do: 'deletePod', of, nth: pod }))],
    [1, tell(({ version: next }) => ({ waitMs, do: 'setImage', target, version: next }), ({ version: next }) => ({ waitMs, do: 'setImage', target, version: 5 - next }), () => ({ waitMs, do: 'setImage', target, version: 1 }))],
  );
}

/** Resources whose caches and calls matter to a workload, and how often each is drawn. */
const RESOURCES: Readonly<Record<WorkloadKind, Readonly<Record<string, number>>>> = {
  StatefulSet: { 'pods': 4, 'statefulsets.apps': 2, 'persistentvolumeclaims': 2, 'controllerrevisions.apps': 1, 'persistentvolumes': 1 },
  Deployment: { 'pods': 4, 'replicasets.apps': 3, 'deployments.apps': 2 },
  Pod: { pods: 3, persistentvolumeclaims: 2, persistentvolumes: 1 },
};
const OTHER_RESOURCE_WEIGHT = 3;
const ANY_RESOURCE_WEIGHT = 2;

function resourceOf(options: ScenarioOptions): fc.Arbitrary<string | undefined> {
  const weights: Record<string, number> = {};
  for (const kind of options.kinds ?? KINDS) for (const [resource, weight] of Object.entries(RESOURCES[kind])) weights[resource] = Math.max(weights[resource] ?? 0, weight);
  for (const resource of options.resources ?? []) weights[resource] = OTHER_RESOURCE_WEIGHT;
  return weighted<string | undefined>([ANY_RESOURCE_WEIGHT, fc.constant(undefined)], ...Object.entries(weights).map(([resource, weight]) => [weight, fc.constant(resource)] as const));
}

/**
 * Faults within the first 20 s, by class and rate as the table of faults has them; most last up to 5 s, nodes are away for up to 90 s. What
 * meets controllers meets all of them, one time in three only the user's own; what meets a resource, one of those that matter to the kinds given. @public
 */
export function fault(of: string, options: ScenarioOptions = {}): fc.Arbitrary<Fault> {
  const verb = fc.constantFrom('create' as const, 'update' as const, 'delete' as const, 'patch' as const, undefined, undefined);
  const draw = {
    of, forMs: weighted([4, fc.nat(5_000)], [1, fc.nat(40_000)]), away: fc.constantFrom(2_000, 30_000, 60_000, 90_000), node: fc.integer({ min: 1, max: 3 }).map((index) => `node-${index}`),
    resource: resourceOf(options), verb, anyVerb: weighted<'create' | 'update' | 'patch' | 'delete' | 'get' | undefined>([6, verb], [1, fc.constant('get')]),
    process: weighted<FaultProcess>([2, fc.constant('controllers')], [1, fc.constant('operators')]),
  };
  const atMs = fc.nat(20_000);
  return weighted<Fault>(...(options.faults ?? FAULT_NAMES).map((name) => {
    const definition = FAULTS[name] as unknown as FaultDefinition<FaultName>;
    return [definition.weight, fc.tuple(atMs, definition.draw(draw)).map(([at, parameters]) => dropUndefined({ atMs: at, fault: name, ...parameters }) as Fault)] as const;
  }));
}

/** Choices: a sixth first in, first out, two thirds random (a quarter of them put up to 3 heads off to the next instant), a sixth PCT with 1 to 4 change points. @public */
export function choices(): fc.Arbitrary<Choices> {
  const seed = fc.nat(1_000_000);
  return weighted<Choices>(
    [1, fc.constant({ mode: 'fifo' })], [3, fc.record({ mode: fc.constant('random' as const), seed })], [1, fc.record({ mode: fc.constant('random' as const), seed, deferrals: fc.constant(3) })], [1, fc.record({ mode: fc.constant('pct' as const), seed, depth: fc.integer({ min: 1, max: 4 }) })],
  );
}

/** Sparse deviations from first in, first out: up to `max` heads that are put off, each named by channel and occurrence. @public */
export function choiceList(channels: readonly string[], max: number = 4): fc.Arbitrary<Choices> {
  const deviation = fc.record({ channel: fc.constantFrom(...channels), occurrence: fc.integer({ min: 1, max: 40 }) }).map(({ channel, occurrence }) => ({ channel, occurrence, defer: channel }));
  return fc.uniqueArray(deviation, { maxLength: max, selector: ({ channel, occurrence }) => `${channel} ${occurrence}` }).map((deviations) => (deviations.length === 0 ? { mode: 'fifo' as const } : { mode: 'deviations' as const, deviations }));
}

/** Profiles: 1.37 half of the time, else 1.36 or 1.34; gates as released, one time in eight with maxUnavailable switched on. @public */
export function profile(releases: readonly Scenario['kubernetes'][] = ['1.37', '1.37', '1.36', '1.34']): fc.Arbitrary<Pick<Scenario, 'kubernetes' | 'featureGates'>> {
  return fc.record({ kubernetes: fc.constantFrom(...releases), gate: rarely(8, fc.constant({ MaxUnavailableStatefulSet: true })) }).map(({ kubernetes, gate }) => (gate === undefined ? { kubernetes } : { kubernetes, featureGates: gate }));
}

interface Near {
  readonly nth: number;
  readonly afterMs: number;
}

/** Where a fault comes: three of four times by a command (half of them within 1.5 s after it, a quarter at its instant, a quarter up to half a second before it), thrice as often by a new image, else wherever it was drawn. */
function nearCommand(): fc.Arbitrary<Near | undefined> {
  const afterMs = weighted([2, fc.nat(1_500)], [1, fc.constant(0)], [1, fc.integer({ min: -500, max: 0 })]);
  return weighted<Near | undefined>([3, fc.record({ nth: fc.nat(30), afterMs })], [1, fc.constant(undefined)]);
}

/** Faults that something is there for: zones that may be lost, a quota that may be recounted late, probes that may fail, volumes that are attached. */
function faultsThatMatter(objects: readonly ObjectSpec[], nodes: readonly NodeShape[]): readonly FaultName[] {
  const has = (test: (object: ObjectSpec) => boolean): boolean => objects.some(test);
  const matters: Partial<Record<FaultName, boolean>> = {
    zoneLoss: nodes.some(({ zone }) => zone !== undefined), quotaLag: has(({ kind }) => kind === 'ResourceQuota'),
    probeFlap: has((object) => 'pod' in object && object.pod.probe === true), slowDetach: has((object) => 'attached' in object && object.attached === true && object.claims === true),
  };
  return FAULT_NAMES.filter((name) => matters[name] ?? true);
}

/** The fault where it is to come: what a command sets going is where faults hurt, and rollouts take the longest. */
function placed(drawn: Fault, near: Near | undefined, workload: readonly Command[]): Fault {
  if (near === undefined) return drawn;
  const places = workload.flatMap((each, index) => (each.do === 'setImage' ? [index, index, index] : [index]));
  const commandAt = workload.slice(0, 1 + (places[near.nth % places.length] ?? 0)).reduce((sum, { waitMs }) => sum + waitMs, 0);
  return { ...drawn, atMs: Math.max(0, commandAt + near.afterMs) };
}

/** The kinds of workloads where none are given. */
const KINDS: readonly WorkloadKind[] = ['StatefulSet', 'Deployment'];

const TARGETS: Readonly<Record<WorkloadKind, string>> = { StatefulSet: 'statefulset/web', Deployment: 'deployment/api', Pod: 'pod/reader' };

/** Evictions one right after the other: what a budget is for. */
function evictions(of: string): fc.Arbitrary<readonly Command[]> {
  return fc.array(fc.record({ waitMs: fc.nat(1_000), do: fc.constant('evict' as const), of: fc.constant(of), nth: fc.nat(3) }), { minLength: 2, maxLength: 3 });
}

/** More than a quota has room for, and less again: what a quota is for. */
function overAndBack(target: string, max: number): fc.Arbitrary<readonly Command[]> {
  return fc.tuple(fc.nat(3_000), fc.integer({ min: 1_500, max: 6_000 }), fc.nat(1)).map(([firstMs, thenMs, replicas]): readonly Command[] => [
    { waitMs: firstMs, do: 'scale', target, replicas: max }, { waitMs: thenMs, do: 'scale', target, replicas },
  ]);
}

/** Up to `maxCommands` commands: single ones, one time in three a story; evictions, where there is a budget; scales, where there is a quota. */
function workloadOf(target: string, main: ObjectSpec, beside: readonly ObjectSpec[], options: ScenarioOptions): fc.Arbitrary<readonly Command[]> {
  const single = command(target, options).map((each): readonly Command[] => [each]);
  const has = (kind: ObjectSpec['kind']): boolean => beside.some((object) => object.kind === kind);
  const isScaled = !target.startsWith('pod/');
  return fc.array(weighted<readonly Command[]>([2, single], [1, story(target, main, options)], [has('PodDisruptionBudget') ? 1 : 0, evictions(target.split('/')[1] ?? '')], [isScaled && has('ResourceQuota') ? 1 : 0, overAndBack(target, options.maxReplicas ?? 4)]), { minLength: 1, maxLength: options.maxCommands ?? 6, size: 'max' }).map((parts) => parts.flat().slice(0, options.maxCommands ?? 6));
}

/**
 * Scenarios around one workload: of the kinds given StatefulSets and Deployments alike, lone pods a quarter as often; with its companions, up to
 * `maxCommands` (6) commands, one time in three as stories, and `maxFaults` (3) faults, three of four of them soon after a command, one time in three all of
 * these after the same one. Shrinks commands, faults,
 * choices and objects together. @public
 */
export function scenario(options: ScenarioOptions = {}): fc.Arbitrary<Scenario> {
  const kinds = options.kinds ?? KINDS;
  const ofKind = (kind: WorkloadKind): fc.Arbitrary<Scenario> => {
    const target = TARGETS[kind];
    const app = target.split('/')[1] ?? '';
    const main: fc.Arbitrary<ObjectSpec> = kind === 'StatefulSet' ? statefulSetSpec(options) : kind === 'Deployment' ? deploymentSpec(options) : podShape().map((pod): ObjectSpec => ({ kind: 'Pod', name: 'reader', pod }));
    return fc.tuple(main, companions(app), nodeShapes()).chain(([first, beside, nodes]) => fc.record({
      seed: fc.nat(3), profile: profile(options.kubernetes), workload: workloadOf(target, first, beside, options),
      faults: options.faults?.length === 0 ? fc.constant<[Fault, Near | undefined][]>([]) : fc.array(fc.tuple(fault(app, { ...options, kinds: [kind], faults: options.faults ?? faultsThatMatter([first, ...beside], nodes) }), nearCommand()), { maxLength: options.maxFaults ?? 3, size: 'max' }), isTogether: rarely(3, fc.constant(true)), choices: choices(),
    }).map(({ profile: { kubernetes, featureGates }, ...rest }): Scenario => ({
      seed: rest.seed, kubernetes, ...(featureGates === undefined ? {} : { featureGates }), nodes,
      objects: [...(options.objects ?? []), first, ...beside.filter((object) => !('name' in object) || !('name' in first) || object.name !== first.name)], workload: rest.workload,
      faults: rest.faults.map(([drawn, near]) => placed(drawn, near === undefined || rest.isTogether !== true ? near : { ...near, nth: rest.faults[0]?.[1]?.nth ?? near.nth }, rest.workload)), choices: rest.choices,
    })));
  };
  return new ScenarioArbitrary(weighted(...kinds.map((kind) => [kind === 'Pod' ? 1 : 4, ofKind(kind)] as const)));
}

/** Draws as another arbitrary does, and shrinks by what the scenario is. @internal */
export class ScenarioArbitrary extends fc.Arbitrary<Scenario> {
  private readonly drawn: fc.Arbitrary<Scenario>;

  constructor(drawn: fc.Arbitrary<Scenario>) {
    super();
    this.drawn = drawn;
  }

  override generate(random: fc.Random, biasFactor: number | undefined): fc.Value<Scenario> {
    return new fc.Value(this.drawn.generate(random, biasFactor).value, undefined);
  }

  override canShrinkWithoutContext(value: unknown): value is Scenario {
    return typeof value === 'object' && value !== null && 'workload' in value && 'choices' in value;
  }

  override shrink(value: Scenario): fc.Stream<fc.Value<Scenario>> {
    return fc.stream(smallerScenarios(value)).map((each) => new fc.Value(each, undefined));
  }
}
