// Crash-loop and image-pull back-off. Source: client-go util/flowcontrol/backoff.go, kuberuntime doBackOff (1.37); B.14 R6.
import type { BackOff } from './pod-worker-state.ts';

const FIRST_MS = 10_000;
const LONGEST_MS = 300_000;

/** The back-off after one more failure: 10 s, doubled up to 5 min, and from the start again after a rest of 10 min. */
export function nextBackOff(before: BackOff | undefined, eventAt: number, now: number, error?: string): BackOff {
  const rested = before === undefined || eventAt - before.at > 2 * LONGEST_MS;
  const ms = rested ? FIRST_MS : Math.min(2 * before.ms, LONGEST_MS);
  return error === undefined ? { ms, at: now } : { ms, at: now, error };
}

/** A duration as Go prints it in the back-off message: 10s, 1m20s, 5m0s. */
export function goSeconds(ms: number): string {
  const seconds = Math.round(ms / 1000);
  return seconds < 60 ? `${seconds}s` : `${Math.floor(seconds / 60)}m${seconds % 60}s`;
}
