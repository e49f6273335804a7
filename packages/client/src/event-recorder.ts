// The event recorders of client-go as data. The legacy one (tools/record, 1.37): aggregation of similar Events, spam filter, counts.
// The new one (tools/events, 1.37), which the scheduler uses: series.
import { formatMicroTime, type KubeObject } from '@kubesim/api';
import { OrderedMap, type Epoch } from '@kubesim/kernel';
import type { EventSource } from './ports.ts';
import type { EventToRecord } from './reconcile.ts';

/** State of the recorder. @public */
export interface RecorderState {
  /** Events that were written, by what makes them the same: the stored key and the count. */
  counts: OrderedMap<{ readonly key: string; readonly count: number; readonly lastAt: number }>;
  /** Distinct messages of similar Events since `since`. */
  similar: OrderedMap<{ readonly messages: readonly string[]; readonly lastAt: number }>;
  /** Tokens of the spam filter by source and object, in thousandths. */
  tokens: OrderedMap<{ readonly tokens: number; readonly at: number }>;
}

/** What is to be written: a new Event, which is the caller's own to complete, or one more of a stored one. @public */
export type EventWrite =
  | { readonly kind: 'create'; readonly key: string; readonly object: { -readonly [Field in keyof KubeObject]: KubeObject[Field] } }
  | { readonly kind: 'count'; readonly key: string; readonly count: number; readonly time: string }
  | { readonly kind: 'series'; readonly key: string; readonly count: number; readonly lastObservedTime: string };

/** A series that saw nothing for so long is over (tools/events, finishTime). */
const SERIES_OVER_MS = 360_000;

const SIMILAR_MAX = 10;
const SIMILAR_INTERVAL_MS = 600_000;
const SPAM_BURST = 25;
const SPAM_REFILL_MS = 300_000;

/** A recorder that has recorded nothing. @public */
export function emptyRecorder(): RecorderState {
  return { counts: OrderedMap.empty(), similar: OrderedMap.empty(), tokens: OrderedMap.empty() };
}

/** An instant as metadata shows it, to the second. @public */
export function formatTime(instantMs: number): string {
  return `${new Date(instantMs).toISOString().slice(0, 19)}Z`;
}

/** What recording this Event writes, or undefined if the spam filter drops it. `exists` tells which keys are taken. @public */
export function correlate(state: RecorderState, epoch: Epoch, now: number, source: EventSource, event: EventToRecord, exists: (key: string) => boolean): EventWrite | undefined {
  if (event.action !== undefined) return recordSeries(state, epoch, now, source, event, exists);
  const { about } = event;
  const namespace = about.metadata.namespace ?? 'default';
  // The uid comes first: it tells objects apart in a few characters where these keys are sorted.
  const object = `${about.metadata.uid ?? ''} ${source.component} ${source.host ?? ''} ${about.kind ?? ''} ${namespace} ${about.metadata.name ?? ''}`;
  if (!takeToken(state, epoch, `${object} ${event.type}`, now)) return undefined;

  const similarKey = `${object} ${event.type} ${event.reason}`;
  const held = state.similar.get(similarKey);
  const messages = held === undefined || now - held.lastAt > SIMILAR_INTERVAL_MS ? [] : held.messages;
  const isCombined = messages.length >= SIMILAR_MAX - 1 && !messages.includes(event.message) || messages.length >= SIMILAR_MAX;
  const seen = messages.includes(event.message) || messages.length >= SIMILAR_MAX ? messages : [...messages, event.message];
  state.similar = state.similar.set(epoch, similarKey, { messages: seen, lastAt: now });

  const message = isCombined ? `(combined from similar events): ${event.message}` : event.message;
  const countKey = isCombined ? `${similarKey} combined` : `${similarKey} ${event.message}`;
  const before = state.counts.get(countKey);
  const time = formatTime(now);
  if (before !== undefined && exists(before.key)) {
    const count = before.count + 1;
    state.counts = state.counts.set(epoch, countKey, { key: before.key, count, lastAt: now });
    return { kind: 'count', key: before.key, count, time };
  }
  const name = freeName(about, namespace, now, exists);
  const key = `${namespace}/${name}`;
  state.counts = state.counts.set(epoch, countKey, { key, count: 1, lastAt: now });
  const reporter = isCombined ? '' : source.component;
  return { kind: 'create', key, object: newEvent({ name, namespace, about, event, message, source, reporter, time }) };
}

/** An Event's name: the object's, and the instant; the next free one of it. */
function freeName(about: KubeObject, namespace: string, now: number, exists: (key: string) => boolean): string {
  let nanos = BigInt(now) * 1_000_000n;
  let name = `${about.metadata.name ?? ''}.${nanos.toString(16)}`;
  while (exists(`${namespace}/${name}`)) name = `${about.metadata.name ?? ''}.${(++nanos).toString(16)}`;
  return name;
}

/**
 * The new recorder (client-go tools/events, 1.37): what repeats about one version of an object becomes a series. Its second
 * occurrence is written; later ones are only counted until the series is over.
 */
function recordSeries(state: RecorderState, epoch: Epoch, now: number, source: EventSource, event: EventToRecord, exists: (key: string) => boolean): EventWrite | undefined {
  const { about } = event;
  const namespace = about.metadata.namespace ?? 'default';
  const same = `${about.metadata.uid ?? ''} series ${source.component} ${event.type} ${event.action ?? ''} ${event.reason} ${about.kind ?? ''} ${namespace} ${about.metadata.name ?? ''} ${about.metadata.resourceVersion ?? ''}`;
  const before = state.counts.get(same);
  if (before !== undefined && exists(before.key) && now - before.lastAt <= SERIES_OVER_MS) {
    const count = before.count + 1;
    state.counts = state.counts.set(epoch, same, { key: before.key, count, lastAt: now });
    return count === 2 ? { kind: 'series', key: before.key, count, lastObservedTime: formatMicroTime(now) } : undefined;
  }
  const name = freeName(about, namespace, now, exists);
  const key = `${namespace}/${name}`;
  state.counts = state.counts.set(epoch, same, { key, count: 1, lastAt: now });
  const { reason, message, type, fieldPath } = event;
  return {
    kind: 'create', key, object: {
      apiVersion: 'v1', kind: 'Event', metadata: { name, namespace }, involvedObject: involvedObject(about, fieldPath), reason, message, source: {}, firstTimestamp: null, lastTimestamp: null, type,
      eventTime: formatMicroTime(now), action: event.action, reportingComponent: source.component, reportingInstance: `${source.component}-${source.host ?? 'kubesim'}`,
    },
  };
}

function takeToken(state: RecorderState, epoch: Epoch, key: string, now: number): boolean {
  const held = state.tokens.get(key);
  const tokens = held === undefined ? SPAM_BURST * 1000 : Math.min(SPAM_BURST * 1000, held.tokens + Math.floor(((now - held.at) * 1000) / SPAM_REFILL_MS));
  const passes = tokens >= 1000;
  state.tokens = state.tokens.set(epoch, key, { tokens: passes ? tokens - 1000 : tokens, at: now });
  return passes;
}

interface NewEvent {
  readonly name: string;
  readonly namespace: string;
  readonly about: KubeObject;
  readonly event: EventToRecord;
  readonly message: string;
  readonly source: EventSource;
  readonly reporter: string;
  readonly time: string;
}

function newEvent({ name, namespace, about, event, message, source, reporter, time }: NewEvent): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name, namespace },
    involvedObject: involvedObject(about, event.fieldPath),
    reason: event.reason,
    message,
    source: source.host === undefined ? { component: source.component } : { component: source.component, host: source.host },
    firstTimestamp: time,
    lastTimestamp: time,
    count: 1,
    type: event.type,
    eventTime: null,
    reportingComponent: reporter,
    reportingInstance: source.host ?? '',
  };
}

/** Field by field: these are made by the thousand, and a copy by spread costs a multiple. */
function involvedObject({ kind, apiVersion, metadata: { namespace, name, uid, resourceVersion } }: KubeObject, fieldPath: string | undefined): object {
  return fieldPath === undefined ? { kind, namespace, name, uid, apiVersion, resourceVersion } : { kind, namespace, name, uid, apiVersion, resourceVersion, fieldPath };
}
