// One step of a DaemonSet's rolling update: which old pods go, and which nodes get a new pod beside the old one.
// Upstream: rollingUpdate in pkg/controller/daemon/update.go (1.37). It writes nothing.
import type { DaemonSet, Node, Pod } from '@kubesim/api';
import { isPodAvailable } from '@kubesim/client';
import { isPodUpdated } from './daemon-pod.ts';
import type { PodsByNode } from './manage.ts';
import { nodeFitness } from './node-fitness.ts';
import { maxSurge, maxUnavailable } from './update-bounds.ts';

/** What a step does. */
export interface UpdateStep {
  readonly podsToDelete: readonly string[];
  readonly nodesNeedingPods: readonly string[];
}

/** Plans a step. */
export function planRollingUpdate(set: DaemonSet, nodes: readonly Node[], byNode: PodsByNode, hash: string, now: number): UpdateStep {
  const wanted = nodes.filter((node) => nodeFitness(set, node).shouldRun);
  // Nodes that should have a pod and have none count as unavailable.
  const all = new Map(byNode);
  for (const node of wanted) if (!all.has(node.metadata.name)) all.set(node.metadata.name, []);
  const ordered = [...all].sort(([one], [other]) => (one < other ? -1 : 1));
  const surge = maxSurge(set, wanted.length);
  const unavailable = maxUnavailable(set, wanted.length);
  if (surge > 0) return surgeStep(set, nodes, ordered, { hash, now, surge, desired: wanted.length });
  return replaceStep(set, ordered, hash, now, unavailable === 0 ? 1 : unavailable);
}

type OnNodes = readonly (readonly [string, readonly Pod[]])[];

/** Deletes old pods as far as nodes may be without one; old pods that are not available cost nothing. */
function replaceStep(set: DaemonSet, onNodes: OnNodes, hash: string, now: number, unavailableMax: number): UpdateStep {
  let unavailable = 0;
  const replacements: string[] = [];
  const candidates: string[] = [];
  for (const [, pods] of onNodes) {
    const found = updatedPods(set, pods, hash);
    if (found === undefined || (found.newPod === undefined) === (found.oldPod === undefined)) unavailable++;
    else if (found.newPod !== undefined) unavailable += isAvailable(set, found.newPod, now) ? 0 : 1;
    else if (found.oldPod !== undefined && !isAvailable(set, found.oldPod, now)) replacements.push(found.oldPod.metadata.name);
    else if (found.oldPod !== undefined && unavailable < unavailableMax) candidates.push(found.oldPod.metadata.name);
  }
  return { podsToDelete: [...replacements, ...candidates.slice(0, Math.max(0, unavailableMax - unavailable))], nodesNeedingPods: [] };
}

/** Adds new pods beside old ones, and deletes an old one when its new one is available. */
function surgeStep(
  set: DaemonSet, nodes: readonly Node[], onNodes: OnNodes,
  { hash, now, surge, desired }: { readonly hash: string; readonly now: number; readonly surge: number; readonly desired: number },
): UpdateStep {
  const byName = new Map(nodes.map((node) => [node.metadata.name, node]));
  let surging = 0;
  let available = 0;
  const outdated: string[] = [];
  const misplaced: string[] = [];
  const allowed: string[] = [];
  const candidates: string[] = [];
  for (const [name, pods] of onNodes) {
    const found = updatedPods(set, pods, hash);
    if (found === undefined) {
      surging++;
      continue;
    }
    const { newPod, oldPod } = found;
    const counted = oldPod ?? newPod;
    if (counted !== undefined && isAvailable(set, counted, now)) available++;
    if (oldPod === undefined) continue;
    if (newPod === undefined) {
      const node = byName.get(name);
      if (node === undefined || !nodeFitness(set, node).shouldRun) misplaced.push(oldPod.metadata.name);
      else if (!isAvailable(set, oldPod, now)) allowed.push(name);
      else candidates.push(name);
    } else if (isAvailable(set, newPod, now)) outdated.push(oldPod.metadata.name);
    else surging++;
  }
  // A pod where none should be goes only once enough others are available elsewhere.
  const deletable = misplaced.slice(0, Math.max(0, available - desired));
  return { podsToDelete: [...outdated, ...deletable], nodesNeedingPods: [...allowed, ...candidates.slice(0, Math.max(0, surge - surging))] };
}

/** The new and the old pod of a node, undefined if there are two of a kind: the next manage step cleans up. */
function updatedPods(set: DaemonSet, pods: readonly Pod[], hash: string): { readonly newPod?: Pod; readonly oldPod?: Pod } | undefined {
  let newPod: Pod | undefined;
  let oldPod: Pod | undefined;
  for (const pod of pods) {
    if (pod.metadata.deletionTimestamp !== undefined) continue;
    const isNew = isPodUpdated(set, pod, hash);
    if ((isNew ? newPod : oldPod) !== undefined) return undefined;
    if (isNew) newPod = pod;
    else oldPod = pod;
  }
  return { newPod, oldPod };
}

function isAvailable(set: DaemonSet, pod: Pod, now: number): boolean {
  return isPodAvailable(pod, set.spec.minReadySeconds ?? 0, now);
}
