// What can go wrong, as plain data: the parameters of every fault by its name. What each does, and why it is legal, stands in table.ts.

/** Which processes a fault meets: a process by name, or all that hold controllers. @public */
export type FaultProcess = 'controllers' | (string & {});

type WriteVerb = 'create' | 'update' | 'patch' | 'delete';

/** The parameters of each fault. @public */
export interface FaultParameters {
  apiError: { readonly process: FaultProcess; readonly verb?: WriteVerb; readonly resource?: string; readonly error: 'conflict' | 'timeout' | 'internal' | 'unavailable' | 'tooManyRequests'; readonly after?: boolean; readonly times: number };
  latency: { readonly process: FaultProcess; readonly verb?: WriteVerb; readonly resource?: string; readonly delayMs: number; readonly after?: boolean; readonly times: number };
  relist: { readonly process: FaultProcess; readonly resource?: string };
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
  containerCrash: { readonly of: string; readonly nth: number };
  quotaLag: { readonly lagMs: number; readonly forMs: number };
  dnsLag: { readonly lagMs: number; readonly forMs: number };
}

/** A class of faults. @public */
export type FaultName = keyof FaultParameters;

/** A fault of one class, at an instant after the start. @public */
export type FaultOf<Name extends FaultName> = { readonly atMs: number; readonly fault: Name } & FaultParameters[Name];

/** One thing that goes wrong, at an instant after the start, and for how long. @public */
export type Fault = { [Name in FaultName]: FaultOf<Name> }[FaultName];
