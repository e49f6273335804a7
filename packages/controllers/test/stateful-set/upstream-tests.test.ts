// The table of upstream's tests in SPEC.md names tests that are there.
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8');

it('SPEC.md names only tests that are there, and every file of upstream\'s', () => {
  const spec = read('../../SPEC.md');
  let file = '';
  const missing: string[] = [];
  for (const [, named, title] of spec.matchAll(/`([a-z0-9-]+)`: (?=")|"([^"]+)"/g)) {
    if (named !== undefined) file = read(`${named}.test.ts`);
    else if (title !== undefined && !file.includes(title)) missing.push(title);
  }
  expect(missing).toEqual([]);
  for (const upstream of ['stateful_set_control_test.go', 'stateful_set_utils_test.go', 'stateful_pod_control_test.go', 'stateful_set_test.go', 'controller_history_test.go', 'validation_test.go', 'strategy_test.go', 'e2e/apps/statefulset.go']) {
    expect(spec).toContain(upstream);
  }
});
