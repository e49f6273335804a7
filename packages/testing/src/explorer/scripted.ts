// A scenario as a space to explore: its commands and faults on every path, other faults at every point; and a path of it as a scenario again.
import type { Digest, Machine } from '@kubesim/kernel';
import type { Cluster } from 'kubesim';
import { allInvariants } from '../invariants/all.ts';
import { beginFault, describeFaultItself, durationOf, endFault, stalenessOf } from '../faults/faults.ts';
import { describeCommand, doCommand } from '../scenario/commands.ts';
import { AFTERMATH_MS, DEFERRAL_MS, ScenarioRunner, type Begun, type Entry, type RunOptions } from '../scenario/run.ts';
import type { Fault, FaultAtAnyPoint, Place } from '../faults/fault.ts';
import type { Command, Scenario } from '../scenario/scenario.ts';
import type { Coverage } from './explore.ts';
import type { Monitor } from './monitor.ts';
import type { PausedExploration } from './paused.ts';
import { Space, type Bounds, type Happening, type Move, type PathStep, type Script, type ScriptItem, type Spot } from './space.ts';

/** How to search. @public */
export interface SearchOptions {
  /** Distinct states at the most. */
  readonly maxStates?: number;
  /** Steps of one path at the most. */
  readonly maxDepth?: number;
  /** Told of each distinct state in which a path ends, with a machine that went there. */
  readonly onFinal?: (machine: Machine, digest: Digest) => void;
  /** Told every so many distinct states; 65 536 without `progressEvery`. */
  readonly onProgress?: (coverage: Coverage) => void;
  readonly progressEvery?: number;
  /** Steps that read and write different things are taken in one order; true without it. No state is left out by that. */
  readonly commute?: boolean;
  /** Compares each state that is reached again with what was first seen there: alternatives and successors. Slow. */
  readonly bisimulate?: boolean;
  /** One part of several that together cover the space: part `index` (from 1) of `of`. */
  readonly shard?: { readonly index: number; readonly of: number };
  /** Goes on where another exploration with the same bounds paused. */
  readonly resume?: PausedExploration;
  /** Pauses after so many further distinct states: `paused` of the result goes on from there. */
  readonly pauseAfter?: number;
}

/** How far a scenario is explored. @public */
export interface ScenarioBounds extends Pick<Bounds, 'deviations' | 'deferrals' | 'budgets' | 'symmetry'> {
  /** Tried at every point, beside those of the scenario, which come when it says. What lasts ends at every later point, after `forMs` at the latest. */
  readonly faults?: readonly FaultAtAnyPoint[];
  /** So many commands are done first, first in, first out, and what comes of them is where the search begins: 0 without it. */
  readonly from?: number;
  /**
   * `due`: each command comes within its instant, at any point of it (before its end is a deviation). `together`: all of them are under way from the start,
   * and come at any point, in any order. Faults of the scenario itself come when they are due.
   */
  readonly commands?: 'due' | 'together';
  /** Virtual ms from the start of the scenario beyond which no path goes on. */
  readonly untilMs?: number;
}

/** What to explore of a scenario. @public */
export interface ScenarioExploreOptions extends SearchOptions {
  readonly bounds?: ScenarioBounds;
  /** What must hold; every invariant there is without it. */
  readonly properties?: readonly Monitor[];
  /** What the cluster has beside the scenario: the user's own functions, as for a run. */
  readonly cluster?: Omit<RunOptions, 'invariants' | 'calmMs'>;
}

/** @internal */
export interface ScriptedSpace {
  readonly space: Space;
  readonly bounds: Bounds;
  /** What was broken before the search began. */
  readonly violation: string | undefined;
  /** A path as a scenario that goes it. */
  scenarioOf(path: readonly PathStep[]): Scenario;
}

const BOUND_KEYS: readonly (keyof ScenarioBounds)[] = ['deviations', 'deferrals', 'budgets', 'symmetry', 'faults', 'from', 'commands', 'untilMs'];

/** The space of a scenario. Throws RangeError for bounds that mean nothing. @internal */
export function scriptedSpace(scenario: Scenario, options: ScenarioExploreOptions, fixed: Pick<Bounds, 'ageCapMs' | 'ignoreChance'> = {}): ScriptedSpace {
  const { bounds: given = {}, properties = allInvariants, cluster: extras = {} } = options;
  checkScenarioBounds(given, scenario);
  const { faults = [], from = 0, commands = 'due', untilMs, ...plain } = given;
  // What a random mode would draw is what is searched.
  const fifo: Scenario = { ...scenario, choices: { mode: 'fifo' } };
  const staleMs = stalenessBound(scenario.faults, faults, given);
  const begun = new ScenarioRunner({ ...extras, invariants: properties }).begin(fifo, from, staleMs);
  const script = scriptFor(scenario, begun, faults, commands, staleMs);
  const bounds: Bounds = { ...plain, ...fixed, monitors: properties, ...(untilMs === undefined ? {} : { until: begun.startedAt + untilMs }) };
  const { violation } = begun;
  const space = new Space(begun.cluster.kernel.seal(), bounds, script.script);
  return {
    bounds, space, violation: violation === undefined ? undefined : `${violation.property}: ${violation.message}`,
    scenarioOf: (path) => new PathAsScenario(fifo, begun, faults, script).go(space, path),
  };
}

/** No cache is later than all faults together may make it. */
function stalenessBound(scripted: readonly Fault[], faults: readonly FaultAtAnyPoint[], { budgets = {}, deferrals = 0 }: ScenarioBounds): number {
  const latest: Record<string, number> = {};
  for (const { budget = 'faults', ...fault } of faults) latest[budget] = Math.max(latest[budget] ?? 0, stalenessOf({ ...fault, atMs: 0 } as Fault));
  return Object.entries(latest).reduce((sum, [name, ms]) => sum + ms * (budgets[name] ?? 1), scripted.reduce((sum, fault) => sum + stalenessOf(fault), deferrals > 0 ? DEFERRAL_MS : 0));
}

interface NamedScript {
  readonly script: Script;
  /** What the items of the script are, in order. */
  readonly entries: readonly Entry[];
  readonly looseEntries: readonly Entry[];
}

function scriptFor(scenario: Scenario, begun: Begun, faults: readonly FaultAtAnyPoint[], mode: 'due' | 'together', staleMs: number): NamedScript {
  const names = new Map<string, number>();
  const unique = (name: string): string => {
    const count = (names.get(name) ?? 0) + 1;
    names.set(name, count);
    return count === 1 ? name : `${name} (${count})`;
  };
  const isLoose = (entry: Entry): boolean => mode === 'together' && entry.do === 'command' && entry.command.do !== 'settle';
  const entries = begun.rest.filter((entry) => !isLoose(entry) && !(mode === 'together' && entry.do === 'command'));
  const looseEntries = begun.rest.filter(isLoose);
  const over = (act: (cluster: Cluster) => void) => (machine: Machine): void => act(begun.cluster.over(machine));
  const itemOf = (entry: Entry): ScriptItem => ({
    name: unique(nameOf(entry)), dueAt: begun.startedAt + entry.at, awaitsRest: entry.do === 'command' && entry.command.do === 'settle', act: over((cluster) => carryOut(cluster, entry, scenario)),
  });
  const happeningOf = ({ budget = 'faults', ...bare }: FaultAtAnyPoint): Happening => {
    const fault = { ...bare, atMs: 0 } as Fault;
    const forMs = durationOf(fault);
    return {
      name: unique(describeFaultItself(fault)), budget, act: over((cluster) => beginFault(cluster, fault, scenario)), minMs: leastOf(fault), forMs: forMs ?? Infinity,
      ...(forMs === undefined ? {} : { undo: over((cluster) => endFault(cluster, fault, scenario)) }),
    };
  };
  return { entries, looseEntries, script: { items: entries.map(itemOf), loose: looseEntries.map(itemOf), happenings: faults.map(happeningOf), held: begun.states, staleMs, endsAtRest: true } };
}

/** How long a fault lasts at the least: what it takes beside `forMs`, such as a lease that must run out. */
function leastOf(fault: Fault): number {
  return durationOf({ ...fault, forMs: 0 } as Fault) ?? 0;
}

function nameOf(entry: Entry): string {
  if (entry.do === 'command') return describeCommand({ ...entry.command, waitMs: 0, place: undefined });
  return `${describeFaultItself(entry.fault)}, as scripted${entry.do === 'end' ? ', ends' : ''}`;
}

function carryOut(cluster: Cluster, entry: Entry, scenario: Scenario): void {
  if (entry.do === 'begin') beginFault(cluster, entry.fault, scenario);
  else if (entry.do === 'end') endFault(cluster, entry.fault, scenario);
  else if (entry.do === 'command' && entry.command.do !== 'settle') doCommand(cluster, entry.command);
}

interface Done {
  readonly entry: Entry;
  /** ms from the start. */
  readonly at: number;
  readonly place: Place;
  /** Nothing more was due at its instant. */
  readonly isAtEnd: boolean;
}

/** Goes a path on a machine that records, and writes down when and where each thing from outside was done. */
class PathAsScenario {
  private readonly scenario: Scenario;
  private readonly begun: Begun;
  private readonly faults: readonly FaultAtAnyPoint[];
  private readonly script: NamedScript;
  private readonly done: Done[] = [];
  private readonly running = new Map<number, Fault>();

  constructor(scenario: Scenario, begun: Begun, faults: readonly FaultAtAnyPoint[], script: NamedScript) {
    this.scenario = scenario;
    this.begun = begun;
    this.faults = faults;
    this.script = script;
  }

  go(space: Space, path: readonly PathStep[]): Scenario {
    const { begun } = this;
    const machine = begun.cluster.fork().kernel;
    const received = new Map(begun.received);
    let last = '';
    machine.observe(({ channel }) => {
      received.set(channel, (received.get(channel) ?? 0) + 1);
      last = channel;
    });
    let lastAt = machine.now;
    space.follow(path, machine, (spot, move) => {
      const entry = this.entryOf(spot, move);
      if (entry === undefined) return;
      lastAt = machine.now;
      this.done.push({ entry, at: machine.now - begun.startedAt, place: { channel: last, occurrence: received.get(last) ?? 0, turn: this.done.length + 1 }, isAtEnd: machine.dueCount === 0 });
    });
    machine.observe(undefined);
    const { deviations } = machine.choices;
    const aftermathMs = machine.now - lastAt;
    return {
      ...this.scenario, workload: this.workload(), faults: this.allFaults(), choices: deviations.length === 0 ? { mode: 'fifo' } : { mode: 'deviations', deviations },
      ...(aftermathMs > AFTERMATH_MS ? { aftermathMs } : {}),
    };
  }

  /** What a move does from outside. */
  private entryOf(_spot: Spot, move: Move): Entry | undefined {
    switch (move.kind) {
      case 'receive': case 'defer': return undefined;
      case 'item': {
        const entry = this.script.entries[move.index] as Entry;
        return entry.do === 'command' && entry.command.do === 'settle' ? undefined : entry;
      }
      case 'loose': return this.script.looseEntries[move.index] as Entry;
      case 'intervene': {
        const { budget: _budget, ...bare } = this.faults[move.index] as FaultAtAnyPoint;
        const fault = { ...bare, atMs: 0 } as Fault;
        this.running.set(move.index, fault);
        return { at: 0, do: 'begin', fault };
      }
      case 'undo': return { at: 0, do: 'end', fault: this.running.get(move.index) as Fault };
    }
  }

  /** A place that says no more than the end of the instant does is left out. */
  private placeOf({ at, place, isAtEnd }: Done): { readonly place?: Place } {
    return isAtEnd && this.done.filter((other) => other.at === at).length === 1 ? {} : { place };
  }

  private workload(): readonly Command[] {
    const { begun, scenario } = this;
    const rest = new Set(begun.rest);
    const first = scenario.workload.slice(0, scenario.workload.length - begun.rest.filter((entry) => entry.do === 'command').length);
    let at = first.reduce((sum, { waitMs }) => sum + waitMs, 0);
    const later = this.done.flatMap((each) => {
      if (each.entry.do !== 'command' || !rest.has(each.entry)) return [];
      const { place: _place, ...command } = each.entry.command;
      const waitMs = each.at - at;
      ({ at } = each);
      return [{ ...command, waitMs, ...this.placeOf(each) } as Command];
    });
    return [...first, ...later];
  }

  private allFaults(): readonly Fault[] {
    const { begun, scenario } = this;
    const notBegun = new Set(begun.rest.flatMap((entry) => (entry.do === 'begin' ? [entry.fault] : [])));
    const endOf = (fault: Fault): Done | undefined => this.done.find(({ entry }) => entry.do === 'end' && entry.fault === fault);
    const lasting = (fault: Fault, from: number): Partial<Fault> => {
      const end = endOf(fault);
      if (end === undefined) return {};
      const length = end.at - from;
      const { place } = this.placeOf(end);
      return { forMs: length - leastOf(fault), ...(place === undefined ? {} : { endPlace: place }) } as Partial<Fault>;
    };
    const before = scenario.faults.filter((fault) => !notBegun.has(fault)).map((fault) => ({ ...fault, ...lasting(fault, fault.atMs) }) as Fault);
    const later = this.done.flatMap((each) => {
      if (each.entry.do !== 'begin') return [];
      const { place: _place, endPlace: _endPlace, ...fault } = each.entry.fault;
      return [{ ...fault, atMs: each.at, ...this.placeOf(each), ...lasting(each.entry.fault, each.at) } as Fault];
    });
    return [...before, ...later];
  }
}

function checkScenarioBounds(bounds: ScenarioBounds, scenario: Scenario): void {
  const unknown = Object.keys(bounds).find((key) => !(BOUND_KEYS as readonly string[]).includes(key));
  if (unknown !== undefined) throw new RangeError(`explore: bounds.${unknown} is none of ${BOUND_KEYS.join(', ')}`);
  const { from = 0, commands = 'due', untilMs = 0 } = bounds;
  if (!Number.isInteger(from) || from < 0 || from > scenario.workload.length) throw new RangeError(`explore: bounds.from must be a number of commands, 0 to ${scenario.workload.length}, not ${from}`);
  if (!Number.isInteger(untilMs) || untilMs < 0) throw new RangeError(`explore: bounds.untilMs must be a whole number of ms, 0 or more, not ${untilMs}`);
  if (!(['due', 'together'] as readonly string[]).includes(commands)) throw new RangeError(`explore: bounds.commands must be 'due' or 'together', not ${JSON.stringify(commands)}`);
}
