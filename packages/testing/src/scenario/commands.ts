// What the commands of a scenario do to a cluster, and how they read.
import { ApiError, KubectlFailed, UsageError, WaitTimeout, type Cluster } from 'kubesim';
import { podOf } from '../faults/targets.ts';
import { imageOf, manifestOf, prerequisitesOf } from './manifests.ts';
import { describePlace } from '../faults/fault.ts';
import type { Command } from './scenario.ts';

const SETTLE_MAX = '10m';

/** Does one command. What the API server refuses, or what has no object to be done to, is passed over: people err too. @public */
export function doCommand(cluster: Cluster, command: Command): void {
  try {
    carryOut(cluster, command);
  } catch (error) {
    if (!(error instanceof ApiError || error instanceof KubectlFailed || error instanceof WaitTimeout || (error instanceof UsageError && command.do === 'setImage'))) throw error;
  }
}

function carryOut(cluster: Cluster, command: Command): void {
  switch (command.do) {
    case 'scale':
      cluster.scale(command.target, command.replicas);
      return;
    case 'setImage':
      cluster.setImage(command.target, { main: imageOf(command.version) });
      return;
    case 'partition':
      cluster.patch(command.target, { spec: { updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: command.partition } } } });
      return;
    case 'rollback':
      cluster.kubectl(`rollout undo ${command.target}`);
      return;
    case 'pause': case 'unpause':
      cluster.patch(command.target, { spec: { paused: command.do === 'pause' } }, { type: 'merge' });
      return;
    case 'patch':
      cluster.patch(command.target, command.patch, { type: 'merge' });
      return;
    case 'deletePod': {
      const pod = podOf(cluster, command.of, command.nth);
      if (pod !== undefined) cluster.delete(`pod/${pod}`, command.force === true ? { gracePeriodSeconds: 0 } : {});
      return;
    }
    case 'evict': {
      const pod = podOf(cluster, command.of, command.nth);
      if (pod !== undefined) cluster.call({ verb: 'create', resource: 'pods', subresource: 'eviction', namespace: 'default', name: pod, object: { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: pod, namespace: 'default' } } });
      return;
    }
    case 'delete':
      cluster.delete(command.target, { cascade: command.cascade ?? 'background' });
      return;
    case 'create':
      for (const object of prerequisitesOf(command.object)) cluster.apply(JSON.stringify(object));
      cluster.create(JSON.stringify(manifestOf(command.object)));
      return;
    case 'cordon':
      cluster.cordon(command.node);
      return;
    case 'uncordon':
      cluster.uncordon(command.node);
      return;
    case 'deleteNode':
      cluster.delete(`node/${command.node}`);
      return;
    case 'settle':
      cluster.settle({ within: SETTLE_MAX });
  }
}

/** A command as a line that people read. @public */
export function describeCommand(command: Command): string {
  const wait = `${command.waitMs === 0 ? '' : `after ${command.waitMs} ms`}${command.place === undefined ? '' : `${command.waitMs === 0 ? '' : ', '}${describePlace(command.place)}`}`.replace(/.+/, '$&: ');
  switch (command.do) {
    case 'scale': return `${wait}scale ${command.target} to ${command.replicas}`;
    case 'setImage': return `${wait}set the image of ${command.target} to ${imageOf(command.version)}${command.version === 0 ? ', which cannot be pulled' : ''}`;
    case 'partition': return `${wait}set the partition of ${command.target} to ${command.partition}`;
    case 'rollback': return `${wait}undo the rollout of ${command.target}`;
    case 'pause': case 'unpause': return `${wait}${command.do} ${command.target}`;
    case 'patch': return `${wait}patch ${command.target} with ${JSON.stringify(command.patch)}`;
    case 'deletePod': return `${wait}delete pod ${command.nth} of ${command.of}${command.force === true ? ' by force' : ''}`;
    case 'evict': return `${wait}evict pod ${command.nth} of ${command.of}`;
    case 'delete': return `${wait}delete ${command.target}${command.cascade === undefined || command.cascade === 'background' ? '' : ` (${command.cascade})`}`;
    case 'create': return `${wait}create ${command.object.kind === 'Manifest' ? `${command.object.object.kind ?? ''} ${command.object.object.metadata.name ?? ''}` : `${command.object.kind} ${command.object.name}`}`;
    case 'cordon': case 'uncordon': return `${wait}${command.do} ${command.node}`;
    case 'deleteNode': return `${wait}delete node ${command.node}`;
    case 'settle': return `${wait}wait until all is at rest`;
  }
}
