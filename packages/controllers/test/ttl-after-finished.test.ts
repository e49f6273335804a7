// Jobs that go by themselves. Upstream's cases: pkg/controller/ttlafterfinished/ttlafterfinished_controller_test.go.
import { describe, expect, it } from 'vitest';
import { ttlAfterFinishedController } from '../src/ttl-after-finished/ttl-after-finished.ts';
import { FakeCluster } from './fake-cluster.ts';

const JOBS = 'jobs.batch';

function job(ttlSecondsAfterFinished: number | undefined, type: string | undefined): object {
  const conditions = type === undefined ? [] : [{ type, status: 'True', lastTransitionTime: '2026-01-01T00:00:00Z' }];
  return { metadata: { name: 'j', namespace: 'ns' }, spec: { ...(ttlSecondsAfterFinished === undefined ? {} : { ttlSecondsAfterFinished }) }, status: { conditions } };
}

function world(ttl: number | undefined, type: string | undefined): FakeCluster {
  const c = new FakeCluster(ttlAfterFinishedController);
  c.create(JOBS, job(ttl, type));
  return c;
}

describe('a Job', () => {
  it.each(['Complete', 'Failed'])('[TTL1] that is %s goes when its time to live is over, not before', (type) => {
    const c = world(10, type);
    c.advance(9_999);
    expect(c.taken()).toEqual([]);
    // Settling does not wait for it.
    expect(c.waiting()).toEqual([]);
    c.advance(1);
    expect(c.taken()).toEqual([`delete ${JOBS} j`]);
    expect(c.bodies.at(-1)).toMatchObject({ options: { propagationPolicy: 'Foreground', preconditions: { uid: c.find(JOBS, 'ns/j')?.metadata.uid } } });
  });

  it('[TTL1] with no time to live at all goes at once', () => {
    const c = world(0, 'Complete');
    c.settle();
    expect(c.taken()).toEqual([`delete ${JOBS} j`]);
  });

  it.each([['has no time to live', undefined, 'Complete'], ['runs', 10, undefined], ['is to fail, and has not', 10, 'FailureTarget']] as const)('[TTL1] that %s stays', (_title, ttl, type) => {
    const c = world(ttl, type);
    c.advance(3_600_000);
    expect(c.taken()).toEqual([]);
  });

  it('[TTL2] that is given more time in the meantime has it', () => {
    const c = world(10, 'Complete');
    c.advance(5_000);
    c.patch(JOBS, 'ns/j', { spec: { ttlSecondsAfterFinished: 60 } });
    c.advance(50_000);
    expect(c.taken()).toEqual([]);
    c.advance(5_000);
    expect(c.taken()).toEqual([`delete ${JOBS} j`]);
  });

  it('that somebody deletes first is no error', () => {
    const c = world(10, 'Complete');
    c.advance(5_000);
    c.remove(JOBS, 'ns/j');
    c.advance(60_000);
    expect([c.taken(), c.errors]).toEqual([[], []]);
  });
});
