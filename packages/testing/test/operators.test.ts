// What is drawn for operators, and what is said of one that is wrong.
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import type { KubeObject } from '@kubesim/api';
import { customResourceCommand } from '../src/index.ts';

it('should draw every sort of command against a custom resource, scales the most', () => {
  const resource = { definition: { metadata: { name: 'zoos.example.com' } } as KubeObject, object: { kind: 'Zoo', metadata: { name: 'zoo' }, spec: { replicas: 2 } } as unknown as KubeObject };
  const drawn = fc.sample(fc.noBias(customResourceCommand(resource)), { numRuns: 2_000, seed: 18 });
  const share = (is: (command: (typeof drawn)[number]) => boolean): number => Math.round((10 * drawn.filter(is).length) / drawn.length);
  expect(share((command) => command.do === 'patch' && 'spec' in command.patch)).toBe(4);
  expect(share((command) => command.do === 'patch' && 'metadata' in command.patch)).toBe(1);
  expect([share(({ do: what }) => what === 'create'), share(({ do: what }) => what === 'delete'), share(({ do: what }) => what === 'deletePod')]).toEqual([2, 1, 2]);
});
