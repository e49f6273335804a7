// Whether a node should have a daemon pod, and whether one that is there may stay.
// Upstream: NodeShouldRunDaemonPod in pkg/controller/daemon/daemon_controller.go; component-helpers/scheduling/corev1 (1.37).
import type { DaemonSet, Node, NodeSelectorRequirement, NodeSelectorTerm, Taint, Toleration } from '@kubesim/api';
import { daemonTolerations } from './daemon-pod.ts';

/** What a DaemonSet wants of a node. */
export interface Fitness {
  readonly shouldRun: boolean;
  readonly shouldContinueRunning: boolean;
}

const NEITHER: Fitness = Object.freeze({ shouldRun: false, shouldContinueRunning: false });
const BOTH: Fitness = Object.freeze({ shouldRun: true, shouldContinueRunning: true });
const ONLY_STAY: Fitness = Object.freeze({ shouldRun: false, shouldContinueRunning: true });

/** Judges a node by name, node selector, required affinity and taints. A pod that may not start may stay unless a NoExecute taint drives it out. */
export function nodeFitness(set: DaemonSet, node: Node): Fitness {
  const spec = set.spec.template.spec;
  if ((spec?.nodeName ?? '') !== '' && spec?.nodeName !== node.metadata.name) return NEITHER;
  const labels = node.metadata.labels ?? {};
  for (const [key, value] of Object.entries(spec?.nodeSelector ?? {})) if (labels[key] !== value) return NEITHER;
  const required = spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  if (required !== undefined && !required.nodeSelectorTerms.some((term) => matchesTerm(term, node))) return NEITHER;
  const tolerations = daemonTolerations(spec);
  const untolerated = (node.spec.taints ?? []).filter((taint) => !tolerations.some((toleration) => tolerates(toleration, taint)));
  if (untolerated.some(({ effect }) => effect === 'NoExecute')) return NEITHER;
  return untolerated.some(({ effect }) => effect === 'NoSchedule') ? ONLY_STAY : BOTH;
}

/** A term without requirements matches no node. */
function matchesTerm(term: NodeSelectorTerm, node: Node): boolean {
  const expressions = term.matchExpressions ?? [];
  const fields = term.matchFields ?? [];
  if (expressions.length + fields.length === 0) return false;
  const labels = node.metadata.labels ?? {};
  return expressions.every((one) => meets(one, Object.hasOwn(labels, one.key) ? labels[one.key] : undefined))
    && fields.every((one) => one.key === 'metadata.name' && meets(one, node.metadata.name));
}

function meets({ operator, values = [] }: NodeSelectorRequirement, value: string | undefined): boolean {
  switch (operator) {
    case 'In': return value !== undefined && values.includes(value);
    case 'NotIn': return value === undefined || !values.includes(value);
    case 'Exists': return value !== undefined;
    case 'DoesNotExist': return value === undefined;
    case 'Gt': return isInteger(value) && isInteger(values[0]) && Number(value) > Number(values[0]);
    case 'Lt': return isInteger(value) && isInteger(values[0]) && Number(value) < Number(values[0]);
    default: return false;
  }
}

function isInteger(text: string | undefined): boolean {
  return text !== undefined && /^-?\d+$/.test(text);
}

/** Whether a toleration covers a taint. @internal */
export function tolerates(toleration: Toleration, taint: Taint): boolean {
  if ((toleration.effect ?? '') !== '' && toleration.effect !== taint.effect) return false;
  if ((toleration.key ?? '') !== '' && toleration.key !== taint.key) return false;
  if (toleration.operator === 'Exists') return true;
  return (toleration.operator ?? 'Equal') === 'Equal' && (toleration.key ?? '') !== '' && (toleration.value ?? '') === (taint.value ?? '');
}
