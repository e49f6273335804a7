// A ReplicationController seen as a ReplicaSet, and back. Upstream: pkg/controller/replication/conversion.go (1.37).
import { memoizeFrozen, type KubeObject, type ReplicaSet, type ReplicationController } from '@kubesim/api';

/** The ReplicaSet that stands for a ReplicationController; the same one for as long as the object is the same. @internal */
export const asReplicaSet: (controller: ReplicationController) => ReplicaSet = memoizeFrozen((controller: ReplicationController): ReplicaSet => {
  const { selector, ...spec } = controller.spec;
  return { ...controller, apiVersion: 'apps/v1', kind: 'ReplicaSet', spec: { ...spec, selector: { matchLabels: selector ?? {} } } } as unknown as ReplicaSet;
});

/** The ReplicationController that a ReplicaSet stands for. @internal */
export function asReplicationController(set: KubeObject): KubeObject {
  const { selector, ...spec } = set['spec'] as ReplicaSet['spec'];
  return { ...set, apiVersion: 'v1', kind: 'ReplicationController', spec: { ...spec, selector: selector.matchLabels } };
}
