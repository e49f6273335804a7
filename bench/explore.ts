// The explorer over the three-replica set, on the whole product. JSON lines: distinct states a second of CPU while a rolling update
// meets the deletion of a pod, bare and with every StatefulSet invariant; and the exhaustive case, with them: a rolling update × a scale or a deletion × a crash at every point × a cache that lags
// from every point to every point, with its certificate.
// usage: node --max-semi-space-size=64 --conditions=source --import tsx bench/explore.ts [states] [deviations of the exhaustive case, or 'none' to leave it out]
import { explore, statefulSetInvariants, type Command, type Exploration, type Scenario } from '@kubesim/testing';
import { Cluster } from 'kubesim';

const maxStates = Number(process.argv[2] ?? 1_000_000);
const deviations = process.argv[3] ?? '0';
const MANAGER = 'kube-controller-manager';
const WITHOUT = ['endpoint-controller', 'endpoint-slice-controller', 'root-ca-certificate-publisher-controller'];

function updating(): Cluster {
  const cluster = new Cluster({ nodes: 1, seed: 1, events: false, timing: 'instant', withoutControllers: WITHOUT });
  cluster.apply(JSON.stringify({
    apiVersion: 'apps/v1', kind: 'StatefulSet', metadata: { name: 'web' },
    spec: { serviceName: 'web', replicas: 3, selector: { matchLabels: { app: 'web' } }, template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'main', image: 'app:1' }] } } },
  }));
  cluster.settle();
  cluster.setImage('statefulset/web', { main: 'app:2' });
  return cluster;
}

function measure(bench: string, run: () => Exploration): void {
  const start = process.cpuUsage();
  const { violation, certificate, states, edges, depth, finals, budgets, exhausted, run: stepsRun } = run();
  const { user, system } = process.cpuUsage(start);
  const seconds = (user + system) / 1e6;
  const claim = certificate === undefined ? undefined : { ...certificate, fingerprint: certificate.fingerprint.length };
  console.log(JSON.stringify({ bench, states, edges, depth, finals, budgets, exhausted, run: stepsRun, violation: violation?.message, seconds: Math.round(seconds * 10) / 10, statesPerSecond: Math.round(states / seconds), certificate: claim }));
}

const deleting = updating();
deleting.delete('pod/web-0');
measure('explore', () => explore(deleting.kernel.seal(), { maxStates }));
measure('explore with invariants', () => explore(deleting.kernel.seal(), { maxStates, monitors: statefulSetInvariants }));

/** As a scenario, so that the invariants have seen the commands. The faults come from there on. */
function exhaustive(second: Command): Exploration {
  const scenario: Scenario = {
    seed: 1, kubernetes: '1.37', nodes: [{}], objects: [{ kind: 'StatefulSet', name: 'web', replicas: 3, pod: { version: 1 } }],
    workload: [{ waitMs: 0, do: 'settle' }, { waitMs: 0, do: 'setImage', target: 'statefulset/web', version: 2 }, second], faults: [], choices: { mode: 'fifo' },
  };
  return explore(scenario, {
    properties: statefulSetInvariants, cluster: { timing: 'instant', withoutControllers: WITHOUT }, maxStates: 20_000_000,
    bounds: {
      from: 3, deviations: deviations === 'Infinity' ? Infinity : Number(deviations), budgets: { crashes: 1, lags: 1 },
      faults: [{ fault: 'crash', process: MANAGER, forMs: 0, budget: 'crashes' }, { fault: 'freeze', process: MANAGER, resource: 'pods', forMs: 20, budget: 'lags' }],
    },
  });
}

if (deviations !== 'none') {
  measure('exhaust scale', () => exhaustive({ waitMs: 0, do: 'scale', target: 'statefulset/web', replicas: 2 }));
  measure('exhaust delete', () => exhaustive({ waitMs: 0, do: 'deletePod', of: 'web', nth: 1 }));
}
