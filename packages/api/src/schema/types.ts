// Types of fields as the machinery walks them: the published schema joined with what Go knows of each field.
// Compiled one definition at a time, when something first asks for it.
import type { SchemaNode } from './schema.ts';
import type { PlainDecoder } from './plain.ts';
import { goFieldsText } from '../generated/go-fields-data.ts';
import { plainDecoders } from '../generated/plain-decoders.ts';
import { definitionOfKind, schemaDefinition } from './schema.ts';

/** What a leaf holds. `any` is JSON of any form. @public */
export type ScalarName =
  | 'string' | 'int32' | 'int64' | 'float64' | 'bool' | 'quantity' | 'intOrString' | 'time' | 'microTime' | 'bytes' | 'any';

/** One field of a struct. @public */
export interface Field {
  readonly name: string;
  readonly type: TypeNode;
  /** Go holds a pointer: an explicit zero value is kept. */
  readonly isPointer: boolean;
  /** Written even when empty. */
  readonly isAlwaysWritten: boolean;
  /** A default that the schema publishes and that is not the zero value. */
  readonly default: unknown;
  /** Strategic merge: `merge`, `replace`, `retainKeys`, `merge,retainKeys`. */
  readonly patchStrategy: string | undefined;
  readonly patchMergeKey: string | undefined;
}

/** An object with known fields. @public */
export interface StructType {
  readonly form: 'struct';
  /** Go's name, such as `PodSpec`. */
  readonly name: string;
  /** The type as decoding errors name it: `v1.PodSpec`. */
  readonly goType: string;
  /** In the order in which Go writes them. */
  readonly fields: ReadonlyMap<string, Field>;
  /** The same as a list. */
  readonly ordered: readonly Field[];
  /** Fields that are filled in when they are absent. */
  readonly filled: readonly Field[];
  /** Server-side apply owns it as a whole. */
  readonly isAtomic: boolean;
  /** Belongs to a custom resource: what is sent stays as sent, zero values included. */
  readonly isCustom: boolean;
  /** Custom resources: unknown fields are kept. */
  readonly preservesUnknown: boolean;
  /** How plain values of it are decoded, if there is a function of its own for that. */
  readonly decodePlain: PlainDecoder | undefined;
  readonly memo: WeakMap<object, object>;
}

/** A list. @public */
export interface ListType {
  readonly form: 'list';
  readonly goType: string;
  readonly item: TypeNode;
  readonly listType: 'atomic' | 'set' | 'map';
  readonly keys: readonly string[];
  readonly isCustom: boolean;
  readonly memo: WeakMap<object, object>;
}

/** An object with free keys. @public */
export interface MapType {
  readonly form: 'map';
  readonly goType: string;
  readonly value: TypeNode;
  readonly isAtomic: boolean;
  readonly isCustom: boolean;
}

/** A leaf. @public */
export interface ScalarType {
  readonly form: 'scalar';
  readonly scalar: ScalarName;
  readonly goType: string;
}

/** A type of the schema. @public */
export type TypeNode = StructType | ListType | MapType | ScalarType;

const ANY: ScalarType = { form: 'scalar', scalar: 'any', goType: 'interface {}' };

const SCALAR_DEFINITIONS: Readonly<Record<string, ScalarType>> = {
  Quantity: { form: 'scalar', scalar: 'quantity', goType: 'resource.Quantity' },
  IntOrString: { form: 'scalar', scalar: 'intOrString', goType: 'intstr.IntOrString' },
  Time: { form: 'scalar', scalar: 'time', goType: 'v1.Time' },
  MicroTime: { form: 'scalar', scalar: 'microTime', goType: 'v1.MicroTime' },
  RawExtension: { ...ANY, goType: 'runtime.RawExtension' },
  FieldsV1: { ...ANY, goType: 'v1.FieldsV1' },
  JSON: { ...ANY, goType: 'v1.JSON' },
  JSONSchemaPropsOrArray: { ...ANY, goType: 'v1.JSONSchemaPropsOrArray' },
  JSONSchemaPropsOrBool: { ...ANY, goType: 'v1.JSONSchemaPropsOrBool' },
  JSONSchemaPropsOrStringArray: { ...ANY, goType: 'v1.JSONSchemaPropsOrStringArray' },
};

const structs = new Map<string, StructType>();
let goFields: ReadonlyMap<string, string> | undefined;

/** The type of a definition, such as `io.k8s.api.core.v1.PodSpec`. @public */
export function structOfDefinition(definition: string): StructType | undefined {
  const known = structs.get(definition);
  if (known !== undefined) return known;
  const node = schemaDefinition(definition);
  if (node === undefined) return undefined;
  const compiled = compileStruct(definition, node);
  structs.set(definition, compiled);
  return compiled;
}

/** The type of a kind that the schema knows. @public */
export function structOfKind(group: string, version: string, kind: string): StructType | undefined {
  const definition = definitionOfKind(group, version, kind);
  return definition === undefined ? undefined : structOfDefinition(definition);
}

const customStructs = new WeakMap<SchemaNode, StructType>();

/** The type of a custom resource, of its structural schema (frozen). @public */
export function structOfSchema(node: SchemaNode, name: string): StructType {
  const known = customStructs.get(node);
  if (known !== undefined) return known;
  const compiled = compileCustomStruct(node, name, true);
  customStructs.set(node, compiled);
  return compiled;
}

function shortName(definition: string): string {
  return definition.slice(definition.lastIndexOf('.') + 1);
}

function goFieldsOf(definition: string): ReadonlyMap<string, { readonly flag: string; readonly goType: string }> {
  goFields ??= new Map(goFieldsText.split('\n').map((line) => {
    const space = line.indexOf(' ');
    return space < 0 ? [line, ''] : [line.slice(0, space), line.slice(space + 1)];
  }));
  const words = (goFields.get(definition) ?? '').split(/ (?=[^ ]+:[vopzr])/);
  return new Map(words.filter((word) => word !== '').map((word) => {
    const colon = word.indexOf(':');
    return [word.slice(0, colon), { flag: word[colon + 1] ?? 'o', goType: word.slice(colon + 2) }];
  }));
}

function compileStruct(definition: string, node: SchemaNode): StructType {
  const name = shortName(definition);
  const go = goFieldsOf(definition);
  const fields = new Map<string, Field>();
  const properties = node.properties ?? {};
  for (const [key, { flag, goType }] of go) if (properties[key] !== undefined) fields.set(key, compileField(key, properties[key], flag, goType));
  for (const key of Object.keys(properties)) if (!fields.has(key)) fields.set(key, compileField(key, properties[key] ?? {}, 'o', ''));
  const ordered = [...fields.values()];
  return {
    form: 'struct', name, goType: `v1.${name}`, fields, ordered, filled: ordered.filter(isFilled),
    isAtomic: node['x-kubernetes-map-type'] === 'atomic', isCustom: false, preservesUnknown: false, decodePlain: plainDecoders.get(definition), memo: new WeakMap(),
  };
}

const ZERO_DEFAULTS: readonly unknown[] = ['', 0, false];

function compileField(name: string, property: SchemaNode, flag: string, goType: string): Field {
  const published = property.default;
  const isZero = published === undefined || ZERO_DEFAULTS.includes(published)
    || (typeof published === 'object' && published !== null && Object.keys(published).length === 0);
  const isStructValue = (flag === 'v' || flag === 'o') && isWrittenStruct(property);
  return new LazyField(() => compileType(property, goType), {
    name, isPointer: flag === 'p' || flag === 'r', isAlwaysWritten: flag === 'v' || isStructValue, default: isZero ? undefined : published,
    patchStrategy: property['x-kubernetes-patch-strategy'], patchMergeKey: property['x-kubernetes-patch-merge-key'],
  });
}

/**
 * A field whose type is compiled when something first asks for it: types hold each other. A class, so that all fields have one
 * hidden class: an object literal with a getter gets one of its own.
 */
class LazyField implements Field {
  readonly name: string;
  readonly isPointer: boolean;
  readonly isAlwaysWritten: boolean;
  readonly default: unknown;
  readonly patchStrategy: string | undefined;
  readonly patchMergeKey: string | undefined;
  private compiled: TypeNode | undefined;
  private readonly compile: () => TypeNode;

  constructor(compile: () => TypeNode, field: Omit<Field, 'type'>) {
    this.name = field.name;
    this.isPointer = field.isPointer;
    this.isAlwaysWritten = field.isAlwaysWritten;
    this.default = field.default;
    this.patchStrategy = field.patchStrategy;
    this.patchMergeKey = field.patchMergeKey;
    this.compiled = undefined;
    this.compile = compile;
  }

  get type(): TypeNode {
    return this.compiled ??= this.compile();
  }
}

const JSON_FORMS: readonly string[] = ['JSON', 'JSONSchemaPropsOrArray', 'JSONSchemaPropsOrBool', 'JSONSchemaPropsOrStringArray'];

/** Go has no empty struct: omitempty does not leave one out, be it a time, a quantity or a struct of fields. */
function isWrittenStruct(property: SchemaNode): boolean {
  const reference = property.$ref ?? property.allOf?.[0]?.$ref;
  return reference !== undefined && !JSON_FORMS.includes(shortName(reference));
}

/** A list, map or time that is absent is written as null, which says nothing: only texts, numbers, truths and structs are filled in. */
function isFilled(field: Field): boolean {
  if (field.default !== undefined) return true;
  if (!field.isAlwaysWritten) return false;
  const { type } = field;
  return type.form === 'struct' || (type.form === 'scalar' && zeroOf(type) !== undefined);
}

/** The zero value of a leaf as JSON shows it; undefined where that is null. @public */
export function zeroOf(type: ScalarType): unknown {
  switch (type.scalar) {
    case 'string': return '';
    case 'int32': case 'int64': case 'float64': case 'intOrString': return 0;
    case 'bool': return false;
    case 'quantity': return '0';
    default: return undefined;
  }
}

function compileType(node: SchemaNode, goType: string): TypeNode {
  const reference = node.$ref ?? node.allOf?.[0]?.$ref;
  if (reference !== undefined) {
    const short = shortName(reference);
    const scalar = Object.hasOwn(SCALAR_DEFINITIONS, short) ? SCALAR_DEFINITIONS[short] : undefined;
    if (scalar !== undefined) return scalar;
    const target = structOfDefinition(reference);
    if (target === undefined) return ANY;
    // A field may own the parts of a struct that is one whole elsewhere (a volume's claimRef).
    if (target.fields.size > 0) return target.isAtomic && node['x-kubernetes-map-type'] === 'granular' ? { ...target, isAtomic: false, memo: new WeakMap() } : target;
    return { form: 'scalar', scalar: 'any', goType: target.goType };
  }
  if (node.type === 'array') {
    const item = compileType(node.items ?? {}, goType.startsWith('[]') ? goType.slice(2) : '');
    const listType = node['x-kubernetes-list-type'] ?? 'atomic';
    return { form: 'list', goType: goType || `[]${item.goType}`, item, listType, keys: node['x-kubernetes-list-map-keys'] ?? [], isCustom: false, memo: new WeakMap() };
  }
  if (typeof node.additionalProperties === 'object') {
    const inner = /^map\[[\w.]+\](.*)$/.exec(goType)?.[1] ?? '';
    const value = compileType(node.additionalProperties, inner);
    return { form: 'map', goType: goType || `map[string]${value.goType}`, value, isAtomic: node['x-kubernetes-map-type'] === 'atomic', isCustom: false };
  }
  const scalar = scalarOf(node);
  return scalar === 'any' ? ANY : { form: 'scalar', scalar, goType: goType || GO_SCALARS[scalar] };
}

const GO_SCALARS: Readonly<Record<ScalarName, string>> = {
  string: 'string', int32: 'int32', int64: 'int64', float64: 'float64', bool: 'bool', quantity: 'resource.Quantity',
  intOrString: 'intstr.IntOrString', time: 'v1.Time', microTime: 'v1.MicroTime', bytes: '[]uint8', any: 'interface {}',
};

function scalarOf(node: SchemaNode): ScalarName {
  switch (node.type) {
    case 'string': return node.format === 'byte' ? 'bytes' : 'string';
    case 'integer': return node.format === 'int32' ? 'int32' : 'int64';
    case 'number': return 'float64';
    case 'boolean': return 'bool';
    default: return 'any';
  }
}

const META_DEFINITION = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta';

function compileCustomStruct(node: SchemaNode, name: string, isResource: boolean): StructType {
  const fields = new Map<string, Field>();
  for (const [key, property] of Object.entries(node.properties ?? {})) {
    if (isResource && (key === 'metadata' || key === 'apiVersion' || key === 'kind')) continue;
    fields.set(key, customField(key, () => compileCustomType(property)));
  }
  if (isResource) {
    const text: ScalarType = { form: 'scalar', scalar: 'string', goType: 'string' };
    fields.set('apiVersion', customField('apiVersion', () => text));
    fields.set('kind', customField('kind', () => text));
    fields.set('metadata', customField('metadata', () => structOfDefinition(META_DEFINITION) ?? ANY));
  }
  return {
    form: 'struct', name, goType: name, fields, ordered: [...fields.values()], filled: [], isAtomic: node['x-kubernetes-map-type'] === 'atomic', isCustom: true,
    preservesUnknown: node['x-kubernetes-preserve-unknown-fields'] === true, decodePlain: undefined, memo: new WeakMap(),
  };
}

function customField(name: string, compile: () => TypeNode): Field {
  return new LazyField(compile, { name, isPointer: true, isAlwaysWritten: false, default: undefined, patchStrategy: undefined, patchMergeKey: undefined });
}

/** Leaves of custom resources: decoded whatever they hold, since their schema judges them later; an apply asks for their type at once. */
const CUSTOM_LEAVES: ReadonlyMap<string | undefined, ScalarType> = new Map([['string', 'string'], ['integer', 'int64'], ['number', 'float64'], ['boolean', 'bool']].map(([type, goType = '']) => [type, { ...ANY, goType }]));
const INT_OR_STRING: ScalarType = { ...ANY, goType: 'intOrString' };

function compileCustomType(node: SchemaNode): TypeNode {
  if (node['x-kubernetes-int-or-string'] === true) return INT_OR_STRING;
  if (node.type === 'array') {
    const item = compileCustomType(node.items ?? {});
    const listType = node['x-kubernetes-list-type'] ?? 'atomic';
    return { form: 'list', goType: '[]interface {}', item, listType, keys: node['x-kubernetes-list-map-keys'] ?? [], isCustom: true, memo: new WeakMap() };
  }
  if (typeof node.additionalProperties === 'object') {
    const value = compileCustomType(node.additionalProperties);
    return { form: 'map', goType: 'map[string]interface {}', value, isAtomic: node['x-kubernetes-map-type'] === 'atomic', isCustom: true };
  }
  if (node.type === 'object') {
    const isEmbedded = node['x-kubernetes-embedded-resource'] === true;
    if (node.properties === undefined && !isEmbedded && (node['x-kubernetes-preserve-unknown-fields'] === true || node.additionalProperties === true)) return ANY;
    return compileCustomStruct(node, 'Unstructured', isEmbedded);
  }
  return CUSTOM_LEAVES.get(node.type) ?? ANY;
}
