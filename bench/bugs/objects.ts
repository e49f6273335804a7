// What several faulty builds ask of objects and calls.
import type { ApiCall, KubeObject } from '@kubesim/api';
import type { ReconcileContext } from '@kubesim/client';

/** Whether a call is about pods themselves, not a subresource. */
export function isPodCall(call: ApiCall): boolean {
  return call.resource === 'pods' && (!('subresource' in call) || call.subresource === undefined);
}

/** The object that a call carries. */
export function objectOf(call: ApiCall): KubeObject | undefined {
  return 'object' in call ? call.object : undefined;
}

export function ordinalOf(name: string | undefined): number {
  return Number(/-(\d+)$/.exec(name ?? '')?.[1] ?? -1);
}

export function hasCondition(object: KubeObject | undefined, type: string): boolean {
  return ((object?.['status']?.conditions ?? []) as readonly { readonly type: string; readonly status: string }[]).some((condition) => condition.type === type && condition.status === 'True');
}

/** The ordinal after the last that a set asks for. */
export function endOf(set: KubeObject | undefined): number {
  return ((set?.['spec'].ordinals?.start as number | undefined) ?? 0) + ((set?.['spec'].replicas as number | undefined) ?? 0);
}

/** The set of a key, as the cache has it. */
export function setOf(context: ReconcileContext, key: string): KubeObject | undefined {
  const [namespace = '', name = ''] = key.split('/');
  return context.lister('statefulsets.apps').get(namespace, name);
}

/** A set's pods, as the cache has them. */
export function podsOf(context: ReconcileContext, key: string): readonly KubeObject[] {
  const uid = setOf(context, key)?.metadata.uid;
  return uid === undefined ? [] : context.lister('pods').byOwner(uid);
}

/** The pod that a call names, as the cache has it. */
export function podOf(context: ReconcileContext, call: ApiCall): KubeObject | undefined {
  return 'name' in call && call.name !== undefined ? context.lister('pods').get(call.namespace ?? '', call.name) : undefined;
}

/** An object with another status. */
export function withStatus(object: KubeObject, fields: Readonly<Record<string, unknown>>): KubeObject {
  return { ...object, status: { ...object['status'], ...fields } };
}

/** An object with another spec. */
export function withSpec(object: KubeObject, fields: Readonly<Record<string, unknown>>): KubeObject {
  return { ...object, spec: { ...object['spec'], ...fields } };
}
