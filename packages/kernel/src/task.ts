// What the agenda holds: messages and timers, as data.

/** One thing to be done: a message for a component. Frozen data; its message must be JSON. @public */
export interface Task {
  /** Order of sending: ties of one instant go by it. */
  readonly sequence: number;
  /** Slot of the component that receives it. */
  readonly to: number;
  /** Tasks of one channel are received in order; between channels any order may happen. */
  readonly channel: string;
  /** Virtual instant in ms since 1970. */
  readonly dueAt: number;
  /** What it is, for people and for traces. */
  readonly label: string;
  readonly message: unknown;
  /**
   * Absent: foreground work. Otherwise a periodic task that does no more than a heartbeat before this instant if nothing
   * else changes; Infinity means never.
   */
  readonly quietUntil?: number;
  /** A long timer (ttl, next cron run): flagged, and not waited for. */
  readonly long?: boolean;
}

/** Whether settling must wait for it. @internal */
export function isForeground(task: Task): boolean {
  return task.long !== true && (task.quietUntil === undefined || task.quietUntil !== Infinity);
}
