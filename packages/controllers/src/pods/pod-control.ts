// Making and deleting the pods of a controller, with the Events that go with it.
// Upstream: RealPodControl and GetPodFromTemplate in pkg/controller/controller_utils.go (1.37).
import type { KubeObject, OwnerReference, Pod, PodTemplateSpec } from '@kubesim/api';
import { apiError, isNamespaceTerminating, isNotFound, type Calling, type ReconcileContext, type ReconcileError } from '@kubesim/client';

const NAME_LENGTH_MAX = 253;

/** The pod that a template makes for an owner: no name yet, and its namespace only in the call. @internal */
export function podFromTemplate(owner: KubeObject, template: PodTemplateSpec, reference: OwnerReference): Pod {
  const { labels, annotations, finalizers } = template.metadata ?? {};
  const name = owner.metadata.name ?? '';
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      generateName: name.length < NAME_LENGTH_MAX ? `${name}-` : name,
      ...(labels === undefined ? {} : { labels }),
      ...(annotations === undefined ? {} : { annotations }),
      ...(finalizers === undefined ? {} : { finalizers }),
      ownerReferences: [reference],
    },
    spec: template.spec,
  } as unknown as Pod;
}

/** What came of a creation: the pod, or why there is none. `isExcused`: the namespace is going, so nobody is to be alarmed. @internal */
export interface PodCreation {
  readonly error?: ReconcileError;
  readonly isExcused: boolean;
}

/** Creates a pod for its owner and records that it did, or why it could not. @internal */
export function* createPod(context: ReconcileContext, owner: KubeObject, pod: Pod): Calling<PodCreation> {
  const reply = yield { verb: 'create', resource: 'pods', namespace: owner.metadata.namespace, object: pod };
  if (reply.ok) {
    context.event({ about: owner, type: 'Normal', reason: 'SuccessfulCreate', message: `Created pod: ${reply.object.metadata.name ?? ''}` });
    return { isExcused: false };
  }
  const error = apiError(reply.status);
  const isExcused = isNamespaceTerminating(reply.status);
  if (!isExcused) context.event({ about: owner, type: 'Warning', reason: 'FailedCreate', message: `Error creating: ${error.message}` });
  return { error, isExcused };
}

/** Deletes a pod of an owner with its own grace period, and records that it did, or why it could not. @internal */
export function* deletePod(context: ReconcileContext, owner: KubeObject, name: string): Calling<ReconcileError | undefined> {
  const reply = yield { verb: 'delete', resource: 'pods', namespace: owner.metadata.namespace, name };
  if (reply.ok) {
    context.event({ about: owner, type: 'Normal', reason: 'SuccessfulDelete', message: `Deleted pod: ${name}` });
    return undefined;
  }
  const error = apiError(reply.status);
  if (isNotFound(error)) return error;
  context.event({ about: owner, type: 'Warning', reason: 'FailedDelete', message: `Error deleting: ${error.message}` });
  return { message: `unable to delete pods: ${error.message}`, reason: error.reason };
}
