// How virtual time moves while real clients look on. The host's clock is read here and nowhere below.
import { performance } from 'node:perf_hooks';
import type { Cluster } from 'kubesim';
import type { Speed } from './options.ts';
import type { Clocks } from './streams.ts';

const TICK_MS = 20;
/** A tick works for so long at the most, so that requests are answered between. */
const SLICE_BUDGET_MS = 20;
/** Steps between two looks at the host's clock. */
const STEPS_A_LOOK = 32;
/** At `max` a tick moves virtual time by at most this much. */
const MAX_SLICE_VIRTUAL_MS = 60_000;
/** A host that fell behind by more than this does not make up for it: virtual time lost so much. */
const LAG_MAX_MS = 2_000;

/** What the client is told who declared itself idle. @public */
export interface IdleAnswer {
  /** Whether something that is watched changed. */
  readonly changed: boolean;
  /** Virtual instant, RFC 3339 with milliseconds. */
  readonly now: string;
  readonly resourceVersion: string;
}

/** Moves a cluster's time at a pace and tells the streams. @internal */
export class Pace {
  private readonly cluster: Cluster;
  /** Sends what is new; answers whether a watch was told. */
  private readonly pump: () => boolean;
  private readonly quietMs: number | undefined;
  private current: Speed;
  private timer: NodeJS.Timeout | undefined;
  private quiet: NodeJS.Timeout | undefined;
  private origin: Clocks;

  constructor(cluster: Cluster, speed: Speed, quietMs: number | undefined, pump: () => boolean) {
    this.cluster = cluster;
    this.pump = pump;
    this.quietMs = quietMs;
    this.current = speed;
    this.origin = this.clocks();
    this.setSpeed(speed);
  }

  get speed(): Speed {
    return this.current;
  }

  clocks(): Clocks {
    return { host: performance.now(), virtual: this.cluster.now };
  }

  setSpeed(speed: Speed): void {
    this.current = speed;
    this.origin = this.clocks();
    clearInterval(this.timer);
    this.timer = speed === 'step' ? undefined : setInterval(() => { this.tick(); }, TICK_MS).unref();
  }

  stop(): void {
    clearInterval(this.timer);
    clearTimeout(this.quiet);
  }

  /** A request came or was answered: the quiet of the host begins anew. */
  touch(): void {
    if (this.quietMs === undefined || this.current !== 'step') return;
    clearTimeout(this.quiet);
    this.quiet = setTimeout(() => { this.quietCame(); }, this.quietMs).unref();
  }

  /** Runs until something that is watched has changed; at the longest for so long, or without a limit until nothing is left to do. */
  idle(limitMs: number | undefined): IdleAnswer {
    const until = this.cluster.now + (limitMs ?? 3_600_000);
    let revision = this.revision();
    let changed = this.pump();
    const stop = (): boolean => {
      const now = this.revision();
      if (now === revision) return false;
      revision = now;
      changed = this.pump();
      return changed;
    };
    if (!changed) this.cluster.runSlice(until, stop, limitMs === undefined);
    changed = this.pump() || changed;
    return { changed, now: new Date(this.cluster.now).toISOString(), resourceVersion: String(this.cluster.revision) };
  }

  /** Quiet that changed something goes on: its reader may have nothing to say about it. */
  private quietCame(): void {
    if (this.idle(undefined).changed) this.touch();
  }

  private revision(): number {
    const storage = this.cluster.controlPlane.storage(this.cluster.kernel);
    return storage.revision + storage.revisionOf('events');
  }

  private tick(): void {
    const { speed } = this;
    if (speed === 'step') return;
    const deadline = performance.now() + SLICE_BUDGET_MS;
    let looks = 0;
    const stop = (): boolean => ++looks % STEPS_A_LOOK === 0 && performance.now() >= deadline;
    if (speed === 'max') this.cluster.runSlice(this.cluster.now + MAX_SLICE_VIRTUAL_MS, stop, true);
    else {
      const { host, virtual } = this.clocks();
      // Whoever else moved the cluster, or held the host up, is not made up for.
      if (virtual > this.origin.virtual + (host - this.origin.host) * speed || host - this.origin.host - (virtual - this.origin.virtual) / speed > LAG_MAX_MS) this.origin = { host, virtual };
      this.cluster.runSlice(Math.max(virtual, Math.round(this.origin.virtual + (performance.now() - this.origin.host) * speed)), stop, false);
    }
    this.pump();
  }
}
