import { describe, expect, it } from 'vitest';
import { formatDigest, Machine, type ComponentType, type World } from '@kubesim/kernel';
import { explore } from '@kubesim/testing';

interface CellState { value: number }

/** A cell that adds to or doubles a shared number: order counts. */
const cell: ComponentType<CellState, { readonly op: 'add' | 'double'; readonly again: number }> = {
  name: 'cell', version: 1, initial: () => ({ value: 1 }),
  receive: (machine, state, message, slot) => {
    const shared = machine.edit<CellState>(0);
    shared.value = (message.op === 'add' ? shared.value + 1 : shared.value * 2) % 1000;
    if (slot !== 0) state.value++;
    if (message.again > 0) machine.send(slot, `cell ${slot}`, message.op, { op: message.op, again: message.again - 1 });
  },
};

function start(lengths: readonly number[]): World {
  const machine = new Machine({ definition: { components: [cell] } });
  machine.spawn('cell', 'shared');
  lengths.forEach((again, index) => {
    const slot = machine.spawn('cell', `cell-${index}`);
    const op = index % 2 === 0 ? 'add' : 'double';
    machine.send(slot, `cell ${slot}`, op, { op, again });
  });
  return machine.seal();
}

/** Every final state, with no identification at all. */
function bruteForce(world: World, deviations: number): Set<string> {
  const finals = new Set<string>();
  const visit = (from: World, left: number): void => {
    const machine = Machine.from(from);
    const count = machine.alternatives().length;
    if (count === 0) finals.add(formatDigest(machine.stateDigest()));
    for (let choice = 0; choice < (left > 0 ? count : Math.min(1, count)); choice++) {
      const fork = Machine.from(from);
      fork.stepChoice(choice);
      visit(fork.seal(), choice === 0 ? left : left - 1);
    }
  };
  visit(world, deviations);
  return finals;
}

describe('explorer', () => {
  it.each([[[2, 2]], [[1, 1, 1]], [[2, 1, 0, 1]]])('should reach the final states of brute force from %j, exhaustively and within bounds', (lengths) => {
    const world = start(lengths);
    for (const deviations of [Infinity, 0, 1, 2]) {
      const finals = new Set<string>();
      const result = explore(world, { deviations, bisimulate: true, onFinal: (machine) => finals.add(formatDigest(machine.stateDigest())) });
      expect(result.exhausted).toBe(true);
      expect([...finals].sort()).toEqual([...bruteForce(world, deviations)].sort());
    }
  });

  it('should give a violation as choices that lead there', () => {
    const world = start([2, 2]);
    const result = explore(world, { check: (machine) => (machine.peek<CellState>(0).value === 20 ? 'twenty' : undefined) });
    expect(result.violation?.message).toBe('twenty');
    const machine = Machine.from(world);
    for (const choice of result.violation?.choices ?? []) machine.stepChoice(choice);
    expect(machine.peek<CellState>(0).value).toBe(20);
  });

  it('should say what cut it short', () => {
    expect(explore(start([3, 3, 3]), { maxStates: 10 })).toMatchObject({ exhausted: false, cutBy: 'states', states: 10 });
    expect(explore(start([3, 3]), { maxDepth: 2 })).toMatchObject({ exhausted: false, cutBy: 'depth', depth: 2 });
  });
});
