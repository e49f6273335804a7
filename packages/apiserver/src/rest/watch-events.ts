// What a watcher is sent: synthetic first events, then changes as its selector sees them, in the representation asked for.
import { builtInScheme, type KindDefinition, type KubeObject, type WatchEvent, type WatchRequest } from '@kubesim/api';
import type { Change, Storage } from '../storage/storage.ts';
import { predicate } from '../verbs/read.ts';
import type { Representation } from './negotiate.ts';
import { represent } from './represent.ts';

/** The event that a change is to a watcher, or undefined if it does not concern it. @internal */
export function watchEvent(watch: WatchRequest, change: Change, kind: KindDefinition | undefined = builtInScheme.byResource(watch.resource)): WatchEvent | undefined {
  if (watch.namespace !== undefined && change.after.metadata.namespace !== watch.namespace) return undefined;
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

/** Events in a representation. Of Tables only the first that a watcher gets says its columns. @internal */
export function presentEvents(context: { readonly now: number }, kind: KindDefinition, representation: Representation, events: readonly WatchEvent[], isStart: boolean): readonly WatchEvent[] {
  if (representation === 'object') return events;
  return events.map((event, index) => {
    if (event.type === 'ERROR') return event;
    const object = represent(context, kind, representation, null, event.object);
    return { type: event.type, object: representation === 'table' && !(isStart && index === 0) ? { ...object, columnDefinitions: null } : object };
  });
}

/** Everything that a watcher has been sent up to now. @public */
export function watchEvents(storage: Storage, watch: WatchRequest, now: number = 0, kind: KindDefinition | undefined = builtInScheme.byResource(watch.resource)): readonly WatchEvent[] {
  const events: WatchEvent[] = [];
  for (const change of storage.changesSince(watch.resource, watch.fromRevision)) {
    const event = watchEvent(watch, change, kind);
    if (event !== undefined) events.push(event);
  }
  const shown = kind === undefined ? events : presentEvents({ now }, kind, watch.representation, events, watch.initial.length === 0);
  return [...watch.initial, ...shown];
}
