// Protobuf request bodies, decoded by the schema's wire numbers: typed Go clients send them for every built-in kind.
import { definitionOfKind, schemaDefinition, type SchemaNode } from '@kubesim/api';

const MAGIC = [0x6b, 0x38, 0x73, 0x00];
const DEPTH_MAX = 64;

/** Whether bytes are a Kubernetes protobuf envelope. @internal */
export function isProtobuf(body: Uint8Array): boolean {
  return MAGIC.every((byte, index) => body[index] === byte);
}

/** The object of an envelope as JSON; undefined if it cannot be read or its kind is not known. @internal */
export function decodeProtobufBody(body: Uint8Array): Readonly<Record<string, unknown>> | undefined {
  try {
    const envelope = readFields(body.subarray(MAGIC.length));
    const type = readFields(bytesOf(envelope, 1) ?? new Uint8Array());
    const [apiVersion, kind] = [textOf(type, 1), textOf(type, 2)];
    const slash = apiVersion.indexOf('/');
    const definition = definitionOfKind(slash < 0 ? '' : apiVersion.slice(0, slash), slash < 0 ? apiVersion : apiVersion.slice(slash + 1), kind);
    const node = definition === undefined ? undefined : schemaDefinition(definition);
    if (node === undefined) return undefined;
    return { apiVersion, kind, ...(message(bytesOf(envelope, 2) ?? new Uint8Array(), node, 0) as object) };
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

type Wire = { readonly number: number; readonly value: bigint | Uint8Array };

function readVarint(bytes: Uint8Array, at: number): readonly [bigint, number] {
  let value = 0n;
  for (let shift = 0n, index = at; index < bytes.length && shift < 70n; shift += 7n) {
    const byte = bytes[index++] as number;
    value |= BigInt(byte & 0x7f) << shift;
    if ((byte & 0x80) === 0) return [value, index];
  }
  throw new RangeError('protobuf: a number does not end');
}

function readFields(bytes: Uint8Array): readonly Wire[] {
  const fields: Wire[] = [];
  let at = 0;
  while (at < bytes.length) {
    const [tag, next] = readVarint(bytes, at);
    const number = Number(tag >> 3n);
    const wire = Number(tag & 7n);
    if (wire === 0) {
      const [value, end] = readVarint(bytes, next);
      fields.push({ number, value });
      at = end;
      continue;
    }
    const [length, start] = wire === 2 ? readVarint(bytes, next) : [wire === 1 ? 8n : wire === 5 ? 4n : -1n, next];
    const end = start + Number(length);
    if (length < 0n || end > bytes.length) throw new RangeError('protobuf: a field is longer than the message');
    fields.push({ number, value: bytes.subarray(start, end) });
    at = end;
  }
  return fields;
}

function bytesOf(fields: readonly Wire[], number: number): Uint8Array | undefined {
  const found = fields.find((each) => each.number === number)?.value;
  return found instanceof Uint8Array ? found : undefined;
}

function textOf(fields: readonly Wire[], number: number): string {
  return new TextDecoder().decode(bytesOf(fields, number) ?? new Uint8Array());
}

function resolve(node: SchemaNode): { readonly name: string; readonly node: SchemaNode } {
  const reference = node.$ref ?? node.allOf?.[0]?.$ref;
  if (reference === undefined) return { name: '', node };
  return { name: reference.slice(reference.lastIndexOf('.') + 1), node: schemaDefinition(reference) ?? {} };
}

function message(bytes: Uint8Array, node: SchemaNode, depth: number): unknown {
  if (depth > DEPTH_MAX) throw new RangeError('protobuf: nested too deeply');
  const fields = readFields(bytes);
  const result: Record<string, unknown> = {};
  for (const [key, property] of Object.entries(node.properties ?? {})) {
    const path = property['x-protobuf'];
    if (path === undefined) continue;
    const values = follow(fields, path);
    if (values.length === 0) continue;
    const value = decodeField(values, property, depth);
    if (value !== undefined) result[key] = value;
  }
  return result;
}

/** Values of a field; one that sits in an embedded message has two numbers. */
function follow(fields: readonly Wire[], path: readonly number[]): readonly (bigint | Uint8Array)[] {
  const [first, ...rest] = path;
  const values = fields.filter((each) => each.number === first).map((each) => each.value);
  if (rest.length === 0) return values;
  return values.flatMap((value) => (value instanceof Uint8Array ? follow(readFields(value), rest) : []));
}

function decodeField(values: readonly (bigint | Uint8Array)[], property: SchemaNode, depth: number): unknown {
  if (property.type === 'array' && property.items !== undefined) {
    const { items } = property;
    return values.map((value) => scalar(value, items, depth));
  }
  if (typeof property.additionalProperties === 'object') {
    const item = property.additionalProperties;
    const entries = values.map((value) => {
      const entry = readFields(value as Uint8Array);
      const held = entry.find((each) => each.number === 2)?.value ?? new Uint8Array();
      return [textOf(entry, 1), scalar(held, item, depth)] as const;
    });
    return entries.length === 0 ? undefined : Object.fromEntries(entries);
  }
  const value = scalar(values[values.length - 1] as bigint | Uint8Array, property, depth);
  // Go writes every field that is no pointer; empty texts and messages of nothing say nothing.
  if (value === '' || value === false) return undefined;
  if (value !== null && typeof value === 'object' && !Array.isArray(value) && Object.keys(value).length === 0 && property.type !== 'array') return isPresentWhenEmpty(property) ? {} : undefined;
  return value;
}

/** Sources of volumes and the like mean something by being there, empty or not. */
function isPresentWhenEmpty(property: SchemaNode): boolean {
  return (property['x-protobuf']?.length ?? 0) > 1 || /VolumeSource$|Action$/.test(property.$ref ?? '');
}

function scalar(value: bigint | Uint8Array, property: SchemaNode, depth: number): unknown {
  const { name, node } = resolve(property);
  if (typeof value === 'bigint') {
    if (node.type === 'boolean') return value !== 0n;
    return Number(BigInt.asIntN(64, value));
  }
  switch (name) {
    case 'Quantity':
      return textOf(readFields(value), 1);
    case 'Time': case 'MicroTime': {
      const seconds = readFields(value).find((each) => each.number === 1)?.value;
      if (typeof seconds !== 'bigint') return undefined;
      return new Date(Number(BigInt.asIntN(64, seconds)) * 1_000).toISOString().replace('.000Z', name === 'Time' ? 'Z' : '.000000Z');
    }
    case 'IntOrString': {
      const fields = readFields(value);
      const kind = fields.find((each) => each.number === 1)?.value ?? 0n;
      const number = fields.find((each) => each.number === 2)?.value ?? 0n;
      return kind === 1n ? textOf(fields, 3) : Number(BigInt.asIntN(32, number as bigint));
    }
    case 'RawExtension': case 'FieldsV1': case 'JSON': {
      const raw = textOf(readFields(value), 1);
      return raw === '' ? undefined : JSON.parse(raw) as unknown;
    }
    default:
      if (node.type === 'string') return node.format === 'byte' ? Buffer.from(value).toString('base64') : new TextDecoder().decode(value);
      return message(value, node, depth + 1);
  }
}
