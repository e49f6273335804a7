// The scheduler's picture of the nodes, kept in its state change by change, and the snapshot worked out from it.
// Upstream: pkg/scheduler/backend/cache/cache.go (1.37).
import type { Node, Pod } from '@kubesim/api';
import { OrderedMap, type Epoch } from '@kubesim/kernel';
import { imagesOf, interleaveZones, LiveSnapshot, nodeInfo, withLaterPod, withNode, withoutPod, withPod, zoneOf, type NodeInfo, type NodeInfoSnapshot } from './node-info.ts';
import { placeOf } from './pod-info.ts';

/** Nodes and the pods on them. @public */
export interface NodeCacheState {
  readonly nodes: OrderedMap<NodeInfo>;
  /** Names of nodes by order of addition. */
  readonly order: OrderedMap<string>;
  /** The place of each node in `order`. */
  readonly places: OrderedMap<string>;
  /** Pods of nodes that are not there, by name of the node. */
  readonly strays: OrderedMap<readonly Pod[]>;
  readonly nextPlace: number;
  /** Another object after each change: what was worked out from the cache is remembered under it. */
  readonly version: object;
}

/** @internal */
export function emptyNodeCache(): NodeCacheState {
  return { nodes: OrderedMap.empty(), order: OrderedMap.empty(), places: OrderedMap.empty(), strays: OrderedMap.empty(), nextPlace: 0, version: {} };
}

/** A snapshot whose list of changes is this long is made anew. */
const CHANGES_MAX = 65_536;

/**
 * Snapshots by version of the cache. One is carried along from version to version, edited in place; whoever comes from an
 * older version, as a fork does, has it worked out anew. So this never decides anything.
 */
const snapshots = new WeakMap<object, LiveSnapshot>();

/** All nodes in the order of the cycle. @internal */
export function snapshotOf(cache: NodeCacheState): NodeInfoSnapshot {
  let snapshot = snapshots.get(cache.version);
  if (snapshot === undefined) {
    const inOrder: NodeInfo[] = [];
    for (const [, name] of cache.order) inOrder.push(cache.nodes.get(name) as NodeInfo);
    snapshots.set(cache.version, snapshot = new LiveSnapshot([...interleaveZones(inOrder)], imagesOf(inOrder)));
  }
  return snapshot;
}

function withInfo(cache: NodeCacheState, epoch: Epoch, info: NodeInfo): NodeCacheState {
  const version = {};
  const snapshot = snapshots.get(cache.version);
  if (snapshot !== undefined && snapshot.changes.length < CHANGES_MAX) {
    snapshots.delete(cache.version);
    snapshot.replace(info);
    snapshots.set(version, snapshot);
  }
  return { nodes: cache.nodes.set(epoch, info.name, info), order: cache.order, places: cache.places, strays: cache.strays, nextPlace: cache.nextPlace, version };
}

/** @internal */
export function putNode(cache: NodeCacheState, epoch: Epoch, node: Node): NodeCacheState {
  const name = node.metadata?.name ?? '';
  const known = cache.nodes.get(name);
  if (known !== undefined) {
    const isInPlace = zoneOf(known.node) === zoneOf(node) && JSON.stringify(known.node.status?.images) === JSON.stringify(node.status?.images);
    const info = withNode(known, node);
    return isInPlace ? withInfo(cache, epoch, info) : { ...cache, nodes: cache.nodes.set(epoch, name, info), version: {} };
  }
  const place = String(cache.nextPlace).padStart(12, '0');
  return {
    nodes: cache.nodes.set(epoch, name, nodeInfo(node, cache.strays.get(name))), order: cache.order.set(epoch, place, name), places: cache.places.set(epoch, name, place),
    strays: cache.strays.delete(epoch, name), nextPlace: cache.nextPlace + 1, version: {},
  };
}

/** @internal */
export function removeNode(cache: NodeCacheState, epoch: Epoch, name: string): NodeCacheState {
  const info = cache.nodes.get(name);
  if (info === undefined) return cache;
  const place = cache.places.get(name) as string;
  const strays = info.pods.length > 0 ? cache.strays.set(epoch, name, info.pods) : cache.strays;
  return { ...cache, nodes: cache.nodes.delete(epoch, name), order: cache.order.delete(epoch, place), places: cache.places.delete(epoch, name), strays, version: {} };
}

/** The pods of a node that is not there, without that one. */
function straysBeside(cache: NodeCacheState, nodeName: string, pod: Pod): readonly Pod[] {
  const pods = cache.strays.get(nodeName) ?? [];
  const index = placeOf(pods, pod);
  return index < 0 ? pods : [...pods.slice(0, index), ...pods.slice(index + 1)];
}

/** @internal */
export function addPod(cache: NodeCacheState, epoch: Epoch, nodeName: string, pod: Pod): NodeCacheState {
  const info = cache.nodes.get(nodeName);
  if (info !== undefined) return withInfo(cache, epoch, withPod(withoutPod(info, pod), pod));
  return { ...cache, strays: cache.strays.set(epoch, nodeName, [...straysBeside(cache, nodeName, pod), pod]) };
}

/** Puts a later version of a pod, equal in all that counts, in the place of the one that is there. @internal */
export function refreshPod(cache: NodeCacheState, epoch: Epoch, nodeName: string, pod: Pod): NodeCacheState {
  const info = cache.nodes.get(nodeName);
  const later = info === undefined ? undefined : withLaterPod(info, pod);
  return later === undefined ? addPod(cache, epoch, nodeName, pod) : withInfo(cache, epoch, later);
}

/** @internal */
export function removePodFrom(cache: NodeCacheState, epoch: Epoch, nodeName: string, pod: Pod): NodeCacheState {
  const info = cache.nodes.get(nodeName);
  if (info !== undefined) {
    const rest = withoutPod(info, pod);
    return rest === info ? cache : withInfo(cache, epoch, rest);
  }
  const others = straysBeside(cache, nodeName, pod);
  return { ...cache, strays: others.length === 0 ? cache.strays.delete(epoch, nodeName) : cache.strays.set(epoch, nodeName, others) };
}
