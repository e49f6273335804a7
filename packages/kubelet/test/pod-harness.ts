// Drives one pod's worker by itself: wakes it when it wants to, hands it inputs at instants, and writes down what it says.
import type { Container, Pod, PodSpec, PodStatus } from '@kubesim/api';
import { formatTime } from '@kubesim/api';
import { newPodWorker, nextWake, resolveTiming, scriptedBehaviour, stepPod, type ContainerBehaviour, type KubeletTiming, type PodEnvironment, type PodInput, type PodWorkerState } from '@kubesim/kubelet';
import { anyBehaviour, defaultBehaviours } from '../src/container/images.ts';
import { behaviourOf } from '../src/runtime/behaviour.ts';
import type { FileTree } from '../src/runtime/file-tree.ts';

export interface PodRun {
  readonly statuses: readonly { readonly t: number; readonly status: PodStatus }[];
  readonly events: readonly { readonly t: number; readonly text: string }[];
  readonly removedAt: number | undefined;
  readonly state: PodWorkerState;
  readonly wakes: number;
}

export interface PodPlan {
  readonly containers?: readonly Partial<Container>[];
  readonly spec?: Partial<PodSpec>;
  readonly status?: PodStatus;
  readonly seconds: number;
  readonly at?: readonly { readonly t: number; readonly input: PodInput | 'delete'; readonly grace?: number }[];
  readonly timing?: Partial<KubeletTiming> | 'recorded';
  readonly missing?: readonly string[];
  readonly behaviours?: readonly ContainerBehaviour[];
  readonly volumes?: Record<string, FileTree>;
  readonly draw?: number;
}

export const sim = (...words: string[]): Partial<Container> => ({ image: 'img:1', command: ['sim', ...words] });

const START = Date.UTC(2026, 0, 1);

export function podOf(plan: Pick<PodPlan, 'containers' | 'spec' | 'status'>): Pod {
  return {
    apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p', namespace: 'n', uid: 'u-1', generation: 1 },
    spec: {
      terminationGracePeriodSeconds: 10, restartPolicy: 'Always', nodeName: 'node-1', ...plan.spec,
      containers: (plan.containers ?? [sim()]).map((each, index) => ({ name: 'cdef'[index] ?? 'x', ...each })),
    },
    status: plan.status ?? { phase: 'Pending', conditions: [{ type: 'PodScheduled', status: 'True' }] },
  } as Pod;
}

export function runPod(plan: PodPlan): PodRun {
  let now = START;
  let wakes = 0;
  let removedAt: number | undefined;
  const statuses: { t: number; status: PodStatus }[] = [];
  const events: { t: number; text: string }[] = [];
  const volumes: Record<string, FileTree> = { ...plan.volumes };
  const images = new Set<string>();
  let address = 1;
  let pullFreeAt = 0;
  let changed = false;
  const seconds = (): number => (now - START) / 1000;
  const env = (): PodEnvironment => ({
    now, stamp: formatTime, timing: plan.timing === 'recorded' ? resolveTiming('recorded') : resolveTiming({ syncStartMs: 10, sandboxMs: 5, startMs: 5, syncFrequencyMs: 10_000, ...plan.timing }),
    relistPhaseMs: 760, tickPhaseMs: 650, hostIP: '192.0.2.9', messages: '1.37', restartKeepsReadiness: true, diskError: undefined, unattached: () => [],
    behaviour: (image) => behaviourOf([...(plan.behaviours ?? []), scriptedBehaviour, ...defaultBehaviours], image, anyBehaviour),
    random: (_name, bound) => Math.floor((plan.draw ?? 0) * bound), exists: (resource, _namespace, name) => plan.missing?.includes(`${resource}/${name}`) !== true,
    hasImage: (image) => images.has(image),
    reservePull: (durationMs) => (pullFreeAt = Math.max(pullFreeAt, now) + durationMs),
    imagePulled: (image) => void images.add(image), allocateIP: () => `10.0.0.${++address}`,
    volume: (_pod, name) => volumes[name] ?? {}, writeVolume: (_pod, name, files) => void (volumes[name] = files),
    event: (type, reason, message) => void events.push({ t: seconds(), text: `${type} ${reason} ${message}` }),
    statusChanged: () => void (changed = true), remove: () => void (removedAt = seconds()),
  });
  let state = newPodWorker(podOf(plan), env());
  const step = (input: PodInput): void => {
    changed = false;
    state = stepPod(state, input, env());
    if (changed && state.status !== undefined && JSON.stringify(statuses.at(-1)?.status) !== JSON.stringify(state.status)) statuses.push({ t: seconds(), status: state.status });
  };
  const inputs = [...(plan.at ?? [])];
  const end = START + plan.seconds * 1000;
  for (;;) {
    const wakeAt = nextWake(state, env())?.at ?? Infinity;
    const first = inputs[0];
    const inputAt = first === undefined ? Infinity : START + first.t * 1000;
    const at = Math.min(wakeAt, inputAt);
    if (at > end) break;
    now = at;
    if (wakes++ > 5000) throw new Error('the worker spins');
    if (inputAt <= wakeAt && first !== undefined) {
      inputs.shift();
      const { input } = first;
      step(input !== 'delete' ? input : {
        kind: 'update', pod: { ...state.pod, metadata: { ...state.pod.metadata, generation: 2, deletionTimestamp: '2026-01-01T00:01:00Z', deletionGracePeriodSeconds: first.grace ?? 10 } } as Pod,
      });
    } else {
      step({ kind: 'wake' });
    }
  }
  now = end;
  return { statuses, events, removedAt, state, wakes };
}

/** A status in a few words. */
export function brief(status: PodStatus): string {
  const of = (each: { readonly state?: object; readonly name: string; readonly restartCount: number; readonly ready: boolean }): string => {
    const [kind = 'none', value] = Object.entries(each.state ?? {})[0] ?? [];
    const detail = kind === 'terminated' ? (value as { exitCode: number }).exitCode : kind === 'waiting' ? (value as { reason: string }).reason : '';
    return `${each.name}:${kind}${detail === '' ? '' : ` ${detail}`}#${each.restartCount}${each.ready ? '+' : ''}`;
  };
  const ready = status.conditions?.find((each) => each.type === 'Ready');
  return `${status.phase}${status.reason === undefined ? '' : `/${status.reason}`} ${[...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])].map(of).join(' ')} ready=${ready?.status}${ready?.reason === undefined ? '' : `/${ready.reason}`}`;
}
