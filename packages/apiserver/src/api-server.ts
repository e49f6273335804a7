// The API server as one object: typed calls of trusted clients, and REST requests as on the wire.
import { methodNotAllowedStatus, resourceName, type ApiCall, type ApiReply, type KubeObject, type RestRequest, type RestResponse } from '@kubesim/api';
import { ADMINISTRATOR, Refusal, reply, ServerContext, type ApiServerOptions, type Caller, type Scope } from './server.ts';
import { apply } from './verbs/apply.ts';
import { create } from './verbs/create.ts';
import { remove } from './verbs/delete.ts';
import { deleteCollection } from './verbs/delete-collection.ts';
import { list } from './verbs/list.ts';
import { bind, evict, getScale, patchScale, setScale } from './verbs/subresources.ts';
import { patch, update } from './verbs/update.ts';
import { handleRest } from './rest/handle.ts';

/** An API server. It holds no state but what is in its storage. @public */
export interface ApiServer {
  /** One typed call of a trusted client: no parsing, but defaulting, validation and admission as ever. */
  call(call: ApiCall, as: Caller): ApiReply;
  /** One REST request as on the wire. Never throws for what a client sent. */
  handle(request: RestRequest): RestResponse;
}

/** An API server over a storage. @public */
export function createApiServer(options: ApiServerOptions): ApiServer {
  const context = new ServerContext(options);
  return {
    call: (call) => reply(() => carryOut(context, call)),
    handle: (request) => handleRest(context, request),
  };
}

function carryOut(context: ServerContext, call: ApiCall): KubeObject {
  if (call.verb === 'list' || call.verb === 'deletecollection') {
    const kind = context.kind(call.resource);
    const scope: Scope = { kind, resource: resourceName(kind), namespace: kind.namespaced ? call.namespace ?? '' : '' };
    return call.verb === 'list' ? list(context, scope, call) : deleteCollection(context, scope, call, call.options ?? {});
  }
  const scope = context.scope(call);
  const { subresource } = call;
  switch (call.verb) {
    case 'get':
      return subresource === 'scale' ? getScale(context, scope, call.name) : context.stored(scope, call.name);
    case 'create':
      if (subresource === 'binding') return bind(context, scope, call.name ?? call.object.metadata.name ?? '', call.object);
      if (subresource === 'eviction') return evict(context, scope, call.name ?? call.object.metadata.name ?? '', call.object);
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
