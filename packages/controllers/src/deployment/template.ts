// When two pod templates are the same, and the hash that names a template's ReplicaSet.
// Upstream: EqualIgnoreHash in pkg/controller/deployment/util/deployment_util.go, ComputeHash in
// pkg/controller/controller_utils.go (1.37).
import type { PodTemplateSpec } from '@kubesim/api';
import { safeEncodeString } from '../history/revision-hash.ts';
import { dumpPodTemplate } from './go-dump.ts';

/** The label by which a Deployment tells its ReplicaSets apart. @public */
export const POD_TEMPLATE_HASH = 'pod-template-hash';

/** Fields that are maps in Go: absent and empty are the same to it. An empty struct behind a pointer is not. */
const MAP_FIELDS: ReadonlySet<string> = new Set([
  'labels', 'annotations', 'nodeSelector', 'limits', 'requests', 'overhead', 'matchLabels', 'volumeAttributes', 'options',
]);

/** Texts of templates already seen, by the frozen template itself. */
const texts = new WeakMap<PodTemplateSpec, string>();

/** Whether two templates make the same pods, the hash label apart. @public */
export function equalIgnoreHash(one: PodTemplateSpec, other: PodTemplateSpec): boolean {
  return one === other || templateText(one) === templateText(other);
}

/** Hashes of templates already seen, before the collision count, by the frozen template itself. */
const hashes = new WeakMap<PodTemplateSpec, number>();

/** The hash of a template as a real cluster computes it, at most ten characters; a collision count makes it another one. @public */
export function computeHash(template: PodTemplateSpec, collisionCount?: number): string {
  let hash = hashes.get(template);
  if (hash === undefined) {
    hash = fnv1a(0x811c9dc5, dumpPodTemplate(template));
    hashes.set(template, hash);
  }
  if (collisionCount !== undefined) {
    // Eight bytes, the number in the first four, least significant first.
    for (let shift = 0; shift < 64; shift += 8) hash = Math.imul(hash ^ (shift < 32 ? (collisionCount >>> shift) & 0xff : 0), 0x01000193);
  }
  return safeEncodeString(String(hash >>> 0));
}

function fnv1a(seed: number, text: string): number {
  let hash = seed;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash;
}

/** One text for all templates that upstream's semantic comparison holds equal. */
function templateText(template: PodTemplateSpec): string {
  let text = texts.get(template);
  if (text === undefined) {
    text = canonicalText(withoutHash(template)) ?? '{}';
    texts.set(template, text);
  }
  return text;
}

/** The template without its hash label. @public */
export function withoutHash(template: PodTemplateSpec): PodTemplateSpec {
  const labels = template.metadata?.labels;
  if (labels === undefined || !Object.hasOwn(labels, POD_TEMPLATE_HASH)) return template;
  const { [POD_TEMPLATE_HASH]: _hash, ...others } = labels;
  return { ...template, metadata: { ...template.metadata, labels: others } };
}

/** Canonical JSON: keys in order, nothing that Go would hold for absent. Undefined if the whole value is that. */
function canonicalText(value: unknown, field?: string): string | undefined {
  if (value === null || value === undefined) return undefined;
  if (Array.isArray(value)) return value.length === 0 ? undefined : `[${value.map((item) => canonicalText(item) ?? '{}').join(',')}]`;
  if (typeof value !== 'object') return JSON.stringify(value);
  const parts: string[] = [];
  for (const key of Object.keys(value).sort()) {
    const text = canonicalText((value as Record<string, unknown>)[key], key);
    if (text !== undefined) parts.push(`${JSON.stringify(key)}:${text}`);
  }
  if (parts.length === 0 && field !== undefined && (MAP_FIELDS.has(field) || field === 'metadata')) return undefined;
  return `{${parts.join(',')}}`;
}
