// Processes: who owns caches, crashes and restarts as a whole. kube-controller-manager holds many controllers over shared caches.
import type { ResourceName } from '@kubesim/api';
import type { ComponentType, Machine } from '@kubesim/kernel';
import type { ActorArgs, ActorHost } from './actor-runtime.ts';
import type { ControllerArgs, ControllerHost } from './controller-runtime.ts';
import type { Ports, WatchTarget } from './ports.ts';
import type { CacheChange, Controller } from './reconcile.ts';

/** State of a process component. @internal */
export interface ProcessState {
  isUp: boolean;
  /** Its caches and members run: it is up, and leads if it is a candidate for a lease. */
  isServing: boolean;
  /** Slot of its elector; -1 without one. */
  elector: number;
  /** Slots of its views by resource. */
  views: Readonly<Record<ResourceName, number>>;
  /** Slots of its controllers and actors, in the order in which they hear of a change. */
  members: readonly number[];
  listeners: Readonly<Record<ResourceName, readonly number[]>>;
}

/** The component type of processes. It receives nothing itself. @internal */
export const processComponent: ComponentType<ProcessState, never> = {
  name: 'process',
  version: 1,
  initial: () => ({ isUp: false, isServing: false, elector: -1, views: {}, members: [], listeners: {} }),
  receive: () => {},
  // The rest is as it was made.
  hash: (state, hasher) => hasher.word(state.isUp ? 1 : 0),
};

/** Component name of a process. @public */
export function processName(name: string): string {
  return `process ${name}`;
}

/** Runs processes of a machine: starts, stops, crashes, and hands changes to their members. @public */
export class ProcessHost {
  private readonly controllers: ControllerHost;
  private readonly actors: ActorHost;
  private readonly ports: Ports;

  constructor(controllers: ControllerHost, actors: ActorHost, ports: Ports) {
    this.controllers = controllers;
    this.actors = actors;
    this.ports = ports;
    controllers.watchMore = (machine, process, member, resource) => { this.watchMore(machine, process, member, resource); };
    controllers.led = (machine, process, leads) => {
      const slot = this.slot(machine, process);
      if (leads) this.serve(machine, slot);
      else this.stopServing(machine, slot);
    };
    controllers.laterView = (machine, process, resource) => machine.peek<ProcessState>(this.slot(machine, process)).views[resource];
  }

  /** A member wants to hear of a resource that it did not name at first. The cache is shared with the process's other members. */
  private watchMore(machine: Machine, process: string, member: number, resource: ResourceName): void {
    const slot = this.slot(machine, process);
    const known = machine.peek<ProcessState>(slot);
    const listening = known.listeners[resource] ?? [];
    if (listening.includes(member)) return;
    const state = machine.edit<ProcessState>(slot);
    let view = state.views[resource];
    const isNew = view === undefined;
    if (view === undefined) {
      view = this.ports.openView(machine, process, slot, { resource });
      state.views = { ...state.views, [resource]: view };
    }
    state.listeners = { ...state.listeners, [resource]: [...listening, member] };
    if (!state.isServing) return;
    if (isNew) this.ports.watch(machine, view, true);
    for (const change of this.ports.initialList(machine, view)) this.hostOf(machine, member).deliver(machine, member, change);
  }

  /**
   * Adds a process of controllers that share caches, and starts it. With the name of an elector it is a candidate: its caches
   * and controllers run while it leads. `isCopy` tells that the same controllers run in another process already.
   */
  addControllers(machine: Machine, process: string, controllers: readonly Controller[], options: { readonly elector?: string; readonly isCopy?: boolean } = {}): void {
    const slot = machine.spawn('process', processName(process));
    const state = machine.edit<ProcessState>(slot);
    const views: Record<ResourceName, number> = {};
    for (const resource of new Set(controllers.flatMap((controller) => [...controller.watches]))) {
      views[resource] = this.ports.openView(machine, process, slot, { resource });
    }
    const listeners: Record<ResourceName, number[]> = {};
    const members = controllers.map((controller) => {
      const label = options.isCopy === true ? `${controller.name} @${process}` : controller.name;
      const args: ControllerArgs = { controller: controller.name, ...(options.isCopy === true ? { label } : {}), process, views };
      const member = machine.spawn('controller', `controller ${label}`, args);
      for (const resource of controller.watches) (listeners[resource] ??= []).push(member);
      return member;
    });
    const electorArgs: ControllerArgs = { controller: options.elector ?? '', process, views: {} };
    const elector = options.elector === undefined ? -1 : machine.spawn('controller', `controller ${options.elector}`, electorArgs);
    Object.assign(state, { views, members, listeners, elector });
    this.start(machine, process);
  }

  /** Adds a process that is one actor, and starts it. */
  addActor(machine: Machine, actor: string, options: unknown): void {
    const draft: ActorArgs = { actor, options, process: '', views: {} };
    const made = this.actors.actor(draft);
    const process = made.name;
    const slot = machine.spawn('process', processName(process));
    const views: Record<ResourceName, number> = {};
    for (const target of made.watches) views[target.resource] = this.ports.openView(machine, process, slot, target as WatchTarget);
    const args: ActorArgs = { actor, options, process, views };
    const member = machine.spawn('actor', `actor ${process}`, args);
    const listeners = Object.fromEntries(Object.keys(views).map((resource) => [resource, [member]]));
    Object.assign(machine.edit<ProcessState>(slot), { views, members: [member], listeners });
    this.start(machine, process);
  }

  /** Whether a process of that name runs. */
  isUp(machine: Machine, process: string): boolean {
    const slot = machine.slotOf(processName(process));
    return slot >= 0 && machine.peek<ProcessState>(slot).isUp;
  }

  /** Whether a process runs and, if it is a candidate for a lease, leads. */
  isServing(machine: Machine, process: string): boolean {
    const slot = machine.slotOf(processName(process));
    return slot >= 0 && machine.peek<ProcessState>(slot).isServing;
  }

  /** Whether a process is a candidate for a lease. */
  isCandidate(machine: Machine, process: string): boolean {
    const slot = machine.slotOf(processName(process));
    return slot >= 0 && machine.peek<ProcessState>(slot).elector >= 0;
  }

  /** Starts a process that is down. A candidate for a lease begins with its election. */
  start(machine: Machine, process: string): void {
    const slot = this.slot(machine, process);
    const state = machine.edit<ProcessState>(slot);
    if (state.isUp) return;
    state.isUp = true;
    if (state.elector >= 0) this.controllers.start(machine, state.elector);
    else this.serve(machine, slot);
  }

  /**
   * Lists, then watches. No worker runs before every cache holds its first list, as upstream's wait for cache sync has it; so
   * the lists are gone through within this step.
   */
  private serve(machine: Machine, slot: number): void {
    if (machine.peek<ProcessState>(slot).isServing) return;
    const state = machine.edit<ProcessState>(slot);
    state.isServing = true;
    for (const view of Object.values(state.views)) this.ports.watch(machine, view, true);
    for (const view of Object.values(state.views)) for (const change of this.ports.initialList(machine, view)) this.deliver(machine, slot, change);
    for (const member of state.members) this.hostOf(machine, member).start(machine, member);
  }

  /**
   * Crashes a process: caches, queues, running reconciles and private state are lost; what was written stays, and what outlives an
   * actor's process. With `withMachine` that is lost, too, also of a process that is down already.
   */
  crash(machine: Machine, process: string, withMachine: boolean = false): void {
    const slot = this.slot(machine, process);
    const state = machine.edit<ProcessState>(slot);
    if (!state.isUp) {
      if (withMachine) this.crashMembers(machine, state, true);
      return;
    }
    state.isUp = false;
    this.stopServing(machine, slot, withMachine);
    if (state.elector >= 0) this.controllers.crash(machine, state.elector);
  }

  /** All but an elector is lost. */
  private stopServing(machine: Machine, slot: number, withMachine: boolean = false): void {
    if (!machine.peek<ProcessState>(slot).isServing) return;
    const state = machine.edit<ProcessState>(slot);
    state.isServing = false;
    for (const view of Object.values(state.views)) this.ports.watch(machine, view, false);
    this.crashMembers(machine, state, withMachine);
  }

  private crashMembers(machine: Machine, { members }: ProcessState, withMachine: boolean): void {
    for (const member of members) {
      const host = this.hostOf(machine, member);
      if (host === this.actors) this.actors.crash(machine, member, withMachine);
      else host.crash(machine, member);
    }
  }

  /** Stops one controller of a process: its queue, running reconciles and private state are lost; the others go on. */
  stopController(machine: Machine, process: string, controller: string): void {
    const { slot, member } = this.member(machine, process, controller);
    const state = machine.edit<ProcessState>(slot);
    if (!state.members.includes(member)) return;
    const without = (slots: readonly number[]): readonly number[] => slots.filter((each) => each !== member);
    state.members = without(state.members);
    state.listeners = Object.fromEntries(Object.entries(state.listeners).map(([resource, slots]) => [resource, without(slots)]));
    this.controllers.crash(machine, member);
  }

  /** Starts a controller that was stopped: it hears of what the caches of its process hold. */
  startController(machine: Machine, process: string, controller: Controller): void {
    const { slot, member } = this.member(machine, process, controller.name);
    const state = machine.edit<ProcessState>(slot);
    if (state.members.includes(member)) return;
    state.members = [...state.members, member];
    const listeners: Record<ResourceName, readonly number[]> = { ...state.listeners };
    for (const resource of controller.watches) listeners[resource] = [...listeners[resource] ?? [], member];
    state.listeners = listeners;
    if (!state.isUp) return;
    for (const resource of controller.watches) {
      const view = state.views[resource];
      if (view === undefined) continue;
      for (const after of this.ports.lister(machine, view).list()) this.controllers.deliver(machine, member, { resource, type: 'ADDED', after });
    }
    this.controllers.start(machine, member);
  }

  private member(machine: Machine, process: string, controller: string): { readonly slot: number; readonly member: number } {
    const member = machine.slotOf(`controller ${controller}`);
    if (member < 0) throw new RangeError(`process '${process}' has no controller '${controller}'`);
    return { slot: this.slot(machine, process), member };
  }

  /** A view of a process has moved over a change. */
  deliver(machine: Machine, processSlot: number, change: CacheChange): void {
    const state = machine.peek<ProcessState>(processSlot);
    if (!state.isServing) return;
    for (const member of state.listeners[change.resource] ?? []) this.hostOf(machine, member).deliver(machine, member, change);
  }

  /** The slot of the only member of an actor's process. */
  actorSlot(machine: Machine, process: string): number {
    const member = machine.peek<ProcessState>(this.slot(machine, process)).members[0];
    if (member === undefined) throw new RangeError(`process '${process}' has no actor`);
    return member;
  }

  private hostOf(machine: Machine, member: number): ControllerHost | ActorHost {
    return 'controller' in (machine.argsOf(member) as object) ? this.controllers : this.actors;
  }

  private slot(machine: Machine, process: string): number {
    const slot = machine.slotOf(processName(process));
    if (slot < 0) throw new RangeError(`no process is named '${process}'`);
    return slot;
  }
}
