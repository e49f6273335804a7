// A set's template as revision data, and whether two say the same.
// Upstream: getPatch, newRevision in stateful_set_utils.go and setMatchesLatestExistingRevision in stateful_set_control.go (1.37).
import { builtInScheme, conform, formatTime, goJson, structOfKind, type ControllerRevision, type KindDefinition, type KubeObject, type StatefulSet, type StructType } from '@kubesim/api';
import type { Profile } from '@kubesim/client';
import { newControllerRevision, type NewRevision } from '../history/controller-revision.ts';
import { STATEFUL_SET_KIND } from './identity.ts';
import { templateOf } from './revision-pair.ts';

/** Revision data and its bytes. @internal */
export interface Patch {
  readonly data: ControllerRevision['data'];
  readonly bytes: string;
}

const patches = new WeakMap<object, Patch>();

/** The set's template as a patch that replaces. @internal */
export function patchOf(set: StatefulSet): Patch {
  const { template } = set.spec;
  let patch = patches.get(template);
  if (patch === undefined) {
    const data = { spec: { template: { ...template, $patch: 'replace' } } };
    patches.set(template, (patch = { data, bytes: goJson(data) }));
  }
  return patch;
}

/** A revision of the set as it is now. @internal */
export function newSetRevision(set: StatefulSet, revision: number, probe: number): NewRevision {
  const { data, bytes } = patchOf(set);
  return newControllerRevision({
    owner: set, ownerKind: STATEFUL_SET_KIND, templateLabels: set.spec.template.metadata?.labels, data, bytes, revision, probe,
  });
}

const reread = new WeakMap<ControllerRevision['data'], { readonly of: object; readonly matches: boolean }>();

/** The revision, applied to the set and read as today's API reads it, is the set's template. @internal */
export function matchesSemantically(set: StatefulSet, revision: ControllerRevision, profile: Profile): boolean {
  const known = reread.get(revision.data);
  if (known?.of === set.spec.template) return known.matches;
  const matches = rereadBytes(set, revision, profile) === patchOf(set).bytes;
  reread.set(revision.data, { of: set.spec.template, matches });
  return matches;
}

/** What a set with the revision's template would be encoded to after decoding and defaulting; undefined if it cannot be decoded. */
function rereadBytes(set: StatefulSet, revision: ControllerRevision, profile: Profile): string | undefined {
  const template = templateOf(revision.data);
  if (template === undefined) return undefined;
  const type = structOfKind('apps', 'v1', 'StatefulSet') as StructType;
  const { value, findings } = conform(type, { ...set, spec: { ...set.spec, template } });
  if (findings.error !== undefined) return undefined;
  const { default: setDefaults } = builtInScheme.byResource('statefulsets.apps') as Required<KindDefinition>;
  // Defaults of a StatefulSet do not look at the time.
  return patchOf(setDefaults(value as KubeObject, { now: 0, time: formatTime(0), profile }) as unknown as StatefulSet).bytes;
}
