// Rules of a pod's life, through the pure worker.
import { describe, expect, it } from 'vitest';
import type { Pod } from '@kubesim/api';
import { DEFAULT_TIMING, liveProcesses, nextWake } from '@kubesim/kubelet';
import { imageNameProblem } from '../src/container/image-reference.ts';
import { initialKubeletState } from '../src/kubelet-state.ts';
import { brief, podOf, runPod, sim, type PodPlan, type PodRun } from './pod-harness.ts';

const probe = (word: string, more: object = {}): object => ({ exec: { command: [word] }, periodSeconds: 2, failureThreshold: 2, ...more });
const init = (name: string, words: string[], more: object = {}): never => ({ name, ...sim(...words), ...more }) as never;

/** The states in words, each with its second. */
const told = (run: PodRun): string[] => run.statuses.map(({ t, status }) => `${t} ${brief(status)}`);

interface Rule {
  readonly title: string;
  readonly plan: PodPlan;
  readonly states: readonly string[];
  readonly removedAt?: number;
}

const WAITING = 'Pending c:waiting ContainerCreating#0 ready=False/ContainersNotReady';
const RUNNING = '0.021 Running c:running#0+ ready=True';
const start = [`0.01 ${WAITING}`, `0.015 ${WAITING}`];

const rules: readonly Rule[] = [
  { title: '[KL1] should go from waiting to ready in three writes', plan: { seconds: 20 }, states: [...start, RUNNING] },
  {
    title: '[KL2] should restart at once, then after a back-off from the end', plan: { containers: [sim('exit=1', 'after=1')], seconds: 16 },
    states: [
      ...start, RUNNING, '1.76 Running c:terminated 1#0 ready=False/ContainersNotReady', '1.766 Running c:running#1+ ready=True',
      '3.76 Running c:terminated 1#1 ready=False/ContainersNotReady', '13.65 Running c:waiting CrashLoopBackOff#1 ready=False/ContainersNotReady',
      '13.656 Running c:running#2+ ready=True', '14.76 Running c:terminated 1#2 ready=False/ContainersNotReady',
    ],
  },
  {
    title: '[KL3] should show a missing config map with the sync after the one that failed', plan: {
      containers: [{ ...sim(), env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'nope', key: 'k' } } }] }], missing: ['configmaps/nope'], seconds: 5,
    },
    states: [...start, '0.76 Pending c:waiting CreateContainerConfigError#0 ready=False/ContainersNotReady'],
  },
  {
    title: '[KL5] should alternate the reasons of a pull that fails', plan: { containers: [{ image: 'missing/x' }], seconds: 40 },
    states: [
      ...start, '0.76 Pending c:waiting ErrImagePull#0 ready=False/ContainersNotReady', '11.65 Pending c:waiting ImagePullBackOff#0 ready=False/ContainersNotReady',
      '22.65 Pending c:waiting ErrImagePull#0 ready=False/ContainersNotReady', '32.65 Pending c:waiting ImagePullBackOff#0 ready=False/ContainersNotReady',
    ],
  },
  {
    title: '[KL6] should run init containers one by one', plan: { spec: { initContainers: [init('i', ['exit=0', 'after=1'])] }, seconds: 5 },
    states: [
      '0.01 Pending i:waiting PodInitializing#0 c:waiting PodInitializing#0 ready=False/ContainersNotReady',
      '0.015 Pending i:waiting PodInitializing#0 c:waiting PodInitializing#0 ready=False/ContainersNotReady',
      '0.021 Pending i:running#0 c:waiting PodInitializing#0 ready=False/ContainersNotReady',
      '1.76 Pending i:terminated 0#0+ c:waiting PodInitializing#0 ready=False/ContainersNotReady', '1.766 Running i:terminated 0#0+ c:running#0+ ready=True',
    ],
  },
  {
    title: '[KL7] should write the conditions of a natural end before its phase', plan: { containers: [sim('exit=0', 'after=2')], spec: { restartPolicy: 'Never' }, seconds: 9 },
    states: [...start, RUNNING, '2.76 Running c:terminated 0#0 ready=False/PodCompleted', '3.76 Succeeded c:terminated 0#0 ready=False/PodCompleted'],
  },
  {
    title: '[KL8] should kill after the grace and remove at the next relist', plan: { containers: [sim('stop=60')], seconds: 30, at: [{ t: 4, input: 'delete', grace: 3 }] },
    states: [...start, RUNNING, '4 Running c:running#0+ ready=True', '7 Failed c:terminated 137#0 ready=False/PodFailed'], removedAt: 7.76,
  },
  {
    title: '[KL8] should count preStop within the grace', plan: {
      containers: [{ ...sim('stop=2'), lifecycle: { preStop: { exec: { command: ['sleep', '4'] } } } }], seconds: 30, at: [{ t: 4, input: 'delete' }],
    },
    states: [...start, RUNNING, '4 Running c:running#0+ ready=True', '10 Succeeded c:terminated 0#0 ready=False/PodCompleted'], removedAt: 10.76,
  },
  {
    title: '[KL8] should shorten the grace when a second delete asks for less', plan: { containers: [sim('stop=60')], seconds: 30, at: [{ t: 4, input: 'delete' }, { t: 5, input: 'delete', grace: 3 }] },
    states: [...start, RUNNING, '4 Running c:running#0+ ready=True', '8 Failed c:terminated 137#0 ready=False/PodFailed'], removedAt: 8.76,
  },
  {
    title: '[KL8] should stop sidecars after the main containers', plan: {
      spec: { initContainers: [init('s', ['stop=1'], { restartPolicy: 'Always' })] }, containers: [sim('stop=2')], seconds: 30, at: [{ t: 8, input: 'delete' }],
    },
    states: [
      '0.01 Pending s:waiting PodInitializing#0 c:waiting PodInitializing#0 ready=False/ContainersNotReady',
      '0.015 Pending s:waiting PodInitializing#0 c:waiting PodInitializing#0 ready=False/ContainersNotReady',
      '0.021 Pending s:running#0+ c:waiting PodInitializing#0 ready=False/ContainersNotReady', '0.027 Running s:running#0+ c:running#0+ ready=True',
      '8 Running s:running#0+ c:running#0+ ready=True', '11 Succeeded s:terminated 0#0 c:terminated 0#0 ready=False/PodCompleted',
    ],
    removedAt: 11.76,
  },
  {
    title: '[KL9] should force a pending pod to Failed a relist after its deletion', plan: { containers: [{ image: 'missing/y' }], seconds: 20, at: [{ t: 6, input: 'delete' }] },
    states: [
      ...start, '0.76 Pending c:waiting ErrImagePull#0 ready=False/ContainersNotReady', `6 ${WAITING}`, '6.76 Failed c:terminated 137#0 ready=False/ContainersNotReady',
    ],
    removedAt: 6.77,
  },
  {
    title: '[KL10] should restart a container whose liveness probe fails, in the same sync', plan: { containers: [{ ...sim('live=0-9', 'stop=1'), livenessProbe: probe('live') }], seconds: 20 },
    states: [...start, RUNNING, '13.016 Running c:running#1+ ready=True'],
  },
  {
    title: '[KL10] should hold readiness back until startup has succeeded', plan: {
      containers: [{ ...sim('up=5-'), startupProbe: probe('up', { failureThreshold: 10 }), readinessProbe: probe('ready') }], seconds: 10,
    },
    states: [...start, '0.021 Running c:running#0 ready=False/ContainersNotReady', '6.01 Running c:running#0+ ready=True'],
  },
  {
    title: '[KL11] should count outcomes in a row', plan: { containers: [{ ...sim('ready=3-12,20-'), readinessProbe: probe('ready') }], seconds: 30 },
    states: [
      ...start, '0.021 Running c:running#0 ready=False/ContainersNotReady', '4.021 Running c:running#0+ ready=True',
      '14.021 Running c:running#0 ready=False/ContainersNotReady', '20.021 Running c:running#0+ ready=True',
    ],
  },
  {
    title: '[KL13] should wait for a readiness gate', plan: { spec: { readinessGates: [{ conditionType: 'a/b' }] }, seconds: 9 },
    states: [...start, '0.021 Running c:running#0+ ready=False/ReadinessGatesNotReady'],
  },
  {
    title: '[KL14] should end a pod at its deadline, conditions first', plan: { containers: [sim('stop=1')], spec: { activeDeadlineSeconds: 6 }, seconds: 20 },
    states: [...start, RUNNING, '6.65 Running c:running#0+ ready=False/PodFailed', '7.76 Failed/DeadlineExceeded c:terminated 0#0 ready=False/PodFailed'],
  },
  {
    title: '[KL15] should count a container as running once postStart is over', plan: { containers: [{ ...sim(), lifecycle: { postStart: { exec: { command: ['sleep', '4'] } } } }], seconds: 9 },
    states: [...start, '4.021 Running c:running#0+ ready=True'],
  },
];

describe('pod worker', () => {
  for (const { title, plan, states, removedAt } of rules) {
    it(title, () => {
      const run = runPod(plan);
      expect(told(run).filter((state, index, all) => state.replace(/^\S+/, '') !== all[index - 1]?.replace(/^\S+/, '') || index < 2 || state.startsWith('4 ') || state.startsWith('8 '))).toEqual(states);
      expect(run.removedAt).toBe(removedAt);
    });
  }

  it('[KL2] should double the back-off up to five minutes', () => {
    const starts = runPod({ containers: [sim('exit=1', 'after=1')], seconds: 2000 }).events.filter(({ text }) => text.includes('Started')).map(({ t }) => t);
    const gaps = starts.slice(1).map((t, index) => Math.round((t - (starts[index] as number)) / 10) * 10);
    expect(gaps.slice(0, 7)).toEqual([0, 10, 20, 40, 80, 160, 300]);
    expect(gaps.at(-1)).toBe(300);
  });

  it('[KL2] should start from the first back-off after ten minutes without failure', () => {
    const { events } = runPod({ containers: [sim('exit=1', 'after=700')], seconds: 4000 });
    expect(events.filter(({ text }) => text.includes('BackOff')).length).toBe(0);
  });

  it('[KL4] should draw the retry between once and one and a half times', () => {
    const at = (draw: number): number => runPod({ containers: [{ image: 'missing/x' }], seconds: 40, draw }).statuses[3]?.t ?? 0;
    expect(at(0)).toBe(11.65);
    expect(at(0.98)).toBe(16.65);
  });

  it('[KL12] should arm no timer while the probes of a healthy pod answer the same', () => {
    const run = runPod({ containers: [{ image: 'nginx:1.25', readinessProbe: { httpGet: { path: '/', port: 80 } }, livenessProbe: { httpGet: { path: '/', port: 80 } } }], seconds: 86_400 });
    expect(brief(run.statuses.at(-1)?.status ?? {})).toBe('Running c:running#0+ ready=True');
    expect(run.wakes).toBeLessThan(12);
  });

  it('[KL12] should be quiet while a probe can only go on failing', () => {
    const { state } = runPod({ containers: [{ ...sim('ready=500-'), readinessProbe: probe('ready') }], seconds: 30 });
    const wake = nextWake(state, { now: Date.UTC(2026, 0, 1) + 30_000, timing: DEFAULT_TIMING, relistPhaseMs: 760, tickPhaseMs: 650 });
    expect(wake?.at).toBeLessThan(Date.UTC(2026, 0, 1) + 33_000);
    expect(wake?.quietUntil).toBe(Date.UTC(2026, 0, 1) + 500_020);
  });

  it('[KL16] should do nothing more for a pod that has ended', () => {
    const run = runPod({ containers: [sim('exit=1', 'after=1')], spec: { restartPolicy: 'Never' }, seconds: 3600 });
    expect(brief(run.statuses.at(-1)?.status ?? {})).toBe('Failed c:terminated 1#0 ready=False/PodFailed');
    expect(run.wakes).toBeLessThan(12);
  });

  it('[KL17] should report lost containers and start them again', () => {
    const status = {
      phase: 'Running', startTime: '2026-01-01T00:00:00Z', conditions: [{ type: 'Initialized', status: 'True' }, { type: 'PodScheduled', status: 'True' }],
      containerStatuses: [{ name: 'c', image: 'img:1', imageID: '', ready: true, restartCount: 0, containerID: 'x', state: { running: { startedAt: '2026-01-01T00:00:00Z' } } }],
    } as Pod['status'];
    const again = runPod({ status, seconds: 9 });
    expect(again.statuses[0]?.status.containerStatuses?.[0]?.lastState?.terminated?.reason).toBe('ContainerStatusUnknown');
    expect(brief(again.statuses.at(-1)?.status ?? {})).toBe('Running c:running#1+ ready=True');
    const deleted = runPod({ status, seconds: 9, at: [{ t: 0, input: 'delete' }] });
    expect(deleted.statuses.map(({ status: each }) => brief(each))).toContain('Failed c:terminated 137#0 ready=False/PodFailed');
    expect(deleted.removedAt).toBe(0.77);
  });

  it('[KL18] [KN6] should keep the containers of a vanished pod running for their grace, and name them', () => {
    const plan = { containers: [sim('stop=4')] };
    const pod = podOf(plan);
    const run = runPod({ ...plan, seconds: 5, at: [{ t: 4, input: { kind: 'update', pod, isGone: true } }] });
    const state = initialKubeletState();
    state.workers = state.workers.set({ kind: 'epoch' }, 'u-1', run.state);
    const names = (now: number): string[] => liveProcesses(state, now).map((each) => `${each.namespace}/${each.name}/${each.container}`);
    expect(names(Date.UTC(2026, 0, 1) + 5000)).toEqual(['n/p/c']);
    expect(names(Date.UTC(2026, 0, 1) + 8000)).toEqual([]);
    expect(run.statuses.at(-1)?.t).toBeLessThan(4);
  });

  it('should not sync a pod anew whose object comes as another copy, its keys in another order', () => {
    const pod = podOf({ containers: [sim()] });
    const told = (metadata: object): boolean => {
      const first = { ...pod, metadata: { ...pod.metadata, resourceVersion: '1', labels: { app: 'web', tier: 'db' }, annotations: { a: '1', b: '2' } } } as Pod;
      const copy = { ...first, metadata: { ...first.metadata, resourceVersion: '2', ...metadata } } as Pod;
      return runPod({ containers: [sim()], seconds: 5.9, at: [{ t: 0, input: { kind: 'update', pod: first } }, { t: 5, input: { kind: 'update', pod: copy } }] }).state.lastSyncAt >= Date.UTC(2026, 0, 1) + 5_000;
    };
    expect(told({ labels: { tier: 'db', app: 'web' }, annotations: { b: '2', a: '1' } })).toBe(false);
    expect(told({ labels: { tier: 'db', app: 'shop' } })).toBe(true);
    expect(told({ annotations: { a: '1' } })).toBe(true);
  });

  it('[KL20] should let a pull come to its end before it ends a pod that was deleted meanwhile', () => {
    const run = runPod({ containers: [{ ...sim(), image: 'slow/8/x' }], seconds: 12, at: [{ t: 4, input: 'delete' }] });
    expect(told(run).slice(-2)).toEqual(['8.021 Running c:running#0+ ready=True', '8.221 Succeeded c:terminated 0#0 ready=False/PodCompleted']);
    expect(run.events.map(({ text }) => text).slice(-3)).toEqual(['Normal Created Container created', 'Normal Started Container started', 'Normal Killing Stopping container c']);
    expect(run.removedAt).toBe(8.76);
  });

  it('[KL20] should let a postStart hook come to its end before it ends a pod that was deleted meanwhile', () => {
    const containers = [{ ...sim(), lifecycle: { postStart: { exec: { command: ['sleep', '4'] } } } }];
    expect(told(runPod({ containers, seconds: 9, at: [{ t: 2, input: 'delete' }] })).at(-1)).toBe('4.221 Succeeded c:terminated 0#0 ready=False/PodCompleted');
  });

  it('[KL21] should run the preStop hook of a sidecar while the main container stops', () => {
    const hook = { lifecycle: { preStop: { exec: { command: ['sleep', '3'] } } } };
    const run = runPod({
      containers: [sim('stop=2')], spec: { initContainers: [init('s', ['stop=1'], { restartPolicy: 'Always', ...hook }), init('t', ['stop=1'], { restartPolicy: 'Always' })] },
      seconds: 20, at: [{ t: 8, input: 'delete' }],
    });
    expect(run.events.filter(({ text }) => text.includes('Killing')).map(({ t, text }) => `${t} ${text}`))
      .toEqual(['8 Normal Killing Stopping container c', '8 Normal Killing Stopping container t', '8 Normal Killing Stopping container s']);
    // c ends at 10, t at 11 after it; the hook of s has run by then, so that it ends at 12.
    expect(run.statuses.at(-1)?.t).toBe(12);
  });

  it('[KL14] should keep the waiting reason of a pod whose deadline passes, and end it a relist later', () => {
    const run = runPod({ containers: [{ ...sim(), image: 'missing/x' }], spec: { activeDeadlineSeconds: 6 }, seconds: 12 });
    expect(told(run).slice(-2)).toEqual([
      '6.76 Failed/DeadlineExceeded c:waiting ImagePullBackOff#0 ready=False/PodFailed', '7.76 Failed/DeadlineExceeded c:terminated 137#0 ready=False/PodFailed',
    ]);
    expect(run.removedAt).toBeUndefined();
  });

  it('[KL8] should end the first init container of a deleted pod that never started any', () => {
    const run = runPod({ spec: { initContainers: [init('i', [], { image: 'missing/x' }), init('j', [])] }, seconds: 12, at: [{ t: 6, input: 'delete' }] });
    expect(told(run).at(-1)).toBe('6.76 Failed i:terminated 137#0 j:waiting PodInitializing#0 c:waiting PodInitializing#0 ready=False/ContainersNotReady');
  });

  it('[KL15] should show the end and not the failed hook of a container that never restarts', () => {
    const containers = [{ ...sim(), lifecycle: { postStart: { exec: { command: ['fail'] } } } }];
    expect(told(runPod({ containers, spec: { restartPolicy: 'Never' }, seconds: 5 })).at(-1)).toBe('1.76 Succeeded c:terminated 0#0 ready=False/PodCompleted');
    const waiting = runPod({ containers, seconds: 5 }).statuses.map(({ status }) => status.containerStatuses?.[0]?.state?.waiting).find((each) => each?.reason === 'PostStartHookError');
    expect(waiting?.message).toBe('Exec lifecycle hook ([fail]) for Container "c" in Pod "p_n(u-1)" failed - error: command \'fail\' exited with 1: , message: "PostStartHook failed"');
  });

  it('[KL15] should keep the output of a failed preStop hook out of its event', () => {
    const containers = [{ ...sim(), lifecycle: { preStop: { exec: { command: ['fail'] } } } }];
    expect(runPod({ containers, seconds: 8, at: [{ t: 4, input: 'delete' }] }).events.map(({ text }) => text)).toContain('Warning FailedPreStopHook PreStopHook failed');
  });

  it('[KL10] should kill a container whose liveness fails beside one that goes on, also where nothing restarts', () => {
    const run = runPod({ containers: [{ ...sim('live=0-5'), livenessProbe: probe('live') }, sim()], spec: { restartPolicy: 'Never' }, seconds: 16 });
    expect(run.events.map(({ text }) => text)).toContain('Normal Killing Container c failed liveness probe');
    expect(told(run).at(-1)).toBe('8.211 Running c:terminated 0#0 d:running#0+ ready=False/ContainersNotReady');
  });

  it('[KL10] should say of a sidecar that its init container failed the probe', () => {
    const run = runPod({ spec: { initContainers: [init('s', ['up=99-'], { restartPolicy: 'Always', startupProbe: probe('up') })] }, seconds: 7 });
    expect(run.events.map(({ text }) => text)).toContain('Normal Killing Init container s failed startup probe');
  });

  it('[KL10] should count the initial delay from the second in which the container started', () => {
    const run = runPod({ containers: [{ ...sim('live=99-'), livenessProbe: probe('live', { initialDelaySeconds: 6 }) }], seconds: 9 });
    expect(run.events.filter(({ text }) => text.includes('Unhealthy')).map(({ t }) => t)).toEqual([6.01, 8.01]);
  });

  it('[KL11] should go on counting outcomes across a restart', () => {
    const run = runPod({ containers: [{ ...sim('exit=1', 'after=9'), readinessProbe: probe('ready', { successThreshold: 3 }) }], seconds: 15 });
    const ready = run.statuses.filter(({ status }) => status.containerStatuses?.[0]?.ready === true).map(({ t }) => t);
    expect(ready).toEqual([4.021, 9.766]);
  });

  it('[KL18] should give the containers of a pod that was deleted with grace 0 the grace of its spec', () => {
    const run = runPod({ containers: [sim('stop=60')], seconds: 20, at: [{ t: 4, input: 'delete', grace: 0 }] });
    expect(run.statuses.at(-1)?.t).toBe(14);
  });

  it('[KL5] should not take an image name that cannot be read', () => {
    const run = runPod({ containers: [{ image: 'Nginx:1.25' }], seconds: 5 });
    expect(told(run).at(-1)).toBe('0.76 Pending c:waiting InvalidImageName#0 ready=False/ContainersNotReady');
    expect(run.events.map(({ text }) => text).slice(0, 2)).toEqual([
      'Warning InspectFailed Failed to apply default image tag "Nginx:1.25": couldn\'t parse image name "Nginx:1.25": invalid reference format: repository name (library/Nginx) must be lowercase',
      'Warning Failed Error: InvalidImageName',
    ]);
    const readable = ['nginx', 'nginx:1.25-alpine', 'localhost/a', 'registry.k8s.io/a/b:v1', 'host:5000/a__b/c-d', `a@sha256:${'0'.repeat(64)}`, 'missing/x', 'Host/x'];
    expect(readable.map(imageNameProblem)).toEqual(readable.map(() => undefined));
    expect(['a b', 'a:', 'a//b', '', '-a', 'a@sha256:12'].map(imageNameProblem)).toEqual(Array<string>(6).fill('invalid reference format'));
  });

  it('[KL16] should give equal outcomes for equal inputs', () => {
    const plan: PodPlan = { containers: [sim('exit=1', 'after=3'), { ...sim('ready=3-'), readinessProbe: probe('ready') }], seconds: 300, draw: 0.4 };
    expect(JSON.stringify(runPod(plan))).toBe(JSON.stringify(runPod(plan)));
  });
});
