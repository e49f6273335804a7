// The kernel alone: tasks a second, and what a trace with its rolling digest costs. One JSON line.
// 1 000 components; 10 000 tasks are pending at all times, so of the receives every third makes three sends (each in a
// channel of its own, two thirds of them on timers) and writes a 2 kB object into an ordered map.
import { Machine, OrderedMap, type ComponentType } from '@kubesim/kernel';

const COMPONENTS = 1_000;
const PENDING = 10_000;
const TASKS = 1_000_000;
const REPS = 5;

interface State {
  count: number;
  objects: OrderedMap<object>;
}

const body = 'x'.repeat(1_900);

const worker: ComponentType<State, number> = {
  name: 'worker',
  version: 1,
  initial: () => ({ count: 0, objects: OrderedMap.empty() }),
  receive: (machine, state, message, slot) => {
    state.count++;
    if (message % 3 !== 0) return;
    state.objects = state.objects.set(machine.epoch, `object-${state.count & 15}`, Object.freeze({ name: 'object', version: message, body }));
    for (let index = 0; index < 3; index++) {
      const to = (slot * 31 + message * 7 + index * 13) % COMPONENTS;
      const delayMs = index === 0 ? 0 : 1 + ((message + index) % 50);
      if (delayMs === 0) machine.post(to, 'direct', 'work', message + index + 1);
      else machine.send(to, 'timer', 'work', message + index + 1, { delayMs });
    }
  },
};

function run(record: boolean): { cpuUs: number; digest: string } {
  const machine = new Machine({ definition: { components: [worker] }, seed: 1 });
  for (let index = 0; index < COMPONENTS; index++) machine.spawn('worker', `worker-${index}`);
  for (let index = 0; index < PENDING; index++) machine.send(index % COMPONENTS, 'timer', 'work', index, { delayMs: 1 + (index % 50) });
  const labels: string[] = [];
  if (record) machine.observe((task) => { labels[machine.steps & 1023] = task.label; });
  const start = process.cpuUsage();
  for (let index = 0; index < TASKS; index++) machine.step();
  const { user, system } = process.cpuUsage(start);
  return { cpuUs: user + system, digest: machine.rollingDigest };
}

const median = (values: number[]): number => values.sort((a, b) => a - b)[values.length >> 1] as number;
run(false);
const plain: number[] = [];
const traced: number[] = [];
for (let rep = 0; rep < REPS; rep++) {
  plain.push(run(false).cpuUs);
  traced.push(run(true).cpuUs);
}
console.log(JSON.stringify({ bench: 'kernel', tasksPerSecond: Math.round(TASKS / (median(plain) / 1e6)), traceRatio: Math.round((100 * median(traced)) / median(plain)) / 100 }));
