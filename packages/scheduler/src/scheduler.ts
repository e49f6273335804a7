// kube-scheduler as a process: caches feed the queue, a step takes one pod from it, and every step makes one write at most.
// Upstream: pkg/scheduler/scheduler.go (1.37).
import type { Actor } from '@kubesim/client';
import { attempt } from './attempt.ts';
import { continueBinding, continueEviction } from './binding.ts';
import { observeChange } from './cluster-events.ts';
import { defaultProfile } from './default-profile.ts';
import type { SchedulerProfile } from './framework.ts';
import { initialState, WATCHED, type SchedulerMessage, type SchedulerState } from './scheduler-state.ts';
import { endBackOffs, flushUnschedulable } from './timers.ts';

/** Options of a scheduler. @public */
export interface SchedulerOptions {
  /** Profiles by the name that pods ask for; the default one alone if absent. */
  readonly profiles?: readonly SchedulerProfile[];
  /** Resources that plugins of your own read, beside those that the scheduler watches. */
  readonly watches?: readonly string[];
  /** Name of the process; `kube-scheduler` if absent. */
  readonly name?: string;
}

/** Makes a scheduler. Errors: TypeError for profiles that clash or plugins without a name. @public */
export function createScheduler(options: SchedulerOptions = {}): Actor<SchedulerState, SchedulerMessage> {
  const profiles = options.profiles ?? [defaultProfile];
  checkProfiles(profiles);
  const watched = [...new Set([...WATCHED, ...options.watches ?? []])];
  const setup = { profiles, watched };
  const memos = new Map();
  return {
    name: options.name ?? 'kube-scheduler',
    isTimeless: true,
    watches: watched.map((resource) => ({ resource })),
    initial: initialState,
    start: () => undefined,
    observe: (context, state, change) => observeChange(setup, context, state, change),
    receive: (context, state, message) => {
      switch (message.kind) {
        case 'schedule':
          state.isAwake = false;
          attempt(setup, context, state, memos);
          break;
        case 'bind': continueBinding(setup, context, state, message.key); break;
        case 'evict': continueEviction(context, state); break;
        case 'backoff': endBackOffs(context, state); break;
        case 'flush': flushUnschedulable(context, state); break;
      }
    },
  };
}

function checkProfiles(profiles: readonly SchedulerProfile[]): void {
  const names = new Set<string>();
  for (const { schedulerName, plugins } of profiles) {
    if (names.has(schedulerName)) throw new TypeError(`scheduler: options.profiles has '${schedulerName}' twice`);
    names.add(schedulerName);
    const known = new Set<string>();
    for (const { name } of plugins) {
      if (typeof name !== 'string' || name === '') throw new TypeError(`scheduler: a plugin of profile '${schedulerName}' has no name`);
      if (known.has(name)) throw new TypeError(`scheduler: profile '${schedulerName}' has plugin '${name}' twice`);
      known.add(name);
    }
  }
}
