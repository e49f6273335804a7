// The search for loops: runs that go round for ever while something is left to do, and ignore nobody for ever.
import { World } from '@kubesim/kernel';
import type { Scenario } from '../scenario/scenario.ts';
import { DigestTable } from './digest-table.ts';
import { scriptedSpace, type ScenarioExploreOptions } from './scripted.ts';
import { Space, type Bounds, type Move, type PathStep, type Spot } from './space.ts';

/** Bounds of a search for loops. @public */
export interface LoopOptions extends Bounds {
  /** Distinct states at the most. */
  readonly maxStates?: number;
}

/** A run that goes round: a way to the loop, and the way round. @public */
export interface Loop {
  readonly stem: readonly PathStep[];
  readonly round: readonly PathStep[];
  /** Labels of the steps of the round. */
  readonly steps: readonly string[];
  /** Virtual ms that one round takes. */
  readonly roundMs: number;
  /** Of a scenario: the way to the loop as one, which runs into it. */
  readonly scenario: Scenario | undefined;
}

/** What a search for loops found. @public */
export interface LoopSearch {
  readonly loop: Loop | undefined;
  readonly states: number;
  readonly edges: number;
  /** Whether all states within the bounds were seen: then no loop means that there is none. */
  readonly exhausted: boolean;
}

const STATES_MAX = 1_000_000;
/** After a minute an object's age no longer tells rounds apart. */
const AGE_CAP_MS = 60_000;

interface Edge {
  readonly to: number;
  readonly lane: number;
  readonly step: PathStep;
  readonly label: string;
  readonly ms: number;
}

interface Vertex {
  readonly edges: Edge[];
  /** Lanes whose heads may go. */
  readonly lanes: readonly number[];
}

/**
 * Searches for a run that comes to the same state again, with progress possible all the time, and that takes every head which could
 * go all along the round. States are the same when they differ in nothing but what only grows, instants relative to now, and
 * draws of random streams. Interventions are taken on the way to a loop, never within it. @public
 */
export function findLoop(world: World, options?: LoopOptions): LoopSearch;
export function findLoop(scenario: Scenario, options?: ScenarioExploreOptions): LoopSearch;
export function findLoop(from: World | Scenario, options: LoopOptions | ScenarioExploreOptions = {}): LoopSearch {
  const fixed = { ageCapMs: AGE_CAP_MS, ignoreChance: true };
  const scripted = from instanceof World ? undefined : scriptedSpace(from, options as ScenarioExploreOptions, fixed);
  const space = scripted?.space ?? new Space(from as World, { ...fixed, ...(options as LoopOptions) });
  const start = scripted?.violation ?? space.start();
  if (typeof start === 'string' || 'violation' in start) throw new RangeError(`explore: the start breaks ${typeof start === 'string' ? start : start.violation}`);
  const graph = new Graph(space, options.maxStates ?? STATES_MAX);
  graph.build(start);
  const loop = graph.findFairLoop();
  return { loop: loop === undefined ? undefined : { ...loop, scenario: scripted?.scenarioOf(loop.stem) }, states: graph.vertices.length, edges: graph.edgeCount, exhausted: graph.isComplete };
}

class Graph {
  readonly vertices: Vertex[] = [];
  edgeCount = 0;
  isComplete = true;
  private readonly space: Space;
  private readonly maxStates: number;
  private readonly parents: { readonly from: number; readonly edge: Edge }[] = [];

  constructor(space: Space, maxStates: number) {
    this.space = space;
    this.maxStates = maxStates;
  }

  /** All states, breadth-first, with all ways between them. */
  build(start: Spot): void {
    const { space } = this;
    const ids = new DigestTable();
    const spots: Spot[] = [start];
    // What is left of the budgets is part of a vertex: with less, no edge leads to where there is more.
    const idOf = (spot: Spot): number => {
      const digest = space.digest(spot);
      return ids.get({ ...digest, d: digest.d ^ space.leftKey(spot) });
    };
    const keep = (spot: Spot, id: number): void => {
      const digest = space.digest(spot);
      ids.set({ ...digest, d: digest.d ^ space.leftKey(spot) }, id);
    };
    keep(start, 0);
    for (let at = 0; at < spots.length; at++) {
      const spot = spots[at] as Spot;
      (spots as (Spot | undefined)[])[at] = undefined;
      const moves = space.moves(spot);
      const lanes = moves.flatMap((move) => laneOf(move) ?? []);
      const vertex: Vertex = { edges: [], lanes };
      this.vertices.push(vertex);
      for (const move of moves) {
        const { spot: next } = space.take(spot, move);
        let to = idOf(next);
        const isNew = to === -1;
        if (isNew && spots.length >= this.maxStates) {
          this.isComplete = false;
          continue;
        }
        if (isNew) {
          to = spots.length;
          keep(next, to);
          spots.push(next);
        }
        const edge = edgeOf(move, to, next.state.now - spot.state.now);
        vertex.edges.push(edge);
        this.edgeCount++;
        if (isNew) this.parents[to] = { from: at, edge };
      }
    }
  }

  findFairLoop(): Omit<Loop, 'scenario'> | undefined {
    for (const component of this.components()) {
      const inside = new Set(component);
      const within = (id: number): Edge[] => (this.vertices[id] as Vertex).edges.filter(({ to }) => inside.has(to));
      const first = component[0] as number;
      if (component.length === 1 && within(first).length === 0) continue;
      // Who could go in every state, and does in none, would be ignored for ever.
      const always = component.map((id) => new Set((this.vertices[id] as Vertex).lanes)).reduce((common, lanes) => new Set([...common].filter((lane) => lanes.has(lane))));
      const taken = new Set(component.flatMap((id) => within(id).map(({ lane }) => lane)));
      if ([...always].some((lane) => !taken.has(lane))) continue;
      const round = this.round(component, within, always);
      return { stem: this.stem(first), round: round.map(({ step }) => step), steps: round.map(({ label }) => label), roundMs: round.reduce((sum, { ms }) => sum + ms, 0) };
    }
    return undefined;
  }

  private stem(to: number): PathStep[] {
    const steps: PathStep[] = [];
    for (let at = to; this.parents[at] !== undefined; at = (this.parents[at] as { from: number }).from) steps.push((this.parents[at] as { edge: Edge }).edge.step);
    return steps.reverse();
  }

  /** A way round through the component that takes, or sees stopped, every lane that could go all along it. */
  private round(component: readonly number[], within: (id: number) => Edge[], always: ReadonlySet<number>): Edge[] {
    const first = component[0] as number;
    const round: Edge[] = [];
    let at = first;
    const go = (isGoal: (edge: Edge) => boolean): void => {
      const way = shortest(at, within, isGoal);
      round.push(...way);
      at = (way[way.length - 1] as Edge).to;
    };
    const open = new Set(always);
    while (open.size > 0) {
      go((edge) => open.has(edge.lane));
      open.delete((round[round.length - 1] as Edge).lane);
    }
    // Lanes that stand still in some state of the component: the way round passes one such state for each that it would starve.
    for (;;) {
      const taken = new Set(round.map(({ lane }) => lane));
      const passed = [first, ...round.map(({ to }) => to)];
      const starved = (this.vertices[first] as Vertex).lanes.find((lane) => !taken.has(lane) && passed.every((id) => (this.vertices[id] as Vertex).lanes.includes(lane)));
      if (starved === undefined) break;
      go((edge) => edge.lane === starved || !(this.vertices[edge.to] as Vertex).lanes.includes(starved));
    }
    if (at !== first || round.length === 0) go((edge) => edge.to === first);
    return round;
  }

  /** Strongly connected components (Tarjan, without recursion). */
  private components(): number[][] {
    const index: number[] = [];
    const low: number[] = [];
    const isOpen: boolean[] = [];
    const open: number[] = [];
    const found: number[][] = [];
    let counter = 0;
    for (let root = 0; root < this.vertices.length; root++) {
      if (index[root] !== undefined) continue;
      const work: { readonly id: number; next: number }[] = [{ id: root, next: 0 }];
      while (work.length > 0) {
        const frame = work[work.length - 1] as { readonly id: number; next: number };
        const { id } = frame;
        if (frame.next === 0) {
          index[id] = low[id] = counter++;
          open.push(id);
          isOpen[id] = true;
        }
        const edge = (this.vertices[id] as Vertex).edges[frame.next++];
        if (edge !== undefined) {
          if (index[edge.to] === undefined) work.push({ id: edge.to, next: 0 });
          else if (isOpen[edge.to] === true) low[id] = Math.min(low[id] as number, index[edge.to] as number);
          continue;
        }
        work.pop();
        const parent = work[work.length - 1];
        if (parent !== undefined) low[parent.id] = Math.min(low[parent.id] as number, low[id] as number);
        if (low[id] !== index[id]) continue;
        const component: number[] = [];
        for (;;) {
          const member = open.pop() as number;
          isOpen[member] = false;
          component.push(member);
          if (member === id) break;
        }
        found.push(component.reverse());
      }
    }
    return found;
  }
}

/**
 * Who would be ignored for ever by a run that never takes the move: a channel, a command that must come, a fault that must end. Undefined
 * for what need not come.
 */
function laneOf(move: Move): number | undefined {
  switch (move.kind) {
    case 'receive': return move.head.pending.lane;
    case 'item': return -2;
    case 'loose': return -3 - 2 * move.index;
    case 'undo': return -4 - 2 * move.index;
    case 'defer': case 'intervene': return undefined;
  }
}

function edgeOf(move: Move, to: number, ms: number): Edge {
  const lane = laneOf(move) ?? -1;
  if ('name' in move) return { to, lane, step: move.name, label: move.name, ms };
  const { task } = move.head.pending;
  return { to, lane, step: move.choice, label: move.kind === 'defer' ? `${task.label} is put off` : task.label, ms };
}

/** The shortest way from a vertex whose last edge is meant; there must be one. */
function shortest(from: number, within: (id: number) => Edge[], isGoal: (edge: Edge) => boolean): Edge[] {
  const before = new Map<number, { readonly id: number; readonly edge: Edge }>();
  const line = [from];
  const seen = new Set(line);
  for (let at = 0; at < line.length; at++) {
    const id = line[at] as number;
    for (const edge of within(id)) {
      if (isGoal(edge)) {
        const way = [edge];
        for (let back = id; back !== from;) {
          const step = before.get(back) as { readonly id: number; readonly edge: Edge };
          way.unshift(step.edge);
          back = step.id;
        }
        return way;
      }
      if (seen.has(edge.to)) continue;
      seen.add(edge.to);
      before.set(edge.to, { id, edge });
      line.push(edge.to);
    }
  }
  throw new Error('loops: a component is not connected');
}
