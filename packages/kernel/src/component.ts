// What a machine is made of: component types and functions by name and version. A World holds only names and arguments.
import type { QuietRules, Repetition } from './drift.ts';
import type { Hasher } from './hash.ts';
import type { Machine } from './machine.ts';

/**
 * A kind of component. Its state is a plain record: `receive` may assign the fields of the state it is handed, but what a
 * field holds is immutable JSON, an `OrderedMap` or a `Vector` (edited under `machine.epoch`). @public
 */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- a registry holds types of many states
export interface ComponentType<State extends object = any, Message = any, Args = any> {
  readonly name: string;
  /** Raised when its behaviour changes: a World of another version is refused. */
  readonly version: number;
  initial(args: Args, machine: Machine): State;
  /** Handles one message. It reads and writes nothing but what the machine gives. */
  receive(machine: Machine, state: State, message: Message, slot: number): void;
  /** Puts what counts of the state into a state digest; without it, the whole state as data. */
  hash?(state: State, hasher: Hasher, machine: Machine): void;
  /**
   * For explorers: the state with what `hash` leaves out brought into one form, so that equal states have equal fields. A type
   * that has this is remembered by the fields that a step reads and assigns, the others by their whole states. It must not look at whether
   * a field is there, only at what it holds.
   */
  canonical?(state: State): State;
  /**
   * What the state will be after periods of quiet tasks that are crossed, from what it was before and after the observed one;
   * without it `repetition.value`. It writes into neither. Throws NotPeriodic (from `repetition`) for what does not repeat itself.
   */
  repeat?(before: State, after: State, repetition: Repetition, args: Args): State;
}

/** An input from outside (apply, fault, request) as a function of its arguments, by name. @public */
export type InputFunction = (machine: Machine, args: unknown) => unknown;

/** Everything a machine can do, by name and version. @public */
export interface MachineDefinition {
  readonly components: readonly ComponentType[];
  readonly inputs?: Readonly<Record<string, InputFunction>>;
  /** Names and versions of other registered functions (controllers, image behaviours, the user's own), for the fingerprint. */
  readonly functions?: readonly string[];
  /** How quiet spans are crossed (`RunLimits.quiet`); without it they are stepped through. */
  readonly quiet?: QuietRules;
}

/** What a machine is, as text: equal fingerprints run a World alike. @public */
export function fingerprint(definition: MachineDefinition): readonly string[] {
  return [
    ...definition.components.map((type) => `component ${type.name}@${type.version}`).sort(),
    ...Object.keys(definition.inputs ?? {}).map((name) => `input ${name}`).sort(),
    ...[...(definition.functions ?? [])].map((name) => `function ${name}`).sort(),
  ];
}

/** A World or recording was made by another machine. @public */
export class FingerprintMismatch extends Error {
  override readonly name = 'FingerprintMismatch';
}

/** Throws FingerprintMismatch, naming the first difference, unless both are equal. @internal */
export function checkFingerprint(recorded: readonly string[], own: readonly string[]): void {
  const length = Math.max(recorded.length, own.length);
  for (let index = 0; index < length; index++) {
    if (recorded[index] === own[index]) continue;
    throw new FingerprintMismatch(`made by another machine: it had '${recorded[index] ?? 'nothing more'}' where this one has '${own[index] ?? 'nothing more'}'`);
  }
}
