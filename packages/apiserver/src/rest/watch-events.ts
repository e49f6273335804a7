// What a watcher is sent: synthetic first events, then changes as its selector sees them, in the representation asked for.
import { apiVersionOf, builtInScheme, type KindDefinition, type KubeObject, type WatchEvent, type WatchRequest } from '@kubesim/api';
import { withEntries } from '../managed-fields/track.ts';
import type { ServerContext } from '../server.ts';
import type { Change } from '../storage/storage.ts';
import { predicate } from '../verbs/read.ts';
import type { Representation } from './negotiate.ts';
import { represent } from './represent.ts';

/** The event that a change is to a watcher, or undefined if it does not concern it. @internal */
export function watchEvent(watch: Pick<WatchRequest, 'namespace'>, change: Change, matches: (object: KubeObject) => boolean): WatchEvent | undefined {
  if (watch.namespace !== undefined && change.after.metadata.namespace !== watch.namespace) return undefined;
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

/** A watch as its holder follows it: what it is sent for the changes after a revision, its first events left out. @public */
export interface Watcher {
  events(after: number): readonly WatchEvent[];
}

/** Follows a watch. It keeps no place of its own: the holder says after which revision. @internal */
export function createWatcher(context: ServerContext, watch: WatchRequest): Watcher {
  const stored = context.kind(watch.resource);
  const shown = shownKind(stored, watch.apiVersion);
  const matches = predicate({ kind: stored }, watch);
  let isStart = watch.initial.length === 0;
  return {
    events(after) {
      const events: WatchEvent[] = [];
      for (const change of context.storage.changesSince(watch.resource, after)) {
        const event = watchEvent(watch, change, matches);
        if (event === undefined) continue;
        const object = withEntries(stored, event.object);
        events.push({ type: event.type, object: shown.storedAs?.fromStored(object) ?? object });
      }
      const presented = presentEvents(context, shown, watch.representation, events, isStart);
      if (events.length > 0) isStart = false;
      return presented;
    },
  };
}

/** The kind in another version than the stored one. */
function shownKind(stored: KindDefinition, apiVersion: string): KindDefinition {
  const slash = apiVersion.indexOf('/');
  const [group, version] = slash < 0 ? ['', apiVersion] : [apiVersion.slice(0, slash), apiVersion.slice(slash + 1)];
  return apiVersionOf(stored) === apiVersion ? stored : builtInScheme.byKind(group, version, stored.kind) ?? stored;
}
