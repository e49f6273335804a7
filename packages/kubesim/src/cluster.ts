// The cluster that people hold: a control plane in virtual time, synchronous, one value at any moment.
import type { ApiCall, ApiReply, DeleteOptions, KubeObject, PatchType, ResourceName, RestRequest, RestResponse, WatchEvent } from '@kubesim/api';
import { Machine, fingerprint, fifoArbiter, type ArbiterState, type RunOutcome, type World } from '@kubesim/kernel';
import { processName } from '@kubesim/client';
import { bootstrap, createControlPlane } from './bootstrap.ts';
import { settingsOf, type ControlPlane } from './control-plane.ts';
import { durationMs, formatDuration, type Duration } from './duration.ts';
import { kubectl, type KubectlResult } from '@kubesim/kubectl';
import { ApiError, KubectlFailed, UsageError, WaitTimeout } from './errors.ts';
import { Faults, type FaultTarget } from './cluster-faults.ts';
import type { ClusterInputs } from './inputs.ts';
import { readManifest, type Manifest } from './manifests.ts';
import { checkOptions, type ClusterOptions } from './options.ts';
import { checkRecording, type Recording, type ScriptEntry } from './recording.ts';
import { parseReference, resolveManifest, resolveResource, type ResolvedKind } from './references.ts';
import { log } from './pod-access.ts';
import type { StatedReason } from './settings.ts';
import { readCondition, type WaitCondition } from './waiting.ts';

/** Where a namespaced thing is; `default` without it. @public */
export interface InNamespace {
  readonly namespace?: string;
}

/** How long a wait or a run may take at the most, in virtual time. @public */
export interface Within {
  readonly within?: Duration;
}

const WITHIN_DEFAULT = '1h';
const STEPS_MAX = 5_000_000;
const PROCESS_PREFIX = processName('');
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

/** A saved state of a cluster. Opaque; give it back to `restore` or `Cluster.fromSnapshot`. @public */
export interface Snapshot {
  readonly world: World;
  readonly script: readonly ScriptEntry[];
}

/** A Kubernetes cluster in virtual time. @public */
export class Cluster {
  /** Faults to inflict. */
  readonly faults: Faults;
  private readonly options: Required<ClusterOptions>;
  private readonly plane: ControlPlane;
  private machine: Machine;
  private script: ScriptEntry[];

  constructor(options: ClusterOptions = {}) {
    this.options = checkOptions(options);
    this.plane = createControlPlane(this.options);
    this.machine = bootstrap(this.plane, this.options);
    this.script = [];
    this.faults = new Faults(this.faultTarget());
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

  /** Marks a node unschedulable. */
  cordon(node: string): KubeObject {
    return this.patch(`node/${node}`, { spec: { unschedulable: true } });
  }

  /** Marks a node schedulable again. */
  uncordon(node: string): KubeObject {
    return this.patch(`node/${node}`, { spec: { unschedulable: null } });
  }

  /** An object, or undefined. */
  get(reference: string, options: InNamespace = {}): KubeObject | undefined {
    const { resource, namespaced, name } = this.reference(reference);
    return this.plane.storage(this.machine).get(resource, namespaced ? `${options.namespace ?? 'default'}/${name}` : name);
  }

  /** Objects of a kind in a namespace (`*`: in all), in key order. */
  list(resource: string, options: InNamespace & { readonly selector?: string; readonly fieldSelector?: string } = {}): readonly KubeObject[] {
    const kind = resolveResource(resource, this.customKinds);
    const namespace = options.namespace === '*' || !kind.namespaced ? undefined : options.namespace ?? 'default';
    const reply = this.plane.server(this.machine).call({ verb: 'list', resource: kind.resource, namespace, labelSelector: options.selector, fieldSelector: options.fieldSelector }, { process: 'kubectl' });
    if (!reply.ok) throw new ApiError(reply.status);
    return reply.object['items'] as readonly KubeObject[];
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
  kubectl(command: string | readonly string[], input: { readonly stdin?: string } & InNamespace = {}): string {
    const result = this.kubectlResult(command, input);
    if (result.exit !== 0) throw new KubectlFailed(result);
    return result.stdout;
  }

  /** Runs a kubectl command in process: output, errors and exit code. */
  kubectlResult(command: string | readonly string[], input: { readonly stdin?: string } & InNamespace = {}): KubectlResult {
    return kubectl({
      namespace: input.namespace,
      handle: (request) => this.handle(request),
      now: () => this.now,
      exec: ({ namespace, pod, container, command: words }) => {
        const outcome = this.input('exec', { namespace, pod, container, command: words });
        return { stdout: outcome.stdout, stderr: outcome.error === undefined ? outcome.stderr : `error: ${outcome.error}\n`, exit: outcome.error === undefined ? outcome.exitCode : 1 };
      },
      advance: (isDone, until) => {
        const before = this.machine.steps;
        let revision = -1;
        let done = false;
        this.machine.run({
          until, maxSteps: STEPS_MAX,
          stop: () => {
            if (this.revision === revision) return false;
            revision = this.revision;
            done = isDone();
            return done;
          },
        });
        this.script.push({ do: 'run', steps: this.machine.steps - before });
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

  /** Sends an HTTP request into the pod network, as from a pod of a namespace: `http('http://web-1.nginx-headless/')`. */
  http(url: string, options: InNamespace & { readonly method?: string } = {}): { readonly status: number; readonly body: string } {
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

  /** Lets virtual time pass: for a length, or until an instant. */
  run(options: { readonly for: Duration } | { readonly until: number }): this {
    const until = 'for' in options ? this.now + durationMs('run.for', options.for) : options.until;
    if (!Number.isFinite(until) || until < this.now) throw new UsageError(`run.until must not lie before now (${this.now}), not ${until}`);
    this.advance({ do: 'run', until });
    return this;
  }

  /** Runs until a condition holds for an object. Throws WaitTimeout that says what it waited for and the last state. */
  waitFor(reference: string, condition: WaitCondition, options: Within & InNamespace = {}): KubeObject | undefined {
    const target = this.reference(reference);
    const wait = readCondition(condition);
    const limit = durationMs('waitFor.within', options.within ?? WITHIN_DEFAULT);
    const key = target.namespaced ? `${options.namespace ?? 'default'}/${target.name}` : target.name;
    const read = (): KubeObject | undefined => this.plane.storage(this.machine).get(target.resource, key);
    const before = this.machine.steps;
    let seen: KubeObject | undefined | null = null;
    const outcome = this.machine.run({
      until: this.now + limit, maxSteps: STEPS_MAX,
      stop: () => {
        const object = read();
        if (object === seen) return false;
        seen = object;
        return wait.isMet(object);
      },
    });
    this.script.push({ do: 'run', steps: this.machine.steps - before });
    if (outcome !== 'stopped') {
      const why = this.explain(reference, options).map((reason) => `; ${reason.message}`).join('');
      const state = read();
      throw new WaitTimeout(`waited ${formatDuration(limit)} for ${reference} ${wait.text}; last state: ${state === undefined ? 'it does not exist' : JSON.stringify(state['status'] ?? state)}${why}`);
    }
    return read();
  }

  // Values

  /** The cluster as it is now, as a value. O(1). */
  snapshot(): Snapshot {
    return { world: this.machine.seal(), script: [...this.script] };
  }

  /** Goes back (or over) to a snapshot. */
  restore(snapshot: Snapshot): this {
    this.machine = Machine.from(snapshot.world, this.plane.definition);
    this.script = [...snapshot.script];
    return this;
  }

  /** Another cluster that goes on from here on its own. O(1). */
  fork(): Cluster {
    const copy = Object.create(Cluster.prototype) as { -readonly [K in keyof Cluster]: Cluster[K] } & { options: Required<ClusterOptions>; plane: ControlPlane; machine: Machine; script: ScriptEntry[] };
    copy.options = this.options;
    copy.plane = this.plane;
    copy.machine = Machine.from(this.machine.seal(), this.plane.definition);
    copy.script = [...this.script];
    copy.faults = new Faults((copy as unknown as Cluster).faultTarget());
    return copy as unknown as Cluster;
  }

  /** Chooses how the next of several due things is picked: first in, first out without this. */
  useArbiter(arbiter: ArbiterState = fifoArbiter): this {
    this.machine.useArbiter(arbiter);
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
    const { controllers: _controllers, actors: _actors, behaviours: _behaviours, metrics: _metrics, ...recipe } = this.options;
    return { format: 'kubesim-run/1', fingerprint: fingerprint(this.plane.definition), recipe, script: [...this.script], deviations: this.machine.choices.deviations, digest: this.digest };
  }

  /** Makes a recorded run again. `extras` gives the functions that a recording cannot hold. Throws FingerprintMismatch or UsageError. */
  static replay(recording: Recording, extras: Pick<ClusterOptions, 'controllers' | 'actors' | 'behaviours' | 'metrics'> = {}): Cluster {
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

  /** Why an object is as it is: what blocks or drives it, by whom, since when. */
  explain(reference: string, options: InNamespace = {}): readonly StatedReason[] {
    const { kind, name } = this.reference(reference);
    const subject = `${kind.toLowerCase()}/${options.namespace ?? 'default'}/${name}`;
    return settingsOf(this.machine).reasons.get(subject) ?? settingsOf(this.machine).reasons.get(`${kind.toLowerCase()}/${name}`) ?? [];
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
    const before = this.machine.steps;
    const outcome = this.machine.run({ until, stop, settle });
    if (outcome === 'until') this.note({ do: 'run', until });
    else if (this.machine.steps > before) this.note({ do: 'run', steps: this.machine.steps - before });
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
    const result = this.machine.input(name, args) as ReturnType<ClusterInputs[Name]>;
    this.script.push({ do: 'input', name, args });
    return result;
  }

  /** Puts a run into the script: one that goes on from another becomes one with it. */
  private note(entry: ScriptEntry & { readonly do: 'run' }): void {
    const last = this.script[this.script.length - 1];
    const isPlain = last?.do === 'run' && last.settle !== true;
    if (isPlain && entry.until !== undefined) this.script.pop();
    const goesOn = isPlain && entry.steps !== undefined && last.steps !== undefined && last.until === undefined;
    if (goesOn) this.script.pop();
    this.script.push(goesOn ? { do: 'run', steps: (last.steps ?? 0) + (entry.steps ?? 0) } : entry);
  }

  private advance(entry: ScriptEntry & { readonly do: 'run' }): RunOutcome {
    const goal = entry.steps === undefined ? undefined : this.machine.steps + entry.steps;
    const outcome = this.machine.run({
      until: entry.until, settle: entry.settle, maxSteps: STEPS_MAX,
      stop: goal === undefined ? undefined : () => this.machine.steps >= goal,
    });
    this.script.push(entry);
    return outcome;
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
