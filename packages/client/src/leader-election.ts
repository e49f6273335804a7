// Leader election by lease: of several processes that could do the same work, the one that holds the lease does it.
// Upstream: staging/src/k8s.io/client-go/tools/leaderelection/{leaderelection.go,resourcelock/leaselock.go} (1.37).
import type { KubeObject, LeaseSpec } from '@kubesim/api';
import { send, type Calling } from './calling.ts';
import type { Controller, ReconcileContext, Reconciling } from './reconcile.ts';

/** How a process is elected. Times in ms. @public */
export interface LeaderElectionOptions {
  /** Namespace and name of the lease that candidates share. */
  readonly namespace: string;
  readonly name: string;
  /** How long a lease holds that nobody renews, by the clock of who looks at it. 15 s without it. */
  readonly leaseDurationMs?: number;
  /** How long a leader tries to renew before it gives up. 10 s without it; less than the lease's duration. */
  readonly renewDeadlineMs?: number;
  /** How long between two tries. 2 s without it; times 1.2 less than the renew deadline. */
  readonly retryPeriodMs?: number;
}

/** Whose elector it is. @internal */
export interface Candidate extends LeaderElectionOptions {
  /** The process: candidates have different ones. */
  readonly process: string;
  /** Component of its Events: `kube-controller-manager`. */
  readonly component: string;
}

/** Name of the elector of a process. @internal */
export function electorName(process: string): string {
  return `leader-election ${process}`;
}

/** What an elector remembers; lost in a crash, so that a process comes back as somebody else. */
interface ElectorState {
  identity: string;
  /** The lease as it was last read or written. */
  lease: KubeObject | null;
  /** When its present text was first seen, by this process's clock. */
  observedAt: number;
  /** Until when a renewal must succeed; 0 for a candidate. */
  deadlineAt: number;
}

const LEASES = 'leases.coordination.k8s.io';
const KEY = 'lease';
const LEASE_DURATION_MS = 15_000;
const RENEW_DEADLINE_MS = 10_000;
const RETRY_PERIOD_MS = 2_000;
const JITTER_TENTHS = 12;
/** A process that lost its lease exits; whoever watches over it starts it again after so long. */
const RESTART_MS = 1_000;
const IDENTITY_PARTS = 4;
const PART_BOUND = 0x1_0000_0000;

type Settings = Required<LeaderElectionOptions>;

/** What is wrong with the times of an election: such as could make two leaders. Undefined if nothing is. @public */
export function leaderElectionError(options: Partial<LeaderElectionOptions>): string | undefined {
  const { leaseDurationMs, renewDeadlineMs, retryPeriodMs } = withDefaults(options);
  if (!Number.isInteger(retryPeriodMs) || retryPeriodMs < 1) return `leaderElection.retryPeriodMs must be a whole number, 1 or more, not ${retryPeriodMs}`;
  if (leaseDurationMs <= renewDeadlineMs) return `leaderElection.leaseDurationMs must be greater than renewDeadlineMs (${renewDeadlineMs}), not ${leaseDurationMs}`;
  if (renewDeadlineMs * 10 <= retryPeriodMs * JITTER_TENTHS) return `leaderElection.renewDeadlineMs must be greater than 1.2 times retryPeriodMs (${retryPeriodMs}), not ${renewDeadlineMs}`;
  return leaseDurationMs % 1000 === 0 ? undefined : `leaderElection.leaseDurationMs must be whole seconds, not ${leaseDurationMs}`;
}

function withDefaults<T extends Partial<LeaderElectionOptions>>(options: T): T & { readonly leaseDurationMs: number; readonly renewDeadlineMs: number; readonly retryPeriodMs: number } {
  const { leaseDurationMs = LEASE_DURATION_MS, renewDeadlineMs = RENEW_DEADLINE_MS, retryPeriodMs = RETRY_PERIOD_MS } = options;
  return { ...options, leaseDurationMs, renewDeadlineMs, retryPeriodMs };
}

/**
 * The elector of a process: a controller of one key that answers whether its process leads, try by try. Throws RangeError for
 * times that could make two leaders. @internal
 */
export function createLeaderElector(candidate: Candidate): Controller {
  const wrong = leaderElectionError(candidate);
  if (wrong !== undefined) throw new RangeError(wrong);
  const settings = withDefaults(candidate);
  return {
    name: electorName(candidate.process),
    isTimeless: true,
    watches: [],
    workers: 1,
    initialState: (): ElectorState => ({ identity: '', lease: null, observedAt: 0, deadlineAt: 0 }),
    handle: () => {},
    start: (context) => { context.enqueue(KEY); },
    reconcile: (context) => elect(context, candidate, settings),
  };
}

function* elect(context: ReconcileContext, candidate: Candidate, settings: Settings): Reconciling {
  const { now } = context;
  const state = context.decide(() => ({ ...(context.state as ElectorState) }));
  if (state.identity === '') state.identity = `${candidate.process}_${newUuid(context)}`;
  const wasLeader = state.deadlineAt > 0;
  const isLate = wasLeader && now >= state.deadlineAt;
  const isHeld = !isLate && (yield* tryAcquireOrRenew(state, settings, now));
  const say = (what: string): void => {
    const about = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: state.lease?.metadata ?? { namespace: settings.namespace, name: settings.name } };
    context.event({ about, type: 'Normal', reason: 'LeaderElection', message: `${state.identity} ${what}`, component: candidate.component });
  };
  if (isHeld) {
    // The next round of renewals begins one period on, and has its own deadline.
    state.deadlineAt = now + settings.retryPeriodMs + settings.renewDeadlineMs;
    keep(context, state);
    if (!wasLeader) say('became leader');
    context.enqueueAfter(KEY, settings.retryPeriodMs, { quietUntil: Infinity });
    return { leads: true };
  }
  if (!wasLeader) {
    // A candidate waits for a while that differs from try to try. While the lease is renewed, that is all it does.
    const isRenewed = state.lease !== null && now - state.observedAt <= 2 * settings.retryPeriodMs;
    keep(context, state);
    const jitter = context.random('jitter').below(Math.trunc((settings.retryPeriodMs * JITTER_TENTHS) / 10));
    context.enqueueAfter(KEY, settings.retryPeriodMs + jitter, isRenewed ? { quietUntil: Infinity } : {});
    return { leads: false };
  }
  if (now < state.deadlineAt) {
    keep(context, state);
    context.enqueueAfter(KEY, Math.min(settings.retryPeriodMs, state.deadlineAt - now));
    return { leads: true };
  }
  say('stopped leading');
  keep(context, { identity: '', lease: null, observedAt: 0, deadlineAt: 0 });
  context.enqueueAfter(KEY, RESTART_MS);
  return { leads: false };
}

/** Writes the state once: a reconcile that is run again on its log is not asked again. */
function keep(context: ReconcileContext, state: ElectorState): void {
  context.decide(() => {
    Object.assign(context.state as ElectorState, state);
    return null;
  });
}

function newUuid(context: ReconcileContext): string {
  const source = context.random('identity');
  const hex = Array.from({ length: IDENTITY_PARTS }, () => source.below(PART_BOUND).toString(16).padStart(8, '0')).join('');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20)}`;
}

/** Upstream: tryAcquireOrRenew. Whether the lease is held when it is done. */
function* tryAcquireOrRenew(state: ElectorState, settings: Settings, now: number): Calling<boolean> {
  const { namespace, name } = settings;
  // A leader writes what it last saw, without reading first.
  if (isLeader(state) && isValid(state, now)) {
    const { object } = yield* send({ verb: 'update', resource: LEASES, namespace, name, object: renewed(state, settings, now) });
    if (object !== undefined) return observe(state, object, now);
  }
  const read = yield* send({ verb: 'get', resource: LEASES, namespace, name });
  if (read.error !== undefined) {
    if (read.error.reason !== 'NotFound') return false;
    const spec = specOf(state, settings, now, 0);
    const { object } = yield* send({ verb: 'create', resource: LEASES, namespace, object: { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { namespace, name }, spec } });
    return object !== undefined && observe(state, object, now);
  }
  const isNews = JSON.stringify(state.lease?.['spec']) !== JSON.stringify(read.object['spec']);
  if (isNews) state.observedAt = now;
  state.lease = read.object;
  if ((specIn(state).holderIdentity ?? '') !== '' && isValid(state, now) && !isLeader(state)) return false;
  const { object } = yield* send({ verb: 'update', resource: LEASES, namespace, name, object: renewed(state, settings, now) });
  return object !== undefined && observe(state, object, now);
}

function observe(state: ElectorState, lease: KubeObject, now: number): true {
  state.lease = lease;
  state.observedAt = now;
  return true;
}

function specIn({ lease }: ElectorState): LeaseSpec {
  return (lease?.['spec'] as LeaseSpec | undefined) ?? {};
}

function isLeader(state: ElectorState): boolean {
  return specIn(state).holderIdentity === state.identity;
}

function isValid(state: ElectorState, now: number): boolean {
  return state.observedAt + (specIn(state).leaseDurationSeconds ?? 0) * 1000 > now;
}

/** The lease held from now on: the term goes on for the leader, and is a new one for anybody else. */
function renewed(state: ElectorState, settings: Settings, now: number): KubeObject {
  const { acquireTime, leaseTransitions = 0 } = specIn(state);
  const spec = isLeader(state) ? { ...specOf(state, settings, now, leaseTransitions), acquireTime } : specOf(state, settings, now, leaseTransitions + 1);
  return { ...(state.lease as KubeObject), spec };
}

function specOf({ identity }: ElectorState, { leaseDurationMs }: Settings, now: number, leaseTransitions: number): LeaseSpec {
  return { holderIdentity: identity, leaseDurationSeconds: leaseDurationMs / 1000, acquireTime: microTime(now), renewTime: microTime(now), leaseTransitions };
}

function microTime(instantMs: number): string {
  return new Date(instantMs).toISOString().replace('Z', '000Z');
}
