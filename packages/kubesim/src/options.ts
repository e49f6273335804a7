// Options of a cluster, checked: misuse names the option's path and the nearest right name.
import type { AdmissionPlugin } from '@kubesim/apiserver';
import { leaderElectionError, type Controller, type LeaderElectionOptions, type Profile } from '@kubesim/client';
import type { ActorFactory } from '@kubesim/client';
import type { MetricsSource } from '@kubesim/controllers';
import type { ContainerBehaviour } from '@kubesim/kubelet';
import type { SchedulerPlugin, SchedulerProfile } from '@kubesim/scheduler';
import { checkKeys, checkName, UsageError } from './errors.ts';

/** A node to make. Quantities as in manifests. @public */
export interface NodeOptions {
  readonly name?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly cpu?: string;
  readonly memory?: string;
  readonly pods?: number;
  readonly zone?: string;
  readonly taints?: readonly { readonly key: string; readonly value?: string; readonly effect: 'NoSchedule' | 'PreferNoSchedule' | 'NoExecute' }[];
}

/** The user's own part in scheduling. @public */
export interface SchedulerSetup {
  /** Plugins beside the default ones, for pods that name no scheduler. */
  readonly plugins?: readonly SchedulerPlugin[];
  /** Names of default plugins to leave out. */
  readonly withoutPlugins?: readonly string[];
  /** Profiles beside the default one, for pods that name them in spec.schedulerName. */
  readonly profiles?: readonly SchedulerProfile[];
  /** Resources that the plugins read, beside those that the scheduler watches. */
  readonly watches?: readonly string[];
}

/** A program of the user's that runs controllers over shared caches, in one process or in several of which one leads. @public */
export interface OperatorOptions {
  /** Name of its process; further replicas are `<name>-2`, `<name>-3`, … */
  readonly name: string;
  readonly controllers: readonly Controller[];
  /** How many processes there are; 1 without it. */
  readonly replicas?: number;
  /** Election by a lease, named as the operator in the namespace `default` unless told otherwise. With several replicas on by default; `false` lets all work at once. */
  readonly leaderElection?: boolean | Partial<LeaderElectionOptions>;
}

/** How a cluster is made. Everything has a default. @public */
export interface ClusterOptions {
  /** How many nodes, or what they are; 3 without it. */
  readonly nodes?: number | readonly NodeOptions[];
  /** Seed of every random stream, uid and generated name. */
  readonly seed?: number;
  /** Virtual instant of the start, ms since 1970; 2026-01-01T00:00:00Z without it. */
  readonly startAt?: number;
  /** Which release is simulated, with its gates. */
  readonly kubernetes?: Profile['kubernetes'];
  readonly featureGates?: Readonly<Record<string, boolean>>;
  /** `default`: typical latencies; `instant`: containers start and stop at once. */
  readonly timing?: 'default' | 'instant';
  /** Whether Events are recorded. They steer nothing. */
  readonly events?: boolean;
  /** Built-in controllers to leave out, by upstream's name. */
  readonly withoutControllers?: readonly string[];
  /** The user's own controllers, run beside the built-in ones in processes of their own. */
  readonly controllers?: readonly Controller[];
  /** The user's programs with several controllers, replicas or leader election. */
  readonly operators?: readonly OperatorOptions[];
  /** How many kube-controller-managers there are; 1 without it. Several elect a leader by the lease kube-system/kube-controller-manager. */
  readonly controllerManagers?: number;
  /** How containers of some images behave: HTTP, exec, how they end. Tried before the built-in ones. */
  readonly behaviours?: readonly ContainerBehaviour[];
  /** Plugins and profiles of kube-scheduler. */
  readonly scheduler?: SchedulerSetup;
  /** Admission plugins of the user's own; they come after the built-in ones. */
  readonly admission?: readonly AdmissionPlugin[];
  /** Who may do what by REST: everybody everything, or what roles and bindings grant (upstream's default policy is made). */
  readonly authorization?: 'AlwaysAllow' | 'RBAC';
  /** Where HorizontalPodAutoscalers have their metrics from: a pure function of the cluster. Without it they keep their targets within bounds. */
  readonly metrics?: MetricsSource;
  /** The user's own actors by name, started with these options. */
  readonly actors?: Readonly<Record<string, ActorFactory>>;
}

/** The instant at which a cluster starts unless told otherwise. @internal */
export const EPOCH_MS = 1_767_225_600_000;

const KEYS: readonly (keyof ClusterOptions)[] = ['nodes', 'seed', 'startAt', 'kubernetes', 'featureGates', 'timing', 'events', 'withoutControllers', 'controllers', 'operators', 'controllerManagers', 'behaviours', 'scheduler', 'admission', 'authorization', 'metrics', 'actors'];
const OPERATOR_KEYS: readonly (keyof OperatorOptions)[] = ['name', 'controllers', 'replicas', 'leaderElection'];
const ELECTION_KEYS: readonly (keyof LeaderElectionOptions)[] = ['namespace', 'name', 'leaseDurationMs', 'renewDeadlineMs', 'retryPeriodMs'];
const NODE_KEYS: readonly (keyof NodeOptions)[] = ['name', 'labels', 'cpu', 'memory', 'pods', 'zone', 'taints'];
const METRICS_KEYS: readonly (keyof MetricsSource)[] = ['name', 'watches', 'measure'];
/** Metrics of which nothing is known. @internal */
export const NO_METRICS: MetricsSource = Object.freeze({ name: 'none', measure: () => undefined });
const RELEASES: readonly Profile['kubernetes'][] = ['1.34', '1.36', '1.37'];

/** The functions among the options: what a recording cannot hold. @internal */
export const FUNCTION_KEYS = ['controllers', 'operators', 'behaviours', 'scheduler', 'admission', 'metrics', 'actors'] as const;

/** Options that are functions, to be given again for a replay. @public */
export type ClusterFunctions = Pick<ClusterOptions, (typeof FUNCTION_KEYS)[number]>;

/** Checks options and fills in what is left out. Throws UsageError. @internal */
export function checkOptions(options: ClusterOptions, controllers: readonly string[], plugins: readonly string[]): Required<ClusterOptions> {
  checkKeys('options', options, KEYS);
  const { nodes = 3, seed = 1, startAt = EPOCH_MS, kubernetes = '1.37', featureGates = {}, timing = 'default', events = true, authorization = 'AlwaysAllow' } = options;
  if (!Number.isInteger(seed)) throw new UsageError(`options.seed must be a whole number, not ${seed}`);
  if (!Number.isInteger(startAt) || startAt < 0) throw new UsageError(`options.startAt must be whole ms since 1970, not ${startAt}`);
  if (!RELEASES.includes(kubernetes)) throw new UsageError(`options.kubernetes must be one of ${RELEASES.join(', ')}, not ${kubernetes}`);
  if (timing !== 'default' && timing !== 'instant') throw new UsageError(`options.timing must be 'default' or 'instant', not '${String(timing)}'`);
  if (authorization !== 'AlwaysAllow' && authorization !== 'RBAC') throw new UsageError(`options.authorization must be 'AlwaysAllow' or 'RBAC', not '${String(authorization)}'`);
  if (typeof nodes === 'number' && (!Number.isInteger(nodes) || nodes < 0)) throw new UsageError(`options.nodes must be a whole number, 0 or more, not ${nodes}`);
  if (typeof nodes !== 'number') nodes.forEach((node, index) => checkKeys(`options.nodes[${index}]`, node, NODE_KEYS));
  const controllerManagers = countOf('options.controllerManagers', options.controllerManagers);
  for (const [index, operator] of (options.operators ?? []).entries()) checkOperator(`options.operators[${index}]`, operator);
  if (options.metrics !== undefined) {
    checkKeys('options.metrics', options.metrics, METRICS_KEYS);
    if (typeof options.metrics.measure !== 'function') throw new UsageError('options.metrics.measure must be a function from a query to an answer');
    if (typeof options.metrics.name !== 'string' || options.metrics.name === '') throw new UsageError('options.metrics.name must be a name and version such as load-by-hour/1');
  }
  const { withoutControllers = [], scheduler = {}, admission = [] } = options;
  withoutControllers.forEach((name, index) => checkName(`options.withoutControllers[${index}]`, name, controllers, `no built-in controller is named '${name}'`));
  checkKeys('options.scheduler', scheduler, ['plugins', 'withoutPlugins', 'profiles', 'watches'] satisfies (keyof SchedulerSetup)[]);
  scheduler.withoutPlugins?.forEach((name, index) => checkName(`options.scheduler.withoutPlugins[${index}]`, name, plugins, `no default plugin is named '${name}'`));
  requireNames('options.scheduler.plugins', scheduler.plugins ?? []);
  requireNames('options.admission', admission);
  // The name of a built-in one that is left out is free: its place can be taken.
  const running = controllers.filter((name) => !withoutControllers.includes(name));
  requireNames('options.controllers', options.controllers ?? [], running);
  const taken = [...running, ...(options.controllers ?? []).map(({ name }) => name)];
  for (const [index, operator] of (options.operators ?? []).entries()) {
    requireNames(`options.operators[${index}].controllers`, operator.controllers, taken);
    taken.push(...operator.controllers.map(({ name }) => name));
  }
  requireNames('options.behaviours', options.behaviours ?? []);
  return { nodes, seed, startAt, kubernetes, featureGates, timing, events, withoutControllers, controllers: options.controllers ?? [], operators: options.operators ?? [], controllerManagers, behaviours: options.behaviours ?? [], scheduler, admission, authorization, metrics: options.metrics ?? NO_METRICS, actors: options.actors ?? {} };
}

/** Functions are registered by name: each has one of its own. */
function requireNames(path: string, functions: readonly { readonly name: string }[], taken: readonly string[] = []): void {
  const known = new Set(taken);
  functions.forEach(({ name }, index) => {
    if (typeof name !== 'string' || name === '') throw new UsageError(`${path}[${index}].name must be set`);
    if (known.has(name)) throw new UsageError(`${path}[${index}].name: '${name}' is taken`);
    known.add(name);
  });
}

function countOf(path: string, count: number | undefined): number {
  if (count !== undefined && (!Number.isInteger(count) || count < 1)) throw new UsageError(`${path} must be a whole number, 1 or more, not ${count}`);
  return count ?? 1;
}

function checkOperator(path: string, operator: OperatorOptions): void {
  checkKeys(path, operator, OPERATOR_KEYS);
  if (typeof operator.name !== 'string' || operator.name === '') throw new UsageError(`${path}.name must be the name of a process, such as ledger-operator`);
  if (!Array.isArray(operator.controllers) || operator.controllers.length === 0) throw new UsageError(`${path}.controllers must be one or more controllers`);
  countOf(`${path}.replicas`, operator.replicas);
  if (typeof operator.leaderElection !== 'object') return;
  checkKeys(`${path}.leaderElection`, operator.leaderElection, ELECTION_KEYS);
  const wrong = leaderElectionError(operator.leaderElection);
  if (wrong !== undefined) throw new UsageError(`${path}.${wrong}`);
}

/** The nodes that options ask for, named node-1, node-2, … @internal */
export function nodeList(nodes: number | readonly NodeOptions[]): readonly (NodeOptions & { readonly name: string })[] {
  const list = typeof nodes === 'number' ? Array.from({ length: nodes }, (): NodeOptions => ({})) : nodes;
  return list.map((node, index) => ({ ...node, name: node.name ?? `node-${index + 1}` }));
}
