// Access to the generated schema: parsed once, when something first asks.
import { schemaText } from '../generated/schema-data.ts';

/** One node of a schema, as OpenAPI v3 writes it with Kubernetes' extensions. Custom resources bring their own. @public */
export interface SchemaNode {
  readonly $ref?: string;
  readonly type?: string;
  readonly format?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly additionalProperties?: SchemaNode | boolean;
  readonly items?: SchemaNode;
  readonly required?: readonly string[];
  readonly allOf?: readonly SchemaNode[];
  readonly anyOf?: readonly SchemaNode[];
  readonly oneOf?: readonly SchemaNode[];
  readonly not?: SchemaNode;
  readonly nullable?: boolean;
  readonly 'x-kubernetes-list-type'?: 'atomic' | 'set' | 'map';
  readonly 'x-kubernetes-list-map-keys'?: readonly string[];
  readonly 'x-kubernetes-map-type'?: 'atomic' | 'granular';
  readonly 'x-kubernetes-patch-strategy'?: string;
  readonly 'x-kubernetes-patch-merge-key'?: string;
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean;
  readonly 'x-kubernetes-embedded-resource'?: boolean;
  readonly 'x-kubernetes-int-or-string'?: boolean;
  readonly 'x-kubernetes-group-version-kind'?: readonly { readonly group: string; readonly version: string; readonly kind: string }[];
  readonly 'x-protobuf'?: readonly number[];
  readonly [keyword: string]: unknown;
}

let parsed: Readonly<Record<string, SchemaNode>> | undefined;
let byKind: ReadonlyMap<string, string> | undefined;

/** All definitions by name, such as `io.k8s.api.core.v1.Pod`. @public */
export function schemaDefinitions(): Readonly<Record<string, SchemaNode>> {
  parsed ??= JSON.parse(schemaText) as Readonly<Record<string, SchemaNode>>;
  return parsed;
}

/** The definition of a name. @public */
export function schemaDefinition(name: string): SchemaNode | undefined {
  const definitions = schemaDefinitions();
  return Object.hasOwn(definitions, name) ? definitions[name] : undefined;
}

/** The name of the definition that carries a group, version and kind. @public */
export function definitionOfKind(group: string, version: string, kind: string): string | undefined {
  byKind ??= indexKinds();
  return byKind.get(`${group}/${version}/${kind}`);
}

function indexKinds(): ReadonlyMap<string, string> {
  const index = new Map<string, string>();
  for (const [name, node] of Object.entries(schemaDefinitions())) {
    const kinds = node['x-kubernetes-group-version-kind'];
    if (kinds?.length !== 1) continue;
    for (const { group, version, kind } of kinds) index.set(`${group}/${version}/${kind}`, name);
  }
  return index;
}
