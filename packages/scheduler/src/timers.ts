// The scheduler's own clocks: the end of back-offs, and the look at what has waited long.
import { MAX_UNSCHEDULABLE_MS, UNSCHEDULABLE_FLUSH_MS, moved, putPod, type QueuedPod } from './queue.ts';
import { wake, type SchedulerState, type SchedulerStep } from './scheduler-state.ts';

/** Sets the timers to what is first due; takes back those that nothing waits for. @internal */
export function armTimers(step: SchedulerStep, state: SchedulerState): void {
  const waiting = state.queue.backoff.first();
  if (waiting === undefined) step.cancel('backoff');
  else {
    const until = (state.queue.pods.get(waiting[1]) as QueuedPod).backOffUntil;
    step.after(Math.max(0, until - step.now), { kind: 'backoff' }, { name: 'backoff' });
  }
  const oldest = state.queue.unschedulable.first();
  if (oldest === undefined) step.cancel('flush');
  else {
    const due = (state.queue.pods.get(oldest[1]) as QueuedPod).since + MAX_UNSCHEDULABLE_MS;
    const at = Math.ceil((due + 1) / UNSCHEDULABLE_FLUSH_MS) * UNSCHEDULABLE_FLUSH_MS;
    // Trying again in an unchanged cluster comes to the same: it is a heartbeat.
    step.after(at - step.now, { kind: 'flush' }, { name: 'flush', quietUntil: Infinity });
  }
}

/** Back-offs that are over. @internal */
export function endBackOffs(step: SchedulerStep, state: SchedulerState): void {
  for (;;) {
    const first = state.queue.backoff.first();
    const queued = first === undefined ? undefined : state.queue.pods.get(first[1]);
    if (queued === undefined || queued.backOffUntil > step.now) break;
    state.queue = putPod(state.queue, step.epoch, { ...queued, where: 'active', since: step.now });
    wake(step, state);
  }
  armTimers(step, state);
}

/** Pods that have waited too long are tried again, whatever their hints said. @internal */
export function flushUnschedulable(step: SchedulerStep, state: SchedulerState): void {
  for (;;) {
    const first = state.queue.unschedulable.first();
    const queued = first === undefined ? undefined : state.queue.pods.get(first[1]);
    if (queued === undefined || step.now - queued.since <= MAX_UNSCHEDULABLE_MS) break;
    state.queue = putPod(state.queue, step.epoch, moved(queued, step.now));
    wake(step, state);
  }
  armTimers(step, state);
}
