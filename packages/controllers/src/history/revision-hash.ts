// The hash that names a ControllerRevision.
// Upstream: HashControllerRevision in pkg/controller/history/controller_history.go and SafeEncodeString in
// staging/src/k8s.io/apimachinery/pkg/util/rand/rand.go (1.37).

const ALPHABET = 'bcdfghjklmnpqrstvwxz2456789';

/** FNV-1, 32 bits, over the UTF-8 bytes of a text: multiply, then xor. @internal */
export function fnv1(text: string): number {
  let hash = 2166136261;
  for (let index = 0; index < text.length; index++) {
    const code = text.codePointAt(index) as number;
    if (code < 0x80) hash = Math.imul(hash, 16777619) ^ code;
    else {
      if (code > 0xffff) index++;
      for (const byte of utf8(code)) hash = Math.imul(hash, 16777619) ^ byte;
    }
  }
  return hash >>> 0;
}

function utf8(code: number): readonly number[] {
  if (code < 0x800) return [0xc0 | (code >> 6), 0x80 | (code & 0x3f)];
  if (code < 0x10000) return [0xe0 | (code >> 12), 0x80 | ((code >> 6) & 0x3f), 0x80 | (code & 0x3f)];
  return [0xf0 | (code >> 18), 0x80 | ((code >> 12) & 0x3f), 0x80 | ((code >> 6) & 0x3f), 0x80 | (code & 0x3f)];
}

/** Replaces every character by one that forms no bad word. @internal */
export function safeEncodeString(text: string): string {
  let encoded = '';
  for (let index = 0; index < text.length; index++) encoded += ALPHABET[text.charCodeAt(index) % ALPHABET.length];
  return encoded;
}

/** The hash of revision data; `probe` is the collision count, and without one nothing is appended. @internal */
export function hashRevisionData(data: string, probe: number | undefined): string {
  return safeEncodeString(String(fnv1(probe === undefined ? data : data + String(probe))));
}
