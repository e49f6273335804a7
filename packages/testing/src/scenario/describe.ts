// A failing run as text that people paste into an issue: what broke, what it began with, what was done, and one line that replays it.
import { describeFault } from '../faults/faults.ts';
import { describeCommand } from './commands.ts';
import type { ScenarioRun } from './run.ts';
import type { ObjectSpec, Scenario } from './scenario.ts';

function describeObject(spec: ObjectSpec): string {
  if (spec.kind === 'Manifest') return `${spec.object.kind ?? ''} ${spec.object.metadata.name ?? ''}`;
  const { kind, name, ...rest } = spec;
  const details = Object.entries(rest).flatMap(([key, value]) => (value === false || value === undefined ? [] : [`${key} ${typeof value === 'object' ? JSON.stringify(value) : String(value)}`]));
  return `${kind} ${name}${details.length === 0 ? '' : `: ${details.join(', ')}`}`;
}

/** The steps of a scenario in order of time, as lines. @public */
export function describeScenario(scenario: Scenario): readonly string[] {
  const { choices, nodes } = scenario;
  const steps = [...scenario.workload.map(describeCommand), ...scenario.faults.map(describeFault)];
  const deviations = choices.mode === 'deviations' ? choices.deviations.map(({ channel, occurrence, pick, defer }) => `the ${occurrence}. time that "${channel}" is first, ${defer === undefined ? `"${pick ?? ''}" goes before it` : `"${defer}" is put off`}`) : [];
  return [
    `Kubernetes ${scenario.kubernetes}, ${nodes.length} ${nodes.length === 1 ? 'node' : 'nodes'}, seed ${scenario.seed}`,
    ...scenario.objects.map(describeObject), ...[...steps, ...deviations].map((line, index) => `${index + 1}. ${line}`),
    ...(choices.mode === 'random' || choices.mode === 'pct' ? [`choices: ${choices.mode}, seed ${choices.seed}`] : []),
  ];
}

/** A failing run as text; undefined if nothing broke. @public */
export function describeFailure(run: ScenarioRun): string | undefined {
  const { violation, scenario } = run;
  if (violation === undefined) return undefined;
  return [
    `${violation.property} does not hold, ${violation.atMs} ms after the start: ${violation.message}`,
    ...describeScenario(scenario).map((line) => `  ${line}`),
    `replay: runScenario(${JSON.stringify(scenario)})`,
  ].join('\n');
}
