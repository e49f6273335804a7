// Cells that several kinds share.
import type { LabelSelector, PodSpec } from '../generated/types.ts';
import type { KubeObject } from '../request.ts';
import { humanDuration } from './human-duration.ts';

/** The age of an object. @internal */
export function ageCell(object: Pick<KubeObject, 'metadata'>, now: number): string {
  const created = object.metadata.creationTimestamp;
  return created === undefined ? '<unknown>' : humanDuration(now - Date.parse(created));
}

/** Names and images of containers, each joined by commas. @internal */
export function joinContainers(spec: PodSpec | undefined): readonly [string, string] {
  const containers = spec?.containers ?? [];
  return [containers.map((container) => container.name).join(','), containers.map((container) => container.image ?? '').join(',')];
}

/** A selector as text: `app=web,tier in (a,b)`. @internal */
export function formatSelector(selector: LabelSelector | undefined): string {
  if (selector === undefined) return '';
  const terms = Object.entries(selector.matchLabels ?? {}).map(([key, value]) => ({ key, text: `${key}=${value}` }));
  for (const { key, operator, values = [] } of selector.matchExpressions ?? []) {
    const list = `(${[...values].sort().join(',')})`;
    terms.push({ key, text: operator === 'In' ? `${key} in ${list}` : operator === 'NotIn' ? `${key} notin ${list}` : operator === 'Exists' ? key : `!${key}` });
  }
  return terms.sort((a, b) => (a.key < b.key ? -1 : 1)).map(({ text }) => text).join(',');
}
