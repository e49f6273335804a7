// Runs a scenario: commands and faults on one line of time, then calm, in which it must converge and stay so. Monitors follow it.
import { deviationArbiter, fifoArbiter, pctArbiter, randomArbiter, type ArbiterState, type Deviation } from '@kubesim/kernel';
import type { KubeObject } from '@kubesim/api';
import { WorldStorage, type Change } from '@kubesim/apiserver';
import { Cluster, type ClusterOptions, type ContainerBehaviour } from 'kubesim';
import { allInvariants } from '../invariants/all.ts';
import { aftermathOf, beginFault, durationOf, endFault, stalenessOf } from '../faults/faults.ts';
import type { Monitor } from '../explorer/monitor.ts';
import { Following, viewOf, type Violation } from '../properties/monitor.ts';
import { doCommand } from './commands.ts';
import { noteDeviations } from './shrink.ts';
import type { Fault, Place } from '../faults/fault.ts';
import type { Choices, Command, Scenario } from './scenario.ts';

/** What a run needs beside the scenario: the user's own functions, and what must hold. @public */
export interface RunOptions extends Pick<ClusterOptions, 'controllers' | 'operators' | 'withoutControllers' | 'behaviours' | 'scheduler' | 'admission' | 'actors' | 'timing'> {
  /** What must hold; every invariant there is without it. */
  readonly invariants?: readonly Monitor[];
  /** So long after the last fault all must be at rest, in virtual ms; 20 minutes without it. */
  readonly calmMs?: number;
}

/** What a scenario came to. @public */
export interface ScenarioRun {
  readonly scenario: Scenario;
  readonly cluster: Cluster;
  /** The first property that did not hold. */
  readonly violation: Violation | undefined;
  /** Choices that were not first in, first out: with them in place of `choices` the run is the same. */
  readonly deviations: readonly Deviation[];
  /** Points at which there was a choice. */
  readonly points: number;
  /** What the run met, for statistics. */
  readonly reached: Reached;
}

/** Interesting states that a run went through. @public */
export interface Reached {
  /** A rollout was under way. */
  readonly rollout: boolean;
  /** A fault began while a rollout was under way. */
  readonly faultInRollout: boolean;
  /** A scale while a rollout was under way. */
  readonly scaleInRollout: boolean;
  /** A node was lost while a pod was terminating. */
  readonly nodeLostWhileTerminating: boolean;
}

const CALM_MS = 20 * 60_000;
const STAY_MS = 60_000;
const PCT_HORIZON = 400;
const STEPS_MAX = 60_000;
/** So many may pass without a write while an instant is waited for. */
const SPIN_STEPS_MAX = 1_000_000;
/** Who only tries again, and writes nothing for so long, is at rest too: longer than any back-off of an image. */
const QUIET_MS = 6 * 60_000;
/** As is who takes so many steps without a write: upstream's Deployment controller looks again every 5 ms at one that waits for room. */
const IDLE_STEPS = 20_000;
/** Who waits so long for his next try only looks at rest. Upstream: the longest back-off of a workqueue, DefaultTypedControllerRateLimiter in client-go/util/workqueue. */
const BACK_OFF_MS = 1_000_000 + 10_000;
/** Nobody who comes to rest writes one object so often within a minute: without that, who writes over and over would use up all of the steps. */
const WRITES_OF_ONE_MAX = 1_000;
const WRITES_WINDOW_MS = 60_000;
/** Choices go on for so long after the last command, then all is first in, first out. */
export const AFTERMATH_MS = 10_000;
/** How late a cache may be where heads may be put off to the next instant. */
export const DEFERRAL_MS = 30_000;

/** Images of version 0 cannot be pulled. */
const missingImages: ContainerBehaviour = {
  name: 'missing images of scenarios', version: 1, images: ['missing/'],
  pull: (image) => ({ durationMs: 2, error: `rpc error: code = NotFound desc = failed to pull and unpack image "${image}": not found` }),
};

/** Runs scenarios. Clusters to begin with are made once for each kind and forked. @public */
export class ScenarioRunner {
  private readonly options: RunOptions;
  private readonly monitors: readonly Monitor[];
  private readonly bases = new Map<string, Cluster>();

  constructor(options: RunOptions = {}) {
    this.options = options;
    this.monitors = options.invariants ?? allInvariants;
  }

  /** Runs one to its end or to its first violation. */
  run(scenario: Scenario): ScenarioRun {
    return new Run(scenario, this.base(scenario).fork(), this.monitors, this.options.calmMs ?? CALM_MS).go();
  }

  /** Does the first so many commands of a scenario, with the faults before them, and stops there. @internal */
  begin(scenario: Scenario, commands: number, staleMs: number): Begun {
    return new Run(scenario, this.base(scenario).fork(), this.monitors, this.options.calmMs ?? CALM_MS, staleMs).begin(commands);
  }

  private base(scenario: Scenario): Cluster {
    const { invariants: _invariants, calmMs: _calmMs, behaviours = [], ...parts } = this.options;
    const key = JSON.stringify([scenario.seed, scenario.kubernetes, scenario.featureGates ?? null, scenario.nodes]);
    let base = this.bases.get(key);
    if (base === undefined) {
      base = new Cluster({
        seed: scenario.seed, kubernetes: scenario.kubernetes, featureGates: scenario.featureGates ?? {}, nodes: scenario.nodes, events: false, ...parts, behaviours: [...behaviours, missingImages],
      });
      base.settle();
      this.bases.set(key, base);
    }
    return base;
  }
}

/** Runs one scenario. Who runs many keeps a ScenarioRunner. @public */
export function runScenario(scenario: Scenario, options: RunOptions = {}): ScenarioRun {
  return new ScenarioRunner(options).run(scenario);
}

/** The arbiter that choices stand for. @internal */
export function arbiterOf(choices: Choices): ArbiterState {
  switch (choices.mode) {
    case 'fifo': return fifoArbiter;
    case 'random': return randomArbiter(choices.seed, { deferrals: choices.deferrals ?? 0, deferWithinMs: DEFERRAL_MS });
    case 'pct': return pctArbiter(choices.seed, choices.depth, PCT_HORIZON);
    case 'deviations': return deviationArbiter(choices.deviations);
  }
}

function mayDefer(choices: Choices): boolean {
  return choices.mode === 'random' ? (choices.deferrals ?? 0) > 0 : choices.mode === 'deviations' && choices.deviations.some(({ defer }) => defer !== undefined);
}

/** One thing on a scenario's line of time; `at` is in ms from its start. @internal */
export type Entry = { readonly at: number; readonly place?: Place } & ({ readonly do: 'command'; readonly command: Command } | { readonly do: 'begin' | 'end'; readonly fault: Fault });

/** A scenario on its way: what is left of it, and what monitors remember. @internal */
export interface Begun {
  readonly cluster: Cluster;
  /** Instant from which entries count. */
  readonly startedAt: number;
  readonly rest: readonly Entry[];
  readonly states: readonly unknown[];
  readonly violation: Violation | undefined;
  /** So many messages of each channel were received. */
  readonly received: ReadonlyMap<string, number>;
}

/** Commands and the beginnings and ends of faults in order of time. At one instant faults end first, then begin (and end, if they last no time), then people act. */
function timeline(scenario: Scenario): readonly Entry[] {
  const entries: { readonly entry: Entry; readonly rank: number }[] = [];
  for (const fault of scenario.faults) {
    entries.push({ entry: { at: fault.atMs, place: fault.place, do: 'begin', fault }, rank: 1 });
    const length = durationOf(fault);
    if (length !== undefined) entries.push({ entry: { at: fault.atMs + length, place: fault.endPlace, do: 'end', fault }, rank: length === 0 ? 1 : 0 });
  }
  let at = 0;
  for (const command of scenario.workload) entries.push({ entry: { at: at += command.waitMs, place: command.place, do: 'command', command }, rank: 2 });
  // The sort is stable: what lasts no time ends after it began.
  return entries.sort((a, b) => a.entry.at - b.entry.at || a.rank - b.rank).map(({ entry }) => entry);
}

class Run {
  private readonly scenario: Scenario;
  private readonly cluster: Cluster;
  private readonly following: Following;
  private readonly startedAt: number;
  private readonly staleMs: number;
  private readonly calmMs: number;
  private readonly storage: WorldStorage;
  private readonly received = new Map<string, number>();
  /** Writes of each object since an instant. */
  private readonly writes = new Map<string, number>();
  private writesSince = 0;
  /** Who is written over and over. */
  private spins: string | undefined;
  private revision: number;
  private violation: Violation | undefined;
  private reached = { rollout: false, faultInRollout: false, scaleInRollout: false, nodeLostWhileTerminating: false };

  constructor(scenario: Scenario, cluster: Cluster, monitors: readonly Monitor[], calmMs: number, staleMs?: number) {
    this.scenario = scenario;
    this.cluster = cluster;
    this.startedAt = cluster.now;
    this.following = new Following(monitors, this.startedAt);
    this.staleMs = staleMs ?? scenario.faults.reduce((sum, fault) => sum + stalenessOf(fault), mayDefer(scenario.choices) ? DEFERRAL_MS : 0);
    this.calmMs = calmMs;
    this.storage = new WorldStorage(cluster.kernel);
    this.revision = this.storage.revision;
  }

  go(): ScenarioRun {
    const { cluster, scenario } = this;
    const entries = timeline(scenario);
    this.start(entries.some(({ place }) => place !== undefined));
    for (let left = entries; left.length > 0;) {
      const entry = this.runToNext(left);
      if (this.violation !== undefined) break;
      this.carryOut(entry);
      left = left.filter((each) => each !== entry);
    }
    if (this.violation === undefined) this.runUntil(cluster.now + (scenario.aftermathMs ?? AFTERMATH_MS));
    if (this.violation === undefined) this.calm();
    const { deviations, points } = cluster.kernel.choices;
    if (this.violation !== undefined) noteDeviations(scenario, deviations);
    return { scenario, cluster, violation: this.violation, deviations, points, reached: this.reached };
  }

  begin(commands: number): Begun {
    let left = timeline(this.scenario);
    this.start(true);
    for (let todo = commands; todo > 0 && left.length > 0;) {
      const entry = this.runToNext(left);
      if (this.violation !== undefined) break;
      this.carryOut(entry);
      left = left.filter((each) => each !== entry);
      if (entry.do === 'command') todo--;
    }
    this.cluster.kernel.observe(undefined);
    return { cluster: this.cluster, startedAt: this.startedAt, rest: left, states: this.following.states(), violation: this.violation, received: this.received };
  }

  private start(isCounting: boolean): void {
    const { cluster, scenario, received } = this;
    cluster.kernel.useArbiter(arbiterOf(scenario.choices));
    cluster.kernel.record();
    if (isCounting) cluster.kernel.observe(({ channel }) => { received.set(channel, (received.get(channel) ?? 0) + 1); });
    for (const object of scenario.objects) doCommand(cluster, { do: 'create', object, waitMs: 0 });
    this.look(true);
  }

  /**
   * Runs to what is to be done next. Of one instant, what has a place is done as soon as that is reached; at the end of the instant
   * what has none, and then what has one that did not come.
   */
  private runToNext(entries: readonly Entry[]): Entry {
    const { kernel } = this.cluster;
    const first = entries[0] as Entry;
    const instant = this.startedAt + first.at;
    const placed = entries.filter(({ at, place }) => at === first.at && place !== undefined).sort((a, b) => (a.place?.turn ?? 0) - (b.place?.turn ?? 0));
    if (placed.length === 0) {
      this.runUntil(instant);
      return first;
    }
    const isReached = ({ place }: Entry): boolean => kernel.nextInstant >= instant && (this.received.get(place?.channel ?? '') ?? 0) >= (place?.occurrence ?? 0);
    this.runUntil(instant, false, () => placed.some(isReached));
    const reached = placed.find(isReached);
    if (reached === undefined) {
      const hasBegun = (fault: Fault): boolean => !placed.some((entry) => entry.do === 'begin' && entry.fault === fault);
      return entries.find((entry) => entry.at === first.at && entry.place === undefined && (entry.do !== 'end' || hasBegun(entry.fault))) ?? placed.find(({ do: what }) => what !== 'end') ?? placed[0] as Entry;
    }
    // Time stands at the instant, though nothing of it was done.
    if (this.violation === undefined && this.cluster.now < instant) {
      if (kernel.nextInstant === instant) kernel.alternatives();
      else kernel.run({ until: instant });
    }
    return reached;
  }

  private carryOut(entry: Entry): void {
    const { cluster, scenario } = this;
    const rolling = this.isRolling();
    if (entry.do === 'command') {
      if (entry.command.do === 'settle') this.runUntil(cluster.now + this.calmMs, true);
      else doCommand(cluster, entry.command);
      if (rolling && entry.command.do === 'scale') this.reached.scaleInRollout = true;
    } else if (entry.do === 'begin') {
      if (rolling) this.reached.faultInRollout = true;
      if ('node' in entry.fault && this.isTerminating()) this.reached.nodeLostWhileTerminating = true;
      beginFault(cluster, entry.fault, scenario);
    } else {
      endFault(cluster, entry.fault, scenario);
    }
    this.look(true);
    if (this.isRolling()) this.reached.rollout = true;
  }

  /** Faults are over: all comes to rest within the bound, holds what must hold at rest, and stays so. */
  private calm(): void {
    const { cluster, scenario } = this;
    cluster.faults.clear();
    cluster.kernel.useArbiter(fifoArbiter);
    // What only waits for an instant that a fault has set looks at rest, and is not.
    const aftermaths = scenario.faults.flatMap((fault) => (aftermathOf(fault) > 0 ? [fault.atMs + (durationOf(fault) ?? 0) + aftermathOf(fault)] : []));
    this.runUntil(this.startedAt + Math.max(0, ...aftermaths));
    if (this.violation !== undefined) return;
    const isOver = this.runUntil(cluster.now + this.calmMs, true);
    const found = this.violation ?? this.rest();
    if (found === undefined || this.violation !== undefined) return;
    if (!isOver) {
      this.runUntil(cluster.now + BACK_OFF_MS);
      if (this.violation === undefined) this.runUntil(cluster.now + this.calmMs, true);
    }
    this.violation ??= isOver ? found : this.rest();
  }

  /** What does not hold at rest, or does not stay. */
  private rest(): Violation | undefined {
    const found = this.following.end(this.view([], false));
    if (found !== undefined) return found;
    const before = this.revision;
    const objects = this.standing();
    this.runUntil(this.cluster.now + STAY_MS);
    return this.violation ?? (this.revision !== before && this.standing() !== objects ? this.broken('stays converged', `all was at rest and then changed: ${this.lastChanges()}`) : undefined);
  }

  /** What must not change at rest: which workloads and pods there are, and whether they are ready. */
  private standing(): string {
    return ['pods', 'replicasets.apps', 'statefulsets.apps', 'persistentvolumeclaims'].map((resource) => [...this.storage.list(resource)].map((object) => `${object.metadata.uid ?? ''}@${resource === 'pods' && isPulling(object) ? 'pulling' : object.metadata.resourceVersion ?? ''}`).join()).join(';');
  }

  /** Runs up to an instant, or until nothing is left to do; looks after each step that wrote. Answers whether nothing is left to do. */
  private runUntil(until: number, settle: boolean = false, isThere: () => boolean = () => false): boolean {
    const { kernel } = this.cluster;
    if (!settle && until <= this.cluster.now && kernel.nextInstant > until) return false;
    const bound = kernel.steps + STEPS_MAX;
    const spinBound = kernel.steps + SPIN_STEPS_MAX;
    let writtenAt = this.cluster.now;
    let writtenIn = kernel.steps;
    const outcome = kernel.run({
      until, settle,
      stop: () => {
        if (this.storage.revision !== this.revision && this.look(false)) {
          writtenAt = kernel.now;
          writtenIn = kernel.steps;
        }
        return this.violation !== undefined || this.spins !== undefined || isThere() || kernel.steps >= (kernel.steps - writtenIn > IDLE_STEPS ? spinBound : bound) || (settle && (kernel.now - writtenAt > QUIET_MS || kernel.steps - writtenIn > IDLE_STEPS));
      },
    });
    this.look(false);
    if (this.violation === undefined && this.spins !== undefined) this.violation = this.loop(this.spins);
    const isOver = outcome === 'settled' || outcome === 'idle';
    if (this.violation !== undefined || !settle || isOver || (outcome === 'stopped' && kernel.steps < bound)) return isOver;
    this.violation = this.loop(outcome === 'until' ? `not at rest ${this.calmMs / 60_000} minutes after the last fault` : `no rest within ${STEPS_MAX} steps`);
    return false;
  }

  /** Why it does not come to rest: a state that comes back is a loop, and is named as one. */
  private loop(why: string): Violation {
    const { kernel } = this.cluster;
    const seen = new Map<string, number>();
    const writes: string[] = [];
    for (let steps = 0; steps < 2_000; steps++) {
      if (!kernel.step()) break;
      const changes = this.changes();
      if (changes.length === 0) continue;
      this.revision = this.storage.revision;
      writes.push(...changes.map(describeChange));
      const place = signature(this.storage);
      const before = seen.get(place);
      if (before !== undefined) return { property: 'convergence', message: `${why}: it goes round in a loop of ${writes.length - before} writes: ${[...new Set(writes.slice(before))].slice(0, 6).join(', ')}`, atMs: kernel.now - this.startedAt };
      seen.set(place, writes.length);
    }
    return { property: 'convergence', message: `${why}; the last writes: ${[...new Set(writes.slice(-6))].join(', ') || 'none'}`, atMs: kernel.now - this.startedAt };
  }

  /** Tells the monitors what was written. Answers whether that was more than heartbeats. */
  private look(byUser: boolean): boolean {
    if (this.storage.revision === this.revision || this.violation !== undefined) return false;
    const changes = this.changes();
    this.revision = this.storage.revision;
    if (changes.length > 0) this.violation = this.following.step(this.view(changes, byUser));
    if (!byUser) this.countWrites(changes);
    return changes.some((change) => change.resource !== 'nodes' && !isOnlyAnotherTry(change));
  }

  private countWrites(changes: readonly Change[]): void {
    const { cluster: { now }, writes } = this;
    if (now - this.writesSince > WRITES_WINDOW_MS) {
      writes.clear();
      this.writesSince = now;
    }
    for (const { resource, key } of changes) {
      const name = `${resource} ${key}`;
      const count = (writes.get(name) ?? 0) + 1;
      writes.set(name, count);
      if (count > WRITES_OF_ONE_MAX) this.spins ??= `${name} was written more than ${WRITES_OF_ONE_MAX} times within ${WRITES_WINDOW_MS / 1_000} s`;
    }
  }

  private view(changes: readonly Change[], byUser: boolean): ReturnType<typeof viewOf> {
    return viewOf(this.cluster.kernel, changes, byUser, this.staleMs);
  }

  private changes(): readonly Change[] {
    const { storage, revision } = this;
    const found: Change[] = [];
    for (const resource of storage.resources()) {
      if (resource === 'events' || resource === 'leases.coordination.k8s.io') continue;
      for (const change of storage.changesSince(resource, revision)) found.push(change);
    }
    return found.length < 2 ? found : found.sort((a, b) => a.revision - b.revision);
  }

  private broken(property: string, message: string): Violation {
    return { property, message, atMs: this.cluster.now - this.startedAt };
  }

  private lastChanges(): string {
    return [...this.storage.resources()].flatMap((resource) => (resource === 'events' || resource.startsWith('leases') ? [] : [...this.storage.changesSince(resource, Math.max(0, this.revision - 4))])).map(describeChange).join(', ');
  }

  private isRolling(): boolean {
    for (const set of this.storage.list('statefulsets.apps')) if (set['status']?.updateRevision !== undefined && set['status']?.currentRevision !== set['status']?.updateRevision) return true;
    for (const deployment of this.storage.list('deployments.apps')) if (((deployment['status']?.updatedReplicas as number | undefined) ?? 0) < ((deployment['status']?.replicas as number | undefined) ?? 0) || deployment['status']?.observedGeneration !== deployment.metadata.generation) return true;
    for (const set of this.storage.list('statefulsets.apps')) if (set['status']?.observedGeneration !== set.metadata.generation) return true;
    return false;
  }

  private isTerminating(): boolean {
    for (const pod of this.storage.list('pods')) if (pod.metadata.deletionTimestamp !== undefined) return true;
    return false;
  }
}

/** The image of a pod could not be pulled, and is tried again ever more seldom, without end. */
function isPulling(pod: KubeObject | undefined): boolean {
  const statuses = (pod?.['status']?.containerStatuses ?? []) as readonly { readonly state?: { readonly waiting?: { readonly reason?: string } } }[];
  return statuses.some(({ state }) => state?.waiting?.reason === 'ErrImagePull' || state?.waiting?.reason === 'ImagePullBackOff');
}

function isOnlyAnotherTry({ resource, type, before, after }: Change): boolean {
  return resource === 'pods' && type === 'MODIFIED' && before?.metadata.deletionTimestamp === after.metadata.deletionTimestamp && isPulling(before) && isPulling(after);
}

function describeChange(change: Change): string {
  const verbs = { ADDED: 'create', MODIFIED: 'update', DELETED: 'remove' };
  return `${verbs[change.type]} ${change.resource.split('.')[0] ?? ''}/${change.key.split('/').pop() ?? ''}`;
}

/** What is there, without what chance named and what only grows. */
function signature(storage: WorldStorage): string {
  const parts: string[] = [];
  for (const resource of ['pods', 'statefulsets.apps', 'deployments.apps', 'replicasets.apps', 'persistentvolumeclaims', 'configmaps']) {
    for (const object of storage.list(resource)) {
      parts.push(`${resource}/${object.metadata.name ?? ''} ${object.metadata.deletionTimestamp === undefined ? '' : 'terminating'} ${String(object['status']?.phase ?? '')} ${String(object['spec']?.replicas ?? '')} ${JSON.stringify(object['data'] ?? null)} ${String(object['status']?.replicas ?? '')}`);
    }
  }
  return parts.join('\n');
}
