// Requests and limits of containers. Upstream: pkg/apis/core/validation/validation.go ValidateResourceRequirements (1.37).
import { duplicate, forbidden, invalid, notSupported, required, type FieldError } from '../../../field-error.ts';
import type { FieldPath } from '../../../field-path.ts';
import type { PodResourceClaim, PodSpec, ResourceClaim, ResourceRequirements } from '../../../generated/types.ts';
import { dnsLabelErrors, dnsSubdomainErrors, qualifiedNameErrors } from '../../../names/names.ts';
import { NOT_NEGATIVE } from '../../../names/numbers.ts';
import { addQuantities, compareQuantities, formatQuantity, quantityNanos, quantityOf, type Quantity } from '../../../quantity/quantity.ts';

const CONTAINER_RESOURCES: ReadonlySet<string> = new Set(['cpu', 'memory', 'ephemeral-storage']);
const STANDARD_RESOURCES: ReadonlySet<string> = new Set([
  'cpu', 'memory', 'ephemeral-storage', 'requests.cpu', 'requests.memory', 'requests.ephemeral-storage', 'limits.cpu', 'limits.memory', 'limits.ephemeral-storage',
  'pods', 'resourcequotas', 'services', 'replicationcontrollers', 'secrets', 'persistentvolumeclaims', 'configmaps', 'services.nodeports', 'services.loadbalancers', 'storage', 'requests.storage',
]);
const WHOLE = 1_000_000_000n;
const HUGE_PAGES = 'hugepages-';
const POD_RESOURCES = ['cpu', HUGE_PAGES, 'memory'];

function isNative(name: string): boolean {
  return !name.includes('/') || name.includes('kubernetes.io/');
}

function isHugePages(name: string): boolean {
  return name.startsWith(HUGE_PAGES);
}

/** Whether more of it may be promised than there is: what a limit may exceed its request in. */
function isOvercommitAllowed(name: string): boolean {
  return isNative(name) && !isHugePages(name);
}

/** Where requests and limits stand: what of a pod's own and of a container's may be asked differs. */
type Bearer = 'container' | 'pod';

function nameTextErrors(name: string, path: FieldPath): FieldError[] {
  const errors: FieldError[] = qualifiedNameErrors(name).map((text) => invalid(path, name, text));
  if (errors.length === 0 && !name.includes('/') && !STANDARD_RESOURCES.has(name) && !isHugePages(name)) errors.push(invalid(path, name, 'must be a standard resource type or fully qualified'));
  return errors;
}

function validateContainerResourceName(name: string, path: FieldPath): readonly FieldError[] {
  const errors = nameTextErrors(name, path);
  if (!name.includes('/')) {
    if (!CONTAINER_RESOURCES.has(name) && !isHugePages(name)) errors.push(invalid(path, name, 'must be a standard resource for containers'));
  } else if (!isNative(name) && name.startsWith('requests.')) errors.push(invalid(path, name, "doesn't follow extended resource name standard"));
  return errors;
}

function validatePodResourceName(name: string, path: FieldPath): readonly FieldError[] {
  const errors = nameTextErrors(name, path);
  return errors.length > 0 || isPodLevelResource(name) ? errors : [notSupported(path, name, POD_RESOURCES)];
}

function validateName(name: string, path: FieldPath, bearer: Bearer): readonly FieldError[] {
  return bearer === 'pod' ? validatePodResourceName(name, path) : validateContainerResourceName(name, path);
}

function validateAmount(name: string, amount: string, path: FieldPath): readonly FieldError[] {
  if (quantityNanos(amount) < 0n) return [invalid(path, amount, NOT_NEGATIVE)];
  const isWhole = name.includes('/') && !isNative(name);
  return isWhole && quantityNanos(amount) % WHOLE !== 0n ? [invalid(path, amount, 'must be an integer')] : [];
}

/** Huge pages come whole. */
function validatePages(name: string, amount: string, path: FieldPath): readonly FieldError[] {
  if (!isHugePages(name)) return [];
  const size = pageSize(name);
  const isDivisible = size > 0n && size % WHOLE === 0n && quantityNanos(amount) % size === 0n;
  return isDivisible ? [] : [invalid(path, amount, `${amount} is not positive integer multiple of ${name}`)];
}

function pageSize(name: string): bigint {
  try {
    return quantityNanos(name.slice(HUGE_PAGES.length));
  } catch {
    return 0n;
  }
}

/** Errors of the claims that a container names. */
function validateClaimNames(claims: readonly ResourceClaim[], ofPod: readonly PodResourceClaim[], path: FieldPath): readonly FieldError[] {
  const errors: FieldError[] = [];
  // Whole claims by name, single requests of theirs by `name/request`.
  const seen = new Set<string>();
  const known = ofPod.map((claim) => claim.name).filter((name) => name !== '').sort();
  for (const [index, { name, request = '' }] of claims.entries()) {
    const at = path.index(index);
    if (name === '') {
      errors.push(required(at));
      continue;
    }
    const key = request === '' ? name : `${name}/${request}`;
    if (seen.has(name)) errors.push(duplicate(at, name));
    else {
      if (request !== '') errors.push(...dnsLabelErrors(request).map((text) => invalid(at.child('request'), request, text)));
      if (seen.has(key)) errors.push(duplicate(at, key));
      else if (request === '') for (const other of seen) if (other.startsWith(`${name}/`)) errors.push(duplicate(at, name));
      seen.add(key);
    }
    if (!known.includes(name)) errors.push({ type: 'Not found', field: String(at), badValue: name, detail: `must be one of the names in pod.spec.resourceClaims${known.length === 0 ? ' which is empty' : `: ${known.join(', ')}`}` });
  }
  return errors;
}

/** Errors of the claims of a pod. @internal */
export function validateResourceClaims(claims: readonly PodResourceClaim[], path: FieldPath): readonly FieldError[] {
  const errors: FieldError[] = [];
  const names = new Set<string>();
  for (const [index, claim] of claims.entries()) {
    const at = path.index(index);
    const { name, resourceClaimName: claimName, resourceClaimTemplateName: templateName } = claim;
    if (name === '') errors.push(required(at.child('name')));
    else if (names.has(name)) errors.push(duplicate(at.child('name'), name));
    else errors.push(...dnsLabelErrors(name).map((text) => invalid(at.child('name'), name, text)));
    names.add(name);
    const shown = { Name: name, ResourceClaimName: claimName ?? null, ResourceClaimTemplateName: templateName ?? null };
    if (claimName !== undefined && templateName !== undefined) errors.push(invalid(at, shown, 'at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified'));
    if (claimName === undefined && templateName === undefined) errors.push(invalid(at, shown, 'must specify one of: `resourceClaimName`, `resourceClaimTemplateName`'));
    if (claimName !== undefined) errors.push(...dnsSubdomainErrors(claimName).map((text) => invalid(at.child('resourceClaimName'), claimName, text)));
    if (templateName !== undefined) errors.push(...dnsSubdomainErrors(templateName).map((text) => invalid(at.child('resourceClaimTemplateName'), templateName, text)));
  }
  return errors;
}

/** Errors of requests and limits. @internal */
export function validateResources(resources: ResourceRequirements | undefined, path: FieldPath, claims: readonly PodResourceClaim[] = [], bearer: Bearer = 'container'): readonly FieldError[] {
  if (resources === undefined) return [];
  const limits = (resources.limits ?? {}) as Readonly<Record<string, string>>;
  const requests = (resources.requests ?? {}) as Readonly<Record<string, string>>;
  const errors: FieldError[] = [];
  for (const name of Object.keys(limits).sort()) {
    const at = path.child('limits').key(name);
    const limit = limits[name] as string;
    errors.push(...validateName(name, at, bearer), ...validateAmount(name, limit, at), ...validatePages(name, limit, at));
  }
  for (const name of Object.keys(requests).sort()) {
    const at = path.child('requests').key(name);
    const request = requests[name] as string;
    const limit = limits[name];
    errors.push(...validateName(name, at, bearer), ...validateAmount(name, request, at));
    if (limit === undefined) {
      if (!isOvercommitAllowed(name)) errors.push(required(path.child('limits'), 'Limit must be set for non overcommitable resources'));
    } else if (!isOvercommitAllowed(name) && compareQuantities(request, limit) !== 0) errors.push(invalid(path.child('requests'), request, `must be equal to ${name} limit of ${limit}`));
    else if (compareQuantities(request, limit) > 0) errors.push(invalid(path.child('requests'), request, `must be less than or equal to ${name} limit of ${limit}`));
    errors.push(...validatePages(name, request, at));
  }
  const names = [...Object.keys(limits), ...Object.keys(requests)];
  if (names.some(isHugePages) && !names.includes('cpu') && !names.includes('memory')) errors.push(forbidden(path, 'HugePages require cpu or memory'));
  return resources.claims === undefined ? errors : [...errors, ...validateClaimNames(resources.claims, claims, path.child('claims'))];
}

/** Whether a pod as a whole may ask for it. @internal */
export function isPodLevelResource(name: string): boolean {
  return name === 'cpu' || name === 'memory' || isHugePages(name);
}

type Amounts = Map<string, Quantity>;

function addTo(sum: Amounts, amounts: ResourceRequirements['requests']): void {
  for (const [name, amount] of Object.entries(amounts ?? {})) {
    const held = sum.get(name);
    sum.set(name, held === undefined ? quantityOf(amount as string) : addQuantities(held, quantityOf(amount as string)));
  }
}

/** What the containers of a pod ask for at once at most. Upstream: component-helpers/resource AggregateContainerRequests (1.37). @internal */
export function containerRequests(spec: PodSpec): ReadonlyMap<string, string> {
  const sum: Amounts = new Map();
  for (const { resources } of spec.containers ?? []) addTo(sum, resources?.requests);
  const sidecars: Amounts = new Map();
  const starting: Amounts = new Map();
  for (const { resources, restartPolicy } of spec.initContainers ?? []) {
    const now: Amounts = restartPolicy === 'Always' ? sidecars : new Map(sidecars);
    if (restartPolicy === 'Always') addTo(sum, resources?.requests);
    addTo(now, resources?.requests);
    for (const [name, amount] of now) {
      const held = starting.get(name);
      if (held === undefined || compareQuantities(amount, held) > 0) starting.set(name, amount);
    }
  }
  for (const [name, amount] of starting) {
    const held = sum.get(name);
    if (held === undefined || compareQuantities(amount, held) > 0) sum.set(name, amount);
  }
  return new Map([...sum].map(([name, amount]) => [name, formatQuantity(amount)]));
}

/** Errors of the resources of a pod as a whole. @internal */
export function validatePodResources(spec: PodSpec, path: FieldPath): readonly FieldError[] {
  const { resources } = spec;
  if (resources === undefined) return [];
  const errors: FieldError[] = resources.claims === undefined ? [] : [forbidden(path.child('claims'), 'claims cannot be set for Resources at pod-level')];
  errors.push(...validateResources(resources, path, spec.resourceClaims, 'pod'));
  const asked = containerRequests(spec);
  for (const name of [...asked.keys()].sort()) {
    if (!isPodLevelResource(name)) continue;
    const amount = asked.get(name) as string;
    const own = (resources.requests?.[name] as string | undefined) ?? '0';
    if (compareQuantities(amount, own) > 0) errors.push(invalid(path.child('requests').key(name), own, `must be greater than or equal to aggregate container requests of ${amount}`));
  }
  for (const [index, container] of (spec.containers ?? []).entries()) {
    const limits = (container.resources?.limits ?? {}) as Readonly<Record<string, string>>;
    for (const name of Object.keys(limits).sort()) {
      const ofPod = resources.limits?.[name] as string | undefined;
      if (ofPod !== undefined && compareQuantities(limits[name] as string, ofPod) > 0) errors.push(invalid(path.child('containers').index(index).key(name).child('limits'), limits[name], `must be less than or equal to pod limits of ${ofPod}`));
    }
  }
  return errors;
}
