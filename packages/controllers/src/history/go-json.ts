// JSON as Go writes a map: keys sorted by their UTF-8 bytes, no whitespace, Go's escapes. It is what revision hashes are made of.
// Upstream: encoding/json Marshal of map[string]any.

/** Writes a value as Go's encoding/json does; absent fields are left out. Numbers are taken to be whole. @internal */
export function encodeGoJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(encodeGoJson).join(',')}]`;
  if (value === null || typeof value !== 'object') return typeof value === 'string' ? encodeText(value) : JSON.stringify(value ?? null);
  const fields = value as Readonly<Record<string, unknown>>;
  const keys = Object.keys(fields).filter((key) => fields[key] !== undefined).sort(compareUtf8);
  return `{${keys.map((key) => `${encodeText(key)}:${encodeGoJson(fields[key])}`).join(',')}}`;
}

const ESCAPED = /[<>&\u2028\u2029]/;
const ESCAPED_ALL = /[<>&\u2028\u2029]/g;

function encodeText(text: string): string {
  const json = JSON.stringify(text);
  if (!ESCAPED.test(json)) return json;
  return json.replace(ESCAPED_ALL, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** Order of two texts by their UTF-8 bytes: that of code points, which code units differ from above U+FFFF. @internal */
export function compareUtf8(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index++) {
    const left = a.charCodeAt(index);
    const right = b.charCodeAt(index);
    if (left === right) continue;
    const leftHigh = left >= 0xd800 && left <= 0xdfff;
    const rightHigh = right >= 0xd800 && right <= 0xdfff;
    if (leftHigh !== rightHigh) return leftHigh ? 1 : -1;
    return left < right ? -1 : 1;
  }
  return a.length - b.length;
}
