import '@kubesim/testing/vitest';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { never, object, scenario, ScenarioRunner } from '@kubesim/testing';

const runner = new ScenarioRunner();
const drawn = scenario({ kinds: ['StatefulSet'], maxReplicas: 2, maxCommands: 2, faults: ['crash', 'freeze'] });

it('brings every rollout to its end', () => {
  fc.assert(fc.property(drawn, (each) => { expect(runner.run(each)).toConverge(); }), { numRuns: 5, seed: 1 });
});

it('never has more pods than were asked for', () => {
  const tooMany = never('three replicas', object('statefulsets.apps', 'default/web', (set) => Number(set.status?.replicas) > 2));
  expect(runner.run(fc.sample(drawn, { numRuns: 1, seed: 2 })[0]!)).toHold(tooMany);
});
