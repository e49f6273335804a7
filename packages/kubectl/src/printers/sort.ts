// Order of --sort-by: numbers and quantities by value, texts as people count (web-2 before web-10), what is missing first.
// Upstream: cli-runtime's use of pkg/cmd/get/sorter.go and sortorder.NaturalLess (kubectl 1.37).
import { compareQuantities, parseQuantity } from '@kubesim/api';
import { select } from './jsonpath.ts';

/** The items in the order of a path such as `.metadata.name` or `{.spec.replicas}`; equal ones stay as they were. @internal */
export function sortBy<T>(items: readonly T[], path: string, valueOf: (item: T) => unknown): T[] {
  const inner = path.trim().replace(/^\{|\}$/g, '');
  const full = inner.startsWith('.') || inner.startsWith('[') || inner.startsWith('$') ? inner : `.${inner}`;
  return items.map((item, index) => ({ item, index, key: select(full, valueOf(item))[0] })).sort((a, b) => compareValues(a.key, b.key) || a.index - b.index).map(({ item }) => item);
}

/** Negative where the first comes before the second. @internal */
export function compareValues(a: unknown, b: unknown): number {
  const isMissing = (value: unknown): boolean => value === undefined || value === null;
  if (isMissing(a) || isMissing(b)) return Number(isMissing(b)) - Number(isMissing(a));
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  if (typeof a === 'boolean' && typeof b === 'boolean') return Number(a) - Number(b);
  const [left, right] = [String(a), String(b)];
  if (parseQuantity(left).ok && parseQuantity(right).ok) return compareQuantities(left, right);
  return compareNaturally(left, right);
}

/** Runs of digits count as numbers; then fewer leading zeros, then code units. */
function compareNaturally(a: string, b: string): number {
  const chunks = (text: string): readonly string[] => text.match(/\d+|\D+/g) ?? [];
  const left = chunks(a);
  const right = chunks(b);
  for (let index = 0; index < Math.min(left.length, right.length); index++) {
    const [x, y] = [left[index] as string, right[index] as string];
    if (x === y) continue;
    if (/^\d/.test(x) && /^\d/.test(y)) {
      const [m, n] = [x.replace(/^0+(?=\d)/, ''), y.replace(/^0+(?=\d)/, '')];
      if (m !== n) return m.length !== n.length ? m.length - n.length : m < n ? -1 : 1;
      return x.length - y.length;
    }
    return x < y ? -1 : 1;
  }
  return left.length - right.length;
}
