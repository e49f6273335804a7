// Protobuf's wire form: tags, varints and lengths, read from the front and written from the back.

/** One field as it lies on the wire. @internal */
export interface Wire {
  readonly number: number;
  readonly value: bigint | Uint8Array;
}

/** What comes before every object on the wire: `k8s` and a zero. @internal */
export const MAGIC: readonly number[] = [0x6b, 0x38, 0x73, 0x00];

const decoder = new TextDecoder();
const encoder = new TextEncoder();

function readVarint(bytes: Uint8Array, at: number): readonly [bigint, number] {
  let value = 0n;
  for (let shift = 0n, index = at; index < bytes.length && shift < 70n; shift += 7n) {
    const byte = bytes[index++] as number;
    value |= BigInt(byte & 0x7f) << shift;
    if ((byte & 0x80) === 0) return [value, index];
  }
  throw new RangeError('protobuf: a number does not end');
}

/** The fields of a message in their order. Throws RangeError where the bytes are no message. @internal */
export function readFields(bytes: Uint8Array): readonly Wire[] {
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

/** The bytes of the last field of that number; empty without one. @internal */
export function bytesOf(fields: readonly Wire[], number: number): Uint8Array {
  let found: Uint8Array = EMPTY;
  for (const field of fields) if (field.number === number && field.value instanceof Uint8Array) found = field.value;
  return found;
}

const EMPTY = new Uint8Array();

/** @internal */
export function textOf(bytes: bigint | Uint8Array): string {
  return typeof bytes === 'bigint' ? '' : decoder.decode(bytes);
}

/** A message that grows towards its beginning, so that every length is known when it is written. @internal */
export class WireWriter {
  private buffer: Uint8Array = new Uint8Array(1_024);
  private start = 1_024;

  /** Bytes written so far. */
  get length(): number {
    return this.buffer.length - this.start;
  }

  bytes(value: Uint8Array | readonly number[]): void {
    this.reserve(value.length);
    this.start -= value.length;
    this.buffer.set(value, this.start);
  }

  text(value: string): void {
    this.bytes(encoder.encode(value));
  }

  varint(value: number | bigint): void {
    const bytes: number[] = [];
    let rest = BigInt.asUintN(64, BigInt(value));
    while (rest >= 0x80n) {
      bytes.push(Number(rest & 0x7fn) | 0x80);
      rest >>= 7n;
    }
    bytes.push(Number(rest));
    this.bytes(bytes);
  }

  /** A small number that is not negative: lengths and tags. */
  private small(value: number): void {
    if (value < 0x80) {
      this.reserve(1);
      this.buffer[--this.start] = value;
    } else if (value < 0x4000) {
      this.reserve(2);
      this.buffer[--this.start] = value >>> 7;
      this.buffer[--this.start] = (value & 0x7f) | 0x80;
    } else this.varint(value);
  }

  /** Ends (from the back: begins) a field of bytes whose content was written since `from`. */
  close(number: number, from: number): void {
    this.small(this.length - from);
    this.small((number << 3) | 2);
  }

  /** The tag of a varint field, whose value was just written. */
  tagVarint(number: number): void {
    this.small(number << 3);
  }

  /** The tag of a double, whose eight bytes were just written. */
  tagDouble(number: number): void {
    this.small((number << 3) | 1);
  }

  finish(): Uint8Array {
    return this.buffer.slice(this.start);
  }

  private reserve(count: number): void {
    if (this.start >= count) return;
    const grown = new Uint8Array(Math.max(this.buffer.length * 2, this.length + count + 1_024));
    grown.set(this.buffer.subarray(this.start), grown.length - this.length);
    this.start = grown.length - this.length;
    this.buffer = grown;
  }
}
