// `kubesim explore FILE`: what a file asks to be explored, as data, and what came of it, as lines.
import { readFileSync, writeFileSync } from 'node:fs';
import {
  allInvariants, checkCertificate, describeFailure, explore, findLoop, runScenario, shrinkScenario, type Bounds, type Certificate, type Exploration, type Intervention, type Loop, type Monitor, type PausedExploration, type RunOptions, type Scenario, type ScenarioBounds,
  type ScenarioExploration, type SearchOptions,
} from '@kubesim/testing';
import { Cluster, type ClusterOptions } from 'kubesim';

/** What is done to the cluster: before the exploration, or at any point of it. */
type Action =
  | { readonly apply: unknown }
  | { readonly setImage: { readonly of: string; readonly images: Readonly<Record<string, string>> } }
  | { readonly scale: { readonly of: string; readonly replicas: number } }
  | { readonly delete: string };

/** An exploration file. */
export interface ExplorationFile {
  readonly cluster?: ClusterOptions;
  /** Manifests, applied and settled first. */
  readonly given?: readonly unknown[];
  /** Done after that, in order; what follows is explored. */
  readonly when?: readonly Action[];
  /** May happen at any point. */
  readonly interventions?: readonly Intervention[];
  readonly bounds?: Pick<Bounds, 'budgets' | 'deviations' | 'deferrals' | 'until' | 'symmetry'> & { readonly maxStates?: number; readonly maxDepth?: number };
  /** At the end of every path so many objects are there: by resource. */
  readonly finally?: Readonly<Record<string, number>>;
}

const KEYS = ['cluster', 'given', 'when', 'interventions', 'bounds', 'finally'];

/** A scenario file: what `runScenario` takes, and how far to explore it. A file that holds a scenario alone is explored along one deviation. */
export interface ScenarioFile {
  readonly scenario: Scenario;
  readonly cluster?: Pick<RunOptions, 'timing' | 'withoutControllers'>;
  readonly bounds?: ScenarioBounds & { readonly maxStates?: number; readonly maxDepth?: number };
  /** Names of invariants; all without it. */
  readonly properties?: readonly string[];
  /** Looks for loops too: runs that never come to rest and ignore nobody. */
  readonly loops?: boolean;
}

const SCENARIO_KEYS = ['scenario', 'cluster', 'bounds', 'properties', 'loops'];
const SCENARIO_CLUSTER_KEYS = ['timing', 'withoutControllers'];

/** Options of the command. */
export interface ExploreCommand {
  readonly shard?: string;
  readonly states?: string;
  readonly state?: string;
  readonly certificate?: string;
  /** A certificate to check instead. */
  readonly check?: string;
}

/** Runs the command; answers what to print, and whether nothing was found. Throws Error for a file that means nothing. */
export function exploreFile(path: string, options: ExploreCommand, log: (line: string) => void): boolean {
  const file = readFile(path);
  if (options.check !== undefined) return checkFile(file, options.check, log);
  const search: SearchOptions = {
    shard: readShard(options.shard), resume: options.state === undefined ? undefined : readPaused(options.state),
    pauseAfter: options.states === undefined ? undefined : readCount('--states', options.states),
    onProgress: ({ states, edges, depth }) => log(`… ${states} states, ${edges} edges, depth ${depth}`),
  };
  const ofScenario = 'scenario' in file ? exploreScenario(file, search) : undefined;
  const result = ofScenario ?? exploreCluster(file as ExplorationFile, search);
  for (const line of describe(result)) log(line);
  if (ofScenario !== undefined) for (const line of describeScenarioFailure(ofScenario, file as ScenarioFile)) log(line);
  if (result.paused !== undefined && options.state !== undefined) {
    writeFileSync(options.state, JSON.stringify(result.paused));
    log(`paused: the same command goes on from ${options.state}`);
  }
  if (result.certificate !== undefined && options.certificate !== undefined) writeFileSync(options.certificate, JSON.stringify(result.certificate, null, 2));
  const loop = 'scenario' in file && file.loops === true && result.violation === undefined && result.exhausted ? searchLoop(file) : undefined;
  if (loop !== undefined) for (const line of describeLoop(loop)) log(line);
  return result.violation === undefined && loop === undefined;
}

/** Checks a certificate against what the file asks for; answers whether it is right. */
function checkFile(file: ExplorationFile | ScenarioFile, path: string, log: (line: string) => void): boolean {
  let certificate: unknown;
  try {
    certificate = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new Error(`--check ${path}: ${(error as Error).message}`);
  }
  if (certificate === null || typeof certificate !== 'object') throw new Error(`--check ${path}: expected a certificate, as --certificate writes it`);
  const given = certificate as Certificate;
  const difference = 'scenario' in file ? checkScenario(given, file) : checkCluster(given, file);
  log(difference === undefined ? `confirmed: ${given.states} states, each step made anew, and nothing is broken` : `refused: ${difference}`);
  return difference === undefined;
}

function checkScenario(certificate: Certificate, { scenario, cluster, bounds, properties }: ScenarioFile): string | undefined {
  const { maxStates: _maxStates, maxDepth: _maxDepth, ...scenarioBounds } = bounds ?? {};
  return checkCertificate(certificate, scenario, { bounds: scenarioBounds, properties: propertiesOf(properties), cluster });
}

function checkCluster(certificate: Certificate, file: ExplorationFile): string | undefined {
  const { maxStates: _maxStates, maxDepth: _maxDepth, ...bounds } = file.bounds ?? {};
  return checkCertificate(certificate, startOf(file).kernel.seal(), { ...bounds, interventions: file.interventions, monitors: monitorsOf(file) });
}

/** The cluster from which a file is explored. */
function startOf(file: ExplorationFile): Cluster {
  const cluster = new Cluster({ events: false, ...file.cluster });
  for (const manifest of file.given ?? []) cluster.apply(JSON.stringify(manifest));
  cluster.settle();
  for (const action of file.when ?? []) act(cluster, action);
  return cluster;
}

function exploreCluster(file: ExplorationFile, search: SearchOptions): Exploration {
  return explore(startOf(file).kernel.seal(), { ...file.bounds, interventions: file.interventions, monitors: monitorsOf(file), ...search });
}

function exploreScenario({ scenario, cluster, bounds, properties }: ScenarioFile, search: SearchOptions): ScenarioExploration {
  const { maxStates, maxDepth, ...scenarioBounds } = bounds ?? {};
  return explore(scenario, { bounds: scenarioBounds, properties: propertiesOf(properties), cluster, maxStates, maxDepth, ...search });
}

function searchLoop({ scenario, cluster, bounds, properties }: ScenarioFile): Loop | undefined {
  const { maxStates, maxDepth: _maxDepth, ...scenarioBounds } = bounds ?? {};
  return findLoop(scenario, { bounds: scenarioBounds, properties: propertiesOf(properties), cluster, maxStates }).loop;
}

function propertiesOf(names: readonly string[] | undefined): readonly Monitor[] {
  if (names === undefined) return allInvariants;
  return names.map((name) => {
    const found = allInvariants.find((invariant) => invariant.name === name);
    if (found === undefined) throw new Error(`properties: '${name}' is none of ${allInvariants.map((invariant) => invariant.name).join(', ')}`);
    return found;
  });
}

/** The violation as a scenario, as small as it gets, as text that people paste into an issue. */
function describeScenarioFailure({ scenario, replayed }: ScenarioExploration, file: ScenarioFile): readonly string[] {
  const property = replayed?.violation?.property;
  if (scenario === undefined || property === undefined) return [];
  const options = { ...file.cluster, invariants: propertiesOf(file.properties) };
  const { scenario: small } = shrinkScenario(scenario, (each) => runScenario(each, options).violation?.property === property);
  return (describeFailure(runScenario(small, options)) ?? '').split('\n');
}

function describeLoop({ steps, roundMs }: Loop): readonly string[] {
  return [`loop: a round of ${steps.length} steps and ${roundMs} ms that never ends`, ...steps.map((step, index) => `  ${index + 1}. ${step}`)];
}

function readFile(path: string): ExplorationFile | ScenarioFile {
  let file: unknown;
  try {
    file = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new Error(`${path}: ${(error as Error).message}`);
  }
  if (file === null || typeof file !== 'object' || Array.isArray(file)) throw new Error(`${path}: expected an object with ${KEYS.join(', ')}, or with ${SCENARIO_KEYS.join(', ')}`);
  if ('workload' in file && 'objects' in file) return { scenario: readScenario(path, file), bounds: { deviations: 1 } };
  const isScenario = 'scenario' in file;
  const known = isScenario ? SCENARIO_KEYS : KEYS;
  const unknown = Object.keys(file).find((key) => !known.includes(key));
  if (unknown !== undefined) throw new Error(`${path}: '${unknown}' is none of ${known.join(', ')}`);
  if (!isScenario) return file as ExplorationFile;
  const given = file as ScenarioFile;
  readScenario(path, given.scenario);
  const strange = Object.keys(given.cluster ?? {}).find((key) => !SCENARIO_CLUSTER_KEYS.includes(key));
  if (strange !== undefined) throw new Error(`${path}: cluster.${strange} is none of ${SCENARIO_CLUSTER_KEYS.join(', ')}`);
  return given;
}

const SCENARIO_LISTS = ['nodes', 'objects', 'workload', 'faults'] as const;

function readScenario(path: string, scenario: unknown): Scenario {
  if (scenario === null || typeof scenario !== 'object') throw new Error(`${path}: scenario must be an object`);
  const given = scenario as Partial<Scenario>;
  for (const field of SCENARIO_LISTS) if (!Array.isArray(given[field])) throw new Error(`${path}: scenario.${field} must be a list`);
  if (typeof given.seed !== 'number' || typeof given.kubernetes !== 'string') throw new Error(`${path}: scenario needs seed and kubernetes`);
  return { choices: { mode: 'fifo' }, ...given } as Scenario;
}

function act(cluster: Cluster, action: Action): void {
  if ('apply' in action) cluster.apply(JSON.stringify(action.apply));
  else if ('setImage' in action) cluster.setImage(action.setImage.of, action.setImage.images);
  else if ('scale' in action) cluster.scale(action.scale.of, action.scale.replicas);
  else if ('delete' in action) cluster.delete(action.delete);
  else throw new Error(`when: expected apply, setImage, scale or delete, not ${Object.keys(action).join(', ')}`);
}

function monitorsOf({ finally: counts = {} }: ExplorationFile): readonly Monitor[] {
  return Object.entries(counts).map(([resource, count]): Monitor<null> => ({
    name: `finally ${count} ${resource}`, initial: null, step: (state) => ({ state }),
    end: (_state, view) => {
      const there = view.list(resource).length;
      return there === count ? undefined : `${there} are there`;
    },
  }));
}

function readShard(shard: string | undefined): { readonly index: number; readonly of: number } | undefined {
  if (shard === undefined) return undefined;
  const match = /^(\d+)\/(\d+)$/.exec(shard);
  if (match === null) throw new Error(`--shard: expected k/n such as 2/8, not '${shard}'`);
  return { index: Number(match[1]), of: Number(match[2]) };
}

function readCount(name: string, text: string): number {
  if (!/^[1-9]\d*$/.test(text)) throw new Error(`${name}: expected a whole number above 0, not '${text}'`);
  return Number(text);
}

function readPaused(path: string): PausedExploration | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  return JSON.parse(text) as PausedExploration;
}

function describe(result: Exploration): readonly string[] {
  const { states, edges, depth, finals, budgets, violation, certificate } = result;
  const lines = [
    `${states} distinct states, ${edges} edges, depth ${depth}, ${finals} ends`,
    `budgets: ${Object.entries(budgets).map(([name, value]) => `${name} ${value === Infinity ? 'without limit' : value}`).join(', ')}`,
  ];
  if (violation !== undefined) return [...lines, `violated: ${violation.message}`, ...violation.steps.map((step, index) => `  ${index + 1}. ${step}`), `path: ${JSON.stringify(violation.path)}`];
  if (certificate !== undefined) return [...lines, `exhausted: nothing was found within these bounds (states ${certificate.statesDigest})`];
  return [...lines, result.exhausted ? 'exhausted: nothing was found in this part' : `not exhausted: cut by ${result.cutBy ?? 'nothing'}`];
}
