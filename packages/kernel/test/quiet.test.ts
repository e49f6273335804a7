// Crossing quiet spans: equal to stepping through them, and never where it would not be.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BoundExceeded, formatDigest, listArbiter, Machine, OrderedMap, World, type ComponentType, type MachineDefinition, type RunLimits, type TextRule } from '@kubesim/kernel';

interface BeaconState {
  seenAt: number;
  record: { readonly version: string; readonly since: number };
  others: OrderedMap<{ readonly at: number }>;
}

/** A number that a machine counts, as text behind a `v`. */
const version: TextRule = {
  name: 'version',
  later: (text, field, { versions }) => (field === 'version' ? `v${Number(text.slice(1)) + versions}` : undefined),
  isOf: (text, field, period) => field === 'version' && Number(text.slice(1)) > period.version && Number(text.slice(1)) <= period.version + period.versions,
};

const counter: ComponentType<{ count: number }, never> = {
  name: 'counter', version: 1, initial: () => ({ count: 0 }), receive: () => {},
  repeat: (_before, after, { by }) => ({ count: after.count + by.versions }),
};

interface BeaconArgs {
  readonly everyMs: number;
  readonly tallies?: boolean;
}

let received = 0;

/** Writes down, every so often, when it did so, and takes the next version. */
const beacon: ComponentType<BeaconState & { tally: number }, 'beat' | 'mark', BeaconArgs> = {
  name: 'beacon',
  version: 1,
  initial: () => ({ seenAt: 0, record: Object.freeze({ version: 'v0', since: 0 }), others: OrderedMap.empty(), tally: 0 }),
  receive: (machine, state, message, slot) => {
    received++;
    const { everyMs, tallies } = machine.argsOf(slot) as BeaconArgs;
    const store = machine.edit<{ count: number }>(machine.slotOf('counter'));
    store.count++;
    machine.noteVersion(slot, store.count);
    state.seenAt = machine.now;
    state.record = Object.freeze({ version: `v${store.count}`, since: message === 'mark' ? machine.now : state.record.since });
    state.others = state.others.set(machine.epoch, machine.nameOf(slot), Object.freeze({ at: machine.now }));
    if (tallies === true) state.tally++;
    if (message === 'beat') machine.send(slot, `beacon ${slot}`, `beat ${slot}`, 'beat', { delayMs: everyMs, quietUntil: Infinity });
  },
};

const definition: MachineDefinition = {
  components: [counter, beacon],
  inputs: {
    mark: (machine, { slot, delayMs, long }: { slot: number; delayMs: number; long: boolean }) => machine.send(slot, `mark ${slot}`, `mark ${slot}`, 'mark', { delayMs, long: long || undefined }),
  } as MachineDefinition['inputs'],
  quiet: { periodMs: 60, texts: [version] },
};

interface Setup {
  readonly beacons: readonly { readonly everyMs: number; readonly startMs: number; readonly tallies: boolean }[];
  readonly marks: readonly { readonly of: number; readonly delayMs: number; readonly long: boolean }[];
  readonly lengths: readonly number[];
}

function machineOf({ beacons, marks }: Setup): Machine {
  const machine = new Machine({ definition, seed: 1, startAt: 1_000 });
  machine.spawn('counter', 'counter');
  beacons.forEach(({ everyMs, startMs, tallies }, index) => {
    const slot = machine.spawn('beacon', `beacon-${index}`, { everyMs, tallies });
    machine.send(slot, `beacon ${slot}`, `beat ${slot}`, 'beat', { delayMs: startMs, quietUntil: Infinity });
  });
  marks.forEach(({ of, delayMs, long }) => { machine.input('mark', { slot: 1 + (of % beacons.length), delayMs, long }); });
  return machine;
}

const identity = (machine: Machine): unknown => ({ digest: machine.rollingDigest, state: formatDigest(machine.stateDigest(true)), now: machine.now, steps: machine.steps, json: JSON.stringify(machine.seal()) });

const setup: fc.Arbitrary<Setup> = fc.record({
  beacons: fc.array(fc.record({ everyMs: fc.constantFrom(1, 5, 12, 20, 60, 7, 120), startMs: fc.integer({ min: 1, max: 90 }), tallies: fc.nat(9).map((die) => die === 0) }), { minLength: 1, maxLength: 4 }),
  marks: fc.array(fc.record({ of: fc.nat(3), delayMs: fc.integer({ min: 1, max: 3000 }), long: fc.boolean() }), { maxLength: 3 }),
  lengths: fc.array(fc.integer({ min: 0, max: 3000 }), { minLength: 1, maxLength: 3 }),
});

const DAY = 86_400_000;
const HOUR = 3_600_000;
const runs = (machine: Machine, limits: RunLimits = {}): void => { machine.run({ until: machine.now + DAY, ...limits }); };

/** How many steps of a quarter of a minute were made one by one. */
function made(machine: Machine, limits: RunLimits = {}): number {
  const before = received;
  machine.run({ until: machine.now + 15_000, quiet: 'cross', ...limits });
  return received - before;
}
const steady: Setup = { beacons: [{ everyMs: 20, startMs: 3, tallies: false }, { everyMs: 60, startMs: 7, tallies: false }], marks: [], lengths: [] };

describe('quiet spans', () => {
  it('[promise 5] a run that crosses them equals the run that steps through them, to the last byte of the World', () => {
    fc.assert(fc.property(setup, (drawn) => {
      const [crossed, stepped] = [machineOf(drawn), machineOf(drawn)];
      for (const length of drawn.lengths) {
        crossed.run({ until: crossed.now + length, quiet: 'cross' });
        stepped.run({ until: stepped.now + length });
        expect(identity(crossed)).toEqual(identity(stepped));
      }
    }), { numRuns: 150 });
  });

  it('[promise 5] what is crossed is not stepped through', () => {
    const machine = machineOf(steady);
    runs(machine, { quiet: 'cross' });
    expect(machine.steps).toBe(DAY / 20 + DAY / 60);
    expect(machine.peek<BeaconState>(1).record.version).toBe(`v${machine.peek<{ count: number }>(0).count}`);
    expect(made(machineOf(steady))).toBeLessThan(15);
    expect(made(machineOf(steady), { quiet: 'step' })).toBe(1_000);
  });

  it('[promise 5] a crossing ends before the first timer that is no part of it, and the next one begins after it', () => {
    const marked = { ...steady, marks: [{ of: 0, delayMs: DAY / 2 + 1, long: true }] };
    const machine = machineOf(marked);
    runs(machine, { quiet: 'cross' });
    expect(machine.peek<BeaconState>(1).record.since).toBe(1_000 + DAY / 2 + 1);
  });

  it.each([
    ['a count goes on', { ...steady, beacons: [{ everyMs: 20, startMs: 3, tallies: true }] }],
    ['a period does not fit', { ...steady, beacons: [{ everyMs: 7, startMs: 3, tallies: false }] }],
    ['something waited for is under way', { ...steady, marks: [{ of: 0, delayMs: DAY, long: false }] }],
  ])('[promise 5] nothing is crossed where %s', (_why, drawn) => {
    const machine = machineOf(drawn);
    expect(made(machine)).toBe(machine.steps);
  });

  it('[promise 5] nothing is crossed while somebody looks at single steps or keeps choices', () => {
    const observed = machineOf(steady);
    observed.observe(() => {});
    const recorded = machineOf(steady);
    recorded.record();
    const chosen = machineOf(steady);
    chosen.useArbiter(listArbiter([]));
    for (const machine of [observed, recorded, chosen]) expect(made(machine)).toBe(1_000);
    expect(made(machineOf(steady), { stop: () => false })).toBe(1_000);
  });

  it('[promise 5] a stop that says all it reads ends the run where it ends without a crossing', () => {
    const marked = { ...steady, marks: [{ of: 1, delayMs: HOUR + 11, long: true }] };
    const [crossed, stepped] = [machineOf(marked), machineOf(marked)];
    const since = (machine: Machine): number => machine.peek<BeaconState>(2).record.since;
    for (const [machine, limits] of [[crossed, { quiet: 'cross', stopReads: () => since(crossed) }], [stepped, {}]] as const) {
      expect(machine.run({ until: machine.now + DAY, ...limits, stop: () => since(machine) > 0 })).toBe('stopped');
    }
    expect(crossed.now).toBe(1_000 + HOUR + 11);
    expect(identity(crossed)).toEqual(identity(stepped));
  });

  it('[promise 5] a run of so many steps ends at the same step, crossed or not', () => {
    fc.assert(fc.property(setup, fc.integer({ min: 1, max: 3_000 }), (drawn, steps) => {
      const [crossed, stepped] = [machineOf(drawn), machineOf(drawn)];
      const goal = crossed.steps + steps;
      expect(crossed.run({ steps, quiet: 'cross' })).toBe('stopped');
      expect(stepped.run({ stop: () => stepped.steps >= goal })).toBe('stopped');
      expect(identity(crossed)).toEqual(identity(stepped));
    }), { numRuns: 100 });
  });

  it('should not take heartbeats of a run that has an end for a spin', () => {
    const machine = machineOf(steady);
    machine.run({ until: machine.now + 60_000, maxSteps: 100 });
    expect(machine.steps).toBe(4_000);
    expect(() => { machine.run({ maxSteps: 100 }); }).toThrow(BoundExceeded);
  });

  it('[promise 1] a World sealed before a crossing stays as it was, and goes on the same', () => {
    const machine = machineOf(steady);
    machine.run({ until: machine.now + 500, quiet: 'cross' });
    const world = machine.seal();
    const text = JSON.stringify(world);
    machine.run({ until: machine.now + 6_000, quiet: 'cross' });
    expect(JSON.stringify(world)).toBe(text);
    const other = Machine.from(World.fromJSON(JSON.parse(text), definition));
    other.run({ until: other.now + 6_000 });
    expect(identity(machine)).toEqual(identity(other));
  });

  it('should name what spins after a crossing by the steps that were crossed', () => {
    const machine = machineOf(steady);
    runs(machine, { quiet: 'cross' });
    expect(() => { machine.run({ maxSteps: 10 }); }).toThrow('beat 1 (48 of the last 64 steps), beat 2 (16 of the last 64 steps)');
  });
});
