// What `import 'kubesim'` costs a cold process: CPU time above that of an empty one, the median of several. Needs a build.
// usage: pnpm build && node bench/import.mjs [processes]
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const processes = Number(process.argv[2] ?? 11);
const entry = fileURLToPath(new URL('../packages/kubesim/dist/index.js', import.meta.url));

function cpuMs(code) {
  const text = execFileSync(process.execPath, ['--input-type=module', '-e', `${code}; const { user, system } = process.cpuUsage(); console.log((user + system) / 1000)`], { encoding: 'utf8' });
  return Number(text);
}

function median(code) {
  return Array.from({ length: processes }, () => cpuMs(code)).sort((a, b) => a - b)[processes >> 1];
}

const empty = median('0');
const imported = median(`await import(${JSON.stringify(entry)})`);
console.log(JSON.stringify({ bench: 'import', processes, importMs: Math.round(imported - empty), emptyProcessMs: Math.round(empty) }));
