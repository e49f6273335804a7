// What goes with a CustomResourceDefinition: its objects. Upstream: apiextensions-apiserver/pkg/controller/finalizer (1.37), which
// keeps the definition, Terminating, until the last object is gone; here they go at once, whatever finalizers they have.
import { resourceName, customResourceKinds, type CustomResourceDefinition, type KubeObject, type ResourceName } from '@kubesim/api';
import type { Scope, ServerContext } from '../server.ts';

/** Removes the objects of a definition that is about to go; nothing for other kinds. @internal */
export function removeInstances(context: ServerContext, scope: Scope, definition: KubeObject): void {
  if (scope.resource !== 'customresourcedefinitions.apiextensions.k8s.io') return;
  const resources = new Set<ResourceName>(customResourceKinds(definition as CustomResourceDefinition & KubeObject).map(resourceName));
  for (const resource of resources) {
    for (const object of [...context.storage.list(resource)]) {
      const { name = '', namespace } = object.metadata;
      const last = { ...object, metadata: { ...object.metadata, resourceVersion: context.nextVersion(resource) } };
      context.storage.remove(resource, namespace === undefined ? name : `${namespace}/${name}`, last);
    }
  }
}
