// What a configuration must be to be applied: fields that its schema has, items of lists that can be told apart.
// and values of the type that it names. Upstream: sigs.k8s.io/structured-merge-diff/v6/typed/validate.go.
import { goJson } from '../encoding/go-json.ts';
import { goSyntax, goText, goTypeOf } from '../encoding/go-text.ts';
import type { ListType, ScalarType, TypeNode } from '../schema/types.ts';

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

/** What a leaf must hold; undefined where it may be anything. Fields of custom resources are of any form to the decoder, but have a type of their own. */
const EXPECTED: Readonly<Record<string, 'number' | 'string' | 'boolean' | 'scalar'>> = {
  'int32': 'number', 'int64': 'number', 'float64': 'number', 'string': 'string', 'time': 'string', 'microTime': 'string', 'bytes': 'string', 'bool': 'boolean', 'quantity': 'scalar', 'intOrString': 'scalar',
};

function scalarError(type: ScalarType, value: unknown): string | undefined {
  const expected = EXPECTED[type.scalar === 'any' ? type.goType : type.scalar];
  if (expected === undefined || value === null || typeof value === expected) return undefined;
  if (expected === 'number') return `expected numeric (int or float), got ${goTypeOf(value)}`;
  if (expected === 'string') return `expected string, got &value.valueUnstructured{Value:${goSyntax(value)}}`;
  if (expected === 'boolean') return `expected boolean, got &{${goText(value)}}`;
  return typeof value === 'object' ? `expected any scalar, got &{${goText(value)}}` : undefined;
}

function visit(type: TypeNode, value: unknown, path: string, errors: string[]): void {
  if (type.form === 'scalar') {
    const why = scalarError(type, value);
    if (why !== undefined) errors.push(`${path}: ${why}`);
    return;
  }
  if (value === null || value === undefined) return;
  if (type.form === 'list') {
    if (!Array.isArray(value)) {
      errors.push(`${path}: expected list, got &{${goText(value)}}`);
      return;
    }
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
  if (!isFields(value)) {
    errors.push(`${path}: expected map, got &{${goText(value)}}`);
    return;
  }
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
