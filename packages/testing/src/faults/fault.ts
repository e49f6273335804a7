// What can go wrong, as plain data: the parameters of every fault by its name. What each does, and why it is legal, stands in table.ts.

/** Which processes a fault meets: a process by name, all that hold controllers, or those of them that hold the user's own (all, where there are none). @public */
export type FaultProcess = 'controllers' | 'operators' | (string & {});

type WriteVerb = 'create' | 'update' | 'patch' | 'delete';
type Verb = WriteVerb | 'get';

/** The parameters of each fault. @public */
export interface FaultParameters {
  apiError: { readonly process: FaultProcess; readonly verb?: Verb; readonly resource?: string; readonly error: 'conflict' | 'timeout' | 'internal' | 'unavailable' | 'tooManyRequests'; readonly after?: boolean; readonly times: number };
  latency: { readonly process: FaultProcess; readonly verb?: Verb; readonly resource?: string; readonly delayMs: number; readonly after?: boolean; readonly times: number };
  relist: { readonly process: FaultProcess; readonly resource?: string; readonly forMs?: number };
  freeze: { readonly process: FaultProcess; readonly resource?: string; readonly forMs: number };
  lag: { readonly process: FaultProcess; readonly resource?: string; readonly lagMs: number; readonly forMs: number };
  crash: { readonly process: FaultProcess; readonly forMs: number };
  crashAfter: { readonly process: FaultProcess; readonly verb?: WriteVerb; readonly resource?: string; readonly writes: number; readonly forMs: number };
  leaderChange: { readonly forMs: number };
  nodeCrash: { readonly node: string; readonly forMs: number };
  cutOff: { readonly node: string; readonly forMs: number };
  zoneLoss: { readonly zone: string; readonly forMs: number };
  slow: { readonly node: string; readonly factor: number; readonly forMs: number };
  clockJump: { readonly node: string; readonly offsetMs: number; readonly forMs: number };
  kubeletRestart: { readonly node: string; readonly forMs: number };
  diskFull: { readonly node: string; readonly forMs: number };
  slowDetach: { readonly node: string; readonly forMs: number };
  probeFlap: { readonly of: string; readonly nth: number; readonly probe: 'readiness' | 'liveness'; readonly failMs: number; readonly passMs: number; readonly forMs: number };
  containerCrash: { readonly of: string; readonly nth: number };
  staleServer: { readonly process: FaultProcess; readonly resource?: string; readonly behindMs: number; readonly forMs: number };
  quotaLag: { readonly lagMs: number; readonly forMs: number };
  dnsLag: { readonly lagMs: number; readonly forMs: number };
}

/**
 * A place within an instant, as the explorer gives it: right after the nth message of a channel was received, counted from the start; at the
 * end of the instant where that did not come. Without a place a thing is done when nothing more is due at its instant. `turn` orders
 * what has a place at one instant. @public
 */
export interface Place {
  readonly channel: string;
  readonly occurrence: number;
  readonly turn: number;
}

/** A place in words. @internal */
export function describePlace({ channel, occurrence }: Place): string {
  return channel === '' ? 'at once' : `right after the ${occurrence}. message of "${channel}"`;
}

/** A class of faults. @public */
export type FaultName = keyof FaultParameters;

/** A fault of one class, at an instant after the start. @public */
export type FaultOf<Name extends FaultName> = { readonly atMs: number; readonly place?: Place; readonly endPlace?: Place; readonly fault: Name } & FaultParameters[Name];

/** One thing that goes wrong, at an instant after the start, and for how long. @public */
export type Fault = { [Name in FaultName]: FaultOf<Name> }[FaultName];

/** A fault that the explorer tries at every point. What lasts ends at every later point, after `forMs` at the latest. @public */
export type FaultAtAnyPoint = {
  [Name in FaultName]: {
    readonly fault: Name;
    /** Which budget it is taken from, by name; `faults` without it. */
    readonly budget?: string;
  } & FaultParameters[Name]
}[FaultName];
