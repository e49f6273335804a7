// What is open: watches and followed logs. A stream is a place in the history; a reader that is behind costs nothing but that.
import { encodeProtobufWatchEvent, expiredStatus, formatTime, type KubeObject, type LogFollow, type WatchEvent, type WatchRequest } from '@kubesim/api';
import type { Watcher } from '@kubesim/apiserver';
import type { Cluster } from 'kubesim';
import { objectJson } from './encode.ts';
import type { Sink } from './wire.ts';

/** Upstream's bookmarks come about once a minute (apiserver/pkg/storage/cacher, 1.37). */
const BOOKMARK_EVERY_MS = 60_000;
/** Upstream ends a watch that says no time after 30 to 60 minutes (--min-request-timeout, 1.37). */
const TIMEOUT_DEFAULT_MS = 1_800_000;

/** An instant in both clocks: which of them counts depends on the pace. @internal */
export interface Clocks {
  readonly host: number;
  readonly virtual: number;
}

interface OpenStream {
  readonly sink: Sink;
  /** Writes what is new; true if something was. */
  next(): boolean;
  /** Whether it is over: its time, or what it follows has ended. */
  isOver(now: Clocks, isStepped: boolean): boolean;
}

/** All open streams of a cluster. @internal */
export class Streams {
  private readonly open = new Set<OpenStream>();
  private readonly watching = new Set<OpenStream>();
  private readonly cluster: Cluster;
  private readonly json = new JsonEvents();

  constructor(cluster: Cluster) {
    this.cluster = cluster;
  }

  get size(): number {
    return this.open.size;
  }

  get watches(): number {
    return this.watching.size;
  }

  /** Opens a watch; the returned function takes it away. */
  watch(watch: WatchRequest, sink: Sink, now: Clocks): () => void {
    const stream = new WatchStream(this.cluster, watch, sink, this.json, now);
    stream.begin();
    this.json.endRound();
    this.watching.add(stream);
    return this.add(stream);
  }

  follow(follow: LogFollow, sink: Sink): () => void {
    return this.add(new LogStream(this.cluster, follow, sink));
  }

  /** Sends each stream what is new for it; answers whether a watch was sent anything. */
  pump(now: Clocks, isStepped: boolean): boolean {
    let isWatchTold = false;
    for (const stream of this.open) {
      if (!stream.sink.isFull && stream.next() && this.watching.has(stream)) isWatchTold = true;
      if (stream.isOver(now, isStepped)) this.end(stream);
    }
    this.json.endRound();
    return isWatchTold;
  }

  endAll(): void {
    for (const stream of this.open) this.end(stream);
  }

  private add(stream: OpenStream): () => void {
    this.open.add(stream);
    return () => { this.remove(stream); };
  }

  private remove(stream: OpenStream): void {
    this.open.delete(stream);
    this.watching.delete(stream);
  }

  private end(stream: OpenStream): void {
    this.remove(stream);
    stream.sink.end();
  }
}

/** Events as lines of JSON. Within one round a change is written out once, however many watch it: stored objects stay what they are. */
class JsonEvents {
  private readonly objects = new Map<object, string>();

  line({ type, object }: WatchEvent): string {
    let text = this.objects.get(object);
    if (text === undefined) {
      text = objectJson(object);
      if (Object.isFrozen(object)) this.objects.set(object, text);
    }
    return `{"type":"${type}","object":${text}}\n`;
  }

  /** Forgets what a round wrote: kept, the texts would outweigh the objects. */
  endRound(): void {
    this.objects.clear();
  }
}

class WatchStream implements OpenStream {
  readonly sink: Sink;
  private readonly cluster: Cluster;
  private readonly watch: WatchRequest;
  private readonly json: JsonEvents;
  private readonly watcher: Watcher;
  private readonly end: Clocks;
  private from: number;
  private markedAt: number;
  private isBroken = false;

  constructor(cluster: Cluster, watch: WatchRequest, sink: Sink, json: JsonEvents, now: Clocks) {
    this.cluster = cluster;
    this.watch = watch;
    this.sink = sink;
    this.json = json;
    this.watcher = cluster.controlPlane.server(cluster.kernel).watcher(watch);
    const lasts = watch.timeoutSeconds === undefined || watch.timeoutSeconds === 0 ? TIMEOUT_DEFAULT_MS : watch.timeoutSeconds * 1_000;
    this.end = { host: now.host + lasts, virtual: now.virtual + lasts };
    // Events count revisions of their own: a version taken from another kind's list says nothing about them.
    this.from = watch.resource === 'events' ? Math.min(watch.fromRevision, this.revision()) : watch.fromRevision;
    this.markedAt = cluster.now;
  }

  begin(): void {
    for (const event of this.watch.initial) this.write(event);
    if (this.revision() < this.from) this.expire();
    else this.next();
  }

  private revision(): number {
    return this.cluster.controlPlane.storage(this.cluster.kernel).revisionOf(this.watch.resource);
  }

  /** The cluster went back behind what its client has seen: it must list anew. */
  private expire(): void {
    this.isBroken = true;
    this.write({ type: 'ERROR', object: expiredStatus(`too new resource version: ${this.from} (${this.revision()}): the cluster was restored to an earlier state`) as unknown as KubeObject });
  }

  next(): boolean {
    const now = this.revision();
    if (now < this.from && !this.isBroken) this.expire();
    if (now === this.from || this.isBroken) return false;
    const events = this.watcher.events(this.from);
    for (const event of events) this.write(event);
    this.from = now;
    if (events.length > 0) this.markedAt = this.cluster.now;
    else if (this.watch.allowBookmarks && this.cluster.now - this.markedAt >= BOOKMARK_EVERY_MS) this.mark(now);
    return events.length > 0;
  }

  /** Its time is up, or nothing more can come. */
  isOver(now: Clocks, isStepped: boolean): boolean {
    return this.isBroken || (isStepped ? now.virtual >= this.end.virtual : now.host >= this.end.host) || this.watch.initial[0]?.type === 'ERROR';
  }

  /** Tells how far the watch has come, so that a client goes on from there. */
  private mark(revision: number): void {
    this.markedAt = this.cluster.now;
    const object: KubeObject = this.watch.representation === 'object'
      ? { kind: this.watch.kind, apiVersion: this.watch.apiVersion, metadata: { resourceVersion: String(revision) } }
      : { kind: this.watch.representation === 'table' ? 'Table' : 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: { resourceVersion: String(revision) } };
    this.write({ type: 'BOOKMARK', object });
  }

  private write(event: WatchEvent): void {
    const frame = this.watch.encoding === 'protobuf' ? encodeProtobufWatchEvent(event.type, event.object) : undefined;
    this.sink.write(frame ?? this.json.line(event));
  }
}

class LogStream implements OpenStream {
  readonly sink: Sink;
  private readonly cluster: Cluster;
  private readonly follow: LogFollow;
  private sent: number;
  private isEnded = false;

  constructor(cluster: Cluster, follow: LogFollow, sink: Sink) {
    this.cluster = cluster;
    this.follow = follow;
    this.sink = sink;
    this.sent = follow.sent;
  }

  next(): boolean {
    const log = this.cluster.controlPlane.containerLog(this.cluster.kernel, this.follow);
    if (log === undefined || log.id !== this.follow.id) {
      this.isEnded = true;
      return false;
    }
    const prefix = this.follow.timestamps ? `${formatTime(log.startedAt)} ` : '';
    const lines = log.lines.slice(this.sent);
    for (const line of lines) this.sink.write(`${prefix}${line}\n`);
    this.sent += lines.length;
    this.isEnded = !log.isRunning;
    return lines.length > 0;
  }

  isOver(): boolean {
    return this.isEnded;
  }
}
