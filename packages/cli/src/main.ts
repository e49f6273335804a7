#!/usr/bin/env node
// The kubesim command: serve a cluster to real clients, run, replay, draw, explore, and check what a real cluster did.
import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { Cluster, type Recording } from 'kubesim';
import { runConformance, type ConformanceCommand } from './conformance.ts';
import { exploreFile, type ExploreCommand } from './explore.ts';
import { checkTraceFile, runFile, timelineFile } from './runs.ts';
import { serve, type ServeFlags } from './serve.ts';

const program = new Command('kubesim').description('A Kubernetes control plane that lives inside a process.');

program.command('serve')
  .description('serve a cluster over HTTP to kubectl and other clients')
  .option('--port <port>', 'port to listen on; 0 for any free one', '0')
  .option('--host <address>', 'address to listen on', '127.0.0.1')
  .option('--nodes <count>', 'how many nodes', '3')
  .option('--seed <seed>', 'seed of every random stream and name', '1')
  .option('--speed <speed>', "virtual seconds a second ('1x', '60x'), 'max', or 'step': time moves when a client is idle", '1x')
  .option('--quiet <duration>', "with --speed step: time moves after so long without a request, such as '50ms'")
  .option('--token <token>', 'bearer token that clients must send')
  .option('--kubernetes <release>', 'release to simulate, such as 1.37')
  .option('--timing <timing>', "'default' latencies, or 'instant'")
  .option('--authorization <mode>', "'AlwaysAllow' or 'RBAC'")
  .option('--start <instant>', 'when virtual time begins; now without it, with --speed step a constant')
  .option('--state <file>', 'load the cluster from this file if it exists, and save it there at the end')
  .option('--record <file>', 'record the run there, for kubesim replay')
  .option('--requests <file>', 'record the requests there; if the file exists, say at the end whether they recurred')
  .option('--kubeconfig <file>', 'where to write the kubeconfig; a folder of its own without it')
  .action(async (flags: ServeFlags) => {
    const serving = await serve(flags);
    console.log(serving.greeting);
    let isStopping = false;
    const stop = (): void => {
      // Whoever asks twice does not want to wait.
      if (isStopping) process.exit(1);
      isStopping = true;
      serving.stop().then(({ said, isSame }) => {
        for (const line of said) console.log(line);
        process.exit(isSame ? 0 : 1);
      }, fail);
    };
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, stop);
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
  .option('--check <path>', 'check such a certificate instead, by steps of a plain machine')
  .action((file: string, options: ExploreCommand) => {
    process.exitCode = exploreFile(file, options, (line) => { console.log(line); }) ? 0 : 1;
  });

program.command('run <scenario>')
  .description('run a scenario under all invariants, and say what does not hold')
  .action((file: string) => { process.exitCode = runFile(file, (line) => { console.log(line); }) ? 0 : 1; });

program.command('timeline <file>')
  .description('print what happened in a recorded run or a scenario')
  .option('--format <format>', "'text' for a terminal, 'svg', 'html', or 'trace' for Perfetto", 'text')
  .action((file: string, { format }: { readonly format: string }) => { console.log(timelineFile(file, format)); });

program.command('check-trace <events>')
  .description('check recorded watch events of a real cluster: a JSON array, or one event a line')
  .action((file: string) => { process.exitCode = checkTraceFile(file, (line) => { console.log(line); }) ? 0 : 1; });

program.command('conformance')
  .description("run upstream's [Conformance] behaviours of StatefulSets, Deployments, ReplicaSets and ReplicationControllers against a cluster, in namespaces of their own")
  .requiredOption('--kubeconfig <file>', 'the cluster, and who asks')
  .option('--context <name>', 'a context of the kubeconfig; the current one without it')
  .option('--speed <speed>', "how fast time runs there, as given to kubesim serve: '60x', 'max' or 'step'", '1x')
  .option('--suite <kinds>', 'some of statefulset, deployment, replicaset, replicationcontroller, separated by commas')
  .action(async (options: ConformanceCommand) => { process.exitCode = await runConformance(options, (line) => { console.log(line); }) ? 0 : 1; });

function fail(error: unknown): void {
  console.error(`kubesim: ${(error as Error).message}`);
  process.exit(1);
}

program.parseAsync().catch(fail);
