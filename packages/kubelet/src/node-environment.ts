// What a step of a pod may ask of its node, answered from the kubelet's state. A class rather than an object of functions: one is
// made for every step, and most steps ask for little.
import { formatTime, type KubeObject, type Node, type Pod } from '@kubesim/api';
import type { ActorContext, EventToRecord } from '@kubesim/client';
import { anyBehaviour } from './container/images.ts';
import type { FileTree } from './runtime/file-tree.ts';
import { wallClock, type KubeletMessage, type KubeletState } from './kubelet-state.ts';
import { allocateAddress } from './node/addresses.ts';
import { NO_SPACE } from './node/disk-pressure.ts';
import { mountVolumes, unattachedVolumes, volumeContent } from './node/volumes.ts';
import type { KubeletOptions } from './options.ts';
import type { PodEnvironment } from './pod/pod-worker-state.ts';
import { behaviourOf, imageName, type ContainerBehaviour } from './runtime/behaviour.ts';
import { withStages } from './stages.ts';
import type { KubeletTiming } from './timing.ts';

/** What a step wants done once its outcome is stored: an Event, or a write of the pod. @internal */
export type Effect = EventToRecord | 'status' | 'remove';

/** The environment of one pod's steps. Effects are gathered in the list that it is given. @internal */
export class NodeEnvironment implements PodEnvironment {
  readonly now: number;
  readonly timing: KubeletTiming;
  private readonly options: KubeletOptions;
  private readonly behaviours: readonly ContainerBehaviour[];
  private readonly context: ActorContext<KubeletMessage>;
  private readonly state: KubeletState;
  private readonly pod: Pod;
  private readonly effects: Effect[];

  constructor(options: KubeletOptions, behaviours: readonly ContainerBehaviour[], timing: KubeletTiming, context: ActorContext<KubeletMessage>, state: KubeletState, pod: Pod, effects: Effect[]) {
    this.now = context.now;
    this.timing = state.slowness === 1 ? timing : slowed(timing, state.slowness);
    this.options = options;
    this.behaviours = behaviours;
    this.context = context;
    this.state = state;
    this.pod = pod;
    this.effects = effects;
  }

  get relistPhaseMs(): number {
    return this.state.relistPhaseMs;
  }

  get tickPhaseMs(): number {
    return this.state.tickPhaseMs;
  }

  get hostIP(): string {
    return this.options.hostIP ?? this.node?.status?.addresses?.find((each) => each.type === 'InternalIP')?.address ?? '192.0.2.2';
  }

  get messages(): string {
    return this.context.profile.kubernetes;
  }

  /** Upstream: the gate ChangeContainerStatusOnKubeletRestart, off since 1.35. */
  get restartKeepsReadiness(): boolean {
    const { kubernetes, featureGates } = this.context.profile;
    return !(featureGates['ChangeContainerStatusOnKubeletRestart'] ?? kubernetes === '1.34');
  }

  get diskError(): string | undefined {
    return this.state.isDiskFull ? NO_SPACE : undefined;
  }

  stamp(instant: number): string {
    return formatTime(wallClock(this.state.clockJumps, instant));
  }

  behaviour(image: string): ContainerBehaviour {
    const found = behaviourOf(this.behaviours, image, anyBehaviour);
    const { stages } = this.options;
    return stages === undefined ? found : withStages(found, stages, imageName(image), this.now, (name, bound) => this.context.random(name).below(bound));
  }

  random(name: string, bound: number): number {
    return this.context.random(`${name} ${this.pod.metadata?.namespace}/${this.pod.metadata?.name}`).below(bound);
  }

  exists(resource: string, namespace: string, name: string): boolean {
    return this.context.call({ verb: 'get', resource, namespace, name }).ok;
  }

  hasImage(image: string): boolean {
    return this.state.images.has(image);
  }

  reservePull(durationMs: number): number {
    this.state.pullFreeAt = Math.max(this.state.pullFreeAt, this.now) + durationMs;
    return this.state.pullFreeAt;
  }

  imagePulled(image: string): void {
    this.state.images = this.state.images.set(this.context.epoch, image, true);
  }

  unattached(pod: Pod): readonly string[] {
    return this.options.controllerAttach === true ? unattachedVolumes(this.context, this.options.node, pod) : [];
  }

  allocateIP(): string {
    const { podIP, podCIDR, podRange, addressReuse } = this.options;
    mountVolumes(this.context, this.state, this.pod);
    const range = podCIDR ?? (podRange === undefined ? undefined : `${podRange}.0/24`) ?? this.node?.spec?.podCIDR ?? '10.244.0.0/24';
    return podIP ?? allocateAddress(this.state, this.context.epoch, range, this.uid, addressReuse ?? 'round-robin');
  }

  volume(_pod: Pod, volume: string): FileTree {
    return volumeContent(this.state, this.uid, volume).files;
  }

  writeVolume(_pod: Pod, volume: string, files: FileTree): void {
    const { state, uid } = this;
    const key = state.mounts.get(`${uid}/${volume}`) ?? `pod/${uid}/${volume}`;
    const version = (state.volumes.get(key)?.version ?? 0) + 1;
    state.volumes = state.volumes.set(this.context.epoch, key, { files, version });
  }

  event(type: 'Normal' | 'Warning', reason: string, message: string): void {
    if (this.timing.events) this.effects.push({ about: this.pod as KubeObject, type, reason, message });
  }

  statusChanged(): void {
    this.effects.push('status');
  }

  remove(): void {
    this.effects.push('remove');
  }

  private get uid(): string {
    return this.pod.metadata?.uid ?? '';
  }

  private get node(): (Node & KubeObject) | undefined {
    return this.context.lister<Node & KubeObject>('nodes').get('', this.options.node);
  }
}

function slowed(timing: KubeletTiming, factor: number): KubeletTiming {
  return { ...timing, syncStartMs: timing.syncStartMs * factor, sandboxMs: timing.sandboxMs * factor, startMs: timing.startMs * factor, pullMs: timing.pullMs * factor };
}
