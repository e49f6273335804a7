// The kinds that have rules of their own, one file each. Adding a kind: write its file, add its line here.
import type { KindDefinition } from '../kind.ts';

/** Every kind with a file, in the order of discovery within its group. @internal */
export const KINDS: readonly KindDefinition[] = [];
