import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  BoundExceeded, deviationArbiter, FingerprintMismatch, fifoArbiter, formatDigest, listArbiter, Machine, pctArbiter, randomArbiter, replayArbiter,
  ReplayDifference, step, World, type ArbiterState,
} from '@kubesim/kernel';
import { heart, toy, toyScenario, type LedgerState, type ToyScenario } from './toy.ts';

const runs = { numRuns: 80 };

function machineOf(scenario: ToyScenario, arbiter: ArbiterState = fifoArbiter): Machine {
  const machine = new Machine({ definition: toy, seed: scenario.seed, startAt: 1_000, arbiter });
  machine.spawn('ledger', 'ledger');
  for (let index = 0; index < scenario.peers; index++) machine.spawn('counter', `counter-${index}`, { peers: scenario.peers });
  for (const start of scenario.starts) machine.input('start', start);
  return machine;
}

const digests = (machine: Machine): string => `${machine.rollingDigest} ${formatDigest(machine.stateDigest())} ${machine.now} ${machine.steps}`;
const history = (machine: Machine): string[] => [...machine.peek<LedgerState>(machine.slotOf('ledger')).history.values()];
const choices = fc.array(fc.nat(5), { maxLength: 60 });

describe('machine', () => {
  it('[promise 1] a World written to JSON at any step and read back goes on identically', () => {
    fc.assert(fc.property(toyScenario, fc.nat(20), choices, (scenario, steps, list) => {
      const machine = machineOf(scenario, listArbiter(list, { deferrals: 2 }));
      for (let index = 0; index < steps; index++) machine.step();
      const text = JSON.stringify(machine.seal());
      const other = Machine.from(World.fromJSON(JSON.parse(text), toy));
      machine.run();
      other.run();
      expect(digests(other)).toBe(digests(machine));
      expect(history(other)).toEqual(history(machine));
    }), runs);
  });

  it('what is made for a machine is made once, and a fork makes its own', () => {
    const machine = machineOf({ seed: 1, peers: 1, starts: [] });
    const [by, other] = [{}, {}];
    const made = machine.companion(by, () => ({ of: machine }));
    expect(machine.companion(by, () => ({ of: machine }))).toBe(made);
    expect(machine.companion(other, () => ({ of: machine }))).not.toBe(made);
    const fork = Machine.from(machine.seal());
    expect(fork.companion(by, () => ({ of: fork })).of).toBe(fork);
  });

  it('[promise 1] a World of another machine is refused and the first difference is named', () => {
    const json = machineOf({ seed: 1, peers: 1, starts: [] }).seal().toJSON();
    const other = { ...toy, components: [{ ...heart, version: 2 }, ...toy.components.filter((type) => type !== heart)] };
    expect(() => World.fromJSON(json, other)).toThrow(FingerprintMismatch);
    expect(() => World.fromJSON(json, other)).toThrow("it had 'component heart@1' where this one has 'component heart@2'");
    expect(() => World.fromJSON({ ...json, format: 'x' }, toy)).toThrow("format must be 'kubesim-world/1'");
  });

  it('nothing is put off further than the arbiter may', () => {
    const firstAt = (seed: number, deferWithinMs: number): number => {
      const machine = machineOf({ seed: 1, peers: 1, starts: [] }, randomArbiter(seed, { deferrals: 9, deferWithinMs }));
      const counter = machine.slotOf('counter-0');
      machine.send(counter, 'near', 'near', { hops: 0, value: 1 });
      machine.send(counter, 'far', 'far', { hops: 0, value: 2 }, { delayMs: 40 });
      let at = -1;
      machine.observe(({ channel }) => { if (channel === 'near') at = machine.now; });
      machine.run({ until: 1_100 });
      return at;
    };
    const seeds = Array.from({ length: 20 }, (_, seed) => seed);
    expect(new Set(seeds.map((seed) => firstAt(seed, 39)))).toEqual(new Set([1_000]));
    expect(new Set(seeds.map((seed) => firstAt(seed, 40)))).toEqual(new Set([1_000, 1_040]));
  });

  it('[promise 2] stepping World by World equals the straight run', () => {
    fc.assert(fc.property(toyScenario, fc.integer(), (scenario, seed) => {
      const straight = machineOf(scenario, randomArbiter(seed, { deferrals: 3 }));
      let world: World | undefined = machineOf(scenario, randomArbiter(seed, { deferrals: 3 })).seal();
      let last = world;
      for (; world !== undefined; world = step(last)) last = world;
      straight.run();
      expect(digests(Machine.from(last))).toBe(digests(straight));
    }), runs);
  });

  it('[promise 2] two machines forked from one World never see each other, and nothing reachable from a sealed World changes', () => {
    fc.assert(fc.property(toyScenario, fc.nat(15), choices, choices, (scenario, steps, one, two) => {
      const machine = machineOf(scenario);
      for (let index = 0; index < steps; index++) machine.step();
      const world = machine.seal();
      const before = JSON.stringify(world);
      const alone = Machine.from(World.fromJSON(JSON.parse(before), toy));
      const forks = [one, two].map((list) => {
        const fork = Machine.from(world);
        fork.useArbiter(listArbiter(list, { deferrals: 1 }));
        return fork;
      });
      for (let alive = true; alive;) alive = forks.map((fork) => fork.step()).some(Boolean);
      machine.run();
      alone.run();
      expect(JSON.stringify(world)).toBe(before);
      expect(digests(machine)).toBe(digests(alone));
    }), runs);
  });

  it('[promise 3] any list of choices is legal and reproducible, and choice 0 is first in, first out', () => {
    let points = 0;
    fc.assert(fc.property(toyScenario, choices, (scenario, list) => {
      const one = machineOf(scenario, listArbiter(list, { deferrals: 2 }));
      one.record();
      one.run();
      points += one.choices.points;
      const two = machineOf(scenario, listArbiter(list, { deferrals: 2 }));
      two.run();
      expect(digests(two)).toBe(digests(one));
      const zeros = machineOf(scenario, listArbiter([]));
      const fifo = machineOf(scenario);
      zeros.run();
      fifo.run();
      expect(digests(zeros)).toBe(digests(fifo));
    }), runs);
    expect(points).toBeGreaterThan(100);
  });

  it('[promise 3] a run is made again from its deviations alone, whatever arbiter made it', () => {
    let deviated = 0;
    fc.assert(fc.property(toyScenario, fc.integer(), fc.boolean(), (scenario, seed, pct) => {
      const original = machineOf(scenario, pct ? pctArbiter(seed, 3, 20) : randomArbiter(seed, { deferrals: 2 }));
      original.record();
      original.run();
      deviated += original.choices.deviations.length;
      const again = machineOf(scenario, deviationArbiter(original.choices.deviations));
      again.run();
      expect(history(again)).toEqual(history(original));
      // Deviations whose place no longer exists are passed over.
      machineOf(scenario, deviationArbiter([{ channel: 'nowhere', occurrence: 3, pick: 'to 9' }, ...original.choices.deviations])).run();
    }), runs);
    expect(deviated).toBeGreaterThan(50);
  });

  it('[promise 3] a strict replay stops at the first difference and shows both sides', () => {
    const scenario: ToyScenario = { seed: 3, peers: 2, starts: [{ at: 0, hops: 6, value: 1 }, { at: 1, hops: 6, value: 2 }] };
    const original = machineOf(scenario, randomArbiter(5));
    original.record();
    original.run();
    const { decisions } = original.choices;
    expect(decisions.length).toBeGreaterThan(1);
    const same = machineOf(scenario, replayArbiter(decisions));
    same.run();
    expect(same.rollingDigest).toBe(original.rollingDigest);
    const altered = decisions.map((decision, index) => (index === 1 ? { ...decision, label: 'hop 99' } : decision));
    expect(() => machineOf(scenario, replayArbiter(altered)).run()).toThrow(ReplayDifference);
    expect(() => machineOf(scenario, replayArbiter(altered)).run()).toThrow("replay differs at choice 1: recorded 'hop 99'");
  });

  it('[promise 4] time moves only when nothing is due, straight to the next instant, and a deferred head comes behind what is due there', () => {
    const machine = machineOf({ seed: 1, peers: 2, starts: [] });
    const seen: string[] = [];
    machine.observe((task) => seen.push(`${machine.now} ${task.label}`));
    const slot = machine.slotOf('counter-0');
    const message = { hops: 0, value: 1 };
    machine.send(slot, 'a', 'now-a', message);
    machine.send(slot, 'a', 'now-a2', message);
    machine.send(slot, 'b', 'later-b', message, { delayMs: 70 });
    expect(machine.alternatives().map(({ channel }) => channel)).toEqual(['a']);
    machine.stepChoice(1);
    machine.run();
    expect(seen).toEqual(['1070 later-b', '1070 now-a', '1070 now-a2']);
  });

  it('[promise 5] settled means that nothing is left but quiet periodic tasks and flagged long timers', () => {
    const machine = machineOf({ seed: 1, peers: 1, starts: [] });
    const beat = machine.spawn('heart', 'heart');
    machine.send(beat, 'heart', 'beat', null, { delayMs: 10, quietUntil: Infinity });
    const slot = machine.slotOf('counter-0');
    machine.send(slot, 'x', 'foreground', { hops: 0, value: 5 }, { delayMs: 35 });
    machine.send(slot, 'cron', 'next run', { hops: 0, value: 5 }, { delayMs: 86_400_000, long: true });
    expect(machine.run({ settle: true })).toBe('settled');
    expect(machine.now).toBe(1_035);
    expect(machine.peek<{ beats: number }>(beat).beats).toBe(3);
    expect(machine.longTimers().map((task) => task.label)).toEqual(['next run']);
    // A beat that will be more than a heartbeat at a known instant is waited for.
    machine.send(beat, 'probe', 'beat', null, { delayMs: 100, quietUntil: machine.now + 100 });
    machine.run({ settle: true });
    expect(machine.now).toBe(1_135);
  });

  it('[promise 9] a run that reaches its bound says what is spinning', () => {
    const machine = machineOf({ seed: 1, peers: 1, starts: [] });
    const beat = machine.spawn('heart', 'heart');
    machine.send(beat, 'heart', 'beat', null);
    expect(() => machine.run({ maxSteps: 500 })).toThrow(BoundExceeded);
    expect(() => machine.run({ maxSteps: 500 })).toThrow(/no end after 500 steps, at 1970-.*; spinning: beat \(64 of the last 64 steps\)/);
  });

  it('should be as before when an input fails', () => {
    fc.assert(fc.property(toyScenario, fc.nat(10), (scenario, steps) => {
      const machine = machineOf(scenario);
      for (let index = 0; index < steps; index++) machine.step();
      const before = JSON.stringify(machine.seal());
      expect(() => machine.input('spoil', null)).toThrow('spoilt on purpose');
      expect(() => machine.input('nothing', null)).toThrow("no input 'nothing'");
      expect(() => machine.send(0, 'x', 'x', null, { delayMs: -1 })).toThrow('delayMs must be a whole number');
      expect(JSON.stringify(machine.seal())).toBe(before);
    }), runs);
  });

  it('should take back a task that was not received', () => {
    const machine = machineOf({ seed: 1, peers: 1, starts: [] });
    const slot = machine.slotOf('counter-0');
    for (const delayMs of [30, 10, 20]) machine.send(slot, `x ${delayMs}`, `at ${delayMs}`, { hops: 0, value: delayMs }, { delayMs });
    expect(machine.takeBack(slot, 'x 10')).toBe(true);
    expect(machine.takeBack(slot, 'x 10')).toBe(false);
    expect(machine.takeBack(slot + 1, 'x 20')).toBe(false);
    machine.run();
    expect(machine.peek<{ seen: number[] }>(slot).seen).toEqual([20, 30]);
  });

  it('should take back any timer of many and leave the others in order', () => {
    fc.assert(fc.property(fc.array(fc.nat(1000), { minLength: 1, maxLength: 60 }), fc.nat(), (delays, pick) => {
      const machine = machineOf({ seed: 1, peers: 1, starts: [] });
      const slot = machine.slotOf('counter-0');
      delays.forEach((delayMs, index) => machine.send(slot, `x ${index}`, 'x', { hops: 0, value: index }, { delayMs }));
      const gone = pick % delays.length;
      expect(machine.takeBack(slot, `x ${gone}`)).toBe(true);
      const expected = delays.map((delayMs, index) => ({ delayMs, index })).filter(({ index }) => index !== gone).sort((a, b) => a.delayMs - b.delayMs || a.index - b.index);
      expect(machine.tasks().map(({ channel }) => channel)).toEqual(expected.map(({ index }) => `x ${index}`));
      const order: string[] = [];
      machine.observe(({ channel }) => order.push(channel));
      machine.run();
      expect(order).toEqual(expected.map(({ index }) => `x ${index}`));
    }), runs);
  });

  it('should give named streams that do not shift one another, and keep draws uniform', () => {
    const machine = machineOf({ seed: 7, peers: 1, starts: [] });
    const other = machineOf({ seed: 7, peers: 1, starts: [] });
    for (let index = 0; index < 10; index++) other.random('noise', 10);
    const draws = Array.from({ length: 3000 }, () => machine.random('x', 3));
    expect(Array.from({ length: 3000 }, () => other.random('x', 3))).toEqual(draws);
    for (const value of [0, 1, 2]) expect(draws.filter((draw) => draw === value).length).toBeGreaterThan(900);
    expect(() => machine.random('x', 0)).toThrow('bound must be a whole number');
  });
});
