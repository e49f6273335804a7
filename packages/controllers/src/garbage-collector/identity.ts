// Identities of objects in the garbage collector's graph: coordinates plus uid. Which resource they live under: rest-mapping.ts.
import type { KubeObject, OwnerReference } from '@kubesim/api';

/** An object as owner references and queues name it. Upstream: objectReference in pkg/controller/garbagecollector/graph.go (1.37). @internal */
export interface Identity {
  readonly apiVersion: string;
  readonly kind: string;
  /** Empty for cluster-scoped objects. */
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

/** The identity of an object whose kind is known from where it was seen. @internal */
export function identityOf(object: KubeObject, kind: { readonly apiVersion: string; readonly kind: string }): Identity {
  const { namespace = '', name = '', uid = '' } = object.metadata;
  return { apiVersion: kind.apiVersion, kind: kind.kind, namespace, name, uid };
}

/** The identity that a reference gives its owner. @internal */
export function identityOfOwner(reference: OwnerReference, namespace: string): Identity {
  return { apiVersion: reference.apiVersion, kind: reference.kind, namespace, name: reference.name, uid: reference.uid };
}

/** The identity as one string; none of its parts can hold the separator. @internal */
export function identityKey(identity: Identity): string {
  return `${identity.apiVersion}|${identity.kind}|${identity.namespace}|${identity.name}|${identity.uid}`;
}

/** The identity that a key stands for. @internal */
export function parseIdentityKey(key: string): Identity {
  const [apiVersion = '', kind = '', namespace = '', name = '', uid = ''] = key.split('|');
  return { apiVersion, kind, namespace, name, uid };
}

/** The identity as messages show it. @internal */
export function printIdentity(identity: Identity): string {
  return `[${identity.apiVersion}/${identity.kind}, namespace: ${identity.namespace}, name: ${identity.name}, uid: ${identity.uid}]`;
}

/** Whether a reference names the coordinates of an identity, namespace apart. @internal */
export function matchesCoordinates(reference: OwnerReference, identity: Identity): boolean {
  return reference.uid === identity.uid && reference.name === identity.name && reference.kind === identity.kind && reference.apiVersion === identity.apiVersion;
}

/** Orders identities: kind and version before namespace before name. Upstream: referenceLessThan (1.37). @internal */
export function compareIdentities(a: Identity, b: Identity): number {
  return compare(a.kind, b.kind) || compare(a.apiVersion, b.apiVersion) || compare(a.namespace, b.namespace) || compare(a.name, b.name) || compare(a.uid, b.uid);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
