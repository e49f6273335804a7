// Monitors on their way through a run. What a monitor is: explorer/monitor.ts.
import type { Change } from '@kubesim/apiserver';
import type { Machine } from '@kubesim/kernel';
import { monitorView, type Monitor, type MonitorView } from '../explorer/monitor.ts';

/** A monitor without a state of its own: what breaks it is seen in a step alone. @internal */
export function stateless(name: string, look: (view: MonitorView) => string | undefined): Monitor<null> {
  return {
    name, initial: null,
    step: (state, view) => {
      const violation = look(view);
      return violation === undefined ? { state } : { violation };
    },
  };
}

/** A monitor that is asked only where a run ends, at rest. @internal */
export function atRest(name: string, look: (view: MonitorView) => string | undefined): Monitor<null> {
  return { name, initial: null, step: (state) => ({ state }), end: (_state, view) => look(view) };
}

/** The view over a machine in a run with faults. @internal */
export function viewOf(machine: Machine, changes: readonly Change[], byUser: boolean, staleMs: number): MonitorView {
  return monitorView(machine, changes, byUser, staleMs);
}

interface Followed {
  readonly monitor: Monitor;
  state: unknown;
}

/** What broke, and when. @public */
export interface Violation {
  readonly property: string;
  readonly message: string;
  /** Virtual ms since the start of the run. */
  readonly atMs: number;
}

/** Monitors on their way through a run. @internal */
export class Following {
  private readonly followed: readonly Followed[];
  private readonly startedAt: number;

  constructor(monitors: readonly Monitor[], startedAt: number) {
    this.followed = monitors.map((monitor) => ({ monitor, state: monitor.initial as unknown }));
    this.startedAt = startedAt;
  }

  /** Tells all of a step; answers the first that does not hold. */
  step(view: MonitorView): Violation | undefined {
    for (const each of this.followed) {
      const verdict = each.monitor.step(each.state, view);
      if ('violation' in verdict) return this.violation(each, verdict.violation, view);
      each.state = verdict.state;
    }
    return undefined;
  }

  /** What each remembers. */
  states(): readonly unknown[] {
    return this.followed.map(({ state }) => state);
  }

  /** Tells all that the run ends at rest. */
  end(view: MonitorView): Violation | undefined {
    for (const each of this.followed) {
      const message = each.monitor.end?.(each.state, view);
      if (message !== undefined) return this.violation(each, message, view);
    }
    return undefined;
  }

  private violation({ monitor }: Followed, message: string, view: MonitorView): Violation {
    return { property: monitor.name, message, atMs: view.now - this.startedAt };
  }
}
