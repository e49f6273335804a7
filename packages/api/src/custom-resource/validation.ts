// Whether a value fits a structural schema, with the texts of upstream's validator
// (k8s.io/kube-openapi/pkg/validation, apiextensions-apiserver/pkg/apiserver/validation, 1.37).
import { invalid, notSupported, required, tooLong, tooMany, typeInvalid, type FieldError } from '../field-error.ts';
import type { SchemaNode } from '../schema/schema.ts';
import { isSame } from '../is-same.ts';
import { formatErrors } from './formats.ts';

type Fields = Readonly<Record<string, unknown>>;

function typeName(value: unknown): string {
  if (value === null || value === undefined) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value;
}

function hasType(value: unknown, schema: SchemaNode): boolean {
  const found = typeName(value);
  if (found === 'null' && schema.nullable === true) return true;
  if (schema['x-kubernetes-int-or-string'] === true) return found === 'integer' || found === 'string';
  return schema.type === undefined || schema.type === '' || found === schema.type || (found === 'integer' && schema.type === 'number');
}

const number = (schema: SchemaNode, keyword: string): number | undefined => (typeof schema[keyword] === 'number' ? schema[keyword] : undefined);

function validateNumber(value: number, schema: SchemaNode, path: string): readonly FieldError[] {
  const errors: FieldError[] = [];
  const fail = (text: string): void => void errors.push(invalid(path, value, `${path} in body should be ${text}`));
  const multiple = number(schema, 'multipleOf');
  if (multiple !== undefined && !Number.isInteger(value / multiple)) fail(`a multiple of ${multiple}`);
  const max = number(schema, 'maximum');
  if (max !== undefined && (schema['exclusiveMaximum'] === true ? value >= max : value > max)) fail(schema['exclusiveMaximum'] === true ? `less than ${max}` : `less than or equal to ${max}`);
  const min = number(schema, 'minimum');
  if (min !== undefined && (schema['exclusiveMinimum'] === true ? value <= min : value < min)) fail(schema['exclusiveMinimum'] === true ? `greater than ${min}` : `greater than or equal to ${min}`);
  return errors;
}

function validateText(value: string, schema: SchemaNode, path: string): readonly FieldError[] {
  const errors: FieldError[] = [];
  const length = [...value].length;
  const max = number(schema, 'maxLength');
  if (max !== undefined && length > max) errors.push(tooLong(path, value, max));
  const min = number(schema, 'minLength');
  if (min !== undefined && length < min) errors.push(invalid(path, value, `${path} in body should be at least ${min} chars long`));
  const pattern = schema['pattern'];
  if (typeof pattern === 'string' && pattern !== '' && !matches(pattern, value)) errors.push(invalid(path, value, `${path} in body should match '${pattern}'`));
  return [...errors, ...formatErrors(value, schema.format, path)];
}

/** Go's RE2 and JavaScript's expressions agree on what schemas use; a pattern that cannot be read matches all. */
function matches(pattern: string, value: string): boolean {
  try {
    return new RegExp(pattern.replace(/\\z/g, '$').replace(/\(\?P</g, '(?<'), 'u').test(value);
  } catch {
    return true;
  }
}

function validateList(value: readonly unknown[], schema: SchemaNode, path: string): readonly FieldError[] {
  const errors: FieldError[] = [];
  const { items } = schema;
  if (items !== undefined) for (const [index, item] of value.entries()) errors.push(...validateSchema(item, items, `${path}[${index}]`));
  const min = number(schema, 'minItems');
  if (min !== undefined && value.length < min) errors.push(invalid(path, value, `${path} in body should have at least ${min} items`));
  const max = number(schema, 'maxItems');
  if (max !== undefined && value.length > max) errors.push(tooMany(path, value.length, max));
  return [...errors, ...validateUnique(value, schema, path)];
}

function validateUnique(value: readonly unknown[], schema: SchemaNode, path: string): readonly FieldError[] {
  const keys = schema['x-kubernetes-list-map-keys'] ?? [];
  const listType = schema['x-kubernetes-list-type'];
  if (listType !== 'set' && listType !== 'map') return [];
  const identity = (item: unknown): unknown => (listType === 'set' ? item : Object.fromEntries(keys.map((key) => [key, (item as Fields | null)?.[key] ?? null])));
  const seen: unknown[] = [];
  return value.flatMap((item, index) => {
    const own = identity(item);
    const isKnown = seen.some((each) => isSame(each, own));
    seen.push(own);
    return isKnown ? [{ type: 'Duplicate value' as const, field: `${path}[${index}]`, badValue: own, detail: '' }] : [];
  });
}

function validateFields(value: Fields, schema: SchemaNode, path: string): readonly FieldError[] {
  const errors: FieldError[] = [];
  const present = Object.keys(value).filter((key) => value[key] !== undefined).sort();
  const at = (key: string): string => (path === '' ? key : `${path}.${key}`);
  const max = number(schema, 'maxProperties');
  if (max !== undefined && present.length > max) errors.push(tooMany(path, present.length, max));
  const min = number(schema, 'minProperties');
  if (min !== undefined && present.length < min) errors.push(invalid(path, value, `${path} in body should have at least ${min} properties`));
  for (const key of schema.required ?? []) if (!present.includes(key)) errors.push(required(at(key)));
  const properties = schema.properties ?? {};
  for (const key of present) {
    const property = Object.hasOwn(properties, key) ? properties[key] : undefined;
    if (property !== undefined) errors.push(...validateSchema(value[key], property, at(key)));
    else if (typeof schema.additionalProperties === 'object') errors.push(...validateSchema(value[key], schema.additionalProperties, at(key)));
  }
  return errors;
}

function validateCombined(value: unknown, schema: SchemaNode, path: string): readonly FieldError[] {
  const errors: FieldError[] = [];
  const fits = (part: SchemaNode): boolean => validateSchema(value, part, path).length === 0;
  const fail = (text: string): void => void errors.push(invalid(path, value, `${path === '' ? '<nil>' : path} in body ${text}`));
  if (schema.anyOf !== undefined && schema.anyOf.length > 0 && !schema.anyOf.some(fits)) fail('must validate at least one schema (anyOf)');
  if (schema.oneOf !== undefined && schema.oneOf.length > 0) {
    const count = schema.oneOf.filter(fits).length;
    if (count !== 1) fail(count === 0 ? 'must validate one and only one schema (oneOf). Found none valid' : `must validate one and only one schema (oneOf). Found ${count} valid alternatives`);
  }
  for (const part of schema.allOf ?? []) errors.push(...validateSchema(value, part, path));
  if (schema.allOf?.some((part) => !fits(part)) === true) fail('must validate all the schemas (allOf)');
  if (schema.not !== undefined && fits(schema.not)) fail('must not validate the schema (not)');
  return errors;
}

/** Errors of a value under a schema; `path` is empty for the object itself. @internal */
export function validateSchema(value: unknown, schema: SchemaNode, path: string): readonly FieldError[] {
  if (!hasType(value, schema)) {
    const found = typeName(value);
    const wanted = schema['x-kubernetes-int-or-string'] === true ? 'integer,string' : schema.type;
    return [typeInvalid(path, found, `${path} in body must be of type ${wanted}: ${JSON.stringify(found)}`)];
  }
  if (value === null) return [];
  const errors: FieldError[] = [...validateCombined(value, schema, path)];
  if (typeof value === 'string') errors.push(...validateText(value, schema, path));
  else if (typeof value === 'number') errors.push(...validateNumber(value, schema, path));
  else if (Array.isArray(value)) errors.push(...validateList(value, schema, path));
  if (schema.enum !== undefined && schema.enum.length > 0 && !schema.enum.some((each) => isSame(each, value))) {
    errors.push(notSupported(path, value, schema.enum.map((each) => (typeof each === 'string' ? each : JSON.stringify(each)))));
  }
  if (typeof value === 'object' && !Array.isArray(value)) errors.push(...validateFields(value as Fields, schema, path));
  return errors;
}

