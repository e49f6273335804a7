// The status update of a client that took what is stored, put another status into it and sent it: the write that controllers and
// kubelets make most. What is identical to what is stored needs no decoding, no keeping and no comparing.
import { conform, isSame, type KubeObject } from '@kubesim/api';
import { assembleObject, isUsual, metadataAt } from '../assemble.ts';
import { settle, structOf } from '../decode.ts';
import { refuseInvalid, type Scope, type ServerContext } from '../server.ts';
import type { UpdateOptions } from './update.ts';

/**
 * Stores another status, sent with the metadata that is stored; what is stored if it says the same. Answers as the general update does, or undefined where the write
 * is not as plain as that. Throws Refusal. @internal
 */
export function updatePlainStatus(context: ServerContext, scope: Scope, name: string, key: string, sent: KubeObject, old: KubeObject, options: UpdateOptions): KubeObject | undefined {
  const { kind, resource } = scope;
  if (!differsByStatus(sent, old)) return undefined;
  if (options.dryRun === true || options.fieldManager !== undefined || options.managedFields !== undefined || options.isPatch === true) return undefined;
  if (old.metadata.deletionTimestamp !== undefined || kind.allocate !== undefined || kind.canonicalize !== undefined || context.hasPlugins('UPDATE', resource, 'status')) return undefined;
  const strategy = kind.subresources?.status;
  const type = structOf(kind)?.fields.get('status')?.type;
  if (strategy === undefined || type?.form !== 'struct') return undefined;
  const { value: status, findings } = conform(type, sent['status'], old['status']);
  // The general update finds the same error, and says where in the object it stands.
  if (findings.error !== undefined || Object.keys(status as object).length === 0) return undefined;
  // What says the same has become what is stored.
  let isUnchanged = status === old['status'];
  let object = assembleObject(old, old.metadata, status);
  if (kind.default !== undefined && kind.defaultsSpecAlone !== true && kind.default(object, context.kindContext) !== object) return undefined;
  if (typeof strategy === 'object') {
    if (strategy.prepareForUpdate !== undefined) {
      const prepared = strategy.prepareForUpdate(object, old, context.kindContext);
      // Most prepare nothing but the status.
      const isStatusAlone = prepared.metadata === object.metadata && prepared['spec'] === object['spec'] && object['spec'] !== undefined && Object.keys(prepared).length === 5 && Object.keys(object).length === 5;
      object = prepared === object ? object : isStatusAlone ? assembleObject(object, object.metadata, conform(type, prepared['status'], status).value) : settle(kind, prepared, object);
    }
    if (object['status'] !== status) isUnchanged = isSame(object['status'], old['status']);
    if (object.metadata !== old.metadata) return undefined;
    if (strategy.validateUpdate !== undefined) {
      const { now, time, profile } = context.kindContext;
      refuseInvalid(scope, name, strategy.validateUpdate(object, old, { now, time, profile, old }));
    }
    options.warnings?.push(...(strategy.warnings?.(object, old, context.kindContext) ?? []));
  }
  if (isUnchanged) return old;
  const metadata = metadataAt(old.metadata, old.metadata.managedFields, context.nextVersion(resource));
  return context.storage.put(resource, key, assembleObject(object, metadata, object['status']), old).after;
}

/** Whether nothing but the status is other than what is stored, and there is one. */
function differsByStatus(sent: KubeObject, old: KubeObject): boolean {
  if (typeof sent['status'] !== 'object' || sent['status'] === null) return false;
  if (isUsual(sent) && isUsual(old)) return sent.kind === old.kind && sent.apiVersion === old.apiVersion && sent['spec'] === old['spec'];
  const keys = Object.keys(sent);
  let count = 0;
  for (let index = 0; index < keys.length; index++) {
    const key = keys[index] as string;
    if (key === 'status') continue;
    if (sent[key] !== old[key]) return false;
    count++;
  }
  const held = Object.keys(old).length - (old['status'] === undefined ? 0 : 1);
  return count === held;
}
