// Selectors over labels: label selectors compiled, and node selectors with their fields.
// Upstream: component-helpers/scheduling/corev1/nodeaffinity/nodeaffinity.go (1.37).
import type { LabelSelector, Node, NodeSelectorRequirement, NodeSelectorTerm, Pod } from '@kubesim/api';
import { matchesSelector } from '@kubesim/client';

/** Labels of an object. @internal */
export type KubeLabels = Readonly<Record<string, string>>;

/** A test of labels; a missing selector matches nothing. @internal */
export function compileSelector(selector: LabelSelector | undefined): (labels: KubeLabels | undefined) => boolean {
  return (labels) => matchesSelector(selector, labels);
}

function meets({ key, operator, values = [] }: NodeSelectorRequirement, labels: KubeLabels): boolean {
  const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
  switch (operator) {
    case 'In': return value !== undefined && values.includes(value);
    case 'NotIn': return value === undefined || !values.includes(value);
    case 'Exists': return value !== undefined;
    case 'DoesNotExist': return value === undefined;
    case 'Gt': case 'Lt': {
      if (value === undefined || !/^[+-]?[0-9]+$/.test(value) || !/^[+-]?[0-9]+$/.test(values[0] ?? '')) return false;
      const difference = BigInt(value) - BigInt(values[0] as string);
      return operator === 'Gt' ? difference > 0n : difference < 0n;
    }
    default: return false;
  }
}

/** Whether a node meets a term; one without expressions and fields matches nothing. @internal */
export function matchesNodeTerm(term: NodeSelectorTerm, node: Node): boolean {
  const expressions = term.matchExpressions ?? [];
  const fields = term.matchFields ?? [];
  if (expressions.length + fields.length === 0) return false;
  const name = { 'metadata.name': node.metadata?.name ?? '' };
  return expressions.every((expression) => meets(expression, node.metadata?.labels ?? {})) && fields.every((field) => meets(field, name));
}

/** Whether a node meets a pod's nodeSelector and required node affinity. @internal */
export function matchesNodeAffinity(pod: Pod, node: Node): boolean {
  const labels = node.metadata?.labels ?? {};
  const { nodeSelector, affinity } = pod.spec ?? {};
  if (nodeSelector !== undefined) for (const key of Object.keys(nodeSelector)) if (labels[key] !== nodeSelector[key]) return false;
  const required = affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  return required === undefined || required.nodeSelectorTerms.some((term) => matchesNodeTerm(term, node));
}
