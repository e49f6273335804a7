// The explorer: depth-first over what may go next, from forks, each state entered once (or again with more budget left).
import { formatDigest, Machine, type Digest, type World } from '@kubesim/kernel';
import { StateSet } from './state-set.ts';

/** What to explore, and how far. @public */
export interface ExploreOptions {
  /** How many choices may differ from first in, first out on one path; Infinity explores every alternative. */
  readonly deviations?: number;
  /** How many heads may be put off past the next instant on one path. */
  readonly deferrals?: number;
  /** Virtual instant beyond which no path goes on. */
  readonly until?: number;
  /** No path goes on once nothing is left that settling waits for; true without it. */
  readonly settle?: boolean;
  /** Distinct states at the most. */
  readonly maxStates?: number;
  /** Steps of one path at the most. */
  readonly maxDepth?: number;
  /** Looked at in every state; a text is a violation and ends the search. */
  readonly check?: (machine: Machine) => string | undefined;
  /** Told of each state in which a path ends. */
  readonly onFinal?: (machine: Machine, digest: Digest) => void;
  /** Told now and then. */
  readonly onProgress?: (coverage: Coverage) => void;
  /** Compares each state that is reached again with what was first seen there: alternatives and successors. Slow. */
  readonly bisimulate?: boolean;
}

/** What a search covered. @public */
export interface Coverage {
  /** Distinct states. */
  readonly states: number;
  /** Steps taken from one state to another. */
  readonly edges: number;
  readonly depth: number;
  /** Distinct states in which paths ended. */
  readonly finals: number;
  /** Whether everything within the bounds was seen. */
  readonly exhausted: boolean;
  /** What cut the search short. */
  readonly cutBy: 'states' | 'depth' | undefined;
}

/** A path that breaks a property, as choices from the start. @public */
export interface Violation {
  readonly message: string;
  readonly choices: readonly number[];
}

/** What a search found. @public */
export interface Exploration extends Coverage {
  readonly violation: Violation | undefined;
}

/** Two states with one digest behave differently: the digest leaves out something that counts. @public */
export class BisimulationError extends Error {
  override readonly name = 'BisimulationError';
}

const STATES_MAX = 10_000_000;
const DEPTH_MAX = 20_000;
const DEFERRAL_SCALE = 1 << 12;

interface Frame {
  readonly world: World;
  readonly next: number;
  readonly options: number;
  readonly alternatives: number;
  readonly deviations: number;
  readonly deferrals: number;
  readonly depth: number;
}

/** Explores from a World. The World stays as it is. @public */
export function explore(world: World, options: ExploreOptions = {}): Exploration {
  return new Explorer(world, options).run();
}

class Explorer {
  private readonly options: ExploreOptions;
  private readonly seen = new StateSet();
  private readonly finals = new StateSet();
  private readonly witnesses: Map<string, string> | undefined;
  private readonly stack: Frame[] = [];
  private readonly path: number[] = [];
  private readonly isBounded: boolean;
  private machine: Machine;
  private edges = 0;
  private deepest = 0;
  private cutBy: Coverage['cutBy'];

  constructor(world: World, options: ExploreOptions) {
    this.options = options;
    this.machine = Machine.from(world);
    this.isBounded = options.deviations !== undefined && options.deviations !== Infinity;
    this.witnesses = options.bisimulate === true ? new Map() : undefined;
  }

  run(): Exploration {
    const { deviations = Infinity, deferrals = 0, maxStates = STATES_MAX } = this.options;
    let frame = { deviations, deferrals, depth: 0 };
    for (;;) {
      const violation = this.descend(frame.deviations, frame.deferrals, frame.depth, maxStates);
      if (violation !== undefined) return { ...this.coverage(false), violation };
      if (this.cutBy === 'states') return { ...this.coverage(false), violation: undefined };
      const back = this.stack.pop();
      if (back === undefined) return { ...this.coverage(this.cutBy === undefined), violation: undefined };
      frame = this.branch(back);
    }
  }

  /** Follows one path in place until it ends or meets a state that was seen; leaves a frame for each choice not yet taken. */
  private descend(deviations: number, deferrals: number, depth: number, maxStates: number): Violation | undefined {
    const { machine, options } = this;
    for (;;) {
      const message = options.check?.(machine);
      if (message !== undefined) return { message, choices: [...this.path] };
      const digest = machine.stateDigest(this.isBounded);
      const budget = (Number.isFinite(deviations) ? deviations * DEFERRAL_SCALE : 0) + deferrals;
      const known = this.seen.get(digest);
      if (known >= budget) return undefined;
      if (known === -1) {
        if (this.seen.size >= maxStates) {
          this.cutBy = 'states';
          return undefined;
        }
        if ((this.seen.size & 0xffff) === 0xffff) options.onProgress?.(this.coverage(false));
      }
      this.seen.set(digest, budget);
      if (this.hasEnded()) {
        if (this.finals.get(digest) === -1) {
          this.finals.set(digest, 0);
          options.onFinal?.(machine, digest);
        }
        return undefined;
      }
      if (depth >= (options.maxDepth ?? DEPTH_MAX)) {
        this.cutBy ??= 'depth';
        return undefined;
      }
      const alternatives = machine.alternatives().length;
      const canDefer = deferrals > 0 && machine.tasks().length > machine.dueCount;
      const choices = deviations > 0 ? (canDefer ? 2 * alternatives : alternatives) : 1;
      if (this.witnesses !== undefined) this.witness(digest, alternatives);
      if (choices > 1) {
        this.stack.push({ world: machine.seal(), next: 1, options: choices, alternatives, deviations, deferrals, depth });
      }
      machine.stepChoice(0);
      this.path.length = depth;
      this.path.push(0);
      this.edges++;
      depth++;
      if (depth > this.deepest) this.deepest = depth;
    }
  }

  /** Takes the next choice of a frame, in the machine if it is the last. */
  private branch(frame: Frame): { deviations: number; deferrals: number; depth: number } {
    if (frame.next + 1 < frame.options) this.stack.push({ ...frame, next: frame.next + 1 });
    this.machine = Machine.from(frame.world);
    this.machine.stepChoice(frame.next);
    this.path.length = frame.depth;
    this.path.push(frame.next);
    this.edges++;
    const isDeferral = frame.next >= frame.alternatives;
    const depth = frame.depth + 1;
    if (depth > this.deepest) this.deepest = depth;
    return { deviations: frame.deviations - 1, deferrals: frame.deferrals - (isDeferral ? 1 : 0), depth };
  }

  private hasEnded(): boolean {
    const { machine, options } = this;
    if (machine.nextInstant > (options.until ?? Infinity) || machine.nextInstant === Infinity) return true;
    return (options.settle ?? true) && machine.foregroundCount === 0;
  }

  private witness(digest: Digest, alternatives: number): void {
    const world = this.machine.seal();
    const successors: string[] = [];
    for (let choice = 0; choice < alternatives; choice++) {
      const fork = Machine.from(world);
      fork.stepChoice(choice);
      successors.push(formatDigest(fork.stateDigest(this.isBounded)));
    }
    // Alternatives are compared as a set unless their order counts.
    const text = (this.isBounded ? successors : successors.sort()).join(' ');
    const key = formatDigest(digest);
    const first = this.witnesses?.get(key);
    if (first === undefined) this.witnesses?.set(key, text);
    else if (first !== text) throw new BisimulationError(`two states with digest ${key} differ: successors ${first} and ${text}; path ${this.path.join(',')}`);
  }

  private coverage(exhausted: boolean): Coverage {
    return { states: this.seen.size, edges: this.edges, depth: this.deepest, finals: this.finals.size, exhausted, cutBy: this.cutBy };
  }
}
