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
  const words = hashTexts(mix(seed, 0x1f83d9ab), mix(seed, 0x5be0cd19), mix(seed, 0x428a2f98), mix(seed, 0x71374491), text);
  const a = words[0];
  const b = words[1];
  const c = words[2];
  const d = words[3];
  // One call that makes one flat string: what is joined of pieces would keep all of them.
  return String.fromCharCode(
    digit(a, 28), digit(a, 24), digit(a, 20), digit(a, 16), digit(a, 12), digit(a, 8), digit(a, 4), digit(a, 0),
    digit(b, 28), digit(b, 24), digit(b, 20), digit(b, 16), digit(b, 12), digit(b, 8), digit(b, 4), digit(b, 0),
    digit(c, 28), digit(c, 24), digit(c, 20), digit(c, 16), digit(c, 12), digit(c, 8), digit(c, 4), digit(c, 0),
    digit(d, 28), digit(d, 24), digit(d, 20), digit(d, 16), digit(d, 12), digit(d, 8), digit(d, 4), digit(d, 0),
  );
}

/** The code of the hex digit for the four bits of a word from `shift` on. */
function digit(word: number, shift: number): number {
  const value = (word >>> shift) & 15;
  return value < 10 ? 48 + value : 87 + value;
}
