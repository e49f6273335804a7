// One sync written the long way, from its key to the end, as upstream's loops go over every pod, claim and revision: the
// oracle of the property in whole-sync.test.ts. It shares no code with the controller: no summary, no plan, no generators.
// Upstream: stateful_set.go, stateful_set_control.go, stateful_pod_control.go, stateful_set_utils.go and
// pkg/controller/history/controller_history.go (1.34 to 1.37).
import { builtInScheme, conform, formatTime, goJson, structOfKind, type ApiCall, type ApiReply, type KubeObject } from '@kubesim/api';
import { aggregate, compileSelector, flatten, wrapError, type Profile, type Reason, type ReconcileError } from '@kubesim/client';

/** What the sync sees and does. */
export interface Ports {
  readonly profile: Profile;
  readonly now: number;
  readonly clock: number;
  get(resource: string, namespace: string, name: string): KubeObject | undefined;
  /** All of a namespace, by name. */
  list(resource: string, namespace: string): readonly KubeObject[];
  seen(resource: string): number | undefined;
  call(call: ApiCall): ApiReply;
  event(event: { readonly about: string; readonly type: string; readonly reason: string; readonly message: string }): void;
  explain(subject: string, why: Reason): void;
  enqueueAfter(key: string, delayMs: number): void;
  /** The newest version written for the set so far, by resource. */
  readonly writes: Record<string, number>;
}

type Failure = ReconcileError | undefined;
type Owner = NonNullable<KubeObject['metadata']['ownerReferences']>[number];

const SETS = 'statefulsets.apps';
const REVISIONS = 'controllerrevisions.apps';
const CLAIMS = 'persistentvolumeclaims';

/** The name before the last dash and the number behind it, if that fits 32 bits. */
export function splitName(name: string): { readonly parent: string; readonly ordinal: number } {
  const dash = name.lastIndexOf('-');
  const digits = name.slice(dash + 1);
  if (dash < 0 || digits === '' || [...digits].some((digit) => digit < '0' || digit > '9')) return { parent: '', ordinal: -1 };
  return { parent: name.slice(0, dash), ordinal: BigInt(digits) < 2n ** 31n ? Number(digits) : -1 };
}

/** FNV-1 of the bytes, in upstream's alphabet. */
export function naiveHash(text: string): string {
  let hash = 0x811c9dc5;
  // The prime is 2^24 + 0x193; of the first part's product only the lowest byte stays within 32 bits.
  for (const byte of new TextEncoder().encode(text)) hash = (((hash * 0x193 + (hash % 256) * 2 ** 24) % 2 ** 32) ^ byte) >>> 0;
  return [...String(hash)].map((digit) => 'bcdfghjklmnpqrstvwxz2456789'.charAt(digit.charCodeAt(0) % 27)).join('');
}

export function dataOf(template: object): object {
  return { spec: { template: { ...template, $patch: 'replace' } } };
}

const ordinalOf = (pod: KubeObject): number => splitName(pod.metadata.name ?? '').ordinal;
const nameOf = (object: KubeObject): string => object.metadata.name ?? '';
const phaseOf = (pod: KubeObject): string => pod['status']?.phase ?? '';
const isGoing = (object: KubeObject): boolean => object.metadata.deletionTimestamp !== undefined;
const revOf = (pod: KubeObject): string => pod.metadata.labels?.['controller-revision-hash'] ?? '';
const controllerOf = (object: KubeObject): Owner | undefined => (object.metadata.ownerReferences ?? []).find((owner) => owner.controller === true);
const hasEnded = (pod: KubeObject): boolean => phaseOf(pod) === 'Failed' || phaseOf(pod) === 'Succeeded';
const claimTemplates = (set: KubeObject): readonly KubeObject[] => {
  const byName = new Map<string, KubeObject>();
  for (const template of (set['spec'].volumeClaimTemplates ?? []) as readonly KubeObject[]) byName.set(nameOf(template), template);
  return [...byName.values()];
};

function readySince(pod: KubeObject): number | undefined {
  const condition = ((pod['status']?.conditions ?? []) as readonly Record<string, string>[]).find((candidate) => candidate['type'] === 'Ready');
  if (condition?.['status'] !== 'True') return undefined;
  return condition['lastTransitionTime'] === undefined ? Number.NaN : Date.parse(condition['lastTransitionTime']);
}

/** Runs a sync; answers the text of its error, undefined if it had none. */
export function naiveSync(ports: Ports, key: string): string | undefined {
  const [namespace = '', name = ''] = key.split('/');
  const set = ports.get(SETS, namespace, name);
  if (set === undefined || compileSelector(set['spec'].selector) === undefined) return undefined;
  const error = new NaiveSync(ports, set, key).run();
  if (error === undefined) return undefined;
  ports.explain(`statefulset/${key}`, { rule: 'Error', message: `the last sync failed and is tried again: ${error.message}` });
  return error.message;
}

class NaiveSync {
  private readonly ports: Ports;
  private readonly set: KubeObject;
  private readonly key: string;
  private readonly uid: string;
  private readonly name: string;
  private readonly namespace: string;
  private readonly start: number;
  private readonly count: number;
  private readonly isOrdered: boolean;
  private readonly minReadyMs: number;
  private readonly release: number;

  constructor(ports: Ports, set: KubeObject, key: string) {
    this.ports = ports;
    this.set = set;
    this.key = key;
    this.uid = set.metadata.uid ?? '';
    this.name = nameOf(set);
    this.namespace = set.metadata.namespace ?? '';
    this.start = set['spec'].ordinals?.start ?? 0;
    this.count = set['spec'].replicas ?? 1;
    this.isOrdered = set['spec'].podManagementPolicy !== 'Parallel';
    this.minReadyMs = (set['spec'].minReadySeconds ?? 0) * 1000;
    this.release = Number(ports.profile.kubernetes.slice(2));
  }

  run(): Failure {
    const stale = this.guard() && ['pods', CLAIMS, SETS].find((resource) => {
      const seen = this.ports.seen(resource);
      const written = this.ports.writes[resource];
      return seen !== undefined && written !== undefined && seen < written;
    });
    if (stale) return { message: `the ${stale} cache is behind the last write for StatefulSet ${this.key}` };
    for (const revision of this.revisions().filter((candidate) => controllerOf(candidate) === undefined)) {
      if (this.adoption === undefined) this.adoption = { error: this.recheck() };
      if (this.adoption.error !== undefined) return { message: `can't adopt ControllerRevisions: ${this.adoption.error.message}` };
      const error = this.send(this.adopt(REVISIONS, revision)).error;
      if (error !== undefined) return error;
    }
    this.adoption = undefined;
    const { pods, error } = this.claim();
    if (error !== undefined) return error;
    return this.update(pods);
  }

  private adoption: { readonly error: Failure } | undefined;

  private gate(name: string, byDefault: boolean): boolean {
    return this.ports.profile.featureGates[name] ?? byDefault;
  }

  private guard(): boolean {
    return this.release >= 36 && this.gate('StaleControllerConsistencyStatefulSet', true);
  }

  private recreates(): boolean {
    return this.release >= 37 && this.gate('StatefulSetRecreateStrategy', false) && this.set['spec'].updateStrategy?.type === 'Recreate';
  }

  /** A call that is not tracked. */
  private send(call: ApiCall): { readonly object?: KubeObject; readonly error?: ReconcileError } {
    const reply = this.ports.call(call);
    if (reply.ok) return { object: reply.object };
    return { error: { message: reply.status.message ?? '', ...(reply.status.reason === undefined ? {} : { reason: reply.status.reason }) } };
  }

  /** A write that the next sync waits for. */
  private write(call: ApiCall): Failure {
    const { object, error } = this.send(call);
    if (object !== undefined && call.verb !== 'delete' && this.guard()) {
      const version = Number(object.metadata.resourceVersion ?? 0);
      if (version > (this.ports.writes[call.resource] ?? 0)) this.ports.writes[call.resource] = version;
    }
    return error;
  }

  private retry(tries: number, attempt: (tryCount: number) => Failure): Failure {
    for (let tryCount = 1; ; tryCount++) {
      const error = attempt(tryCount);
      if (error?.reason !== 'Conflict' || tryCount === tries) return error;
    }
  }

  // ---- adoption (1.3, 1.4)

  private recheck(): Failure {
    const { object, error } = this.send({ verb: 'get', resource: SETS, namespace: this.namespace, name: this.name });
    if (error !== undefined) return wrapError("can't recheck DeletionTimestamp", error);
    const { uid, deletionTimestamp } = (object as KubeObject).metadata;
    if (uid !== this.uid) return { message: `can't recheck DeletionTimestamp: original StatefulSet ${this.key} is gone: got uid ${uid}, wanted ${this.uid}` };
    if (deletionTimestamp === undefined) return undefined;
    return { message: `${this.key} has just been deleted at ${deletionTimestamp.replace('T', ' ').replace('Z', '')} +0000 UTC` };
  }

  private ownRef(): Owner {
    return { apiVersion: 'apps/v1', kind: 'StatefulSet', name: this.name, uid: this.uid, controller: true, blockOwnerDeletion: true };
  }

  private adopt(resource: string, object: KubeObject): ApiCall {
    const patch = { metadata: { uid: object.metadata.uid, ownerReferences: [this.ownRef()] } };
    return { verb: 'patch', resource, namespace: object.metadata.namespace, name: nameOf(object), patchType: 'strategic', patch };
  }

  private candidates(resource: string): readonly KubeObject[] {
    const all = this.ports.list(resource, this.namespace);
    return [...all.filter((object) => controllerOf(object)?.uid === this.uid), ...all.filter((object) => controllerOf(object) === undefined)];
  }

  private selects(object: KubeObject): boolean {
    return compileSelector(this.set['spec'].selector)?.(object.metadata.labels) === true;
  }

  private revisions(): readonly KubeObject[] {
    return this.candidates(REVISIONS).filter((revision) => this.selects(revision));
  }

  private claim(): { readonly pods: readonly KubeObject[]; readonly error?: Failure } {
    const pods: KubeObject[] = [];
    const errors: ReconcileError[] = [];
    for (const pod of this.candidates('pods')) {
      const fits = this.selects(pod) && splitName(nameOf(pod)).parent === this.name;
      const isOurs = controllerOf(pod) !== undefined;
      if (isOurs && fits) pods.push(pod);
      if (isGoing(this.set) || isOurs === fits) continue;
      if (isOurs) {
        const patch = { metadata: { uid: pod.metadata.uid, ownerReferences: [{ $patch: 'delete', uid: this.uid }] } };
        const { error } = this.send({ verb: 'patch', resource: 'pods', namespace: pod.metadata.namespace, name: nameOf(pod), patchType: 'strategic', patch });
        if (error !== undefined && error.reason !== 'NotFound' && error.reason !== 'Invalid') errors.push(error);
      } else if (!isGoing(pod)) {
        this.adoption ??= { error: this.recheck() };
        const refused = this.adoption.error;
        if (refused !== undefined) {
          errors.push({ message: `can't adopt Pod ${pod.metadata.namespace}/${nameOf(pod)} (${pod.metadata.uid}): ${refused.message}` });
          continue;
        }
        const { error } = this.send(this.adopt('pods', pod));
        if (error === undefined) pods.push(pod);
        else if (error.reason !== 'NotFound') errors.push(error);
      }
    }
    return { pods, error: aggregate(errors) };
  }

  // ---- revisions (1.5, 1.6, 1.10)

  private update(pods: readonly KubeObject[]): Failure {
    const sorted = [...this.revisions()].sort((a, b) => (a['revision'] ?? 0) - (b['revision'] ?? 0) || order(a.metadata.creationTimestamp ?? '', b.metadata.creationTimestamp ?? '') || order(nameOf(a), nameOf(b)));
    const live: string[] = [];
    const { error, status } = this.perform(pods, sorted, live);
    const truncation = this.truncate(pods, sorted, live);
    if (error !== undefined) return aggregate([...flatten(error), truncation]);
    if (truncation !== undefined) return truncation;
    this.lookAgain(pods, status as KubeObject);
    return undefined;
  }

  private perform(pods: readonly KubeObject[], sorted: readonly KubeObject[], live: string[]): { readonly error: Failure; readonly status?: KubeObject } {
    const made = this.updateRevision(sorted);
    if (made.error !== undefined) return { error: made.error };
    const update = made.revision as KubeObject;
    const current = sorted.find((revision) => nameOf(revision) === this.set['status']?.currentRevision) ?? update;
    live.push(nameOf(current), nameOf(update));
    if (!isApplicable(current) || !isApplicable(update)) return { error: { message: 'json: cannot apply the data of a revision to the set' } };
    this.current = current;
    this.updated = update;
    const run = this.updateStatefulSet(pods, made.collisions);
    const status = this.completed(run.status);
    const statusError = this.writeStatus(status);
    return { error: run.error ?? statusError, status: status as unknown as KubeObject };
  }

  private current!: KubeObject;
  private updated!: KubeObject;

  private updateRevision(sorted: readonly KubeObject[]): { readonly revision?: KubeObject; readonly collisions: number; readonly error?: ReconcileError } {
    let collisions: number = this.set['status']?.collisionCount ?? 0;
    const { template } = this.set['spec'];
    const bytes = goJson(dataOf(template));
    const last = sorted.at(-1);
    const next = last === undefined ? 1 : (last['revision'] ?? 0) + 1;
    const equal = sorted.filter((revision) => goJson(revision['data']) === bytes).at(-1);
    if (equal !== undefined && last !== undefined) {
      if (goJson(last['data']) === bytes) return { revision: last, collisions };
      if (equal['revision'] === next) return { revision: equal, collisions };
      let put: KubeObject = { metadata: {} };
      const error = this.retry(4, (tryCount) => {
        const object = tryCount === 1 ? { ...equal, revision: next } : { metadata: {}, revision: next };
        const answer = this.send({ verb: 'update', resource: REVISIONS, namespace: equal.metadata.namespace, name: nameOf(object), object });
        if (answer.object !== undefined) put = answer.object;
        return answer.error;
      });
      return error === undefined ? { revision: put, collisions } : { collisions, error };
    }
    if (last !== undefined && this.gate('StatefulSetSemanticRevisionComparison', true) && this.isSameWhenRead(last, bytes)) return { revision: last, collisions };
    const label = naiveHash(`${bytes}${collisions}`);
    for (;;) {
      const name = `${this.name.slice(0, 223)}-${naiveHash(`${bytes}${collisions}`)}`;
      const { annotations } = this.set.metadata;
      const metadata = { name, labels: { ...template.metadata?.labels, 'controller.kubernetes.io/hash': label }, ...(annotations === undefined ? {} : { annotations }), ownerReferences: [this.ownRef()] };
      const object = { apiVersion: 'apps/v1', kind: 'ControllerRevision', metadata, data: dataOf(template), revision: next };
      const created = this.send({ verb: 'create', resource: REVISIONS, namespace: this.namespace, object });
      if (created.error === undefined) return { revision: created.object, collisions };
      if (created.error.reason !== 'AlreadyExists') return { collisions, error: created.error };
      const existing = this.send({ verb: 'get', resource: REVISIONS, namespace: this.namespace, name });
      if (existing.error !== undefined) return { collisions, error: existing.error };
      if (goJson((existing.object as KubeObject)['data']) === bytes) return { revision: existing.object, collisions };
      collisions++;
    }
  }

  /** The set with the template of a revision, as the API server of today would read and default it, has the set's template. */
  private isSameWhenRead(revision: KubeObject, bytes: string): boolean {
    if (!isApplicable(revision)) return false;
    const { $patch: _directive, ...template } = revision['data'].spec.template;
    const type = structOfKind('apps', 'v1', 'StatefulSet');
    const read = conform(type as NonNullable<typeof type>, { ...this.set, spec: { ...this.set['spec'], template } });
    if (read.findings.error !== undefined) return false;
    const context = { now: 0, time: formatTime(0), profile: this.ports.profile };
    const defaulted = builtInScheme.byResource(SETS)?.default?.(read.value as KubeObject, context) as KubeObject;
    return goJson(dataOf(defaulted['spec'].template)) === bytes;
  }

  private truncate(pods: readonly KubeObject[], sorted: readonly KubeObject[], live: readonly string[]): Failure {
    const limit: number = this.set['spec'].revisionHistoryLimit ?? 10;
    const old = sorted.map(nameOf).filter((name) => !live.includes(name) && !pods.some((pod) => revOf(pod) === name));
    if (limit < 0) return undefined;
    for (let index = 0; index < old.length - limit; index++) {
      const { error } = this.send({ verb: 'delete', resource: REVISIONS, namespace: this.namespace, name: old[index] as string });
      if (error !== undefined) return error;
    }
    return undefined;
  }

  // ---- the core (1.7, 1.8)

  private isReady = (pod: KubeObject): boolean => readySince(pod) !== undefined;
  private isRunningAndReady = (pod: KubeObject): boolean => phaseOf(pod) === 'Running' && this.isReady(pod);
  private isAvailable = (pod: KubeObject): boolean => this.isReady(pod) && (this.minReadyMs === 0 || (readySince(pod) as number) + this.minReadyMs <= this.ports.now);
  private isUnavailable = (pod: KubeObject): boolean => isGoing(pod) || !this.isAvailable(pod);
  private isOld = (pod: KubeObject): boolean => revOf(pod) !== nameOf(this.updated);
  private inRange = (ordinal: number): boolean => ordinal >= this.start && ordinal < this.start + this.count;

  private updateStatefulSet(pods: readonly KubeObject[], collisionCount: number): { readonly status: NaiveStatus; readonly error: Failure } {
    let conditions: readonly object[] | undefined = this.release >= 37 ? this.set['status']?.conditions : undefined;
    const status = (counted: readonly KubeObject[], deleted = 0): NaiveStatus => ({ ...this.count5(counted, deleted), collisionCount, conditions });
    const replicas: KubeObject[] = [];
    const condemned: KubeObject[] = [];
    // Of pods of one ordinal the one with the greatest name holds it.
    for (const pod of [...pods].sort((a, b) => order(nameOf(a), nameOf(b)))) {
      const ordinal = ordinalOf(pod);
      if (this.inRange(ordinal)) replicas[ordinal - this.start] = pod;
      else if (ordinal >= 0) condemned.push(pod);
    }
    condemned.sort((a, b) => ordinalOf(b) - ordinalOf(a));
    const waiting = this.waiting(pods);
    if (isGoing(this.set)) {
      this.explain({ rule: 'Deleting', message: 'the set is being deleted: its pods are left to the garbage collector' });
      return { status: status(pods), error: undefined };
    }
    for (let index = 0; index < this.count; index++) replicas[index] ??= this.placeholder(this.start + index);
    const placed = [...replicas, ...condemned];
    const firstBad = [...replicas, ...[...condemned].reverse()].find(this.isUnavailable);
    if (this.recreates()) {
      const olds = placed.filter((pod) => phaseOf(pod) !== '' && this.isOld(pod));
      if (olds.length > 0) {
        conditions = this.progressing(conditions, 'True', 'RecreateInProgress', 'Deleting old revision pods');
        this.explain({ rule: 'Recreate', message: `deletes ${olds.length} pods that are not at revision ${nameOf(this.updated)}, and creates none before they are gone` });
        const error = this.inBatches(olds.filter((pod) => !isGoing(pod)), (pod) => this.deletePod(pod));
        return { status: status(pods), error };
      }
      if (nameOf(this.current) !== nameOf(this.updated)) conditions = this.progressing(conditions, 'True', 'RecreateInProgress', 'Waiting for new-revision pods to be created');
    }
    const updating = this.podsToUpdate(replicas);
    this.explain(this.why(replicas, condemned, firstBad, updating, waiting));

    for (const error of this.forAll(replicas, (pod) => this.processReplica(pod))) return { status: status(placed), error: error.error };
    for (const error of this.forAll(condemned, (pod) => ({ stops: false, error: this.claimsMatch(pod) ? undefined : this.fixClaims(pod) }))) return { status: status(placed), error: error.error };
    for (const error of this.forAll(condemned, (pod) => this.processCondemned(pod, firstBad))) return { status: status(placed), error: error.error };
    if (this.set['spec'].updateStrategy?.type === 'OnDelete' || this.recreates()) return { status: status(placed), error: undefined };
    let deleted = 0;
    for (const pod of updating) {
      const error = this.deletePod(pod);
      if (error !== undefined && error.reason !== 'NotFound') return { status: status(placed, deleted), error };
      deleted++;
    }
    return { status: status(placed, deleted), error: undefined };
  }

  /** Where it stops or fails, what with; nothing if all were gone through. */
  private forAll(pods: readonly KubeObject[], run: (pod: KubeObject) => { readonly stops: boolean; readonly error: Failure }): readonly { readonly error: Failure }[] {
    if (!this.isOrdered) {
      const error = this.inBatches(pods, (pod) => run(pod).error);
      return error === undefined ? [] : [{ error }];
    }
    for (const pod of pods) {
      const { stops, error } = run(pod);
      if (stops || error !== undefined) return [{ error }];
    }
    return [];
  }

  private inBatches(pods: readonly KubeObject[], run: (pod: KubeObject) => Failure): Failure {
    for (let from = 0, size = 1; from < pods.length; from += size, size = Math.min(500, 2 * size)) {
      const errors = pods.slice(from, from + size).map(run).filter((error) => error !== undefined);
      if (errors.length > 0) return aggregate(errors);
    }
    return undefined;
  }

  private processReplica(pod: KubeObject): { readonly stops: boolean; readonly error: Failure } {
    if (hasEnded(pod)) return { stops: true, error: isGoing(pod) ? undefined : this.deletePod(pod) };
    if (phaseOf(pod) === '') {
      if (this.isClaimStale(pod)) return { stops: true, error: undefined };
      const error = this.createPod(pod);
      if (error !== undefined || this.isOrdered) return { stops: true, error };
    }
    if (phaseOf(pod) === 'Pending') {
      const error = this.createClaims(pod);
      if (error !== undefined) return { stops: true, error };
      const ownerError = this.fixClaims(pod);
      if (ownerError !== undefined) {
        this.podEvent('update', pod, ownerError);
        return { stops: true, error: ownerError };
      }
    }
    if (this.isOrdered && (isGoing(pod) || !this.isRunningAndReady(pod) || !this.isAvailable(pod))) return { stops: true, error: undefined };
    return { stops: false, error: this.repairPod(pod) };
  }

  private processCondemned(pod: KubeObject, firstBad: KubeObject | undefined): { readonly stops: boolean; readonly error: Failure } {
    if (isGoing(pod)) return { stops: true, error: undefined };
    if (this.isOrdered && (!this.isRunningAndReady(pod) || !this.isAvailable(pod)) && pod !== firstBad) return { stops: true, error: undefined };
    return { stops: true, error: this.deletePod(pod) };
  }

  /** Variants A, B and C. */
  private podsToUpdate(replicas: readonly KubeObject[]): readonly KubeObject[] {
    const { partition = 0, maxUnavailable = 1 } = this.set['spec'].updateStrategy?.rollingUpdate ?? {};
    const descending = replicas.slice(Math.min(partition, replicas.length)).reverse();
    const olds = descending.filter((pod) => this.isOld(pod) && !isGoing(pod));
    if (!this.gate('MaxUnavailableStatefulSet', this.release >= 37)) {
      const first = descending.find((pod) => olds.includes(pod) || this.isUnavailable(pod));
      return first !== undefined && olds.includes(first) ? [first] : [];
    }
    const share = typeof maxUnavailable === 'string' ? Math.floor((Number(maxUnavailable.replace('%', '')) * this.count) / 100) : (maxUnavailable as number);
    const left = Math.max(0, Math.max(1, share) - replicas.filter(this.isUnavailable).length);
    if (this.release < 37 || this.isOrdered) return olds.slice(0, left);
    return [...olds.filter((pod) => !this.isAvailable(pod)), ...olds.filter(this.isAvailable).slice(0, left)];
  }

  // ---- pods (2.1, 2.3)

  private placeholder(ordinal: number): KubeObject {
    const { updateStrategy: strategy, serviceName } = this.set['spec'];
    const boundary: number = strategy?.rollingUpdate !== undefined ? (strategy.rollingUpdate.partition ?? 0) : strategy?.type === 'RollingUpdate' ? (this.set['status']?.currentReplicas ?? 0) : 0;
    const revision = ordinal < this.start + boundary ? this.current : this.updated;
    const { $patch: _directive, ...template } = revision['data'].spec.template;
    const { labels, annotations, finalizers } = template.metadata ?? {};
    const name = `${this.name}-${ordinal}`;
    const volumes = this.volumes(ordinal, template.spec?.volumes);
    const spec = { ...template.spec, hostname: name };
    delete spec.subdomain;
    delete spec.volumes;
    return {
      apiVersion: 'v1', kind: 'Pod',
      metadata: {
        name, generateName: `${this.name}-`, namespace: this.namespace, annotations, finalizers, ownerReferences: [this.ownRef()],
        labels: { ...labels, 'statefulset.kubernetes.io/pod-name': name, 'apps.kubernetes.io/pod-index': `${ordinal}`, 'controller-revision-hash': nameOf(revision) },
      },
      spec: { ...spec, ...(serviceName ? { subdomain: serviceName } : {}), ...(volumes.length > 0 ? { volumes } : {}) },
    };
  }

  private volumes(ordinal: number, held: readonly { readonly name: string }[] = []): readonly object[] {
    const names = claimTemplates(this.set).map(nameOf);
    return [...names.map((name) => ({ name, persistentVolumeClaim: { claimName: `${name}-${this.name}-${ordinal}` } })), ...held.filter(({ name }) => !names.includes(name))];
  }

  private podEvent(verb: string, pod: KubeObject, error: Failure): void {
    const upper = verb.replace(/^./, (letter) => letter.toUpperCase());
    const what = `${this.release >= 36 ? upper : verb} Pod ${nameOf(pod)} in StatefulSet ${this.name}`;
    if (error === undefined) this.ports.event({ about: this.uid, type: 'Normal', reason: `Successful${upper}`, message: `${what} successful` });
    else this.ports.event({ about: this.uid, type: 'Warning', reason: `Failed${upper}`, message: `${what} failed error: ${error.message}` });
  }

  private createPod(pod: KubeObject): Failure {
    const claimError = this.createClaims(pod);
    if (claimError !== undefined) {
      this.podEvent('create', pod, claimError);
      return claimError;
    }
    const error = this.write({ verb: 'create', resource: 'pods', namespace: pod.metadata.namespace, object: pod });
    if (error?.reason === 'AlreadyExists') return error;
    const ownerError = this.fixClaims(pod);
    this.podEvent(ownerError === undefined ? 'create' : 'update', pod, ownerError ?? error);
    return ownerError ?? error;
  }

  private deletePod(pod: KubeObject): Failure {
    const answered = this.write({ verb: 'delete', resource: 'pods', namespace: pod.metadata.namespace, name: nameOf(pod) });
    const error = this.release >= 36 && answered?.reason === 'NotFound' ? undefined : answered;
    this.podEvent('delete', pod, error);
    return error;
  }

  private hasIdentity(pod: KubeObject): boolean {
    const name = `${this.name}-${ordinalOf(pod)}`;
    return ordinalOf(pod) >= 0 && nameOf(pod) === name && pod.metadata.namespace === this.namespace && pod.metadata.labels?.['statefulset.kubernetes.io/pod-name'] === name;
  }

  private hasStorage(pod: KubeObject): boolean {
    const volumes = new Map(((pod['spec'].volumes ?? []) as readonly { readonly name: string; readonly persistentVolumeClaim?: { readonly claimName: string } }[]).map((volume) => [volume.name, volume.persistentVolumeClaim?.claimName]));
    return ordinalOf(pod) >= 0 && claimTemplates(this.set).every((template) => volumes.get(nameOf(template)) === `${nameOf(template)}-${this.name}-${ordinalOf(pod)}`);
  }

  private repairPod(original: KubeObject): Failure {
    let pod = original;
    let isPut = false;
    const error = this.retry(4, () => {
      const isIdentical = this.hasIdentity(pod);
      if (!isIdentical) {
        const name = `${this.name}-${ordinalOf(pod)}`;
        const labels = { ...pod.metadata.labels, 'statefulset.kubernetes.io/pod-name': name, 'apps.kubernetes.io/pod-index': `${ordinalOf(pod)}` };
        pod = { ...pod, metadata: { ...pod.metadata, name, namespace: this.namespace, labels } };
      }
      const isStored = this.hasStorage(pod);
      if (!isStored) {
        pod = { ...pod, spec: { ...pod['spec'], volumes: this.volumes(ordinalOf(pod), pod['spec'].volumes) } };
        const claimError = this.createClaims(pod);
        if (claimError !== undefined) {
          this.podEvent('update', pod, claimError);
          return claimError;
        }
      }
      const isOwned = this.claimsMatch(pod);
      if (!isOwned) {
        const ownerError = this.fixClaims(pod);
        if (ownerError !== undefined) {
          this.podEvent('update', pod, ownerError);
          return ownerError;
        }
      }
      if (isIdentical && isStored && isOwned) return undefined;
      isPut = true;
      const putError = this.write({ verb: 'update', resource: 'pods', namespace: pod.metadata.namespace, name: nameOf(pod), object: pod });
      if (putError !== undefined) pod = this.ports.get('pods', pod.metadata.namespace ?? '', nameOf(pod)) ?? pod;
      return putError;
    });
    if (isPut) this.podEvent('update', pod, error);
    return error;
  }

  // ---- claims (2.2, 2.4)

  private claimOf(template: KubeObject, pod: KubeObject): KubeObject | undefined {
    return this.ports.get(CLAIMS, this.namespace, `${nameOf(template)}-${this.name}-${ordinalOf(pod)}`);
  }

  private claimsOf(pod: KubeObject): readonly KubeObject[] {
    return claimTemplates(this.set).map((template) => this.claimOf(template, pod)).filter((claim) => claim !== undefined);
  }

  private createClaims(pod: KubeObject): Failure {
    const errors: ReconcileError[] = [];
    for (const template of claimTemplates(this.set)) {
      const name = `${nameOf(template)}-${this.name}-${ordinalOf(pod)}`;
      const held = this.claimOf(template, pod);
      if (held !== undefined) {
        if (isGoing(held)) errors.push({ message: `pvc ${name} is being deleted` });
        continue;
      }
      const labels = { ...template.metadata.labels, ...this.set['spec'].selector.matchLabels };
      const object = { ...template, apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { ...template.metadata, name, namespace: this.namespace, labels } };
      const error = this.write({ verb: 'create', resource: CLAIMS, namespace: this.namespace, object });
      const verb = this.release >= 36 ? 'Create' : 'create';
      if (error === undefined) this.ports.event({ about: this.uid, type: 'Normal', reason: 'SuccessfulCreate', message: `${verb} Claim ${name} Pod ${nameOf(pod)} in StatefulSet ${this.name} success` });
      else {
        errors.push(wrapError(`failed to create PVC ${name}`, error));
        if (error.reason !== 'AlreadyExists') this.ports.event({ about: this.uid, type: 'Warning', reason: 'FailedCreate', message: `${verb} Claim ${name} for Pod ${nameOf(pod)} in StatefulSet ${this.name} failed error: ${error.message}` });
      }
    }
    return aggregate(errors);
  }

  private policy(): { readonly scaled: boolean; readonly deleted: boolean } {
    const { whenScaled = 'Retain', whenDeleted = 'Retain' } = this.set['spec'].persistentVolumeClaimRetentionPolicy ?? {};
    const isKnown = (value: string): boolean => value === 'Retain' || value === 'Delete';
    if (!isKnown(whenScaled) || !isKnown(whenDeleted)) return { scaled: false, deleted: false };
    return { scaled: whenScaled === 'Delete', deleted: whenDeleted === 'Delete' };
  }

  /** The references that the table wants. */
  private wantedOwners(pod: KubeObject): readonly Owner[] {
    const { scaled, deleted } = this.policy();
    if (scaled && !this.inRange(ordinalOf(pod))) return [{ apiVersion: 'v1', kind: 'Pod', name: nameOf(pod), uid: pod.metadata.uid ?? '', controller: true, blockOwnerDeletion: true }];
    return deleted ? [this.ownRef()] : [];
  }

  private isNamed(owner: Owner, object: KubeObject, isSet: boolean): boolean {
    return owner.apiVersion === (isSet ? 'apps/v1' : 'v1') && owner.kind === (isSet ? 'StatefulSet' : 'Pod') && owner.name === nameOf(object);
  }

  private isStale(claim: KubeObject, object: KubeObject, isSet: boolean): boolean {
    const first = (claim.metadata.ownerReferences ?? []).find((owner) => this.isNamed(owner, object, isSet));
    return first !== undefined && first.uid !== (object.metadata.uid ?? '');
  }

  private isConflicting(claim: KubeObject, pod: KubeObject): boolean {
    const { scaled, deleted } = this.policy();
    return (scaled || deleted) && (claim.metadata.ownerReferences ?? []).some((owner) => {
      if (this.isNamed(owner, this.set, true)) return owner.uid !== this.uid;
      if (this.isNamed(owner, pod, false)) return owner.uid !== (pod.metadata.uid ?? '');
      return owner.controller === true;
    });
  }

  private isUpToDate(claim: KubeObject, pod: KubeObject): boolean {
    if (this.isStale(claim, this.set, true) || this.isStale(claim, pod, false)) return true;
    const ours = (claim.metadata.ownerReferences ?? []).filter((owner) => owner.uid === this.uid || owner.uid === (pod.metadata.uid ?? ''));
    if (this.isConflicting(claim, pod)) return ours.length === 0;
    if (ours.some((owner) => owner.controller !== true)) return false;
    const uids = (owners: readonly Owner[]): string => JSON.stringify([...new Set(owners.map((owner) => owner.uid))].sort());
    return uids(ours) === uids(this.wantedOwners(pod));
  }

  private claimsMatch(pod: KubeObject): boolean {
    return this.claimsOf(pod).every((claim) => this.isUpToDate(claim, pod));
  }

  private fixClaims(pod: KubeObject): Failure {
    for (const template of claimTemplates(this.set)) {
      const claim = this.claimOf(template, pod);
      if (claim === undefined) continue;
      const isConflicting = this.isConflicting(claim, pod);
      if (isConflicting) {
        this.ports.event({ about: this.uid, type: 'Warning', reason: 'ConflictingController', message: `PersistentVolumeClaim ${nameOf(claim)} has a conflicting OwnerReference that acts as a manging controller, the retention policy is ignored for this claim` });
      }
      if (this.isUpToDate(claim, pod)) continue;
      const kept = (claim.metadata.ownerReferences ?? []).filter((owner) => !this.isNamed(owner, this.set, true) && !this.isNamed(owner, pod, false));
      const ownerReferences = [...kept, ...(isConflicting ? [] : this.wantedOwners(pod))];
      const object = { ...claim, metadata: { ...claim.metadata, ownerReferences: ownerReferences.length === 0 ? undefined : ownerReferences } };
      const error = this.write({ verb: 'update', resource: CLAIMS, namespace: claim.metadata.namespace, name: nameOf(claim), object });
      if (error !== undefined) return wrapError(`could not update claim ${nameOf(claim)} for delete policy ownerRefs`, error);
    }
    return undefined;
  }

  private isClaimStale(pod: KubeObject): boolean {
    return this.set['spec'].persistentVolumeClaimRetentionPolicy?.whenScaled === 'Delete' && this.claimsOf(pod).some((claim) => this.isStale(claim, pod, false));
  }

  // ---- status (1.9)

  private count5(pods: readonly KubeObject[], deleted: number): Omit<NaiveStatus, 'collisionCount' | 'conditions'> {
    const created = pods.filter((pod) => phaseOf(pod) !== '');
    const ready = created.filter(this.isRunningAndReady);
    const live = created.filter((pod) => !isGoing(pod));
    const at = (revision: KubeObject): number => live.filter((pod) => revOf(pod) === nameOf(revision)).length;
    return {
      replicas: created.length, readyReplicas: ready.length, availableReplicas: ready.filter(this.isAvailable).length, currentReplicas: at(this.current) - deleted, updatedReplicas: at(this.updated),
      currentRevision: nameOf(this.current), updateRevision: nameOf(this.updated), observedGeneration: this.set.metadata.generation,
    };
  }

  private progressing(conditions: readonly object[] | undefined, status: string, reason: string, message: string): readonly object[] {
    const list = (conditions ?? []) as readonly Record<string, string>[];
    const index = list.findIndex((condition) => condition['type'] === 'Progressing');
    const held = list[index];
    const lastTransitionTime = held?.['status'] === status ? held['lastTransitionTime'] : formatTime(this.ports.now);
    const condition = { type: 'Progressing', status, lastTransitionTime, reason, message };
    return held === undefined ? [...list, condition] : list.map((other, at) => (at === index ? condition : other));
  }

  private completed(status: NaiveStatus): NaiveStatus {
    const isDone = [status.updatedReplicas, status.readyReplicas, status.replicas].every((counter) => counter === this.count) && (this.release >= 37 || this.set['spec'].updateStrategy?.type === 'RollingUpdate');
    if (!isDone) return status;
    const conditions = this.recreates() && status.currentRevision !== status.updateRevision ? this.progressing(status.conditions, 'False', 'RecreateCompleted', 'All pods recreated successfully') : status.conditions;
    return { ...status, currentReplicas: status.updatedReplicas, currentRevision: status.updateRevision, conditions };
  }

  private writeStatus(status: NaiveStatus): Failure {
    const stored = this.set['status'] ?? {};
    const isSame = (['replicas', 'currentReplicas', 'readyReplicas', 'updatedReplicas', 'availableReplicas', 'currentRevision', 'updateRevision'] as const).every((field) => (status[field] || undefined) === (stored[field] || undefined));
    if (isSame && (status.observedGeneration ?? 0) <= (stored.observedGeneration ?? 0)) return undefined;
    const optional = { observedGeneration: status.observedGeneration || undefined, readyReplicas: status.readyReplicas || undefined, currentReplicas: status.currentReplicas || undefined, updatedReplicas: status.updatedReplicas || undefined };
    const sent = { ...status, ...optional, conditions: (status.conditions ?? []).length === 0 ? undefined : status.conditions };
    let base = this.set;
    return this.retry(5, () => {
      const error = this.write({ verb: 'update', resource: SETS, namespace: this.namespace, name: this.name, subresource: 'status', object: { ...base, status: sent } });
      if (error !== undefined) base = this.ports.get(SETS, this.namespace, this.name) ?? base;
      return error;
    });
  }

  /** When the next of the pods becomes available, or after the whole time. */
  private lookAgain(pods: readonly KubeObject[], status: KubeObject): void {
    if (this.minReadyMs === 0 || status['availableReplicas'] === this.count) return;
    const instants = pods.map((pod) => (readySince(pod) ?? Number.NaN) + this.minReadyMs).filter((instant) => instant > this.ports.now);
    const delayMs = this.release >= 36 && instants.length > 0 ? Math.max(0, Math.min(...instants) - this.ports.clock) : this.minReadyMs;
    this.ports.enqueueAfter(this.key, delayMs);
  }

  // ---- why (what `explain` answers)

  private explain(why: Reason): void {
    this.ports.explain(`statefulset/${this.key}`, why);
  }

  /** Ready pods that are not available yet, the one that is ready for longest first; those without a time come last. */
  private waiting(pods: readonly KubeObject[]): readonly KubeObject[] {
    const since = (pod: KubeObject): number => (Number.isNaN(readySince(pod)) ? Infinity : (readySince(pod) as number));
    const young = pods.filter((pod) => this.isReady(pod) && !this.isAvailable(pod));
    return [...young].sort((a, b) => (since(a) === since(b) ? order(nameOf(a), nameOf(b)) : since(a) - since(b)));
  }

  private state(pod: KubeObject): string {
    if (isGoing(pod)) return 'is terminating';
    if (phaseOf(pod) === '') return 'has no phase yet';
    if (phaseOf(pod) !== 'Running') return `is ${phaseOf(pod)}`;
    if (this.isReady(pod)) return `is Ready but not yet for ${this.set['spec'].minReadySeconds} s`;
    const message = pod['status'].conditions?.find((condition: Record<string, string>) => condition['type'] === 'Ready')?.message;
    return message === undefined ? 'is not Ready' : `is not Ready: ${message}`;
  }

  private why(replicas: readonly KubeObject[], condemned: readonly KubeObject[], firstBad: KubeObject | undefined, updating: readonly KubeObject[], waiting: readonly KubeObject[]): Reason {
    const names = (pods: readonly KubeObject[]): string => pods.slice(0, 5).map(nameOf).join(', ') + (pods.length > 5 ? ` and ${pods.length - 5} more` : '');
    const waited = this.isOrdered ? replicas.find((pod) => hasEnded(pod) || isGoing(pod) || !this.isRunningAndReady(pod) || !this.isAvailable(pod)) : undefined;
    if (waited !== undefined) {
      const name = nameOf(waited);
      const blockedBy = `pod/${name}`;
      if (phaseOf(waited) === '') return { rule: 'OrderedReady', message: `creates ${name} at revision ${revOf(waited)}; ${this.name}-${ordinalOf(waited) + 1} waits for it`, blockedBy };
      if (hasEnded(waited)) return { rule: 'TerminalPod', message: `${name} is ${phaseOf(waited)}: it is deleted, and created again once it is gone`, blockedBy };
      return { rule: 'OrderedReady', message: `nothing else is done: OrderedReady waits for ${name}, which ${this.state(waited)}`, blockedBy };
    }
    const claimless = (pod: KubeObject): boolean => this.claimsOf(pod).filter((claim) => !isGoing(claim)).length < claimTemplates(this.set).length || this.claimsOf(pod).some((claim) => this.isConflicting(claim, pod));
    const handled = replicas.filter((pod) => hasEnded(pod) || phaseOf(pod) === '' || !this.hasIdentity(pod) || !this.hasStorage(pod) || !this.claimsMatch(pod) || (phaseOf(pod) === 'Pending' && claimless(pod)));
    const created = handled.filter((pod) => phaseOf(pod) === '');
    if (created.length > 0) return { rule: 'Parallel', message: `creates ${names(created)} at once: Parallel waits for no other pod` };
    if (handled.length > 0) return { rule: 'Repair', message: `repairs ${names(handled)}: identity, volumes or the owners of claims are not as they should be` };
    const [highest] = condemned;
    if (highest !== undefined) {
      const gone = this.isOrdered ? [highest].filter((pod) => !isGoing(pod) && ((this.isRunningAndReady(pod) && this.isAvailable(pod)) || pod === firstBad)) : condemned.filter((pod) => !isGoing(pod));
      if (gone.length > 0) return { rule: 'ScaleDown', message: `deletes ${names(gone)}: not among the ordinals asked for` };
      return { rule: 'ScaleDown', message: `scale-down waits for ${nameOf(highest)}, which ${this.state(highest)}`, blockedBy: `pod/${nameOf(highest)}` };
    }
    const strategy = this.set['spec'].updateStrategy?.type;
    if (strategy === 'OnDelete' || this.recreates()) return { rule: strategy, message: `${strategy}: pods are left at the revision they have` };
    const update = nameOf(this.updated);
    if (updating.length > 0) return { rule: 'RollingUpdate', message: `deletes ${updating.map(nameOf).join(', ')}: not at revision ${update}` };
    if (nameOf(this.current) === update) return { rule: 'UpToDate', message: `all pods are as asked for, at revision ${update}` };
    const blocking = replicas.find((pod) => isGoing(pod) || !this.isRunningAndReady(pod)) ?? waiting[0];
    if (blocking === undefined) return { rule: 'RollingUpdate', message: `no pod at or above the partition is at another revision than ${update}` };
    return { rule: 'RollingUpdate', message: `the update waits for ${nameOf(blocking)}, which ${this.state(blocking)}`, blockedBy: `pod/${nameOf(blocking)}` };
  }
}

interface NaiveStatus {
  readonly replicas: number;
  readonly readyReplicas: number;
  readonly availableReplicas: number;
  readonly currentReplicas: number;
  readonly updatedReplicas: number;
  readonly currentRevision: string;
  readonly updateRevision: string;
  readonly observedGeneration: number | undefined;
  readonly collisionCount: number;
  readonly conditions: readonly object[] | undefined;
}

/** The data of a revision holds a template. */
function isApplicable(revision: KubeObject): boolean {
  const template: unknown = revision['data']?.spec?.template;
  return typeof template === 'object' && template !== null;
}

function order(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
