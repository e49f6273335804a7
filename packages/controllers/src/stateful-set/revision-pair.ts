// The two revisions between which a set's pods stand, and what pods they make.
import type { ControllerRevision, Pod, StatefulSet } from '@kubesim/api';
import { endOrdinal, startOrdinal } from './identity.ts';
import { newStatefulSetPod, type PodTemplate } from './new-pod.ts';

/** A revision by its name, with the template that it carries. @internal */
export interface NamedRevision {
  readonly name: string;
  readonly template: PodTemplate;
}

/** Where pods come from and where they go. @internal */
export interface RevisionPair {
  readonly current: NamedRevision;
  readonly update: NamedRevision;
  /** Hash collisions that creating a revision met, those of the status included. */
  readonly collisionCount: number;
}

/** The revision with its template; undefined if its data is no template. @internal */
export function namedRevision(revision: ControllerRevision): NamedRevision | undefined {
  const template = templateOf(revision.data);
  return template === undefined ? undefined : { name: revision.metadata.name, template };
}

/** The pod template in the data of a revision, without the directive that makes it replace. @internal */
export function templateOf(data: ControllerRevision['data'] | null | undefined): PodTemplate | undefined {
  const template = (data?.spec as { readonly template?: Readonly<Record<string, unknown>> } | undefined)?.template;
  if (typeof template !== 'object' || template === null) return undefined;
  const { $patch: _directive, ...fields } = template;
  return fields as unknown as PodTemplate;
}

/**
 * The revision by which a missing pod is made. Without `rollingUpdate` the stored count of current replicas stands for a
 * boundary of ordinals; with it the partition does, whatever the strategy's type.
 * Upstream: newVersionedStatefulSetPod in stateful_set_utils.go (1.37). @internal
 */
export function revisionForHole(set: StatefulSet, ordinal: number): 'current' | 'update' {
  const strategy = set.spec.updateStrategy;
  const above = ordinal - startOrdinal(set);
  if (strategy?.rollingUpdate !== undefined) return above < (strategy.rollingUpdate.partition ?? 0) ? 'current' : 'update';
  if (strategy?.type === 'RollingUpdate') return above < (set.status?.currentReplicas ?? 0) ? 'current' : 'update';
  return 'update';
}

/** The pod that will fill a hole. @internal */
export function newVersionedPod(set: StatefulSet, revisions: RevisionPair, ordinal: number): Pod {
  const { name, template } = revisions[revisionForHole(set, ordinal)];
  return newStatefulSetPod(set, template, name, ordinal);
}

/** The ordinal is one of those that the set asks for. @internal */
export function isInRange(set: StatefulSet, ordinal: number): boolean {
  return ordinal >= startOrdinal(set) && ordinal < endOrdinal(set);
}
