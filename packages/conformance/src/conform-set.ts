// What one conformance set is to the command: a name, and a run over a folder of recordings.

/** What the command line gave. */
export interface ConformOptions {
  /** Folder that holds the recordings of this set (or the root of several, for sets that need more than one). */
  readonly folder?: string;
  readonly release?: string;
  readonly managedFields?: boolean;
  readonly only?: string;
  readonly inProcess?: boolean;
}

/** One case that was compared. */
export interface CaseResult {
  readonly id: string;
  readonly agrees: boolean;
  /** The differences, first ones first, as the comparer words them. */
  readonly differences: readonly string[];
}

/** All cases of a run; a set whose unit is finer than a case says its counts itself. */
export interface SetReport {
  readonly cases: readonly CaseResult[];
  readonly agree?: number;
  readonly total?: number;
  /** Lines printed before the last one. */
  readonly notes?: readonly string[];
}

/** A set of recordings. */
export interface ConformSet {
  readonly name: string;
  run(options: ConformOptions): SetReport | Promise<SetReport>;
}
