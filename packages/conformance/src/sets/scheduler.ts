// The scheduler's recorded decisions: each case is one cycle of the scheduler over caches that stand still.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import type { KubeObject, Node, Pod } from '@kubesim/api';
import type { Lister, Profile } from '@kubesim/client';
import { defaultProfile, nodeInfo, nodeInfoSnapshot, schedulePod, type CycleResult } from '@kubesim/scheduler';
import { compareScheduling } from '../../vectors/compare.mjs';
import type { CaseResult, ConformOptions, ConformSet, SetReport } from '../conform-set.ts';

interface SchedulerCase {
  readonly id: string;
  readonly nodes: readonly KubeObject[];
  readonly pods: readonly KubeObject[];
  readonly volumes: readonly KubeObject[];
  readonly claims: readonly KubeObject[];
  readonly pod: KubeObject;
}

const PRIORITIES: Readonly<Record<string, { value: number; preemptionPolicy?: string }>> = {
  low: { value: -10 }, high: { value: 1000 }, never: { value: 1000, preemptionPolicy: 'Never' },
};
const TOLERATIONS = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable']
  .map((key) => ({ key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 }));

/** What defaults and admission make of a posted pod, as far as the scheduler reads it. */
function admitPod(posted: KubeObject, uid: string): Pod {
  const spec = posted['spec'];
  const priority = PRIORITIES[spec.priorityClassName ?? ''];
  return {
    ...posted,
    metadata: { ...posted.metadata, namespace: 'default', uid },
    spec: {
      ...spec, priority: priority?.value ?? 0, preemptionPolicy: priority?.preemptionPolicy ?? 'PreemptLowerPriority',
      tolerations: [...spec.tolerations ?? [], ...TOLERATIONS],
    },
  } as Pod;
}

function admitNode(posted: KubeObject): Node {
  const spec = posted['spec'] ?? {};
  const cordon = spec.unschedulable === true ? [{ key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' }] : [];
  return { ...posted, spec: { ...spec, taints: [...spec.taints ?? [], ...cordon] } } as Node;
}

function listerOf(objects: readonly KubeObject[]): Lister {
  const inNamespace = (namespace: string | undefined): readonly KubeObject[] =>
    namespace === undefined ? objects : objects.filter((object) => (object.metadata.namespace ?? '') === namespace);
  return {
    get: (namespace, name) => inNamespace(namespace).find((object) => object.metadata.name === name),
    list: inNamespace,
    byOwner: () => [], byOwnerUid: () => [], orphans: inNamespace,
  };
}

function schedule(vector: SchedulerCase, release: Profile['kubernetes']): CycleResult | undefined {
  const pod = admitPod(vector.pod, 'new');
  if (defaultProfile.plugins.some((plugin) => plugin.preEnqueue?.(pod) !== undefined)) return undefined;
  const claims = vector.claims.map((claim) => {
    const isBound = (claim['spec'].volumeName ?? '') !== '';
    const annotations = isBound ? { 'pv.kubernetes.io/bind-completed': 'yes' } : undefined;
    return { ...claim, metadata: { ...claim.metadata, namespace: 'default', annotations }, status: { phase: isBound ? 'Bound' : 'Pending' } };
  });
  const volumes = vector.volumes.map((volume) => ({ ...volume, status: { phase: volume['spec'].claimRef === undefined ? 'Available' : 'Bound' } }));
  const manual = { metadata: { name: 'manual' }, provisioner: 'kubernetes.io/no-provisioner', volumeBindingMode: 'WaitForFirstConsumer' };
  const objects: Readonly<Record<string, readonly KubeObject[]>> = {
    persistentvolumeclaims: claims as readonly KubeObject[], persistentvolumes: volumes, 'storageclasses.storage.k8s.io': [manual],
  };
  const there = vector.pods.map((posted, index) => admitPod(posted, `old-${index}`));
  const infos = vector.nodes.map((posted) => nodeInfo(admitNode(posted), there.filter((other) => other.spec?.nodeName === posted.metadata.name)));
  return schedulePod({
    profile: defaultProfile, snapshot: nodeInfoSnapshot(infos), pod, random: () => ({ below: () => 0 }),
    listers: {
      profile: { kubernetes: release, featureGates: {} },
      lister: <T>(resource: string) => listerOf(objects[resource] ?? []) as unknown as Lister<T>,
    },
  });
}

function recordedForm(result: CycleResult | undefined): object {
  if (result === undefined) {
    const message = 'Scheduling is blocked due to non-empty scheduling gates';
    return { node: null, nominated: null, conditions: [{ type: 'PodScheduled', status: 'False', reason: 'SchedulingGated', message }], victims: [] };
  }
  if (result.kind === 'placed') {
    const { total, byPlugin } = result.scores();
    return { node: result.nodeName, nominated: null, conditions: [], scores: total, pluginScores: byPlugin, victims: [] };
  }
  const { message } = result;
  const conditions = [{ type: 'PodScheduled', status: 'False', reason: result.kind === 'error' ? 'SchedulerError' : 'Unschedulable', message }];
  const preemption = result.kind === 'unschedulable' ? result.preemption : undefined;
  return {
    node: null, nominated: preemption?.nodeName ?? null, conditions,
    victims: (preemption?.victims ?? []).map((victim) => victim.metadata?.name),
  };
}

function run(options: ConformOptions): SetReport {
  const release = (options.release ?? '1.37') as Profile['kubernetes'];
  const root = options.folder ?? fileURLToPath(new URL('../../vectors/scheduler', import.meta.url));
  const name = `${release}.jsonl.gz`;
  const path = existsSync(join(root, name)) ? join(root, name) : join(root, 'scheduler', name);
  const cases: CaseResult[] = [];
  for (const line of gunzipSync(readFileSync(path)).toString('utf8').split('\n')) {
    if (line === '') continue;
    const vector = JSON.parse(line) as SchedulerCase;
    if (options.only !== undefined && vector.id !== options.only) continue;
    const differences = compareScheduling(vector, recordedForm(schedule(vector, release))) as readonly string[];
    cases.push({ id: vector.id, agrees: differences.length === 0, differences });
  }
  return { cases };
}

/** The set `scheduler`. */
export const schedulerSet: ConformSet = { name: 'scheduler', run };
