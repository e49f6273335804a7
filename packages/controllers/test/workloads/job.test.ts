// Jobs and CronJobs from beginning to end.
import type { KubeObject } from '@kubesim/api';
import { describe, expect, it } from 'vitest';
import { cronJobController } from '../../src/cron-job/cron-job-controller.ts';
import { jobController } from '../../src/job/job-controller.ts';
import { FakeCluster } from '../fake-cluster.ts';
import { end } from './pods.ts';

const JOBS = 'jobs.batch';

function job(spec: object): object {
  return {
    metadata: { name: 'j', namespace: 'ns' },
    spec: {
      parallelism: 1, completions: 1, backoffLimit: 6, completionMode: 'NonIndexed', selector: { matchLabels: { job: 'j' } },
      template: { metadata: { labels: { job: 'j' } }, spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'i' }] } }, ...spec,
    },
  };
}

function start(spec: object): FakeCluster {
  const c = new FakeCluster(jobController);
  c.create(JOBS, job(spec));
  c.advance(2000);
  return c;
}

function active(c: FakeCluster): readonly KubeObject[] {
  return c.list('pods').filter((pod) => pod.metadata.deletionTimestamp === undefined && !['Succeeded', 'Failed'].includes(pod.status?.phase ?? ''));
}

/** Ends one active pod, and lets the controller see it. */
function endOne(c: FakeCluster, phase: 'Succeeded' | 'Failed', exitCode?: number): void {
  end(c, `ns/${active(c)[0]?.metadata.name}`, phase, exitCode);
  c.advance(2000);
}

function status(c: FakeCluster): Record<string, unknown> {
  return c.get(JOBS, 'ns/j').status as Record<string, unknown>;
}

function conditions(c: FakeCluster): readonly string[] {
  return (status(c).conditions as { type: string; status: string; reason: string }[] | undefined ?? []).map((one) => `${one.type}=${one.status} ${one.reason}`);
}

describe('a Job', () => {
  it('runs no more pods than parallelism, counts each once, and completes', () => {
    const c = start({ completions: 3, parallelism: 2 });
    expect(active(c).length).toBe(2);
    endOne(c, 'Succeeded');
    expect(active(c).length).toBe(2);
    endOne(c, 'Succeeded');
    expect(active(c).length).toBe(1);
    endOne(c, 'Succeeded');
    expect(conditions(c)).toEqual(['SuccessCriteriaMet=True CompletionsReached', 'Complete=True CompletionsReached']);
    expect(status(c)).toMatchObject({ succeeded: 3, ready: 0, terminating: 0 });
    expect(status(c).uncountedTerminatedPods).toEqual({});
    expect(c.list('pods').every((pod) => (pod.metadata.finalizers ?? []).length === 0)).toBe(true);
    expect(c.events.at(-1)).toBe('Normal Completed Job completed');
    c.taken();
    c.advance(3_600_000);
    expect(c.taken()).toEqual([]);
  });

  it('waits longer after each failure, and fails beyond its limit', () => {
    const c = start({ backoffLimit: 1 });
    endOne(c, 'Failed');
    expect(active(c).length).toBe(0);
    c.advance(6000);
    expect(active(c).length).toBe(0);
    c.advance(4000);
    expect(active(c).length).toBe(1);
    endOne(c, 'Failed');
    expect(conditions(c)).toEqual(['FailureTarget=True BackoffLimitExceeded', 'Failed=True BackoffLimitExceeded']);
    expect(status(c)).toMatchObject({ failed: 2 });
    expect(c.events.at(-1)).toBe('Warning BackoffLimitExceeded Job has reached the specified backoff limit');
  });

  it('gives each index a pod of its own and a place in the status', () => {
    const c = start({ completions: 4, parallelism: 4, completionMode: 'Indexed' });
    const names = c.list('pods').map((pod) => [pod.spec.hostname as string, pod.metadata.labels?.['batch.kubernetes.io/job-completion-index']]);
    expect(names.sort()).toEqual([['j-0', '0'], ['j-1', '1'], ['j-2', '2'], ['j-3', '3']]);
    for (const pod of c.list('pods').filter(({ spec }) => spec.hostname !== 'j-1')) end(c, `ns/${pod.metadata.name}`, 'Succeeded');
    c.advance(2000);
    expect(status(c)).toMatchObject({ completedIndexes: '0,2,3', succeeded: 3 });
    endOne(c, 'Succeeded');
    expect(status(c)).toMatchObject({ completedIndexes: '0-3', succeeded: 4 });
    expect(conditions(c)).toContain('Complete=True CompletionsReached');
  });

  it.each([
    ['a success policy', { completions: 3, parallelism: 3, completionMode: 'Indexed', successPolicy: { rules: [{ succeededIndexes: '0' }] } }, 'Succeeded', 'SuccessPolicy'],
    ['a failure policy', { podFailurePolicy: { rules: [{ action: 'FailJob', onExitCodes: { operator: 'In', values: [1] } }] } }, 'Failed', 'PodFailurePolicy'],
    ['a limit for each index', { completions: 1, completionMode: 'Indexed', backoffLimitPerIndex: 0, backoffLimit: 9 }, 'Failed', 'FailedIndexes'],
  ] as const)('ends early by %s', (_title, spec, phase, reason) => {
    const c = start(spec);
    const pod = c.list('pods').find(({ spec: { hostname } }) => hostname === undefined || hostname === 'j-0') as KubeObject;
    end(c, `ns/${pod.metadata.name}`, phase);
    c.advance(2000);
    for (const other of c.list('pods')) if (other.metadata.deletionTimestamp !== undefined) end(c, `ns/${other.metadata.name}`, 'Failed');
    c.advance(2000);
    expect(conditions(c).at(-1)).toBe(`${phase === 'Succeeded' ? 'Complete' : 'Failed'}=True ${reason}`);
  });

  it('is not failed by a pod whose failure is ignored', () => {
    const c = start({ backoffLimit: 0, podFailurePolicy: { rules: [{ action: 'Ignore', onExitCodes: { operator: 'In', values: [7] } }] } });
    endOne(c, 'Failed', 7);
    expect(active(c).length).toBe(1);
    expect(conditions(c)).toEqual([]);
  });

  it('stops while suspended and at its deadline', () => {
    const c = start({ parallelism: 2, completions: 2, suspend: true });
    expect(active(c).length).toBe(0);
    expect(conditions(c)).toEqual(['Suspended=True JobSuspended']);
    c.patch(JOBS, 'ns/j', { metadata: { generation: 2 }, spec: { suspend: false, activeDeadlineSeconds: 60 } });
    c.advance(2000);
    expect(active(c).length).toBe(2);
    expect(conditions(c)).toEqual(['Suspended=False JobResumed']);
    c.advance(70_000);
    for (const pod of c.list('pods')) c.remove('pods', `ns/${pod.metadata.name}`);
    c.advance(2000);
    expect(conditions(c).at(-1)).toBe('Failed=True DeadlineExceeded');
  });
});

describe('a CronJob', () => {
  function cron(spec: object): FakeCluster {
    const c = new FakeCluster(cronJobController, jobController);
    c.create('cronjobs.batch', { metadata: { name: 'c', namespace: 'ns' }, spec: { schedule: '*/5 * * * *', concurrencyPolicy: 'Allow', successfulJobsHistoryLimit: 1, failedJobsHistoryLimit: 1, jobTemplate: { spec: (job({}) as { spec: object }).spec }, ...spec } });
    c.settle();
    return c;
  }
  const jobs = (c: FakeCluster): readonly string[] => c.list(JOBS).map((one) => one.metadata.name ?? '');

  it('starts a Job at each time, and keeps as many as its history allows', () => {
    const c = cron({});
    c.advance(301_000);
    const first = Date.UTC(2026, 0, 1, 0, 5) / 60_000;
    expect(jobs(c)).toEqual([`c-${first}`]);
    expect(c.events).toContain(`Normal SuccessfulCreate Created job c-${first}`);
    for (let run = 0; run < 3; run++) {
      endOne(c, 'Succeeded');
      c.advance(300_000);
    }
    expect(jobs(c).length).toBe(2);
    expect(c.events).toContain(`Normal SawCompletedJob Saw completed job: c-${first}, condition: Complete`);
    expect(c.get('cronjobs.batch', 'ns/c').status.active.length).toBe(1);
  });

  it.each([['Allow', 2, 0], ['Forbid', 1, 1], ['Replace', 1, 0]] as const)('with policy %s has %i Jobs while the first is active', (concurrencyPolicy, count, refused) => {
    const c = cron({ concurrencyPolicy });
    c.advance(601_000);
    expect(jobs(c).length).toBe(count);
    expect(c.events.filter((event) => event.includes('JobAlreadyActive')).length).toBeGreaterThanOrEqual(refused);
  });

  it('does nothing while suspended, and says what it cannot read', () => {
    const c = cron({ suspend: true });
    c.advance(601_000);
    expect(jobs(c)).toEqual([]);
    expect(cron({ schedule: 'soon' }).events[0]).toMatch(/^Warning UnparseableSchedule unparseable schedule: "soon"/);
    expect(cron({ timeZone: 'Mars/Olympus' }).events[0]).toMatch(/^Warning UnknownTimeZone/);
  });
});
