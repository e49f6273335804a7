// Certificates: that a space was exhausted within its bounds and nothing was found, as data that another, plainer search can check.
import { fingerprint, formatDigest, DigestSum, Machine, World } from '@kubesim/kernel';
import { WorldStorage } from '@kubesim/apiserver';
import type { Scenario } from '../scenario/scenario.ts';
import { DigestTable } from './digest-table.ts';
import { scriptedSpace, type ScenarioExploreOptions } from './scripted.ts';
import { monitorView, type Monitor } from './monitor.ts';
import { bringTo, Space, type Bounds, type Move, type Spot } from './space.ts';

/** What was shown: these monitors hold on every path within these bounds. @public */
export interface Certificate {
  readonly format: 'kubesim-certificate/1';
  /** The machine, as text. */
  readonly fingerprint: readonly string[];
  /** Digest of the start. */
  readonly start: string;
  readonly monitors: readonly string[];
  readonly interventions: readonly string[];
  /** What is done from outside on every path. */
  readonly commands: readonly string[];
  readonly budgets: Readonly<Record<string, number>>;
  readonly until: number | null;
  readonly settle: boolean;
  /** Distinct states, and the sum of their digests. */
  readonly states: number;
  readonly statesDigest: string;
  /** Distinct states in which paths end. */
  readonly finals: number;
  readonly depth: number;
}

/** @internal */
export function certify(space: Space, bounds: Bounds, start: Spot, coverage: { readonly states: number; readonly finals: number; readonly depth: number; readonly budgets: Readonly<Record<string, number>> }, seen: DigestTable): Certificate {
  const sum = new DigestSum();
  seen.forEach((digest) => sum.add(digest));
  return {
    format: 'kubesim-certificate/1', ...claimOf(space, bounds, start, coverage.budgets),
    states: coverage.states, statesDigest: formatDigest(sum.value()), finals: coverage.finals, depth: coverage.depth,
  };
}

function claimOf(space: Space, bounds: Bounds, start: Spot, budgets: Readonly<Record<string, number>>): Pick<Certificate, 'fingerprint' | 'start' | 'monitors' | 'interventions' | 'commands' | 'budgets' | 'until' | 'settle'> {
  return {
    fingerprint: fingerprint(space.world.definition), start: formatDigest(space.digest(start)), monitors: (bounds.monitors ?? []).map(({ name }) => name),
    interventions: space.script.happenings.map(({ name }) => name), commands: [...space.script.items, ...space.script.loose].map(({ name }) => name), budgets: Object.fromEntries(Object.entries(budgets).map(([name, value]) => [name, value === Infinity ? -1 : value])),
    until: bounds.until === undefined || bounds.until === Infinity ? null : bounds.until, settle: bounds.settle ?? true,
  };
}

/**
 * Checks a certificate without trusting the search that made it: breadth-first, every way between states taken, nothing commuted, and each step made anew
 * on a plain machine, where the alternatives, the instant, the state's digest worked out anew and what monitors say must come out as the search had them. Answers undefined if
 * it is right, else what differs. What identifies a state is taken over, and of `depth`, which is the search's own, that it is not too small. Costs as many
 * machine steps as the space has edges. @public
 */
export function checkCertificate(certificate: Certificate, world: World, bounds?: Bounds): string | undefined;
export function checkCertificate(certificate: Certificate, scenario: Scenario, options?: ScenarioExploreOptions): string | undefined;
export function checkCertificate(certificate: Certificate, from: World | Scenario, given: Bounds | ScenarioExploreOptions = {}): string | undefined {
  if (certificate.format !== 'kubesim-certificate/1') return `its format is ${JSON.stringify(certificate.format)}, not 'kubesim-certificate/1'`;
  if (from instanceof World) return check(certificate, new Space(from, given as Bounds), given as Bounds);
  const scripted = scriptedSpace(from, given as ScenarioExploreOptions);
  return check(certificate, scripted.space, scripted.bounds);
}

/** A spot, and a World that was gone to by machine steps alone. */
interface Place {
  readonly spot: Spot;
  readonly world: World;
}

function check(certificate: Certificate, space: Space, bounds: Bounds): string | undefined {
  const start = space.start();
  if ('violation' in start) return `the start breaks ${start.violation}`;
  const { deviations = Infinity, deferrals = 0, budgets = {} } = bounds;
  const claim = claimOf(space, bounds, start, { deviations, deferrals, ...Object.fromEntries(space.budgetNames.map((name) => [name, budgets[name] ?? 1])) });
  for (const field of Object.keys(claim) as (keyof typeof claim)[]) {
    if (JSON.stringify(claim[field]) !== JSON.stringify(certificate[field])) return `${field} is ${JSON.stringify(certificate[field])} there and ${JSON.stringify(claim[field])} here`;
  }
  const states = new DigestTable();
  const entered = new Set<string>();
  const sum = new DigestSum();
  let finals = 0;
  let layers = 0;
  const isNew = (spot: Spot): boolean => {
    const digest = space.digest(spot);
    if (states.get(digest) === -1) {
      states.set(digest, 0);
      sum.add(digest);
      if (space.hasEnded(spot)) finals++;
    }
    // With another rest of the budgets a state may lead on to others.
    const key = `${formatDigest(digest)} ${spot.left.join(',')}`;
    if (entered.has(key)) return false;
    entered.add(key);
    return true;
  };
  isNew(start);
  const plain = new PlainSteps(space, bounds.monitors ?? []);
  for (let layer: Place[] = [plain.start(start)]; layer.length > 0; layers++) {
    const next: Place[] = [];
    for (const { spot, world } of layer) {
      const broken = space.hasEnded(spot) ? space.endViolation(spot) : undefined;
      if (broken !== undefined) return `a path ends in what breaks ${broken}`;
      const moves = space.moves(spot);
      const odd = plain.compareAlternatives(world, moves);
      if (odd !== undefined) return odd;
      for (const move of moves) {
        const taken = space.take(spot, move);
        if (taken.violation !== undefined) return `a path breaks ${taken.violation}`;
        const made = plain.make({ spot, world }, move, taken.spot);
        if (typeof made === 'string') return made;
        if (isNew(taken.spot)) next.push(made);
      }
    }
    layer = next;
  }
  if (states.size !== certificate.states) return `it claims ${String(certificate.states)} states, and there are ${states.size}`;
  if (finals !== certificate.finals) return `it claims ${String(certificate.finals)} final states, and there are ${finals}`;
  if (formatDigest(sum.value()) !== certificate.statesDigest) return 'its states are not those that are there';
  // The last layer holds nothing new; no search comes to a state by fewer steps than the shortest way.
  if (!(certificate.depth >= layers - 1)) return `it claims depth ${String(certificate.depth)}, and some state is ${layers - 1} steps away`;
  return undefined;
}

const UNWATCHED = new Set(['events', 'leases.coordination.k8s.io']);

/** Steps of a machine as the product makes them, beside those of the search. */
class PlainSteps {
  private readonly space: Space;
  private readonly monitors: readonly Monitor[];

  constructor(space: Space, monitors: readonly Monitor[]) {
    this.space = space;
    this.monitors = monitors;
  }

  start(spot: Spot): Place {
    const machine = Machine.from(this.space.world);
    bringTo(machine, spot.state.now);
    return { spot, world: machine.seal() };
  }

  /** The heads that may be received are those of the machine. */
  compareAlternatives(world: World, moves: readonly Move[]): string | undefined {
    const received = moves.flatMap((move) => (move.kind === 'receive' ? [move.head.pending.task.label] : []));
    const alternatives = received.length === 0 ? [] : Machine.from(world).alternatives().slice(0, received.length);
    const odd = received.findIndex((label, index) => alternatives[index]?.task.label !== label);
    return odd === -1 ? undefined : `the search takes "${received[odd] ?? ''}" where a machine has ${alternatives[odd] === undefined ? 'nothing' : `"${alternatives[odd].task.label}"`}`;
  }

  /** Makes a move on a machine; answers where it leads to, or what there differs from where the search came to. */
  make({ spot, world }: Place, move: Move, expected: Spot): Place | string {
    const { space } = this;
    const machine = Machine.from(world);
    const store = machine.slotOf('store') < 0 ? undefined : new WorldStorage(machine);
    const revision = store?.revision ?? 0;
    const watched = this.monitors.map(({ watches }) => (watches === undefined ? undefined : machine.peek(machine.slotOf(watches))));
    space.makeOn(machine, move);
    const changes = store === undefined ? [] : store.resources().filter((resource) => !UNWATCHED.has(resource)).flatMap((resource) => [...store.changesSince(resource, revision)]).sort((a, b) => a.revision - b.revision);
    const name = 'name' in move ? move.name : move.head.pending.task.label;
    const view = monitorView(machine, changes, 'name' in move, space.script.staleMs);
    for (let index = 0; index < this.monitors.length; index++) {
      const monitor = this.monitors[index] as Monitor;
      const isAsked = monitor.watches === undefined ? changes.length > 0 || (store === undefined) : machine.peek(machine.slotOf(monitor.watches)) !== watched[index];
      if (!isAsked) continue;
      const verdict = monitor.step(spot.row.held[index], view);
      if ('violation' in verdict) return `on a machine "${name}" breaks ${monitor.name}: ${verdict.violation}`;
      if (JSON.stringify(verdict.state) !== JSON.stringify(expected.row.held[index])) return `after "${name}" ${monitor.name} remembers something else on a machine`;
    }
    bringTo(machine, expected.state.now);
    if (machine.now !== expected.state.now) return `after "${name}" a machine stands at ${machine.now}, and the search at ${expected.state.now}`;
    const reached = machine.seal();
    const state = space.transitions.state(reached);
    if (formatDigest(space.digest({ ...expected, state })) === formatDigest(space.digest(expected))) return { spot: expected, world: reached };
    const here = space.transitions.exactIds(expected.state);
    const odd = space.transitions.exactIds(state).findIndex((id, index) => id !== here[index]);
    return `after "${name}" a machine comes to another state, first in ${machine.componentNames()[odd] ?? 'what is under way'}`;
  }
}
