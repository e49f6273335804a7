// Zones of nodes, their states, and how fast NoExecute taints may be set in each.
// Upstream: pkg/controller/nodelifecycle/{node_lifecycle_controller,scheduler/rate_limited_queue}.go (1.37).
import type { Node } from '@kubesim/api';

/** How many of a zone's nodes are ready. @internal */
export type ZoneState = 'Initial' | 'Normal' | 'PartialDisruption' | 'FullDisruption';

/** A queue of nodes to taint, with a token bucket of one token. @internal */
export interface TaintQueue {
  /** Nodes in line, with their uids. */
  readonly nodes: readonly { readonly name: string; readonly uid: string }[];
  /** Seconds a token takes; 0 for never. */
  readonly secondsPerToken: number;
  /** From when on a token is there, ms since 1970. */
  readonly tokenAt: number;
}

/** What is known of a zone. @internal */
export interface Zone {
  readonly state: ZoneState;
  readonly queue: TaintQueue;
}

/** Normally one node in 10 s; in a partly disrupted zone of more than 50 nodes one in 100 s, in a smaller one none. */
const SECONDS_PER_NODE = 10;
const SECONDS_PER_NODE_REDUCED = 100;
const LARGE_ZONE = 50;
const UNHEALTHY_THRESHOLD = 0.55;

/** A zone that was just met. @internal */
export const NEW_ZONE: Zone = Object.freeze({ state: 'Initial', queue: Object.freeze({ nodes: Object.freeze([]), secondsPerToken: SECONDS_PER_NODE, tokenAt: 0 }) });

/** Key of a node's zone: region and zone labels; empty without them. Upstream: GetZoneKey. @internal */
export function zoneKey(node: Node): string {
  const labels = node.metadata?.labels ?? {};
  const zone = labels['topology.kubernetes.io/zone'] ?? labels['failure-domain.beta.kubernetes.io/zone'] ?? '';
  const region = labels['topology.kubernetes.io/region'] ?? labels['failure-domain.beta.kubernetes.io/region'] ?? '';
  return region === '' && zone === '' ? '' : `${region}:\u0000:${zone}`;
}

/** [NL6] State of a zone. Upstream: ComputeZoneState. @internal */
export function zoneState(readyCount: number, notReadyCount: number): ZoneState {
  if (readyCount === 0 && notReadyCount > 0) return 'FullDisruption';
  if (notReadyCount > 2 && notReadyCount / (notReadyCount + readyCount) >= UNHEALTHY_THRESHOLD) return 'PartialDisruption';
  return 'Normal';
}

/** The zone in another state, with the rate that goes with it. A zone that alone is disrupted in full keeps the normal rate. @internal */
export function enterState(zone: Zone, state: ZoneState, nodeCount: number, now: number): Zone {
  const secondsPerToken = state === 'PartialDisruption' ? (nodeCount > LARGE_ZONE ? SECONDS_PER_NODE_REDUCED : 0) : SECONDS_PER_NODE;
  return { state, queue: withRate(zone.queue, secondsPerToken, now) };
}

/** The queue at another rate: a token that is there stays, one that is awaited is awaited anew. Upstream: SwapLimiter. @internal */
export function withRate(queue: TaintQueue, secondsPerToken: number, now: number): TaintQueue {
  if (queue.secondsPerToken === secondsPerToken) return queue;
  const hasToken = queue.secondsPerToken > 0 && queue.tokenAt <= now;
  return { ...queue, secondsPerToken, tokenAt: hasToken ? now : now + secondsPerToken * 1000 };
}

/** The queue with a node in line, if it is not there. @internal */
export function withNode(queue: TaintQueue, name: string, uid: string): TaintQueue {
  return queue.nodes.some((node) => node.name === name) ? queue : { ...queue, nodes: [...queue.nodes, { name, uid }] };
}

/** The queue without a node. @internal */
export function withoutNode(queue: TaintQueue, name: string): TaintQueue {
  return queue.nodes.some((node) => node.name === name) ? { ...queue, nodes: queue.nodes.filter((node) => node.name !== name) } : queue;
}
