// Security contexts of pods and containers. Upstream: pkg/apis/core/validation/validation.go (1.37).
import { duplicate, invalid, notSupported, required, tooLong, type FieldError } from '../../../field-error.ts';
import type { FieldPath } from '../../../field-path.ts';
import type { AppArmorProfile, PodSpec, SeccompProfile, SecurityContext } from '../../../generated/types.ts';
import { validateDescendingPath } from './volumes.ts';
import { validateWindowsOptions } from './windows.ts';

const ID_MAX = 2_147_483_647;
const PROFILE_PATH_MAX = 4095;

function validateId(id: number | undefined, path: FieldPath): readonly FieldError[] {
  return id === undefined || (id >= 0 && id <= ID_MAX) ? [] : [invalid(path, id, `must be between 0 and ${ID_MAX}, inclusive`)];
}

const SECCOMP_TYPES = ['Localhost', 'RuntimeDefault', 'Unconfined'];

function validateSeccomp(profile: SeccompProfile | undefined, path: FieldPath): readonly FieldError[] {
  if (profile === undefined) return [];
  const { type, localhostProfile } = profile;
  const errors: FieldError[] = [];
  if (type === '') errors.push(required(path.child('type'), 'type is required when seccompProfile is set'));
  else if (!SECCOMP_TYPES.includes(type)) errors.push(notSupported(path.child('type'), type, SECCOMP_TYPES));
  const at = path.child('localhostProfile');
  if (type !== 'Localhost') {
    if (localhostProfile !== undefined) errors.push(invalid(at, { Type: type, LocalhostProfile: localhostProfile }, 'can only be set when seccomp type is Localhost'));
  } else if (localhostProfile === undefined) errors.push(required(at, 'must be set when seccomp type is Localhost'));
  else errors.push(...validateDescendingPath(localhostProfile, at));
  return errors;
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

const SYSCTL = /^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$/;
const SYSCTL_LENGTH_MAX = 253;
const SYSCTL_TEXT = 'must have at most 253 characters and match regex ^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$';
const IPC_SYSCTLS: ReadonlySet<string> = new Set(['kernel.sem', 'fs.mqueue.msg_default', 'fs.mqueue.msg_max', 'fs.mqueue.msgsize_default', 'fs.mqueue.msgsize_max', 'fs.mqueue.queues_max']);

/** A parameter of the kernel that belongs to a namespace which the pod shares with its node. */
function hostSysctlError(name: string, spec: PodSpec, path: FieldPath): FieldError | undefined {
  const dotted = name.includes('/') && (!name.includes('.') || name.indexOf('/') < name.indexOf('.')) ? name.replaceAll('/', '.') : name;
  if (spec.hostNetwork === true && dotted.startsWith('net.')) return invalid(path, name, "may not be specified when 'hostNetwork' is true");
  const isIpc = dotted.startsWith('kernel.shm') || dotted.startsWith('kernel.msg') || IPC_SYSCTLS.has(dotted) || dotted.startsWith('fs.mqueue.');
  return spec.hostIPC === true && isIpc ? invalid(path, name, "may not be specified when 'hostIPC' is true") : undefined;
}

/** Ports of a pod on its node's network are those of the node. @internal */
export function validateHostNetworkPorts(spec: PodSpec, path: FieldPath): readonly FieldError[] {
  const errors: FieldError[] = [];
  if (spec.hostNetwork !== true) return errors;
  for (const [index, container] of (spec.containers ?? []).entries()) {
    for (const [place, { hostPort = 0, containerPort }] of (container.ports ?? []).entries()) {
      if (hostPort !== 0 && hostPort !== containerPort) errors.push(invalid(path.index(index).child('ports').index(place).child('hostPort'), hostPort, 'must match `containerPort` when `hostNetwork` is true'));
    }
  }
  return errors;
}

/** Errors of the pod's security context. @internal */
export function validatePodSecurity(spec: PodSpec, path: FieldPath): readonly FieldError[] {
  const errors: FieldError[] = [];
  const context = spec.securityContext;
  if (context === undefined) return errors;
  errors.push(...validateId(context.fsGroup, path.child('fsGroup')), ...validateId(context.runAsUser, path.child('runAsUser')), ...validateId(context.runAsGroup, path.child('runAsGroup')));
  for (const [index, group] of (context.supplementalGroups ?? []).entries()) errors.push(...validateId(group, path.child('supplementalGroups').index(index)));
  if (spec.shareProcessNamespace === true && spec.hostPID === true) errors.push(invalid(path.child('shareProcessNamespace'), true, 'ShareProcessNamespace and HostPID cannot both be enabled'));
  const names = new Set<string>();
  for (const [index, { name }] of (context.sysctls ?? []).entries()) {
    const at = path.child('sysctls').index(index).child('name');
    if (name === '') errors.push(required(at));
    else if (name.length > SYSCTL_LENGTH_MAX || !SYSCTL.test(name)) errors.push(invalid(at, name, SYSCTL_TEXT));
    else if (names.has(name)) errors.push(duplicate(at, name));
    const shared = hostSysctlError(name, spec, at);
    if (shared !== undefined) errors.push(shared);
    names.add(name);
  }
  const policy = context.fsGroupChangePolicy;
  if (policy !== undefined && policy !== 'Always' && policy !== 'OnRootMismatch') errors.push(notSupported(path.child('fsGroupChangePolicy'), policy, ['Always', 'OnRootMismatch']));
  errors.push(
    ...validateSeccomp(context.seccompProfile, path.child('seccompProfile')), ...validateWindowsOptions(context.windowsOptions, path.child('windowsOptions')),
    ...validateAppArmor(context.appArmorProfile, path.child('appArmorProfile')),
  );
  const groups = context.supplementalGroupsPolicy;
  if (groups !== undefined && groups !== 'Merge' && groups !== 'Strict') errors.push(notSupported(path.child('supplementalGroupsPolicy'), groups, ['Merge', 'Strict']));
  const relabel = context.seLinuxChangePolicy;
  if (relabel !== undefined && relabel !== 'MountOption' && relabel !== 'Recursive') errors.push(notSupported(path.child('seLinuxChangePolicy'), relabel, ['MountOption', 'Recursive']));
  return errors;
}

/** Errors of a container's security context; `hostUsers`: its users are those of the node. @internal */
export function validateContainerSecurity(context: SecurityContext | undefined, path: FieldPath, hostUsers: boolean): readonly FieldError[] {
  if (context === undefined) return [];
  const errors: FieldError[] = [...validateId(context.runAsUser, path.child('runAsUser')), ...validateId(context.runAsGroup, path.child('runAsGroup'))];
  const { procMount } = context;
  if (procMount !== undefined && procMount !== 'Default' && procMount !== 'Unmasked') errors.push(notSupported(path.child('procMount'), procMount, ['Default', 'Unmasked']));
  if (hostUsers && procMount === 'Unmasked') errors.push(invalid(path.child('procMount'), procMount, '`hostUsers` must be false to use `Unmasked`'));
  errors.push(...validateSeccomp(context.seccompProfile, path.child('seccompProfile')));
  if (context.allowPrivilegeEscalation === false) {
    if (context.privileged === true) errors.push(invalid(path, context, 'cannot set `allowPrivilegeEscalation` to false and `privileged` to true'));
    if ((context.capabilities?.add ?? []).includes('CAP_SYS_ADMIN')) errors.push(invalid(path, context, 'cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN'));
  }
  errors.push(...validateWindowsOptions(context.windowsOptions, path.child('windowsOptions')), ...validateAppArmor(context.appArmorProfile, path.child('appArmorProfile')));
  return errors;
}
