// Descriptions of namespaces, configuration, accounts, quotas and roles, and of any kind that has none of its own.
// Upstream: kubectl/pkg/describe/describe.go (1.37).
import type { Session } from '../session.ts';
import { annotations, head, line, many, pairs, type Loose } from './text.ts';

function itemsOf(session: Session, namespace: string, resource: string): readonly Loose[] {
  return (session.ask('GET', `/api/v1/namespaces/${namespace}/${resource}`, { query: { limit: '500' } })['items'] ?? []) as readonly Loose[];
}

function quotaRows(status: Loose, indent: string): string {
  return Object.keys(status?.hard ?? {}).sort().map((name) => `${indent}${name}\t${status.used?.[name] ?? '0'}\t${status.hard[name]}\n`).join('');
}

const LIMIT_HEAD = 'Type\tResource\tMin\tMax\tDefault Request\tDefault Limit\tMax Limit/Request Ratio';
const LIMIT_RULE = '----\t--------\t---\t---\t---------------\t-------------\t-----------------------';

function limitRows(limits: readonly Loose[], indent: string): string {
  return limits.flatMap((item) => {
    const fields = ['max', 'min', 'default', 'defaultRequest', 'maxLimitRequestRatio'] as const;
    const names = new Set(fields.flatMap((field) => Object.keys(item[field] ?? {})));
    return [...names].sort().map((name) => `${indent}${item.type}\t${name}\t${item.min?.[name] ?? '-'}\t${item.max?.[name] ?? '-'}\t${item.defaultRequest?.[name] ?? '-'}\t${item.default?.[name] ?? '-'}\t${item.maxLimitRequestRatio?.[name] ?? '-'}\n`);
  }).join('');
}

/** Namespace. @internal */
export function namespace(session: Session, { metadata, status }: Loose): string {
  const quotas = itemsOf(session, metadata.name, 'resourcequotas');
  const ranges = itemsOf(session, metadata.name, 'limitranges');
  let text = line('Name', metadata.name) + many('Labels', pairs(metadata.labels, '=')) + annotations(metadata.annotations) + line('Status', status?.phase ?? '');
  const conditions = (status?.conditions ?? []) as readonly Loose[];
  if (conditions.length > 0) text += `Conditions:\n  Type\tStatus\tLastTransitionTime\tReason\tMessage\n  ----\t------\t------------------\t------\t-------\n${conditions.map((each) => `  ${each.type}\t${each.status}\t${new Date(each.lastTransitionTime).toUTCString().replace('GMT', '+0000')}\t${each.reason}\t${each.message}\n`).join('')}`;
  text += quotas.length === 0 ? '\nNo resource quota.\n' : `\nResource Quotas\n${quotas.map((quota) => `  Name:\t${quota.metadata.name}\n  Resource\tUsed\tHard\n  --------\t---\t---\n${quotaRows(quota.status, '  ')}`).join('\n')}`;
  return text + (ranges.length === 0 ? '\nNo LimitRange resource.\n' : `\nResource Limits\n ${LIMIT_HEAD}\n ${LIMIT_RULE}\n${ranges.map((range) => limitRows(range.spec.limits, ' ')).join('')}`);
}

/** ConfigMap. @internal */
export function configMap(_session: Session, object: Loose): string {
  const data = Object.keys(object.data ?? {}).sort().map((key) => `${key}:\n----\n${object.data[key]}\n\n`);
  const binary = Object.keys(object.binaryData ?? {}).sort().map((key) => `${key}: ${bytes(object.binaryData[key])} bytes\n`);
  return `${head(object)}\nData\n====\n${data.join('')}\nBinaryData\n====\n${binary.join('')}\n`;
}

/** Number of bytes that a base64 text stands for. */
function bytes(base64: string): number {
  return Math.floor((base64.replace(/=+$/, '').length * 3) / 4);
}

/** Secret. @internal */
export function secret(_session: Session, object: Loose): string {
  const data = Object.keys(object.data ?? {}).sort().map((key) => line(key, `${bytes(object.data[key])} bytes`));
  return `${head(object)}\nType:\t${object.type}\n\nData\n====\n${data.join('')}`;
}

/** ServiceAccount. @internal */
export function serviceAccount(_session: Session, object: Loose): string {
  const names = (list: readonly Loose[] | undefined): readonly string[] => (list ?? []).map(({ name }) => name as string);
  return head(object) + many('Image pull secrets', names(object.imagePullSecrets)) + many('Mountable secrets', names(object.secrets)) + line('Tokens', '<none>');
}

/** ResourceQuota. @internal */
export function resourceQuota(_session: Session, { metadata, spec, status }: Loose): string {
  const scopes = (spec.scopes ?? []) as readonly string[];
  return line('Name', metadata.name) + line('Namespace', metadata.namespace) + (scopes.length === 0 ? '' : line('Scopes', [...scopes].sort().join(', '))) + `Resource\tUsed\tHard\n--------\t----\t----\n${quotaRows(status, '')}`;
}

/** LimitRange. @internal */
export function limitRange(_session: Session, { metadata, spec }: Loose): string {
  return `${line('Name', metadata.name)}${line('Namespace', metadata.namespace)}${LIMIT_HEAD}\n${LIMIT_RULE}\n${limitRows(spec.limits, '')}`;
}

/** PriorityClass. @internal */
export function priorityClass(_session: Session, object: Loose): string {
  return line('Name', object.metadata.name) + line('Value', object.value) + line('GlobalDefault', object.globalDefault === true) + line('PreemptionPolicy', object.preemptionPolicy ?? '') + line('Description', object.description ?? '') + many('Annotations', pairs(object.metadata.annotations, '='));
}

/** Role or ClusterRole. @internal */
export function role(_session: Session, { metadata, rules }: Loose): string {
  const rows = ((rules ?? []) as readonly Loose[]).flatMap((rule) => {
    const names = `[${(rule.resourceNames ?? []).join(' ')}]`;
    const verbs = `[${(rule.verbs ?? []).join(' ')}]`;
    const resources = ((rule.resources ?? []) as readonly string[]).flatMap((resource) => ((rule.apiGroups ?? ['']) as readonly string[]).map((group) => {
      const [base = '', sub] = resource.split('/');
      return `  ${group === '' ? resource : `${base}.${group}${sub === undefined ? '' : `/${sub}`}`}\t[]\t${names}\t${verbs}\n`;
    }));
    return [...resources, ...((rule.nonResourceURLs ?? []) as readonly string[]).map((url) => `  \t[${url}]\t${names}\t${verbs}\n`)];
  });
  return `${line('Name', metadata.name)}${many('Labels', pairs(metadata.labels, '='))}${annotations(metadata.annotations)}PolicyRule:\n  Resources\tNon-Resource URLs\tResource Names\tVerbs\n  ---------\t-----------------\t--------------\t-----\n${rows.sort().join('')}`;
}

/** RoleBinding or ClusterRoleBinding. @internal */
export function roleBinding(_session: Session, { metadata, roleRef, subjects }: Loose): string {
  const rows = ((subjects ?? []) as readonly Loose[]).map(({ kind, name, namespace: space }) => `  ${kind}\t${name}\t${space ?? ''}\n`);
  return `${line('Name', metadata.name)}${many('Labels', pairs(metadata.labels, '='))}${annotations(metadata.annotations)}Role:\n  Kind:\t${roleRef.kind}\n  Name:\t${roleRef.name}\nSubjects:\n  Kind\tName\tNamespace\n  ----\t----\t---------\n${rows.join('')}`;
}

const ACRONYMS: Readonly<Record<string, string>> = { Api: 'API', Url: 'URL', Uid: 'UID', Osb: 'OSB', Guid: 'GUID' };

/** `creationTimestamp` as `Creation Timestamp`. */
function smartLabel(field: string): string {
  const words = field.match(/[A-Z]+(?![a-z])|[A-Z]?[a-z0-9]+|[^A-Za-z0-9]+/g) ?? [field];
  return words.map((word) => word[0]?.toUpperCase() + word.slice(1)).map((word) => ACRONYMS[word] ?? word).join(' ');
}

function fields(value: Readonly<Record<string, unknown>>, level: number, skip: readonly string[] = []): string {
  const indent = '  '.repeat(level);
  return Object.keys(value).filter((key) => !skip.includes(key)).sort().map((key) => {
    const item = value[key];
    const label = `${indent}${smartLabel(key)}:`;
    if (Array.isArray(item)) return `${label}\n${item.map((each: unknown) => (isMap(each) ? fields(each, level + 1) : `${indent}  ${String(each)}\n`)).join('')}`;
    if (isMap(item)) return `${label}\n${fields(item, level + 1)}`;
    return `${label}\t${item === null ? '<nil>' : String(item)}\n`;
  }).join('');
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

/** An object of any kind: its fields under one another. @internal */
export function anyObject(_session: Session, object: Loose): string {
  const { apiVersion, kind, metadata, ...rest } = object;
  const { name: _name, namespace: _namespace, labels: _labels, annotations: _annotations, managedFields: _managedFields, ...others } = metadata;
  const content = fields({ ...rest, metadata: others }, 0);
  return line('Name', metadata.name) + line('Namespace', metadata.namespace ?? '') + many('Labels', pairs(metadata.labels, '=')) + annotations(metadata.annotations) + line('API Version', apiVersion) + line('Kind', kind) + content;
}
