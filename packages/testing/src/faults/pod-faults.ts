// Faults of what runs in pods.
import fc from 'fast-check';
import type { FaultDefinition } from './definition.ts';
import { podOf } from './targets.ts';

/** @internal */
export const containerCrash: FaultDefinition<'containerCrash'> = {
  rule: 'a program may end at any instant with any code',
  weight: 2,
  draw: ({ of }) => fc.record({ of: fc.constant(of), nth: fc.nat(3) }),
  begin(cluster, { of, nth }) {
    const pod = podOf(cluster, of, nth);
    if (pod !== undefined) cluster.faults.killContainer(pod);
  },
  describe: ({ of, nth }) => `the container of pod ${nth} of ${of} crashes`,
};
