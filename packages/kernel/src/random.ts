// Named random streams: a draw depends on (seed, name, how many were drawn of that name) and on nothing else.
import { hashText, hashTexts, mix } from './hash.ts';

/** The draw number `counter` of a named stream: a whole number from 0 up to, not including, `bound`. @internal */
export function drawBelow(seed: number, name: string, counter: number, bound: number): number {
  if (!Number.isInteger(bound) || bound < 1 || bound > 0x100000000) throw new RangeError(`random '${name}': bound must be a whole number from 1 to 2^32, not ${bound}`);
  const base = hashText(seed, name);
  // Rejection keeps small bounds exactly uniform; the attempt number enters, so the stream stays a function of the counter.
  const limit = 0x100000000 - (0x100000000 % bound);
  for (let attempt = 0; ; attempt++) {
    const word = mix(mix(mix(base, counter), attempt), 0x6b756265) >>> 0;
    if (word < limit) return word % bound;
  }
}

/** An identity derived from its parts: 128 bits, equal for equal parts and seed. @public */
export function deriveIdentity(seed: number, parts: readonly string[]): string {
  const text = parts.join('\u0000');
  const [a, b, c, d] = hashTexts(mix(seed, 0x1f83d9ab), mix(seed, 0x5be0cd19), mix(seed, 0x428a2f98), mix(seed, 0x71374491), text);
  return hexWord(a) + hexWord(b) + hexWord(c) + hexWord(d);
}

const HEX_BYTES: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** A word of 32 bits as 8 hex digits. */
function hexWord(word: number): string {
  return `${HEX_BYTES[word >>> 24] as string}${HEX_BYTES[(word >>> 16) & 255] as string}${HEX_BYTES[(word >>> 8) & 255] as string}${HEX_BYTES[word & 255] as string}`;
}
