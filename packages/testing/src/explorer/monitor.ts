// Monitors: properties that are followed step by step, with plain data as their state.
import type { KubeObject, ResourceName } from '@kubesim/api';
import { WorldStorage, type Change } from '@kubesim/apiserver';
import type { Machine } from '@kubesim/kernel';

/** What a monitor sees of a state: what it watches, and what the step has written. @public */
export interface MonitorView {
  /** Virtual instant, ms since 1970. */
  readonly now: number;
  /** What the step committed to the store, in order; nothing at the start. */
  readonly changes: readonly Change[];
  /** An object of the store by its key, `namespace/name` or `name`. */
  get(resource: ResourceName, key: string): KubeObject | undefined;
  /** The objects of a resource in key order; of one namespace if given. */
  list(resource: ResourceName, namespace?: string): readonly KubeObject[];
  /** The state of a watched component. */
  component<State extends object>(name: string): State;
  /** Whether there is a component of that name to look at; there is none in a recorded trace. */
  hasComponent(name: string): boolean;
  /** The changes were made from outside: by the user, not by a component. */
  readonly byUser?: boolean;
  /** How late a cache may legally be in this run, in ms: what a controller did may be right by a state so old. */
  readonly staleMs?: number;
}

/** What a monitor makes of a step: its next state, or what is broken. @public */
export type MonitorVerdict<State> = { readonly state: State } | { readonly violation: string };

/** When a monitor's state is looked at, and how late a cache may legally be. @public */
export interface MonitorMoment {
  readonly now: number;
  readonly staleMs: number;
}

/**
 * A property that is followed step by step. Its state is plain data and part of a state's identity. It is asked at the start and
 * after each step that wrote what it watches; such steps are never commuted, nor is what it read changed between them. Writes of Events and
 * leases alone are passed over. @public
 */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- lists hold monitors of many states
export interface Monitor<State = any> {
  readonly name: string;
  readonly initial: State;
  /** The component that it watches: the store without it. */
  readonly watches?: string;
  step(state: State, view: MonitorView): MonitorVerdict<State>;
  /**
   * What of its state counts for all that it will say from now on, for explorers: states of the whole that differ in nothing else are one. All of it
   * without this. Instants (numbers of ms since 1970) count by how long ago they are, and numbers under a field `writes`, by resource, as revisions of that resource:
   * by how many of the changes that its caches have not seen they cover.
   */
  identity?(state: State, moment: MonitorMoment): unknown;
  /** Asked where a path ends; a text is a violation. */
  end?(state: State, view: MonitorView): string | undefined;
}

/** A view over a machine that holds the state. @internal */
export function monitorView(machine: Machine, changes: readonly Change[], byUser: boolean = false, staleMs: number = 0): MonitorView {
  return {
    now: machine.now, changes, byUser, staleMs,
    get: (resource, key) => new WorldStorage(machine).get(resource, key),
    list: (resource, namespace) => [...new WorldStorage(machine).list(resource, namespace === undefined ? '' : `${namespace}/`)],
    component: <State extends object>(name: string): State => machine.peek<State>(machine.slotOf(name)),
    hasComponent: (name) => machine.slotOf(name) >= 0,
  };
}
