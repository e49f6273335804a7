// core/v1 Secret. Upstream: pkg/apis/core/validation (ValidateSecret), pkg/registry/core/secret (1.37).
import type { Secret } from '../../generated/types.ts';
import { forbidden, invalid, required, tooLong, type FieldError } from '../../field-error.ts';
import { fieldPath } from '../../field-path.ts';
import { withField } from '../../edit.ts';
import { defineKind, type KindDefinition } from '../../kind.ts';
import { configKeyErrors } from '../../names/names.ts';
import type { KubeObject } from '../../request.ts';
import { isSame } from '../../is-same.ts';
import { ageCell } from '../../table/cells.ts';
import { decodedLength } from './data-size.ts';
import { secretWarnings } from './secret-warnings.ts';

const DATA_SIZE_MAX_BYTES = 1024 * 1024;
const DATA = fieldPath('data');

/** What is written as text goes into data; it is never read back. */
function foldStringData(secret: Secret & KubeObject): Secret & KubeObject {
  if (secret.stringData === undefined) return secret;
  const { stringData, ...rest } = secret;
  const data: Record<string, string> = { ...secret.data };
  for (const key of Object.keys(stringData)) data[key] = Buffer.from(stringData[key] as string, 'utf8').toString('base64');
  return { ...rest, ...(Object.keys(data).length > 0 ? { data } : {}) } as Secret & KubeObject;
}

function setDefaults(secret: Secret & KubeObject): Secret & KubeObject {
  const folded = foldStringData(secret);
  return (folded.type ?? '') === '' ? withField(folded, 'type', 'Opaque') : folded;
}

function validateJson(secret: Secret, key: string): readonly FieldError[] {
  const text = secret.data?.[key];
  if (text === undefined) return [required(DATA.key(key))];
  try {
    const parsed: unknown = JSON.parse(Buffer.from(text, 'base64').toString('utf8'));
    if (typeof parsed === 'object' && !Array.isArray(parsed)) return [];
    const found = Array.isArray(parsed) ? 'array' : typeof parsed === 'boolean' ? 'bool' : typeof parsed;
    return [invalid(DATA.key(key), '<secret contents redacted>', `json: cannot unmarshal ${found} into Go value of type map[string]interface {}`)];
  } catch {
    const content = Buffer.from(text, 'base64').toString('utf8').trimStart();
    const first = content[0];
    const detail = first === undefined || /^[[{"0-9tfn-]/.test(first) ? 'unexpected end of JSON input' : `invalid character '${first}' looking for beginning of value`;
    return [invalid(DATA.key(key), '<secret contents redacted>', detail)];
  }
}

function validateType(secret: Secret): readonly FieldError[] {
  const data = secret.data ?? {};
  const missing = (key: string): readonly FieldError[] => (Object.hasOwn(data, key) ? [] : [required(DATA.key(key))]);
  switch (secret.type) {
    case 'kubernetes.io/service-account-token': {
      const name = secret.metadata?.annotations?.['kubernetes.io/service-account.name'] ?? '';
      return name === '' ? [required(fieldPath('metadata', 'annotations').key('kubernetes.io/service-account.name'))] : [];
    }
    case 'kubernetes.io/dockercfg': return validateJson(secret, '.dockercfg');
    case 'kubernetes.io/dockerconfigjson': return validateJson(secret, '.dockerconfigjson');
    case 'kubernetes.io/basic-auth':
      return Object.hasOwn(data, 'username') || Object.hasOwn(data, 'password') ? [] : [required(DATA.key('username')), required(DATA.key('password'))];
    case 'kubernetes.io/ssh-auth': return (data['ssh-privatekey'] ?? '') === '' ? [required(DATA.key('ssh-privatekey'))] : [];
    case 'kubernetes.io/tls': return [...missing('tls.crt'), ...missing('tls.key')];
    default: return [];
  }
}

function validate(secret: Secret): readonly FieldError[] {
  const errors: FieldError[] = [];
  let size = 0;
  for (const key of Object.keys(secret.data ?? {}).sort()) {
    for (const text of configKeyErrors(key)) errors.push(invalid(DATA.key(key), key, text));
    size += decodedLength(secret.data?.[key] ?? '');
  }
  if (size > DATA_SIZE_MAX_BYTES) errors.push(tooLong(DATA, '', DATA_SIZE_MAX_BYTES));
  return [...errors, ...validateType(secret)];
}

function validateUpdate(secret: Secret, old: Secret): readonly FieldError[] {
  const errors: FieldError[] = [];
  if (secret.type !== old.type) errors.push(invalid('type', null, 'field is immutable'));
  if (old.immutable === true) {
    const text = 'field is immutable when `immutable` is set';
    if (secret.immutable !== true) errors.push(forbidden('immutable', text));
    if (!isSame(secret.data ?? {}, old.data ?? {})) errors.push(forbidden('data', text));
  }
  return errors;
}

/** Secret. @public */
export const secretKind: KindDefinition = defineKind<Secret & KubeObject>({
  group: '', version: 'v1', kind: 'Secret', resource: 'secrets', singular: 'secret', namespaced: true,
  default: setDefaults,
  // A PUT that leaves the type out keeps it (pkg/registry/core/secret/strategy.go).
  prepareForUpdate: (secret, old) => ((secret.type ?? '') === '' ? withField(secret, 'type', old.type) : secret),
  validateCreate: validate,
  validateUpdate,
  warnings: secretWarnings,
  selectableFields: { type: (secret) => secret.type ?? '' },
  columns: [{ name: 'Name', type: 'string', format: 'name' }, { name: 'Type', type: 'string' }, { name: 'Data', type: 'string' }, { name: 'Age', type: 'string' }],
  cells: (secret, now) => [secret.metadata.name, secret.type ?? '', Object.keys(secret.data ?? {}).length, ageCell(secret, now)],
});
