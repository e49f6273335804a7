// apiextensions.k8s.io/v1 CustomResourceDefinition. Upstream: apiextensions-apiserver/pkg/apis/apiextensions/{v1/defaults,validation},
// pkg/registry/customresourcedefinition (1.37). What a definition declares is in custom-resource/.
import type { CustomResourceDefinition, CustomResourceDefinitionVersion } from '../../generated/types.ts';
import { withDefaults, withField } from '../../edit.ts';
import { duplicate, invalid, notSupported, required, type FieldError } from '../../field-error.ts';
import { fieldPath } from '../../field-path.ts';
import { defineKind, type KindDefinition } from '../../kind.ts';
import { dns1035LabelErrors, dnsSubdomainErrors } from '../../names/names.ts';
import type { KubeObject } from '../../request.ts';

type Definition = CustomResourceDefinition & KubeObject;

const SPEC = fieldPath('spec');

function setDefaults(definition: Definition): Definition {
  const { names } = definition.spec;
  const filled = withDefaults(names, {
    singular: (names.singular ?? '') === '' ? names.kind.toLowerCase() : names.singular,
    listKind: (names.listKind ?? '') === '' && names.kind !== '' ? `${names.kind}List` : names.listKind,
  });
  return withField(definition, 'spec', withDefaults(withField(definition.spec, 'names', filled), { conversion: { strategy: 'None' } }));
}

function storageVersion(definition: Definition): string | undefined {
  return (definition.spec.versions ?? []).find((version) => version.storage)?.name;
}

/** The stored versions, with the one that is written now. */
function withStoredVersion(definition: Definition): Definition {
  const version = storageVersion(definition);
  const status = definition.status as Definition['status'] & object | undefined;
  const stored = status?.storedVersions ?? [];
  if (version === undefined || stored.includes(version)) return definition;
  return withField(definition, 'status', { ...status, storedVersions: [...stored, version] } as NonNullable<CustomResourceDefinition['status']>);
}

function validateVersions(versions: readonly CustomResourceDefinitionVersion[]): readonly FieldError[] {
  const path = SPEC.child('versions');
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  for (const [index, version] of versions.entries()) {
    const at = path.index(index);
    for (const text of dns1035LabelErrors(version.name)) errors.push(invalid(at.child('name'), version.name, text));
    if (seen.has(version.name)) errors.push(duplicate(at.child('name'), version.name));
    seen.add(version.name);
    if (version.schema?.openAPIV3Schema === undefined) errors.push(required(at.child('schema', 'openAPIV3Schema'), 'schemas are required'));
  }
  if (versions.filter((version) => version.storage).length !== 1) errors.push(invalid(path, versions, 'must have exactly one version marked as storage version'));
  return errors;
}

function validate(definition: Definition): readonly FieldError[] {
  const { group, names, scope, versions } = definition.spec;
  const errors: FieldError[] = [];
  const expected = `${names.plural}.${group}`;
  if (definition.metadata.name !== expected) errors.push(invalid('metadata.name', definition.metadata.name ?? '', 'must be spec.names.plural+"."+spec.group'));
  if (group === '') errors.push(required(SPEC.child('group')));
  else {
    for (const text of dnsSubdomainErrors(group)) errors.push(invalid(SPEC.child('group'), group, text));
    if (!group.includes('.')) errors.push(invalid(SPEC.child('group'), group, 'should be a domain with at least one dot'));
  }
  if (scope !== 'Cluster' && scope !== 'Namespaced') errors.push((scope ?? '') === '' ? required(SPEC.child('scope')) : notSupported(SPEC.child('scope'), scope, ['Cluster', 'Namespaced']));
  errors.push(...validateVersions(versions ?? []));
  for (const name of ['plural', 'singular', 'kind', 'listKind'] as const) {
    const value = names[name] ?? '';
    const path = SPEC.child('names', name);
    if (value === '') errors.push(required(path));
    else for (const text of dns1035LabelErrors(value.toLowerCase())) errors.push(invalid(path, value, text));
  }
  if (names.kind !== '' && names.kind === names.listKind) errors.push(invalid(SPEC.child('names', 'listKind'), names.listKind, 'kind and listKind may not be the same'));
  return errors;
}

function validateUpdate(definition: Definition, old: Definition): readonly FieldError[] {
  const errors: FieldError[] = [];
  const isEstablished = old.status?.conditions?.some((condition) => condition.type === 'Established' && condition.status === 'True') === true;
  if (definition.spec.group !== old.spec.group) errors.push(invalid(SPEC.child('group'), definition.spec.group, 'field is immutable'));
  if (definition.spec.names.plural !== old.spec.names.plural) errors.push(invalid(SPEC.child('names', 'plural'), definition.spec.names.plural, 'field is immutable'));
  if (isEstablished && definition.spec.scope !== old.spec.scope) errors.push(invalid(SPEC.child('scope'), definition.spec.scope, 'field is immutable'));
  if (isEstablished && definition.spec.names.kind !== old.spec.names.kind) errors.push(invalid(SPEC.child('names', 'kind'), definition.spec.names.kind, 'field is immutable'));
  return errors;
}

function usesCel(schema: unknown): boolean {
  if (typeof schema !== 'object' || schema === null) return false;
  if (Array.isArray(schema)) return schema.some(usesCel);
  return Object.hasOwn(schema, 'x-kubernetes-validations') || Object.values(schema).some(usesCel);
}

function warnings(definition: Definition): readonly string[] {
  return definition.spec.versions.flatMap((version, index) => (usesCel(version.schema?.openAPIV3Schema) ? [`spec.versions[${index}].schema.openAPIV3Schema: x-kubernetes-validations are kept but not evaluated`] : []));
}

/** CustomResourceDefinition. @public */
export const customResourceDefinitionKind: KindDefinition = defineKind<Definition>({
  group: 'apiextensions.k8s.io', version: 'v1', kind: 'CustomResourceDefinition', resource: 'customresourcedefinitions', singular: 'customresourcedefinition', shortNames: ['crd', 'crds'], categories: ['api-extensions'], namespaced: false,
  subresources: { status: true },
  hasGeneration: true,
  default: setDefaults,
  prepareForCreate: (definition) => withStoredVersion(withField(definition, 'status', { conditions: null, acceptedNames: { plural: '', kind: '' }, storedVersions: [] } as unknown as NonNullable<CustomResourceDefinition['status']>)),
  prepareForUpdate: (definition) => withStoredVersion(definition),
  validateCreate: validate,
  validateUpdate,
  warnings,
  columns: [{ name: 'Name', type: 'string', format: 'name' }, { name: 'Created At', type: 'date' }],
  cells: (definition) => [definition.metadata.name, definition.metadata.creationTimestamp],
});
