import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatDigest, Machine, type ComponentType, type World } from '@kubesim/kernel';
import { checkCertificate, explore, findLoop, type Exploration, type ExploreOptions, type Intervention, type Monitor, type PausedExploration } from '@kubesim/testing';

interface CellState { value: number }

type Op = 'add' | 'double' | 'own';

/** A cell that adds to or doubles a shared number, or minds its own: order counts for the first two. */
const cell: ComponentType<CellState, { readonly op: Op; readonly again: number; readonly delayMs?: number }> = {
  name: 'cell', version: 1, initial: () => ({ value: 1 }),
  receive: (machine, state, message, slot) => {
    if (message.op !== 'own') {
      const shared = machine.edit<CellState>(0);
      shared.value = (message.op === 'add' ? shared.value + 1 : shared.value * 2) % 1000;
    }
    if (slot !== 0) state.value++;
    if (message.again > 0) machine.send(slot, `cell ${slot}`, message.op, { ...message, again: message.again - 1 }, { delayMs: message.delayMs ?? 0 });
  },
};

const definition = {
  components: [cell],
  inputs: {
    set: (machine: Machine, args: unknown) => { machine.edit<CellState>(0).value = args as number; },
    reset: (machine: Machine, args: unknown) => { machine.edit<CellState>(machine.slotOf(args as string)).value = 0; },
  },
};

function start(lengths: readonly number[], ops: readonly Op[] = ['add', 'double'], delayMs: number = 0): World {
  const machine = new Machine({ definition });
  machine.spawn('cell', 'shared');
  lengths.forEach((again, index) => {
    const slot = machine.spawn('cell', `cell-${index}`);
    const op = ops[index % ops.length] as Op;
    machine.send(slot, `cell ${slot}`, op, { op, again, delayMs });
  });
  return machine.seal();
}

/** Every final state, with no identification at all: deviations, deferrals and interventions are counted down along each path. */
function bruteForce(world: World, options: Pick<ExploreOptions, 'deviations' | 'deferrals' | 'interventions'> = {}, look?: (machine: Machine) => void): Set<string> {
  const finals = new Set<string>();
  const visit = (from: World, deviations: number, deferrals: number, faults: number): void => {
    const machine = Machine.from(from);
    look?.(machine);
    if (faults > 0) {
      for (const { input, args } of options.interventions ?? []) {
        const fork = Machine.from(from);
        fork.alternatives();
        fork.input(input, args);
        visit(fork.seal(), deviations, deferrals, faults - 1);
      }
    }
    const count = machine.alternatives().length;
    if (count === 0) finals.add(formatDigest(machine.stateDigest()));
    const canDefer = deferrals > 0 && deviations > 0 && count > 0 && machine.tasks().length > machine.dueCount;
    const choices = deviations > 0 ? (canDefer ? 2 * count : count) : Math.min(1, count);
    for (let choice = 0; choice < choices; choice++) {
      const fork = Machine.from(from);
      fork.stepChoice(choice);
      visit(fork.seal(), choice === 0 ? deviations : deviations - 1, choice < count ? deferrals : deferrals - 1, faults);
    }
  };
  visit(world, options.deviations ?? Infinity, options.deferrals ?? 0, (options.interventions ?? []).length > 0 ? 1 : 0);
  return finals;
}

function finalsOf(world: World, options: ExploreOptions): { readonly finals: Set<string>; readonly result: Exploration } {
  const finals = new Set<string>();
  const result = explore(world, { ...options, onFinal: (machine) => finals.add(formatDigest(machine.stateDigest())) });
  return { finals, result };
}

const never = (name: string, isBroken: (shared: number) => boolean): Monitor<null> => ({
  name, initial: null, watches: 'shared', step: (state, view) => (isBroken(view.component<CellState>('shared').value) ? { violation: `shared is ${view.component<CellState>('shared').value}` } : { state }),
});

describe('explorer', () => {
  it.each([[[2, 2]], [[1, 1, 1]], [[2, 1, 0, 1]]])('should reach the final states of brute force from %j, exhaustively and within bounds', (lengths) => {
    const world = start(lengths);
    for (const deviations of [Infinity, 0, 1, 2]) {
      for (const commute of [true, false]) {
        const { finals, result } = finalsOf(world, { deviations, commute, bisimulate: true });
        expect(result.exhausted).toBe(true);
        expect([...finals].sort()).toEqual([...bruteForce(world, { deviations })].sort());
      }
    }
  });

  it('should reach the final states of brute force whatever commutes, is put off or comes from outside', () => {
    const interventions: readonly Intervention[] = [{ name: 'set to 7', input: 'set', args: 7 }];
    const space = fc.record({
      lengths: fc.array(fc.nat(2), { minLength: 1, maxLength: 3 }), ops: fc.array(fc.constantFrom<Op>('add', 'double', 'own'), { minLength: 1, maxLength: 3 }), delayMs: fc.constantFrom(0, 0, 5),
      deferrals: fc.nat(1), deviations: fc.constantFrom(Infinity, Infinity, 1, 2), hasIntervention: fc.boolean(),
    }).filter(({ lengths }) => lengths.reduce((sum, each) => sum + each + 1, 0) <= 6);
    fc.assert(fc.property(space, ({ lengths, ops, delayMs, deferrals, deviations, hasIntervention }) => {
      const world = start(lengths, ops, delayMs);
      const options = { deferrals, deviations, ...(hasIntervention ? { interventions } : {}) };
      const { finals, result } = finalsOf(world, { ...options, bisimulate: true });
      expect(result.exhausted).toBe(true);
      expect([...finals].sort()).toEqual([...bruteForce(world, options)].sort());
    }), { numRuns: 60 });
  });

  it('should enter the same states with and without commuting, by fewer ways', () => {
    const world = start([3, 3, 3], ['own', 'own', 'add']);
    const commuted = explore(world);
    const plain = explore(world, { commute: false });
    expect(commuted.certificate?.statesDigest).toBe(plain.certificate?.statesDigest);
    expect(commuted.states).toBe(plain.states);
    expect(commuted.edges).toBeLessThan(plain.edges * 0.6);
  });

  it('should not hide behind commuting what a property sees of an order', () => {
    // Each cell changes its own state alone, so that their steps commute; but what is watched is one of them.
    const firstSeen: Monitor<number> = { name: 'sees each step', initial: 0, watches: 'cell-0', step: (state) => (state >= 2 ? { violation: 'a third step' } : { state: state + 1 }) };
    expect(explore(start([2, 2], ['own']), { monitors: [firstSeen] }).violation?.message).toBe('sees each step: a third step');
    // A write of the shared number commutes with no other write of it.
    const result = explore(start([0, 0]), { monitors: [never('never 3', (shared) => shared === 3)] });
    expect(result.violation?.message).toBe('never 3: shared is 3');
  });

  it('should not hide behind commuting, nor behind what was worked out before, what a property reads beside what it watches', () => {
    const value = (view: Parameters<Monitor['step']>[1], name: string): number => view.component<CellState>(name).value;
    for (let mine = 1; mine <= 4; mine++) {
      for (let other = 1; other <= 4; other++) {
        const meeting: Monitor<null> = { name: 'they never meet so', initial: null, watches: 'cell-0', step: (state, view) => (value(view, 'cell-0') === mine && value(view, 'cell-1') === other ? { violation: 'they do' } : { state }) };
        const [commuted, plain] = [true, false].map((commute) => explore(start([2, 2], ['own']), { monitors: [meeting], commute }).violation?.message);
        expect(commuted).toBe(plain);
        expect(plain !== undefined).toBe(mine > 1 || other === 1);
      }
    }
  });

  it('should tell states apart by how much time is left, where it is bounded', () => {
    const ticker: ComponentType<{ left: number }, null> = {
      name: 'ticker', version: 1, initial: () => ({ left: -1 }),
      receive: (machine, state, _message, slot) => {
        if (state.left > 0) state.left--;
        machine.send(slot, 'tick', 'tick', null, { delayMs: 10 });
      },
    };
    const machine = new Machine({ definition: { components: [ticker], inputs: { go: (given) => { given.edit<{ left: number }>(0).left = 3; } } }, startAt: 1_767_225_600_000 });
    machine.send(machine.spawn('ticker', 'ticker'), 'tick', 'tick', null);
    const there: Monitor<null> = { name: 'not there', initial: null, watches: 'ticker', step: (state, view) => (view.component<{ left: number }>('ticker').left === 0 ? { violation: 'there' } : { state }) };
    const bounds = (ms: number): ExploreOptions => ({ monitors: [there], interventions: [{ name: 'go', input: 'go', args: null }], until: machine.now + ms });
    // Who goes late, which is tried first, is not there in time; who goes at once is, by way of the same states.
    expect(explore(machine.seal(), bounds(30)).violation?.message).toBe('not there: there');
    expect(explore(machine.seal(), bounds(19))).toMatchObject({ violation: undefined, exhausted: true });
    const { certificate } = explore(machine.seal(), bounds(19));
    expect(certificate === undefined ? 'none' : checkCertificate(certificate, machine.seal(), bounds(19))).toBeUndefined();
  });

  it('should tell states apart by what monitors remember', () => {
    // Both orders of two steps lead to one state; only what came first tells them apart, and it shows at the end alone.
    const order: Monitor<string> = {
      name: 'doubled before added', initial: '', watches: 'shared',
      step: (state, view) => ({ state: `${state}${view.component<CellState>('shared').value},` }),
      end: (state) => (state === '1,2,4,5,' ? 'doubled twice, then added' : undefined),
    };
    // 1+1 = 1×2: after one step of either the shared number is 2.
    const result = explore(start([0, 1], ['add', 'double']), { monitors: [order] });
    expect(result.violation?.message).toBe('doubled before added: doubled twice, then added');
  });

  it('should enter a state again when it is reached with more of a budget left', () => {
    // First in, first out and the longest way round are explored first and spend their deviations; what needs them later lies behind.
    for (const seed of [0, 2]) {
      const world = start([seed % 3, 2, 1]);
      for (const deviations of [1, 2, 3]) {
        const values = new Set<number>();
        bruteForce(world, { deviations }, (machine) => { values.add(machine.peek<CellState>(0).value); });
        for (const value of values) {
          const result = explore(world, { deviations, monitors: [never(`never ${value}`, (shared) => shared === value)] });
          expect(result.violation, `${value} within ${deviations} deviations`).toBeDefined();
        }
      }
    }
  });

  it('should weigh budgets one by one: more deviations do not make up for fewer deferrals', () => {
    const world = start([1, 1, 1], ['add', 'double', 'own'], 5);
    for (const deferrals of [0, 1, 2]) {
      for (const deviations of [1, 2, Infinity]) {
        const { finals } = finalsOf(world, { deviations, deferrals });
        expect([...finals].sort()).toEqual([...bruteForce(world, { deviations, deferrals })].sort());
      }
    }
  });

  it('should try interventions at every point, within their budgets, and let their undoing follow at any later one', () => {
    const world = start([1, 1]);
    const set = (value: number): Intervention => ({ name: `set to ${value}`, input: 'set', args: value, budget: 'sets', undo: { input: 'set', args: 500 } });
    const values = (budgets: Readonly<Record<string, number>>): Set<string> => {
      const seen = new Set<string>();
      const watch: Monitor<null> = { name: 'watch', initial: null, watches: 'shared', step: (state, view) => { seen.add(String(view.component<CellState>('shared').value)); return { state }; } };
      expect(explore(world, { interventions: [set(100), set(200)], budgets, monitors: [watch] }).exhausted).toBe(true);
      return seen;
    };
    expect(values({ sets: 0 }).has('100')).toBe(false);
    const one = values({ sets: 1 });
    expect(one.has('100') && one.has('200') && one.has('102') && one.has('500')).toBe(true);
    const result = explore(world, { interventions: [set(100)], monitors: [never('never 502', (shared) => shared === 502)] });
    expect(result.violation?.path).toContain('set to 100');
    expect(result.violation?.path).toContain('set to 100 ends');
  });

  it('should give a violation as choices that lead there', () => {
    const world = start([2, 2]);
    const result = explore(world, { monitors: [never('never 20', (shared) => shared === 20)] });
    expect(result.violation?.message).toBe('never 20: shared is 20');
    const machine = Machine.from(world);
    for (const choice of result.violation?.path ?? []) machine.stepChoice(choice as number);
    expect(machine.peek<CellState>(0).value).toBe(20);
    expect(result.violation?.steps).toHaveLength(result.violation?.path.length ?? 0);
  });

  it('should say what it covered and what cut it short', () => {
    expect(explore(start([3, 3, 3]), { maxStates: 10 })).toMatchObject({ exhausted: false, cutBy: 'states', states: 10, certificate: undefined });
    expect(explore(start([3, 3]), { maxDepth: 2 })).toMatchObject({ exhausted: false, cutBy: 'depth', depth: 2, certificate: undefined });
    const seen: number[] = [];
    const result = explore(start([3, 3, 3]), { progressEvery: 50, onProgress: ({ states }) => seen.push(states) });
    expect(seen).toEqual(Array.from({ length: Math.floor(result.states / 50) }, (_, index) => 50 * (index + 1)));
    expect(result).toMatchObject({ exhausted: true, cutBy: undefined, depth: 12, budgets: { deviations: Infinity, deferrals: 0 } });
  });

  it('should refuse bounds that mean nothing', () => {
    const world = start([1]);
    expect(() => explore(world, { deferrals: -1 })).toThrow('deferrals must be a whole number');
    expect(() => explore(world, { budgets: { faults: 1 } })).toThrow("budgets.faults: no intervention is taken from it");
    expect(() => explore(world, { shard: { index: 3, of: 2 } })).toThrow('shard must be part 1 to n of n, not 3 of 2');
    expect(() => explore(world, { monitors: [{ ...never('x', () => false), watches: 'nothing' }] })).toThrow("monitor 'x' watches 'nothing'");
    expect(() => explore(world, { interventions: [{ name: 'a', input: 'no', args: 0 }] })).toThrow("no input 'no' is registered");
  });
});

interface Fields { left: number; right: number; spare: number }

type FieldOp = 'add' | 'set' | 'clear' | 'choose' | 'look' | 'ask' | 'lookAfter';

/** A cell that is remembered by the fields that a step reads and assigns. Slot 0 is shared. */
const fieldCell: ComponentType<Fields, { readonly ops: readonly FieldOp[]; readonly on: number }> = {
  name: 'field cell', version: 1, initial: () => ({ left: 1, right: 0, spare: 0 }), canonical: (state) => state,
  receive: (machine, state, { ops, on }, slot) => {
    const sum = (): number => machine.ask('sum', () => machine.peek<Fields>(0).left + machine.peek<Fields>(0).right);
    const cell = machine.edit<Fields>(on);
    switch (ops[0]) {
      case 'add': cell.left = (cell.left + 1) % 4; break;
      // Reads nothing: what was there does not count, not even where it was the same.
      case 'set': cell.left = 2; break;
      case 'clear': Object.assign(cell, { left: 0, right: 0 }); break;
      case 'choose': if (cell.right > 0) cell.spare = cell.left; else cell.right++; break;
      case 'look': state.right = machine.peek<Fields>(0).left; break;
      case 'ask': state.spare = sum(); break;
      // What is asked after a write is of what was written.
      case 'lookAfter':
        machine.edit<Fields>(0).left = 2;
        state.right = sum();
        break;
      default: break;
    }
    if (ops.length > 1) machine.send(slot, `cell ${slot}`, String(ops[1]), { ops: ops.slice(1), on });
  },
};

function fieldStart(cells: readonly { readonly ops: readonly FieldOp[]; readonly on: number }[]): World {
  const machine = new Machine({ definition: { components: [fieldCell] } });
  machine.spawn('field cell', 'shared');
  for (const { ops, on } of cells) {
    const slot = machine.spawn('field cell', `cell-${ops.join('-')}-${machine.componentNames().length}`);
    machine.send(slot, `cell ${slot}`, String(ops[0]), { ops, on: on === 0 ? 0 : slot });
  }
  return machine.seal();
}

describe('steps carried over by the parts that they read', () => {
  it('should reach the final states of brute force, whatever fields are read, assigned, left as they were or asked for', () => {
    const ops = fc.array(fc.constantFrom<FieldOp>('add', 'set', 'clear', 'choose', 'look', 'ask', 'lookAfter'), { minLength: 1, maxLength: 3 });
    const cells = fc.array(fc.record({ ops, on: fc.constantFrom(0, 1) }), { minLength: 2, maxLength: 3 }).filter((some) => some.reduce((sum, each) => sum + each.ops.length, 0) <= 6);
    fc.assert(fc.property(cells, (some) => {
      const world = fieldStart(some);
      const { finals, result } = finalsOf(world, { bisimulate: true });
      expect(result.exhausted).toBe(true);
      expect([...finals].sort()).toEqual([...bruteForce(world)].sort());
    }), { numRuns: 60 });
  });

  it('should not take an answer after a write for one before it', () => {
    // Whoever asks sets left to 2 first: 2 + 0 or 2 + 1. Where it is 1 + 1 before, or 3 + 0, is another matter.
    const world = fieldStart([{ ops: ['lookAfter'], on: 0 }, { ops: ['add', 'add'], on: 0 }, { ops: ['choose'], on: 0 }]);
    const { finals } = finalsOf(world, {});
    expect([...finals].sort()).toEqual([...bruteForce(world)].sort());
  });

  it('should run a step once for all states that differ in what it does not read', () => {
    const run = (byField: boolean): number => {
      const { canonical, ...whole } = fieldCell;
      const world = fieldStart([{ ops: ['set', 'add', 'set'], on: 0 }, { ops: ['choose', 'choose', 'choose'], on: 0 }]);
      const definition: World['definition'] = { components: [byField ? { ...whole, ...(canonical === undefined ? {} : { canonical }) } : whole] };
      return explore(Machine.from(world, definition).seal()).run;
    };
    expect(run(true)).toBeLessThan(run(false));
  });

  it('should not take a field for assigned that holds what it held before by chance alone', () => {
    // Where the first cell clears, left is 0 already in some orders and not in others.
    for (const first of [['clear'], ['set'], ['set', 'clear']] as const) {
      const world = fieldStart([{ ops: first, on: 0 }, { ops: ['add', 'add', 'add'], on: 0 }, { ops: ['choose', 'choose'], on: 0 }]);
      const { finals } = finalsOf(world, {});
      expect([...finals].sort()).toEqual([...bruteForce(world)].sort());
    }
  });
});

describe('certificates', () => {
  it('should be right by a search of another kind, and wrong once tampered with', () => {
    const world = start([2, 1, 1]);
    const bounds = { interventions: [{ name: 'set', input: 'set', args: 7 }], monitors: [never('never 999', (shared) => shared === 999)] };
    const { certificate } = explore(world, bounds);
    if (certificate === undefined) throw new Error('no certificate');
    const copy = JSON.parse(JSON.stringify(certificate)) as typeof certificate;
    expect(checkCertificate(copy, world, bounds)).toBeUndefined();
    expect(checkCertificate({ ...copy, states: copy.states - 1 }, world, bounds)).toContain('states');
    expect(checkCertificate({ ...copy, statesDigest: copy.start }, world, bounds)).toContain('its states are not those');
    expect(checkCertificate({ ...copy, finals: copy.finals + 1 }, world, bounds)).toContain('final states');
    expect(checkCertificate({ ...copy, depth: 3 }, world, bounds)).toContain('it claims depth 3, and some state is');
    expect(checkCertificate({ ...copy, interventions: [] }, world, bounds)).toContain('interventions is [] there and ["set"] here');
    expect(checkCertificate({ ...copy, fingerprint: [] }, world, bounds)).toContain('fingerprint is [] there');
    expect(checkCertificate({ ...copy, format: 'kubesim-certificate/2' as typeof copy.format }, world, bounds)).toContain('its format is "kubesim-certificate/2"');
    expect(checkCertificate(copy, start([2, 1, 2]), bounds)).toContain('start');
    expect(checkCertificate(copy, world, { ...bounds, budgets: { faults: 2 } })).toContain('budgets');
    expect(checkCertificate(copy, world, { ...bounds, monitors: [never('never 14', (shared) => shared === 14)] })).toContain('monitors');
    const broken = { ...bounds, monitors: [never('never 999', (shared) => shared === 14)] };
    expect(checkCertificate(copy, world, broken)).toContain('a path breaks never 999');
  });
});

/** Parts whose steps hang on what the machine does not hold: the nth step there is adds n. */
function hangingOnTheHost(): World {
  let steps = 0;
  const machine = new Machine({ definition: { ...definition, components: [{ ...cell, receive: (on: Machine, _state: CellState, message: { readonly again: number }, slot: number) => {
    on.edit<CellState>(slot).value += ++steps;
    if (message.again > 0) on.send(slot, `cell ${slot}`, 'own', { op: 'own', again: message.again - 1 });
  } }] } });
  machine.spawn('cell', 'shared');
  for (const slot of [machine.spawn('cell', 'one'), machine.spawn('cell', 'other')]) machine.send(slot, `cell ${slot}`, 'own', { op: 'own', again: 1 });
  return machine.seal();
}

describe('the check of a certificate', () => {
  it('should not take over a step that a machine makes otherwise', () => {
    const { certificate } = explore(hangingOnTheHost(), {});
    if (certificate === undefined) throw new Error('no certificate');
    expect(checkCertificate(certificate, hangingOnTheHost(), {})).toMatch(/^after "own" a machine comes to another state, first in (one|other)$/);
  });

  it('should not take over what a monitor made of a step that it would judge otherwise', () => {
    const world = start([1, 1], ['own']);
    let isSteady = true;
    const fickle: Monitor<number> = { name: 'fickle', initial: 0, watches: 'shared', step: (state) => ({ state: isSteady ? 0 : state + 1 }) };
    const bounds = { monitors: [fickle], interventions: [{ name: 'set', input: 'set', args: 7 }] };
    const { certificate } = explore(world, bounds);
    if (certificate === undefined) throw new Error('no certificate');
    expect(checkCertificate(certificate, world, bounds)).toBeUndefined();
    // Steady where the search asks it, which asks first, and not where it is asked again.
    let asked = 0;
    const twoFaced: Monitor<number> = { ...fickle, step: (state) => { isSteady = asked++ % 2 === 0; return fickle.step(state, undefined as never); } };
    expect(checkCertificate(certificate, world, { ...bounds, monitors: [twoFaced] })).toBe('after "set" fickle remembers something else on a machine');
  });
});

describe('parts of an exploration', () => {
  it('should come to the same when paused, written to JSON and gone on with at any point', () => {
    const world = start([2, 2, 1]);
    const bounds = { interventions: [{ name: 'set', input: 'set', args: 7 }] };
    const straight = explore(world, bounds);
    for (const pauseAfter of [9, 40]) {
      let result = explore(world, { ...bounds, pauseAfter });
      let pauses = 0;
      while (result.paused !== undefined) {
        pauses++;
        result = explore(world, { ...bounds, pauseAfter, resume: JSON.parse(JSON.stringify(result.paused)) as PausedExploration });
      }
      expect(pauses).toBeGreaterThan(1);
      expect({ ...result, run: 0 }).toEqual({ ...straight, run: 0 });
    }
    expect(() => explore(start([1]), { resume: explore(world, { pauseAfter: 3 }).paused })).toThrow('of another start');
  });

  it('should cover the space by shards together', () => {
    const world = start([3, 3, 2]);
    const { finals } = finalsOf(world, {});
    const together = new Set<string>();
    let most = 0;
    for (let index = 1; index <= 3; index++) {
      const { finals: some, result } = finalsOf(world, { shard: { index, of: 3 } });
      expect(result.exhausted).toBe(true);
      for (const each of some) together.add(each);
      most = Math.max(most, result.states);
    }
    expect([...together].sort()).toEqual([...finals].sort());
    expect(most).toBeLessThan(explore(world).states);
    const violations = [1, 2, 3].map((index) => explore(world, { shard: { index, of: 3 }, monitors: [never('never 20', (shared) => shared === 20)] }).violation);
    const found = violations.find((each) => each !== undefined);
    const machine = Machine.from(world);
    for (const choice of found?.path ?? []) machine.stepChoice(choice as number);
    expect(machine.peek<CellState>(0).value).toBe(20);
  });
});

describe('loops', () => {
  /** Says its word again for ever, unless it is told to stop. */
  const talker: ComponentType<{ isOn: boolean }, 'talk' | 'stop'> = {
    name: 'talker', version: 1, initial: () => ({ isOn: true }),
    receive: (machine, state, message, slot) => {
      if (message === 'stop') state.isOn = false;
      else if (state.isOn) machine.send(slot, 'talk', 'talk', 'talk', { delayMs: 0 });
    },
  };
  const talk = (hasStop: boolean): World => {
    const machine = new Machine({ definition: { components: [talker] } });
    const slot = machine.spawn('talker', 'talker');
    machine.send(slot, 'talk', 'talk', 'talk');
    if (hasStop) machine.send(slot, 'stop', 'stop', 'stop');
    return machine.seal();
  };

  it('should find a run that goes round for ever', () => {
    const { loop } = findLoop(talk(false));
    expect(loop?.steps).toEqual(['talk']);
    expect(loop?.roundMs).toBe(0);
  });

  it('should not call it a loop when somebody is ignored all the time', () => {
    expect(findLoop(talk(true))).toMatchObject({ loop: undefined, exhausted: true });
  });

  it('should find loops in which time passes, by instants relative to now', () => {
    const machine = new Machine({ definition, startAt: 1_767_225_600_000 });
    machine.spawn('cell', 'shared');
    const pulse = machine.spawn('cell', 'pulse');
    machine.send(pulse, 'pulse', 'own', { op: 'own', again: 3, delayMs: 10 }, { delayMs: 10 });
    expect(findLoop(machine.seal()).loop).toBeUndefined();
    const clock: ComponentType<{ last: number }, null> = {
      name: 'clock', version: 1, initial: () => ({ last: 0 }),
      receive: (owner, state, _message, slot) => {
        state.last = owner.now;
        owner.send(slot, 'tick', 'tick', null, { delayMs: 1000 });
      },
    };
    const ticking = new Machine({ definition: { components: [clock] }, startAt: 1_767_225_600_000 });
    ticking.send(ticking.spawn('clock', 'clock'), 'tick', 'tick', null);
    expect(findLoop(ticking.seal()).loop).toMatchObject({ roundMs: 1000, steps: ['tick'] });
  });
});
