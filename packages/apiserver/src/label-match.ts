// Whether labels match a LabelSelector object, and selector texts as queries have them.

interface LabelSelectorObject {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly { readonly key: string; readonly operator: string; readonly values?: readonly string[] }[];
}

/** Whether labels match. A missing selector matches nothing, an empty one everything. @internal */
export function matchesLabels(selector: LabelSelectorObject | undefined, labels: Readonly<Record<string, string>> = {}): boolean {
  if (selector === undefined) return false;
  const all = Object.entries(selector.matchLabels ?? {}).every(([key, value]) => labels[key] === value);
  return all && (selector.matchExpressions ?? []).every(({ key, operator, values = [] }) => {
    const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
    switch (operator) {
      case 'In': return value !== undefined && values.includes(value);
      case 'NotIn': return value === undefined || !values.includes(value);
      case 'Exists': return value !== undefined;
      case 'DoesNotExist': return value === undefined;
      default: return false;
    }
  });
}

/** A requirement of a selector text. */
const TERM = /^\s*(?:(!)\s*([\w./-]+)|([\w./-]+)\s+(in|notin)\s+\(([^)]*)\)|([\w./-]+)\s*(==|=|!=)\s*([\w./-]*)|([\w./-]+))\s*(?:,|$)/;

/** Reads a selector text such as `app=web,tier in (a,b),!x`; undefined for text that is none. @internal */
export function parseLabelText(text: string): LabelSelectorObject | undefined {
  const matchExpressions: { key: string; operator: string; values?: readonly string[] }[] = [];
  let rest = text;
  while (rest.trim() !== '') {
    const match = TERM.exec(rest);
    if (match === null) return undefined;
    rest = rest.slice(match[0].length);
    if (match[2] !== undefined) matchExpressions.push({ key: match[2], operator: 'DoesNotExist' });
    else if (match[3] !== undefined) matchExpressions.push({ key: match[3], operator: match[4] === 'in' ? 'In' : 'NotIn', values: (match[5] ?? '').split(',').map((value) => value.trim()) });
    else if (match[6] !== undefined) matchExpressions.push({ key: match[6], operator: match[7] === '!=' ? 'NotIn' : 'In', values: [match[8] ?? ''] });
    else if (match[9] !== undefined) matchExpressions.push({ key: match[9], operator: 'Exists' });
  }
  return { matchExpressions };
}
