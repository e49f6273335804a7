// Carries actors: processes with a life of their own, such as kubelets and the scheduler.
import type { ApiCall, ApiReply, KubeObject, ResourceName } from '@kubesim/api';
import { NotPeriodic, OrderedMap, type ComponentType, type Epoch, type Machine } from '@kubesim/kernel';
import type { Actor, ActorContext, TimerOptions } from './actor.ts';
import type { Ports } from './ports.ts';
import type { CacheChange, EventToRecord, Lister, Profile, Random, Reason } from './reconcile.ts';

/** Arguments of an actor component: which registered factory makes it, and from what. @public */
export interface ActorArgs {
  readonly actor: string;
  readonly options: unknown;
  readonly process: string;
  readonly views: Readonly<Record<ResourceName, number>>;
}

/** What the runtime keeps beside the actor's own fields. @internal */
interface ActorRecord {
  /** Names of the named timers that are pending. */
  timers$: OrderedMap<true>;
}

interface ActorEnvelope {
  readonly name: string | undefined;
  readonly message: unknown;
}

/** Makes an actor from its options; must answer equal actors for equal options. @public */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- factories make actors of many states
export type ActorFactory = (options: any) => Actor<any, any>;

/** Hosts actors in a machine. @public */
export class ActorHost {
  readonly component: ComponentType<ActorRecord, ActorEnvelope, ActorArgs>;
  private readonly factories: Readonly<Record<string, ActorFactory>>;
  private readonly ports: Ports;
  private readonly made = new WeakMap<object, Actor<object, unknown>>();

  constructor(factories: Readonly<Record<string, ActorFactory>>, ports: Ports) {
    this.factories = factories;
    this.ports = ports;
    this.component = {
      name: 'actor',
      version: 2,
      initial: (args) => ({ ...this.actor(args).initial(), timers$: OrderedMap.empty<true>() }),
      receive: (machine, state, envelope, slot) => {
        if (envelope.name !== undefined) state.timers$ = state.timers$.delete(machine.epoch, envelope.name);
        const args = machine.argsOf(slot) as ActorArgs;
        const actor = this.actor(args);
        actor.receive(this.context(machine, state, slot, args, actor), state, envelope.message);
      },
      repeat: (before, after, repetition, args) => {
        const { name, isTimeless } = this.actor(args);
        if (isTimeless !== true) throw new NotPeriodic(`${name} may depend on the instant`);
        return repetition.value(before, after);
      },
    };
  }

  /** The actor that these arguments name. */
  actor(args: ActorArgs): Actor<object, unknown> {
    let actor = this.made.get(args);
    if (actor === undefined) {
      const factory = Object.hasOwn(this.factories, args.actor) ? this.factories[args.actor] : undefined;
      if (factory === undefined) throw new RangeError(`actors: no '${args.actor}' is registered`);
      actor = factory(args.options) as Actor<object, unknown>;
      this.made.set(args, actor);
    }
    return actor;
  }

  start(machine: Machine, slot: number): void {
    this.act(machine, slot, (actor, context, state) => actor.start(context, state));
  }

  deliver(machine: Machine, slot: number, change: CacheChange): void {
    this.act(machine, slot, (actor, context, state) => actor.observe(context, state, change));
  }

  /** Hands the actor a message from outside (a fault, an exec) within the present step. */
  tell(machine: Machine, slot: number, message: unknown): void {
    this.act(machine, slot, (actor, context, state) => actor.receive(context, state, message));
  }

  /** The process crashes: state and timers are lost, but for what outlives it. With its machine that goes, too. */
  crash(machine: Machine, slot: number, withMachine: boolean = false): void {
    machine.takeBackAll(slot);
    const state = machine.edit<ActorRecord>(slot);
    const actor = this.actor(machine.argsOf(slot) as ActorArgs);
    const left = withMachine ? undefined : actor.outlives?.(state);
    Object.assign(state, actor.initial(), left, { timers$: OrderedMap.empty<true>() });
  }

  private act(machine: Machine, slot: number, run: (actor: Actor<object, unknown>, context: ActorContext<unknown>, state: object) => void): void {
    const args = machine.argsOf(slot) as ActorArgs;
    const actor = this.actor(args);
    const state = machine.edit<ActorRecord>(slot);
    run(actor, this.context(machine, state, slot, args, actor), state);
  }

  private context(machine: Machine, state: ActorRecord, slot: number, args: ActorArgs, actor: Actor<object, unknown>): ActorContext<unknown> {
    return new Acting(this.ports, machine, state, slot, args, actor.name);
  }
}

class Acting implements ActorContext<unknown> {
  private readonly ports: Ports;
  private readonly machine: Machine;
  private readonly record: ActorRecord;
  private readonly slot: number;
  private readonly args: ActorArgs;
  private readonly name: string;

  constructor(ports: Ports, machine: Machine, record: ActorRecord, slot: number, args: ActorArgs, name: string) {
    this.ports = ports;
    this.machine = machine;
    this.record = record;
    this.slot = slot;
    this.args = args;
    this.name = name;
  }

  get now(): number {
    return this.machine.now;
  }

  get epoch(): Epoch {
    return this.machine.epoch;
  }

  get profile(): Profile {
    return this.ports.profile(this.machine);
  }

  lister<T = KubeObject>(resource: ResourceName): Lister<T> {
    const view = this.args.views[resource];
    if (view === undefined) throw new RangeError(`${this.name}: ${resource} is not among what it watches`);
    return this.ports.lister(this.machine, view) as Lister<T>;
  }

  call(call: ApiCall): ApiReply {
    return this.ports.call(this.machine, call, this.args.process);
  }

  after(delayMs: number, message: unknown, options: TimerOptions = {}): void {
    const { name, quietUntil, long } = options;
    if (name !== undefined) this.cancel(name);
    const channel = name === undefined ? this.name : `${this.name} ${name}`;
    const envelope: ActorEnvelope = { name, message };
    this.machine.send(this.slot, channel, channel, envelope, { delayMs: Math.max(0, Math.ceil(delayMs)), quietUntil, long });
    if (name !== undefined) this.record.timers$ = this.record.timers$.set(this.machine.epoch, name, true);
  }

  cancel(name: string): void {
    if (!this.record.timers$.has(name)) return;
    this.machine.takeBack(this.slot, `${this.name} ${name}`);
    this.record.timers$ = this.record.timers$.delete(this.machine.epoch, name);
  }

  event(event: EventToRecord): void {
    const slash = this.name.indexOf('/');
    const component = event.component ?? (slash < 0 ? this.name : this.name.slice(0, slash));
    this.ports.record(this.machine, slash < 0 ? { component } : { component, host: this.name.slice(slash + 1) }, event);
  }

  explain(subject: string, why: Reason): void {
    this.ports.explain(this.machine, this.name, subject, why);
  }

  random(name: string): Random {
    return { below: (bound) => this.machine.random(`${this.name} ${name}`, bound) };
  }
}
