// The OpenAPI v3 document of one group and version, out of the schema that everything else goes by. It has no descriptions:
// the schema is recorded without its texts.
import { apiVersionOf, definitionOfKind, schemaDefinition, type KindDefinition, type SchemaNode } from '@kubesim/api';
import { operationPaths, type Operation, type OperationPath } from './operations.ts';

const META = 'io.k8s.apimachinery.pkg.apis.meta.v1';
const BOOLEANS: readonly string[] = ['allowWatchBookmarks', 'watch', 'sendInitialEvents', 'orphanDependents', 'ignoreStoreReadErrorWithClusterBreakingPotential', 'force', 'stdin', 'stdout', 'stderr', 'tty', 'follow', 'previous', 'timestamps', 'insecureSkipTLSVerifyBackend'];
const INTEGERS: readonly string[] = ['limit', 'timeoutSeconds', 'gracePeriodSeconds', 'limitBytes', 'sinceSeconds', 'tailLines', 'ports'];

/** The document of the kinds of a group and version. @internal */
export function openApiDocument(gitVersion: string, kinds: readonly KindDefinition[]): object {
  const schemas = new Map<string, unknown>();
  for (const kind of kinds) {
    addSchema(schemas, schemaName(kind), kind);
    for (const name of [definitionOfKind(kind.group, kind.version, `${kind.kind}List`), `${META}.DeleteOptions`, `${META}.Status`, `${META}.WatchEvent`]) if (name !== undefined) addDefinition(schemas, name);
  }
  const paths = kinds.flatMap(operationPaths).map((each) => [each.path, pathItem(each, kinds, schemas)] as const).sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    openapi: '3.0.0', info: { title: 'Kubernetes', version: gitVersion }, paths: Object.fromEntries(paths),
    components: { schemas: Object.fromEntries([...schemas].sort(([a], [b]) => (a < b ? -1 : 1))) },
  };
}

/** The name under which a kind's schema stands: for custom resources the group backwards. @internal */
export function schemaName(kind: KindDefinition): string {
  return definitionOfKind(kind.group, kind.version, kind.kind) ?? `${kind.group.split('.').reverse().join('.')}.${kind.version}.${kind.kind}`;
}

function addSchema(schemas: Map<string, unknown>, name: string, kind: KindDefinition): void {
  if (schemaDefinition(name) !== undefined) return addDefinition(schemas, name);
  const node = kind.schema ?? {};
  addDefinition(schemas, `${META}.ObjectMeta`);
  const meta = { apiVersion: { type: 'string' }, kind: { type: 'string' }, metadata: reference(`${META}.ObjectMeta`) };
  const marks = { 'x-kubernetes-group-version-kind': [{ group: kind.group, kind: kind.kind, version: kind.version }] };
  schemas.set(name, { ...published(node), type: 'object', properties: { ...(published(node) as { readonly properties?: object }).properties, ...meta }, ...marks });
}

function addDefinition(schemas: Map<string, unknown>, name: string): void {
  const node = schemaDefinition(name);
  if (node === undefined || schemas.has(name)) return;
  schemas.set(name, undefined);
  schemas.set(name, published(node, (used) => { addDefinition(schemas, used); }));
}

function reference(name: string): object {
  return { $ref: `#/components/schemas/${name}` };
}

/** A node as it is published: without wire numbers, and with whole references. */
function published(node: SchemaNode, use: (name: string) => void = () => {}): object {
  const result: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(node)) {
    if (key === 'x-protobuf' || key === '$ref') continue;
    if (key === 'properties') result[key] = Object.fromEntries(Object.entries(value as Readonly<Record<string, SchemaNode>>).map(([name, each]) => [name, published(each, use)]));
    else if ((key === 'items' || key === 'additionalProperties' || key === 'not') && typeof value === 'object' && value !== null) result[key] = published(value as SchemaNode, use);
    else if ((key === 'allOf' || key === 'anyOf' || key === 'oneOf') && Array.isArray(value)) result[key] = (value as readonly SchemaNode[]).map((each) => published(each, use));
    else result[key] = value;
  }
  const { $ref } = node;
  if ($ref === undefined) return result;
  use($ref);
  // A reference that stands with something else is wrapped: beside it nothing counts.
  return Object.keys(result).length === 0 ? reference($ref) : { allOf: [reference($ref)], ...result };
}

function pathItem({ path, parameters, operations }: OperationPath, kinds: readonly KindDefinition[], schemas: Map<string, unknown>): object {
  const item: Record<string, unknown> = {};
  for (const operation of operations) item[operation.method] = operationObject(path, operation, kinds, schemas);
  if (parameters.length > 0) item['parameters'] = parameters.map((name) => ({ name, in: 'path', required: true, schema: { type: 'string', uniqueItems: true } }));
  return item;
}

function operationObject(path: string, { method, action, kind, query, body }: Operation, kinds: readonly KindDefinition[], schemas: Map<string, unknown>): object {
  const own = kinds.find((each) => each.kind === kind.kind && each.version === kind.version && each.group === kind.group);
  const name = own === undefined ? definitionOfKind(kind.group, kind.version, kind.kind) : schemaName(own);
  if (name !== undefined) addDefinition(schemas, name);
  const shown = name === undefined || !schemas.has(name) ? {} : { schema: reference(name) };
  const listed = action === 'list' ? definitionOfKind(kind.group, kind.version, `${kind.kind}List`) : undefined;
  const answer = listed === undefined ? shown : { schema: reference(listed) };
  const content = (schema: object, types: readonly string[]): object => ({ content: Object.fromEntries(types.map((type) => [type, schema])) });
  const bodySchema = method === 'patch' ? { schema: reference(`${META}.Patch`) } : action === 'delete' || action === 'deletecollection' ? { schema: reference(`${META}.DeleteOptions`) } : shown;
  if (method === 'patch') addDefinition(schemas, `${META}.Patch`);
  return {
    operationId: `${action}${path.replace(/[{}]/g, '').split(/[/.-]/).map((part) => part.slice(0, 1).toUpperCase() + part.slice(1)).join('')}${method === 'get' || action !== 'connect' ? '' : method}`,
    tags: [own === undefined ? 'meta' : apiVersionOf(own).replace('/', '_')],
    ...(query.length === 0 ? {} : { parameters: query.map((each) => ({ name: each, in: 'query', schema: { type: BOOLEANS.includes(each) ? 'boolean' : INTEGERS.includes(each) ? 'integer' : 'string', uniqueItems: true } })) }),
    ...(body.length === 0 ? {} : { requestBody: content(bodySchema, body) }),
    responses: { 200: { description: 'OK', ...content(answer, ['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf']) }, 401: { description: 'Unauthorized' } },
    'x-kubernetes-action': action, 'x-kubernetes-group-version-kind': kind,
  };
}
