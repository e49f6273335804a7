// The store over quiet spans: a history kept as one period answers like the history of every write.
import { formatMicroTime, type KubeObject } from '@kubesim/api';
import { HEARTBEAT_TEXTS, storeComponent, WorldStorage, type Change } from '@kubesim/apiserver';
import { Machine, type ComponentType, type MachineDefinition } from '@kubesim/kernel';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const LEASES = 'leases.coordination.k8s.io';
const PERIOD_MS = 60_000;

type Habit = 'renews' | 'toggles' | 'comes and goes' | 'counts';

interface WriterArgs {
  readonly name: string;
  readonly everyMs: number;
  readonly habit: Habit;
}

function put(storage: WorldStorage, key: string, metadata: object, spec: object): void {
  const name = key.slice(key.indexOf('/') + 1);
  const object: KubeObject = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name, namespace: 'default', ...metadata, resourceVersion: String(storage.revision + 1) }, spec };
  storage.put(LEASES, key, object);
}

/** Writes one lease every so often, each in its own way. */
const writer: ComponentType<{ turn: boolean }, null, WriterArgs> = {
  name: 'writer',
  version: 1,
  initial: () => ({ turn: false }),
  receive: (machine, state, _message, slot) => {
    const { name, everyMs, habit } = machine.argsOf(slot) as WriterArgs;
    const storage = new WorldStorage(machine);
    const key = `default/${name}`;
    const renewTime = formatMicroTime(machine.now);
    state.turn = !state.turn;
    if (habit === 'renews') put(storage, key, { uid: name }, { renewTime });
    else if (habit === 'toggles') put(storage, key, { uid: name, labels: { turn: String(state.turn) } }, { renewTime });
    else if (habit === 'counts') put(storage, key, { uid: name }, { renewTime, leaseTransitions: Number(storage.get(LEASES, key)?.['spec'].leaseTransitions ?? 0) + 1 });
    else if (state.turn) put(storage, key, { uid: name }, { renewTime });
    else storage.remove(LEASES, key, { ...storage.get(LEASES, key) as KubeObject, metadata: { name, namespace: 'default', resourceVersion: String(storage.revision + 1) } });
    machine.send(slot, name, name, null, { delayMs: everyMs, quietUntil: Infinity });
  },
};

const definition: MachineDefinition = { components: [storeComponent, writer], quiet: { periodMs: PERIOD_MS, texts: HEARTBEAT_TEXTS } };

function machineOf(writers: readonly Omit<WriterArgs, 'name'>[]): Machine {
  const machine = new Machine({ definition, startAt: 1_767_225_600_000 });
  machine.spawn('store', 'store');
  writers.forEach((args, index) => {
    const slot = machine.spawn('writer', `writer-${index}`, { name: `lease-${index}`, ...args });
    machine.send(slot, `lease-${index}`, `lease-${index}`, null, { delayMs: 1 + 17 * index, quietUntil: Infinity });
  });
  return machine;
}

const spanCount = (machine: Machine): number => machine.peek<{ spans: readonly unknown[] }>(0).spans.length;
const plain = (changes: Iterable<Change>): unknown => JSON.parse(JSON.stringify([...changes]));

describe('a store over quiet spans', () => {
  it('should answer histories, past states and instants as if every write had been made, compacted or not', () => {
    const habits = fc.array(fc.record({ everyMs: fc.constantFrom(10_000, 20_000, 60_000), habit: fc.constant('renews' as const) }), { minLength: 1, maxLength: 3 });
    const share = fc.nat(1000).map((part) => part / 1000);
    fc.assert(fc.property(habits, fc.array(fc.integer({ min: 1, max: 900_000 }), { minLength: 1, maxLength: 3 }), share, fc.option(share), share, (writers, lengths, since, compaction, moment) => {
      const [crossed, stepped] = [machineOf(writers), machineOf(writers)];
      const [one, other] = [new WorldStorage(crossed), new WorldStorage(stepped)];
      for (const length of lengths) {
        crossed.run({ until: crossed.now + length, quiet: 'cross' });
        stepped.run({ until: stepped.now + length });
        for (const storage of [one, other]) put(storage, 'default/mine', { uid: 'mine' }, {});
      }
      if (compaction !== null) for (const storage of [one, other]) storage.compact(Math.round(other.revision * compaction));
      const revision = Math.max(other.compactedRevision, Math.round(other.revision * since));
      expect(plain(one.changesSince(LEASES, revision))).toEqual(plain(other.changesSince(LEASES, revision)));
      expect(plain(one.changesSince(LEASES, 0))).toEqual(plain(other.changesSince(LEASES, 0)));
      const [past, pastOfOther] = [one.at(revision), other.at(revision)];
      expect([...past.list(LEASES)]).toEqual([...pastOfOther.list(LEASES)]);
      for (const key of ['default/lease-0', 'default/lease-1', 'default/mine']) expect(past.get(LEASES, key)).toEqual(pastOfOther.get(LEASES, key));
      expect(one.instantOf(revision)).toBe(other.instantOf(revision));
      const instant = 1_767_225_600_000 + Math.round((stepped.now - 1_767_225_600_000) * moment);
      expect(one.revisionAt(instant)).toBe(other.revisionAt(instant));
    }), { numRuns: 150 });
  });

  it('should keep a long span as one, whatever its length', () => {
    const machine = machineOf([{ everyMs: 10_000, habit: 'renews' }]);
    machine.run({ until: machine.now + 86_400_000, quiet: 'cross' });
    expect(spanCount(machine)).toBe(1);
    const storage = new WorldStorage(machine);
    expect(storage.revision).toBe(8_640);
    expect(storage.get(LEASES, 'default/lease-0')?.['spec'].renewTime).toBe('2026-01-01T23:59:50.001000Z');
    let count = 0;
    for (const change of storage.changesSince(LEASES, 0)) expect(change.revision).toBe(++count);
    expect(count).toBe(8_640);
    storage.compact(8_640);
    expect([...storage.changesSince(LEASES, 0)]).toEqual([]);
    expect(storage.instantOf(5_000)).toBe(1_767_225_600_001 + 4_999 * 10_000);
  });

  it.each(['toggles', 'comes and goes', 'counts'] as const)('should not cross where an object %s', (habit) => {
    const [crossed, stepped] = [machineOf([{ everyMs: 10_000, habit }]), machineOf([{ everyMs: 10_000, habit }])];
    crossed.run({ until: crossed.now + 3_600_000, quiet: 'cross' });
    stepped.run({ until: stepped.now + 3_600_000 });
    expect(spanCount(crossed)).toBe(0);
    expect(crossed.rollingDigest).toBe(stepped.rollingDigest);
    expect(plain(new WorldStorage(crossed).changesSince(LEASES, 0))).toEqual(plain(new WorldStorage(stepped).changesSince(LEASES, 0)));
  });
});
