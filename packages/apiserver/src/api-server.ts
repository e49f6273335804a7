// The API server as one object: typed calls of trusted clients, and REST requests as on the wire.
import { methodNotAllowedStatus, resourceName, type ApiCall, type ApiReply, type KindDefinition, type KubeObject, type RestRequest, type RestResponse, type WatchRequest } from '@kubesim/api';
import { withEntries } from './managed-fields/track.ts';
import { ADMINISTRATOR, Refusal, reply, ServerContext, type ApiServerOptions, type Caller, type Scope } from './server.ts';
import { apply } from './verbs/apply.ts';
import { create } from './verbs/create.ts';
import { remove } from './verbs/delete.ts';
import { deleteCollection } from './verbs/delete-collection.ts';
import { list } from './verbs/list.ts';
import { bind, evict, getScale, patchScale, setScale } from './verbs/subresources.ts';
import { applyPatch, patch, update } from './verbs/update.ts';
import { handleRest } from './rest/handle.ts';
import { createWatcher, type Watcher } from './rest/watch-events.ts';

/** An API server. It holds no state but what is in its storage. @public */
export interface ApiServer {
  /** One typed call of a trusted client: no parsing, but defaulting, validation and admission as ever. */
  call(call: ApiCall, as: Caller): ApiReply;
  /** One REST request as on the wire. Never throws for what a client sent. */
  handle(request: RestRequest): RestResponse;
  /** Follows a watch that `handle` granted. */
  watcher(watch: WatchRequest): Watcher;
}

/** An API server over a storage. @public */
export function createApiServer(options: ApiServerOptions): ApiServer {
  const context = new ServerContext(options);
  return {
    call: (call) => reply(() => carryOut(context, call)),
    handle: (request) => handleRest(context, request),
    watcher: (watch) => createWatcher(context, watch),
  };
}

/** A call about another version of a stored kind goes to the stored one, and its answer comes back. */
function carryOutConverted(context: ServerContext, call: ApiCall, storedAs: NonNullable<KindDefinition['storedAs']>): KubeObject {
  const { resource } = storedAs;
  if (call.verb === 'patch') {
    const scope = context.scope({ ...call, resource });
    const patched = applyPatch({ kind: context.kind(call.resource) }, storedAs.fromStored(withEntries(scope.kind, context.stored(scope, call.name))), call.patchType, call.patch);
    return storedAs.fromStored(withEntries(scope.kind, update(context, scope, call.name, storedAs.toStored(patched), { ...call, isPatch: true })));
  }
  const inner: ApiCall = call.verb === 'create' || call.verb === 'update' ? { ...call, resource, object: storedAs.toStored(call.object) } : { ...call, resource };
  const answer = carryOut(context, inner);
  if (answer.kind === 'Status') return answer;
  return Array.isArray(answer['items']) ? { ...answer, items: (answer['items'] as readonly KubeObject[]).map(storedAs.fromStored) } : storedAs.fromStored(answer);
}

function carryOut(context: ServerContext, call: ApiCall): KubeObject {
  const kind = context.kind(call.resource);
  return kind.storedAs === undefined ? withEntries(kind, carryOutStored(context, call, kind)) : carryOutConverted(context, call, kind.storedAs);
}

function carryOutStored(context: ServerContext, call: ApiCall, kind: KindDefinition): KubeObject {
  if (call.verb === 'list' || call.verb === 'deletecollection') {
    const scope: Scope = { kind, resource: resourceName(kind), namespace: kind.namespaced ? call.namespace ?? '' : '' };
    return call.verb === 'list' ? list(context, scope, call) : deleteCollection(context, scope, call, call.options ?? {});
  }
  const scope = context.scope(call);
  const { subresource } = call;
  switch (call.verb) {
    case 'get':
      return subresource === 'scale' ? getScale(context, scope, call.name) : context.stored(scope, call.name);
    case 'create':
      if (subresource === 'binding') return bind(context, scope, call.name ?? call.object.metadata.name ?? '', call.object, call.dryRun);
      if (subresource === 'eviction') return evict(context, scope, call.name ?? call.object.metadata.name ?? '', call.object, call.dryRun);
      if (subresource !== undefined && subresource !== '') throw new Refusal(methodNotAllowedStatus());
      return create(context, scope, call.object, call);
    case 'update':
      return subresource === 'scale' ? setScale(context, scope, call.name, call.object, { dryRun: call.dryRun }) : update(context, scope, call.name, call.object, call);
    case 'patch': {
      if (subresource === 'scale') return patchScale(context, scope, call.name, call.patchType, call.patch, call);
      if (call.patchType === 'apply') return apply(context, scope, call.name, call.patch, { ...call, user: ADMINISTRATOR, fieldManager: call.fieldManager ?? 'unknown' }).object;
      return patch(context, scope, call.name, call.patchType, call.patch, call);
    }
    case 'delete':
      return remove(context, scope, call.name, call.options).object;
  }
}
