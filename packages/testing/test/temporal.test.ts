import { describe, expect, it } from 'vitest';
import { always, eventually, judge, leadsTo, never, until, type MonitorView } from '@kubesim/testing';

/** A state of one number at an instant. */
function view(now: number, value: number): MonitorView {
  return { now, changes: [], get: () => undefined, list: () => [], hasComponent: () => true, component: <State extends object>() => ({ value } as unknown as State) };
}

const valueOf = (each: MonitorView): number => each.component<{ readonly value: number }>('any').value;
const states = (...values: readonly number[]): MonitorView[] => values.map((value, index) => view(index * 1_000, value));
const is = (wanted: number) => (each: MonitorView): boolean => valueOf(each) === wanted;
const below = (limit: number) => (each: MonitorView): boolean => valueOf(each) < limit;

describe('properties in time', () => {
  it('should judge a prefix in three values', () => {
    expect(judge(always('low', below(5)), states(1, 2, 3))).toBe('unknown');
    expect(judge(always('low', below(5)), states(1, 5))).toBe(false);
    expect(judge(never('five', is(5)), states(1, 2))).toBe('unknown');
    expect(judge(never('five', is(5)), states(1, 5))).toBe(false);
    expect(judge(eventually('three', is(3), { within: '5s' }), states(1, 2))).toBe('unknown');
    expect(judge(eventually('three', is(3), { within: '5s' }), states(1, 3, 9))).toBe(true);
    expect(judge(eventually('three', is(3), { within: '1s' }), states(1, 2, 2, 3))).toBe(false);
    expect(judge(until('low until nine', below(5), is(9)), states(1, 2))).toBe('unknown');
    expect(judge(until('low until nine', below(5), is(9)), states(1, 9, 7))).toBe(true);
    expect(judge(until('low until nine', below(5), is(9)), states(1, 6, 9))).toBe(false);
    expect(judge(leadsTo('one to two', is(1), is(2), { within: '2s' }), states(1, 0, 2, 1))).toBe('unknown');
    expect(judge(leadsTo('one to two', is(1), is(2), { within: '2s' }), states(1, 0, 0, 0))).toBe(false);
  });

  it('should say at the end what never came', () => {
    const waits = leadsTo('one to two', is(1), is(2));
    const verdict = waits.step(waits.initial, view(0, 1));
    expect('state' in verdict && waits.end?.(verdict.state, view(9, 1))).toBe('the run ended with the cause and without the effect');
    const comes = eventually('three', is(3), { within: '5s' });
    expect(comes.end?.(comes.initial, view(0, 1))).toBe('the run ended before it came');
  });

  it('should not edit the state that it was given', () => {
    for (const property of [eventually('three', is(3), { within: '5s' }), leadsTo('one to two', is(1), is(2)), until('low until nine', below(5), is(9))]) {
      const frozen = Object.freeze({ ...property.initial });
      expect(() => property.step(frozen, view(0, 1))).not.toThrow();
    }
  });
});
