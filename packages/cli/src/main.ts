#!/usr/bin/env node
// The kubesim command: serve a cluster to real clients, replay a recorded run, or explore.
import { readFileSync, writeFileSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { serveCluster } from '@kubesim/http';
import { Cluster, type Recording } from 'kubesim';
import { exploreFile, type ExploreCommand } from './explore.ts';
import { readSpeed } from './speed.ts';

const program = new Command('kubesim').description('A Kubernetes control plane that lives inside a process.');

program.command('serve')
  .description('serve a cluster over HTTP to kubectl and other clients')
  .option('--port <port>', 'port to listen on', '0')
  .option('--nodes <count>', 'how many nodes', '3')
  .option('--seed <seed>', 'seed of every random stream and name', '1')
  .option('--speed <speed>', "virtual seconds a second ('1x', '60x'), 'max' or 'step'", '1x')
  .option('--token <token>', 'bearer token that clients must send')
  .action(async (options: { port: string; nodes: string; seed: string; speed: string; token?: string }) => {
    const cluster = new Cluster({ nodes: Number(options.nodes), seed: Number(options.seed) });
    const server = await serveCluster(cluster, { port: Number(options.port), speed: readSpeed(options.speed), token: options.token });
    const kubeconfig = join(mkdtempSync(join(tmpdir(), 'kubesim-')), 'kubeconfig');
    writeFileSync(kubeconfig, JSON.stringify({
      apiVersion: 'v1', kind: 'Config', 'current-context': 'kubesim', clusters: [{ name: 'kubesim', cluster: { server: server.url, 'insecure-skip-tls-verify': true } }],
      users: [{ name: 'kubesim', user: options.token === undefined ? {} : { token: options.token } }], contexts: [{ name: 'kubesim', context: { cluster: 'kubesim', user: 'kubesim' } }],
    }));
    console.log(`kubesim serves ${server.url}\n\n  export KUBECONFIG=${kubeconfig}\n  kubectl get nodes\n  kubectl get pods -w\n`);
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => { void server.close().then(() => process.exit(0)); });
  });

program.command('replay <recording>')
  .description('make a recorded run again and say whether it came out the same')
  .action((file: string) => {
    const recording = JSON.parse(readFileSync(file, 'utf8')) as Recording;
    const cluster = Cluster.replay(recording);
    const isSame = cluster.digest === recording.digest;
    console.log(isSame ? `replayed: ${cluster.steps} steps, digest ${cluster.digest}` : `differs: digest ${cluster.digest} where ${recording.digest} was recorded`);
    process.exitCode = isSame ? 0 : 1;
  });

program.command('explore <file>')
  .description('try every order of events, and faults at every point, within the bounds of a file')
  .option('--shard <k/n>', 'one part of n that together cover the space')
  .option('--states <count>', 'pause after so many further distinct states')
  .option('--state <path>', 'where a paused exploration is kept, and goes on from')
  .option('--certificate <path>', 'where to write that the space was exhausted')
  .action((file: string, options: ExploreCommand) => {
    process.exitCode = exploreFile(file, options, (line) => { console.log(line); }) ? 0 : 1;
  });

program.parseAsync().catch((error: unknown) => {
  console.error(`kubesim: ${(error as Error).message}`);
  process.exitCode = 1;
});
