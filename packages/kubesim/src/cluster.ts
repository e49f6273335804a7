// The cluster that people hold: a control plane in virtual time, synchronous, one value at any moment.
import type { ApiCall, ApiReply, DeleteOptions, KubeObject, PatchType, Pod, ResourceName, RestRequest, RestResponse, WatchEvent } from '@kubesim/api';
import { Machine, fingerprint, fifoArbiter, type ArbiterState, type KeptChoices, type RunOutcome, type World } from '@kubesim/kernel';
import { processName, type Profile } from '@kubesim/client';
import { defaultPlugins } from '@kubesim/scheduler';
import { bootstrap, BUILT_IN_NAMES, createControlPlane } from './bootstrap.ts';
import { settingsOf, type ControlPlane } from './control-plane.ts';
import { durationMs, formatDuration, readInstant, type Duration } from './duration.ts';
import { kubectl, type KubectlResult } from '@kubesim/kubectl';
import { ApiError, checkKeys, checkName, KubectlFailed, UsageError, WaitTimeout } from './errors.ts';
import { Faults, type FaultTarget } from './cluster-faults.ts';
import type { ClusterInputs } from './inputs.ts';
import { readManifest, type Manifest } from './manifests.ts';
import { choosePods, type DrainOptions } from './drain.ts';
import { instantAfterObjects, readImport, type ImportedObject } from './import-objects.ts';
import { LiveCluster, type LiveOptions } from './live.ts';
import { Observers, type Observer } from './observers.ts';
import { checkOptions, FUNCTION_KEYS, type ClusterFunctions, type ClusterOptions } from './options.ts';
import { forecast, type Forecast, type ForecastOptions } from './forecast.ts';
import { explain, type ExplainedReason } from './explain/explain.ts';
import { Past } from './past.ts';
import { podLanes, type PodChange } from './timeline/pod-lanes.ts';
import { Timeline } from './timeline/timeline.ts';
import { Rollout } from './rollout.ts';
import { checkRecording, type Recording, type ScriptEntry } from './recording.ts';
import type { KindOf, KindOfWord } from './kinds.ts';
import { parseReference, resolveManifest, resolveResource, type ResolvedKind } from './references.ts';
import { log } from './pod-access.ts';
import { readCondition, type WaitCondition } from './waiting.ts';

/** Where a namespaced thing is; `default` without it. @public */
export interface InNamespace {
  readonly namespace?: string;
}

/** What a kubectl command is given besides its words. @public */
export interface KubectlInput extends InNamespace {
  /** What `-f -` reads. */
  readonly stdin?: string;
  /** What `-f FILE` reads; without it no file exists. The host's files are left to the caller: `(path) => readFileSync(path, 'utf8')`. */
  readonly readFile?: (path: string) => string;
  /** Stands in place of the editor of `edit`: from the manifest shown to the one saved. */
  readonly edit?: (yaml: string) => string;
}

/** How long a wait or a run may take at the most, in virtual time. @public */
export interface Within {
  readonly within?: Duration;
}

const WITHIN_DEFAULT = '1h';
const STEPS_MAX = 5_000_000;
/** kubectl tries a refused eviction again after so long. Upstream: drain.go (1.37). */
const EVICTION_RETRY_MS = 5_000;
const PROCESS_PREFIX = processName('');
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

/** A saved state of a cluster. Opaque; give it back to `restore` or `Cluster.fromSnapshot`. @public */
export interface Snapshot {
  readonly world: World;
  readonly script: readonly ScriptEntry[];
  /** @internal */
  readonly kept?: KeptChoices;
  /** @internal */
  readonly checkpoints: readonly Checkpoint[];
}

/** A World on the way, to rewind from. @internal */
export interface Checkpoint {
  readonly world: World;
  readonly entries: number;
  /** Choices were given here that the script does not tell of. */
  readonly isPinned: boolean;
}

/** So far apart, in virtual time, Worlds are kept for rewinding, and so many of them. */
const CHECKPOINT_MS = 60_000;
const CHECKPOINTS_MAX = 32;

/** A Kubernetes cluster in virtual time. @public */
export class Cluster {
  /** Faults to inflict. */
  readonly faults: Faults;
  /** kubectl's rollout verbs. */
  readonly rollout: Rollout;
  private readonly options: Required<ClusterOptions>;
  private readonly plane: ControlPlane;
  private readonly imported: readonly ImportedObject[];
  private machine: Machine;
  private script: ScriptEntry[];
  private checkpoints: Checkpoint[];
  private observers: Observers | undefined;

  /** `imported` is what `Cluster.from` read. */
  constructor(options: ClusterOptions = {}, imported: readonly ImportedObject[] = []) {
    this.options = checkOptions(options, BUILT_IN_NAMES, defaultPlugins.map(({ name }) => name));
    this.plane = createControlPlane(this.options);
    this.machine = bootstrap(this.plane, this.options, imported);
    this.imported = imported;
    this.script = [];
    this.checkpoints = [];
    this.faults = new Faults(this.faultTarget());
    this.rollout = new Rollout((words, where) => this.kubectl(words, where));
  }

  /**
   * A cluster from what `kubectl get … -o yaml` printed: uids, statuses and versions are kept, containers run on as their
   * statuses say, and time begins right after the last instant that the objects tell of. Controllers then see to it that all is
   * as it should be; `settle()` lets them. Nodes that are not among the objects are made for the pods that run there.
   */
  static from(objects: Manifest, options: ClusterOptions = {}): Cluster {
    const read = readManifest(objects);
    const startAt = options.startAt ?? instantAfterObjects(read);
    return new Cluster({ ...options, ...(startAt === undefined ? {} : { startAt }) }, readImport(read));
  }

  /** Virtual instant, ms since 1970. */
  get now(): number {
    return this.machine.now;
  }

  /** Revision of the last write. */
  get revision(): number {
    return this.plane.storage(this.machine).revision;
  }

  /** Steps made so far. */
  get steps(): number {
    return this.machine.steps;
  }

  /** What was decided and changed so far, as text: equal digests, equal histories. */
  get digest(): string {
    return this.machine.rollingDigest;
  }

  // Objects

  /** Creates or updates what a manifest holds, as `kubectl apply` does. Nothing is applied if a document is bad. */
  apply(manifest: Manifest, options: InNamespace = {}): readonly KubeObject[] {
    const objects = readManifest(manifest).map((object) => ({ object, kind: resolveManifest(object, this.customKinds) }));
    return objects.map(({ object, kind }) => this.applyOne(object, kind, options.namespace));
  }

  /** Creates what a manifest holds. Throws ApiError AlreadyExists. */
  create(manifest: Manifest, options: InNamespace = {}): readonly KubeObject[] {
    const objects = readManifest(manifest).map((object) => ({ object, kind: resolveManifest(object, this.customKinds) }));
    return objects.map(({ object, kind }) => this.call({ verb: 'create', resource: kind.resource, namespace: this.namespaceOf(kind, object, options.namespace), object }));
  }

  /** Replaces what a manifest holds. Throws ApiError NotFound. */
  replace(manifest: Manifest, options: InNamespace = {}): readonly KubeObject[] {
    const objects = readManifest(manifest).map((object) => ({ object, kind: resolveManifest(object, this.customKinds) }));
    return objects.map(({ object, kind }) => this.call({ verb: 'update', resource: kind.resource, namespace: this.namespaceOf(kind, object, options.namespace), name: object.metadata.name ?? '', object }));
  }

  /** Patches an object; a strategic merge patch unless told otherwise. */
  patch(reference: string, patch: unknown, options: InNamespace & { readonly type?: PatchType; readonly subresource?: string } = {}): KubeObject {
    const { resource, namespaced, name } = this.reference(reference);
    return this.call({ verb: 'patch', resource, namespace: namespaced ? options.namespace ?? 'default' : undefined, name, patchType: options.type ?? 'strategic', patch, subresource: options.subresource });
  }

  /** Deletes an object; its dependents follow in the background unless told otherwise. */
  delete(reference: string, options: InNamespace & { readonly cascade?: 'background' | 'foreground' | 'orphan'; readonly gracePeriodSeconds?: number } = {}): void {
    const { resource, namespaced, name } = this.reference(reference);
    const policies = { background: 'Background', foreground: 'Foreground', orphan: 'Orphan' } as const;
    const deleteOptions: DeleteOptions = { propagationPolicy: policies[options.cascade ?? 'background'], gracePeriodSeconds: options.gracePeriodSeconds };
    this.call({ verb: 'delete', resource, namespace: namespaced ? options.namespace ?? 'default' : undefined, name, options: deleteOptions });
  }

  /** Sets the number of replicas through the scale subresource. */
  scale(reference: string, replicas: number, options: InNamespace = {}): KubeObject {
    return this.patch(reference, { spec: { replicas } }, { ...options, type: 'merge', subresource: 'scale' });
  }

  /** Sets images of containers by name, as `kubectl set image` does; `*` means all. */
  setImage(reference: string, images: Readonly<Record<string, string>>, options: InNamespace = {}): KubeObject {
    const object = this.getOrThrow(reference, options);
    const template = object['spec']?.template?.spec ?? object['spec'];
    const containers = (template?.containers ?? []) as readonly { readonly name: string }[];
    const changed = containers.filter(({ name }) => images[name] !== undefined || images['*'] !== undefined).map(({ name }) => ({ name, image: images[name] ?? images['*'] }));
    const unknown = Object.keys(images).find((name) => name !== '*' && !containers.some((container) => container.name === name));
    if (unknown !== undefined) throw new UsageError(`unable to find container named "${unknown}"`);
    return this.patch(reference, { spec: object['spec']?.template === undefined ? { containers: changed } : { template: { spec: { containers: changed } } } }, options);
  }

  /** Sets labels; null removes one. */
  label(reference: string, labels: Readonly<Record<string, string | null>>, options: InNamespace = {}): KubeObject {
    return this.patch(reference, { metadata: { labels } }, { ...options, type: 'merge' });
  }

  /** Sets annotations; null removes one. */
  annotate(reference: string, annotations: Readonly<Record<string, string | null>>, options: InNamespace = {}): KubeObject {
    return this.patch(reference, { metadata: { annotations } }, { ...options, type: 'merge' });
  }

  /** Sets or removes taints of a node, as kubectl writes them: `dedicated=db:NoSchedule`, `dedicated:NoSchedule-`, `dedicated-`. */
  taint(node: string, ...taints: readonly string[]): KubeObject {
    const now = (this.getOrThrow(`node/${node}`, {})['spec']?.taints ?? []) as readonly Taint[];
    return this.patch(`node/${node}`, { spec: { taints: taints.reduce(withTaint, now) } }, { type: 'merge' });
  }

  /**
   * Cordons a node and evicts its pods, within budgets, as `kubectl drain` does: an eviction that a budget forbids is tried again
   * every 5 s. Answers the names of the evicted pods. Throws UsageError for pods that need `force` or `deleteEmptyDirData`, and
   * WaitTimeout where a budget holds out for longer than `within` (an hour of virtual time).
   */
  drain(node: string, options: DrainOptions & Within = {}): readonly string[] {
    const { within, ...choice } = options;
    checkKeys('drain', choice, ['force', 'deleteEmptyDirData', 'ignoreDaemonSets', 'gracePeriodSeconds']);
    const until = this.now + durationMs('drain.within', within ?? WITHIN_DEFAULT);
    const pods = this.list('pods', { namespace: '*', fieldSelector: `spec.nodeName=${node}` }) as readonly KubeObject[];
    const { evict, problems } = choosePods(pods, choice);
    if (problems.length > 0) throw new UsageError(`drain: ${problems.join('; ')}`);
    this.cordon(node);
    const isThere = (pod: KubeObject): boolean => this.plane.storage(this.machine).get('pods', `${pod.metadata.namespace}/${pod.metadata.name}`)?.metadata.uid === pod.metadata.uid;
    let left = evict;
    while (left.length > 0) {
      const refused = left.filter((pod) => isThere(pod) && !this.tryEviction(pod, choice.gracePeriodSeconds));
      if (refused.length === 0) break;
      if (this.now >= until) throw new WaitTimeout(`drain: budgets forbid the eviction of ${refused.map((pod) => `${pod.metadata.namespace}/${pod.metadata.name}`).join(', ')}`);
      this.advance({ do: 'run', until: Math.min(until, this.now + EVICTION_RETRY_MS) });
      left = refused;
    }
    this.runUntil('the drained pods to be gone', () => !evict.some(isThere), until);
    return evict.map((pod) => pod.metadata.name ?? '');
  }

  /** Evicts a pod if its budgets allow. Throws ApiError TooManyRequests if they do not. */
  evict(pod: string, options: InNamespace & { readonly gracePeriodSeconds?: number } = {}): void {
    const name = pod.replace(/^(pods?|po)\//, '');
    const namespace = options.namespace ?? 'default';
    const deleteOptions = options.gracePeriodSeconds === undefined ? {} : { deleteOptions: { gracePeriodSeconds: options.gracePeriodSeconds } };
    this.call({ verb: 'create', resource: 'pods', subresource: 'eviction', namespace, name, object: { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name, namespace }, ...deleteOptions } });
  }

  /** Marks a node unschedulable. */
  cordon(node: string): KubeObject {
    return this.patch(`node/${node}`, { spec: { unschedulable: true } });
  }

  /** Marks a node schedulable again. */
  uncordon(node: string): KubeObject {
    return this.patch(`node/${node}`, { spec: { unschedulable: null } });
  }

  /** An object, or undefined. */
  get<Reference extends string>(reference: Reference, options: InNamespace = {}): KindOf<Reference> | undefined {
    const { resource, namespaced, name } = this.reference(reference);
    return this.plane.storage(this.machine).get(resource, namespaced ? `${options.namespace ?? 'default'}/${name}` : name) as KindOf<Reference> | undefined;
  }

  /** Objects of a kind in a namespace (`*`: in all), in key order. */
  list<Word extends string>(resource: Word, options: InNamespace & { readonly selector?: string; readonly fieldSelector?: string } = {}): readonly KindOfWord<Word>[] {
    const kind = resolveResource(resource, this.customKinds);
    const namespace = options.namespace === '*' || !kind.namespaced ? undefined : options.namespace ?? 'default';
    const reply = this.plane.server(this.machine).call({ verb: 'list', resource: kind.resource, namespace, labelSelector: options.selector, fieldSelector: options.fieldSelector }, { process: 'kubectl' });
    if (!reply.ok) throw new ApiError(reply.status);
    return reply.object['items'] as readonly KindOfWord<Word>[];
  }

  /** Watch events of a kind since a revision, oldest first; from the beginning of history without it. */
  *watch(resource: string, options: InNamespace & { readonly since?: number } = {}): Generator<WatchEvent & { readonly revision: number }, void, undefined> {
    const kind = resolveResource(resource, this.customKinds);
    for (const change of this.plane.storage(this.machine).changesSince(kind.resource, options.since ?? 0)) {
      if (options.namespace !== undefined && options.namespace !== '*' && change.after.metadata.namespace !== options.namespace) continue;
      yield { type: change.type, object: change.after, revision: change.revision };
    }
  }

  /** Every change of every kind but Events since a revision, in order; of one namespace if given. */
  history(options: InNamespace & { readonly since?: number } = {}): readonly (WatchEvent & { readonly revision: number })[] {
    const storage = this.plane.storage(this.machine);
    const changes = storage.resources().filter((resource) => !resource.startsWith('events')).flatMap((resource) => [...storage.changesSince(resource, options.since ?? 0)]);
    return changes.filter((change) => options.namespace === undefined || change.after.metadata.namespace === options.namespace)
      .sort((a, b) => a.revision - b.revision).map((change) => ({ type: change.type, object: change.after, revision: change.revision }));
  }

  /** Events about an object, oldest first; all of the namespace without one. */
  events(reference?: string, options: InNamespace = {}): readonly KubeObject[] {
    const all = this.list('events', options);
    if (reference === undefined) return all;
    const { kind, name } = this.reference(reference);
    return all.filter((event) => event['involvedObject']?.kind === kind && event['involvedObject']?.name === name);
  }

  /** One typed API call as the user. Throws ApiError with the server's text. */
  call(call: ApiCall): KubeObject {
    const reply = this.input('call', call);
    if (!reply.ok) throw new ApiError(reply.status);
    return reply.object;
  }

  /** One REST request as on the wire, synchronous and in process. */
  handle(request: RestRequest): RestResponse {
    // What only reads changes nothing, and a recording does without it.
    return request.method === 'GET' ? this.plane.server(this.machine).handle(request) : this.input('request', request);
  }

  /**
   * Runs a kubectl command in process and answers what it printed. Verbs that wait (delete, wait, rollout status, drain) let
   * virtual time pass. Throws KubectlFailed where the command exits with another code than 0.
   */
  kubectl(command: string | readonly string[], input: KubectlInput = {}): string {
    const result = this.kubectlResult(command, input);
    if (result.exit !== 0) throw new KubectlFailed(result);
    return result.stdout;
  }

  /** Runs a kubectl command in process: output, errors and exit code. */
  kubectlResult(command: string | readonly string[], input: KubectlInput = {}): KubectlResult {
    return kubectl({
      namespace: input.namespace,
      ...(input.readFile === undefined ? {} : { readFile: input.readFile }),
      ...(input.edit === undefined ? {} : { edit: input.edit }),
      handle: (request) => this.handle(request),
      now: () => this.now,
      exec: ({ namespace, pod, container, command: words }) => {
        const outcome = this.input('exec', { namespace, pod, container, command: words });
        return { stdout: outcome.stdout, stderr: outcome.error === undefined ? outcome.stderr : `error: ${outcome.error}\n`, exit: outcome.error === undefined ? outcome.exitCode : 1 };
      },
      advance: (isDone, until) => {
        let revision = -1;
        const done = this.runWatching(until ?? Infinity, () => {
          if (this.revision === revision) return false;
          revision = this.revision;
          return isDone();
        });
        return done || isDone();
      },
    }, command, input);
  }

  /** Runs a command in a container, as `kubectl exec` does. Throws UsageError if there is no such pod or it does not run. */
  exec(pod: string, command: readonly string[], options: InNamespace & { readonly container?: string } = {}): { readonly stdout: string; readonly stderr: string; readonly exit: number } {
    const outcome = this.input('exec', { namespace: options.namespace ?? 'default', pod: pod.replace(/^pods?\//, ''), container: options.container, command });
    if (outcome.error !== undefined) throw new UsageError(outcome.error);
    return { stdout: outcome.stdout, stderr: outcome.stderr, exit: outcome.exitCode };
  }

  /** What a container printed, line by line; of its former run with `previous`. */
  logs(pod: string, options: InNamespace & { readonly container?: string; readonly previous?: boolean } = {}): readonly string[] {
    const target = { namespace: options.namespace ?? 'default', pod: pod.replace(/^pods?\//, ''), container: options.container };
    return log(this.plane, this.machine, this.options.behaviours, target, options.previous === true)?.lines ?? [];
  }

  /**
   * Sends an HTTP request into the pod network: from a pod, `http('pod/web-0', 'http://web-1.nginx/')`, or from within a
   * namespace, `http('http://web-1.nginx/')`. Throws UsageError where no host or nobody answers.
   */
  http(from: string, url: string, options?: InNamespace & { readonly method?: string }): { readonly status: number; readonly body: string };
  http(url: string, options?: InNamespace & { readonly method?: string }): { readonly status: number; readonly body: string };
  http(first: string, second: string | (InNamespace & { readonly method?: string }) = {}, third: InNamespace & { readonly method?: string } = {}): { readonly status: number; readonly body: string } {
    const [url, options] = typeof second === 'string' ? [second, third] : [first, second];
    if (typeof second === 'string' && this.get(first, options) === undefined) throw new UsageError(`http: there is no ${first} to ask from`);
    const answer = this.input('http', { namespace: options.namespace ?? 'default', url, method: options.method ?? 'GET' });
    if (answer === 'unresolved') throw new UsageError(`http: could not resolve host of ${url}`);
    if (answer === 'timeout' || answer === undefined) throw new UsageError(`http: ${answer === 'timeout' ? 'no answer from' : 'connection refused by'} ${url}`);
    return { status: answer.status, body: answer.body };
  }

  // Time

  /**
   * Runs until nothing is left to do but quiet periodic tasks and long timers. Throws WaitTimeout if that does not come within
   * the time given (an hour of virtual time without it).
   */
  settle(options: Within = {}): this {
    const limit = durationMs('settle.within', options.within ?? WITHIN_DEFAULT);
    const outcome = this.advance({ do: 'run', until: this.now + limit, settle: true });
    if (outcome === 'until') throw new WaitTimeout(`not settled after ${formatDuration(limit)} of virtual time: ${this.pendingWork()}`);
    return this;
  }

  /**
   * Lets virtual time pass: for a length, until an instant, or until a function of the cluster holds (looked at after each write;
   * throws WaitTimeout if it does not within the time given, an hour without it). Up to an instant, spans in which nothing but
   * heartbeats is due are crossed in closed form, with the same outcome in every respect; `quiet: 'step'` goes through them all.
   */
  run(options: (({ readonly for: Duration } | { readonly until: number }) & { readonly quiet?: 'cross' | 'step' }) | ({ readonly until: (cluster: Cluster) => boolean } & Within)): this {
    if ('for' in options || typeof options.until === 'number') {
      const { quiet, ...length } = options as ({ readonly for: Duration } | { readonly until: number }) & { readonly quiet?: 'cross' | 'step' };
      if (quiet !== undefined && quiet !== 'cross' && quiet !== 'step') throw new UsageError(`run.quiet must be 'cross' or 'step', not '${String(quiet)}'`);
      this.advance({ do: 'run', until: this.instantAfter('run', length) }, Infinity, quiet);
      return this;
    }
    const { until, within = WITHIN_DEFAULT } = options as { readonly until: (cluster: Cluster) => boolean } & Within;
    this.runUntil('run.until to hold', () => until(this), this.instantAfter('run', { for: within }));
    return this;
  }

  /** @internal */
  instantAfter(verb: string, options: { readonly for: Duration } | { readonly until: number }): number {
    checkKeys(verb, options, ['for', 'until', 'within']);
    const until = 'for' in options ? this.now + durationMs(`${verb}.for`, options.for) : options.until;
    if (!Number.isFinite(until) || until < this.now) throw new UsageError(`${verb}.until must not lie before now (${this.now}), not ${until}`);
    return until;
  }

  /** Does what is due at the next instant, but not beyond `until`. @internal */
  runToNextInstant(until: number): void {
    this.advance({ do: 'run', until: Math.max(this.now, Math.min(until, this.machine.nextInstant)) });
  }

  /** How many inputs there were. @internal */
  get inputCount(): number {
    return this.script.length;
  }

  /** The waiting verbs as promises, for suites with promise-based operators in them. */
  live(options: LiveOptions = {}): LiveCluster {
    return new LiveCluster(this, options);
  }

  /** The cluster as it stood at an instant (ms since 1970, or `2026-01-01T00:05:00Z`) or a revision, for reading. */
  at(when: { readonly time: number | string } | { readonly revision: number }): Past {
    checkKeys('at', when, ['time', 'revision']);
    const storage = this.plane.storage(this.machine);
    const revision = 'revision' in when ? when.revision : storage.revisionAt(readInstant('at.time', when.time));
    if (!Number.isInteger(revision) || revision < storage.compactedRevision || revision > this.revision) throw new UsageError(`at.revision must lie between ${storage.compactedRevision} and ${this.revision}, not ${revision}`);
    const instant = 'time' in when ? readInstant('at.time', when.time) : storage.instantOf(revision) ?? this.now;
    return new Past(storage, revision, instant, this.customKinds);
  }

  /**
   * Goes back to an earlier instant, all of the cluster with it, as the end of that instant left it: what happened after it did
   * not happen. (`at` only reads the past; `fork` first to keep the present.)
   */
  rewind(options: { readonly to: number | string }): this {
    checkKeys('rewind', options, ['to']);
    const to = readInstant('rewind.to', options.to);
    const checkpoint = this.checkpoints.findLast(({ world }) => world.now <= to);
    if (checkpoint === undefined || to > this.now) throw new UsageError(`rewind.to must lie between ${this.checkpoints[0]?.world.now ?? this.now} and ${this.now}, not ${to}`);
    const again = this.script.slice(checkpoint.entries);
    this.checkpoints = this.checkpoints.slice(0, this.checkpoints.indexOf(checkpoint) + 1);
    this.script = this.script.slice(0, checkpoint.entries);
    this.goOnWith(Machine.from(checkpoint.world, this.plane.definition));
    for (const entry of again) {
      if (entry.do === 'input') this.input(entry.name as keyof ClusterInputs, entry.args as never);
      // A run that the bound cut short: what came after it lies beyond.
      else if (this.advance(entry, to) === 'until' && (entry.until ?? Infinity) > to) break;
    }
    if (this.now < to) this.advance({ do: 'run', until: to });
    return this;
  }

  /** Tells an observer of every step, change and decision from here on; answers how to take it off. Forks are not observed. */
  subscribe(observer: Observer): () => void {
    this.observers ??= new Observers(this.plane, this.machine);
    return this.observers.add(observer);
  }

  /** Release and feature gates. */
  get profile(): Profile {
    return settingsOf(this.machine).profile;
  }

  /** Switches a controller off: its queue and what it had in mind are lost, the others of its process go on. */
  stopController(name: string): this {
    this.input('controller', { name: this.controllerName('stopController', name), on: false });
    return this;
  }

  /** Switches a controller on again: it looks at everything anew. */
  startController(name: string): this {
    this.input('controller', { name: this.controllerName('startController', name), on: true });
    return this;
  }

  /** Runs until a condition holds for an object. Throws WaitTimeout that says what it waited for and the last state. */
  waitFor<Reference extends string>(reference: Reference, condition: WaitCondition, options: Within & InNamespace = {}): KindOf<Reference> | undefined {
    const target = this.reference(reference);
    const wait = readCondition(condition);
    const limit = durationMs('waitFor.within', options.within ?? WITHIN_DEFAULT);
    const key = target.namespaced ? `${options.namespace ?? 'default'}/${target.name}` : target.name;
    const read = (): KubeObject | undefined => this.plane.storage(this.machine).get(target.resource, key);
    let seen: KubeObject | undefined | null = null;
    const isMet = this.runWatching(this.now + limit, () => {
      const object = read();
      if (object === seen) return false;
      seen = object;
      return wait.isMet(object);
    }, read);
    if (!isMet) {
      const why = this.explain(reference, options).map((reason) => `; ${reason.message}`).join('');
      const state = read();
      throw new WaitTimeout(`waited ${formatDuration(limit)} for ${reference} ${wait.text}; last state: ${state === undefined ? 'it does not exist' : JSON.stringify(state['status'] ?? state)}${why}`);
    }
    return read() as KindOf<Reference> | undefined;
  }

  /** Whether a condition that `waitFor` takes holds now. @internal */
  holds(reference: string, condition: WaitCondition, options: InNamespace = {}): boolean {
    return readCondition(condition).isMet(this.get(reference, options));
  }

  // Values

  /** The cluster as it is now, as a value. O(1). */
  snapshot(): Snapshot {
    return { world: this.machine.seal(), script: [...this.script], kept: this.machine.kept, checkpoints: [...this.checkpoints] };
  }

  /** Goes back (or over) to a snapshot. */
  restore(snapshot: Snapshot): this {
    this.script = [...snapshot.script];
    this.checkpoints = [...snapshot.checkpoints];
    this.goOnWith(Machine.from(snapshot.world, this.plane.definition), snapshot.kept);
    return this;
  }

  /** Another cluster that goes on from here on its own. O(1). */
  fork(): Cluster {
    const copy = Object.create(Cluster.prototype) as Cluster;
    const machine = Machine.from(this.machine.seal(), this.plane.definition);
    if (this.machine.kept !== undefined) machine.record(this.machine.kept);
    Object.assign(copy, {
      options: this.options, plane: this.plane, imported: this.imported, machine, script: [...this.script], checkpoints: [...this.checkpoints], observers: undefined,
      faults: new Faults(copy.faultTarget()), rollout: new Rollout((words, where) => copy.kubectl(words, where)),
    });
    return copy;
  }

  /** The verbs of this cluster over a machine that holds Worlds of it, whoever's it is: for explorers. @internal */
  over(machine: Machine): Cluster {
    const copy = this.fork();
    copy.machine = machine;
    copy.script = [];
    copy.checkpoints = [];
    return copy;
  }

  /** Chooses how the next of several due things is picked: first in, first out without this. */
  useArbiter(arbiter: ArbiterState = fifoArbiter): this {
    this.machine.useArbiter(arbiter);
    this.checkpoint(true);
    return this;
  }

  /** Keeps the choices made from here on, for `recording`. */
  record(): this {
    this.machine.record();
    return this;
  }

  /** How many points had more than one alternative since `record`, and how many of them did not take the first. */
  get choices(): { readonly points: number; readonly deviations: number } {
    const { points, deviations } = this.machine.choices;
    return { points, deviations: deviations.length };
  }

  /** The run so far, to be replayed from itself alone. */
  recording(): Recording {
    if (this.imported.length > 0) throw new UsageError('recording: a cluster from imported objects is recorded as its snapshot, not as a run');
    const recipe = Object.fromEntries(Object.entries(this.options).filter(([key]) => !(FUNCTION_KEYS as readonly string[]).includes(key)));
    return { format: 'kubesim-run/1', fingerprint: fingerprint(this.plane.definition), recipe, script: [...this.script], deviations: this.machine.choices.deviations, digest: this.digest };
  }

  /** Makes a recorded run again. `extras` gives the functions that a recording cannot hold. Throws FingerprintMismatch or UsageError. */
  static replay(recording: Recording, extras: ClusterFunctions = {}): Cluster {
    checkRecording(recording);
    const cluster = new Cluster({ ...recording.recipe, ...extras });
    cluster.checkFingerprint(recording.fingerprint);
    if (recording.deviations.length > 0) cluster.useArbiter({ kind: 'deviations', deviations: recording.deviations, counts: {} });
    for (const entry of recording.script) {
      if (entry.do === 'input') cluster.input(entry.name as keyof ClusterInputs, entry.args as never);
      else cluster.advance(entry);
    }
    return cluster;
  }

  /**
   * What a manifest would do if it were applied: how long its rollouts take, how few pods serve on the way, and whether they can
   * get stuck. It is applied in forks, in the usual order of things and in random ones; this cluster stays as it is.
   */
  forecast(manifest: Manifest, options: ForecastOptions = {}): Forecast {
    return forecast(this, manifest, options);
  }

  /**
   * What happened to pods, why, and what was done to the cluster: as text for a terminal, as a picture or a page (`svg()`,
   * `html()`), as a trace for Perfetto. From the first pod on, or from `since` (an instant), of one namespace or of all.
   */
  timeline(options: InNamespace & { readonly since?: number | string } = {}): Timeline {
    checkKeys('timeline', options, ['namespace', 'since']);
    const storage = this.plane.storage(this.machine);
    const changes: PodChange[] = [];
    for (const { type, after, revision } of storage.changesSince('pods', 0)) {
      if (options.namespace !== undefined && options.namespace !== '*' && after.metadata.namespace !== options.namespace) continue;
      changes.push({ at: storage.instantOf(revision) ?? this.now, type, pod: after as Pod });
    }
    const first = changes[0]?.at ?? this.now;
    const from = options.since === undefined ? first : readInstant('timeline.since', options.since);
    const log = [...settingsOf(this.machine).log.values()].filter(({ at }) => at >= from);
    return new Timeline(from, this.now, podLanes(changes, from, this.now, log), log);
  }

  /**
   * Why an object is as it is, or is not there: each reason names the rule, the condition, the object that blocks (`blockedBy`),
   * since when, and what would change it; then the same of what blocks, to the cause. It reads what components said of their own
   * decisions, and the state.
   */
  explain(reference: string, options: InNamespace = {}): readonly ExplainedReason[] {
    const { kind, name } = this.reference(reference);
    const storage = this.plane.storage(this.machine);
    const { reasons, failures } = settingsOf(this.machine);
    return explain({
      now: this.now,
      get: (word, namespace, named) => {
        const known = resolveResource(word, this.customKinds);
        return storage.get(known.resource, known.namespaced ? `${namespace}/${named}` : named);
      },
      list: (resource, namespace) => [...storage.list(resource, `${namespace}/`)],
      said: (subject) => reasons.get(subject) ?? [],
      failure: (controller, key) => failures.get(`${controller} ${key}`),
      schedulerNames: ['default-scheduler', ...(this.options.scheduler.profiles ?? []).map(({ schedulerName }) => schedulerName)],
    }, kind, options.namespace ?? 'default', name);
  }

  /** The machine underneath, for tools that explore. Handle with care: it is this cluster's own. @internal */
  get kernel(): Machine {
    return this.machine;
  }

  /** Runs a command in a container: all that came of it, how long it took included. @internal */
  execIn(target: Parameters<ClusterInputs['exec']>[1]): ReturnType<ClusterInputs['exec']> {
    return this.input('exec', target);
  }

  /** Runs until an instant, or until `stop` says so, as a server that shares the host does. @internal */
  runSlice(until: number, stop: () => boolean, settle: boolean): RunOutcome {
    this.checkpoint(false);
    const before = this.machine.steps;
    const outcome = this.machine.run({ until, stop, settle });
    if (outcome === 'until') this.note({ do: 'run', until });
    else if (this.machine.steps > before) this.note({ do: 'run', steps: this.machine.steps - before });
    this.observers?.flush();
    return outcome;
  }

  /** @internal */
  get controlPlane(): ControlPlane {
    return this.plane;
  }

  // Inside

  private faultTarget(): FaultTarget {
    return {
      apply: (input) => { this.input('fault', input); },
      processes: () => this.machine.componentNames().flatMap((name) => (name.startsWith(PROCESS_PREFIX) ? [name.slice(PROCESS_PREFIX.length)] : [])),
      resource: (word) => resolveResource(word, this.customKinds).resource,
    };
  }

  /** Applies an input and notes it in the script. */
  private input<Name extends keyof ClusterInputs>(name: Name, args: Parameters<ClusterInputs[Name]>[1]): ReturnType<ClusterInputs[Name]> {
    this.checkpoint(false);
    const result = this.machine.input(name, args) as ReturnType<ClusterInputs[Name]>;
    this.script.push({ do: 'input', name, args });
    this.observers?.flush();
    return result;
  }

  /** Puts a run into the script: one that goes on from another becomes one with it, unless a World was kept between them. */
  private note(entry: ScriptEntry & { readonly do: 'run' }): void {
    const last = this.script[this.script.length - 1];
    const isPlain = last?.do === 'run' && last.settle !== true && this.checkpoints[this.checkpoints.length - 1]?.entries !== this.script.length;
    if (isPlain && entry.until !== undefined) this.script.pop();
    const goesOn = isPlain && entry.steps !== undefined && last.steps !== undefined && last.until === undefined;
    if (goesOn) this.script.pop();
    this.script.push(goesOn ? { do: 'run', steps: (last.steps ?? 0) + (entry.steps ?? 0) } : entry);
  }

  /** Runs as an entry of the script says, and notes it; not beyond `bound`, if given. */
  private advance(entry: ScriptEntry & { readonly do: 'run' }, bound: number = Infinity, quiet: 'cross' | 'step' = 'cross'): RunOutcome {
    this.checkpoint(false);
    const before = this.machine.steps;
    const until = Math.min(entry.until ?? Infinity, bound);
    const outcome = this.machine.run({
      ...(until === Infinity ? {} : { until }), settle: entry.settle, steps: entry.steps, maxSteps: STEPS_MAX, quiet,
    });
    this.script.push(until === (entry.until ?? Infinity) ? entry : { ...entry, until, ...(entry.steps === undefined ? {} : { steps: this.machine.steps - before }) });
    this.observers?.flush();
    return outcome;
  }

  /**
   * Runs until something holds, looking before each step; notes the steps. Answers whether it holds. `reads`: all that it looks
   * at, where that is one object.
   */
  private runWatching(until: number, holds: () => boolean, reads?: () => unknown): boolean {
    this.checkpoint(false);
    const before = this.machine.steps;
    const outcome = this.machine.run({ until, maxSteps: STEPS_MAX, stop: holds, stopReads: reads, quiet: 'cross' });
    const made = this.machine.steps - before;
    // Without `until` the clock would stand where the last step left it.
    this.script.push(outcome === 'stopped' || until === Infinity ? { do: 'run', steps: made } : { do: 'run', until });
    this.observers?.flush();
    return outcome === 'stopped';
  }

  private runUntil(what: string, holds: () => boolean, until: number): void {
    const from = this.now;
    let revision = -1;
    const isMet = this.runWatching(until, () => {
      if (this.revision === revision) return false;
      revision = this.revision;
      return holds();
    });
    if (!isMet && !holds()) throw new WaitTimeout(`waited ${formatDuration(until - from)} for ${what}`);
  }

  private tryEviction(pod: KubeObject, gracePeriodSeconds: number | undefined): boolean {
    try {
      this.evict(pod.metadata.name ?? '', { namespace: pod.metadata.namespace, ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }) });
      return true;
    } catch (error) {
      if (error instanceof ApiError && error.reason === 'NotFound') return true;
      if (error instanceof ApiError && error.reason === 'TooManyRequests') return false;
      throw error;
    }
  }

  private goOnWith(machine: Machine, kept?: KeptChoices): void {
    this.machine = machine;
    if (kept !== undefined) machine.record(kept);
    this.observers?.follow(machine);
  }

  /** Keeps the World as it is for `rewind`, if the last one kept is old enough; of too many every other one goes. */
  private checkpoint(isPinned: boolean): void {
    const last = this.checkpoints[this.checkpoints.length - 1];
    if (!isPinned && last !== undefined && this.now - last.world.now < CHECKPOINT_MS) return;
    this.checkpoints.push({ world: this.machine.seal(), entries: this.script.length, isPinned });
    if (this.checkpoints.length > CHECKPOINTS_MAX) this.checkpoints = this.checkpoints.filter((each, index) => each.isPinned || index % 2 === 0);
  }

  private controllerName(verb: string, name: string): string {
    return checkName(verb, name, this.plane.parts.controllers.map((controller) => controller.name), `no controller is named '${name}'`);
  }

  private applyOne(object: KubeObject, kind: ResolvedKind, namespace: string | undefined): KubeObject {
    const target = { resource: kind.resource, namespace: this.namespaceOf(kind, object, namespace) };
    const name = object.metadata.name ?? '';
    const sent = { ...object, metadata: { ...object.metadata, ...(target.namespace === undefined ? {} : { namespace: target.namespace }) } };
    const annotated = withLastApplied(sent);
    const existing = this.plane.storage(this.machine).get(kind.resource, target.namespace === undefined ? name : `${target.namespace}/${name}`);
    if (existing === undefined) return this.call({ verb: 'create', ...target, object: annotated, fieldManager: 'kubectl-client-side-apply' });
    const lastApplied = existing.metadata.annotations?.[LAST_APPLIED];
    const removed = lastApplied === undefined ? {} : removedFields(JSON.parse(lastApplied), sent);
    const patch = merge(annotated, removed);
    return this.call({ verb: 'patch', ...target, name, patchType: 'strategic', patch, fieldManager: 'kubectl-client-side-apply' });
  }

  private namespaceOf(kind: ResolvedKind, object: KubeObject, given: string | undefined): string | undefined {
    return kind.namespaced ? object.metadata.namespace ?? given ?? 'default' : undefined;
  }

  private getOrThrow(reference: string, options: InNamespace): KubeObject {
    const { resource, namespaced, name } = this.reference(reference);
    const reply: ApiReply = this.plane.server(this.machine).call({ verb: 'get', resource, namespace: namespaced ? options.namespace ?? 'default' : undefined, name }, { process: 'kubectl' });
    if (!reply.ok) throw new ApiError(reply.status);
    return reply.object;
  }

  private reference(reference: string): ResolvedKind & { readonly name: string } {
    return parseReference(reference, this.customKinds);
  }

  // An accessor, not a field: a fork is made without its constructor.
  private get customKinds(): () => Iterable<KubeObject> {
    return () => this.plane.storage(this.machine).list('customresourcedefinitions.apiextensions.k8s.io' as ResourceName);
  }

  private pendingWork(): string {
    const waiting = this.machine.tasks().filter((task) => task.long !== true && task.quietUntil !== Infinity).slice(0, 3);
    return waiting.map((task) => `${task.label} in ${formatDuration(task.dueAt - this.now)}`).join(', ');
  }

  private checkFingerprint(recorded: readonly string[]): void {
    Machine.from(this.machine.seal(), this.plane.definition);
    const own = fingerprint(this.plane.definition);
    const place = recorded.findIndex((line, index) => line !== own[index]);
    if (place >= 0 || recorded.length !== own.length) {
      throw new UsageError(`recording.fingerprint: made by another machine: it had '${recorded[place < 0 ? own.length : place] ?? 'nothing more'}' where this one has '${own[place < 0 ? recorded.length : place] ?? 'nothing more'}'`);
    }
  }
}

interface Taint {
  readonly key: string;
  readonly value?: string;
  readonly effect?: string;
}

/** Taints with one more set or removed, as kubectl writes it. Throws UsageError. */
function withTaint(taints: readonly Taint[], word: string): readonly Taint[] {
  const found = /^([^=:\s]+?)(?:=([^:]*))?(?::(NoSchedule|PreferNoSchedule|NoExecute))?(-)?$/.exec(word);
  const [, key, value, effect, minus] = found ?? [];
  if (key === undefined || (minus === undefined && effect === undefined)) throw new UsageError(`taint: expected 'key=value:Effect' or 'key:Effect-', with an effect of NoSchedule, PreferNoSchedule or NoExecute, not '${word}'`);
  const others = taints.filter((taint) => taint.key !== key || (effect !== undefined && taint.effect !== effect));
  if (minus !== undefined && others.length === taints.length) throw new UsageError(`taint: "${word}" not found`);
  return minus === undefined ? [...others, { key, ...(value === undefined ? {} : { value }), effect }] : others;
}

function withLastApplied(object: KubeObject): KubeObject {
  const { metadata } = object;
  const { [LAST_APPLIED]: _old, ...annotations } = metadata.annotations ?? {};
  const bare = { ...object, metadata: { ...metadata, annotations } };
  return { ...object, metadata: { ...metadata, annotations: { ...annotations, [LAST_APPLIED]: `${JSON.stringify(bare)}\n` } } };
}

/** Fields that stood in what was applied last and stand no more, as nulls. */
function removedFields(before: unknown, after: unknown): Record<string, unknown> {
  const removed: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(before as Readonly<Record<string, unknown>>)) {
    const now = (after as Readonly<Record<string, unknown>>)[key];
    if (now === undefined) removed[key] = null;
    else if (isRecord(value) && isRecord(now)) {
      const inner = removedFields(value, now);
      if (Object.keys(inner).length > 0) removed[key] = inner;
    }
  }
  return removed;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

function merge(value: unknown, over: unknown): unknown {
  if (!isRecord(value) || !isRecord(over)) return over === undefined ? value : over;
  const result: Record<string, unknown> = { ...value };
  for (const [key, item] of Object.entries(over)) result[key] = merge(value[key], item);
  return result;
}
