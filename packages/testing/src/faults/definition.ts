// What a class of faults is: one row of the table.
import type fc from 'fast-check';
import type { Cluster } from 'kubesim';
import type { FaultName, FaultOf, FaultParameters, FaultProcess } from './fault.ts';

/** What a fault may need to know of where it happens. @public */
export interface FaultPlace {
  readonly nodes: readonly { readonly zone?: string }[];
}

/** What parameters are drawn from: shared, so that all classes hit the same things. @public */
export interface FaultDraw {
  /** How the names of the workload's pods begin. */
  readonly of: string;
  /** How long most faults last: up to 5 s, one in five up to 40 s. */
  readonly forMs: fc.Arbitrary<number>;
  /** How long machines are away: 2, 30, 60 or 90 s. */
  readonly away: fc.Arbitrary<number>;
  readonly node: fc.Arbitrary<string>;
  readonly resource: fc.Arbitrary<string | undefined>;
  /** Of a write; undefined: of any. */
  readonly verb: fc.Arbitrary<'create' | 'update' | 'patch' | 'delete' | undefined>;
  /** Of any call; undefined: of any. */
  readonly anyVerb: fc.Arbitrary<'create' | 'update' | 'patch' | 'delete' | 'get' | undefined>;
  readonly process: fc.Arbitrary<FaultProcess>;
}

/** One class of faults: why it is legal, what it does and undoes, how it is drawn and how it reads. @public */
export interface FaultDefinition<Name extends FaultName> {
  /** Why every run with it is one that a cluster with every component right could have. */
  readonly rule: string;
  /** How often it is drawn against the others. */
  readonly weight: number;
  draw(draw: FaultDraw): fc.Arbitrary<FaultParameters[Name]>;
  begin(cluster: Cluster, fault: FaultOf<Name>, place: FaultPlace): void;
  /** Ends what lasts. Without it the fault is over at once or ends by itself. */
  end?(cluster: Cluster, fault: FaultOf<Name>, place: FaultPlace): void;
  /** After how many virtual ms `end` is due; undefined where it is over at once. */
  durationMs?(fault: FaultOf<Name>): number | undefined;
  /** How long after its end it may still have consequences that come by themselves, in ms; 0 without it. */
  aftermathMs?(fault: FaultOf<Name>): number;
  /** How late a controller's cache or reply may be by it, in ms; 0 without it. */
  staleMs?(fault: FaultOf<Name>): number;
  /** What happens, without the instant. */
  describe(fault: FaultOf<Name>): string;
}
