// GET and list.
import { badRequestStatus, apiVersionOf, type KubeObject } from '@kubesim/api';
import { matchesLabels, parseLabelText } from '../label-match.ts';
import { Refusal, type Scope, type ServerContext } from '../server.ts';

/** Which objects a list or watch is about. @internal */
export interface Filter {
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
}

/** A predicate of selectors. Throws Refusal 400 for those that cannot be read. @internal */
export function predicate(scope: Pick<Scope, 'kind'>, filter: Filter): (object: KubeObject) => boolean {
  const labels = filter.labelSelector === undefined || filter.labelSelector === '' ? undefined : parseLabelText(filter.labelSelector);
  if (labels === undefined && filter.labelSelector !== undefined && filter.labelSelector !== '') throw new Refusal(badRequestStatus(`unable to parse requirement: found '${filter.labelSelector}', expected: identifier`));
  const fields = (filter.fieldSelector ?? '').split(',').filter((term) => term !== '').map((term) => readField(scope, term));
  return (object) => (labels === undefined || matchesLabels(labels, object.metadata.labels)) && fields.every((matches) => matches(object));
}

function readField(scope: Pick<Scope, 'kind'>, term: string): (object: KubeObject) => boolean {
  const match = /^(.*?)(!=|==|=)(.*)$/.exec(term);
  if (match === null) throw new Refusal(badRequestStatus(`invalid selector: '${term}'; can't understand '${term}'`));
  const [, field = '', operator, value] = match;
  const read = fieldReader(scope, field);
  return (object) => (read(object) === value) === (operator !== '!=');
}

function fieldReader(scope: Pick<Scope, 'kind'>, field: string): (object: KubeObject) => string {
  if (field === 'metadata.name') return (object) => object.metadata.name ?? '';
  if (field === 'metadata.namespace') return (object) => object.metadata.namespace ?? '';
  const { selectableFields } = scope.kind;
  const known = selectableFields !== undefined && Object.hasOwn(selectableFields, field) ? selectableFields[field] : undefined;
  if (known !== undefined) return known;
  throw new Refusal(badRequestStatus(`field label not supported: ${field}`));
}

/** The list of a resource, of one namespace or of all. Throws Refusal. @internal */
export function list(context: ServerContext, scope: Scope, filter: Filter): KubeObject {
  const matches = predicate(scope, filter);
  const items: KubeObject[] = [];
  for (const object of context.storage.list(scope.resource, scope.namespace === '' ? '' : `${scope.namespace}/`)) if (matches(object)) items.push(object);
  return { kind: `${scope.kind.kind}List`, apiVersion: apiVersionOf(scope.kind), metadata: { resourceVersion: String(context.storage.revisionOf(scope.resource)) }, items };
}
