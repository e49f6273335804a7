// Nodes with what runs on them, and all of them in the order in which a cycle looks at them.
// Upstream: pkg/scheduler/framework/types.go (NodeInfo), backend/cache/{node_tree,snapshot}.go (1.37).
import type { Node, Pod } from '@kubesim/api';
import { combineAmounts, noAmounts, placeOf, podInfo, readAmounts, type Amounts } from './pod-info.ts';
import { wholeOf } from './quantity.ts';

/** A node with its pods and their sums. Immutable: another pod makes another NodeInfo. JSON. @public */
export interface NodeInfo {
  readonly name: string;
  readonly node: Node;
  /** In the order in which they came. */
  readonly pods: readonly Pod[];
  readonly requested: Amounts;
  readonly nonZeroMilliCpu: number;
  readonly nonZeroMemory: number;
  readonly affinityCount: number;
  readonly antiAffinityCount: number;
  readonly allocatable: Amounts;
  readonly allocatablePods: number;
}

const plus = (x: number, y: number): number => x + y;
const minus = (x: number, y: number): number => x - y;

/** A node with these pods. @public */
export function nodeInfo(node: Node, pods: readonly Pod[] = []): NodeInfo {
  const allocatable = node.status?.allocatable ?? {};
  let info: NodeInfo = {
    name: node.metadata?.name ?? '', node, pods: [], requested: noAmounts, nonZeroMilliCpu: 0, nonZeroMemory: 0, affinityCount: 0, antiAffinityCount: 0,
    allocatable: readAmounts(allocatable), allocatablePods: wholeOf(allocatable['pods'] ?? '0'),
  };
  for (const pod of pods) info = withPod(info, pod);
  return info;
}

/** The same with one more pod. @public */
export function withPod(info: NodeInfo, pod: Pod): NodeInfo {
  return changed(info, [...info.pods, pod], pod, plus);
}

/** The same without that pod (by namespace and name); the same object if it is not there. @public */
export function withoutPod(info: NodeInfo, pod: Pod): NodeInfo {
  const index = placeOf(info.pods, pod);
  if (index < 0) return info;
  return changed(info, [...info.pods.slice(0, index), ...info.pods.slice(index + 1)], info.pods[index] as Pod, minus);
}

/** The same with a later version of a pod, equal in all that counts; undefined if it is not there. @internal */
export function withLaterPod(info: NodeInfo, pod: Pod): NodeInfo | undefined {
  const index = placeOf(info.pods, pod);
  if (index < 0) return undefined;
  const pods = info.pods.slice();
  pods[index] = pod;
  return withPods(info, pods);
}

/** Field by field: the shape of all NodeInfos is one. */
function withPods({ name, node, requested, nonZeroMilliCpu, nonZeroMemory, affinityCount, antiAffinityCount, allocatable, allocatablePods }: NodeInfo, pods: readonly Pod[]): NodeInfo {
  return { name, node, pods, requested, nonZeroMilliCpu, nonZeroMemory, affinityCount, antiAffinityCount, allocatable, allocatablePods };
}

/** The same with another version of its node. @public */
export function withNode(info: NodeInfo, node: Node): NodeInfo {
  const allocatable = node.status?.allocatable ?? {};
  return { ...info, node, allocatable: readAmounts(allocatable), allocatablePods: wholeOf(allocatable['pods'] ?? '0') };
}

function changed(info: NodeInfo, pods: readonly Pod[], pod: Pod, combine: (x: number, y: number) => number): NodeInfo {
  const own = podInfo(pod);
  return {
    name: info.name, node: info.node, pods,
    requested: combineAmounts(info.requested, own.requests, combine),
    nonZeroMilliCpu: combine(info.nonZeroMilliCpu, own.nonZeroMilliCpu),
    nonZeroMemory: combine(info.nonZeroMemory, own.nonZeroMemory),
    affinityCount: combine(info.affinityCount, own.hasAffinity ? 1 : 0),
    antiAffinityCount: combine(info.antiAffinityCount, own.requiredAntiAffinity.length > 0 ? 1 : 0),
    allocatable: info.allocatable, allocatablePods: info.allocatablePods,
  };
}

/** Region and zone of a node as one word. @internal */
export function zoneOf(node: Node): string {
  const labels = node.metadata?.labels ?? {};
  const region = labels['topology.kubernetes.io/region'] ?? '';
  const zone = labels['topology.kubernetes.io/zone'] ?? '';
  return region === '' && zone === '' ? '' : `${region}:\0:${zone}`;
}

/** All nodes at one instant, in the order of the cycle. @public */
export interface NodeInfoSnapshot {
  readonly list: readonly NodeInfo[];
  get(name: string): NodeInfo | undefined;
  indexOf(name: string): number | undefined;
  /** Nodes that hold a pod with any pod (anti-)affinity. */
  withAffinity(): readonly NodeInfo[];
  /** Nodes that hold a pod with a required anti-affinity. */
  withAntiAffinity(): readonly NodeInfo[];
  /** By image name: the size the first added node reports, and on how many nodes it is. */
  images(): ReadonlyMap<string, { readonly size: number; readonly nodeCount: number }>;
  /** Places in `list` that have changed since the snapshot was made, in order: for what is counted by difference. */
  readonly changes: readonly number[];
  /** The same with this NodeInfo in place of the one of that name. */
  with(info: NodeInfo): NodeInfoSnapshot;
}

/** Zones take turns; within a zone nodes stand in the order in which they were added. @public */
export function interleaveZones(inOrderOfAddition: readonly NodeInfo[]): readonly NodeInfo[] {
  const zones = new Map<string, NodeInfo[]>();
  for (const info of inOrderOfAddition) {
    const zone = zoneOf(info.node);
    const nodes = zones.get(zone);
    if (nodes === undefined) zones.set(zone, [info]);
    else nodes.push(info);
  }
  const order: NodeInfo[] = [];
  for (let round = 0; order.length < inOrderOfAddition.length; round++) {
    for (const nodes of zones.values()) {
      const info = nodes[round];
      if (info !== undefined) order.push(info);
    }
  }
  return order;
}

/** A snapshot of nodes given in the order in which they were added. @public */
export function nodeInfoSnapshot(inOrderOfAddition: readonly NodeInfo[]): NodeInfoSnapshot {
  return new LiveSnapshot([...interleaveZones(inOrderOfAddition)], imagesOf(inOrderOfAddition));
}

/** @internal */
export function imagesOf(inOrderOfAddition: readonly NodeInfo[]): Map<string, { size: number; nodeCount: number }> {
  const images = new Map<string, { size: number; nodeCount: number }>();
  for (const { node } of inOrderOfAddition) {
    const onNode = new Set<string>();
    for (const image of node.status?.images ?? []) {
      for (const name of image.names ?? []) {
        if (onNode.has(name)) continue;
        onNode.add(name);
        const known = images.get(name);
        if (known === undefined) images.set(name, { size: image.sizeBytes ?? 0, nodeCount: 1 });
        else known.nodeCount++;
      }
    }
  }
  return images;
}

/** A snapshot that its owner may bring up to date in place between cycles. @internal */
export class LiveSnapshot implements NodeInfoSnapshot {
  readonly list: NodeInfo[];
  readonly changes: number[] = [];
  private readonly index: Map<string, number>;
  private readonly imageTable: ReadonlyMap<string, { size: number; nodeCount: number }>;
  private affinity: readonly NodeInfo[] | undefined;
  private antiAffinity: readonly NodeInfo[] | undefined;

  constructor(list: NodeInfo[], images: ReadonlyMap<string, { size: number; nodeCount: number }>, index?: Map<string, number>) {
    this.list = list;
    this.imageTable = images;
    this.index = index ?? new Map(list.map((info, position) => [info.name, position]));
  }

  get(name: string): NodeInfo | undefined {
    const position = this.index.get(name);
    return position === undefined ? undefined : this.list[position];
  }

  indexOf(name: string): number | undefined {
    return this.index.get(name);
  }

  withAffinity(): readonly NodeInfo[] {
    return this.affinity ??= this.list.filter((info) => info.affinityCount > 0);
  }

  withAntiAffinity(): readonly NodeInfo[] {
    return this.antiAffinity ??= this.list.filter((info) => info.antiAffinityCount > 0);
  }

  images(): ReadonlyMap<string, { readonly size: number; readonly nodeCount: number }> {
    return this.imageTable;
  }

  with(info: NodeInfo): NodeInfoSnapshot {
    const position = this.index.get(info.name);
    if (position === undefined) return this;
    const list = [...this.list];
    list[position] = info;
    return new LiveSnapshot(list, this.imageTable, this.index);
  }

  /** Puts a NodeInfo in the place of the one of that name. */
  replace(info: NodeInfo): void {
    const position = this.index.get(info.name);
    if (position === undefined) return;
    const before = this.list[position] as NodeInfo;
    if (before.affinityCount + info.affinityCount > 0) this.affinity = undefined;
    if (before.antiAffinityCount + info.antiAffinityCount > 0) this.antiAffinity = undefined;
    this.list[position] = info;
    this.changes.push(position);
  }
}
