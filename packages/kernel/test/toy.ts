// A toy machine for the laws of the kernel: counters that pass numbers on, wait, draw and write into a shared ledger.
import fc from 'fast-check';
import { OrderedMap, Vector, type ComponentType, type MachineDefinition } from '@kubesim/kernel';

export interface LedgerState {
  entries: OrderedMap<number>;
  history: Vector<string>;
}

export const ledger: ComponentType<LedgerState, never> = {
  name: 'ledger',
  version: 1,
  initial: () => ({ entries: OrderedMap.empty(), history: Vector.empty() }),
  receive: () => {},
};

interface CounterState {
  total: number;
  seen: readonly number[];
}

interface CounterMessage {
  readonly hops: number;
  readonly value: number;
}

const DELAYS = [0, 0, 5, 5, 40];

export const counter: ComponentType<CounterState, CounterMessage, { readonly peers: number }> = {
  name: 'counter',
  version: 1,
  initial: () => ({ total: 0, seen: [] }),
  receive: (machine, state, message, slot) => {
    state.total += message.value;
    state.seen = [...state.seen.slice(-3), message.value];
    const book = machine.edit<LedgerState>(machine.slotOf('ledger'));
    const key = `${machine.nameOf(slot)}/${message.value % 7}`;
    book.entries = book.entries.set(machine.epoch, key, state.total);
    book.history = book.history.push(machine.epoch, `${key}=${state.total}`);
    machine.note(state.total);
    if (message.hops === 0) return;
    const { peers } = machine.argsOf(slot) as { readonly peers: number };
    const next = machine.slotOf(`counter-${machine.random('route', peers)}`);
    const delayMs = DELAYS[machine.random(`delay ${slot}`, DELAYS.length)] as number;
    machine.send(next, `to ${next}`, `hop ${message.hops}`, { hops: message.hops - 1, value: message.value + 1 }, { delayMs });
  },
};

/** Beats for ever, quietly. */
export const heart: ComponentType<{ beats: number }, null> = {
  name: 'heart',
  version: 1,
  initial: () => ({ beats: 0 }),
  receive: (machine, state, _message, slot) => {
    state.beats++;
    machine.send(slot, 'heart', 'beat', null, { delayMs: 10, quietUntil: Infinity });
  },
};

export const toy: MachineDefinition = {
  components: [ledger, counter, heart],
  inputs: {
    start: (machine, args) => {
      const { at, hops, value } = args as { at: number; hops: number; value: number };
      const slot = machine.slotOf(`counter-${at}`);
      machine.send(slot, `to ${slot}`, `hop ${hops}`, { hops, value });
    },
    spoil: (machine) => {
      machine.edit<LedgerState>(machine.slotOf('ledger')).history = Vector.empty();
      throw new RangeError('spoilt on purpose');
    },
  },
};

export interface ToyScenario {
  readonly seed: number;
  readonly peers: number;
  readonly starts: readonly { readonly at: number; readonly hops: number; readonly value: number }[];
}

export const toyScenario: fc.Arbitrary<ToyScenario> = fc.integer({ min: 1, max: 4 }).chain((peers) => fc.record({
  seed: fc.integer(),
  peers: fc.constant(peers),
  starts: fc.array(fc.record({ at: fc.nat(peers - 1), hops: fc.nat(8), value: fc.nat(20) }), { minLength: 1, maxLength: 5 }),
}));
