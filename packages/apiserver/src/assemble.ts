// Builds objects and metadata as they are stored, by the names of their fields: a copy by spread, of what is frozen above all, costs
// some times as much. Objects with the same fields share a hidden class with what is decoded.
import type { KubeObject, ObjectMeta } from '@kubesim/api';

/** What of metadata the server sets, whatever a client sent. @internal */
export type OwnedMetadata = Pick<
  ObjectMeta, 'name' | 'namespace' | 'selfLink' | 'uid' | 'resourceVersion' | 'generation' | 'creationTimestamp' | 'deletionTimestamp' | 'deletionGracePeriodSeconds' | 'managedFields'
>;

type Written<T> = { -readonly [K in keyof T]: T[K] };

/** Metadata of what the server owns, and all else of what was sent. Frozen, without fields that are undefined. @internal */
export function assembleMetadata(sent: ObjectMeta, owned: OwnedMetadata): ObjectMeta {
  const metadata: Written<ObjectMeta> = {};
  if (owned.name !== undefined) metadata.name = owned.name;
  if (sent.generateName !== undefined) metadata.generateName = sent.generateName;
  if (owned.namespace !== undefined) metadata.namespace = owned.namespace;
  if (owned.selfLink !== undefined) metadata.selfLink = owned.selfLink;
  if (owned.uid !== undefined) metadata.uid = owned.uid;
  if (owned.resourceVersion !== undefined) metadata.resourceVersion = owned.resourceVersion;
  if (owned.generation !== undefined) metadata.generation = owned.generation;
  if (owned.creationTimestamp !== undefined) metadata.creationTimestamp = owned.creationTimestamp;
  if (owned.deletionTimestamp !== undefined) metadata.deletionTimestamp = owned.deletionTimestamp;
  if (owned.deletionGracePeriodSeconds !== undefined) metadata.deletionGracePeriodSeconds = owned.deletionGracePeriodSeconds;
  if (sent.labels !== undefined) metadata.labels = sent.labels;
  if (sent.annotations !== undefined) metadata.annotations = sent.annotations;
  if (sent.ownerReferences !== undefined) metadata.ownerReferences = sent.ownerReferences;
  if (sent.finalizers !== undefined) metadata.finalizers = sent.finalizers;
  if (owned.managedFields !== undefined) metadata.managedFields = owned.managedFields;
  return Object.freeze(metadata);
}

/** Metadata of what is stored, under another version or none. @internal */
export function metadataAt(stored: ObjectMeta, managedFields: ObjectMeta['managedFields'], resourceVersion: string | undefined): ObjectMeta {
  const { name, namespace, selfLink, uid, generation, creationTimestamp, deletionTimestamp, deletionGracePeriodSeconds } = stored;
  return assembleMetadata(stored, { name, namespace, selfLink, uid, resourceVersion, generation, creationTimestamp, deletionTimestamp, deletionGracePeriodSeconds, managedFields });
}

/** The object with other metadata and status, or without one. Frozen. @internal */
export function assembleObject(object: KubeObject, metadata: ObjectMeta, status: unknown): KubeObject {
  const { kind, apiVersion } = object;
  const spec: unknown = object['spec'];
  const isUsual = kind !== undefined && apiVersion !== undefined && spec !== undefined && Object.keys(object).length === (object['status'] === undefined ? 4 : 5);
  if (isUsual) return Object.freeze(status === undefined ? { kind, apiVersion, metadata, spec } : { kind, apiVersion, metadata, spec, status }) as KubeObject;
  const { status: _held, ...rest } = object;
  return Object.freeze(status === undefined ? { ...rest, metadata } : { ...rest, metadata, status }) as KubeObject;
}
