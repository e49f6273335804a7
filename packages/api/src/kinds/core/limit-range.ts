// core/v1 LimitRange. Upstream: pkg/apis/core/v1/defaults.go, pkg/apis/core/validation (ValidateLimitRange) (1.37).
import type { LimitRange, LimitRangeItem, Quantity } from '../../generated/types.ts';
import { mapField, mapItems } from '../../edit.ts';
import { duplicate, forbidden, invalid, required, type FieldError } from '../../field-error.ts';
import { fieldPath, type FieldPath } from '../../field-path.ts';
import { defineKind, type KindDefinition } from '../../kind.ts';
import { qualifiedNameErrors } from '../../names/names.ts';
import { compareQuantities, quantityMilliValue, quantityOf } from '../../quantity/quantity.ts';
import type { KubeObject } from '../../request.ts';
import { isOvercommitAllowed, validateContainerResourceName, validateResourceName } from './resource-names.ts';

type Quantities = Readonly<Record<string, Quantity>>;

const TYPES = ['Pod', 'Container', 'PersistentVolumeClaim'];

/** Limits of containers: a missing default is the maximum, a missing default request the default, then the minimum. */
function setItemDefaults(item: LimitRangeItem): LimitRangeItem {
  if (item.type !== 'Container') return item;
  const limits: Record<string, Quantity> = { ...item.max, ...item.default };
  const requests: Record<string, Quantity> = { ...item.min, ...limits, ...item.defaultRequest };
  const filled = (list: Quantities): Quantities | undefined => (Object.keys(list).length > 0 ? list : undefined);
  return { ...item, default: filled(limits), defaultRequest: filled(requests) } as LimitRangeItem;
}

function validateType(type: string, path: FieldPath): readonly FieldError[] {
  const texts = qualifiedNameErrors(type);
  if (texts.length > 0) return texts.map((text) => invalid(path, type, text));
  return type.includes('/') || TYPES.includes(type) ? [] : [invalid(path, type, 'must be a standard limit type or fully qualified')];
}

function validateNames(item: LimitRangeItem, list: Quantities | undefined, path: FieldPath): readonly FieldError[] {
  const check = item.type === 'Pod' || item.type === 'Container' ? validateContainerResourceName : validateResourceName;
  return Object.keys(list ?? {}).sort().flatMap((key) => check(key, path.key(key)));
}

function validateValues(item: LimitRangeItem, key: string, path: FieldPath): readonly FieldError[] {
  const errors: FieldError[] = [];
  const isPod = item.type === 'Pod';
  const min = item.min?.[key];
  const max = item.max?.[key];
  const limit = isPod ? undefined : item.default?.[key];
  const request = isPod ? undefined : item.defaultRequest?.[key];
  const ratio = item.maxLimitRequestRatio?.[key];
  const exceeds = (a: Quantity | undefined, b: Quantity | undefined): boolean => a !== undefined && b !== undefined && compareQuantities(a, b) > 0;
  const at = (name: string): FieldPath => path.child(name).key(key);
  if (exceeds(min, max)) errors.push(invalid(at('min'), min, `min value ${min} is greater than max value ${max}`));
  if (exceeds(min, request)) errors.push(invalid(at('defaultRequest'), request, `min value ${min} is greater than default request value ${request}`));
  if (exceeds(request, max)) errors.push(invalid(at('defaultRequest'), request, `default request value ${request} is greater than max value ${max}`));
  if (exceeds(request, limit)) errors.push(invalid(at('defaultRequest'), request, `default request value ${request} is greater than default limit value ${limit}`));
  if (exceeds(min, limit)) errors.push(invalid(at('default'), min, `min value ${min} is greater than default value ${limit}`));
  if (exceeds(limit, max)) errors.push(invalid(at('default'), max, `default value ${limit} is greater than max value ${max}`));
  if (ratio !== undefined && compareQuantities(ratio, 1) < 0) errors.push(invalid(at('maxLimitRequestRatio'), ratio, `ratio ${ratio} is less than 1`));
  if (ratio !== undefined && min !== undefined && max !== undefined) {
    const bound = Number(quantityMilliValue(quantityOf(max))) / Number(quantityMilliValue(quantityOf(min)));
    if (Number(quantityMilliValue(quantityOf(ratio))) / 1000 > bound) errors.push(invalid(at('maxLimitRequestRatio'), ratio, `ratio ${ratio} is greater than max/min = ${bound.toFixed(6)}`));
  }
  if (!isOvercommitAllowed(key) && limit !== undefined && request !== undefined && compareQuantities(limit, request) !== 0) {
    errors.push(invalid(at('defaultRequest'), request, `default value ${limit} must equal to defaultRequest value ${request} in ${key}`));
  }
  return errors;
}

function validateItem(item: LimitRangeItem, path: FieldPath): readonly FieldError[] {
  const errors: FieldError[] = [];
  errors.push(...validateNames(item, item.max, path.child('max')), ...validateNames(item, item.min, path.child('min')));
  const lists = [item.max, item.min, item.maxLimitRequestRatio];
  if (item.type === 'Pod') {
    if (Object.keys(item.default ?? {}).length > 0) errors.push(forbidden(path.child('default'), "may not be specified when `type` is 'Pod'"));
    if (Object.keys(item.defaultRequest ?? {}).length > 0) errors.push(forbidden(path.child('defaultRequest'), "may not be specified when `type` is 'Pod'"));
  } else {
    errors.push(...validateNames(item, item.default, path.child('default')), ...validateNames(item, item.defaultRequest, path.child('defaultRequest')));
    lists.push(item.default, item.defaultRequest);
  }
  if (item.type === 'PersistentVolumeClaim' && item.min?.['storage'] === undefined && item.max?.['storage'] === undefined) {
    errors.push(required(path.child('limits'), 'either minimum or maximum storage value is required, but neither was provided'));
  }
  errors.push(...validateNames(item, item.maxLimitRequestRatio, path.child('maxLimitRequestRatio')));
  const keys = new Set(lists.flatMap((list) => Object.keys(list ?? {})));
  for (const key of [...keys].sort()) errors.push(...validateValues(item, key, path));
  return errors;
}

function validate(range: LimitRange): readonly FieldError[] {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  for (const [index, item] of (range.spec?.limits ?? []).entries()) {
    const path = fieldPath('spec', 'limits').index(index);
    errors.push(...validateType(item.type, path.child('type')));
    if (seen.has(item.type)) errors.push(duplicate(path.child('type'), item.type));
    seen.add(item.type);
    errors.push(...validateItem(item, path));
  }
  return errors;
}

/** LimitRange. @public */
export const limitRangeKind: KindDefinition = defineKind<LimitRange & KubeObject>({
  group: '', version: 'v1', kind: 'LimitRange', resource: 'limitranges', singular: 'limitrange', shortNames: ['limits'], namespaced: true,
  unnamedGetsUid: true,
  createsOnUpdate: true,
  default: (range) => mapField(range, 'spec', (spec) => mapField(spec, 'limits', (limits) => mapItems(limits, setItemDefaults))),
  validateCreate: validate,
});
