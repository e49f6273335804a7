// `kubesim explore FILE`: what a file asks to be explored, as data, and what came of it, as lines.
import { readFileSync, writeFileSync } from 'node:fs';
import { explore, type Bounds, type Exploration, type Intervention, type Monitor, type PausedExploration } from '@kubesim/testing';
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

/** Options of the command. */
export interface ExploreCommand {
  readonly shard?: string;
  readonly states?: string;
  readonly state?: string;
  readonly certificate?: string;
}

/** Runs the command; answers what to print, and whether nothing was found. Throws Error for a file that means nothing. */
export function exploreFile(path: string, options: ExploreCommand, log: (line: string) => void): boolean {
  const file = readFile(path);
  const cluster = new Cluster({ events: false, ...file.cluster });
  for (const manifest of file.given ?? []) cluster.apply(JSON.stringify(manifest));
  cluster.settle();
  for (const action of file.when ?? []) act(cluster, action);
  const resume = options.state === undefined ? undefined : readPaused(options.state);
  const result = explore(cluster.kernel.seal(), {
    ...file.bounds, interventions: file.interventions, monitors: monitorsOf(file), shard: readShard(options.shard), resume,
    pauseAfter: options.states === undefined ? undefined : readCount('--states', options.states),
    onProgress: ({ states, edges, depth }) => log(`… ${states} states, ${edges} edges, depth ${depth}`),
  });
  for (const line of describe(result)) log(line);
  if (result.paused !== undefined && options.state !== undefined) {
    writeFileSync(options.state, JSON.stringify(result.paused));
    log(`paused: the same command goes on from ${options.state}`);
  }
  if (result.certificate !== undefined && options.certificate !== undefined) writeFileSync(options.certificate, JSON.stringify(result.certificate, null, 2));
  return result.violation === undefined;
}

function readFile(path: string): ExplorationFile {
  let file: unknown;
  try {
    file = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new Error(`${path}: ${(error as Error).message}`);
  }
  if (file === null || typeof file !== 'object' || Array.isArray(file)) throw new Error(`${path}: expected an object with ${KEYS.join(', ')}`);
  const unknown = Object.keys(file).find((key) => !KEYS.includes(key));
  if (unknown !== undefined) throw new Error(`${path}: '${unknown}' is none of ${KEYS.join(', ')}`);
  return file as ExplorationFile;
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
