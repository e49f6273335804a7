// What kubectl prints: the scenarios' lines, run as lines, compared in text and exit code.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { compareStep } from '../../vectors/compare.mjs';
import type { CaseResult, ConformOptions, ConformSet, SetReport } from '../conform-set.ts';
import { readGzipJson } from '../read-gzip.ts';
import { NS, Run, type Scenario, type Step } from './scenarios.ts';

const ROOT = join(import.meta.dirname, '..', '..', 'vectors');

/** Lines of text: those of steps that agree whole, exit code and both streams; a step that prints nothing counts as one. */
interface LineCount {
  agree: number;
  total: number;
}

export const kubectlSet: ConformSet = {
  name: 'kubectl',
  run(options: ConformOptions): SetReport {
    if (options.inProcess !== true) return { cases: [], agree: 0, total: 0, notes: ['kubectl: only the in-process kubectl is compared; give --in-process'] };
    const folder = join(options.folder ?? ROOT, 'scenarios');
    const files = readdirSync(folder).filter((file) => file.endsWith('.json.gz') && (options.only === undefined || file.startsWith(options.only))).sort();
    const count: LineCount = { agree: 0, total: 0 };
    const cases = files.flatMap((file) => runLines(readGzipJson<Scenario>(join(folder, file)), count));
    return { cases, agree: count.agree, total: count.total };
  },
};

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
