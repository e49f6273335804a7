// Certificates: that a space was exhausted within its bounds and nothing was found, as data that another, plainer search can check.
import { fingerprint, formatDigest, DigestSum, World } from '@kubesim/kernel';
import type { Scenario } from '../scenario/scenario.ts';
import { DigestTable } from './digest-table.ts';
import { scriptedSpace, type ScenarioExploreOptions } from './scripted.ts';
import { Space, type Bounds, type Spot } from './space.ts';

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
 * Checks a certificate by a search of another kind: breadth-first, every way between states taken, nothing commuted. Answers
 * undefined if it is right, else what differs. Costs as many steps as the space has edges. @public
 */
export function checkCertificate(certificate: Certificate, world: World, bounds?: Bounds): string | undefined;
export function checkCertificate(certificate: Certificate, scenario: Scenario, options?: ScenarioExploreOptions): string | undefined;
export function checkCertificate(certificate: Certificate, from: World | Scenario, given: Bounds | ScenarioExploreOptions = {}): string | undefined {
  if (certificate.format !== 'kubesim-certificate/1') return `its format is ${JSON.stringify(certificate.format)}, not 'kubesim-certificate/1'`;
  if (from instanceof World) return check(certificate, new Space(from, given as Bounds), given as Bounds);
  const scripted = scriptedSpace(from, given as ScenarioExploreOptions);
  return check(certificate, scripted.space, scripted.bounds);
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
  let layer: Spot[] = [start];
  const note = (spot: Spot): boolean => {
    const digest = space.digest(spot);
    const isNew = states.get(digest) === -1;
    if (isNew) {
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
  note(start);
  while (layer.length > 0) {
    const next: Spot[] = [];
    for (const spot of layer) {
      const broken = space.hasEnded(spot) ? space.endViolation(spot) : undefined;
      if (broken !== undefined) return `a path ends in what breaks ${broken}`;
      for (const move of space.moves(spot)) {
        const taken = space.take(spot, move);
        if (taken.violation !== undefined) return `a path breaks ${taken.violation}`;
        if (note(taken.spot)) next.push(taken.spot);
      }
    }
    layer = next;
  }
  if (states.size !== certificate.states) return `it claims ${certificate.states} states, and there are ${states.size}`;
  if (finals !== certificate.finals) return `it claims ${certificate.finals} final states, and there are ${finals}`;
  if (formatDigest(sum.value()) !== certificate.statesDigest) return 'its states are not those that are there';
  return undefined;
}
