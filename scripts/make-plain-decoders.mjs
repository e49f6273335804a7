// Makes packages/api/src/generated/plain-decoders.ts: for the structs that are written most, functions that decode them by the
// names of their fields. They say nothing that the schema does not: a property of the api package compares them with the walk.
// usage: node --conditions=source --import tsx scripts/make-plain-decoders.mjs [--check]: with --check nothing is written, and a file that is
// not what would be written ends it with 1.
import { readFileSync, writeFileSync } from 'node:fs';
// From their own files: kinds use what is made here.
import { zeroObject } from '../packages/api/src/schema/conform.ts';
import { structOfDefinition } from '../packages/api/src/schema/types.ts';

const CORE = 'io.k8s.api.core.v1';
const DEFINITIONS = [
  'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta', 'io.k8s.apimachinery.pkg.apis.meta.v1.OwnerReference',
  ...['Pod', 'PodSpec', 'PodStatus', 'PodCondition', 'PodIP', 'HostIP', 'ContainerStatus', 'ContainerState', 'ContainerStateRunning', 'ContainerStateWaiting', 'ContainerStateTerminated'].map((name) => `${CORE}.${name}`),
];

const names = new Map();
for (const definition of DEFINITIONS) {
  const type = structOfDefinition(definition);
  if (type === undefined) throw new Error(`no definition ${definition}`);
  names.set(type, `decode${type.name}`);
}

/** Statements that check and decode one field, whose value is there and not null. */
function decodeField(field, index, variable) {
  const { type, isPointer, isAlwaysWritten } = field;
  const held = `known?.[${JSON.stringify(field.name)}]`;
  const drops = !isPointer && !isAlwaysWritten;
  const dropIf = (test) => (drops ? ` else if (${test}) { ${variable} = undefined; isChanged = true; }` : '');
  const nested = (call, isEmpty) => {
    const drop = drops ? ` if (${isEmpty}) { ${variable} = undefined; isChanged = true; }` : '';
    return `{ const decoded = ${call}; if (decoded === NOT_PLAIN) return NOT_PLAIN; if (decoded !== ${variable}) { ${variable} = decoded; isChanged = true; }${drop} }`;
  };
  const fieldType = `(type.ordered[${index}] as Field).type`;
  if (type.form === 'scalar') {
    switch (type.scalar) {
      case 'string': return `if (typeof ${variable} !== 'string') return NOT_PLAIN;${dropIf(`${variable} === ''`)}`;
      case 'bool': return `if (typeof ${variable} !== 'boolean') return NOT_PLAIN;${dropIf(`!${variable}`)}`;
      case 'int32': return `if (!isInt32(${variable})) return NOT_PLAIN;${dropIf(`${variable} === 0`)}`;
      case 'int64': return `if (!isInt64(${variable})) return NOT_PLAIN;${dropIf(`${variable} === 0`)}`;
      case 'time': return `if (${variable} !== ${held}) { const text = typeof ${variable} === 'string' ? canonicalTime(${variable}) : undefined; if (text === undefined) return NOT_PLAIN; if (text !== ${variable}) { ${variable} = text; isChanged = true; } }`;
      default: return nested(`decodeAny(${fieldType}, ${variable}, ${held})`, `isEmpty(${variable})`);
    }
  }
  if (type.form === 'struct' && names.has(type)) return nested(`plainStruct(${names.get(type)}, ${fieldType}, ${variable}, ${held}, decodeAny)`, `isEmpty(${variable})`);
  if (type.form === 'list' && type.item.form === 'struct' && names.has(type.item)) return nested(`plainList(${names.get(type.item)}, ${fieldType}, ${variable}, ${held}, decodeAny)`, `(${variable} as readonly unknown[]).length === 0`);
  if (type.form === 'map' && type.value.form === 'scalar' && type.value.scalar === 'string') return nested(`plainTexts(${variable}, ${held})`, `isEmpty(${variable})`);
  return nested(`decodeAny(${fieldType}, ${variable}, ${held})`, `isEmpty(${variable})`);
}

/** What is filled in where a field is absent. */
function filling(type, field, index) {
  if (!type.filled.includes(field)) return undefined;
  if (field.default !== undefined) {
    if (typeof field.default === 'object') throw new Error(`${type.name}.${field.name}: a default that is no scalar`);
    return JSON.stringify(field.default);
  }
  if (field.type.form === 'struct') return Object.keys(zeroObject(field.type)).length === 0 ? 'NO_FIELDS' : `decodeAny((type.ordered[${index}] as Field).type, NO_FIELDS, undefined)`;
  if (field.type.form !== 'scalar') throw new Error(`${type.name}.${field.name}: cannot be filled`);
  switch (field.type.scalar) {
    case 'bool': return 'false';
    case 'string': return "''";
    default: return '0';
  }
}

function decoder(definition, type) {
  const lines = [];
  const variables = type.ordered.map((_, index) => `f${index}`);
  lines.push(`function ${names.get(type)}(value: Fields, known: Fields | undefined, type: StructType, decodeAny: AnyDecoder): unknown {`, '  let count = 0;', '  let isChanged = false;');
  type.ordered.forEach((field, index) => {
    const variable = variables[index];
    const fill = filling(type, field, index);
    lines.push(`  let ${variable} = value[${JSON.stringify(field.name)}];`);
    const isTime = field.type.form === 'scalar' && field.type.scalar === 'time';
    // Of nulls only those of times are common: typed clients write them.
    const check = decodeField(field, index, variable);
    lines.push(`  if (${variable} !== undefined) { count++; ${isTime ? `if (${variable} === null) { ${variable} = undefined; isChanged = true; } else ${check}` : check} }`);
    if (fill !== undefined) lines.push(`  if (${variable} === undefined${field.default !== undefined && !field.isPointer ? ` || ${variable} === ''` : ''}) { ${variable} = ${fill}; isChanged = true; }`);
  });
  lines.push('  if (count !== countFields(value)) return NOT_PLAIN;');
  lines.push(`  if (known !== undefined && ${type.ordered.map(({ name }, index) => `${variables[index]} === known[${JSON.stringify(name)}]`).join(' && ')}) return known;`);
  // What the walk makes of a frozen object it remembers.
  lines.push('  if (Object.isFrozen(value)) return isChanged ? NOT_PLAIN : value;');
  const isThere = (field) => type.filled.includes(field);
  const leading = type.ordered.findIndex((field) => !isThere(field));
  const literal = type.ordered.slice(0, leading < 0 ? undefined : leading).map(({ name }, index) => `${JSON.stringify(name)}: ${variables[index]}`);
  lines.push(`  const out: Record<string, unknown> = {${literal.length === 0 ? '' : ` ${literal.join(', ')} `}};`);
  type.ordered.forEach((field, index) => {
    if (leading < 0 || index < leading) return;
    lines.push(isThere(field) ? `  out[${JSON.stringify(field.name)}] = ${variables[index]};` : `  if (${variables[index]} !== undefined) out[${JSON.stringify(field.name)}] = ${variables[index]};`);
  });
  lines.push('  return Object.freeze(out);', '}');
  return `/** ${definition} */\n${lines.join('\n')}\n`;
}

/** What pods of one template have for themselves. */
const OWN = ['hostname', 'subdomain', 'nodeName', 'volumes'];

function copier(type) {
  const lines = [`export function copy${type.name}(value: ${type.name}): Written<${type.name}> {`, `  const out = {} as Written<${type.name}>;`, '  let count = 0;'];
  for (const { name } of type.ordered) lines.push(`  if (value.${name} !== undefined) { count++; out.${name} = value.${name}; }`);
  lines.push('  return count === countFields(value) ? out : { ...value };', '}');
  return `/** A copy that may be changed, until it is frozen. @internal */\n${lines.join('\n')}\n`;
}

function comparer(type) {
  const lines = [`export function isAlike${type.name}(first: ${type.name}, value: ${type.name}): boolean {`, '  let count = 0;'];
  for (const { name } of type.ordered) lines.push(OWN.includes(name) ? `  if (value.${name} !== undefined) count++;` : `  if (value.${name} !== first.${name}) return false; else if (value.${name} !== undefined) count++;`);
  lines.push('  return count === countFields(value);', '}');
  return `/** Whether all but ${OWN.join(', ')} is identical. @internal */\n${lines.join('\n')}\n`;
}

const podSpec = structOfDefinition(`${CORE}.PodSpec`);
const decoders = DEFINITIONS.map((definition) => decoder(definition, structOfDefinition(definition)));
const text = `// Generated by scripts/make-plain-decoders.mjs. Do not edit.
import { canonicalTime } from '../encoding/time.ts';
import { countFields, isEmpty, isInt32, isInt64, NO_FIELDS, NOT_PLAIN, plainList, plainStruct, plainTexts, type AnyDecoder, type Fields, type PlainDecoder } from '../schema/plain.ts';
import type { Field, StructType } from '../schema/types.ts';
import type { PodSpec } from './types.ts';

type Written<T> = { -readonly [K in keyof T]: T[K] };

${decoders.join('\n')}
${copier(podSpec)}
${comparer(podSpec)}
/** By definition, how plain values of its struct are decoded. @internal */
export const plainDecoders: ReadonlyMap<string, PlainDecoder> = new Map<string, PlainDecoder>([
${DEFINITIONS.map((definition) => `  [${JSON.stringify(definition)}, ${names.get(structOfDefinition(definition))}],`).join('\n')}
]);
`;
const file = new URL('../packages/api/src/generated/plain-decoders.ts', import.meta.url);
if (!process.argv.includes('--check')) writeFileSync(file, text);
else if (readFileSync(file, 'utf8') !== text) {
  console.error('packages/api/src/generated/plain-decoders.ts is not what the schema says: run scripts/make-plain-decoders.mjs');
  process.exitCode = 1;
}
