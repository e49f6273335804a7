// The waiting verbs as promises, for suites with promise-based operators in them: between two instants of virtual time the host
// gets its turn, and time moves when the operators are idle. What they do is recorded as inputs; when they do it is the host's affair.
import type { KindOf } from './kinds.ts';
import type { Cluster, InNamespace, Within } from './cluster.ts';
import type { Duration } from './duration.ts';
import { checkKeys } from './errors.ts';
import type { WaitCondition } from './waiting.ts';

/** How a live cluster knows that operators are idle. @public */
export interface LiveOptions {
  /**
   * Resolves when the operators have nothing more to do at this instant. Without it the host is left alone for `quietTurns`
   * turns of its event loop in which no request came, and no determinism is promised.
   */
  readonly idle?: () => Promise<void>;
  /** Turns of the event loop without a request that count as idle; 5 without it. */
  readonly quietTurns?: number;
}

const QUIET_TURNS = 5;

/** A cluster whose waiting verbs are promises. @public */
export class LiveCluster {
  /** The cluster itself: everything that does not wait is called on it. */
  readonly cluster: Cluster;
  private readonly options: LiveOptions;

  /** @internal */
  constructor(cluster: Cluster, options: LiveOptions) {
    checkKeys('live', options, ['idle', 'quietTurns']);
    this.cluster = cluster;
    this.options = options;
  }

  /** As `Cluster.settle`, with the operators settled, too. */
  async settle(options: Within = {}): Promise<void> {
    for (;;) {
      const { digest } = this.cluster;
      this.cluster.settle(options);
      await this.idle();
      if (this.cluster.digest === digest) return;
    }
  }

  /** As `Cluster.run`. */
  async run(options: { readonly for: Duration } | { readonly until: number }): Promise<void> {
    const until = this.cluster.instantAfter('run', options);
    await this.idle();
    while (this.cluster.now < until) {
      this.cluster.runToNextInstant(until);
      await this.idle();
    }
  }

  /** As `Cluster.waitFor`: answers the object, rejects with WaitTimeout. */
  async waitFor<Reference extends string>(reference: Reference, condition: WaitCondition, options: Within & InNamespace = {}): Promise<KindOf<Reference> | undefined> {
    const until = this.cluster.instantAfter('waitFor', { for: options.within ?? '1h' });
    await this.idle();
    while (this.cluster.now < until && !this.cluster.holds(reference, condition, options)) {
      this.cluster.runToNextInstant(until);
      await this.idle();
    }
    // What is left of the time is 0: it answers the object, or says what is missing.
    return this.cluster.waitFor(reference, condition, { ...options, within: 0 });
  }

  private async idle(): Promise<void> {
    if (this.options.idle !== undefined) return this.options.idle();
    const turns = this.options.quietTurns ?? QUIET_TURNS;
    let seen = this.cluster.inputCount;
    for (let quiet = 0; quiet < turns; quiet++) {
      // eslint-disable-next-line no-restricted-syntax -- the turn of the host's event loop is what is waited for
      await new Promise<void>((resolve) => { setImmediate(resolve); });
      if (this.cluster.inputCount === seen) continue;
      seen = this.cluster.inputCount;
      quiet = -1;
    }
  }
}
