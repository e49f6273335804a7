// Names of resources in quotas, limits and capacities, and their quantities
// (pkg/apis/core/helper and pkg/apis/core/validation, 1.37).
import type { FieldPath } from '../../field-path.ts';
import { invalid, type FieldError } from '../../field-error.ts';
import { qualifiedNameErrors } from '../../names/names.ts';
import { compareQuantities, isWholeQuantity, quantityOf, roundQuantityToMilli } from '../../quantity/quantity.ts';

const COUNTED = ['pods', 'resourcequotas', 'services', 'replicationcontrollers', 'secrets', 'configmaps', 'persistentvolumeclaims', 'services.nodeports', 'services.loadbalancers'];
const COMPUTE = ['cpu', 'memory', 'ephemeral-storage'];
const SCOPED = ['requests.cpu', 'requests.memory', 'requests.ephemeral-storage', 'requests.storage', 'limits.cpu', 'limits.memory', 'limits.ephemeral-storage'];
const STANDARD: ReadonlySet<string> = new Set([...COMPUTE, ...SCOPED, ...COUNTED, 'storage']);
const QUOTA: ReadonlySet<string> = new Set([...COMPUTE, ...SCOPED, ...COUNTED]);
const WHOLE: ReadonlySet<string> = new Set(COUNTED);
const CONTAINER: ReadonlySet<string> = new Set(COMPUTE);

function isHugePages(name: string): boolean {
  return name.startsWith('hugepages-');
}

/** Errors of a name of a resource. @internal */
export function validateResourceName(name: string, path: FieldPath): readonly FieldError[] {
  const texts = qualifiedNameErrors(name);
  if (texts.length > 0) return texts.map((text) => invalid(path, name, text));
  const isStandard = name.includes('/') || STANDARD.has(name) || isHugePages(name) || name.startsWith('requests.hugepages-');
  return isStandard ? [] : [invalid(path, name, 'must be a standard resource type or fully qualified')];
}

/** Whether quotas know a resource by itself. @internal */
export function isStandardQuotaResource(name: string): boolean {
  return QUOTA.has(name) || isHugePages(name) || name.startsWith('requests.hugepages-');
}

/** Errors of a name of a resource that a quota limits. @internal */
export function validateQuotaResourceName(name: string, path: FieldPath): readonly FieldError[] {
  return name.includes('/') || isStandardQuotaResource(name) ? validateResourceName(name, path) : [...validateResourceName(name, path), invalid(path, name, 'must be a standard resource for quota')];
}

/** Errors of a name of a resource that containers use. @internal */
export function validateContainerResourceName(name: string, path: FieldPath): readonly FieldError[] {
  const isContainer = name.includes('/') || CONTAINER.has(name) || isHugePages(name);
  return isContainer ? validateResourceName(name, path) : [...validateResourceName(name, path), invalid(path, name, 'must be a standard resource for containers')];
}

/** Whether only whole numbers of a resource make sense. @internal */
export function isWholeResource(name: string): boolean {
  if (WHOLE.has(name)) return true;
  return name.includes('/') && !name.includes('kubernetes.io/') && !name.startsWith('requests.');
}

/** Whether a limit of a resource may lie above its request. @internal */
export function isOvercommitAllowed(name: string): boolean {
  return (!name.includes('/') || name.includes('kubernetes.io/')) && !isHugePages(name);
}

/** Errors of a quantity of a resource: below zero, or not whole. @internal */
export function validateResourceQuantity(name: string, text: string | number | undefined, path: FieldPath): readonly FieldError[] {
  const quantity = quantityOf(text);
  const errors: FieldError[] = [];
  if (compareQuantities(quantity, 0) < 0) errors.push(invalid(path, String(text), 'must be greater than or equal to 0'));
  if (isWholeResource(name) && !isWholeQuantity(roundQuantityToMilli(quantity))) errors.push(invalid(path, text, 'must be an integer'));
  return errors;
}
