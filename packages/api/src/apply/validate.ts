// What a configuration must be to be applied: fields that its schema has, items of lists that can be told apart.
// Upstream: sigs.k8s.io/structured-merge-diff/v6/typed/validate.go. Types of values are checked by the decoder.
import { goJson } from '../encoding/go-json.ts';
import type { ListType, TypeNode } from '../schema/types.ts';

type Fields = Readonly<Record<string, unknown>>;

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** How an item of a list is told from the others, as paths show it: `[name="c"]`; a text that says why it cannot be told. */
function elementOf(type: ListType, item: unknown): { readonly shown: string } | { readonly error: string } {
  if (type.listType === 'set') return { shown: `[=${goJson(item)}]` };
  if (!isFields(item)) return { error: 'associative list with keys may not have non-map elements' };
  const parts: string[] = [];
  for (const key of [...type.keys].sort()) {
    const field = type.item.form === 'struct' ? type.item.fields.get(key) : undefined;
    const value = item[key] ?? field?.default;
    if (value === undefined || value === null) return { error: `associative list with keys has an element that omits key field "${key}" (and doesn't have default value)` };
    parts.push(`${key}=${goJson(value)}`);
  }
  return { shown: `[${parts.join(',')}]` };
}

function visit(type: TypeNode, value: unknown, path: string, errors: string[]): void {
  if (type.form === 'list') {
    if (!Array.isArray(value)) return;
    const isAssociative = type.listType !== 'atomic';
    const seen = new Set<string>();
    for (const [index, item] of value.entries()) {
      let step = `[${index}]`;
      if (isAssociative) {
        const element = elementOf(type, item);
        if ('error' in element) {
          errors.push(`${path}: element ${index}: ${element.error}`);
          return;
        }
        step = element.shown;
        if (seen.has(step)) errors.push(`${path}: duplicate entries for key ${step}`);
        seen.add(step);
      }
      visit(type.item, item, `${path}${step}`, errors);
    }
    return;
  }
  if (!isFields(value) || type.form === 'scalar') return;
  for (const key of Object.keys(value).sort()) {
    const at = `${path}.${key}`;
    if (type.form === 'map') visit(type.value, value[key], at, errors);
    else {
      const field = type.fields.get(key);
      if (field !== undefined) visit(field.type, value[key], at, errors);
      else if (!type.preservesUnknown) errors.push(`${at}: field not declared in schema`);
    }
  }
}

/** Why a configuration cannot be applied, as the server says it; undefined where it can. @public */
export function configurationError(type: TypeNode, config: unknown): string | undefined {
  const errors: string[] = [];
  visit(type, config, '', errors);
  if (errors.length <= 1) return errors[0];
  return ['errors:', ...errors.map((text) => `  ${text}`)].join('\n');
}
