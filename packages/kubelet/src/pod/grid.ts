// The kubelet's 1 s loops as a grid of instants, so that nothing has to tick while there is nothing to see.

/** First instant of the loop strictly after `now`. */
export function nextTick(now: number, phaseMs: number, periodMs: number): number {
  return Math.floor((now - phaseMs) / periodMs) * periodMs + periodMs + phaseMs;
}

/** First instant of the loop at or after `now`. */
export function tickFrom(now: number, phaseMs: number, periodMs: number): number {
  return Math.ceil((now - phaseMs) / periodMs) * periodMs + phaseMs;
}

/** Last instant of the loop at or before `now`. */
export function lastTick(now: number, phaseMs: number, periodMs: number): number {
  return Math.floor((now - phaseMs) / periodMs) * periodMs + phaseMs;
}
