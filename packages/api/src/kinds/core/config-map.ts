// core/v1 ConfigMap. Upstream: pkg/apis/core/validation (ValidateConfigMap), pkg/registry/core/configmap (1.37).
import type { ConfigMap } from '../../generated/types.ts';
import { forbidden, invalid, tooLong, type FieldError } from '../../field-error.ts';
import { fieldPath } from '../../field-path.ts';
import { defineKind, type KindDefinition } from '../../kind.ts';
import { byteLength, configKeyErrors } from '../../names/names.ts';
import type { KubeObject } from '../../request.ts';
import { isSame } from '../../is-same.ts';
import { ageCell } from '../../table/cells.ts';
import { decodedLength } from './data-size.ts';

const DATA_SIZE_MAX_BYTES = 1024 * 1024;

function validate(map: ConfigMap): readonly FieldError[] {
  const errors: FieldError[] = [];
  let size = 0;
  for (const key of Object.keys(map.data ?? {}).sort()) {
    const path = fieldPath('data').key(key);
    for (const text of configKeyErrors(key)) errors.push(invalid(path, key, text));
    if (Object.hasOwn(map.binaryData ?? {}, key)) errors.push(invalid(path, key, 'duplicate of key present in binaryData'));
    size += byteLength(map.data?.[key] ?? '');
  }
  for (const key of Object.keys(map.binaryData ?? {}).sort()) {
    for (const text of configKeyErrors(key)) errors.push(invalid(fieldPath('binaryData').key(key), key, text));
    size += decodedLength(map.binaryData?.[key] ?? '');
  }
  if (size > DATA_SIZE_MAX_BYTES) errors.push(tooLong('[]', '', DATA_SIZE_MAX_BYTES)); // A path without a name, as Go prints it.
  return errors;
}

function validateUpdate(map: ConfigMap, old: ConfigMap): readonly FieldError[] {
  if (old.immutable !== true) return [];
  const text = 'field is immutable when `immutable` is set';
  const errors: FieldError[] = [];
  if (map.immutable !== true) errors.push(forbidden('immutable', text));
  if (!isSame(map.data ?? {}, old.data ?? {})) errors.push(forbidden('data', text));
  if (!isSame(map.binaryData ?? {}, old.binaryData ?? {})) errors.push(forbidden('binaryData', text));
  return errors;
}

/** ConfigMap. @public */
export const configMapKind: KindDefinition = defineKind<ConfigMap & KubeObject>({
  group: '', version: 'v1', kind: 'ConfigMap', resource: 'configmaps', singular: 'configmap', shortNames: ['cm'], namespaced: true,
  validateCreate: validate,
  validateUpdate,
  columns: [{ name: 'Name', type: 'string', format: 'name' }, { name: 'Data', type: 'string' }, { name: 'Age', type: 'string' }],
  cells: (map, now) => [map.metadata.name, Object.keys(map.data ?? {}).length + Object.keys(map.binaryData ?? {}).length, ageCell(map, now)],
});
