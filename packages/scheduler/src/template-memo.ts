// What is remembered between cycles of pods that are equal in all that node-local plugins read. Never part of a World.
import type { Pod } from '@kubesim/api';

const TEMPLATES_MAX = 64;

/** By signature; a template that was seen once only has no memo yet. @internal */
export type TemplateMemos = Map<string, Map<string, unknown> | undefined>;

/** The memo of a pod's template, from the second such pod on. @internal */
export function memoOf(memos: TemplateMemos, profile: string, release: string, pod: Pod): Map<string, unknown> | undefined {
  const signature = signatureOf(profile, release, pod);
  if (!memos.has(signature)) {
    if (memos.size >= TEMPLATES_MAX) memos.delete(memos.keys().next().value as string);
    memos.set(signature, undefined);
    return undefined;
  }
  const memo = memos.get(signature) ?? new Map<string, unknown>();
  memos.set(signature, memo);
  return memo;
}

function signatureOf(profile: string, release: string, pod: Pod): string {
  const { metadata, spec } = pod;
  const container = (one: NonNullable<NonNullable<Pod['spec']>['containers']>[number]): unknown[] => [one.image, one.resources, one.ports, one.restartPolicy];
  return JSON.stringify([
    profile, release, metadata?.namespace, metadata?.labels, spec?.nodeName, spec?.nodeSelector, spec?.affinity, spec?.tolerations, spec?.topologySpreadConstraints,
    spec?.priority, spec?.overhead, spec?.resources, spec?.containers.map(container), spec?.initContainers?.map(container),
  ]);
}
