// Prints which bugs are found by the exported arbitrary and the one list of invariants, and what the right builds say.
// usage: pnpm bugs [ID...] [--seeds N] [--hunts N] [--runs N] [--seconds N] [--tries N] [--from SEED] [--print]
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import type { Bug } from './bug.ts';
import { BUGS } from './all.ts';
import { hunt, watch, type Hunt } from './hunt.ts';

const { values, positionals } = parseArgs({
  args: process.argv.slice(2), allowPositionals: true,
  options: {
    /** Scenarios for which the right builds are watched; 0 leaves that out. */
    seeds: { type: 'string', default: '0' },
    /** Hunts for each bug, each from a seed of its own. */
    hunts: { type: 'string', default: '3' },
    /** A hunt gives up after so many scenarios, or so many CPU seconds. */
    runs: { type: 'string', default: '2000' }, seconds: { type: 'string', default: '20' },
    /** So many smaller scenarios are tried to shrink one. */
    tries: { type: 'string', default: '300' },
    from: { type: 'string', default: '18' },
    /** Prints the failing runs, shrunk. */
    print: { type: 'boolean', default: false },
  },
});

function count(name: 'seeds' | 'hunts' | 'runs' | 'seconds' | 'tries' | 'from'): number {
  const value = Number(values[name]);
  if (!Number.isInteger(value) || value < 0) throw new RangeError(`--${name} must be a whole number, 0 or more, not '${values[name]}'`);
  return value;
}

const HUNTS_APART = 1_000_000;
const [seeds, hunts, from] = [count('seeds'), count('hunts'), count('from')];
const limits = { runsMax: count('runs'), secondsMax: count('seconds'), triesMax: count('tries') };
const unknown = positionals.find((id) => !BUGS.some((bug) => bug.id === id));
if (unknown !== undefined) throw new RangeError(`no bug is called '${unknown}'; there are ${BUGS.map(({ id }) => id).join(', ')}`);
const chosen = BUGS.filter(({ id }) => positionals.length === 0 || positionals.includes(id));

function median(list: readonly number[]): number {
  return [...list].sort((a, b) => a - b)[Math.floor((list.length - 1) / 2)] ?? 0;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

interface Row { readonly bug: Bug; readonly found: readonly Hunt[] }

function row(bug: Bug): Row {
  const all = Array.from({ length: hunts }, (_, index) => hunt(bug, from + index * HUNTS_APART, limits));
  const found = all.filter(({ runs }) => runs !== undefined);
  const of = (pick: (each: Hunt) => number): number => median(found.map(pick));
  const properties = [...new Set(found.map(({ property }) => property))].join(', ');
  print(`| ${bug.id}${bug.special === undefined ? '' : ' *'} | ${bug.symptom} | ${found.length === 0 ? 'no' : found.length === hunts ? 'yes' : `${found.length} of ${hunts}`} | ${found.length === 0 ? '' : of(({ runs }) => runs ?? 0)} | ${found.length === 0 ? '' : of(({ seconds }) => seconds).toFixed(2)} | ${found.length === 0 ? '' : of(({ steps }) => steps)} | ${found.length === 0 ? '' : of(({ shrinkSeconds }) => shrinkSeconds).toFixed(1)} | ${properties} |`);
  if (values.print) for (const { text } of found) print(`\n${text}\n`);
  return { bug, found };
}

if (hunts > 0 && chosen.length > 0) {
  print(`Node ${process.versions.node}, ${cpus().length} × ${cpus()[0]?.model.trim() ?? 'unknown'}; ${new Date().toISOString().slice(0, 10)}; medians of ${hunts} hunts, CPU seconds`);
  print('');
  print('| bug | what people saw | found | scenario | s | steps | shrunk in s | by |');
  print('|---|---|---|---|---|---|---|---|');
  const rows = chosen.map(row);
  const found = rows.filter((each) => each.found.length > 0);
  const seconds = found.map((each) => median(each.found.map((one) => one.seconds)));
  print('');
  print(`${found.length} of ${rows.length} found; median ${median(seconds).toFixed(2)} s, longest ${Math.max(0, ...seconds).toFixed(2)} s; shrunk to ${median(found.map((each) => median(each.found.map((one) => one.steps))))} steps in the median`);
  for (const { bug } of rows) if (bug.special !== undefined) print(`* ${bug.id} has a workload of its own: ${bug.special}`);
  if (found.length < rows.length) process.exitCode = 1;
}

/** The product itself, and each other right build, by what is drawn for it. */
function rightBuilds(): readonly { readonly name: string; readonly bug: Pick<Bug, 'fixed' | 'draws'>; readonly seeds: number }[] {
  const own = new Map<object, Bug>();
  for (const bug of chosen) if (bug.fixed !== undefined || bug.draws !== undefined) own.set(bug.fixed ?? bug, bug);
  const share = Math.ceil(seeds / 10);
  return [{ name: 'the product', bug: {}, seeds }, ...[...own.values()].map((bug) => ({ name: `the right build of ${bug.id}`, bug, seeds: share }))];
}

for (const { name, bug, seeds: each } of seeds === 0 ? [] : rightBuilds()) {
  const seen = watch(bug.fixed ?? {}, bug.draws, from + HUNTS_APART / 2, each);
  print(`${name}: ${seen.alarms.length} alarms in ${seen.seeds} scenarios; a fault in the middle of a rollout in ${seen.faultsInRollouts} (${Math.round((100 * seen.faultsInRollouts) / seen.seeds)} %); ${seen.seconds.toFixed(0)} s`);
  for (const alarm of seen.alarms) print(`\n${alarm}\n`);
  if (seen.alarms.length > 0) process.exitCode = 1;
}
