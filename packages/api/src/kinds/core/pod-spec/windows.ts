// What a pod's system allows: options of Windows containers, and the fields that one of the systems lacks.
// Upstream: pkg/apis/core/validation/validation.go validateWindowsSecurityContextOptions, validateOS, validateLinux, validateWindows (1.37).
import { forbidden, invalid, notSupported, required, type FieldError } from '../../../field-error.ts';
import type { FieldPath } from '../../../field-path.ts';
import type { Container, PodSpec, SecurityContext, WindowsSecurityContextOptions } from '../../../generated/types.ts';
import { byteLength, dnsSubdomainErrors } from '../../../names/names.ts';

const CREDENTIAL_KIB_MAX = 64;
const DOMAIN_LENGTH_MAX = 256;
const USER_LENGTH_MAX = 104;
const BYTES_PER_KIB = 1024;
const NET_BIOS = /^[^\\/:*?"<>|.][^\\/:*?"<>|]{0,14}$/;
const DNS_DOMAIN = /^[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*$/;

function hasControlCharacter(text: string): boolean {
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code < 0x20 || code === 0x7f) return true;
  }
  return false;
}

function userNameErrors(name: string): readonly string[] {
  if (name === '') return ['runAsUserName cannot be an empty string'];
  if (hasControlCharacter(name)) return ['runAsUserName cannot contain control characters'];
  const parts = name.split('\\');
  if (parts.length > 2) return ['runAsUserName cannot contain more than one backslash'];
  const user = parts.at(-1) ?? '';
  const domain = parts.length === 2 ? parts[0] : undefined;
  const errors: string[] = [];
  if (domain !== undefined) {
    if (byteLength(domain) >= DOMAIN_LENGTH_MAX) errors.push(`runAsUserName's Domain length must be under ${DOMAIN_LENGTH_MAX} characters`);
    if (!NET_BIOS.test(domain) && !DNS_DOMAIN.test(domain)) errors.push("runAsUserName's Domain doesn't match the NetBios nor the DNS format");
  }
  if (user === '') errors.push("runAsUserName's User cannot be empty");
  else if (byteLength(user) > USER_LENGTH_MAX) errors.push(`runAsUserName's User length must not be longer than ${USER_LENGTH_MAX} characters`);
  if (/^[. ]+$/.test(user)) errors.push("runAsUserName's User cannot contain only periods or spaces");
  if (/["/\\:;|=,+*?<>@[\]]/.test(user)) errors.push("runAsUserName's User cannot contain the following characters: \"/\\:;|=,+*?<>@[]");
  return errors;
}

/** Errors of options for Windows. @internal */
export function validateWindowsOptions(options: WindowsSecurityContextOptions | undefined, path: FieldPath): readonly FieldError[] {
  if (options === undefined) return [];
  const { gmsaCredentialSpecName, gmsaCredentialSpec, runAsUserName } = options;
  const errors: FieldError[] = [];
  if (gmsaCredentialSpecName !== undefined) errors.push(...dnsSubdomainErrors(gmsaCredentialSpecName).map((text) => invalid(path.child('gmsaCredentialSpecName'), gmsaCredentialSpecName, text)));
  if (gmsaCredentialSpec !== undefined) {
    const at = path.child('gmsaCredentialSpec');
    if (gmsaCredentialSpec === '') errors.push(invalid(at, gmsaCredentialSpec, 'gmsaCredentialSpec cannot be an empty string'));
    else if (byteLength(gmsaCredentialSpec) > CREDENTIAL_KIB_MAX * BYTES_PER_KIB) errors.push(invalid(at, gmsaCredentialSpec, `gmsaCredentialSpec size must be under ${CREDENTIAL_KIB_MAX} KiB`));
  }
  if (runAsUserName !== undefined) errors.push(...userNameErrors(runAsUserName).map((text) => invalid(path.child('runAsUserName'), runAsUserName, text)));
  return errors;
}

/** The containers of every sort in upstream's order, with their paths. @internal */
export function* containersOf(spec: PodSpec, path: FieldPath): Iterable<readonly [container: Pick<Container, 'name' | 'securityContext'>, path: FieldPath]> {
  for (const field of ['initContainers', 'containers', 'ephemeralContainers'] as const) {
    for (const [index, container] of (spec[field] ?? []).entries()) yield [container, path.child(field).index(index)];
  }
}

/** Containers that run as processes of their Windows node: all of a pod or none. @internal */
export function validateHostProcess(spec: PodSpec, path: FieldPath): readonly FieldError[] {
  const ofPod = spec.securityContext?.windowsOptions?.hostProcess;
  const errors: FieldError[] = [];
  let count = 0;
  let hostCount = 0;
  for (const [{ securityContext }, at] of containersOf(spec, path)) {
    const own = securityContext?.windowsOptions?.hostProcess;
    count++;
    if (ofPod !== undefined && own !== undefined && ofPod !== own) errors.push(invalid(at.child('securityContext', 'windowsOptions', 'hostProcess'), own, `pod hostProcess value must be identical if both are specified, was ${ofPod}`));
    if (own ?? ofPod ?? false) hostCount++;
  }
  if (hostCount === 0) return errors;
  if (hostCount !== count) errors.push(invalid(path, '', 'If pod contains any hostProcess containers then all containers must be HostProcess containers'));
  if (spec.hostNetwork !== true) errors.push(invalid(path.child('hostNetwork'), false, 'hostNetwork must be true if pod contains any hostProcess containers'));
  return errors;
}

const SYSTEMS = ['linux', 'windows'];
const NOT_ON_WINDOWS = 'cannot be set for a windows pod';
const CONTAINER_FIELDS: readonly (keyof SecurityContext)[] = ['appArmorProfile', 'seLinuxOptions', 'seccompProfile', 'capabilities', 'readOnlyRootFilesystem', 'privileged', 'allowPrivilegeEscalation', 'procMount', 'runAsUser', 'runAsGroup'];

function validateOnWindows(spec: PodSpec, path: FieldPath): readonly FieldError[] {
  const errors: FieldError[] = [];
  const context = spec.securityContext ?? {};
  const at = path.child('securityContext');
  const refuse = (isSet: boolean, where: FieldPath): void => { if (isSet) errors.push(forbidden(where, NOT_ON_WINDOWS)); };
  refuse(context.appArmorProfile !== undefined, at.child('appArmorProfile'));
  refuse(context.seLinuxOptions !== undefined, at.child('seLinuxOptions'));
  refuse(spec.hostUsers !== undefined, path.child('hostUsers'));
  refuse(spec.hostPID === true, path.child('hostPID'));
  refuse(spec.hostIPC === true, path.child('hostIPC'));
  refuse(context.seccompProfile !== undefined, at.child('seccompProfile'));
  refuse(context.fsGroup !== undefined, at.child('fsGroup'));
  refuse(context.fsGroupChangePolicy !== undefined, at.child('fsGroupChangePolicy'));
  refuse((context.sysctls ?? []).length > 0, at.child('sysctls'));
  refuse(spec.shareProcessNamespace !== undefined, path.child('shareProcessNamespace'));
  for (const field of ['runAsUser', 'runAsGroup', 'supplementalGroups', 'supplementalGroupsPolicy', 'seLinuxChangePolicy'] as const) refuse(context[field] !== undefined, at.child(field));
  for (const [{ securityContext }, where] of containersOf(spec, path)) {
    for (const field of CONTAINER_FIELDS) refuse(securityContext?.[field] !== undefined, where.child('securityContext', field));
  }
  return errors;
}

/** Errors of the system that a pod names, and of what its containers must not ask of that system. @internal */
export function validateSystem(spec: PodSpec, path: FieldPath): readonly FieldError[] {
  const name = spec.os?.name;
  if (name === undefined) return [];
  if (name === '') return [required(path.child('os', 'name'), 'cannot be empty')];
  if (!SYSTEMS.includes(name)) return [notSupported(path.child('os'), name, SYSTEMS)];
  if (name === 'windows') return validateOnWindows(spec, path);
  const where = [...(spec.securityContext === undefined ? [] : [[spec, path] as const]), ...containersOf(spec, path)];
  return where.filter(([{ securityContext }]) => securityContext?.windowsOptions !== undefined).map(([, at]) => forbidden(at.child('securityContext', 'windowsOptions'), 'windows options cannot be set for a linux pod'));
}
