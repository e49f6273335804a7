// `cluster.faults`: what may be done to a cluster, by the names of what it is done to.
import type { ApiCall, ResourceName } from '@kubesim/api';
import { durationMs, type Duration } from './duration.ts';
import { checkKeys, checkName, UsageError } from './errors.ts';
import type { ApiFault, CallPattern, CrashPoint } from './faults.ts';
import type { FaultInput } from './inputs.ts';

const PATTERN_KEYS: readonly (keyof CallPattern)[] = ['verb', 'resource', 'namespace', 'name', 'process'];
const ERRORS: readonly NonNullable<ApiFault['error']>[] = ['conflict', 'timeout', 'internal', 'unavailable', 'forbidden', 'tooManyRequests'];
const VERBS: readonly ApiCall['verb'][] = ['get', 'list', 'create', 'update', 'patch', 'delete', 'deletecollection'];
const KUBELET = 'kubelet/';

/** An API fault as people write it: `delay` is a length of virtual time. @public */
export interface ApiFaultRule extends Omit<ApiFault, 'delayMs'> {
  readonly delay?: Duration;
}

/** What faults need of their cluster. @internal */
export interface FaultTarget {
  apply(input: FaultInput): void;
  /** Names of all processes. */
  processes(): readonly string[];
  /** The resource that a word names. Throws UsageError. */
  resource(word: string): ResourceName;
}

/**
 * Faults of a cluster. Each is something that etcd, a network, a node or a clock could do. All of them are inputs: recorded,
 * replayed, and part of forks.
 * @public
 */
export class Faults {
  private readonly target: FaultTarget;

  /** @internal */
  constructor(target: FaultTarget) {
    this.target = target;
  }

  /**
   * Crashes a process (`kube-controller-manager`) or switches a node off (`node/node-2`): its containers are gone. The containers beside
   * a kubelet that crashes (`kubelet/node-2`) run on: when it is back it finds them, and its probes start anew.
   */
  crash(what: string): void {
    const node = nodeOf(what);
    this.target.apply(node === undefined ? { fault: 'crash', process: this.process('faults.crash', what) } : { fault: 'node', node: this.node(what), state: 'stopped' });
  }

  /** Starts what crashed, or restarts what runs; a node that is up is rebooted. */
  restart(what: string): void {
    const node = nodeOf(what);
    this.target.apply(node === undefined ? { fault: 'restart', process: this.process('faults.restart', what) } : { fault: 'node', node: this.node(what), state: 'up' });
  }

  /**
   * Crashes a process between two of its writes: right after one that matches took effect, before it does anything more. With
   * `restartAfter` it starts again by itself: `crashAfter('kube-controller-manager', { verb: 'create', resource: 'pods' }, { restartAfter: '5s' })`.
   */
  crashAfter(process: string, writes: Omit<CallPattern, 'process'> = {}, options: { readonly times?: number; readonly restartAfter?: Duration } = {}): void {
    checkKeys('faults.crashAfter.options', options, ['times', 'restartAfter']);
    const pattern = this.pattern('faults.crashAfter', writes, PATTERN_KEYS.filter((key) => key !== 'process'));
    const point: CrashPoint = {
      ...pattern, process: this.process('faults.crashAfter', process), writes: count('faults.crashAfter.options.times', options.times),
      restartAfterMs: options.restartAfter === undefined ? undefined : durationMs('faults.crashAfter.options.restartAfter', options.restartAfter),
    };
    this.target.apply({ fault: 'crashAfter', point });
  }

  /** Cuts a node off from the API server: its containers run on. */
  cutOff(what: string): void {
    this.target.apply({ fault: 'node', node: this.node(what), state: 'cut-off' });
  }

  /** Joins a node that was cut off, or starts one that was switched off. */
  heal(what: string): void {
    this.target.apply({ fault: 'node', node: this.node(what), state: 'up' });
  }

  /** Sets a node's clock off by so many ms, forwards or backwards (0: right again). What its kubelet writes down carries it. */
  clockJump(what: string, offset: Duration): void {
    const isBack = typeof offset === 'number' ? offset < 0 : offset.startsWith('-');
    const ms = durationMs('faults.clockJump.offset', typeof offset === 'number' ? Math.abs(offset) : offset.replace(/^-/, ''));
    this.target.apply({ fault: 'clock', node: this.node(what), offsetMs: isBack ? -ms : ms });
  }

  /** Multiplies the latencies of a node (pulls, starts, stops); 1 is as before. */
  slow(what: string, factor: number): void {
    if (!(factor > 0) || !Number.isFinite(factor)) throw new UsageError(`faults.slow.factor must be above 0, not ${factor}`);
    this.target.apply({ fault: 'slow', node: this.node(what), factor });
  }

  /** Shuts a node down gracefully: ordinary pods have `grace`, critical ones `criticalGrace` after it. */
  shutdown(what: string, options: { readonly grace?: Duration; readonly criticalGrace?: Duration } = {}): void {
    checkKeys('faults.shutdown', options, ['grace', 'criticalGrace']);
    const graceMs = durationMs('faults.shutdown.grace', options.grace ?? '30s');
    this.target.apply({ fault: 'shutdown', node: this.node(what), graceMs, criticalGraceMs: durationMs('faults.shutdown.criticalGrace', options.criticalGrace ?? '10s') });
  }

  /** Ends the containers of a pod (or one of them) at once, as a crash of the program or the kernel's OOM killer would. */
  killContainer(pod: string, options: { readonly namespace?: string; readonly container?: string; readonly exitCode?: number; readonly reason?: string } = {}): void {
    checkKeys('faults.killContainer', options, ['namespace', 'container', 'exitCode', 'reason']);
    this.target.apply({ fault: 'kill', namespace: options.namespace ?? 'default', pod: pod.replace(/^(pods?|po)\//, ''), exitCode: options.exitCode ?? 137, container: options.container, reason: options.reason });
  }

  /**
   * Fills a node's disk: with its next round, within 10 s, the kubelet reports DiskPressure, takes no more pods but critical ones, drops
   * images that it does not use, and evicts one pod every 10 s, lowest priority first; what is pulled fails. `freeDisk` ends it, and
   * five minutes later the condition goes.
   */
  fillDisk(what: string): void {
    this.target.apply({ fault: 'disk', node: this.node(what), isFull: true });
  }

  /** Gives a node's disk room again. */
  freeDisk(what: string): void {
    this.target.apply({ fault: 'disk', node: this.node(what), isFull: false });
  }

  /**
   * Lets the volumes that are attached to a node be slow to detach: their attachments stay, being deleted, and a volume for one node meets
   * Multi-Attach on any other, until `detach`.
   */
  slowDetach(what: string): void {
    this.target.apply({ fault: 'detach', node: this.node(what), isSlow: true });
  }

  /** Lets what is to be detached from a node be detached. */
  detach(what: string): void {
    this.target.apply({ fault: 'detach', node: this.node(what), isSlow: false });
  }

  /**
   * Lets a probe of a pod flap for a time: it fails for `fail`, passes as it would by itself for `pass`, and so on. Thresholds decide what
   * comes of it: `flapProbe('pod/web-0', { probe: 'readiness', fail: '4s', pass: '2s', for: '30s' })`.
   */
  flapProbe(pod: string, options: { readonly probe: 'readiness' | 'liveness' | 'startup'; readonly fail: Duration; readonly pass: Duration; readonly for: Duration; readonly container?: string; readonly namespace?: string }): void {
    checkKeys('faults.flapProbe', options, ['probe', 'fail', 'pass', 'for', 'container', 'namespace']);
    const type = checkName('faults.flapProbe.probe', options.probe, ['readiness', 'liveness', 'startup'] as const);
    const failMs = durationMs('faults.flapProbe.fail', options.fail);
    if (failMs === 0) throw new UsageError('faults.flapProbe.fail must be above 0');
    const flap = { type: type as typeof options.probe, failMs, passMs: durationMs('faults.flapProbe.pass', options.pass), ...(options.container === undefined ? {} : { container: options.container }) };
    this.target.apply({ fault: 'flap', namespace: options.namespace ?? 'default', pod: pod.replace(/^(pods?|po)\//, ''), flap, forMs: durationMs('faults.flapProbe.for', options.for) });
  }

  /** Lets API calls fail, or take time: the next ones that match. */
  api(rule: ApiFaultRule): void {
    const { delay, ...rest } = rule;
    const pattern = this.pattern('faults.api', rest, [...PATTERN_KEYS, 'when', 'error', 'delay' as 'error', 'times']);
    if (rule.error === undefined && delay === undefined) throw new UsageError('faults.api: error or delay must be set');
    if (rule.error !== undefined) checkName('faults.api.error', rule.error, ERRORS);
    if (rule.when !== undefined) checkName('faults.api.when', rule.when, ['before', 'after']);
    if (delay !== undefined && rule.process !== undefined && /^(kubelet\/|kube-scheduler$|coredns$)/.test(rule.process)) {
      throw new UsageError(`faults.api.delay meets calls of controllers, not of '${rule.process}'; use cutOff, slow or delayCache`);
    }
    const delayMs = delay === undefined ? undefined : durationMs('faults.api.delay', delay);
    this.target.apply({ fault: 'api', rule: { ...pattern, when: rule.when, error: rule.error, ...(delayMs === undefined ? {} : { delayMs }), times: count('faults.api.times', rule.times) } });
  }

  /** Ends API faults and crash points that are still to come. */
  clear(): void {
    this.target.apply({ fault: 'clear' });
  }

  /** Stops the caches of a process, of one resource or of all: they go stale. */
  freezeCache(process: string, resource?: ResourceName): void {
    this.target.apply({ fault: 'freeze', ...this.cache('faults.freezeCache', process, resource) });
  }

  /** Lets stopped caches go on. */
  thawCache(process: string, resource?: ResourceName): void {
    this.target.apply({ fault: 'thaw', ...this.cache('faults.thawCache', process, resource) });
  }

  /** Lets the caches of a process lag: a change is seen up to `lag` late, with what came meanwhile. 0 ends it. */
  delayCache(process: string, lag: Duration, resource?: ResourceName): void {
    this.target.apply({ fault: 'lag', ...this.cache('faults.delayCache', process, resource), lagMs: durationMs('faults.delayCache.lag', lag) });
  }

  /**
   * Hands a process to a second API server, one that has seen nothing for the last `behind` and sees nothing more until `freshServer`. What
   * runs never goes back: its caches stand still. What starts lists the older state, so `restart` after this takes a process back in time:
   * `staleServer('kube-controller-manager', { behind: '10s' })`. Writes go to the store all the same, and an older version meets a conflict.
   * With `resource` only the server's cache of that resource lags.
   */
  staleServer(process: string, options: { readonly behind?: Duration; readonly resource?: ResourceName } = {}): void {
    checkKeys('faults.staleServer', options, ['behind', 'resource']);
    this.target.apply({ fault: 'stand', ...this.cache('faults.staleServer', process, options.resource), behindMs: durationMs('faults.staleServer.behind', options.behind ?? 0) });
  }

  /** Lets the API server of a process catch up. */
  freshServer(process: string): void {
    this.target.apply({ fault: 'catchUp', process: this.process('faults.freshServer', process) });
  }

  /** Loses watches: what was not seen yet comes as one list, with states skipped. */
  relist(process: string, resource?: ResourceName): void {
    this.target.apply({ fault: 'relist', ...this.cache('faults.relist', process, resource) });
  }

  private cache(path: string, process: string, resource: ResourceName | undefined): { readonly process: string; readonly resource?: ResourceName } {
    return { process: this.process(path, process), ...(resource === undefined ? {} : { resource: this.target.resource(resource) }) };
  }

  private pattern(path: string, given: CallPattern, keys: readonly string[]): CallPattern {
    checkKeys(path, given, keys);
    const { verb, resource, namespace, name, process } = given;
    if (verb !== undefined) checkName(`${path}.verb`, verb, VERBS);
    return {
      ...(verb === undefined ? {} : { verb }), ...(resource === undefined ? {} : { resource: this.target.resource(resource) }), ...(namespace === undefined ? {} : { namespace }),
      ...(name === undefined ? {} : { name }), ...(process === undefined ? {} : { process: this.process(`${path}.process`, process) }),
    };
  }

  private process(path: string, name: string): string {
    return checkName(path, name, this.target.processes(), `no process is named '${name}'`);
  }

  private node(what: string): string {
    const node = nodeOf(what);
    if (node === undefined) throw new UsageError(`faults: expected a node such as 'node/node-1', not '${what}'`);
    const nodes = this.target.processes().flatMap((name) => (name.startsWith(KUBELET) ? [name.slice(KUBELET.length)] : []));
    return checkName('faults', node, nodes, `no node is named '${node}'`);
  }
}

function nodeOf(what: string): string | undefined {
  return what.startsWith('node/') ? what.slice('node/'.length) : undefined;
}

function count(path: string, times: number | undefined): number {
  if (times !== undefined && (!Number.isInteger(times) || times < 1)) throw new UsageError(`${path} must be a whole number, 1 or more, not ${times}`);
  return times ?? 1;
}
