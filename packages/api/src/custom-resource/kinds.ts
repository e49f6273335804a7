// The kinds that a CustomResourceDefinition declares, one for each version that it serves.
// Pruning is done where objects are read (schema/conform.ts). CEL rules are not evaluated: creating such a definition warns.
import type { CustomResourceDefinition, CustomResourceDefinitionVersion } from '../generated/types.ts';
import { memoizeFrozen } from '../edit.ts';
import type { KindDefinition, SubresourceStrategy } from '../kind.ts';
import type { KubeObject } from '../request.ts';
import type { SchemaNode } from '../schema/schema.ts';
import { isSame } from '../is-same.ts';
import { columnDefinitions, customCells, customColumns } from './columns.ts';
import { withSchemaDefaults } from './defaulting.ts';
import { customScale, validateReplicas } from './scale.ts';
import { validateSchema } from './validation.ts';

/** The kinds of a definition in the order of its versions. Remembered for each frozen definition. @public */
export const customResourceKinds: (definition: CustomResourceDefinition) => readonly KindDefinition[] = (() => {
  const remembered = new WeakMap<CustomResourceDefinition, readonly KindDefinition[]>();
  return (definition: CustomResourceDefinition): readonly KindDefinition[] => {
    const known = remembered.get(definition);
    if (known !== undefined) return known;
    const kinds = definition.spec.versions.filter((version) => version.served).map((version) => customKind(definition, version));
    if (Object.isFrozen(definition)) remembered.set(definition, kinds);
    return kinds;
  };
})();

/** Compiled once for each schema: the object itself, without metadata, whose rules are the server's. */
const schemaOf: (schema: SchemaNode) => SchemaNode = memoizeFrozen((schema: SchemaNode): SchemaNode => {
  const { metadata: _metadata, apiVersion: _apiVersion, kind: _kind, ...properties } = schema.properties ?? {};
  return { ...schema, properties };
});

function customKind(definition: CustomResourceDefinition, version: CustomResourceDefinitionVersion): KindDefinition {
  const { group, names, scope } = definition.spec;
  const declared = (version.schema?.openAPIV3Schema ?? { type: 'object', 'x-kubernetes-preserve-unknown-fields': true }) as SchemaNode;
  const schema = schemaOf(declared);
  const hasStatus = version.subresources?.status !== undefined;
  const scale = version.subresources?.scale;
  const validate = (object: KubeObject): ReturnType<typeof validateSchema> => [
    ...validateSchema(object, schema, ''),
    ...(scale === undefined ? [] : [...validateReplicas(object, scale.specReplicasPath), ...(hasStatus && object['status'] !== undefined ? validateReplicas(object, scale.statusReplicasPath) : [])]),
  ];
  const status: SubresourceStrategy = { validateUpdate: validate };
  const columns = columnDefinitions(version.additionalPrinterColumns);
  return {
    group, version: version.name, kind: names.kind, resource: names.plural, singular: names.singular ?? names.kind.toLowerCase(),
    ...(names.shortNames === undefined ? {} : { shortNames: names.shortNames }),
    ...(names.categories === undefined ? {} : { categories: names.categories }),
    namespaced: scope === 'Namespaced',
    schema: { ...declared, 'x-kubernetes-embedded-resource': true },
    hasGeneration: true,
    generationChanged: (object, old) => {
      const counted = ({ metadata: _metadata, status: kept, ...rest }: KubeObject): unknown => (hasStatus ? rest : { ...rest, status: kept as unknown });
      return !isSame(counted(object), counted(old));
    },
    subresources: { ...(hasStatus ? { status } : {}), ...(scale === undefined ? {} : { scale: true as const }) },
    ...(scale === undefined ? {} : { scale: customScale(scale) }),
    default: (object) => withSchemaDefaults(object, schema) as KubeObject,
    validateCreate: validate,
    ...(version.selectableFields === undefined ? {} : {
      selectableFields: Object.fromEntries(version.selectableFields.map(({ jsonPath }) => [jsonPath.replace(/^\./, ''), (object: KubeObject): string => textAt(object, jsonPath)])),
    }),
    columns: customColumns(columns),
    cells: (object, now) => customCells(columns, object, now),
  };
}

function textAt(object: KubeObject, path: string): string {
  let value: unknown = object;
  for (const name of path.replace(/^\./, '').split('.')) value = typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>)[name] : undefined;
  return value === undefined || value === null ? '' : String(value);
}
