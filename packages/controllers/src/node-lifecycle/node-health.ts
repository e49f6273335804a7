// Whether a node is still heard of: by when the controller last saw its heartbeat change, on the controller's own clock.
// Upstream: tryUpdateNodeHealth in pkg/controller/nodelifecycle/node_lifecycle_controller.go (1.37).
import type { Lease, Node, NodeCondition } from '@kubesim/api';

/** What the controller remembers of a node. @internal */
export interface NodeHealth {
  /** When a heartbeat was last seen to change, ms since 1970. */
  readonly probeAt: number;
  /** Heartbeat time of the Ready condition, absent without one. */
  readonly heartbeat?: string;
  /** renewTime of the lease. */
  readonly renewTime?: string;
  /** Status of the Ready condition as last seen or written. */
  readonly ready?: string;
}

/** The Ready condition before and after a look. @internal */
export interface Assessment {
  readonly health: NodeHealth;
  readonly observed: string;
  readonly current: string | undefined;
  /** The node with conditions set Unknown, if they are to be written. */
  readonly update?: Node;
  /** The earliest instant at which silence would make a difference. */
  readonly quietUntil: number;
}

/** A node heard of within one and a half of a lease's renewals is alive: its next heartbeat comes before silence counts. */
const RENEWED_LATELY_MS = 15_000;

const TYPES: readonly string[] = ['Ready', 'MemoryPressure', 'DiskPressure', 'PIDPressure'];

/** [NL2] [NL3] Looks at one node. `graceMs`: silence that is allowed, and that of a node that never posted. @internal */
export function assessNode(node: Node, lease: Lease | undefined, known: NodeHealth | undefined, now: number, time: string, graceMs: { readonly posted: number; readonly startup: number }): Assessment {
  const condition = node.status?.conditions?.find(({ type }) => type === 'Ready');
  const created = node.metadata?.creationTimestamp;
  const heartbeat = condition?.lastHeartbeatTime ?? (condition === undefined ? undefined : '');
  let probeAt = known?.probeAt ?? (condition === undefined ? Date.parse(created ?? '') : now);
  if (known !== undefined && known.heartbeat !== heartbeat) probeAt = now;
  const renewTime = lease?.spec?.renewTime;
  const isRenewed = renewTime !== undefined && (known?.renewTime === undefined || known.renewTime < renewTime);
  if (isRenewed) probeAt = now;
  const seenRenewTime = isRenewed ? renewTime : known?.renewTime;
  const observed = condition?.status ?? 'Unknown';
  const dueAt = probeAt + (condition === undefined ? graceMs.startup : graceMs.posted);
  const seen = { probeAt, ...(heartbeat === undefined ? {} : { heartbeat }), ...(seenRenewTime === undefined ? {} : { renewTime: seenRenewTime }) };
  if (now <= dueAt) return { health: { ...seen, ...(condition === undefined ? {} : { ready: observed }) }, observed, current: condition?.status, quietUntil: observed === 'Unknown' || now - probeAt <= RENEWED_LATELY_MS ? Infinity : dueAt + 1 };
  const quiet = { health: { ...seen, ready: 'Unknown' }, observed, current: 'Unknown', quietUntil: Infinity };
  if (condition !== undefined && condition.status === 'Unknown') return quiet;
  const conditions: NodeCondition[] = (node.status?.conditions ?? []).map((old) => (!TYPES.includes(old.type) || old.status === 'Unknown' ? old
    : { ...old, status: 'Unknown', reason: 'NodeStatusUnknown', message: 'Kubelet stopped posting node status.', lastTransitionTime: time }));
  for (const type of TYPES) {
    if (conditions.some((one) => one.type === type)) continue;
    conditions.push({ type, status: 'Unknown', reason: 'NodeStatusNeverUpdated', message: 'Kubelet never posted node status.', lastHeartbeatTime: created, lastTransitionTime: time } as NodeCondition);
  }
  return { ...quiet, health: { ...quiet.health, heartbeat: heartbeat ?? created ?? '' }, update: { ...node, status: { ...node.status, conditions } } as Node };
}
