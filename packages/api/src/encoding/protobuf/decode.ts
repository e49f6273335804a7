// Protobuf request bodies, decoded by the schema's wire numbers: typed Go clients send them for every built-in kind.
// What is on the wire is kept, zero values too: conforming to the kind takes out what Go's JSON would not show.
import { formatTime } from '../time.ts';
import { JSON_SCHEMA_PROPS, wireDefinition, wireLayout, type WireCodec, type WireField } from './layout.ts';
import { bytesOf, MAGIC, readFields, textOf, type Wire } from './wire.ts';

const DEPTH_MAX = 64;

/** Whether bytes begin as a Kubernetes protobuf envelope. @public */
export function isProtobuf(body: Uint8Array): boolean {
  return MAGIC.every((byte, index) => body[index] === byte);
}

/** The object of an envelope as JSON; undefined if it cannot be read or its kind is not known. @public */
export function decodeProtobuf(body: Uint8Array): Readonly<Record<string, unknown>> | undefined {
  if (!isProtobuf(body)) return undefined;
  try {
    const envelope = readFields(body.subarray(MAGIC.length));
    const type = readFields(bytesOf(envelope, 1));
    const [apiVersion, kind] = [textOf(bytesOf(type, 1)), textOf(bytesOf(type, 2))];
    const definition = wireDefinition(apiVersion, kind);
    if (definition === undefined) return undefined;
    return { apiVersion, kind, ...readMessage(bytesOf(envelope, 2), wireLayout(definition), 0) };
  } catch (error) {
    if (error instanceof RangeError || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function readMessage(bytes: Uint8Array, layout: readonly WireField[], depth: number): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  readInto(result, readFields(bytes), layout, depth);
  return result;
}

function readInto(result: Record<string, unknown>, wires: readonly Wire[], layout: readonly WireField[], depth: number): void {
  if (depth > DEPTH_MAX) throw new RangeError('protobuf: nested too deeply');
  for (const field of layout) {
    const values = wires.filter(({ number }) => number === field.number).map(({ value }) => value);
    if (values.length === 0) continue;
    if ('embedded' in field) {
      for (const value of values) readInto(result, readFields(message(value)), field.embedded, depth + 1);
      continue;
    }
    const value = readField(values, field, depth);
    if (value !== undefined) put(result, field.name, value);
  }
}

function put(target: Record<string, unknown>, key: string, value: unknown): void {
  Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
}

function message(value: bigint | Uint8Array | undefined): Uint8Array {
  if (value instanceof Uint8Array) return value;
  throw new RangeError('protobuf: a number stands where a message is expected');
}

function readField(values: readonly (bigint | Uint8Array)[], { shape, codec }: Exclude<WireField, { embedded: unknown }>, depth: number): unknown {
  if (shape === 'list') return values.flatMap((value): readonly unknown[] => (codec.form === 'int' && value instanceof Uint8Array ? unpack(value) : [readValue(value, codec, depth)]));
  if (shape === 'one') return readValue(values[values.length - 1] as bigint | Uint8Array, codec, depth);
  const result: Record<string, unknown> = {};
  for (const value of values) {
    const entry = readFields(message(value));
    const held = entry.find(({ number }) => number === 2)?.value ?? new Uint8Array();
    put(result, textOf(bytesOf(entry, 1)), readValue(held, codec, depth));
  }
  return result;
}

/** Numbers one after the other in one field. */
function unpack(bytes: Uint8Array): readonly number[] {
  const result: number[] = [];
  let value = 0n;
  let shift = 0n;
  for (const byte of bytes) {
    value |= BigInt(byte & 0x7f) << shift;
    shift += 7n;
    if ((byte & 0x80) !== 0) continue;
    result.push(Number(BigInt.asIntN(64, value)));
    value = 0n;
    shift = 0n;
  }
  return result;
}

function integerOf(value: bigint | Uint8Array | undefined): number {
  return typeof value === 'bigint' ? Number(BigInt.asIntN(64, value)) : 0;
}

function numberOf(wires: readonly Wire[], wanted: number): number {
  return integerOf(wires.find(({ number }) => number === wanted)?.value);
}

function readValue(value: bigint | Uint8Array, codec: WireCodec, depth: number): unknown {
  switch (codec.form) {
    case 'bool': return value !== 0n;
    case 'int': return integerOf(value);
    case 'text': return textOf(value);
    case 'double': return new DataView(Uint8Array.from(message(value)).buffer).getFloat64(0, true);
    case 'bytes': return base64(message(value));
    case 'message': return readMessage(message(value), wireLayout(codec.definition), depth + 1);
    default: return readSpecial(readFields(message(value)), codec.form, depth);
  }
}

function base64(bytes: Uint8Array): string {
  let binary = '';
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary);
}

function readSpecial(wires: readonly Wire[], form: Exclude<WireCodec['form'], 'message'>, depth: number): unknown {
  const texts = (wanted: number): readonly string[] => wires.filter(({ number }) => number === wanted).map(({ value }) => textOf(value));
  const schemas = (wanted: number): readonly unknown[] => wires.filter(({ number }) => number === wanted).map(({ value }) => readMessage(message(value), wireLayout(JSON_SCHEMA_PROPS), depth + 1));
  switch (form) {
    case 'quantity': return textOf(bytesOf(wires, 1));
    case 'time': return wires.length === 0 ? undefined : formatTime(numberOf(wires, 1) * 1_000);
    case 'microTime': return wires.length === 0 ? undefined : `${formatTime(numberOf(wires, 1) * 1_000).slice(0, -1)}.${String(Math.floor(numberOf(wires, 2) / 1_000)).padStart(6, '0')}Z`;
    case 'intOrString': return numberOf(wires, 1) === 1 ? textOf(bytesOf(wires, 3)) : Number(BigInt.asIntN(32, BigInt(numberOf(wires, 2))));
    case 'rawJson': {
      const raw = textOf(bytesOf(wires, 1));
      return raw === '' ? undefined : JSON.parse(raw) as unknown;
    }
    case 'texts': return texts(1);
    case 'orArray': return schemas(2).length > 0 ? schemas(2) : schemas(1)[0];
    case 'orBool': return schemas(2)[0] ?? numberOf(wires, 1) !== 0;
    case 'orTexts': return schemas(1)[0] ?? texts(2);
    default: return undefined;
  }
}
