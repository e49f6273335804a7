// How objects and lists are shown: as they are, as Table, or as PartialObjectMetadata.
import type { KindDefinition, KubeObject } from '@kubesim/api';
import type { ServerContext } from '../server.ts';
import type { Representation } from './negotiate.ts';
import { presentTable } from './table.ts';

/** The object or list in the representation asked for; a Status stays what it is. @internal */
export function represent(context: Pick<ServerContext, 'now'>, kind: KindDefinition, representation: Representation, include: string | null, object: KubeObject): KubeObject {
  if (object.kind === 'Status') return object;
  if (representation === 'object') return kind.schema === undefined && Array.isArray(object['items']) ? withoutKinds(object) : object;
  if (representation === 'table') return presentTable(context, { kind }, object, include);
  if (!Array.isArray(object['items'])) return partialMetadata(object);
  return { kind: 'PartialObjectMetadataList', apiVersion: 'meta.k8s.io/v1', metadata: object.metadata, items: (object['items'] as readonly KubeObject[]).map(partialMetadata) };
}

/** An object's metadata alone. @internal */
export function partialMetadata(object: KubeObject): KubeObject {
  return { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: object.metadata };
}

/** Items of typed lists do not say what they are; custom resources do. */
function withoutKinds(list: KubeObject): KubeObject {
  return { ...list, items: (list['items'] as readonly KubeObject[]).map(({ kind: _kind, apiVersion: _apiVersion, ...item }) => item) };
}
