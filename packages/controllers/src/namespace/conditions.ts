// The five conditions of a namespace that is being deleted. Upstream: pkg/controller/namespace/deletion/status_condition_utils.go (1.37).
import type { NamespaceCondition } from '@kubesim/api';

interface Finding {
  readonly type: string;
  readonly reason: string;
  readonly message: string;
}

/** What a stage of the deletion has found. @internal */
export interface Findings {
  /** Errors of deleting content. */
  readonly errors: readonly string[];
  /** Objects left, by `resource.group`; undefined while they are not judged. */
  readonly remaining: Readonly<Record<string, number>> | undefined;
  /** Objects left, by finalizer. */
  readonly finalizers: Readonly<Record<string, number>>;
}

const FINE: readonly Finding[] = [
  { type: 'NamespaceDeletionDiscoveryFailure', reason: 'ResourcesDiscovered', message: 'All resources successfully discovered' },
  { type: 'NamespaceDeletionGroupVersionParsingFailure', reason: 'ParsedGroupVersions', message: 'All legacy kube types successfully parsed' },
  { type: 'NamespaceDeletionContentFailure', reason: 'ContentDeleted', message: 'All content successfully deleted, may be waiting on finalization' },
  { type: 'NamespaceContentRemaining', reason: 'ContentRemoved', message: 'All content successfully removed' },
  { type: 'NamespaceFinalizersRemaining', reason: 'ContentHasNoFinalizers', message: 'All content-preserving finalizers finished' },
];

/** [NS4] The conditions after a stage; the same list if nothing changed. @internal */
export function updateConditions(before: readonly NamespaceCondition[], findings: Findings, time: string): readonly NamespaceCondition[] {
  const problems = problemsOf(findings);
  let conditions = [...before];
  let isChanged = false;
  for (const fine of FINE) {
    const problem = problems.find(({ type }) => type === fine.type);
    const old = before.find(({ type }) => type === fine.type);
    const status = problem === undefined ? 'False' : 'True';
    const { type, reason, message } = problem ?? fine;
    if (old !== undefined && old.status === status && (problem === undefined || (old.reason === reason && old.message === message))) continue;
    isChanged = true;
    const lastTransitionTime = old !== undefined && old.status === status ? old.lastTransitionTime : time;
    const condition = { type, status, lastTransitionTime, reason, message } as NamespaceCondition;
    conditions = old === undefined ? [...conditions, condition] : conditions.map((one) => (one.type === type ? condition : one));
  }
  return isChanged ? conditions : before;
}

function problemsOf({ errors, remaining, finalizers }: Findings): readonly Finding[] {
  const problems: Finding[] = [];
  if (errors.length > 0) {
    const texts = [...new Set(errors)].sort();
    problems.push({ type: 'NamespaceDeletionContentFailure', reason: 'ContentDeletionFailed', message: `Failed to delete all resource types, ${texts.length} remaining: ${texts.join(', ')}` });
  }
  if (remaining === undefined) return problems;
  const resources = Object.keys(remaining).map((resource) => `${resource} has ${remaining[resource]} resource instances`).sort();
  if (resources.length > 0) problems.push({ type: 'NamespaceContentRemaining', reason: 'SomeResourcesRemain', message: `Some resources are remaining: ${resources.join(', ')}` });
  const held = Object.keys(finalizers).map((finalizer) => `${finalizer} in ${finalizers[finalizer]} resource instances`).sort();
  if (held.length > 0) problems.push({ type: 'NamespaceFinalizersRemaining', reason: 'SomeFinalizersRemain', message: `Some content in the namespace has finalizers remaining: ${held.join(', ')}` });
  return problems;
}
