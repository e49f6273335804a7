// Recorded runs: the recipe of the first World, what came in from outside and when the clock ran, and the choices that were not first in, first out.
import { checkKeys, UsageError } from './errors.ts';
import type { Deviation } from '@kubesim/kernel';

/** One thing done to a cluster from outside. @public */
export type ScriptEntry =
  | { readonly do: 'input'; readonly name: string; readonly args: unknown }
  | { readonly do: 'run'; readonly until?: number; readonly settle?: boolean; readonly steps?: number };

/** A recorded run. It replays from itself alone on a machine of the same fingerprint. @public */
export interface Recording {
  readonly format: 'kubesim-run/1';
  readonly fingerprint: readonly string[];
  /** Options of the cluster, as data. */
  readonly recipe: Readonly<Record<string, unknown>>;
  readonly script: readonly ScriptEntry[];
  readonly deviations: readonly Deviation[];
  /** Rolling digest at the end. */
  readonly digest: string;
}

/** Checks that a value is a recording. Throws UsageError that names what is wrong. @internal */
export function checkRecording(value: Recording): void {
  if (value === null || typeof value !== 'object' || value.format !== 'kubesim-run/1') {
    throw new UsageError(`recording.format must be 'kubesim-run/1', not ${JSON.stringify((value as Partial<Recording> | null)?.format)}`);
  }
  checkKeys('recording', value, ['format', 'fingerprint', 'recipe', 'script', 'deviations', 'digest']);
}
