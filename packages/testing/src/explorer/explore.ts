// The explorer: depth-first over what may go next, each state entered once (or again with more budget left), steps that commute
// taken in one order.
import { formatDigest, World, type Digest } from '@kubesim/kernel';
import { runScenario, type ScenarioRun } from '../scenario/run.ts';
import type { Scenario } from '../scenario/scenario.ts';
import { certify, type Certificate } from './certificate.ts';
import { DigestTable } from './digest-table.ts';
import { readTable, readVisits, writeTable, writeVisits, type PausedExploration } from './paused.ts';
import { areIndependent, SleepSets, type Sleeper } from './sleep-sets.ts';
import { scriptedSpace, type ScenarioExploreOptions, type SearchOptions } from './scripted.ts';
import { Space, type Bounds, type Move, type PathStep, type Spot } from './space.ts';
import { VisitTable } from './visits.ts';

/** What to explore, how far, and how. @public */
export interface ExploreOptions extends Bounds, SearchOptions {}

/** What a search covered. @public */
export interface Coverage {
  /** Distinct states. */
  readonly states: number;
  /** Steps taken from one state to another. */
  readonly edges: number;
  readonly depth: number;
  /** Distinct states in which paths ended. */
  readonly finals: number;
  /** What each path could spend. */
  readonly budgets: Readonly<Record<string, number>>;
  /** Whether everything within the bounds was seen. */
  readonly exhausted: boolean;
  /** What cut the search short. */
  readonly cutBy: 'states' | 'depth' | 'pause' | undefined;
  /** Steps that were run rather than looked up. */
  readonly run: number;
}

/** A path that breaks a property: choices from the start, and interventions by name. @public */
export interface Violation {
  readonly message: string;
  readonly path: readonly PathStep[];
  /** Labels of the steps, for people. */
  readonly steps: readonly string[];
}

/** What a search found. @public */
export interface Exploration extends Coverage {
  readonly violation: Violation | undefined;
  /** That the space within the bounds was exhausted and nothing was found. */
  readonly certificate: Certificate | undefined;
  /** Where it stands, if it paused. */
  readonly paused: PausedExploration | undefined;
}

/** What a search of a scenario found. @public */
export interface ScenarioExploration extends Exploration {
  /** The violation as a scenario: commands and faults where the path has them, choices sparse. It runs, shrinks and is told of as any. */
  readonly scenario: Scenario | undefined;
  /** What came of running that scenario; it breaks the same property. */
  readonly replayed: ScenarioRun | undefined;
}

/** Two states with one digest behave differently: the digest leaves out something that counts. @public */
export class BisimulationError extends Error {
  override readonly name = 'BisimulationError';
}

const STATES_MAX = 10_000_000;
const DEPTH_MAX = 20_000;
const PROGRESS_EVERY = 65_536;
/** A space is cut into so many pieces a shard. */
const PIECES_A_SHARD = 16;

interface Frame {
  readonly spot: Spot;
  readonly moves: readonly Move[];
  /** Place of the move being explored. */
  at: number;
  readonly sleep: readonly Sleeper[];
  /** Moves explored from here, with what they do. */
  readonly done: Sleeper[];
}

/**
 * Explores from a World, which stays as it is; or a scenario: its cluster and objects are the start, its commands and faults come on every
 * path, and what the bounds say beside them is tried at every point. @public
 */
export function explore(world: World, options?: ExploreOptions): Exploration;
export function explore(scenario: Scenario, options?: ScenarioExploreOptions): ScenarioExploration;
export function explore(from: World | Scenario, options: ExploreOptions | ScenarioExploreOptions = {}): Exploration | ScenarioExploration {
  const { shard } = options;
  if (shard !== undefined && !(Number.isInteger(shard.of) && shard.of > 0 && Number.isInteger(shard.index) && shard.index >= 1 && shard.index <= shard.of)) {
    throw new RangeError(`explore: shard must be part 1 to n of n, not ${shard.index} of ${shard.of}`);
  }
  if (shard !== undefined && (options.resume !== undefined || options.pauseAfter !== undefined)) throw new RangeError('explore: shard cannot be paused or resumed');
  if (from instanceof World) return new Explorer(new Space(from, options as ExploreOptions), options as ExploreOptions).run();
  const given = options as ScenarioExploreOptions;
  const { space, bounds, violation, scenarioOf } = scriptedSpace(from, given);
  const found = new Explorer(space, { ...given, ...bounds }).run(violation);
  const scenario = found.violation === undefined ? undefined : scenarioOf(found.violation.path);
  return { ...found, scenario, replayed: scenario === undefined ? undefined : runScenario(scenario, { ...given.cluster, ...(given.properties === undefined ? {} : { invariants: given.properties }) }) };
}

class Explorer {
  private readonly options: ExploreOptions;
  private readonly space: Space;
  private readonly seen = new DigestTable();
  private readonly finals = new DigestTable();
  private readonly visits = new VisitTable();
  private readonly sleepSets = new SleepSets();
  private readonly witnesses: Map<string, string> | undefined;
  private readonly stack: Frame[] = [];
  private readonly commutes: boolean;
  private readonly maxStates: number;
  private readonly maxDepth: number;
  /** How a shard's piece was reached. */
  private prefix: readonly { readonly move: Move; readonly spot: Spot }[] = [];
  private pauseAt = Infinity;
  private edges = 0;
  private deepest = 0;
  private cutBy: 'states' | 'pause' | undefined;
  /** Some path was cut at the depth bound. */
  private isCut = false;
  private violation: Violation | undefined;

  constructor(space: Space, options: ExploreOptions) {
    this.options = options;
    this.space = space;
    this.maxStates = options.maxStates ?? STATES_MAX;
    this.maxDepth = options.maxDepth ?? DEPTH_MAX;
    // A slept step is covered by a path that may deviate more; and which node is which is not known under a symmetry.
    this.commutes = (options.commute ?? true) && !this.space.isBounded && (options.symmetry ?? []).length === 0;
    this.witnesses = options.bisimulate === true ? new Map() : undefined;
  }

  /** `broken`: what is broken before the start. */
  run(broken?: string): Exploration {
    const start = broken === undefined ? this.space.start() : { violation: broken };
    if ('violation' in start) {
      this.violation = { message: start.violation, path: [], steps: [] };
      return this.result(undefined);
    }
    const { resume, shard } = this.options;
    if (shard !== undefined) return this.runShard(start, shard);
    if (resume !== undefined) this.restore(resume, start);
    this.pauseAt = this.seen.size + (this.options.pauseAfter ?? Infinity);
    if (resume === undefined) this.enter(start, []);
    this.search();
    return this.result(start);
  }

  /** Takes moves until the stack is empty or something cuts it short. */
  private search(): void {
    const { stack } = this;
    while (stack.length > 0 && this.violation === undefined && this.cutBy !== 'states' && this.cutBy !== 'pause') {
      const frame = stack[stack.length - 1] as Frame;
      if (this.seen.size >= this.pauseAt) {
        this.cutBy = 'pause';
        return;
      }
      if (frame.at === frame.moves.length) {
        stack.pop();
        const parent = stack[stack.length - 1];
        if (parent !== undefined) parent.at++;
        continue;
      }
      this.advance(frame);
    }
  }

  /** Takes one move of a frame; goes on to the next move unless a new frame was opened. */
  private advance(frame: Frame): void {
    const move = frame.moves[frame.at] as Move;
    const taken = this.space.take(frame.spot, move);
    this.edges++;
    if (this.stack.length > this.deepest) this.deepest = this.stack.length;
    if (taken.violation !== undefined) {
      this.violate(taken.violation);
      return;
    }
    let sleep: readonly Sleeper[] = NOBODY_SLEEPS;
    if (this.commutes && move.kind === 'receive' && taken.delta !== undefined) {
      const { lane, task } = move.head.pending;
      const step: Sleeper = { lane, delta: taken.delta, to: task.to };
      sleep = awake(frame.sleep, frame.done, step, this.space);
      frame.done.push(step);
    }
    if (!this.enter(taken.spot, sleep)) frame.at++;
  }

  /** Comes to a spot: true if a frame was opened for it. */
  private enter(spot: Spot, sleep: readonly Sleeper[]): boolean {
    const { space } = this;
    const digest = space.digest(spot);
    if (this.witnesses !== undefined) this.witness(spot, digest);
    const sleepId = this.sleepSets.idOf(sleep);
    const known = this.seen.get(digest);
    let only: ReadonlySet<number> | undefined;
    let asleep = sleep;
    if (known >= 0) {
      const visit = this.visits.find(known, spot.left, sleepId, this.sleepSets);
      if (visit.isCovered) return false;
      only = visit.only;
      if (only !== undefined) asleep = sleep.filter(({ lane }) => visit.slept.has(lane));
      this.seen.set(digest, visit.next);
    } else {
      if (this.seen.size >= this.maxStates) {
        this.cutBy = 'states';
        return false;
      }
      this.seen.set(digest, this.visits.first(spot.left, sleepId));
      if (this.seen.size % (this.options.progressEvery ?? PROGRESS_EVERY) === 0) this.options.onProgress?.(this.coverage());
    }
    if (space.hasEnded(spot) && this.finals.get(digest) === -1) {
      this.finals.set(digest, 0);
      const broken = space.endViolation(spot);
      if (broken !== undefined) {
        this.violate(broken);
        return false;
      }
      this.options.onFinal?.(space.follow(this.path()), digest);
    }
    if (this.stack.length >= this.maxDepth) {
      this.isCut = true;
      return false;
    }
    let moves = space.moves(spot);
    if (only !== undefined) moves = moves.filter((move) => move.kind === 'receive' && only.has(move.head.pending.lane));
    else if (sleep.length > 0) moves = moves.filter((move) => !sleeps(move, sleep));
    if (moves.length === 0) return false;
    this.stack.push({ spot, moves, at: 0, sleep: asleep, done: [] });
    return true;
  }

  private path(): PathStep[] {
    const moves = [...this.prefix.map(({ move }) => move), ...this.stack.map(({ moves: all, at }) => all[at] as Move)];
    return moves.map((move) => ('name' in move ? move.name : move.choice));
  }

  private violate(message: string): void {
    const moves = this.stack.map(({ moves: all, at }) => all[at] as Move);
    const steps = moves.map((move) => ('name' in move ? move.name : `${move.head.pending.task.label}${move.kind === 'defer' ? ' is put off' : ''}`));
    this.violation = { message, path: this.path(), steps };
  }

  private witness(spot: Spot, digest: Digest): void {
    const { space } = this;
    const successors = space.hasEnded(spot) ? [] : space.moves({ ...spot, left: spot.left.map((_, index) => (index === 0 ? 1 : 0)) })
      .map((move) => formatDigest(space.digest(space.take(spot, move).spot)));
    // Alternatives are compared as a set unless their order counts.
    const text = (space.isBounded ? successors : successors.sort()).join(' ');
    const key = formatDigest(digest);
    const first = this.witnesses?.get(key);
    if (first === undefined) this.witnesses?.set(key, text);
    else if (first !== text) throw new BisimulationError(`two states with digest ${key} differ: successors ${first} and ${text}; path ${this.path().join(',')}`);
  }

  /** The first steps breadth-first until there are enough pieces; then this shard's pieces, one after the other. */
  private runShard(start: Spot, shard: { readonly index: number; readonly of: number }): Exploration {
    const { space } = this;
    let layer: { readonly spot: Spot; readonly path: readonly { readonly move: Move; readonly spot: Spot }[] }[] = [{ spot: start, path: [] }];
    const near = new DigestTable();
    near.set(space.digest(start), 0);
    while (layer.length > 0 && layer.length < PIECES_A_SHARD * shard.of && this.violation === undefined) {
      const next: typeof layer = [];
      for (const { spot, path } of layer) {
        if (space.hasEnded(spot)) {
          const broken = space.endViolation(spot);
          if (broken !== undefined) this.violation ??= { message: broken, path: path.map(({ move }) => ('name' in move ? move.name : move.choice)), steps: [] };
        }
        for (const move of space.moves(spot)) {
          const taken = space.take(spot, move);
          const onward = [...path, { move, spot }];
          if (taken.violation !== undefined) this.violation ??= { message: taken.violation, path: onward.map(({ move: each }) => ('name' in each ? each.name : each.choice)), steps: [] };
          const digest = space.digest(taken.spot);
          // Budgets count here: a state with more of them left is another piece.
          const key = { ...digest, d: digest.d ^ space.leftKey(taken.spot) };
          if (near.get(key) !== -1) continue;
          near.set(key, 0);
          next.push({ spot: taken.spot, path: onward });
        }
      }
      layer = next;
    }
    for (let piece = shard.index - 1; piece < layer.length && this.violation === undefined && this.cutBy !== 'states'; piece += shard.of) {
      const { spot, path } = layer[piece] as (typeof layer)[number];
      this.prefix = path;
      this.enter(spot, NOBODY_SLEEPS);
      this.search();
    }
    return this.result(start);
  }

  private pause(start: Spot): PausedExploration {
    const { space } = this;
    const frames = this.stack.map(({ spot, moves, at, sleep, done }) => {
      const all = space.moves(spot);
      const placeOf = (move: Move): number => all.findIndex((each) => ('name' in each ? each.name : each.choice) === ('name' in move ? move.name : move.choice));
      const placeOfLane = ({ lane }: Sleeper): number => all.findIndex((each) => each.kind === 'receive' && each.head.pending.lane === lane);
      return { moves: moves.map(placeOf), at, sleep: sleep.map(placeOfLane), done: done.map(placeOfLane) };
    });
    return {
      format: 'kubesim-exploration/1', start: formatDigest(space.digest(start)), frames,
      ...writeVisits(this.seen, this.visits, this.sleepSets, space.transitions), finals: writeTable(this.finals),
      counts: { edges: this.edges, depth: this.deepest, isCut: this.isCut },
    };
  }

  /** Goes the paused path again, leaving a frame at each state as it was. */
  private restore(paused: PausedExploration, start: Spot): void {
    if (paused.format !== 'kubesim-exploration/1') throw new RangeError(`explore: resume.format must be 'kubesim-exploration/1', not ${JSON.stringify(paused.format)}`);
    const { space } = this;
    const digest = formatDigest(space.digest(start));
    if (paused.start !== digest) throw new RangeError(`explore: resume.start is ${paused.start}, of another start than this one (${digest})`);
    let spot = start;
    paused.frames.forEach((frame, index) => {
      const all = space.moves(spot);
      const sleeper = (place: number): Sleeper => {
        const move = all[place];
        if (move?.kind !== 'receive') throw new RangeError(`explore: resume.frames[${index}] does not fit these bounds`);
        return { lane: move.head.pending.lane, to: move.head.pending.task.to, delta: space.transitions.deltaOf(spot.state, move.head.pending) };
      };
      const moves = frame.moves.map((place) => all[place]).filter((move) => move !== undefined);
      if (moves.length !== frame.moves.length) throw new RangeError(`explore: resume.frames[${index}] does not fit these bounds`);
      this.stack.push({ spot, moves, at: frame.at, sleep: frame.sleep.map(sleeper), done: frame.done.map(sleeper) });
      const move = moves[frame.at];
      if (index + 1 < paused.frames.length && move !== undefined) spot = space.take(spot, move).spot;
    });
    readVisits(paused, this.seen, this.visits, this.sleepSets, space.transitions);
    readTable(paused.finals, this.finals);
    this.edges = paused.counts.edges;
    this.deepest = paused.counts.depth;
    this.isCut = paused.counts.isCut;
  }

  private coverage(): Coverage {
    const { deviations = Infinity, deferrals = 0, budgets = {} } = this.options;
    const cutBy = this.cutBy ?? (this.isCut ? 'depth' : undefined);
    return {
      states: this.seen.size, edges: this.edges, depth: this.deepest, finals: this.finals.size,
      budgets: { deviations, deferrals, ...Object.fromEntries(this.space.budgetNames.map((name) => [name, budgets[name] ?? 1])) },
      exhausted: this.violation === undefined && cutBy === undefined && this.stack.length === 0, cutBy, run: this.space.transitions.made,
    };
  }

  private result(start: Spot | undefined): Exploration {
    const coverage = this.coverage();
    return {
      ...coverage, violation: this.violation,
      certificate: coverage.exhausted && start !== undefined && this.options.shard === undefined ? certify(this.space, this.options, start, coverage, this.seen) : undefined,
      paused: this.cutBy === 'pause' && start !== undefined ? this.pause(start) : undefined,
    };
  }
}

const NOBODY_SLEEPS: readonly Sleeper[] = [];

function sleeps(move: Move, sleep: readonly Sleeper[]): boolean {
  if (move.kind !== 'receive') return false;
  const { lane } = move.head.pending;
  for (let index = 0; index < sleep.length; index++) if ((sleep[index] as Sleeper).lane === lane) return true;
  return false;
}

/** Who sleeps after a step: those who slept or were explored before, and do not mind it. */
function awake(sleep: readonly Sleeper[], done: readonly Sleeper[], step: Sleeper, space: Space): readonly Sleeper[] {
  if (sleep.length === 0 && done.length === 0) return NOBODY_SLEEPS;
  const still: Sleeper[] = [];
  for (const each of sleep) if (areIndependent(each, step, space)) still.push(each);
  for (const each of done) if (areIndependent(each, step, space)) still.push(each);
  return still;
}
