// Properties in time, as monitors. Each is judged on a prefix in three values: broken, held for good, or not yet known.
import type { KubeObject } from '@kubesim/api';
import { durationMs, type Duration } from 'kubesim';
import type { Monitor, MonitorView } from '../explorer/monitor.ts';

/** Holds or does not in a state, or of a step (`view.changes`). @public */
export type StatePredicate = (view: MonitorView) => boolean;

/** What is known on a prefix: false is a violation and never a state. @public */
export type Known = 'holds' | 'unknown';

/** The state of a property in time: what is known, and since when it waits (ms since 1970; −1: it does not). @public */
export interface TemporalState {
  readonly known: Known;
  readonly since: number;
}

/** @public */
export type Property = Monitor<TemporalState>;

/** Within how much virtual time. @public */
export interface WithinTime {
  readonly within: Duration;
}

const START: TemporalState = { known: 'unknown', since: -1 };
const HOLDS: { readonly state: TemporalState } = { state: { known: 'holds', since: -1 } };

/** Holds in every state. Never known to hold for good before the end. @public */
export function always(name: string, predicate: StatePredicate): Property {
  return { name, initial: START, step: (state, view) => (predicate(view) ? { state } : { violation: 'it did not hold in this state' }) };
}

/** Holds in no state. @public */
export function never(name: string, predicate: StatePredicate): Property {
  return { name, initial: START, step: (state, view) => (predicate(view) ? { violation: 'it came about in this state' } : { state }) };
}

/** Comes to hold within a time from the start; known for good from then on. @public */
export function eventually(name: string, predicate: StatePredicate, options: WithinTime): Property {
  const limit = durationMs('eventually.within', options.within);
  return {
    name, initial: START,
    step: (state, view) => {
      if (state.known === 'holds') return { state };
      const since = state.since < 0 ? view.now : state.since;
      // What is written after the deadline comes too late, even if it is what was waited for.
      if (view.now - since > limit) return { violation: `it did not come within ${limit} ms` };
      return predicate(view) ? HOLDS : { state: { known: 'unknown', since } };
    },
    end: (state) => (state.known === 'holds' ? undefined : 'the run ended before it came'),
  };
}

/** `first` holds in every state until `then` does, and `then` comes. @public */
export function until(name: string, first: StatePredicate, then: StatePredicate): Property {
  return {
    name, initial: START,
    step: (state, view) => {
      if (state.known === 'holds') return { state };
      if (then(view)) return HOLDS;
      return first(view) ? { state } : { violation: 'the first ceased before the second came' };
    },
    end: (state) => (state.known === 'holds' ? undefined : 'the run ended before the second came'),
  };
}

/** Each state in which `cause` holds is followed by one in which `effect` does: within a time, if one is given, else before the run ends. @public */
export function leadsTo(name: string, cause: StatePredicate, effect: StatePredicate, options: Partial<WithinTime> = {}): Property {
  const limit = options.within === undefined ? Infinity : durationMs('leadsTo.within', options.within);
  return {
    name, initial: START,
    // Without a limit it counts that it waits, and not since when.
    identity: (state) => (limit === Infinity && state.since >= 0 ? { ...state, since: 0 } : state),
    step: (state, view) => {
      if (state.since >= 0 && view.now - state.since > limit) return { violation: `the cause held, and the effect did not come within ${limit} ms` };
      if (effect(view)) return { state: START };
      return state.since < 0 && cause(view) ? { state: { known: 'unknown', since: view.now } } : { state };
    },
    end: (state) => (state.since < 0 ? undefined : 'the run ended with the cause and without the effect'),
  };
}

/** What is known of a property after some views: `false` where it is broken. @public */
export function judge(property: Property, views: readonly MonitorView[]): boolean | 'unknown' {
  let state = property.initial;
  for (const view of views) {
    const verdict = property.step(state, view);
    if ('violation' in verdict) return false;
    state = verdict.state;
  }
  return state.known === 'holds' ? true : 'unknown';
}

/** A predicate of one object by its resource and key. @public */
export function object(resource: string, key: string, predicate: (object: KubeObject) => boolean): StatePredicate {
  return (view) => {
    const found = view.get(resource, key);
    return found !== undefined && predicate(found);
  };
}
