// Environment of containers and references to fields. Upstream: pkg/apis/core/validation/validation.go ValidateEnv (1.37).
import { invalid, notSupported, required, type FieldError } from '../../../field-error.ts';
import type { FieldPath } from '../../../field-path.ts';
import type { EnvFromSource, EnvVar, EnvVarSource, ObjectFieldSelector, ResourceFieldSelector } from '../../../generated/types.ts';
import { configKeyErrors, dnsSubdomainErrors, envNameErrors, maskTrailingDash, qualifiedNameErrors } from '../../../names/names.ts';

/** Fields that an environment variable may show. @internal */
export const ENV_FIELDS: readonly string[] = ['metadata.name', 'metadata.namespace', 'metadata.uid', 'spec.nodeName', 'spec.serviceAccountName', 'status.hostIP', 'status.hostIPs', 'status.podIP', 'status.podIPs'];
/** Fields that a file of a volume may show. @internal */
export const VOLUME_FIELDS: readonly string[] = ['metadata.annotations', 'metadata.labels', 'metadata.name', 'metadata.namespace', 'metadata.uid'];
const KNOWN_FIELDS: ReadonlySet<string> = new Set([...ENV_FIELDS, ...VOLUME_FIELDS, 'spec.restartPolicy', 'spec.schedulerName', 'status.phase', 'spec.host']);
const ENV_RESOURCES: readonly string[] = ['limits.cpu', 'limits.ephemeral-storage', 'limits.memory', 'requests.cpu', 'requests.ephemeral-storage', 'requests.memory'];

/** Errors of a reference to a field of the pod. @internal */
export function validateFieldRef(reference: ObjectFieldSelector, allowed: readonly string[], path: FieldPath): readonly FieldError[] {
  const { fieldPath: field } = reference;
  if ((reference.apiVersion ?? '') === '') return [required(path.child('apiVersion'))];
  if (field === '') return [required(path.child('fieldPath'))];
  if (reference.apiVersion !== 'v1') return [invalid(path.child('fieldPath'), field, `error converting fieldPath: unsupported pod version: ${reference.apiVersion}`)];
  const parts = /^(.*)\['(.*)'\]$/s.exec(field);
  if (parts !== null) {
    const [, base = '', subscript = ''] = parts;
    if (base === 'metadata.annotations') return qualifiedNameErrors(subscript.toLowerCase()).map((text) => invalid(path, subscript, text));
    if (base === 'metadata.labels') return qualifiedNameErrors(subscript).map((text) => invalid(path, subscript, text));
    return [invalid(path.child('fieldPath'), field, `error converting fieldPath: field label does not support subscript: ${field}`)];
  }
  if (!KNOWN_FIELDS.has(field)) return [invalid(path.child('fieldPath'), field, `error converting fieldPath: field label not supported: ${field}`)];
  const internal = field === 'spec.host' ? 'spec.nodeName' : field;
  return allowed.includes(internal) ? [] : [notSupported(path.child('fieldPath'), internal, allowed)];
}

/** Errors of a reference to a container's resources; in a volume the container must be named. @internal */
export function validateResourceFieldRef(reference: ResourceFieldSelector, isVolume: boolean, path: FieldPath): readonly FieldError[] {
  const errors: FieldError[] = [];
  if (isVolume && (reference.containerName ?? '') === '') errors.push(required(path.child('containerName')));
  else if (reference.resource === '') errors.push(required(path.child('resource')));
  else if (!ENV_RESOURCES.includes(reference.resource) && !/^(requests|limits)\.hugepages-/.test(reference.resource)) errors.push(notSupported(path.child('resource'), reference.resource, ENV_RESOURCES));
  return [...errors, ...validateDivisor(reference, path.child('divisor'))];
}

const SIZE_DIVISORS = ['1', '1k', '1M', '1G', '1T', '1P', '1E', '1Ki', '1Mi', '1Gi', '1Ti', '1Pi', '1Ei'];

/** What a resource's amount may be divided by. */
function validateDivisor({ resource, divisor }: ResourceFieldSelector, path: FieldPath): readonly FieldError[] {
  const text = String(divisor ?? '0');
  if (text === '0') return [];
  const [, what = ''] = /^(?:limits|requests)\.(.*)$/.exec(resource) ?? [];
  if (what === 'cpu') return text === '1' || text === '1m' ? [] : [invalid(path, resource, "only divisor's values 1m and 1 are supported with the cpu resource")];
  const name = what === 'memory' ? 'memory' : what === 'ephemeral-storage' ? 'local ephemeral storage' : what.startsWith('hugepages-') ? 'hugepages' : undefined;
  if (name === undefined || SIZE_DIVISORS.includes(text)) return [];
  return [invalid(path, resource, `only divisor's values ${SIZE_DIVISORS.join(', ')} are supported with the ${name} resource`)];
}

function validateKeyRef(reference: { readonly name?: string; readonly key: string }, path: FieldPath): readonly FieldError[] {
  const name = reference.name ?? '';
  const errors: FieldError[] = dnsSubdomainErrors(name).map((text) => invalid(path.child('name'), name, text));
  if (reference.key === '') errors.push(required(path.child('key')));
  else errors.push(...configKeyErrors(reference.key).map((text) => invalid(path.child('key'), reference.key, text)));
  return errors;
}

function validateValueFrom(source: EnvVarSource, value: string, path: FieldPath): readonly FieldError[] {
  const errors: FieldError[] = [];
  let count = 0;
  if (source.fieldRef !== undefined && ++count > 0) errors.push(...validateFieldRef(source.fieldRef, ENV_FIELDS, path.child('fieldRef')));
  if (source.resourceFieldRef !== undefined && ++count > 0) errors.push(...validateResourceFieldRef(source.resourceFieldRef, false, path.child('resourceFieldRef')));
  if (source.configMapKeyRef !== undefined && ++count > 0) errors.push(...validateKeyRef(source.configMapKeyRef, path.child('configMapKeyRef')));
  if (source.secretKeyRef !== undefined && ++count > 0) errors.push(...validateKeyRef(source.secretKeyRef, path.child('secretKeyRef')));
  if (source.fileKeyRef !== undefined) count++;
  if (count === 0) errors.push(invalid(path, '', 'must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`'));
  if (value !== '') {
    if (count !== 0) errors.push(invalid(path, '', 'may not be specified when `value` is not empty'));
  } else if (count > 1) errors.push(invalid(path, '', 'may not have more than one field specified at a time'));
  return errors;
}

/** Errors of the variables of a container. @internal */
export function validateEnv(variables: readonly EnvVar[], path: FieldPath): readonly FieldError[] {
  const errors: FieldError[] = [];
  for (const [index, variable] of variables.entries()) {
    const at = path.index(index);
    if (variable.name === '') errors.push(required(at.child('name')));
    else errors.push(...envNameErrors(variable.name).map((text) => invalid(at.child('name'), variable.name, text)));
    if (variable.valueFrom !== undefined) errors.push(...validateValueFrom(variable.valueFrom, variable.value ?? '', at.child('valueFrom')));
  }
  return errors;
}

/** Errors of the whole ConfigMaps and Secrets that a container takes its variables from. @internal */
export function validateEnvFrom(sources: readonly EnvFromSource[], path: FieldPath): readonly FieldError[] {
  const errors: FieldError[] = [];
  for (const [index, source] of sources.entries()) {
    const at = path.index(index);
    if ((source.prefix ?? '') !== '') errors.push(...envNameErrors(source.prefix as string).map((text) => invalid(at.child('prefix'), source.prefix, text)));
    let count = 0;
    for (const field of ['configMapRef', 'secretRef'] as const) {
      const reference = source[field];
      if (reference === undefined) continue;
      count++;
      if ((reference.name ?? '') === '') errors.push(required(at.child(field, 'name')));
      else errors.push(...dnsSubdomainErrors(maskTrailingDash(reference.name as string)).map((text) => invalid(at.child(field, 'name'), reference.name, text)));
    }
    if (count === 0) errors.push(invalid(path, '', 'must specify one of: `configMapRef` or `secretRef`'));
    else if (count > 1) errors.push(invalid(path, '', 'may not have more than one field specified at a time'));
  }
  return errors;
}
