// Builds and packs every published package and checks the tarballs: publint, that types resolve from ESM and CJS, and that
// `kubesim` works from both once it is installed into an empty folder.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const published = ['kernel', 'api', 'apiserver', 'client', 'controllers', 'scheduler', 'kubelet', 'kubectl', 'kubesim', 'testing', 'http', 'cli'];
const root = new URL('..', import.meta.url).pathname;
const folder = process.argv[2] ?? mkdtempSync(join(tmpdir(), 'kubesim-pack-'));
const run = (command, args, cwd) => execFileSync(command, args, { cwd, stdio: ['ignore', 'pipe', 'inherit'], encoding: 'utf8' });

try {
  for (const name of published) {
    const cwd = join(root, 'packages', name);
    run('npx', ['tsup', '--silent'], cwd);
    run('npx', ['-y', 'pnpm@10.34.9', 'pack', '--pack-destination', folder], cwd);
  }
  for (const tarball of readdirSync(folder).filter((file) => file.endsWith('.tgz')).sort()) {
    run('npx', ['publint', '--strict', join(folder, tarball)], root);
    run('npx', ['attw', '--no-emoji', join(folder, tarball)], root);
    console.log(`${tarball}: sound`);
  }
  const empty = mkdtempSync(join(tmpdir(), 'kubesim-install-'));
  writeFileSync(join(empty, 'package.json'), '{"private":true}');
  const needed = readdirSync(folder).filter((file) => file.endsWith('.tgz') && !/-(http|cli|testing)-/.test(file)).map((file) => join(folder, file));
  run('npm', ['install', '--no-audit', '--no-fund', '--silent', ...needed], empty);
  const use = "const cluster = new Cluster({ nodes: 1 }); cluster.kubectl('create deployment web --image=nginx'); cluster.settle(); console.log(cluster.list('pods').length);";
  writeFileSync(join(empty, 'esm.mjs'), `import { Cluster } from 'kubesim'; ${use}`);
  writeFileSync(join(empty, 'cjs.cjs'), `const { Cluster } = require('kubesim'); ${use}`);
  for (const file of ['esm.mjs', 'cjs.cjs']) {
    const printed = run('node', [file], empty).trim();
    if (printed !== '1') throw new Error(`installed kubesim, ${file}: expected 1 pod, found ${printed}`);
    console.log(`installed kubesim, ${file}: works`);
  }
  rmSync(empty, { recursive: true, force: true });
} catch (error) {
  console.error(error.stdout ?? error.message);
  process.exitCode = 1;
} finally {
  if (process.argv[2] === undefined) rmSync(folder, { recursive: true, force: true });
}
