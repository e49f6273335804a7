// What a watcher is sent: synthetic first events, then changes as its selector sees them.
import { builtInScheme, type KubeObject, type WatchEvent, type WatchRequest } from '@kubesim/api';
import type { Change, Storage } from '../storage/storage.ts';
import { predicate } from '../verbs/read.ts';

/** The event that a change is to a watcher, or undefined if it does not concern it. @internal */
export function watchEvent(watch: WatchRequest, change: Change): WatchEvent | undefined {
  if (watch.namespace !== undefined && change.after.metadata.namespace !== watch.namespace) return undefined;
  const kind = builtInScheme.byResource(watch.resource);
  if (kind === undefined) return undefined;
  const matches = predicate({ kind }, watch);
  const was = change.before !== undefined && matches(change.before);
  const is = change.type !== 'DELETED' && matches(change.after);
  if (!was && !is) return undefined;
  if (is) return { type: was ? 'MODIFIED' : 'ADDED', object: change.after };
  // An object that leaves the selector is sent as it was, under the revision of the change.
  const last = change.type === 'DELETED' ? change.after : withVersion(change.before as KubeObject, change.after);
  return { type: 'DELETED', object: last };
}

function withVersion(object: KubeObject, of: KubeObject): KubeObject {
  return { ...object, metadata: { ...object.metadata, resourceVersion: of.metadata.resourceVersion } };
}

/** Everything that a watcher has been sent up to now. @public */
export function watchEvents(storage: Storage, watch: WatchRequest): readonly WatchEvent[] {
  const events: WatchEvent[] = [...watch.initial];
  for (const change of storage.changesSince(watch.resource, watch.fromRevision)) {
    const event = watchEvent(watch, change);
    if (event !== undefined) events.push(event);
  }
  return events;
}
