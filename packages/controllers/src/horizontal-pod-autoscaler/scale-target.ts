// From the reference to a scale target to the resource whose scale subresource is read and written. Built-in kinds come from
// the scheme, custom ones from their definitions.
import { builtInScheme, resourceName, type CustomResourceDefinition, type ResourceName } from '@kubesim/api';
import type { HandlerContext } from '@kubesim/client';

/** Resource of the definitions of custom kinds. @internal */
export const DEFINITIONS: ResourceName = 'customresourcedefinitions.apiextensions.k8s.io';

/** [HPA3] The resource of a kind, whatever its version. An error says that there is none, as upstream's REST mapper words it. */
export function resourceOfKind(context: Pick<HandlerContext, 'lister'>, apiVersion: string, kind: string): { readonly resource: ResourceName } | { readonly error: string } {
  const parts = apiVersion.split('/');
  if (parts.length > 2) return { error: `unexpected GroupVersion string: ${apiVersion}` };
  const group = parts.length === 2 ? parts[0] as string : '';
  const known = builtInScheme.kinds.find((one) => one.group === group && one.kind === kind);
  if (known !== undefined) return { resource: known.storedAs?.resource ?? resourceName(known) };
  const custom = context.lister<CustomResourceDefinition & { metadata: object }>(DEFINITIONS).list().find(({ spec }) => spec.group === group && spec.names.kind === kind);
  return custom === undefined ? { error: `no matches for kind "${kind}" in group "${group}"` } : { resource: `${custom.spec.names.plural}.${group}` };
}
