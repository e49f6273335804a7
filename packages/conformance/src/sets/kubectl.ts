// What kubectl prints: the scenarios' lines, run as lines, compared in text and exit code.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { compareStep } from '../../vectors/compare.mjs';
import type { CaseResult, ConformOptions, ConformSet, SetReport } from '../conform-set.ts';
import { readGzipJson, readGzipLines } from '../read-gzip.ts';
import { BinaryRun, kubectlBinaries, type KubectlBinary } from './kubectl-binary.ts';
import { NS, Run, type Scenario, type Step } from './scenarios.ts';

const ROOT = join(import.meta.dirname, '..', '..', 'vectors');

/** Lines of text: those of steps that agree whole, exit code and both streams; a step that prints nothing counts as one. */
interface LineCount {
  agree: number;
  total: number;
}

export const kubectlSet: ConformSet = {
  name: 'kubectl',
  run(options: ConformOptions): SetReport | Promise<SetReport> {
    if (options.inProcess !== true) return runBinary(options);
    const folder = join(options.folder ?? ROOT, 'scenarios');
    const files = readdirSync(folder).filter((file) => file.endsWith('.json.gz') && (options.only === undefined || file.startsWith(options.only))).sort();
    const count: LineCount = { agree: 0, total: 0 };
    const cases = files.flatMap((file) => runLines(readGzipJson<Scenario>(join(folder, file)), count));
    return { cases, agree: count.agree, total: count.total };
  },
};

/** The texts of a step as one kubectl prints them; null for a step that runs none. */
type StepText = Pick<Step, 'exit'> & { readonly stdout?: unknown; readonly stderr?: unknown };

/** Every scenario by a real kubectl: the newest one whose texts are recorded, else the newest at all. */
async function runBinary(options: ConformOptions): Promise<SetReport> {
  const root = options.folder ?? ROOT;
  const recorded = (minor: string): string => join(root, 'kubectl', `${minor}.jsonl.gz`);
  const binaries = kubectlBinaries();
  const kubectl = binaries.findLast(({ minor }) => minor === '1.37' || existsSync(recorded(minor))) ?? binaries.at(-1);
  if (kubectl === undefined) return { cases: [], agree: 0, total: 0, notes: ['kubectl: no kubectl on the PATH, and KUBECTL names none'] };
  const texts = existsSync(recorded(kubectl.minor)) ? new Map(readGzipLines<{ readonly id: string; readonly steps: readonly (StepText | null)[] }>(recorded(kubectl.minor)).map(({ id, steps }) => [id, steps])) : undefined;
  const folder = join(root, 'scenarios');
  const files = readdirSync(folder).filter((file) => file.endsWith('.json.gz') && (options.only === undefined || file.startsWith(options.only))).sort();
  const count: LineCount = { agree: 0, total: 0 };
  const cases: CaseResult[] = [];
  for (const file of files) {
    const scenario = readGzipJson<Scenario>(join(folder, file));
    const own = texts === undefined ? scenario.steps : texts.get(scenario.id);
    if (own !== undefined) cases.push(...await runBinaryLines(scenario, own, kubectl, count));
  }
  return { cases, agree: count.agree, total: count.total, notes: [`kubectl ${kubectl.minor}, compared with the texts of ${texts === undefined ? '1.37' : kubectl.minor}`] };
}

async function runBinaryLines(scenario: Scenario, texts: readonly (StepText | null)[], kubectl: KubectlBinary, count: LineCount): Promise<readonly CaseResult[]> {
  const run = new BinaryRun(scenario, kubectl);
  const cases: CaseResult[] = [];
  try {
    for (const [index, step] of scenario.steps.entries()) {
      const result = await run.stepWithKubectl(step);
      const text = texts[index];
      if (result === undefined || text === null || text === undefined) continue;
      const { lines, differences } = compareStep(text, result, NS);
      const agrees = differences.length === 0;
      count.total += Math.max(1, lines);
      if (agrees) count.agree += Math.max(1, lines);
      cases.push({ id: `${scenario.id}/${index}: kubectl ${step.kubectl ?? ''}`, agrees, differences });
    }
  } finally {
    await run.close();
  }
  return cases;
}

/** Runs a scenario's lines; one result a step that ran kubectl. */
function runLines(scenario: Scenario, count: LineCount): readonly CaseResult[] {
  const run = new LineRun(scenario);
  return scenario.steps.flatMap((step, index): readonly CaseResult[] => {
    run.differences = [];
    run.lines = 0;
    try {
      run.step(step);
    } catch (error) {
      run.differences = [`threw: ${(error as Error).message}`];
    }
    if (step.kubectl === undefined) return [];
    const lines = Math.max(1, run.lines);
    const agrees = run.differences.length === 0;
    count.total += lines;
    if (agrees) count.agree += lines;
    return [{ id: `${scenario.id}/${index}: kubectl ${step.kubectl}`, agrees, differences: run.differences }];
  });
}

/** A scenario whose kubectl lines are run, not replayed. */
class LineRun extends Run {
  differences: readonly string[] = [];
  lines = 0;

  protected override line(step: Step): void {
    if (step.kubectl === undefined) return;
    this.lines = compareStep(step, { exit: 0, stdout: '', stderr: '' }, NS).lines;
    const stdin = step.stdin === undefined || step.stdin === null ? undefined : this.translate(step.stdin);
    const result = this.cluster.kubectlResult(this.translate(step.kubectl), { namespace: NS, stdin });
    this.differences = compareStep(step, result, NS).differences;
  }
}
