// `kubesim run`, `kubesim timeline`, `kubesim check-trace`: what files hold is run, drawn or checked; lines are printed.
import { readFileSync } from 'node:fs';
import { checkTrace, describeFailure, runScenario, stepsOf, type Scenario } from '@kubesim/testing';
import { Cluster, type Recording } from 'kubesim';

/** A recorded change, as `kubectl get … --watch --output-watch-events -o json` prints it. */
type RecordedEvent = Parameters<typeof checkTrace>[0][number];

const SCENARIO_KEYS = ['seed', 'kubernetes', 'featureGates', 'nodes', 'objects', 'workload', 'faults', 'choices'] as const satisfies readonly (keyof Scenario)[];
const REQUIRED: readonly string[] = ['seed', 'kubernetes', 'nodes', 'objects', 'workload', 'faults', 'choices'];
const FORMATS = ['text', 'svg', 'html', 'trace'] as const;

/** In which form a timeline is printed. */
export type TimelineFormat = (typeof FORMATS)[number];

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new Error(`${path}: ${(error as Error).message}`);
  }
}

/** Runs a scenario under all invariants; answers whether they held. Throws Error for a file that holds none. */
export function runFile(path: string, log: (line: string) => void): boolean {
  const scenario = readScenario(path);
  const run = runScenario(scenario);
  const failure = describeFailure(run);
  if (failure !== undefined) {
    for (const line of failure.split('\n')) log(line);
    return false;
  }
  log(`all properties hold: ${stepsOf(scenario)} steps of the scenario, ${run.points} points with a choice, digest ${run.cluster.digest}`);
  return true;
}

function readScenario(path: string): Scenario {
  const read = readJson(path);
  if (read === null || typeof read !== 'object' || Array.isArray(read)) throw new Error(`${path}: expected a scenario, an object with ${REQUIRED.join(', ')}`);
  const unknown = Object.keys(read).find((key) => !(SCENARIO_KEYS as readonly string[]).includes(key));
  if (unknown !== undefined) throw new Error(`${path}: '${unknown}' is none of ${SCENARIO_KEYS.join(', ')}`);
  const missing = REQUIRED.find((key) => !(key in read));
  if (missing !== undefined) throw new Error(`${path}: '${missing}' is missing`);
  return read as Scenario;
}

/** Draws a recorded run or a scenario. Throws Error for a file that holds neither, or a form that is none. */
export function timelineFile(path: string, format: string): string {
  if (!(FORMATS as readonly string[]).includes(format)) throw new Error(`--format: expected ${FORMATS.join(', ')}, not '${format}'`);
  const read = readJson(path) as Partial<Recording>;
  const isRecording = read !== null && typeof read === 'object' && 'digest' in read;
  const timeline = (isRecording ? Cluster.replay(read as Recording) : runScenario(readScenario(path)).cluster).timeline();
  switch (format as TimelineFormat) {
    case 'text': return timeline.text();
    case 'svg': return timeline.svg();
    case 'html': return timeline.html();
    case 'trace': return timeline.trace();
  }
}

/** Checks the recorded watch events of a real cluster: JSON, an array or one event a line. Answers whether every invariant holds. Throws Error for what is no event. */
export function checkTraceFile(path: string, log: (line: string) => void): boolean {
  const events = readEvents(path);
  const violation = checkTrace(events);
  if (violation === undefined) {
    log(`all invariants hold over ${events.length} events`);
    return true;
  }
  const { event, property, message } = violation;
  log(`${property} does not hold at event ${event}: ${message}`);
  return false;
}

function readEvents(path: string): readonly RecordedEvent[] {
  const text = readFileSync(path, 'utf8');
  const parse = (piece: string, where: string): unknown => {
    try {
      return JSON.parse(piece);
    } catch (error) {
      throw new Error(`${path}${where}: ${(error as Error).message}`);
    }
  };
  const events = text.trimStart().startsWith('[') ? parse(text, '') as readonly unknown[] : text.split('\n').flatMap((line, index) => (line.trim() === '' ? [] : [parse(line, ` line ${index + 1}`)]));
  events.forEach((event, index) => {
    const { type, object } = (event ?? {}) as Partial<RecordedEvent>;
    if (typeof type !== 'string' || typeof object?.metadata !== 'object') throw new Error(`${path}: event ${index} must have a type and an object with metadata`);
  });
  return events as readonly RecordedEvent[];
}
