// Builds objects and metadata as they are stored, by the names of their fields: a copy by spread, of what is frozen above all, costs
// some times as much. Objects with the same fields share a hidden class with what is decoded.
import { countFields, type KubeObject, type ObjectMeta } from '@kubesim/api';

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

/** Whether an object is made of the usual fields: kind, apiVersion, metadata, spec, and a status or none. @internal */
export function isUsual(object: KubeObject): boolean {
  return object.kind !== undefined && object.apiVersion !== undefined && object['spec'] !== undefined && countFields(object) === (object['status'] === undefined ? 4 : 5);
}

/** The object with other metadata and status, or without one. Frozen. @internal */
export function assembleObject(object: KubeObject, metadata: ObjectMeta, status: unknown): KubeObject {
  if (isUsual(object)) {
    const { kind, apiVersion } = object;
    const spec: unknown = object['spec'];
    return Object.freeze(status === undefined ? { kind, apiVersion, metadata, spec } : { kind, apiVersion, metadata, spec, status }) as KubeObject;
  }
  const { status: _held, ...rest } = object;
  return Object.freeze(status === undefined ? { ...rest, metadata } : { ...rest, metadata, status }) as KubeObject;
}

/** The object with another spec, which is frozen. Frozen. @internal */
export function withSpec(object: KubeObject, spec: object): KubeObject {
  if (!isUsual(object)) return Object.freeze({ ...object, spec });
  const { kind, apiVersion, metadata } = object;
  const status: unknown = object['status'];
  return Object.freeze(status === undefined ? { kind, apiVersion, metadata, spec } : { kind, apiVersion, metadata, spec, status }) as KubeObject;
}
