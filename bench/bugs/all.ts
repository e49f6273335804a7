// All bugs of the bench, one file each.
import type { Bug } from './bug.ts';
import { completeByThoseThere } from './119685.ts';
import { brokenOldPodStays } from './137409.ts';
import { unhealthyBlocksScaleDown } from './36333.ts';

export const BUGS: readonly Bug[] = [unhealthyBlocksScaleDown, brokenOldPodStays, completeByThoseThere];
