// Security contexts of pods and containers. Upstream: pkg/apis/core/validation/validation.go (1.37).
import { invalid, notSupported, required, tooLong, type FieldError } from '../../../field-error.ts';
import type { FieldPath } from '../../../field-path.ts';
import type { AppArmorProfile, PodSpec, SeccompProfile, SecurityContext } from '../../../generated/types.ts';

const ID_MAX = 2_147_483_647;
const PROFILE_PATH_MAX = 4095;

function validateId(id: number | undefined, path: FieldPath): readonly FieldError[] {
  return id === undefined || (id >= 0 && id <= ID_MAX) ? [] : [invalid(path, id, `must be between 0 and ${ID_MAX}, inclusive`)];
}

function validateSeccomp(profile: SeccompProfile | undefined, path: FieldPath): readonly FieldError[] {
  if (profile === undefined) return [];
  const { type, localhostProfile } = profile;
  if (type === 'Localhost') return localhostProfile === undefined ? [required(path.child('localhostProfile'), 'must be set when seccomp type is Localhost')] : [];
  if (type === 'RuntimeDefault' || type === 'Unconfined') return localhostProfile === undefined ? [] : [invalid(path.child('localhostProfile'), localhostProfile, 'can only be set when seccomp type is Localhost')];
  return type === '' ? [required(path.child('type'), 'type is required when seccompProfile is set')] : [notSupported(path.child('type'), type, ['Localhost', 'RuntimeDefault', 'Unconfined'])];
}

function validateAppArmor(profile: AppArmorProfile | undefined, path: FieldPath): readonly FieldError[] {
  if (profile === undefined) return [];
  const { type, localhostProfile } = profile;
  const at = path.child('localhostProfile');
  const needed = required(at, 'must be set when AppArmor type is Localhost');
  if (type === 'Localhost') {
    if (localhostProfile === undefined) return [needed];
    const errors: FieldError[] = [];
    if (localhostProfile.trim() !== localhostProfile) errors.push(invalid(at, localhostProfile, 'must not be padded with whitespace'));
    else if (localhostProfile === '') errors.push(needed);
    if (localhostProfile.length > PROFILE_PATH_MAX) errors.push(tooLong(at, localhostProfile, PROFILE_PATH_MAX));
    return errors;
  }
  if (type === 'RuntimeDefault' || type === 'Unconfined') return localhostProfile === undefined ? [] : [invalid(at, localhostProfile, 'can only be set when AppArmor type is Localhost')];
  return type === '' ? [required(path.child('type'), 'type is required when appArmorProfile is set')] : [notSupported(path.child('type'), type, ['Localhost', 'RuntimeDefault', 'Unconfined'])];
}

/** Errors of the pod's security context, and of ports that must match the host's. @internal */
export function validatePodSecurity(spec: PodSpec, specPath: FieldPath): readonly FieldError[] {
  const errors: FieldError[] = [];
  const context = spec.securityContext;
  const path = specPath.child('securityContext');
  if (spec.hostNetwork === true) {
    for (const [index, container] of spec.containers.entries()) {
      for (const [place, port] of (container.ports ?? []).entries()) {
        if (port.hostPort !== port.containerPort) errors.push(invalid(specPath.child('containers').index(index).child('ports').index(place).child('containerPort'), port.containerPort, 'must match `hostPort` when `hostNetwork` is true'));
      }
    }
  }
  if (context === undefined) return errors;
  errors.push(...validateId(context.fsGroup, path.child('fsGroup')), ...validateId(context.runAsUser, path.child('runAsUser')), ...validateId(context.runAsGroup, path.child('runAsGroup')));
  for (const [index, group] of (context.supplementalGroups ?? []).entries()) errors.push(...validateId(group, path.child('supplementalGroups').index(index)));
  if (spec.shareProcessNamespace === true && spec.hostPID === true) errors.push(invalid(path.child('shareProcessNamespace'), true, 'ShareProcessNamespace and HostPID cannot both be enabled'));
  const names = new Set<string>();
  for (const [index, { name }] of (context.sysctls ?? []).entries()) {
    const at = path.child('sysctls').index(index).child('name');
    if (name === '') errors.push(required(at));
    else if (!/^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$/.test(name)) errors.push(invalid(at, name, "must have at most 253 characters and match regex ^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$"));
    else if (names.has(name)) errors.push({ type: 'Duplicate value', field: String(at), badValue: name, detail: '' });
    names.add(name);
  }
  const policy = context.fsGroupChangePolicy;
  if (policy !== undefined && policy !== 'Always' && policy !== 'OnRootMismatch') errors.push(notSupported(path.child('fsGroupChangePolicy'), policy, ['Always', 'OnRootMismatch']));
  errors.push(...validateSeccomp(context.seccompProfile, path.child('seccompProfile')));
  const groups = context.supplementalGroupsPolicy;
  if (groups !== undefined && groups !== 'Merge' && groups !== 'Strict') errors.push(notSupported(path.child('supplementalGroupsPolicy'), groups, ['Merge', 'Strict']));
  errors.push(...validateAppArmor(context.appArmorProfile, path.child('appArmorProfile')));
  const relabel = context.seLinuxChangePolicy;
  if (relabel !== undefined && relabel !== 'MountOption' && relabel !== 'Recursive') errors.push(notSupported(path.child('seLinuxChangePolicy'), relabel, ['MountOption', 'Recursive']));
  return errors;
}

/** Errors of a container's security context. @internal */
export function validateContainerSecurity(context: SecurityContext | undefined, path: FieldPath): readonly FieldError[] {
  if (context === undefined) return [];
  const errors: FieldError[] = [...validateId(context.runAsUser, path.child('runAsUser')), ...validateId(context.runAsGroup, path.child('runAsGroup')), ...validateSeccomp(context.seccompProfile, path.child('seccompProfile'))];
  if (context.procMount !== undefined && context.procMount !== 'Default' && context.procMount !== 'Unmasked') errors.push(notSupported(path.child('procMount'), context.procMount, ['Default', 'Unmasked']));
  if (context.allowPrivilegeEscalation === false) {
    if (context.privileged === true) errors.push(invalid(path, context, 'cannot set `allowPrivilegeEscalation` to false and `privileged` to true'));
    if ((context.capabilities?.add ?? []).includes('CAP_SYS_ADMIN')) errors.push(invalid(path, context, 'cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN'));
  }
  errors.push(...validateAppArmor(context.appArmorProfile, path.child('appArmorProfile')));
  return errors;
}
