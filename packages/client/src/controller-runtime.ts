// Carries controllers: queues, workers, and reconciles whose position is data, so that they fork, crash and replay.
import type { ApiCall, ApiReply, KubeObject, ResourceName } from '@kubesim/api';
import { NotPeriodic, OrderedMap, Vector, type ComponentType, type Epoch, type Hasher, type Machine } from '@kubesim/kernel';
import { CallFailed } from './call-failed.ts';
import type { EventSource, Ports } from './ports.ts';
import type { CacheChange, Controller, EnqueueOptions, EventToRecord, HandlerContext, Lister, Profile, Random, Reason, ReconcileContext, ReconcileResult, Reconciling } from './reconcile.ts';
import { addKey, backOffMs, BUCKET_BURST, emptyWorkqueue, FAILURES_THAT_COUNT, finishKey, forgetKey, queueLength, takeKey, type WorkqueueState } from './workqueue.ts';

/** Arguments of a controller component. @public */
export interface ControllerArgs {
  readonly controller: string;
  /** Name of its channels and random streams; the controller's without it. Candidates for the same work each have their own. */
  readonly label?: string;
  readonly process: string;
  /** Slots of the process's views by resource. */
  readonly views: Readonly<Record<ResourceName, number>>;
}

/** A reconcile in progress: everything that it was given, in order. Running it again on that brings it to the same point. @internal */
export interface Running {
  readonly startedAt: number;
  /** Plans, replies and draws. */
  readonly log: Vector<unknown>;
}

/** State of a controller component. @internal */
export interface ControllerState extends WorkqueueState {
  running: OrderedMap<Running>;
  /** Keys that come later: instant of their timer, and whether settling waits for it. */
  delayed: OrderedMap<{ readonly at: number; readonly isForeground: boolean }>;
  /** Workers that have a task to look at the queue on its way. */
  summoned: number;
  own: object;
  ownEpoch: Epoch | null;
}

type ControllerMessage =
  | { readonly do: 'work' }
  | { readonly do: 'resume'; readonly key: string; readonly reply: ApiReply | null }
  /** A request that was under way reaches the server. */
  | { readonly do: 'arrive'; readonly key: string; readonly call: ApiCall }
  | { readonly do: 'add'; readonly key: string };

const WORK: ControllerMessage = Object.freeze({ do: 'work' as const });

/** A reconcile that ended with an error, as observers see it. @public */
export interface ReconcileEnd {
  readonly controller: string;
  readonly key: string;
  readonly error: string | undefined;
}

/** The component type of controllers. Live generators are kept beside the World, as a cache of what their logs say. @public */
export function controllerComponent(controllers: readonly Controller[], ports: Ports, ended?: (machine: Machine, end: ReconcileEnd) => void): ControllerHost {
  return new ControllerHost(controllers, ports, ended);
}

/** Hosts controllers in a machine. @public */
export class ControllerHost {
  readonly component: ComponentType<ControllerState, ControllerMessage, ControllerArgs>;
  private readonly controllers: ReadonlyMap<string, Controller>;
  private readonly ports: Ports;
  private readonly ended: ((machine: Machine, end: ReconcileEnd) => void) | undefined;
  /** Opens a further cache for a member of a process; set by who runs the processes. @internal */
  watchMore: (machine: Machine, process: string, member: number, resource: ResourceName) => void = () => { throw new RangeError('controllers: no process to watch for'); };
  /** The slot of a cache that was opened later, if there is one. @internal */
  laterView: (machine: Machine, process: string, resource: ResourceName) => number | undefined = () => undefined;
  /** An elector has answered whether its process leads; set by who runs the processes. @internal */
  led: (machine: Machine, process: string, leads: boolean) => void = () => { throw new RangeError('controllers: no process to lead'); };

  constructor(controllers: readonly Controller[], ports: Ports, ended?: (machine: Machine, end: ReconcileEnd) => void) {
    this.controllers = new Map(controllers.map((controller) => [controller.name, controller]));
    this.ports = ports;
    this.ended = ended;
    this.component = {
      name: 'controller',
      version: 2,
      initial: (args) => this.initial(args),
      receive: (machine, state, message, slot) => this.receive(machine, state, message, slot),
      hash: (state, hasher) => this.hash(state, hasher),
      // Where the queue stands in its list says nothing.
      canonical: (state) => (state.head === 0 && state.order.base === 0 ? state : { ...state, order: Vector.of(state.order.values(state.head)), head: 0 }),
      repeat: (before, after, repetition, args) => {
        const { name, isTimeless = false } = this.controller(args);
        if (isTimeless === false || (isTimeless !== true && !isTimeless(after.own))) throw new NotPeriodic(`${name} may depend on the instant`);
        // Where an empty queue stands in its list says nothing.
        if (queueLength(before) > 0 || queueLength(after) > 0) return repetition.value(before, after);
        return repetition.value({ ...before, order: after.order, head: after.head }, after);
      },
    };
  }

  /** A change of a watched cache: the controller names keys. */
  deliver(machine: Machine, slot: number, change: CacheChange): void {
    const args = machine.argsOf(slot) as ControllerArgs;
    const controller = this.controller(args);
    // Most changes are none of this controller's business: its state is not touched before the handler asks for it. But a handler
    // that may look at the clock takes part in whatever it is told of, though it does nothing yet.
    const state = controller.isTimeless === undefined || controller.isTimeless === false ? machine.edit<ControllerState>(slot) : undefined;
    controller.handle(new Handling(this.ports, machine, slot, state, args, this), change);
  }

  /** The process starts: periodic keys are enqueued. */
  start(machine: Machine, slot: number): void {
    const state = machine.edit<ControllerState>(slot);
    const args = machine.argsOf(slot) as ControllerArgs;
    this.controller(args).start?.(new Handling(this.ports, machine, slot, state, args, this));
  }

  /** The process crashes: queue, running reconciles and private state are lost, whatever they wrote stays. */
  crash(machine: Machine, slot: number): void {
    const state = machine.edit<ControllerState>(slot);
    machine.takeBackAll(slot);
    Object.assign(state, this.initial(machine.argsOf(slot) as ControllerArgs));
  }

  /** @internal */
  enqueue(machine: Machine, slot: number, state: ControllerState, args: ControllerArgs, key: string): void {
    if (addKey(state, machine.epoch, key)) this.summon(machine, slot, state, args);
  }

  /** @internal */
  enqueueAfter(machine: Machine, slot: number, state: ControllerState, args: ControllerArgs, key: string, delayMs: number, options: EnqueueOptions | undefined): void {
    if (delayMs <= 0) {
      this.enqueue(machine, slot, state, args, key);
      return;
    }
    let at = machine.now + Math.ceil(delayMs);
    let isForeground = options?.quietUntil !== Infinity && options?.long !== true;
    const waiting = state.delayed.get(key);
    const channel = `delay ${args.label ?? args.controller} ${key}`;
    if (waiting !== undefined) {
      // A quiet look that something now waits for is a heartbeat no more.
      if (waiting.at <= at && (waiting.isForeground || !isForeground)) return;
      machine.takeBack(slot, channel);
      at = Math.min(at, waiting.at);
      isForeground ||= waiting.isForeground;
    }
    machine.send(slot, channel, channel, { do: 'add', key }, { delayMs: at - machine.now, ...(isForeground ? {} : options) });
    state.delayed = state.delayed.set(machine.epoch, key, { at, isForeground });
  }

  private controller(args: ControllerArgs): Controller {
    const controller = this.controllers.get(args.controller);
    if (controller === undefined) throw new RangeError(`controllers: no '${args.controller}' is registered`);
    return controller;
  }

  private initial(args: ControllerArgs): ControllerState {
    return { ...emptyWorkqueue(), running: OrderedMap.empty(), delayed: OrderedMap.empty(), summoned: 0, own: this.controller(args).initialState?.() ?? {}, ownEpoch: null };
  }

  /** Sends a free worker to the queue unless one is on its way for every key in line. */
  private summon(machine: Machine, slot: number, state: ControllerState, args: ControllerArgs): void {
    const free = this.controller(args).workers - state.running.size - state.summoned;
    if (free <= 0 || state.summoned >= queueLength(state)) return;
    state.summoned++;
    const channel = `work ${args.label ?? args.controller}`;
    machine.post(slot, channel, channel, WORK);
  }

  private receive(machine: Machine, state: ControllerState, message: ControllerMessage, slot: number): void {
    const args = machine.argsOf(slot) as ControllerArgs;
    switch (message.do) {
      case 'add': {
        state.delayed = state.delayed.delete(machine.epoch, message.key);
        this.enqueue(machine, slot, state, args, message.key);
        return;
      }
      case 'work': {
        state.summoned--;
        const key = takeKey(state, machine.epoch);
        if (key === undefined) return;
        this.summon(machine, slot, state, args);
        const running: Running = { startedAt: machine.now, log: Vector.empty() };
        state.running = state.running.set(machine.epoch, key, running);
        this.advance(machine, slot, state, args, key, running);
        return;
      }
      case 'resume': {
        const running = state.running.get(message.key);
        if (running === undefined) return;
        this.advance(machine, slot, state, args, message.key, running, message.reply);
        return;
      }
      case 'arrive': {
        if (state.running.get(message.key) === undefined) return;
        const channel = `resume ${args.label ?? args.controller} ${message.key}`;
        const answer = this.ports.call(machine, message.call, args.process);
        machine.post(slot, channel, channel, { do: 'resume', key: message.key, reply: answer });
      }
    }
  }

  /** Runs a reconcile up to its next call, sends that call, and comes back with the reply in a step of its own. */
  private advance(machine: Machine, slot: number, state: ControllerState, args: ControllerArgs, key: string, running: Running, reply?: ApiReply | null): void {
    const live = this.resume(machine, slot, state, args, key, running, reply !== undefined);
    let next: IteratorResult<ApiCall | { readonly pauseMs: number }, ReconcileResult>;
    try {
      if (reply === undefined) next = live.generator.next();
      else {
        live.context.keep(reply);
        next = live.generator.next(reply as ApiReply);
      }
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      // A refused call that nobody caught ends the reconcile with the server's text, as an error that is returned does.
      next = { done: true, value: { error: error instanceof CallFailed ? error.message : `panic: ${error.message}` } };
      if (isDefect(error)) throw error;
    }
    if (next.done === true) {
      this.forgetLive(machine, slot, key);
      this.finish(machine, slot, state, args, key, next.value);
      return;
    }
    state.running = state.running.set(machine.epoch, key, live.context.running);
    const channel = `resume ${args.label ?? args.controller} ${key}`;
    if ('pauseMs' in next.value) {
      machine.send(slot, channel, channel, { do: 'resume', key, reply: null }, { delayMs: next.value.pauseMs });
      return;
    }
    const latency = this.ports.latency?.(machine, next.value, args.process);
    if (latency?.when === 'before') {
      machine.send(slot, channel, channel, { do: 'arrive', key, call: next.value }, { delayMs: latency.delayMs });
      return;
    }
    const answer = this.ports.call(machine, next.value, args.process);
    const message = { do: 'resume', key, reply: answer };
    if (latency === undefined) machine.post(slot, channel, channel, message);
    else machine.send(slot, channel, channel, message, { delayMs: latency.delayMs });
  }

  private finish(machine: Machine, slot: number, state: ControllerState, args: ControllerArgs, key: string, result: ReconcileResult): void {
    state.running = state.running.delete(machine.epoch, key);
    const error = result !== undefined && 'error' in result ? result.error : undefined;
    this.ended?.(machine, { controller: args.controller, key, error });
    if (error !== undefined) {
      machine.noteText(error);
      const delayMs = backOffMs(state, machine.epoch, key, machine.now);
      this.enqueueAfter(machine, slot, state, args, key, delayMs, undefined);
    } else {
      forgetKey(state, machine.epoch, key);
      if (result !== undefined && 'requeueAfterMs' in result) this.enqueueAfter(machine, slot, state, args, key, result.requeueAfterMs, undefined);
    }
    finishKey(state, machine.epoch, key);
    this.summon(machine, slot, state, args);
    if (result !== undefined && 'leads' in result) this.led(machine, args.process, result.leads);
  }

  /** Generators that run, by slot and key. */
  private live(machine: Machine): Map<string, Live> {
    return machine.companion(this, () => new Map<string, Live>());
  }

  /** The live generator of a reconcile: the cached one if it stands where the log ends, else the reconcile run again on its log. */
  private resume(machine: Machine, slot: number, state: ControllerState, args: ControllerArgs, key: string, running: Running, isUnderway: boolean): Live {
    const byKey = this.live(machine);
    const place = `${slot} ${key}`;
    const cached = byKey.get(place);
    if (cached !== undefined && cached.context.running.log === running.log && cached.context.running.log.length === cached.length) {
      cached.context.rebind(machine, state);
      cached.length = -1;
      return this.watchLength(cached);
    }
    const context = new Reconcile(this.ports, machine, slot, state, args, running, this);
    const generator = this.controller(args).reconcile(context, key);
    const live: Live = { generator, context, length: -1 };
    byKey.set(place, live);
    if (isUnderway) context.replay(generator);
    return this.watchLength(live);
  }

  private watchLength(live: Live): Live {
    live.context.onGrow = (length) => { live.length = length; };
    live.length = live.context.running.log.length;
    return live;
  }

  private forgetLive(machine: Machine, slot: number, key: string): void {
    this.live(machine).delete(`${slot} ${key}`);
  }

  private hash(state: ControllerState, hasher: Hasher): void {
    hasher.word(state.dirty.size).word(state.summoned);
    state.dirty.forEach((_, key) => hasher.text(key));
    hasher.word(queueLength(state));
    for (let index = state.head; index < state.order.length; index++) hasher.text(state.order.get(index) as string);
    state.processing.forEach((_, key) => hasher.text(key));
    state.running.forEach((running, key) => {
      hasher.text(key).instant(running.startedAt).word(running.log.length);
      for (const item of running.log.values()) hasher.constant(item);
    });
    state.delayed.forEach(({ at, isForeground }, key) => hasher.text(key).instant(at).word(isForeground ? 1 : 0));
    state.failures.forEach((count, key) => hasher.text(key).word(Math.min(count, FAILURES_THAT_COUNT)));
    if (state.bucket < BUCKET_BURST * 1000) hasher.word(state.bucket).instant(state.bucketAt);
    hasher.value(state.own);
  }
}

interface Live {
  readonly generator: Reconciling;
  readonly context: Reconcile;
  /** Length of the log at which the generator stands. */
  length: number;
}

/** Errors that are ours rather than the controller's: they stop the run. */
function isDefect(error: Error): boolean {
  return error instanceof TypeError || error instanceof ReferenceError || error instanceof RangeError || error.name === 'InvariantViolation';
}

/** What a handler holds. */
class Handling implements HandlerContext {
  protected readonly ports: Ports;
  protected machine: Machine;
  protected readonly slot: number;
  private record: ControllerState | undefined;
  protected readonly args: ControllerArgs;
  private readonly host: ControllerHost;

  constructor(ports: Ports, machine: Machine, slot: number, state: ControllerState | undefined, args: ControllerArgs, host: ControllerHost) {
    this.ports = ports;
    this.machine = machine;
    this.slot = slot;
    this.record = state;
    this.args = args;
    this.host = host;
  }

  /** The controller's state for writing. */
  protected get controllerState(): ControllerState {
    return this.record ??= this.machine.edit<ControllerState>(this.slot);
  }

  protected set controllerState(state: ControllerState) {
    this.record = state;
  }

  get now(): number {
    return this.machine.now;
  }

  get profile(): Profile {
    return this.ports.profile(this.machine);
  }

  get epoch(): Epoch {
    return this.machine.epoch;
  }

  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- each controller knows its own
  get state(): any {
    const state = this.controllerState;
    if (state.ownEpoch !== this.machine.epoch) {
      state.own = { ...state.own };
      state.ownEpoch = this.machine.epoch;
    }
    return state.own;
  }

  lister<T = KubeObject>(resource: ResourceName): Lister<T> {
    const view = this.args.views[resource] ?? this.host.laterView(this.machine, this.args.process, resource);
    if (view === undefined) throw new RangeError(`${this.args.controller}: ${resource} is not among what it watches`);
    return this.ports.lister(this.machine, view) as Lister<T>;
  }

  watch(resource: ResourceName): void {
    this.host.watchMore(this.machine, this.args.process, this.slot, resource);
  }

  enqueue(key: string): void {
    if ((this.record ?? this.machine.peek<ControllerState>(this.slot)).dirty.has(key)) return;
    this.host.enqueue(this.machine, this.slot, this.controllerState, this.args, key);
  }

  enqueueAfter(key: string, delayMs: number, options?: EnqueueOptions): void {
    this.host.enqueueAfter(this.machine, this.slot, this.controllerState, this.args, key, delayMs, options);
  }
}

/** Owns nothing: containers written under it are copied. */
const REPLAY_EPOCH: Epoch = Object.freeze({ kind: 'epoch' as const });

/** What a reconcile holds. Effects are suppressed while it is run again on its log. */
class Reconcile extends Handling implements ReconcileContext {
  running: Running;
  onGrow: ((length: number) => void) | undefined;
  private cursor = 0;
  private replaying = false;
  private dropped: object | undefined;

  constructor(ports: Ports, machine: Machine, slot: number, state: ControllerState, args: ControllerArgs, running: Running, host: ControllerHost) {
    super(ports, machine, slot, state, args, host);
    this.running = running;
  }

  override get now(): number {
    return this.running.startedAt;
  }

  get clock(): number {
    return this.machine.now;
  }

  /** While it is run again on its log, what it writes into its state was written before: that goes to a copy which is dropped. */
  override get epoch(): Epoch {
    return this.replaying ? REPLAY_EPOCH : super.epoch;
  }

  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- each controller knows its own
  override get state(): any {
    if (!this.replaying) return super.state;
    this.dropped ??= { ...this.controllerState.own };
    return this.dropped;
  }

  rebind(machine: Machine, state: ControllerState): void {
    this.machine = machine;
    this.controllerState = state;
  }

  /** Runs the generator again up to where the log ends. */
  replay(generator: Reconciling): void {
    const length = this.running.log.length;
    this.replaying = true;
    let next = generator.next();
    // Plans and draws are taken from the log by `decide` and `random`; what is left between are replies.
    while (this.cursor < length) {
      if (next.done === true) throw new Error(`${this.args.controller}: a reconcile run again on its log ended early; it reads something it was not given`);
      next = generator.next(this.running.log.get(this.cursor++) as ApiReply);
    }
    this.replaying = false;
  }

  /** Puts a gift into the log. */
  keep(gift: unknown): void {
    this.running = { startedAt: this.running.startedAt, log: this.running.log.push(this.machine.epoch, gift) };
    this.cursor = this.running.log.length;
    this.onGrow?.(this.cursor);
  }

  decide<P>(make: () => P): P {
    if (this.replaying && this.cursor < this.running.log.length) return this.running.log.get(this.cursor++) as P;
    this.replaying = false;
    const plan = make();
    this.keep(plan);
    return plan;
  }

  random(name: string): Random {
    return {
      below: (bound) => {
        if (this.replaying && this.cursor < this.running.log.length) return this.running.log.get(this.cursor++) as number;
        this.replaying = false;
        const draw = this.machine.random(`${this.args.label ?? this.args.controller} ${name}`, bound);
        this.keep(draw);
        return draw;
      },
    };
  }

  event(event: EventToRecord): void {
    if (this.replaying) return;
    const source: EventSource = { component: event.component ?? this.args.controller };
    this.ports.record(this.machine, source, event);
  }

  explain(subject: string, why: Reason): void {
    if (!this.replaying) this.ports.explain(this.machine, this.args.controller, subject, why);
  }

  override enqueue(key: string): void {
    if (!this.replaying) super.enqueue(key);
  }

  override enqueueAfter(key: string, delayMs: number, options?: EnqueueOptions): void {
    if (!this.replaying) super.enqueueAfter(key, delayMs, options);
  }
}
