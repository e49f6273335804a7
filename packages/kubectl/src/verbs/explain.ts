// kubectl explain: the fields of a kind from the schema; the recorded schema has no descriptions, so none are shown.
// Upstream: kubectl/pkg/explain/v2/templates/plaintext.tmpl (1.37).
import { definitionOfKind, schemaDefinition, type SchemaNode } from '@kubesim/api';
import { parseFlags } from '../flags.ts';
import { KubectlError } from '../kubectl-error.ts';
import type { Session } from '../session.ts';

/** `kubectl explain RESOURCE.FIELD`. @internal */
export function explain(session: Session, words: readonly string[]): void {
  const parsed = parseFlags(words, { recursive: 'bool', 'api-version': 'value', output: 'value' }, 'explain');
  const [target] = parsed.args;
  if (target === undefined) throw new KubectlError('error: You must specify the type of resource to explain. Use "kubectl api-resources" for a complete list of supported resources.');
  if (parsed.args.length > 1) throw new KubectlError('error: We accept only this format: explain RESOURCE');
  const [resource = '', ...path] = target.split('.');
  // `sts.apps` may stand for the resource with its group.
  const group = session.findResource(resource) === undefined ? undefined : path.findIndex((_, index) => session.findResource(`${resource}.${path.slice(0, index + 1).join('.')}`) !== undefined);
  if (session.findResource(resource) === undefined && (group ?? -1) < 0) throw new KubectlError(`the server doesn't have a resource type "${resource}"`);
  const found = session.resource(group === undefined || group < 0 ? resource : `${resource}.${path.slice(0, group + 1).join('.')}`);
  const fields = group === undefined || group < 0 ? path : path.slice(group + 1);
  const [version = '', apiGroup = ''] = (parsed.flags['api-version'] ?? '').split('/').reverse();
  const mapping = parsed.flags['api-version'] === undefined ? found : { ...found, version, group: apiGroup };
  const definition = definitionOfKind(mapping.group, mapping.version, mapping.kind);
  if (definition === undefined) throw new KubectlError(`error: couldn't find resource for "${mapping.group === '' ? '' : `${mapping.group}/`}${mapping.version}, Kind=${mapping.kind}"`);
  session.out(`${mapping.group === '' ? '' : `GROUP:      ${mapping.group}\n`}KIND:       ${mapping.kind}\nVERSION:    ${mapping.version}\n\n`);
  let node: SchemaNode = { $ref: definition };
  for (const field of fields) {
    const next = fieldsOf(node)?.properties?.[field];
    if (next === undefined) throw new KubectlError(`error: field "${field}" does not exist`);
    node = next;
  }
  const field = fields[fields.length - 1];
  let text = field === undefined ? '' : `FIELD: ${field} <${typeName(node)}>\n${enumLine(node, '')}\n${node.enum === undefined ? '\n' : ''}`;
  text += 'DESCRIPTION:\n    <empty>\n';
  const inner = fieldsOf(node);
  if (inner?.properties !== undefined) text += `FIELDS:\n${parsed.flags['recursive'] === 'true' ? listRecursively(inner, 1, []) : listFields(inner)}`;
  session.out(`${text}\n`);
}

/** The schema whose properties are a field's fields: its own, its items' or its values'. */
function fieldsOf(node: SchemaNode | undefined): SchemaNode | undefined {
  const whole = resolve(node);
  if (whole?.type === 'array') return fieldsOf(whole.items);
  if (whole?.properties === undefined && typeof whole?.additionalProperties === 'object') return fieldsOf(whole.additionalProperties);
  return whole;
}

function referenceOf(node: SchemaNode | undefined): string | undefined {
  return node?.$ref ?? node?.allOf?.[0]?.$ref;
}

function resolve(node: SchemaNode | undefined): SchemaNode | undefined {
  const reference = referenceOf(node);
  return reference === undefined ? node : schemaDefinition(reference);
}

function typeName(node: SchemaNode | undefined): string {
  const reference = referenceOf(node);
  if (reference !== undefined) {
    const target = schemaDefinition(reference);
    const name = reference.slice(reference.lastIndexOf('.') + 1);
    return target?.type !== undefined && target.type !== 'object' ? target.type : name;
  }
  if (node?.type === 'array') return `[]${typeName(node.items)}`;
  if (node?.type === 'object' && typeof node.additionalProperties === 'object') return `map[string]${typeName(node.additionalProperties)}`;
  return node?.type === undefined || node.type === 'object' ? 'Object' : node.type;
}

function enumLine(node: SchemaNode, indent: string): string {
  const values = node.enum;
  return values === undefined || values.length === 0 ? '' : `${indent === '' ? 'ENUM:\n' : `${indent}enum: `}${indent === '' ? values.map((value) => `    ${String(value)}\n`).join('') : `${values.slice(0, 4).map((value) => (value === '' ? '""' : String(value))).join(', ')}${values.length > 4 ? ', ....' : ''}\n`}`;
}

function listFields(node: SchemaNode): string {
  return Object.keys(node.properties ?? {}).sort().map((name) => {
    const property = node.properties?.[name] as SchemaNode;
    return `  ${name}\t<${typeName(property)}>${node.required?.includes(name) === true ? ' -required-' : ''}\n${enumLine(property, '  ')}    <no description>\n\n`;
  }).join('');
}

function listRecursively(node: SchemaNode, level: number, above: readonly string[]): string {
  return Object.keys(node.properties ?? {}).sort().map((name) => {
    const property = node.properties?.[name] as SchemaNode;
    const indent = '  '.repeat(level);
    const reference = referenceOf(property) ?? referenceOf(property.items) ?? '';
    const inner = reference !== '' && above.includes(reference) ? undefined : fieldsOf(property);
    return `${indent}${name}\t<${typeName(property)}>${node.required?.includes(name) === true ? ' -required-' : ''}\n${enumLine(property, indent)}${inner?.properties === undefined ? '' : listRecursively(inner, level + 1, [...above, reference])}`;
  }).join('');
}
