// Which pods still count for their controller. Upstream: IsPodActive, IsPodTerminating in pkg/controller/controller_utils.go (1.37).
import type { KubeObject, Pod } from '@kubesim/api';

/** The pod has ended and will not run again. @internal */
export function isPodTerminal(pod: Pod): boolean {
  return pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
}

/** The pod has not ended and nobody has asked for its end. @internal */
export function isPodActive(pod: Pod): boolean {
  return !isPodTerminal(pod) && pod.metadata.deletionTimestamp === undefined;
}

/** The pod was asked to end and has not ended yet. @internal */
export function isPodTerminating(pod: Pod): boolean {
  return !isPodTerminal(pod) && pod.metadata.deletionTimestamp !== undefined;
}

/** `namespace/name`: the key under which queues and expectations know an object. @internal */
export function keyOf(object: KubeObject): string {
  return `${object.metadata.namespace ?? ''}/${object.metadata.name ?? ''}`;
}
