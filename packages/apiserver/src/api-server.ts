// The API server as one object: typed calls of trusted clients, and REST requests as on the wire.
import { noSuchResourceStatus, resourceName, type ApiCall, type ApiReply, type KubeObject, type RestRequest, type RestResponse } from '@kubesim/api';
import { Refusal, reply, ServerContext, type ApiServerOptions, type Caller, type Scope } from './server.ts';
import { create } from './verbs/create.ts';
import { remove } from './verbs/delete.ts';
import { list, predicate } from './verbs/read.ts';
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
  const server: ApiServer = {
    call: (call) => reply(() => carryOut(context, call)),
    handle: (request) => handleRest(context, server, request),
  };
  return server;
}

function carryOut(context: ServerContext, call: ApiCall): KubeObject {
  if (call.verb === 'list' || call.verb === 'deletecollection') {
    const kind = context.kind(call.resource);
    const scope: Scope = { kind, resource: resourceName(kind), namespace: call.namespace ?? '' };
    return call.verb === 'list' ? list(context, scope, call) : removeAll(context, scope, call);
  }
  const scope = context.scope(call);
  switch (call.verb) {
    case 'get':
      return call.subresource === 'scale' ? getScale(context, scope, call.name) : context.stored(scope, call.name);
    case 'create':
      if (call.subresource === 'binding') return bind(context, scope, call.name ?? call.object.metadata.name ?? '', call.object);
      if (call.subresource === 'eviction') return evict(context, scope, call.name ?? call.object.metadata.name ?? '', call.object);
      if (call.subresource !== undefined) throw new Refusal(noSuchResourceStatus());
      return create(context, scope, call.object, call);
    case 'update':
      return call.subresource === 'scale' ? setScale(context, scope, call.name, call.object) : update(context, scope, call.name, call.object, call);
    case 'patch':
      return call.subresource === 'scale' ? patchScale(context, scope, call.name, call.patchType, call.patch) : patch(context, scope, call.name, call.patchType, call.patch, call);
    case 'delete':
      return remove(context, scope, call.name, call.options).object;
  }
}

function removeAll(context: ServerContext, scope: Scope, call: ApiCall & { readonly verb: 'deletecollection' }): KubeObject {
  const matches = predicate(scope, call);
  const items = [...context.storage.list(scope.resource, scope.namespace === '' ? '' : `${scope.namespace}/`)].filter(matches);
  const results = items.map((object) => remove(context, { ...scope, namespace: object.metadata.namespace ?? '' }, object.metadata.name ?? '', call.options).object);
  return { kind: `${scope.kind.kind}List`, apiVersion: scope.kind.group === '' ? scope.kind.version : `${scope.kind.group}/${scope.kind.version}`, metadata: { resourceVersion: String(context.storage.revisionOf(scope.resource)) }, items: results };
}
