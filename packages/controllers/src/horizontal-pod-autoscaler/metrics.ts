// Metrics come from a function of the user's: an API for them is not simulated.
import { parseQuantity, quantityMilliValue, type HorizontalPodAutoscaler, type KubeObject, type MetricSpec, type Pod, type ResourceName } from '@kubesim/api';
import type { Lister } from '@kubesim/client';

/** What is asked for: one metric of one autoscaler. @public */
export interface MetricQuery {
  /** Virtual instant, ms since 1970. */
  readonly now: number;
  readonly namespace: string;
  readonly autoscaler: HorizontalPodAutoscaler;
  readonly metric: MetricSpec;
  /** The pods of the target, in key order. */
  readonly pods: readonly Pod[];
  /** Reads a kind through the cache of the controller manager. Throws RangeError unless it is among what the source watches. */
  lister<T = KubeObject>(resource: ResourceName): Lister<T>;
}

/** A measured value: a quantity as in manifests (`250m`, `1.5Gi`), or a whole number. @public */
export type MetricValue = string | number;

/** An answer: by pod name for Resource, ContainerResource and Pods metrics; one value for Object and External. @public */
export type MetricAnswer = { readonly pods: Readonly<Record<string, MetricValue>> } | { readonly value: MetricValue };

/**
 * Where an autoscaler has its metrics from: a pure function of the World. What it depends on lies in the query: the instant,
 * the pods, and any object that it reads through a lister. @public
 */
export interface MetricsSource {
  /** Name and version, for the fingerprint of recordings: `load-by-hour/1`. */
  readonly name: string;
  /** Further resources that it reads. Pods are always there. */
  readonly watches?: readonly ResourceName[];
  /** Answers a query, or undefined where there is no such metric now. A pod that is left out has no sample yet. */
  measure(query: MetricQuery): MetricAnswer | undefined;
}

/** A source that knows no metric. @internal */
export const NO_METRICS: MetricsSource = Object.freeze({ name: 'none', measure: () => undefined });

/** An answer in thousandths. @internal */
export type Measured = { readonly pods: ReadonlyMap<string, number> } | { readonly value: number };

/** Asks a source. Throws RangeError for an answer that is none: that is the source's mistake, not the cluster's. @internal */
export function ask(source: MetricsSource, query: MetricQuery): Measured | undefined {
  const answer = source.measure(query);
  if (answer === undefined) return undefined;
  const isPerPod = ['Resource', 'ContainerResource', 'Pods'].includes(query.metric.type);
  if (isPerPod !== 'pods' in answer) throw new RangeError(`metrics '${source.name}': a ${query.metric.type} metric is answered with { ${isPerPod ? 'pods: { name: value }' : 'value'} }`);
  if (!('pods' in answer)) return { value: milliOf(answer.value, `metrics '${source.name}': value`) };
  return { pods: new Map(Object.entries(answer.pods).map(([name, value]) => [name, milliOf(value, `metrics '${source.name}': pods['${name}']`)])) };
}

function milliOf(value: MetricValue, path: string): number {
  const parsed = parseQuantity(String(value));
  if (!parsed.ok) throw new RangeError(`${path} must be a quantity such as 250m, not ${String(value)}`);
  return Number(quantityMilliValue(parsed.quantity));
}
