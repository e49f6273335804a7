// The selector of a scale subresource, which is text: `app=web,tier in (a,b),!old`.
import type { LabelSelector, LabelSelectorRequirement } from '@kubesim/api';

/** Reads a selector text; undefined if it cannot be read. @public */
export function parseSelectorText(text: string): LabelSelector | undefined {
  const matchExpressions: LabelSelectorRequirement[] = [];
  for (const part of text.split(/,(?![^(]*\))/).map((one) => one.trim()).filter((one) => one !== '')) {
    const set = /^(\S+) (in|notin) \(([^)]*)\)$/.exec(part);
    const equal = /^([^=!\s]+)\s*(==?|!=)\s*(\S*)$/.exec(part);
    if (set !== null) matchExpressions.push({ key: set[1] as string, operator: set[2] === 'in' ? 'In' : 'NotIn', values: (set[3] as string).split(',').map((value) => value.trim()) });
    else if (equal !== null) matchExpressions.push({ key: equal[1] as string, operator: equal[2] === '!=' ? 'NotIn' : 'In', values: [equal[3] as string] });
    else if (/^!\S+$/.test(part)) matchExpressions.push({ key: part.slice(1), operator: 'DoesNotExist' });
    else if (/^\S+$/.test(part)) matchExpressions.push({ key: part, operator: 'Exists' });
    else return undefined;
  }
  return { matchExpressions };
}
