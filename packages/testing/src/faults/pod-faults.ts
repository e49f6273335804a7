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

/** @internal */
export const probeFlap: FaultDefinition<'probeFlap'> = {
  rule: 'a program may answer a probe late at any time; what its failures come to is up to the thresholds of the probe',
  weight: 2,
  draw: ({ of }) => fc.record({
    of: fc.constant(of), nth: fc.nat(3), probe: fc.constantFrom('readiness' as const, 'readiness' as const, 'liveness' as const), failMs: fc.constantFrom(1_000, 4_000, 8_000), passMs: fc.constantFrom(0, 2_000, 5_000),
    forMs: fc.integer({ min: 1_000, max: 20_000 }),
  }),
  begin(cluster, { of, nth, probe, failMs, passMs, forMs }) {
    const pod = podOf(cluster, of, nth);
    if (pod !== undefined) cluster.faults.flapProbe(pod, { probe, fail: failMs, pass: passMs, for: forMs });
  },
  describe: ({ of, nth, probe, failMs, passMs, forMs }) => `the ${probe} probe of pod ${nth} of ${of} fails for ${failMs} ms and passes for ${passMs} ms by turns, for ${forMs} ms`,
};
