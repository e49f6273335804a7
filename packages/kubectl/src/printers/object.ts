// Objects as -o yaml, json and name print them.
import type { KubeObject } from '@kubesim/api';
import { emitYaml } from './yaml.ts';

/** A value with the keys of its objects in code-unit order, as kubectl's printers have them. @internal */
export function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (value === null || typeof value !== 'object') return value;
  const sorted: Record<string, unknown> = {};
  for (const key of Object.keys(value).sort()) {
    const item = (value as Readonly<Record<string, unknown>>)[key];
    if (item !== undefined) Object.defineProperty(sorted, key, { value: sortKeys(item), enumerable: true, configurable: true, writable: true });
  }
  return sorted;
}

/** Without managedFields, which kubectl shows only when asked. @internal */
export function withoutManagedFields(object: KubeObject): KubeObject {
  if (Array.isArray(object['items'])) return { ...object, items: (object['items'] as KubeObject[]).map(withoutManagedFields) };
  const { managedFields: _managedFields, ...metadata } = object.metadata;
  return { ...object, metadata };
}

/** Go's JSON escapes of HTML characters. */
function escapeHtml(text: string): string {
  return text.replace(/[<>&\u2028\u2029]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** An object as `-o json` prints it: four blanks a level, keys sorted. @internal */
export function printJson(object: unknown): string {
  return `${escapeHtml(JSON.stringify(sortKeys(object), null, 4))}\n`;
}

/** An object as `-o yaml` prints it. @internal */
export function printYaml(object: unknown): string {
  return emitYaml(object);
}
