// The owner reference by which a controller holds what it manages.
// Upstream: staging/src/k8s.io/apimachinery/pkg/apis/meta/v1/controller_ref.go (1.37).
import type { KubeObject, OwnerReference } from '@kubesim/api';

/** A kind as owner references name it. @public */
export interface ControllerKind {
  readonly apiVersion: string;
  readonly kind: string;
}

/** The reference marked as controller, if there is one. @public */
export function controllerOf(object: KubeObject): OwnerReference | undefined {
  const references = object.metadata.ownerReferences;
  if (references === undefined) return undefined;
  for (const reference of references) if (reference.controller === true) return reference;
  return undefined;
}

/** A reference by which `owner` holds an object as its controller. @public */
export function newControllerRef(owner: KubeObject, kind: ControllerKind): OwnerReference {
  return {
    apiVersion: kind.apiVersion,
    kind: kind.kind,
    name: owner.metadata.name ?? '',
    uid: owner.metadata.uid ?? '',
    controller: true,
    blockOwnerDeletion: true,
  };
}
