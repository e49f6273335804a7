// Builds and packs every published package and checks the tarballs: publint, that types resolve from ESM and CJS, that
// `kubesim` works from both once it is installed into an empty folder, and that the tests of examples/vitest pass there, types included.
import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const published = ['kernel', 'api', 'apiserver', 'client', 'controllers', 'scheduler', 'kubelet', 'kubectl', 'kubesim', 'testing', 'http', 'cli'];
const root = new URL('..', import.meta.url).pathname;
const folder = process.argv[2] ?? mkdtempSync(join(tmpdir(), 'kubesim-pack-'));
const bin = (name) => join(root, 'node_modules', '.bin', name);
const execute = promisify(execFile);
const run = async (command, args, cwd) => (await execute(command, args, { cwd, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 })).stdout;

/** Does something for each item, as many at a time as there are cores. */
async function each(items, work) {
  const left = [...items];
  await Promise.all(Array.from({ length: Math.max(2, availableParallelism()) }, async () => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await work(item);
  }));
}

try {
  // Packing goes by way of npx once, not once a package: pnpm's own start is a second.
  await each(published, (name) => run(bin('tsup'), ['--silent'], join(root, 'packages', name)));
  await run('npx', ['-y', 'pnpm@10.34.9', '-r', ...published.flatMap((name) => ['--filter', `./packages/${name}`]), 'exec', 'pnpm', 'pack', '--pack-destination', folder], root);
  const tarballs = readdirSync(folder).filter((file) => file.endsWith('.tgz')).sort();
  if (tarballs.length !== published.length) throw new Error(`packed ${tarballs.length} of ${published.length} packages`);
  await each(tarballs, async (tarball) => {
    await run(bin('publint'), ['--strict', join(folder, tarball)], root);
    await run(bin('attw'), ['--no-emoji', join(folder, tarball)], root);
    console.log(`${tarball}: sound`);
  });
  const empty = mkdtempSync(join(tmpdir(), 'kubesim-install-'));
  const { '@kubesim/testing': _testing, ...devDependencies } = JSON.parse(readFileSync(join(root, 'examples/vitest/package.json'), 'utf8')).devDependencies;
  writeFileSync(join(empty, 'package.json'), JSON.stringify({ private: true, type: 'module', devDependencies }));
  const needed = tarballs.filter((file) => !/-(http|cli)-/.test(file)).map((file) => join(folder, file));
  await run('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', '--silent', ...needed], empty);
  const use = "const cluster = new Cluster({ nodes: 1 }); cluster.kubectl('create deployment web --image=nginx'); cluster.settle(); console.log(cluster.list('pods').length);";
  writeFileSync(join(empty, 'esm.mjs'), `import { Cluster } from 'kubesim'; ${use}`);
  writeFileSync(join(empty, 'cjs.cjs'), `const { Cluster } = require('kubesim'); ${use}`);
  for (const file of ['esm.mjs', 'cjs.cjs']) {
    const printed = (await run('node', [file], empty)).trim();
    if (printed !== '1') throw new Error(`installed kubesim, ${file}: expected 1 pod, found ${printed}`);
    console.log(`installed kubesim, ${file}: works`);
  }
  cpSync(join(root, 'examples/vitest/test'), join(empty, 'test'), { recursive: true });
  const compilerOptions = { noEmit: true, strict: true, target: 'es2022', module: 'esnext', moduleResolution: 'bundler', skipLibCheck: true, types: [] };
  writeFileSync(join(empty, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['test'] }));
  await Promise.all([
    run(join(empty, 'node_modules/.bin/vitest'), ['run', '--root', empty], empty),
    run(bin('tsc'), ['-p', empty], empty),
  ]);
  console.log('installed kubesim, examples/vitest: passes, with its types');
  rmSync(empty, { recursive: true, force: true });
} catch (error) {
  console.error(`${error.stdout ?? ''}${error.stderr ?? ''}` || error.message);
  process.exitCode = 1;
} finally {
  if (process.argv[2] === undefined) rmSync(folder, { recursive: true, force: true });
}
