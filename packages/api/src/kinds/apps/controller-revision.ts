// apps/v1 ControllerRevision. Upstream: pkg/apis/apps/validation/validation.go, pkg/registry/apps/controllerrevision/strategy.go (1.37).
import { required, type FieldError } from '../../field-error.ts';
import { fieldPath } from '../../field-path.ts';
import type { ControllerRevision } from '../../generated/types.ts';
import { defineKind, type KindDefinition } from '../../kind.ts';
import { validateNotNegative } from '../../names/numbers.ts';
import type { KubeObject } from '../../request.ts';
import { isSame } from '../../is-same.ts';
import { ageCell } from '../../table/cells.ts';
import { immutable } from './template.ts';

type StoredRevision = ControllerRevision & KubeObject;

function validate(revision: StoredRevision, isUpdate: boolean): readonly FieldError[] {
  const errors: FieldError[] = !isUpdate && (revision.data === undefined || revision.data === null) ? [required(fieldPath('data'), 'data is mandatory')] : [];
  return [...errors, ...validateNotNegative(revision.revision, fieldPath('revision'))];
}

/** ControllerRevision. @public */
export const controllerRevisionKind: KindDefinition = defineKind<StoredRevision>({
  group: 'apps', version: 'v1', kind: 'ControllerRevision', resource: 'controllerrevisions', singular: 'controllerrevision', namespaced: true,
  validateCreate: (revision, { old }) => validate(revision, old !== undefined),
  // Upstream compares how data was decoded, too: after a patch of the JSON text even the same data counts as changed.
  validateUpdate: (revision, old, { isJsonPatched }) => (isSame(revision.data, old.data) && (isJsonPatched !== true || old.data === undefined) ? [] : [immutable(fieldPath('data'), revision.data)]),
  columns: [{ name: 'Name', type: 'string', format: 'name' }, { name: 'Controller', type: 'string' }, { name: 'Revision', type: 'string' }, { name: 'Age', type: 'string' }],
  cells: (revision, now) => {
    const owner = revision.metadata.ownerReferences?.find((reference) => reference.controller === true);
    const slash = owner?.apiVersion.indexOf('/') ?? -1;
    const group = owner === undefined || slash < 0 ? '' : `.${owner.apiVersion.slice(0, slash)}`;
    return [revision.metadata.name, owner === undefined ? '<none>' : `${owner.kind.toLowerCase()}${group}/${owner.name}`, revision.revision, ageCell(revision, now)];
  },
});
