// What would happen if a manifest were applied: it is applied in forks, in the usual order of things and in random ones.
import type { KubeObject, LabelSelector, Pod } from '@kubesim/api';
import { compileSelector, isPodReady } from '@kubesim/client';
import { randomArbiter } from '@kubesim/kernel';
import type { Cluster, InNamespace } from './cluster.ts';
import { durationMs, formatDuration, type Duration } from './duration.ts';
import { checkKeys, UsageError } from './errors.ts';
import type { Manifest } from './manifests.ts';
import type { ExplainedReason } from './explain/explain.ts';

/** How a forecast is made. @public */
export interface ForecastOptions extends InNamespace {
  /** How long a rollout may take before it counts as stuck; 30 minutes of virtual time without it. */
  readonly within?: Duration;
  /** How many random orders of things are tried beside the usual one; 4 without it. */
  readonly arbiters?: number;
}

/** What a manifest does to one workload. @public */
export interface WorkloadForecast {
  /** `statefulset/web`. */
  readonly reference: string;
  readonly namespace: string;
  /** Pods that serve before anything is applied. */
  readonly availableBefore: number;
  /** The fewest pods that serve (ready and not on their way out) at any instant from then on, over all runs. */
  readonly lowestAvailable: number;
  /** Virtual ms until the rollout is done: in the usual order of things, and over all runs that came to an end. */
  readonly durationMs: number | undefined;
  readonly durationMsMin: number | undefined;
  readonly durationMsMax: number | undefined;
  /** In how many of the runs it did not come to an end, and why in the first of them. */
  readonly stuckCount: number;
  readonly why: readonly ExplainedReason[];
}

/** What a manifest would do. @public */
export interface Forecast {
  readonly runCount: number;
  /** Whether any rollout did not come to an end in any run. */
  readonly canGetStuck: boolean;
  readonly workloads: readonly WorkloadForecast[];
  /** A line for each workload. */
  readonly summary: string;
}

interface Workload {
  readonly reference: string;
  readonly namespace: string;
}

interface Run {
  readonly durationMs: number | undefined;
  readonly lowestAvailable: number;
  readonly why: readonly ExplainedReason[];
}

const KINDS: readonly string[] = ['Deployment', 'StatefulSet', 'DaemonSet'];
const WITHIN_DEFAULT = '30m';
const ARBITERS_DEFAULT = 4;

/** Forecasts what a manifest would do to a cluster, which stays as it is. Throws what applying it would throw. @internal */
export function forecast(cluster: Cluster, manifest: Manifest, options: ForecastOptions): Forecast {
  checkKeys('forecast', options, ['namespace', 'within', 'arbiters']);
  const limit = durationMs('forecast.within', options.within ?? WITHIN_DEFAULT);
  const arbiters = options.arbiters ?? ARBITERS_DEFAULT;
  if (!Number.isInteger(arbiters) || arbiters < 0) throw new UsageError(`forecast.arbiters must be a whole number, 0 or more, not ${arbiters}`);
  const before = new Map<string, number>();
  const runs = new Map<string, { readonly workload: Workload; readonly runs: Run[] }>();
  for (let seed = 0; seed <= arbiters; seed++) {
    const fork = cluster.fork();
    if (seed > 0) fork.useArbiter(randomArbiter(seed));
    const since = fork.revision;
    const applied = fork.apply(manifest, { namespace: options.namespace });
    const workloads = applied.filter((object) => KINDS.includes(object.kind ?? '')).map((object): Workload => ({ reference: `${(object.kind ?? '').toLowerCase()}/${object.metadata.name}`, namespace: object.metadata.namespace ?? 'default' }));
    if (workloads.length === 0) throw new UsageError(`forecast.manifest must hold a ${KINDS.join(', ')}`);
    const doneAt = runOut(fork, workloads, limit);
    for (const workload of workloads) {
      const key = `${workload.namespace}/${workload.reference}`;
      const { first, lowest } = availability(fork, workload, since);
      before.set(key, first);
      const known = runs.get(key) ?? { workload, runs: [] };
      runs.set(key, known);
      const done = doneAt.get(workload);
      known.runs.push({ durationMs: done === undefined ? undefined : done - cluster.now, lowestAvailable: lowest, why: done === undefined ? fork.explain(workload.reference, workload) : [] });
    }
  }
  const found = [...runs].map(([key, each]) => combine(each.workload, before.get(key) ?? 0, each.runs));
  return { runCount: arbiters + 1, canGetStuck: found.some(({ stuckCount }) => stuckCount > 0), workloads: found, summary: found.map((each) => summaryOf(each, arbiters + 1)).join('\n') };
}

/** Runs until all rollouts are done, nothing is left to do, or time is up; answers when each was done. */
function runOut(fork: Cluster, workloads: readonly Workload[], limit: number): ReadonlyMap<Workload, number> {
  const doneAt = new Map<Workload, number>();
  let revision = -1;
  fork.runSlice(fork.now + limit, () => {
    if (fork.revision === revision) return false;
    revision = fork.revision;
    for (const workload of workloads) if (!doneAt.has(workload) && isRolledOut(fork.get(workload.reference as string, workload))) doneAt.set(workload, fork.now);
    return doneAt.size === workloads.length;
  }, true);
  // A workload that was done and fell back (its image crashes later) is not done.
  for (const workload of workloads) if (!isRolledOut(fork.get(workload.reference as string, workload))) doneAt.delete(workload);
  return doneAt;
}

/** As `kubectl rollout status` says it. Upstream: staging/src/k8s.io/kubectl/pkg/polymorphichelpers/rollout_status.go (1.37). */
function isRolledOut(object: KubeObject | undefined): boolean {
  if (object === undefined) return false;
  const { spec, status = {} } = object;
  if ((status.observedGeneration ?? 0) < (object.metadata.generation ?? 0)) return false;
  const replicas = (spec.replicas ?? 1) as number;
  switch (object.kind) {
    case 'Deployment':
      return (status.updatedReplicas ?? 0) >= replicas && (status.replicas ?? 0) <= (status.updatedReplicas ?? 0) && (status.availableReplicas ?? 0) >= (status.updatedReplicas ?? 0);
    case 'StatefulSet': {
      const partition = spec.updateStrategy?.rollingUpdate?.partition ?? 0;
      const isUpdated = spec.updateStrategy?.type === 'OnDelete' || (status.updatedReplicas ?? 0) >= replicas - partition;
      return isUpdated && (status.replicas ?? 0) === replicas && (status.availableReplicas ?? 0) >= replicas;
    }
    default:
      return spec.updateStrategy?.type === 'OnDelete' || ((status.updatedNumberScheduled ?? 0) >= (status.desiredNumberScheduled ?? 0) && (status.numberAvailable ?? 0) >= (status.desiredNumberScheduled ?? 0));
  }
}

/** How many pods of a workload served at first, and the fewest that did afterwards. */
function availability(fork: Cluster, { reference, namespace }: Workload, since: number): { readonly first: number; readonly lowest: number } {
  const object: KubeObject | undefined = fork.get(reference as string, { namespace });
  const selects = compileSelector(object?.['spec']?.selector as LabelSelector | undefined) ?? (() => false);
  const serves = (pod: Pod): boolean => selects(pod.metadata.labels ?? {}) && pod.metadata.deletionTimestamp === undefined && isPodReady(pod);
  const serving = new Set(fork.at({ revision: since }).list('pods', { namespace }).filter(serves).map((pod) => pod.metadata.uid));
  const first = serving.size;
  let lowest = first;
  for (const { type, object: pod } of fork.watch('pods', { since, namespace })) {
    if (type !== 'DELETED' && serves(pod as Pod)) serving.add(pod.metadata.uid);
    else serving.delete(pod.metadata.uid);
    lowest = Math.min(lowest, serving.size);
  }
  return { first, lowest };
}

function combine({ reference, namespace }: Workload, availableBefore: number, runs: readonly Run[]): WorkloadForecast {
  const durations = runs.flatMap(({ durationMs: each }) => each ?? []);
  const stuck = runs.filter(({ durationMs: each }) => each === undefined);
  return {
    reference, namespace, availableBefore, lowestAvailable: Math.min(...runs.map(({ lowestAvailable }) => lowestAvailable)), durationMs: runs[0]?.durationMs,
    durationMsMin: durations.length === 0 ? undefined : Math.min(...durations), durationMsMax: durations.length === 0 ? undefined : Math.max(...durations), stuckCount: stuck.length, why: stuck[0]?.why ?? [],
  };
}

function summaryOf({ reference, durationMs: usual, durationMsMin, durationMsMax, availableBefore, lowestAvailable, stuckCount, why }: WorkloadForecast, runCount: number): string {
  const time = durationMsMin === undefined ? 'does not come to an end' : `takes ${formatDuration(usual ?? durationMsMin)} (${formatDuration(durationMsMin)} to ${formatDuration(durationMsMax ?? durationMsMin)})`;
  const stuck = stuckCount === 0 ? '' : `; stuck in ${stuckCount} of ${runCount} runs${why.map(({ message }) => `: ${message}`).join('')}`;
  return `${reference} ${time}; of ${availableBefore} pods at least ${lowestAvailable} serve at any time${stuck}`;
}
