// Annotations of pods that mean something: mirrors, the cost of a deletion, profiles of seccomp and AppArmor of old.
// Upstream: pkg/apis/core/validation/validation.go ValidatePodSpecificAnnotations and what it calls (1.37).
import { compareBytes } from '../../encoding/go-json.ts';
import { forbidden, invalid, quote, type FieldError } from '../../field-error.ts';
import { fieldPath, type FieldPath } from '../../field-path.ts';
import type { AppArmorProfile, Pod, SeccompProfile } from '../../generated/types.ts';
import { containersOf } from './pod-spec/windows.ts';
import { validateDescendingPath } from './pod-spec/volumes.ts';

/** What a static pod's mirror carries. @internal */
export const MIRROR_ANNOTATION = 'kubernetes.io/config.mirror';
const DELETION_COST = 'controller.kubernetes.io/pod-deletion-cost';
const SECCOMP_POD = 'seccomp.security.alpha.kubernetes.io/pod';
const SECCOMP_CONTAINER = 'container.seccomp.security.alpha.kubernetes.io/';
const APP_ARMOR_CONTAINER = 'container.apparmor.security.beta.kubernetes.io/';
const LOCALHOST = 'localhost/';
const INT32_MAX = 2_147_483_647;
const PATH = fieldPath('metadata', 'annotations');

type Annotations = Readonly<Record<string, string>>;

function isDeletionCost(text: string): boolean {
  if (!/^(?:0|-?\d+)$/.test(text) || /^0\d/.test(text)) return false;
  const cost = Number(text);
  return cost >= -INT32_MAX - 1 && cost <= INT32_MAX;
}

function validateSeccomp(profile: string, path: FieldPath): readonly FieldError[] {
  if (profile === 'runtime/default' || profile === 'docker/default' || profile === 'unconfined') return [];
  return profile.startsWith(LOCALHOST) ? validateDescendingPath(profile.slice(LOCALHOST.length), path) : [invalid(path, profile, 'must be a valid seccomp profile')];
}

/** Errors of a pod's annotations; what an update finds there already may stay. @internal */
export function validatePodAnnotations(pod: Pod, old: Pod | undefined): readonly FieldError[] {
  const annotations = pod.metadata?.annotations;
  if (annotations === undefined || (old !== undefined && old.metadata?.annotations === annotations && old.spec === pod.spec)) return [];
  const errors: FieldError[] = [];
  const mirror = annotations[MIRROR_ANNOTATION];
  if (mirror !== undefined && (pod.spec.nodeName ?? '') === '') errors.push(invalid(PATH.key(MIRROR_ANNOTATION), mirror, 'must set spec.nodeName if mirror pod annotation is set'));
  const cost = annotations[DELETION_COST];
  const oldCost = old?.metadata?.annotations?.[DELETION_COST];
  if (cost !== undefined && !isDeletionCost(cost) && (oldCost === undefined || isDeletionCost(oldCost))) errors.push(invalid(PATH.key(DELETION_COST), cost, 'must be a 32bit integer'));
  const ofPod = annotations[SECCOMP_POD];
  if (ofPod !== undefined) errors.push(...validateSeccomp(ofPod, PATH.child(SECCOMP_POD)));
  const keys = Object.keys(annotations).sort(compareBytes);
  for (const key of keys) if (key.startsWith(SECCOMP_CONTAINER)) errors.push(...validateSeccomp(annotations[key] as string, PATH.child(key)));
  for (const key of keys) if (key.startsWith(APP_ARMOR_CONTAINER)) errors.push(...validateAppArmor(pod, key, annotations[key] as string));
  return errors;
}

function validateAppArmor(pod: Pod, key: string, profile: string): readonly FieldError[] {
  const errors: FieldError[] = [];
  const name = key.slice(APP_ARMOR_CONTAINER.length);
  if (![...containersOf(pod.spec, fieldPath('spec'))].some(([container]) => container.name === name)) errors.push(invalid(PATH.key(key), name, 'container not found'));
  if (profile !== '' && profile !== 'runtime/default' && profile !== 'unconfined' && !profile.startsWith(LOCALHOST)) errors.push(invalid(PATH.key(key), profile, `invalid AppArmor profile name: ${quote(profile)}`));
  return errors;
}

/** Errors of annotations that no update may touch. @internal */
export function validatePodAnnotationsUpdate(pod: Pod, old: Pod): readonly FieldError[] {
  const next: Annotations = pod.metadata?.annotations ?? {};
  const before: Annotations = old.metadata?.annotations ?? {};
  if (next === before) return [];
  const errors: FieldError[] = [];
  const refuse = (key: string, verb: string): void => {
    if (key.startsWith(APP_ARMOR_CONTAINER)) errors.push(forbidden(PATH.key(key), `may not ${verb} AppArmor annotations`));
    if (key === MIRROR_ANNOTATION) errors.push(forbidden(PATH.key(key), `may not ${verb} mirror pod annotation`));
  };
  for (const key of Object.keys(before).sort(compareBytes)) if (next[key] !== before[key]) refuse(key, 'remove or update');
  for (const key of Object.keys(next).sort(compareBytes)) if (before[key] === undefined) refuse(key, 'add');
  return [...errors, ...validatePodAnnotations(pod, old)];
}

/** A profile stands in an annotation as it stands in its field, or in one of them alone. */
function mismatch(annotation: string, profile: SeccompProfile | AppArmorProfile, noun: 'seccomp' | 'apparmor', path: FieldPath): FieldError | undefined {
  const wrongType = forbidden(path.child('type'), `${noun} type in annotation and field must match`);
  switch (profile.type) {
    case 'Unconfined': return annotation === 'unconfined' ? undefined : wrongType;
    case 'RuntimeDefault': return annotation === 'runtime/default' || (noun === 'seccomp' && annotation === 'docker/default') ? undefined : wrongType;
    case 'Localhost':
      if (!annotation.startsWith(LOCALHOST)) return wrongType;
      return annotation.slice(LOCALHOST.length) === profile.localhostProfile ? undefined : forbidden(path.child('localhostProfile'), `${noun} profile in annotation and field must match`);
    default: return undefined;
  }
}

/** Errors of annotations of a new pod that say other than its fields. @internal */
export function validateProfilesMatch(pod: Pod): readonly FieldError[] {
  const annotations = pod.metadata?.annotations;
  if (annotations === undefined) return [];
  const path = fieldPath('spec');
  const errors: FieldError[] = [];
  const check = (annotation: string | undefined, profile: SeccompProfile | AppArmorProfile | undefined, noun: 'seccomp' | 'apparmor', at: FieldPath): void => {
    const error = annotation === undefined || profile === undefined ? undefined : mismatch(annotation, profile, noun, at);
    if (error !== undefined) errors.push(error);
  };
  check(annotations[SECCOMP_POD], pod.spec.securityContext?.seccompProfile, 'seccomp', path.child('securityContext', 'seccompProfile'));
  const containers = [...containersOf(pod.spec, path)];
  for (const [{ name, securityContext }, at] of containers) check(annotations[`${SECCOMP_CONTAINER}${name}`], securityContext?.seccompProfile, 'seccomp', at.child('securityContext', 'seccompProfile'));
  if (pod.spec.os?.name === 'windows') return errors;
  for (const [{ name, securityContext }, at] of containers) check(annotations[`${APP_ARMOR_CONTAINER}${name}`], securityContext?.appArmorProfile ?? pod.spec.securityContext?.appArmorProfile, 'apparmor', at.child('securityContext', 'appArmorProfile'));
  return errors;
}
