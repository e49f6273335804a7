// A few bugs of bench/bugs, hunted as `pnpm bugs` does, from fixed seeds; and what those hunts found wrong in scenarios and in the product.
import { describe, expect, it } from 'vitest';
import type { Bug } from '../../../bench/bugs/bug.ts';
import { hunt } from '../../../bench/bugs/hunt.ts';
import { foregroundDeletionIsMissed } from '../../../bench/bugs/115570.ts';
import { completeFromThePartitionOn } from '../../../bench/bugs/121534.ts';
import { templatesCollide } from '../../../bench/bugs/29735.ts';
import { doesNotWaitForPodsBelow } from '../../../bench/bugs/41889.ts';
import { runScenario, type Scenario } from '../src/index.ts';

const SET: Scenario = {
  seed: 0, kubernetes: '1.37', nodes: [{}, {}], objects: [{ kind: 'StatefulSet', name: 'web', replicas: 2, pod: { version: 1, graceSeconds: 1 } }], workload: [], faults: [], choices: { mode: 'fifo' },
};

describe('bugs of the bench', () => {
  const expected: readonly (readonly [bug: Bug, property: string])[] = [
    [templatesCollide, 'convergence of Deployments'], [doesNotWaitForPodsBelow, 'ordered creation'], [foregroundDeletionIsMissed, 'deletions end'], [completeFromThePartitionOn, 'an update is complete when all pods are updated'],
  ];
  it.each(expected)('should be found: $id', (bug, property) => {
    expect(hunt(bug, 18, { runsMax: 150, secondsMax: Infinity, triesMax: 0 }).property).toBe(property);
  });
});

describe('what hunting bugs found', () => {
  it('should never start a pod whose image is of version 0', () => {
    const { cluster, violation } = runScenario({ ...SET, workload: [{ waitMs: 5_000, do: 'setImage', target: 'statefulset/web', version: 0 }] });
    expect(violation).toBeUndefined();
    expect(cluster.get('pod/web-1')?.['status']?.containerStatuses?.[0]?.state?.waiting?.reason).toMatch(/ErrImagePull|ImagePullBackOff/);
  });

  it('should end a crash that lasts no time', () => {
    const { cluster, violation } = runScenario({ ...SET, faults: [{ atMs: 0, fault: 'crash', process: 'controllers', forMs: 0 }] });
    expect(violation).toBeUndefined();
    expect(cluster.get('pod/web-1')?.['status']?.phase).toBe('Running');
  });

  it('should not take for at rest what waits 1000 s until it looks for room in its quota again', () => {
    const { violation } = runScenario({
      seed: 1, kubernetes: '1.34', nodes: [{}, {}, {}],
      objects: [{ kind: 'Deployment', name: 'api', replicas: 1, pod: { version: 1 }, maxSurge: 1, maxUnavailable: 0, minReadySeconds: 5 }, { kind: 'ResourceQuota', name: 'limit', pods: 1 }],
      workload: [
        { waitMs: 4_878, do: 'setImage', target: 'deployment/api', version: 2 }, { waitMs: 1_992, do: 'scale', target: 'deployment/api', replicas: 4 }, { waitMs: 4_440, do: 'deletePod', of: 'api', nth: 0 },
        { waitMs: 1_696, do: 'deletePod', of: 'api', nth: 3 },
      ],
      faults: [], choices: { mode: 'fifo' },
    });
    expect(violation).toBeUndefined();
  });

  it('should not put a heartbeat off by minutes, which costs a node', () => {
    const { violation } = runScenario({
      seed: 2, kubernetes: '1.36', nodes: [{}],
      objects: [{ kind: 'StatefulSet', name: 'web', replicas: 1, pod: { version: 1, probe: true, graceSeconds: 1 }, podManagementPolicy: 'OrderedReady' }],
      workload: [{ waitMs: 0, do: 'deletePod', of: 'web', nth: 0 }],
      faults: [
        { atMs: 676, fault: 'apiError', process: 'controllers', resource: 'persistentvolumeclaims', error: 'timeout', after: true, times: 2 },
        { atMs: 0, fault: 'crashAfter', process: 'controllers', verb: 'delete', resource: 'pods', writes: 5, forMs: 1_489 },
      ],
      choices: { mode: 'random', seed: 1, deferrals: 3 },
    });
    expect(violation).toBeUndefined();
  });

  it('should not ask a set with as many available pods as it asks for to look at them again', () => {
    const { violation } = runScenario({
      seed: 0, kubernetes: '1.36', nodes: [{}, {}, {}],
      objects: [{ kind: 'StatefulSet', name: 'web', replicas: 3, pod: { version: 1, graceSeconds: 1 }, podManagementPolicy: 'OrderedReady', minReadySeconds: 5 }, { kind: 'ResourceQuota', name: 'limit', pods: 2 }],
      workload: [
        { waitMs: 2_489, do: 'deletePod', of: 'web', nth: 2 }, { waitMs: 60_000, do: 'setImage', target: 'statefulset/web', version: 0 }, { waitMs: 0, do: 'evict', of: 'web', nth: 2 },
        { waitMs: 0, do: 'partition', target: 'statefulset/web', partition: 3 }, { waitMs: 0, do: 'setImage', target: 'statefulset/web', version: 3 }, { waitMs: 964, do: 'scale', target: 'statefulset/web', replicas: 1 },
      ],
      faults: [{ atMs: 62_489, fault: 'crash', process: 'controllers', forMs: 11 }], choices: { mode: 'fifo' },
    });
    expect(violation).toBeUndefined();
  });

  it('should take a pod for available whose node has a clock that is ahead, where it need not be ready for a while', () => {
    const { violation } = runScenario({
      ...SET, objects: [{ kind: 'StatefulSet', name: 'web', replicas: 3, pod: { version: 1, graceSeconds: 1 } }], workload: [], choices: { mode: 'fifo' },
      faults: [{ atMs: 0, fault: 'clockJump', node: 'node-1', offsetMs: 600_000, forMs: 5_000 }, { atMs: 0, fault: 'clockJump', node: 'node-2', offsetMs: 600_000, forMs: 5_000 }],
    });
    expect(violation).toBeUndefined();
  });

  it('should not ask a set to make a pod whose claim was still that of the former one, for nobody looks again when that is gone', () => {
    const { violation, cluster } = runScenario({
      ...SET, kubernetes: '1.34', objects: [{ kind: 'StatefulSet', name: 'web', replicas: 2, pod: { version: 1 }, claims: true, whenScaled: 'Delete' }],
      workload: [{ waitMs: 10_000, do: 'scale', target: 'statefulset/web', replicas: 1 }, { waitMs: 109, do: 'scale', target: 'statefulset/web', replicas: 2 }],
    });
    expect(violation).toBeUndefined();
    expect(cluster.list('pods')).toHaveLength(1);
  });

  it('should not look at a dependent without end that is gone while a cache still shows it', () => {
    const { violation } = runScenario({
      seed: 3, kubernetes: '1.37', nodes: [{}, {}, {}], objects: [{ kind: 'Deployment', name: 'api', replicas: 4, pod: { version: 1 }, maxSurge: 1, maxUnavailable: 1 }],
      workload: [
        { waitMs: 9_078, do: 'setImage', target: 'deployment/api', version: 2 }, { waitMs: 3_317, do: 'setImage', target: 'deployment/api', version: 3 }, { waitMs: 1_013, do: 'setImage', target: 'deployment/api', version: 1 },
        { waitMs: 769, do: 'delete', target: 'deployment/api', cascade: 'foreground' },
      ],
      faults: [{ atMs: 10_571, fault: 'lag', process: 'controllers', resource: 'replicasets.apps', lagMs: 2_989, forMs: 4_997 }, { atMs: 13_412, fault: 'crash', process: 'controllers', forMs: 11 }],
      choices: { mode: 'random', seed: 491_497 },
    });
    expect(violation).toBeUndefined();
  });
});
