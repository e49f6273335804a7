import { setTimeout } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { deploymentConformance, httpControlPlane, replicaSetConformance, replicationControllerConformance, statefulSetConformance } from '../../testing/src/index.ts';
import { serve } from './serving.ts';

it.each([...statefulSetConformance, ...deploymentConformance, ...replicaSetConformance, ...replicationControllerConformance])('should hold over HTTP: $name', async ({ run }) => {
  const { url } = await serve({ token: 'secret' });
  await expect(run(httpControlPlane({ url, token: 'secret', wait: () => setTimeout(5) }))).resolves.toBeUndefined();
});
