// A scenario as a value: a set, what people do to it, faults, and how choices are made. All integers and plain data.
import { deviationArbiter, fifoArbiter, pctArbiter, randomArbiter, type ArbiterState, type Deviation } from '@kubesim/kernel';
import { Cluster, type ClusterOptions } from 'kubesim';

/** A StatefulSet to start from. @public */
export interface SetSpec {
  readonly replicas: number;
  readonly podManagementPolicy: 'OrderedReady' | 'Parallel';
  readonly partition: number;
  readonly claims: boolean;
  readonly minReadySeconds: number;
}

/** One thing done to the cluster. @public */
export type Command =
  | { readonly do: 'scale'; readonly replicas: number }
  | { readonly do: 'image'; readonly version: number }
  | { readonly do: 'partition'; readonly partition: number }
  | { readonly do: 'deletePod'; readonly ordinal: number; readonly force: boolean }
  | { readonly do: 'run'; readonly ms: number }
  | { readonly do: 'crashManager' }
  | { readonly do: 'apiError'; readonly verb: 'create' | 'update' | 'delete'; readonly resource: 'pods' | 'statefulsets.apps' | 'persistentvolumeclaims'; readonly after: boolean; readonly times: number }
  | { readonly do: 'freeze'; readonly resource: 'pods' | 'statefulsets.apps' | 'persistentvolumeclaims'; readonly ms: number }
  | { readonly do: 'relist'; readonly resource: 'pods' | 'statefulsets.apps' };

/** How the next of several due things is picked. @public */
export type Choices =
  | { readonly mode: 'fifo' }
  | { readonly mode: 'random'; readonly seed: number }
  | { readonly mode: 'pct'; readonly seed: number; readonly depth: number }
  | { readonly mode: 'deviations'; readonly deviations: readonly Deviation[] };

/** A whole scenario. @public */
export interface Scenario {
  readonly seed: number;
  readonly set: SetSpec;
  readonly commands: readonly Command[];
  readonly choices: Choices;
  readonly kubernetes: NonNullable<ClusterOptions['kubernetes']>;
}

const MANAGER = 'kube-controller-manager';
const PCT_HORIZON = 2_000;

/** The manifest of a scenario's set. @internal */
export function manifestOf(set: SetSpec): string {
  return JSON.stringify({
    apiVersion: 'apps/v1', kind: 'StatefulSet', metadata: { name: 'web' },
    spec: {
      serviceName: 'web', replicas: set.replicas, podManagementPolicy: set.podManagementPolicy, minReadySeconds: set.minReadySeconds, selector: { matchLabels: { app: 'web' } },
      updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: set.partition } },
      template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'main', image: 'app:1' }] } },
      ...(set.claims ? { volumeClaimTemplates: [{ metadata: { name: 'data' }, spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } }] } : {}),
    },
  });
}

function arbiterOf(choices: Choices): ArbiterState {
  switch (choices.mode) {
    case 'fifo': return fifoArbiter;
    case 'random': return randomArbiter(choices.seed, { deferrals: 3 });
    case 'pct': return pctArbiter(choices.seed, choices.depth, PCT_HORIZON);
    case 'deviations': return deviationArbiter(choices.deviations);
  }
}

/** A cluster at the start of a scenario: the set is applied, nothing has run. @public */
export function startScenario(scenario: Scenario): Cluster {
  const cluster = new Cluster({ seed: scenario.seed, nodes: 3, kubernetes: scenario.kubernetes, events: false });
  cluster.useArbiter(arbiterOf(scenario.choices)).record();
  cluster.apply(manifestOf(scenario.set));
  return cluster;
}

/** Does one command. What cannot be done (a pod that is not there) is passed over. @public */
export function doCommand(cluster: Cluster, command: Command): void {
  switch (command.do) {
    case 'scale':
      cluster.scale('statefulset/web', command.replicas);
      return;
    case 'image':
      cluster.setImage('statefulset/web', { main: `app:${command.version}` });
      return;
    case 'partition':
      cluster.patch('statefulset/web', { spec: { updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: command.partition } } } });
      return;
    case 'deletePod':
      if (cluster.get(`pod/web-${command.ordinal}`) !== undefined) cluster.delete(`pod/web-${command.ordinal}`, command.force ? { gracePeriodSeconds: 0 } : {});
      return;
    case 'run':
      cluster.run({ for: command.ms });
      return;
    case 'crashManager':
      cluster.faults.restart(MANAGER);
      return;
    case 'apiError':
      cluster.faults.api({ process: MANAGER, verb: command.verb, resource: command.resource, error: command.verb === 'update' ? 'conflict' : 'timeout', when: command.after ? 'after' : 'before', times: command.times });
      return;
    case 'freeze':
      cluster.faults.freezeCache(MANAGER, command.resource);
      cluster.run({ for: command.ms });
      cluster.faults.thawCache(MANAGER, command.resource);
      return;
    case 'relist':
      cluster.faults.relist(MANAGER, command.resource);
  }
}

/** A command as a line that people read. @public */
export function describeCommand(command: Command): string {
  switch (command.do) {
    case 'scale': return `scale web to ${command.replicas}`;
    case 'image': return `set its image to app:${command.version}`;
    case 'partition': return `set its partition to ${command.partition}`;
    case 'deletePod': return `delete pod web-${command.ordinal}${command.force ? ' by force' : ''}`;
    case 'run': return `let ${command.ms} ms pass`;
    case 'crashManager': return 'crash and restart the controller manager';
    case 'apiError': return `${command.times} × ${command.verb} of ${command.resource} fails ${command.after ? 'after it took effect' : 'before it takes effect'}`;
    case 'freeze': return `freeze the manager's cache of ${command.resource} for ${command.ms} ms`;
    case 'relist': return `the manager loses its watch of ${command.resource}`;
  }
}
