// core/v1 Namespace. Upstream: pkg/registry/core/namespace, pkg/apis/core/validation (1.37).
import type { Namespace } from '../../generated/types.ts';
import { withField } from '../../edit.ts';
import { invalid, type FieldError } from '../../field-error.ts';
import { fieldPath, type FieldPath } from '../../field-path.ts';
import { defineKind, type KindDefinition } from '../../kind.ts';
import { qualifiedNameErrors } from '../../names/names.ts';
import type { KubeObject } from '../../request.ts';
import { ageCell } from '../../table/cells.ts';

type NamespaceObject = Namespace & KubeObject;

const NAME_LABEL = 'kubernetes.io/metadata.name';
const STANDARD_FINALIZERS: ReadonlySet<string> = new Set(['kubernetes', 'orphan', 'foregroundDeletion']);

function validateFinalizer(name: string, path: FieldPath): readonly FieldError[] {
  const texts = qualifiedNameErrors(name);
  if (texts.length > 0) return texts.map((text) => invalid(path, name, text));
  return name.includes('/') || STANDARD_FINALIZERS.has(name) ? [] : [invalid(path, name, 'name is neither a standard finalizer name nor is it fully qualified')];
}

function setNameLabel(namespace: NamespaceObject): NamespaceObject {
  const { metadata } = namespace;
  if (metadata.name === undefined || metadata.name === '' || metadata.labels?.[NAME_LABEL] === metadata.name) return namespace;
  return { ...namespace, metadata: { ...metadata, labels: { ...metadata.labels, [NAME_LABEL]: metadata.name } } };
}

function validateStatus(namespace: NamespaceObject): readonly FieldError[] {
  const phase = namespace.status?.phase ?? '';
  const isDeleting = namespace.metadata.deletionTimestamp !== undefined;
  if (!isDeleting && phase !== 'Active') return [invalid('status.Phase', phase, "may only be 'Active' if `deletionTimestamp` is empty")];
  if (isDeleting && phase !== 'Terminating') return [invalid('status.Phase', phase, "may only be 'Terminating' if `deletionTimestamp` is not empty")];
  return [];
}

/** Namespace. Deleted in two steps: its controller empties it, then finalizes it. @public */
export const namespaceKind: KindDefinition = defineKind<NamespaceObject>({
  group: '', version: 'v1', kind: 'Namespace', resource: 'namespaces', singular: 'namespace', shortNames: ['ns'], namespaced: false, nameRule: 'label',
  verbs: ['create', 'delete', 'get', 'list', 'patch', 'update', 'watch'],
  subresources: {
    status: { prepareForUpdate: (sent, old) => ({ ...sent, spec: old.spec }), validateUpdate: validateStatus },
    finalize: {
      prepareForUpdate: (sent, old) => withField(sent, 'status', old.status),
      validateUpdate: (namespace) => (namespace.spec.finalizers ?? []).flatMap((name, index) => validateFinalizer(name, fieldPath('spec', 'finalizers').index(index))),
    },
  },
  default: setNameLabel,
  prepareForCreate: (namespace) => {
    const finalizers = namespace.spec?.finalizers ?? [];
    return { ...namespace, spec: { ...namespace.spec, finalizers: finalizers.includes('kubernetes') ? finalizers : [...finalizers, 'kubernetes'] }, status: { phase: 'Active' } };
  },
  prepareForUpdate: (namespace, old) => withField(withField(namespace, 'spec', withField(namespace.spec, 'finalizers', old.spec.finalizers)), 'status', old.status),
  validateCreate: (namespace) => (namespace.spec.finalizers ?? []).flatMap((name) => validateFinalizer(name, fieldPath('spec', 'finalizers'))),
  // Again, for a name that was generated.
  canonicalize: setNameLabel,
  blocksRemoval: (namespace) => (namespace.spec.finalizers?.length ?? 0) > 0,
  prepareForDelete: (namespace) => ({ ...namespace, status: { ...namespace.status, phase: 'Terminating' } }),
  deleteReturnsObject: true,
  selectableFields: { 'status.phase': (namespace) => namespace.status?.phase ?? '' },
  columns: [{ name: 'Name', type: 'string', format: 'name' }, { name: 'Status', type: 'string' }, { name: 'Age', type: 'string' }],
  cells: (namespace, now) => [namespace.metadata.name, namespace.status?.phase ?? '', ageCell(namespace, now)],
});
