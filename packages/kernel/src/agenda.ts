// The agenda: what is due, in order of sending, and timers in a heap by (instant, sequence).
import type { Epoch } from './epoch.ts';
import { isForeground, type Task } from './task.ts';

/** A head that may be received next, as the arbiter sees it. @public */
export interface Alternative {
  readonly channel: string;
  readonly task: Task;
  /** Where it stands among what is due. */
  readonly index: number;
}

function isEarlier(a: Task, b: Task): boolean {
  return a.dueAt < b.dueAt || (a.dueAt === b.dueAt && a.sequence < b.sequence);
}

/** Tasks ordered by (due instant, sequence). Copied when first written under another epoch. @internal */
export class Agenda {
  readonly epoch: Epoch;
  private due: Task[];
  private head: number;
  private readonly timers: Task[];
  private foreground: number;

  private constructor(epoch: Epoch, due: Task[], timers: Task[], foreground: number) {
    this.epoch = epoch;
    this.due = due;
    this.head = 0;
    this.timers = timers;
    this.foreground = foreground;
  }

  static empty(epoch: Epoch): Agenda {
    return new Agenda(epoch, [], [], 0);
  }

  /** An agenda of these tasks, of which those in `due` have come due. */
  static of(epoch: Epoch, due: readonly Task[], timers: readonly Task[]): Agenda {
    const agenda = new Agenda(epoch, [...due], [], 0);
    for (const task of due) if (isForeground(task)) agenda.foreground++;
    for (const task of timers) agenda.addTimer(task);
    return agenda;
  }

  copy(epoch: Epoch): Agenda {
    return new Agenda(epoch, this.due.slice(this.head), this.timers.slice(), this.foreground);
  }

  get dueCount(): number {
    return this.due.length - this.head;
  }

  get size(): number {
    return this.dueCount + this.timers.length;
  }

  /** How many tasks settling must wait for. */
  get foregroundCount(): number {
    return this.foreground;
  }

  /** The instant of the earliest timer, or Infinity. */
  get nextInstant(): number {
    return this.timers.length === 0 ? Infinity : (this.timers[0] as Task).dueAt;
  }

  addDue(task: Task): void {
    this.due.push(task);
    if (isForeground(task)) this.foreground++;
  }

  addTimer(task: Task): void {
    if (isForeground(task)) this.foreground++;
    this.siftUp(task);
  }

  /** Makes everything of the earliest instant due and answers that instant. */
  advance(): number {
    const instant = this.nextInstant;
    if (this.head === this.due.length) {
      this.due = [];
      this.head = 0;
    }
    while (this.timers.length > 0 && (this.timers[0] as Task).dueAt === instant) this.due.push(this.takeTimer());
    return instant;
  }

  /** Takes the due task at this place; 0 is the first. */
  take(index: number): Task {
    let task: Task;
    if (index === 0) {
      task = this.due[this.head] as Task;
      this.due[this.head] = undefined as never;
      this.head++;
      if (this.head === this.due.length) {
        this.due.length = 0;
        this.head = 0;
      } else if (this.head > 1024 && this.head * 2 > this.due.length) {
        this.due = this.due.slice(this.head);
        this.head = 0;
      }
    } else {
      task = this.due.splice(this.head + index, 1)[0] as Task;
    }
    if (isForeground(task)) this.foreground--;
    return task;
  }

  /** The head of each channel that has something due, in order of sending. */
  alternatives(): Alternative[] {
    const found: Alternative[] = [];
    const seen = new Set<string>();
    for (let index = this.head; index < this.due.length; index++) {
      const task = this.due[index] as Task;
      if (seen.has(task.channel)) continue;
      seen.add(task.channel);
      found.push({ channel: task.channel, task, index: index - this.head });
    }
    return found;
  }

  /** Moves everything of a channel that is due to the next instant, behind what is due there, order kept. */
  defer(channel: string, nextSequence: () => number): void {
    const instant = this.nextInstant;
    const moved = this.due.slice(this.head).filter((task) => task.channel === channel);
    this.due = this.due.slice(this.head).filter((task) => task.channel !== channel);
    this.head = 0;
    for (const task of moved) this.siftUp({ ...task, dueAt: instant, sequence: nextSequence() });
  }

  /** Removes the first task that is meant, of what is due, then of the timers by instant; false if there is none. Linear. */
  remove(isMeant: (task: Task) => boolean): boolean {
    for (let index = this.head; index < this.due.length; index++) {
      if (!isMeant(this.due[index] as Task)) continue;
      this.take(index - this.head);
      return true;
    }
    let place = -1;
    this.timers.forEach((task, index) => {
      if (isMeant(task) && (place < 0 || isEarlier(task, this.timers[place] as Task))) place = index;
    });
    if (place < 0) return false;
    this.removeTimer(place);
    return true;
  }

  dueTasks(): Task[] {
    return this.due.slice(this.head);
  }

  /** Timers in the order in which they will come due. */
  timerTasks(): Task[] {
    return this.timers.slice().sort((a, b) => (isEarlier(a, b) ? -1 : 1));
  }

  /** Timers in no particular order. */
  unorderedTimers(): readonly Task[] {
    return this.timers;
  }

  private removeTimer(place: number): void {
    const { timers } = this;
    if (isForeground(timers[place] as Task)) this.foreground--;
    const last = timers.pop() as Task;
    if (place === timers.length) return;
    timers[place] = last;
    // The one that took its place may belong higher or lower.
    let hole = place;
    while (hole > 0 && isEarlier(last, timers[(hole - 1) >> 1] as Task)) {
      timers[hole] = timers[(hole - 1) >> 1] as Task;
      hole = (hole - 1) >> 1;
    }
    for (let child = 2 * hole + 1; child < timers.length; child = 2 * hole + 1) {
      if (child + 1 < timers.length && isEarlier(timers[child + 1] as Task, timers[child] as Task)) child++;
      if (!isEarlier(timers[child] as Task, last)) break;
      timers[hole] = timers[child] as Task;
      hole = child;
    }
    timers[hole] = last;
  }

  private siftUp(task: Task): void {
    const { timers } = this;
    let hole = timers.push(task) - 1;
    while (hole > 0) {
      const parent = (hole - 1) >> 1;
      const above = timers[parent] as Task;
      if (!isEarlier(task, above)) break;
      timers[hole] = above;
      hole = parent;
    }
    timers[hole] = task;
  }

  private takeTimer(): Task {
    const { timers } = this;
    const first = timers[0] as Task;
    const last = timers.pop() as Task;
    const size = timers.length;
    if (size === 0) return first;
    let hole = 0;
    for (let child = 1; child < size; child = 2 * hole + 1) {
      if (child + 1 < size && isEarlier(timers[child + 1] as Task, timers[child] as Task)) child++;
      const below = timers[child] as Task;
      if (!isEarlier(below, last)) break;
      timers[hole] = below;
      hole = child;
    }
    timers[hole] = last;
    return first;
  }
}
