// Makes failing scenarios smaller: choices toward first in, first out, faults and commands away, objects away, replicas down, waits to 0.
import type { Deviation } from '@kubesim/kernel';
import type { Fault } from '../faults/fault.ts';
import type { Choices, Command, ObjectSpec, Scenario } from './scenario.ts';

/** What was recorded of a scenario's run, by which drawn choices become deviations that name their places. A scenario never changes, so this is worked out and not state. */
const RECORDED = new WeakMap<Scenario, readonly Deviation[]>();

/** @internal */
export function noteDeviations(scenario: Scenario, deviations: readonly Deviation[]): void {
  RECORDED.set(scenario, deviations);
}

/** The list without a part of it: halves first, then smaller parts, then single items. */
function* without<T>(list: readonly T[]): Generator<readonly T[]> {
  if (list.length === 0) return;
  yield [];
  for (let size = Math.ceil(list.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    if (size === list.length) continue;
    for (let from = 0; from < list.length; from += size) yield [...list.slice(0, from), ...list.slice(from + size)];
  }
}

function* fewerChoices(scenario: Scenario): Generator<Choices> {
  const { choices } = scenario;
  if (choices.mode === 'fifo') return;
  yield { mode: 'fifo' };
  if (choices.mode === 'deviations') {
    for (const deviations of without(choices.deviations)) if (deviations.length > 0) yield { mode: 'deviations', deviations };
  }
}

/** The scenario with what was recorded of its choices in their place: the same run, by choices that can be taken away one by one. */
function recorded(scenario: Scenario): Scenario | undefined {
  const deviations = scenario.choices.mode === 'random' || scenario.choices.mode === 'pct' ? RECORDED.get(scenario) : undefined;
  return deviations === undefined || deviations.length === 0 ? undefined : { ...scenario, choices: { mode: 'deviations', deviations } };
}

/** Smaller values of a number: 0 (or the least), a half, one less. */
function* smaller(value: number, least: number = 0): Generator<number> {
  if (value <= least) return;
  yield least;
  const half = Math.floor((value + least) / 2);
  if (half > least && half < value) yield half;
  if (value - 1 > half) yield value - 1;
}

const LEAST: Readonly<Record<string, number>> = { version: 1, times: 1, writes: 1, factor: 1, pods: 1, depth: 1, minAvailable: 0, forMs: 0, seed: 0 };
const KEPT = new Set(['atMs', 'nth', 'cpu']);
const PLACES = new Set(['place', 'endPlace']);

/** A record with one part of it smaller, or left out where it may be. */
function* simpler<T extends object>(value: T, optional: boolean): Generator<T> {
  for (const [key, field] of Object.entries(value)) {
    if (KEPT.has(key)) continue;
    // The end of the instant does as well as a place within it.
    if (optional && PLACES.has(key) && field !== undefined) yield { ...value, [key]: undefined };
    if (typeof field === 'number' && !(key === 'version' && field === 0)) for (const less of smaller(field, LEAST[key] ?? 0)) yield { ...value, [key]: less };
    else if (optional && typeof field === 'boolean' && field) yield { ...value, [key]: false };
    else if (optional && key === 'pod') for (const pod of simpler(field as object, true)) yield { ...value, pod };
  }
}

function* eachSimpler<T extends object>(list: readonly T[], simplify: (item: T) => Iterable<T>): Generator<readonly T[]> {
  for (let index = 0; index < list.length; index++) {
    for (const item of simplify(list[index] as T)) yield [...list.slice(0, index), item, ...list.slice(index + 1)];
  }
}

function* simplerObject(spec: ObjectSpec): Generator<ObjectSpec> {
  if (spec.kind === 'Manifest') return;
  yield* simpler(spec, true);
  if (spec.kind === 'StatefulSet' && spec.podManagementPolicy === 'Parallel') yield { ...spec, podManagementPolicy: 'OrderedReady' };
}

/** Instants are brought nearer last: a fault that moves meets something else. */
function* earlier(fault: Fault): Generator<Fault> {
  yield* simpler(fault, true);
  for (const atMs of smaller(fault.atMs)) yield { ...fault, atMs };
}

function simplerCommand(command: Command): Generator<Command> {
  return simpler(command, true);
}

function withoutAftermath({ aftermathMs: _aftermath, ...scenario }: Scenario): Scenario {
  return scenario;
}

/** Kinds are no part of what is made smaller: commands name them. */
function definitionsOf(objects: readonly ObjectSpec[]): number {
  return objects.filter((spec) => spec.kind === 'Manifest' && spec.object.kind === 'CustomResourceDefinition').length;
}

type Pass = (scenario: Scenario) => Iterable<Scenario>;

/** What can be made smaller, one thing after the other: what takes the most away, and what matters the least, first. */
const PASSES: readonly Pass[] = [
  function* fifo(scenario) { for (const choices of fewerChoices(scenario)) yield { ...scenario, choices }; },
  function* faults(scenario) { for (const faults of without(scenario.faults)) yield { ...scenario, faults }; },
  function* commands(scenario) { for (const workload of without(scenario.workload)) yield { ...scenario, workload }; },
  function* objects(scenario) { for (const objects of without(scenario.objects)) if (objects.length > 0 && definitionsOf(objects) === definitionsOf(scenario.objects)) yield { ...scenario, objects }; },
  function* nodes(scenario) { if (scenario.nodes.length > 1) yield { ...scenario, nodes: scenario.nodes.slice(0, -1) }; },
  function* profile(scenario) {
    if (scenario.featureGates !== undefined && Object.keys(scenario.featureGates).length > 0) yield { ...scenario, featureGates: {} };
    if (scenario.kubernetes !== '1.37') yield { ...scenario, kubernetes: '1.37' };
  },
  function* fields(scenario) { for (const objects of eachSimpler(scenario.objects, simplerObject)) yield { ...scenario, objects }; },
  function* details(scenario) { for (const workload of eachSimpler(scenario.workload, simplerCommand)) yield { ...scenario, workload }; },
  function* aftermath(scenario) { if (scenario.aftermathMs !== undefined) yield withoutAftermath(scenario); },
  function* instants(scenario) { for (const faults of eachSimpler(scenario.faults, earlier)) yield { ...scenario, faults }; },
  function* replay(scenario) {
    const last = recorded(scenario);
    if (last !== undefined) yield last;
  },
];

/** Scenarios that are one step smaller, the boldest first. All of them are legal if the scenario is. @public */
export function* smallerScenarios(scenario: Scenario): Generator<Scenario> {
  for (const pass of PASSES) yield* pass(scenario);
}

/** What shrinking came to. @public */
export interface Shrunk {
  readonly scenario: Scenario;
  /** How many scenarios were tried. */
  readonly tried: number;
}

const TRIES_MAX = 600;

/** More choices than a reader follows: a seed says as much. */
const DEVIATIONS_MAX = 8;

/** Takes deviations away in ever smaller parts, going on where it stands after each that was not needed. */
function thinned(scenario: Scenario, fails: (scenario: Scenario) => boolean): Scenario | undefined {
  let best = scenario;
  const deviations = (): readonly Deviation[] => (best.choices.mode === 'deviations' ? best.choices.deviations : []);
  for (let size = Math.ceil(deviations().length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let from = 0; from < deviations().length;) {
      const candidate: Scenario = { ...best, choices: { mode: 'deviations', deviations: [...deviations().slice(0, from), ...deviations().slice(from + size)] } };
      if (fails(candidate)) best = candidate;
      else from += size;
    }
  }
  return deviations().length > DEVIATIONS_MAX ? undefined : best;
}

/**
 * Makes a failing scenario as small as it gets by single steps, within so many tries. Each kind of step is taken as often as it helps before the next, and
 * all of them again until none does; no scenario is tried twice. Drawn choices become deviations last, and only where few of them are needed. `fails` must
 * hold for the scenario itself. @public
 */
export function shrinkScenario(scenario: Scenario, fails: (scenario: Scenario) => boolean, triesMax: number = TRIES_MAX): Shrunk {
  let best = scenario;
  let tried = 0;
  const passed = new Set<string>();
  const tries = (candidate: Scenario): boolean => {
    const text = JSON.stringify(candidate);
    if (tried >= triesMax || passed.has(text)) return false;
    tried++;
    if (fails(candidate)) return true;
    passed.add(text);
    return false;
  };
  const smaller = (pass: Pass): Scenario | undefined => {
    for (const candidate of pass(best)) {
      if (tried >= triesMax) return undefined;
      if (!tries(candidate)) continue;
      const found = candidate.choices.mode === 'deviations' && best.choices.mode !== 'deviations' ? thinned(candidate, tries) : candidate;
      if (found !== undefined) return found;
    }
    return undefined;
  };
  for (let isSmallest = false; !isSmallest;) {
    isSmallest = true;
    for (const pass of PASSES) {
      for (let found = smaller(pass); found !== undefined; found = smaller(pass)) {
        best = found;
        isSmallest = false;
      }
    }
  }
  return { scenario: best, tried };
}
