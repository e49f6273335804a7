// `kubesim conformance`: runs the suites of conformance against the cluster of a kubeconfig, and prints what each case came to.
import { setTimeout } from 'node:timers/promises';
import { deploymentConformance, replicaSetConformance, replicationControllerConformance, statefulSetConformance, type ConformanceCase, type ControlPlaneClient } from '@kubesim/testing';
import { UsageError } from 'kubesim';
import { KubeconfigRequests, readKubeconfig } from './kubeconfig.ts';
import { readSpeed } from './speed.ts';

/** Options of the command. */
export interface ConformanceCommand {
  readonly kubeconfig: string;
  readonly context?: string;
  /** How the server's time runs, as given to `kubesim serve`; 1x is a real cluster. */
  readonly speed: string;
  /** Kinds, separated by commas; all without it. */
  readonly suite?: string;
}

const SUITES: Readonly<Record<string, readonly ConformanceCase[]>> = {
  statefulset: statefulSetConformance, deployment: deploymentConformance, replicaset: replicaSetConformance, replicationcontroller: replicationControllerConformance,
};
/** At `max` the server has come to rest long before that, and most waits are for nothing. */
const MAX_WAIT_MS = 20;

/** Runs the command; answers whether every case held. Throws UsageError for options that mean nothing. */
export async function runConformance(options: ConformanceCommand, log: (line: string) => void): Promise<boolean> {
  const suites = suitesOf(options.suite);
  const speed = readSpeed(options.speed);
  const requests = new KubeconfigRequests(readKubeconfig(options.kubeconfig, options.context));
  const client: ControlPlaneClient = {
    request: (method, path, body, contentType) => requests.send(method, path, body, contentType),
    advance: async (ms) => {
      if (speed !== 'step') await setTimeout(speed === 'max' ? MAX_WAIT_MS : ms / speed);
      else expectMoved(await requests.send('POST', '/kubesim/idle', { for: `${ms}ms` }));
    },
  };
  let count = 0;
  let held = 0;
  try {
    for (const [suite, cases] of suites) {
      for (const { name, run } of cases) {
        count++;
        const failure = await run(client).then(() => undefined, (error: unknown) => error as Error);
        if (failure === undefined) held++;
        log(`${failure === undefined ? 'holds' : 'FAILS'}  ${suite}: ${name}${failure === undefined ? '' : `: ${failure.message}`}`);
      }
    }
  } finally {
    requests.close();
  }
  log(`${held} of ${count} cases hold`);
  return held === count;
}

function expectMoved({ status, body }: { readonly status: number; readonly body: unknown }): void {
  if (status !== 200) throw new UsageError(`--speed step: the server does not let its time be moved: ${JSON.stringify(body)}`);
}

function suitesOf(names: string | undefined): readonly (readonly [name: string, cases: readonly ConformanceCase[]])[] {
  const chosen = names?.split(',').map((name) => name.trim().toLowerCase()) ?? Object.keys(SUITES);
  const unknown = chosen.find((name) => SUITES[name] === undefined);
  if (unknown !== undefined) throw new UsageError(`--suite: '${unknown}' is none of ${Object.keys(SUITES).join(', ')}`);
  return chosen.map((name) => [name, SUITES[name] as readonly ConformanceCase[]]);
}
