// Builds and packs every published package and checks the tarballs: publint, and that types resolve from ESM and CJS.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
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
} catch (error) {
  console.error(error.stdout ?? error.message);
  process.exitCode = 1;
} finally {
  if (process.argv[2] === undefined) rmSync(folder, { recursive: true, force: true });
}
