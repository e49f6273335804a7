// `pnpm conform <set> [folder]`: runs a set of recordings through the product and says how many agree.
import { parseArgs } from 'node:util';
import type { ConformSet } from './conform-set.ts';

const SETS: Readonly<Record<string, () => Promise<ConformSet>>> = {
  api: async () => (await import('./sets/api.ts')).apiSet,
  discovery: async () => (await import('./sets/discovery.ts')).discoverySet,
  statefulset: async () => (await import('./sets/statefulset.ts')).statefulsetSet,
  deployment: async () => (await import('./sets/deployment.ts')).deploymentSet,
  replicaset: async () => (await import('./sets/replicaset.ts')).replicasetSet,
  scheduler: async () => (await import('./sets/scheduler.ts')).schedulerSet,
  kubelet: async () => (await import('./sets/kubelet.ts')).kubeletSet,
  scenarios: async () => (await import('./sets/scenarios.ts')).scenariosSet,
  kubectl: async () => (await import('./sets/kubectl.ts')).kubectlSet,
};

const { values, positionals } = parseArgs({
  args: process.argv.slice(2).filter((argument) => argument !== '--'),
  allowPositionals: true,
  options: {
    release: { type: 'string' }, 'managed-fields': { type: 'boolean' }, list: { type: 'string', default: '10' },
    only: { type: 'string' }, 'in-process': { type: 'boolean' },
  },
});
const [name = '', folder] = positionals;
const load = Object.hasOwn(SETS, name) ? SETS[name] : undefined;
if (load === undefined) {
  console.error(`conform: '${name}' is no set; expected one of ${Object.keys(SETS).join(', ')}`);
  process.exit(2);
}
const set = await load();
const report = await set.run({
  folder, release: values.release, managedFields: values['managed-fields'], only: values.only, inProcess: values['in-process'],
});
const differing = report.cases.filter((result) => !result.agrees);
for (const result of differing.slice(0, Number(values.list))) {
  console.log(`${result.id}\n${result.differences.slice(0, 8).map((line) => `  ${line}`).join('\n')}`);
}
for (const note of report.notes ?? []) console.log(note);
const total = report.total ?? report.cases.length;
const agree = report.agree ?? total - differing.length;
console.log(`${name}: ${agree} of ${total} agree (${total === 0 ? '0.0' : ((100 * agree) / total).toFixed(1)} %)`);
process.exit(agree === total && total > 0 ? 0 : 1);
