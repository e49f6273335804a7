// Metrics come from a function of the user's: an API for them is not simulated.
import type { MetricSpec, Pod } from '@kubesim/api';

/** What is asked for: one metric of one autoscaler. @public */
export interface MetricQuery {
  /** Virtual instant, ms since 1970. */
  readonly now: number;
  readonly namespace: string;
  readonly metric: MetricSpec;
  /** The pods of the target, for metrics that are per pod. */
  readonly pods: readonly Pod[];
}

/** An answer in thousandths of the metric's unit (250 is 250m): by pod name, or one value for Object and External. @public */
export type MetricAnswer = { readonly pods: Readonly<Record<string, number>> } | { readonly value: number };

/** Answers a query, or undefined where there is no such metric now. Must be a pure function. @public */
export type MetricsClient = (query: MetricQuery) => MetricAnswer | undefined;
