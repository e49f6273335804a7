// Requests and limits of containers. Upstream: pkg/apis/core/validation/validation.go ValidateResourceRequirements (1.37).
import { forbidden, invalid, required, type FieldError } from '../../../field-error.ts';
import type { FieldPath } from '../../../field-path.ts';
import type { ResourceRequirements } from '../../../generated/types.ts';
import { qualifiedNameErrors } from '../../../names/names.ts';
import { NOT_NEGATIVE } from '../../../names/numbers.ts';
import { compareQuantities, quantityNanos } from '../../../quantity/quantity.ts';

const CONTAINER_RESOURCES: ReadonlySet<string> = new Set(['cpu', 'memory', 'ephemeral-storage']);
const STANDARD_RESOURCES: ReadonlySet<string> = new Set([
  'cpu', 'memory', 'ephemeral-storage', 'requests.cpu', 'requests.memory', 'requests.ephemeral-storage', 'limits.cpu', 'limits.memory', 'limits.ephemeral-storage',
  'pods', 'resourcequotas', 'services', 'replicationcontrollers', 'secrets', 'persistentvolumeclaims', 'configmaps', 'services.nodeports', 'services.loadbalancers', 'storage', 'requests.storage',
]);
const WHOLE = 1_000_000_000n;

function isNative(name: string): boolean {
  return !name.includes('/') || name.includes('kubernetes.io/');
}

function isHugePages(name: string): boolean {
  return name.startsWith('hugepages-');
}

/** Whether more of it may be promised than there is: what a limit may exceed its request in. */
function isOvercommitAllowed(name: string): boolean {
  return isNative(name) && !isHugePages(name);
}

function validateName(name: string, path: FieldPath): readonly FieldError[] {
  const errors: FieldError[] = qualifiedNameErrors(name).map((text) => invalid(path, name, text));
  if (errors.length > 0) return errors;
  if (!name.includes('/')) {
    if (!STANDARD_RESOURCES.has(name) && !isHugePages(name)) errors.push(invalid(path, name, 'must be a standard resource type or fully qualified'));
    if (!CONTAINER_RESOURCES.has(name) && !isHugePages(name)) errors.push(invalid(path, name, 'must be a standard resource for containers'));
  } else if (!isNative(name) && name.startsWith('requests.')) errors.push(invalid(path, name, "doesn't follow extended resource name standard"));
  return errors;
}

function validateAmount(name: string, amount: string, path: FieldPath): readonly FieldError[] {
  if (quantityNanos(amount) < 0n) return [invalid(path, amount, NOT_NEGATIVE)];
  const isWhole = name.includes('/') && !isNative(name);
  return isWhole && quantityNanos(amount) % WHOLE !== 0n ? [invalid(path, amount, 'must be an integer')] : [];
}

/** Errors of requests and limits. @internal */
export function validateResources(resources: ResourceRequirements | undefined, path: FieldPath): readonly FieldError[] {
  if (resources === undefined) return [];
  const limits = (resources.limits ?? {}) as Readonly<Record<string, string>>;
  const requests = (resources.requests ?? {}) as Readonly<Record<string, string>>;
  const errors: FieldError[] = [];
  for (const name of Object.keys(limits).sort()) {
    const at = path.child('limits').key(name);
    errors.push(...validateName(name, at), ...validateAmount(name, limits[name] as string, at));
  }
  for (const name of Object.keys(requests).sort()) {
    const at = path.child('requests').key(name);
    const request = requests[name] as string;
    const limit = limits[name];
    errors.push(...validateName(name, at), ...validateAmount(name, request, at));
    if (limit === undefined) {
      if (!isOvercommitAllowed(name)) errors.push(required(path.child('limits'), 'Limit must be set for non overcommitable resources'));
    } else if (!isOvercommitAllowed(name) && compareQuantities(request, limit) !== 0) errors.push(invalid(path.child('requests'), request, `must be equal to ${name} limit of ${limit}`));
    else if (compareQuantities(request, limit) > 0) errors.push(invalid(path.child('requests'), request, `must be less than or equal to ${name} limit of ${limit}`));
  }
  const names = [...Object.keys(limits), ...Object.keys(requests)];
  if (names.some(isHugePages) && !names.includes('cpu') && !names.includes('memory')) errors.push(forbidden(path, 'HugePages require cpu or memory'));
  return errors;
}
