// SHA-256 (FIPS 180-4) of a text's UTF-8 bytes, in plain code: it must run wherever the library does.

const ROUNDS: readonly number[] = fractions(64, 1 / 3);
const START: readonly number[] = fractions(8, 1 / 2);

/** The first 32 bits of the fractional parts of roots of the first primes. */
function fractions(count: number, power: number): number[] {
  const out: number[] = [];
  for (let candidate = 2; out.length < count; candidate++) {
    let isPrime = true;
    for (let factor = 2; factor * factor <= candidate; factor++) if (candidate % factor === 0) isPrime = false;
    if (isPrime) out.push(rootFraction(candidate, power === 1 / 2 ? 2 : 3));
  }
  return out;
}

/** By whole numbers, since the host's own roots may differ in their last bit. */
function rootFraction(prime: number, degree: number): number {
  const scaled = BigInt(prime) << BigInt(32 * degree);
  let low = 0n;
  let high = 1n << 40n;
  while (low < high) {
    const middle = (low + high + 1n) / 2n;
    if (middle ** BigInt(degree) <= scaled) low = middle;
    else high = middle - 1n;
  }
  return Number(low & 0xffffffffn);
}

function rotate(word: number, by: number): number {
  return (word >>> by) | (word << (32 - by));
}

/** The 32 bytes of the digest. @public */
export function sha256(text: string): Uint8Array {
  const message = new TextEncoder().encode(text);
  const padded = new Uint8Array(((message.length + 8) >> 6 << 6) + 64);
  padded.set(message);
  padded[message.length] = 0x80;
  const view = new DataView(padded.buffer);
  view.setUint32(padded.length - 4, (message.length * 8) >>> 0);
  view.setUint32(padded.length - 8, Math.floor(message.length / 0x20000000));
  const state = [...START];
  const words = new Array<number>(64).fill(0);
  for (let block = 0; block < padded.length; block += 64) compress(state, words, view, block);
  const out = new Uint8Array(32);
  const result = new DataView(out.buffer);
  state.forEach((word, index) => result.setUint32(index * 4, word >>> 0));
  return out;
}

function compress(state: number[], words: number[], view: DataView, block: number): void {
  for (let i = 0; i < 16; i++) words[i] = view.getUint32(block + i * 4);
  for (let i = 16; i < 64; i++) {
    const a = words[i - 15] as number;
    const b = words[i - 2] as number;
    const s0 = rotate(a, 7) ^ rotate(a, 18) ^ (a >>> 3);
    const s1 = rotate(b, 17) ^ rotate(b, 19) ^ (b >>> 10);
    words[i] = ((words[i - 16] as number) + s0 + (words[i - 7] as number) + s1) | 0;
  }
  let [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = state;
  for (let i = 0; i < 64; i++) {
    const t1 = (h + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) + ((e & f) ^ (~e & g)) + (ROUNDS[i] as number) + (words[i] as number)) | 0;
    const t2 = ((rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + t1) | 0;
    d = c;
    c = b;
    b = a;
    a = (t1 + t2) | 0;
  }
  [a, b, c, d, e, f, g, h].forEach((word, index) => { state[index] = ((state[index] as number) + word) | 0; });
}
