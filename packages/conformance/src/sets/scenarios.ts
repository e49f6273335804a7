// Whole clusters as a real one ran them: each scenario's writes and requests, step by step, compared in facts, order and states.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { KubeObject, RestRequest } from '@kubesim/api';
import { randomArbiter } from '@kubesim/kernel';
import { Cluster } from 'kubesim';
import { compareScenario, factsOf, generatedPods, stateOf } from '../../vectors/compare.mjs';
import type { CaseResult, ConformOptions, ConformSet, SetReport } from '../conform-set.ts';
import { readGzipJson } from '../read-gzip.ts';

interface Write {
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
  readonly 'content-type'?: string;
  readonly contentType?: string | null;
  /** In place of `body` where that was protobuf: the recording kept its length alone. */
  readonly bodyBytes?: number;
  readonly dryRun?: boolean;
  readonly status?: number;
}

/** One step of a recorded scenario. @internal */
export interface Step {
  readonly kubectl?: string;
  readonly writes?: readonly Write[];
  readonly request?: Write;
  readonly node?: number;
  readonly up?: boolean;
  readonly pause?: number;
  readonly rest?: number;
  readonly state?: unknown;
  readonly status?: number;
  readonly message?: string;
  readonly stdin?: string;
  readonly exit?: number;
}

/** One recorded scenario. @internal */
export interface Scenario {
  readonly id: string;
  readonly steps: readonly Step[];
  readonly log: readonly { readonly type: string; readonly object: KubeObject }[];
  readonly restOnly?: boolean;
}

/** The namespace that scenarios run in. @internal */
export const NS = 'ns00042';
const DELETE_WAIT_MS = 60_000;
const RANDOM_RUNS = 20;
const ENOUGH_DEVIATIONS_PERCENT = 30;
const FOLDER = join(import.meta.dirname, '..', '..', 'vectors', 'scenarios');

export const scenariosSet: ConformSet = {
  name: 'scenarios',
  run(options: ConformOptions): SetReport {
    const folder = options.folder ?? FOLDER;
    const files = readdirSync(folder).filter((file) => file.endsWith('.json.gz') && (options.only === undefined || file.startsWith(options.only))).sort();
    let points = 0;
    let deviations = 0;
    const cases = files.map((file): CaseResult => {
      const scenario = readGzipJson<Scenario>(join(folder, file));
      try {
        const differences = [...runScenario(scenario).differences];
        for (let seed = 1; seed <= RANDOM_RUNS; seed++) {
          const random = runScenario(scenario, seed);
          points += random.points;
          deviations += random.deviations;
          if (random.differences.length > 0) {
            differences.push(...random.differences.slice(0, 3).map((line) => `random arbiter ${seed}: ${line}`));
            break;
          }
        }
        return { id: scenario.id, agrees: differences.length === 0, differences };
      } catch (error) {
        return { id: scenario.id, agrees: false, differences: [`threw: ${(error as Error).stack ?? ''}`] };
      }
    });
    const share = points === 0 ? 0 : (100 * deviations) / points;
    const notes = [`random arbiters: ${points} points with more than one alternative, ${share.toFixed(1)} % did not take the first`];
    if (points > 0 && share < ENOUGH_DEVIATIONS_PERCENT) cases.push({ id: 'random arbiters', agrees: false, differences: [`only ${share.toFixed(1)} % of the choices differ from first in, first out`] });
    return { cases, notes };
  },
};

/** Runs a scenario on a cluster of its own; with a seed under a random arbiter, where only states at rest are compared. @internal */
export function runScenario(scenario: Scenario, seed?: number): { readonly differences: readonly string[]; readonly points: number; readonly deviations: number } {
  const run = new Run(scenario);
  if (seed !== undefined) run.cluster.useArbiter(randomArbiter(seed)).record();
  const states = scenario.steps.map((step) => run.step(step));
  const facts = factsOf(run.events()) as readonly string[];
  const differences = [...compareScenario(scenario, { facts, states }, seed === undefined ? {} : { restOnly: true }), ...run.refused];
  const { points, deviations } = run.cluster.choices;
  return { differences, points, deviations };
}

/** A scenario on its way through a cluster of its own. @internal */
export class Run {
  readonly cluster: Cluster;
  readonly refused: string[] = [];
  private readonly scenario: Scenario;

  constructor(scenario: Scenario) {
    this.scenario = scenario;
    this.cluster = new Cluster({ nodes: 3, seed: 1, timing: 'instant' });
    this.cluster.create({ apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass', metadata: { name: 'manual' }, provisioner: 'kubernetes.io/no-provisioner', volumeBindingMode: 'WaitForFirstConsumer' } as KubeObject);
    this.cluster.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: NS } });
    this.cluster.run({ for: 1_000 });
  }

  events(): readonly { readonly type: string; readonly object: KubeObject }[] {
    return this.cluster.history({ namespace: NS });
  }

  step(step: Step): unknown {
    const before = this.cluster.now;
    this.line(step);
    return this.afterLine(step, before);
  }

  /** What a step asks for besides its kubectl line, which began at that instant: requests, nodes, pauses, rest. */
  protected afterLine(step: Step, before: number): unknown {
    if (step.request !== undefined) this.write(step.request, step.status, step.message);
    if (step.node !== undefined) this.node(`node/node-${step.node}`, step.up === true);
    if (step.pause !== undefined) this.cluster.run({ for: step.pause * 1_000 });
    if (step.kubectl !== undefined && this.cluster.now < before + 200) this.cluster.run({ until: before + 200 });
    if (step.rest !== undefined) this.rest(step.rest);
    return step.state === undefined ? undefined : stateOf(this.objects());
  }

  /** What the step's kubectl line did: here by its recorded writes. */
  protected line(step: Step): void {
    if (step.kubectl !== undefined && step.writes?.some((write) => write.bodyBytes !== undefined && write.body === undefined) === true) {
      this.lineItself(step.kubectl, step);
      return;
    }
    const deleted = (step.writes ?? []).filter((write) => write.method === 'DELETE').map((write) => this.uidOf(write.path));
    for (const write of step.writes ?? []) this.write(write);
    if (step.kubectl !== undefined && /^delete\b/.test(step.kubectl) && !step.kubectl.includes('--wait=false')) this.waitGone(deleted);
  }

  /** A line whose bodies were not kept: kubectl itself carries it out. */
  private lineItself(command: string, { stdin, exit = 0 }: Step): void {
    const result = this.cluster.kubectlResult(this.translate(command), { namespace: NS, stdin: stdin === undefined || stdin === null ? undefined : this.translate(stdin) });
    if (result.exit !== exit) this.refused.push(`${command}: exit ${exit} expected, ${result.exit} found: ${result.stderr}`);
    this.cluster.run({ for: 20 });
  }

  /** What a DELETE is about: its path, and the uid that is there now. */
  private uidOf(path: string): { readonly path: string; readonly uid: string | undefined } {
    const target = this.translate(path).split('?')[0] ?? '';
    const response = this.cluster.handle({ method: 'GET', path: target, headers: { accept: 'application/json' } });
    return { path: target, uid: (response.body as KubeObject | undefined)?.metadata?.uid };
  }

  /** A kubectl line that deletes lasts until what it deleted is gone. */
  private waitGone(targets: readonly { readonly path: string; readonly uid: string | undefined }[]): void {
    const until = this.cluster.now + DELETE_WAIT_MS;
    while (this.cluster.now < until && targets.some(({ path, uid }) => uid !== undefined && this.uidOf(path).uid === uid)) this.cluster.run({ for: 100 });
  }

  private node(node: string, up: boolean): void {
    if (up) this.cluster.faults.restart(node);
    else this.cluster.faults.crash(node);
  }

  private objects(): readonly KubeObject[] {
    const storage = this.cluster.controlPlane.storage(this.cluster.kernel);
    return storage.resources().filter((resource) => !resource.startsWith('events')).flatMap((resource) => [...storage.list(resource, `${NS}/`)]);
  }

  /** Names that chance gave in the recording, in place of those that it gave here. */
  protected translate(text: string): string {
    const recorded = generatedPods(this.scenario.log) as readonly string[];
    const own = generatedPods(this.events()) as readonly string[];
    let result = text.replaceAll('{ns}', NS);
    recorded.forEach((name, index) => { if (own[index] !== undefined) result = result.replaceAll(name, own[index]); });
    return result;
  }

  private write(write: Write, status?: number, message?: string): void {
    const [path = '', query] = this.translate(write.path).split('?');
    const contentType = write['content-type'] ?? write.contentType ?? undefined;
    const body = write.body === undefined || write.body === null ? undefined : this.translate(typeof write.body === 'string' ? write.body : JSON.stringify(write.body));
    const request: RestRequest = { method: write.method, path, query, body, headers: { accept: 'application/json', ...(contentType === undefined ? {} : { 'content-type': contentType }) } };
    const response = this.cluster.handle(request);
    const wanted = status ?? write.status;
    if (wanted !== undefined && wanted !== response.status) this.refused.push(`${write.method} ${write.path}: ${wanted} expected, ${response.status} found: ${JSON.stringify(response.body).slice(0, 300)}`);
    const found = (response.body as { readonly message?: string } | undefined)?.message;
    if (message !== undefined && this.translate(message) !== found) this.refused.push(`${write.method} ${write.path}: message ${message} expected, ${found ?? 'none'} found`);
    this.cluster.run({ for: write.method === 'DELETE' ? 100 : 20 });
  }

  /** Waits as the recorder did: until nothing changed for so long and no scheduled pod is on its way. */
  private rest(quietSeconds: number): void {
    const { cluster } = this;
    const start = cluster.now;
    let changedAt = start;
    let revision = this.lastChange();
    for (;;) {
      const elapsed = cluster.now - start;
      const isQuiet = cluster.now - changedAt >= quietSeconds * 1_000;
      if (elapsed >= 60_000 || (isQuiet && (elapsed >= 20_000 || !this.isMoving()))) return;
      cluster.run({ for: 100 });
      const now = this.lastChange();
      if (now !== revision) changedAt = cluster.now;
      revision = now;
    }
  }

  private lastChange(): number {
    const all = this.cluster.history({ namespace: NS });
    return all[all.length - 1]?.revision ?? 0;
  }

  private isMoving(): boolean {
    return this.cluster.list('pods', { namespace: NS }).some((pod) => pod['spec']?.nodeName !== undefined && (pod['status']?.phase === 'Pending' || pod.metadata.deletionTimestamp !== undefined));
  }
}
