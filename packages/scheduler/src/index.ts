export { createScheduler, type SchedulerMessage, type SchedulerState } from './scheduler.ts';
