// GET with watch: what is sent at first, and from which revision the changes follow.
import { apiVersionOf, expiredStatus, zeroObject, type KindDefinition, type KubeObject, type RestResponse, type WatchEvent, type WatchRequest } from '@kubesim/api';
import { structOf } from '../decode.ts';
import { withEntries } from '../managed-fields/track.ts';
import { PROTOBUF } from '../rest/negotiate.ts';
import { plainStatus } from '../rest/plain-status.ts';
import { presentEvents } from '../rest/watch-events.ts';
import { Refusal, type Scope, type ServerContext } from '../server.ts';
import { parseVersion } from './list.ts';
import { predicate, type Filter } from './read.ts';

/** Answers a watch with what its holder needs to pull the events. Throws Refusal. @internal */
export function watch(context: ServerContext, scope: Scope & { readonly shown: KindDefinition }, filter: Filter, query: URLSearchParams, { representation, encoding }: Pick<WatchRequest, 'representation' | 'encoding'>): RestResponse {
  const { storage } = context;
  const { shown } = scope;
  const matches = predicate(scope, filter);
  const version = parseVersion(query.get('resourceVersion') ?? undefined, (message) => new Refusal(plainStatus(500, undefined, message)));
  const current = storage.revisionOf(scope.resource);
  const prefix = scope.namespace === '' ? '' : `${scope.namespace}/`;
  const sends = isTrue(query.get('sendInitialEvents'));
  const refusesInitial = query.get('sendInitialEvents') === 'false';
  const startsWithState = sends || ((version === undefined || version === 0) && !refusesInitial);
  let initial: WatchEvent[] = [];
  let fromRevision = startsWithState || version === undefined || version === 0 ? current : version;
  if (startsWithState) {
    for (const object of storage.list(scope.resource, prefix)) if (matches(object)) initial.push({ type: 'ADDED', object: shown.storedAs?.fromStored(withEntries(scope.kind, object)) ?? withEntries(scope.kind, object) });
    if (sends && isTrue(query.get('allowWatchBookmarks'))) initial.push({ type: 'BOOKMARK', object: bookmark({ kind: shown }, current) });
  } else if (fromRevision < storage.compactedRevision) {
    initial = [{ type: 'ERROR', object: expiredStatus(`too old resource version: ${fromRevision} (${storage.compactedRevision})`) as unknown as KubeObject }];
    fromRevision = current;
  }
  const timeout = query.get('timeoutSeconds');
  return {
    status: 200, headers: { 'content-type': encoding === 'protobuf' ? `${PROTOBUF};stream=watch` : 'application/json' },
    watch: {
      resource: scope.resource, apiVersion: apiVersionOf(shown), kind: shown.kind, encoding, ...(scope.namespace === '' ? {} : { namespace: scope.namespace }), ...filter, fromRevision,
      initial: presentEvents(context, shown, representation, initial, true), allowBookmarks: isTrue(query.get('allowWatchBookmarks')),
      ...(timeout === null || !/^\d+$/.test(timeout) ? {} : { timeoutSeconds: Number(timeout) }), representation,
    },
  };
}

function isTrue(value: string | null): boolean {
  return value !== null && value !== '' && value !== 'false' && value !== '0';
}

/** The zero value of the kind, which ends the initial events. */
function bookmark(scope: Pick<Scope, 'kind'>, revision: number): KubeObject {
  const { kind } = scope;
  const metadata = { resourceVersion: String(revision), annotations: { 'k8s.io/initial-events-end': 'true' } };
  const zero = zeroObject(structOf(kind));
  // Upstream: kinds with replicas hold them by value inside, so that their zero shows.
  const spec = kind.scale === undefined || kind.schema !== undefined ? {} : { spec: { replicas: 0, ...zero['spec'] as object } };
  return { ...zero, ...spec, kind: kind.kind, apiVersion: apiVersionOf(kind), metadata };
}
