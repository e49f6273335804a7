// Which objects a list, a watch or a deletion of many is about: label and field selectors together.
import { badRequestStatus, matchesRequirements, meetsFieldTerms, parseFieldSelector, parseLabelSelector, type KubeObject } from '@kubesim/api';
import { Refusal, type Scope } from '../server.ts';

/** Selectors as texts. @internal */
export interface Filter {
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
}

const ALL = (): boolean => true;

/** A predicate of selectors. Throws Refusal 400 for those that cannot be read. @internal */
export function predicate(scope: Pick<Scope, 'kind'>, filter: Filter): (object: KubeObject) => boolean {
  const { labelSelector = '', fieldSelector = '' } = filter;
  if (labelSelector === '' && fieldSelector === '') return ALL;
  const labels = parseLabelSelector(labelSelector);
  if (!labels.ok) throw new Refusal(badRequestStatus(labels.error));
  const fields = parseFieldSelector(fieldSelector);
  if (!fields.ok) throw new Refusal(badRequestStatus(fields.error));
  const readers = new Map(fields.terms.map(({ field }) => [field, fieldReader(scope, field)]));
  return (object) => matchesRequirements(labels.requirements, object.metadata.labels)
    && meetsFieldTerms(fields.terms, (field) => readers.get(field)?.(object) ?? '');
}

function fieldReader(scope: Pick<Scope, 'kind'>, field: string): (object: KubeObject) => string {
  if (field === 'metadata.name') return (object) => object.metadata.name ?? '';
  if (field === 'metadata.namespace') return (object) => object.metadata.namespace ?? '';
  const { selectableFields } = scope.kind;
  const known = selectableFields !== undefined && Object.hasOwn(selectableFields, field) ? selectableFields[field] : undefined;
  if (known !== undefined) return known;
  // Only kinds that choose their fields have a conversion of labels, and with it this text.
  throw new Refusal(badRequestStatus(selectableFields === undefined ? `"${field}" is not a known field selector: only "metadata.name", "metadata.namespace"` : `field label not supported: ${field}`));
}
