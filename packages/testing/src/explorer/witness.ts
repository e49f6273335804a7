// What one step reads, writes and sends, taken down as it runs: by components, and by the parts of their states that it looked at.
import type { ComponentType, Instance, StepWitness, Task } from '@kubesim/kernel';

/** What was sent or taken back, in order. @internal */
export type Noted = { readonly do: 'send'; readonly task: Task } | { readonly do: 'takeBack'; readonly to: number; readonly channel: string | undefined };

/** A part of the state of the whole that a step looked at: a component, a field of one, or an answer made of some. @internal */
export type Part =
  | { readonly kind: 'component'; readonly name: string; readonly slot: number }
  | { readonly kind: 'field'; readonly name: string; readonly slot: number; readonly field: string }
  | { readonly kind: 'answer'; readonly name: string; readonly slot: -1; readonly question: () => unknown };

/** What was read, with what it was: a component's state as it was before the step, a field's value, an answer. @internal */
export interface Reading {
  readonly part: Part;
  readonly value: unknown;
}

/** Takes down what a step does. @internal */
export class Witness implements StepWitness {
  readonly used: Set<number> = new Set<number>();
  readonly written: Set<number> = new Set<number>();
  readonly operations: Noted[] = [];
  /** In order of first reading. */
  readonly readings: Map<string, Reading> = new Map<string, Reading>();
  /** By slot of a component that is read by fields: those that were assigned. */
  readonly assigned: Map<number, Set<string>> = new Map<number, Set<string>>();
  /** Whether the readings account for all that was done: not where something was undone, or written while a question was answered. */
  isPortable = true;
  cannotFollow: string | undefined;
  private isPaused = false;
  /** Slots that the present question reads. */
  private asking: Set<number> | undefined;
  private readonly streamSlot: number;
  private readonly instances: readonly (Instance | undefined)[];
  private readonly typeOf: ((instance: Instance) => ComponentType) | undefined;
  private readonly handles = new Map<object, object>();

  /** `instances`: the components before the step, by slot. Without `typeOf` parts are not taken down. */
  constructor(streamSlot: number, instances: readonly (Instance | undefined)[], typeOf: ((instance: Instance) => ComponentType) | undefined) {
    this.streamSlot = streamSlot;
    this.instances = instances;
    this.typeOf = typeOf;
  }

  /** Stops noting; answers what goes on with it. */
  pause(): () => void {
    this.isPaused = true;
    return () => { this.isPaused = false; };
  }

  read(slot: number, state: object): object {
    if (this.isPaused) return state;
    this.used.add(slot);
    if (this.asking !== undefined) {
      this.asking.add(slot);
      return state;
    }
    if (!this.isByField(slot)) {
      this.noteComponent(slot);
      return state;
    }
    return this.handle(slot, state);
  }

  wrote(slot: number, state: object): object {
    if (this.isPaused) return state;
    const handed = this.read(slot, state);
    this.written.add(slot);
    if (this.asking !== undefined) this.isPortable = false;
    return handed;
  }

  ask<Answer>(name: string, question: () => Answer): Answer {
    if (this.typeOf === undefined || this.isPaused || this.asking !== undefined) return question();
    const asking = this.asking = new Set<number>();
    const answer = question();
    this.asking = undefined;
    // What was made of something that this step has written says nothing about the state before it.
    if ([...asking].some((slot) => this.written.has(slot))) for (const slot of asking) this.noteComponent(slot);
    else this.note({ kind: 'answer', name, slot: -1, question }, Array.isArray(answer) ? [...answer as unknown[]] : answer);
    return answer;
  }

  sent(task: Task): void {
    this.operations.push({ do: 'send', task });
  }

  tookBack(to: number, channel: string | undefined): void {
    this.operations.push({ do: 'takeBack', to, channel });
  }

  drew(): void {
    this.used.add(this.streamSlot);
    this.written.add(this.streamSlot);
    this.noteComponent(this.streamSlot);
  }

  impure(what: string): void {
    if (!this.isPaused) this.cannotFollow = what;
  }

  mark(): number {
    return this.operations.length;
  }

  rewind(mark: number): void {
    this.operations.length = mark;
    this.isPortable = false;
  }

  /** Takes down a field as it was before the step. */
  noteField(slot: number, field: string): void {
    const before = (this.instances[slot] as Instance).state as Readonly<Record<string, unknown>>;
    this.note({ kind: 'field', name: `${slot}.${field}`, slot, field }, before[field]);
  }

  private isByField(slot: number): boolean {
    const instance = this.instances[slot];
    return instance !== undefined && this.typeOf?.(instance).canonical !== undefined;
  }

  private noteComponent(slot: number): void {
    this.note({ kind: 'component', name: String(slot), slot }, undefined);
  }

  private note(part: Part, value: unknown): void {
    if (this.typeOf !== undefined && !this.readings.has(part.name)) this.readings.set(part.name, { part, value });
  }

  /** The state with its fields watched: the one before the step, or the machine's own copy. */
  private handle(slot: number, state: object): object {
    let handle = this.handles.get(state);
    if (handle !== undefined) return handle;
    const isOriginal = state === (this.instances[slot] as Instance).state;
    const all = (): void => { this.noteComponent(slot); };
    handle = new Proxy(state, {
      get: (target, field) => {
        if (typeof field === 'string' && (isOriginal || this.assigned.get(slot)?.has(field) !== true)) this.noteField(slot, field);
        return Reflect.get(target, field) as unknown;
      },
      set: (target, field, value) => {
        if (typeof field === 'string') {
          let fields = this.assigned.get(slot);
          if (fields === undefined) this.assigned.set(slot, fields = new Set());
          fields.add(field);
        }
        return Reflect.set(target, field, value);
      },
      has: (target, field) => {
        all();
        return Reflect.has(target, field);
      },
      ownKeys: (target) => {
        all();
        return Reflect.ownKeys(target);
      },
      deleteProperty: (target, field) => {
        all();
        return Reflect.deleteProperty(target, field);
      },
    });
    this.handles.set(state, handle);
    return handle;
  }
}

/** Watches nothing. @internal */
export const UNWATCHED: StepWitness = {
  read: (_slot, state) => state, wrote: (_slot, state) => state, ask: (_name, question) => question(),
  sent: () => {}, tookBack: () => {}, drew: () => {}, impure: () => {}, mark: () => 0, rewind: () => {},
};
