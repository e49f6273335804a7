// The matchers as users have them: by one import, with their types.
import '@kubesim/testing/vitest';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { always, eventually, never, object, runScenario, type KubesimMatchers, type Scenario } from '@kubesim/testing';

const SMALL: Scenario = {
  seed: 0, kubernetes: '1.37', nodes: [{}], objects: [{ kind: 'StatefulSet', name: 'web', replicas: 1, pod: { version: 1, graceSeconds: 1 } }], workload: [], faults: [], choices: { mode: 'fifo' },
};
const none = never('a StatefulSet', object('statefulsets.apps', 'default/web', () => true));
const up = eventually('one is ready', object('statefulsets.apps', 'default/web', (set) => set.status?.readyReplicas === 1), { within: '1m' });

describe('the matchers of vitest', () => {
  const run = runScenario(SMALL);

  it('should say whether a run converged', () => {
    expect(run).toConverge();
    const lost = runScenario(SMALL, { withoutControllers: ['statefulset-controller'] });
    expect(lost).not.toConverge();
    expect(() => { expect(lost).toConverge(); }).toThrow(/^convergence of StatefulSets does not hold, [\s\S]*\nreplay: runScenario\(\{/);
    expect(() => { expect(run).not.toConverge(); }).toThrow('expected the run not to converge, and it did');
  });

  it('should say whether one property, or each of several, holds', () => {
    expect(run).toHold(up);
    expect(run).toHold([up, always('something', () => true)]);
    expect(run).not.toHold([up, none]);
    expect(run).not.toHold(up, { withoutControllers: ['statefulset-controller'] });
    expect(() => { expect(run).toHold([up, none]); }).toThrow(/^a StatefulSet does not hold, /);
    expect(() => { expect(run).not.toHold(up); }).toThrow('expected one is ready not to hold, and it did');
  });

  it('should refuse what is no run and no property, in types too', () => {
    expect(() => { expect(SMALL).toConverge(); }).toThrow('toConverge: expected a run, as runScenario answers it');
    expect(() => { expect(SMALL).toHold(up); }).toThrow('toHold: expected a run');
    // @ts-expect-error -- a property is a monitor, not a predicate.
    expect(() => { expect(run).toHold(() => true); }).toThrow('toHold: expected a property, such as always(…) or an invariant, not () => true');
    // @ts-expect-error -- it takes nothing.
    expect(run).toConverge('soon');
    expectTypeOf(expect(run).toConverge).toEqualTypeOf<KubesimMatchers['toConverge']>();
    expectTypeOf(expect(run).not.toHold).toEqualTypeOf<KubesimMatchers['toHold']>();
  });
});
