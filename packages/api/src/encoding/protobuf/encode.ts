// Objects as protobuf, by the schema's wire numbers: what typed Go clients ask for.
import { goJson } from '../go-json.ts';
import { parseTime } from '../time.ts';
import { JSON_SCHEMA_PROPS, wireDefinition, wireLayout, type WireCodec, type WireField } from './layout.ts';
import { MAGIC, WireWriter } from './wire.ts';

type Fields = Readonly<Record<string, unknown>>;

/** An object in Kubernetes' protobuf envelope; undefined where its kind has no protobuf form. @public */
export function encodeProtobuf(object: Fields): Uint8Array | undefined {
  const [apiVersion, kind] = [String(object['apiVersion'] ?? ''), String(object['kind'] ?? '')];
  const definition = wireDefinition(apiVersion, kind);
  if (definition === undefined) return undefined;
  const out = new WireWriter();
  // contentEncoding and contentType: Go writes them, empty.
  out.bytes([0x1a, 0, 0x22, 0]);
  let from = out.length;
  writeMessage(out, wireLayout(definition), object);
  out.close(2, from);
  from = out.length;
  writeText(out, 2, kind);
  writeText(out, 1, apiVersion);
  out.close(1, from);
  out.bytes(MAGIC);
  return out.finish();
}

/** One event of a watch as a frame: its length in four bytes, then the event with its object in an envelope. Undefined as above. @public */
export function encodeProtobufWatchEvent(type: string, object: Fields): Uint8Array | undefined {
  const encoded = encodeProtobuf(object);
  if (encoded === undefined) return undefined;
  const out = new WireWriter();
  out.bytes(encoded);
  out.close(1, 0);
  out.close(2, 0);
  writeText(out, 1, type);
  const { length } = out;
  out.bytes([length >>> 24, (length >>> 16) & 0xff, (length >>> 8) & 0xff, length & 0xff]);
  return out.finish();
}

/** From the last field to the first, since a writer grows towards its beginning. */
function writeMessage(out: WireWriter, layout: readonly WireField[], object: Fields): void {
  for (let index = layout.length - 1; index >= 0; index--) {
    const field = layout[index] as WireField;
    if ('embedded' in field) {
      const from = out.length;
      writeMessage(out, field.embedded, object);
      if (out.length > from) out.close(field.number, from);
      continue;
    }
    const value = object[field.name];
    if (value !== undefined && value !== null) writeField(out, field, value);
  }
}

function writeField(out: WireWriter, { number, shape, codec }: Exclude<WireField, { embedded: unknown }>, value: unknown): void {
  if (shape === 'one') return writeValue(out, number, codec, value);
  if (shape === 'list') {
    const items = value as readonly unknown[];
    for (let index = items.length - 1; index >= 0; index--) writeValue(out, number, codec, items[index]);
    return;
  }
  const entries = value as Fields;
  for (const key of Object.keys(entries).sort().reverse()) {
    const from = out.length;
    writeValue(out, 2, codec, entries[key]);
    writeText(out, 1, key);
    out.close(number, from);
  }
}

function writeText(out: WireWriter, number: number, text: string): void {
  const from = out.length;
  out.text(text);
  out.close(number, from);
}

function writeInteger(out: WireWriter, number: number, value: number | bigint): void {
  out.varint(value);
  out.tagVarint(number);
}

function writeValue(out: WireWriter, number: number, codec: WireCodec, value: unknown): void {
  const from = out.length;
  switch (codec.form) {
    case 'text': return writeText(out, number, String(value));
    case 'bool': return writeInteger(out, number, value === true ? 1 : 0);
    case 'int': return writeInteger(out, number, BigInt(Math.trunc(Number(value))));
    case 'double':
      out.bytes(new Uint8Array(new Float64Array([Number(value)]).buffer));
      return out.tagDouble(number);
    case 'bytes':
      out.bytes(Uint8Array.from(atob(String(value)), (character) => character.charCodeAt(0)));
      break;
    case 'quantity':
      writeText(out, 1, String(value));
      break;
    case 'time': case 'microTime':
      writeTime(out, String(value), codec.form === 'microTime');
      break;
    case 'intOrString':
      if (typeof value === 'number') {
        writeText(out, 3, '');
        writeInteger(out, 2, value);
        writeInteger(out, 1, 0);
      } else {
        writeText(out, 3, String(value));
        writeInteger(out, 2, 0);
        writeInteger(out, 1, 1);
      }
      break;
    case 'rawJson':
      writeText(out, 1, goJson(value));
      break;
    case 'texts':
      writeTexts(out, 1, value as readonly string[]);
      break;
    case 'orArray':
      if (Array.isArray(value)) for (const item of [...value].reverse()) writeSchema(out, 2, item);
      else writeSchema(out, 1, value);
      break;
    case 'orBool':
      if (typeof value === 'object') writeSchema(out, 2, value);
      writeInteger(out, 1, value === false ? 0 : 1);
      break;
    case 'orTexts':
      if (Array.isArray(value)) writeTexts(out, 2, value as readonly string[]);
      else writeSchema(out, 1, value);
      break;
    case 'message':
      writeMessage(out, wireLayout(codec.definition), value as Fields);
      break;
  }
  out.close(number, from);
}

function writeTexts(out: WireWriter, number: number, texts: readonly string[]): void {
  for (let index = texts.length - 1; index >= 0; index--) writeText(out, number, texts[index] as string);
}

function writeSchema(out: WireWriter, number: number, schema: unknown): void {
  writeValue(out, number, { form: 'message', definition: JSON_SCHEMA_PROPS }, schema);
}

function writeTime(out: WireWriter, text: string, withNanos: boolean): void {
  const ms = parseTime(text) ?? 0;
  const seconds = Math.floor(ms / 1_000);
  if (withNanos) {
    const fraction = /\.(\d{1,9})/.exec(text)?.[1] ?? '';
    writeInteger(out, 2, Number(fraction.padEnd(9, '0')));
  } else writeInteger(out, 2, 0);
  writeInteger(out, 1, BigInt(seconds));
}
