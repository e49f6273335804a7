// How each definition of the schema lies on the wire: its fields by number, compiled when something first asks.
import { definitionOfKind, schemaDefinition, type SchemaNode } from '../../schema/schema.ts';

/** How one value is written. Messages are named by their definition. @internal */
export type WireCodec =
  | { readonly form: 'text' | 'bytes' | 'bool' | 'int' | 'double' | 'quantity' | 'time' | 'microTime' | 'intOrString' | 'rawJson' | 'texts' | 'orArray' | 'orBool' | 'orTexts' }
  | { readonly form: 'message'; readonly definition: string };

/** A field of a message, or an embedded message whose fields stand in the parent's JSON. @internal */
export type WireField =
  | { readonly number: number; readonly name: string; readonly shape: 'one' | 'list' | 'map'; readonly codec: WireCodec }
  | { readonly number: number; readonly embedded: readonly WireField[] };

/** Definitions of OpenAPI that stand for what Go writes in ways of its own. */
const SPECIAL: Readonly<Record<string, WireCodec>> = {
  Quantity: { form: 'quantity' }, Time: { form: 'time' }, MicroTime: { form: 'microTime' }, IntOrString: { form: 'intOrString' },
  RawExtension: { form: 'rawJson' }, FieldsV1: { form: 'rawJson' }, JSON: { form: 'rawJson' },
  JSONSchemaPropsOrArray: { form: 'orArray' }, JSONSchemaPropsOrBool: { form: 'orBool' }, JSONSchemaPropsOrStringArray: { form: 'orTexts' },
};

/** The schema of a custom resource's definition, which its alternatives hold. @internal */
export const JSON_SCHEMA_PROPS = 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps';

const META = 'io.k8s.apimachinery.pkg.apis.meta.v1.';

/** Kinds that every group has, and those that OpenAPI does not define. */
const META_KINDS: Readonly<Record<string, string>> = {
  DeleteOptions: `${META}DeleteOptions`, WatchEvent: `${META}WatchEvent`, Status: `${META}Status`, PartialObjectMetadata: 'PartialObjectMetadata', PartialObjectMetadataList: 'PartialObjectMetadataList',
};

const PARTIAL: Readonly<Record<string, readonly WireField[]>> = {
  PartialObjectMetadata: [{ number: 1, name: 'metadata', shape: 'one', codec: { form: 'message', definition: `${META}ObjectMeta` } }],
  PartialObjectMetadataList: [
    { number: 1, name: 'metadata', shape: 'one', codec: { form: 'message', definition: `${META}ListMeta` } },
    { number: 2, name: 'items', shape: 'list', codec: { form: 'message', definition: 'PartialObjectMetadata' } },
  ],
};

/** Go has a type of its own for a resource's verbs, which is a message on the wire. */
const VERBS = (number: number): WireField => ({ number, name: 'verbs', shape: 'one', codec: { form: 'texts' } });

const layouts = new Map<string, readonly WireField[]>();

/** The definition of an object by what it says it is; undefined if there is none. @internal */
export function wireDefinition(apiVersion: string, kind: string): string | undefined {
  const slash = apiVersion.indexOf('/');
  const [group, version] = slash < 0 ? ['', apiVersion] : [apiVersion.slice(0, slash), apiVersion.slice(slash + 1)];
  return definitionOfKind(group, version, kind) ?? (Object.hasOwn(META_KINDS, kind) ? META_KINDS[kind] : undefined);
}

/** The fields of a definition, lowest number first. @internal */
export function wireLayout(definition: string): readonly WireField[] {
  const known = layouts.get(definition) ?? PARTIAL[definition];
  if (known !== undefined) return known;
  const layout = layoutOf(schemaDefinition(definition) ?? {}).map((field) => (definition === `${META}APIResource` && 'name' in field && field.name === 'verbs' ? VERBS(field.number) : field));
  layouts.set(definition, layout);
  return layout;
}

function layoutOf(node: SchemaNode): readonly WireField[] {
  const fields: WireField[] = [];
  for (const [name, property] of Object.entries(node.properties ?? {})) {
    const path = property['x-protobuf'];
    if (path !== undefined) place(fields, path, fieldOf(name, path[path.length - 1] as number, property));
  }
  return fields.sort((a, b) => a.number - b.number);
}

/** Puts a field where its path leads: into the message itself, or into one embedded in it. */
function place(fields: WireField[], [number = 0, ...rest]: readonly number[], field: WireField): void {
  if (rest.length === 0) {
    fields.push(field);
    return;
  }
  let outer = fields.find((each) => each.number === number);
  if (outer === undefined || !('embedded' in outer)) {
    outer = { number, embedded: [] };
    fields.push(outer);
  }
  const inner = outer.embedded as WireField[];
  place(inner, rest, field);
  inner.sort((a, b) => a.number - b.number);
}

function fieldOf(name: string, number: number, property: SchemaNode): WireField {
  if (property.type === 'array' && property.items !== undefined) return { number, name, shape: 'list', codec: codecOf(property.items) };
  if (typeof property.additionalProperties === 'object') return { number, name, shape: 'map', codec: codecOf(property.additionalProperties) };
  return { number, name, shape: 'one', codec: codecOf(property) };
}

function codecOf(node: SchemaNode): WireCodec {
  const definition = node.$ref ?? node.allOf?.[0]?.$ref;
  if (definition !== undefined) {
    const short = definition.slice(definition.lastIndexOf('.') + 1);
    return Object.hasOwn(SPECIAL, short) ? SPECIAL[short] as WireCodec : { form: 'message', definition };
  }
  switch (node.type) {
    case 'array': return { form: 'texts' };
    case 'boolean': return { form: 'bool' };
    case 'integer': return { form: 'int' };
    case 'number': return { form: 'double' };
    default: return { form: node.format === 'byte' ? 'bytes' : 'text' };
  }
}

/** Whether objects of a kind have a protobuf form. @public */
export function hasProtobuf(apiVersion: string, kind: string): boolean {
  return wireDefinition(apiVersion, kind) !== undefined;
}
