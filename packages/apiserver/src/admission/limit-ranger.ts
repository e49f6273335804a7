// LimitRanger: pods and claims get a namespace's default limits and keep within them.
// Upstream: plugin/pkg/admission/limitranger/admission.go (1.37).
import { compareQuantities, formatQuantity, quantityMilliValue, quantityNanos, quantityOf, addQuantities, type Container, type ExactQuantity, type KubeObject, type LimitRange, type LimitRangeItem, type PodSpec, type Quantity } from '@kubesim/api';
import type { AdmissionAttributes, AdmissionContext, AdmissionPlugin } from './admission-plugin.ts';

type Quantities = Readonly<Record<string, Quantity>>;

const ANNOTATION = 'kubernetes.io/limit-ranger';

function isCovered({ operation, resource, subresource, object }: AdmissionAttributes): boolean {
  if (subresource !== '' || object === undefined) return false;
  return resource === 'pods' ? operation === 'CREATE' : resource === 'persistentvolumeclaims' && (operation === 'CREATE' || operation === 'UPDATE');
}

const NO_ITEMS: readonly LimitRangeItem[] = [];

function itemsOf(namespace: string, { store }: AdmissionContext): readonly LimitRangeItem[] {
  let items = NO_ITEMS;
  for (const range of store.list('limitranges', `${namespace}/`)) items = [...items, ...(range as LimitRange & KubeObject).spec?.limits ?? []];
  return items;
}

function fill(list: Quantities | undefined, defaults: Quantities): { readonly list: Quantities | undefined; readonly names: readonly string[] } {
  const names = Object.keys(defaults).filter((name) => list?.[name] === undefined).sort();
  if (names.length === 0) return { list, names };
  const filled: Record<string, Quantity> = { ...list };
  for (const name of names) filled[name] = defaults[name] as Quantity;
  return { list: filled, names };
}

function fillContainer(container: Container, collection: string, item: LimitRangeItem, notes: string[]): Container {
  const requests = fill(container.resources?.requests, item.defaultRequest ?? {});
  const limits = fill(container.resources?.limits, item.default ?? {});
  if (requests.names.length > 0) notes.push(`${requests.names.join(', ')} request for ${collection} ${container.name}`);
  if (limits.names.length > 0) notes.push(`${limits.names.join(', ')} limit for ${collection} ${container.name}`);
  if (requests.names.length === 0 && limits.names.length === 0) return container;
  return { ...container, resources: { ...container.resources, ...(limits.list === undefined ? {} : { limits: limits.list }), ...(requests.list === undefined ? {} : { requests: requests.list }) } };
}

function fillPod(pod: KubeObject, item: LimitRangeItem): KubeObject {
  if (item.type !== 'Container') return pod;
  const spec = pod['spec'] as PodSpec;
  const notes: string[] = [];
  const containers = (spec.containers ?? []).map((container) => fillContainer(container, 'container', item, notes));
  const initContainers = spec.initContainers?.map((container) => fillContainer(container, 'init container', item, notes));
  if (notes.length === 0) return pod;
  const annotations = { ...pod.metadata.annotations, [ANNOTATION]: `LimitRanger plugin set: ${notes.join('; ')}` };
  return { ...pod, metadata: { ...pod.metadata, annotations }, spec: { ...spec, containers, ...(initContainers === undefined ? {} : { initContainers }) } };
}

const show = (quantity: Quantity | ExactQuantity): string => (typeof quantity === 'object' ? formatQuantity(quantity) : String(quantity));

interface Usage {
  readonly requests: Readonly<Record<string, Quantity | ExactQuantity>>;
  readonly limits: Readonly<Record<string, Quantity | ExactQuantity>>;
}

/** What of an item a usage breaks, by resource. */
function violations(item: LimitRangeItem, { requests, limits }: Usage, hasLimits: boolean): readonly string[] {
  const texts: string[] = [];
  const { type } = item;
  for (const name of Object.keys(item.min ?? {}).sort()) {
    const bound = item.min?.[name] as Quantity;
    const text = `minimum ${name} usage per ${type} is ${bound}`;
    const request = requests[name];
    const limit = limits[name];
    if (request === undefined) texts.push(`${text}.  No request is specified`);
    else if (compareQuantities(request, bound) < 0) texts.push(`${text}, but request is ${show(request)}`);
    else if (hasLimits && limit !== undefined && compareQuantities(limit, bound) < 0) texts.push(`${text}, but limit is ${show(limit)}`);
  }
  for (const name of Object.keys(item.max ?? {}).sort()) {
    const bound = item.max?.[name] as Quantity;
    const text = `maximum ${name} usage per ${type} is ${bound}`;
    const request = requests[name];
    const limit = limits[name];
    if (hasLimits && limit === undefined) texts.push(`${text}.  No limit is specified`);
    else if (!hasLimits && request === undefined) texts.push(`${text}.  No request is specified`);
    else if (hasLimits && limit !== undefined && compareQuantities(limit, bound) > 0) texts.push(`${text}, but limit is ${show(limit)}`);
    else if (request !== undefined && compareQuantities(request, bound) > 0) texts.push(`${text}, but request is ${show(request)}`);
  }
  for (const name of Object.keys(item.maxLimitRequestRatio ?? {}).sort()) {
    const bound = item.maxLimitRequestRatio?.[name] as Quantity;
    const text = `${name} max limit to request ratio per ${type} is ${bound}`;
    const request = requests[name];
    const limit = limits[name];
    if (request === undefined || quantityNanos(request) === 0n) texts.push(`${text}, but no request is specified or request is 0`);
    else if (limit === undefined || quantityNanos(limit) === 0n) texts.push(`${text}, but no limit is specified or limit is 0`);
    else {
      const ratio = Number(quantityNanos(limit)) / Number(quantityNanos(request));
      if (ratio > Number(quantityMilliValue(quantityOf(bound))) / 1000) texts.push(`${text}, but provided ratio is ${ratio.toFixed(6)}`);
    }
  }
  return texts;
}

/** Requests or limits of a whole pod: the sum of its containers, or the largest init container where that is more. */
function podTotal(spec: PodSpec, list: 'requests' | 'limits'): Readonly<Record<string, ExactQuantity>> {
  const totals: Record<string, ExactQuantity> = {};
  const add = (container: Container): void => {
    const quantities = container.resources?.[list] ?? {};
    for (const name of Object.keys(quantities)) {
      const quantity = quantityOf(quantities[name]);
      totals[name] = totals[name] === undefined ? quantity : addQuantities(totals[name], quantity);
    }
  };
  const initContainers = spec.initContainers ?? [];
  for (const container of [...spec.containers, ...initContainers.filter((each) => each.restartPolicy === 'Always')]) add(container);
  for (const container of initContainers) {
    const quantities = container.resources?.[list] ?? {};
    for (const name of Object.keys(quantities)) {
      const quantity = quantityOf(quantities[name]);
      if (totals[name] === undefined || compareQuantities(quantity, totals[name]) > 0) totals[name] = quantity;
    }
  }
  return totals;
}

function podViolations(spec: PodSpec, item: LimitRangeItem): readonly string[] {
  if (item.type === 'Pod') return violations(item, { requests: podTotal(spec, 'requests'), limits: podTotal(spec, 'limits') }, true);
  if (item.type !== 'Container') return [];
  return [...spec.containers, ...spec.initContainers ?? []].flatMap(({ resources }) => violations(item, { requests: resources?.requests ?? {}, limits: resources?.limits ?? {} }, true));
}

/** Sets default requests and limits, and refuses what lies outside a namespace's limits. @public */
export const limitRanger: AdmissionPlugin = {
  name: 'LimitRanger',
  handles: (operation, resource, subresource) => subresource === '' && (resource === 'pods' ? operation === 'CREATE' : resource === 'persistentvolumeclaims' && (operation === 'CREATE' || operation === 'UPDATE')),
  admit: (attributes, context) => {
    if (!isCovered(attributes) || attributes.resource !== 'pods') return undefined;
    let object = attributes.object as KubeObject;
    for (const item of itemsOf(attributes.namespace, context)) object = fillPod(object, item);
    return object === attributes.object ? undefined : { object };
  },
  validate: (attributes, context) => {
    if (!isCovered(attributes)) return undefined;
    const { object, namespace, resource } = attributes;
    const texts: string[] = [];
    for (const item of itemsOf(namespace, context)) {
      if (resource === 'pods') texts.push(...podViolations(object?.['spec'] as PodSpec, item));
      else if (item.type === 'PersistentVolumeClaim') texts.push(...violations(item, { requests: (object?.['spec']?.resources?.requests ?? {}) as Quantities, limits: {} }, false));
    }
    if (texts.length === 0) return undefined;
    return { forbidden: texts.length === 1 ? texts[0] as string : `[${texts.join(', ')}]` };
  },
};
