// coordination.k8s.io/v1 Lease. Upstream: pkg/apis/coordination/validation/validation.go, pkg/registry/coordination/lease/strategy.go (1.37).
import { invalid, required, type FieldError } from '../../field-error.ts';
import { fieldPath } from '../../field-path.ts';
import type { Lease } from '../../generated/types.ts';
import { defineKind, type KindDefinition } from '../../kind.ts';
import { qualifiedNameErrors } from '../../names/names.ts';
import { validateNotNegative } from '../../names/numbers.ts';
import type { KubeObject } from '../../request.ts';
import { ageCell } from '../../table/cells.ts';

type StoredLease = Lease & KubeObject;

function validate({ spec = {} }: StoredLease): readonly FieldError[] {
  const path = fieldPath('spec');
  const errors: FieldError[] = [];
  if (spec.leaseDurationSeconds !== undefined && spec.leaseDurationSeconds <= 0) errors.push(invalid(path.child('leaseDurationSeconds'), spec.leaseDurationSeconds, 'must be greater than 0'));
  errors.push(...validateNotNegative(spec.leaseTransitions, path.child('leaseTransitions')));
  if (spec.strategy !== undefined) {
    if (spec.strategy === '') errors.push(required(path.child('strategy')));
    else if (spec.strategy !== 'OldestEmulationVersion') errors.push(...qualifiedNameErrors(spec.strategy).map((text) => invalid(path.child('strategy'), spec.strategy, text)));
  }
  if ((spec.preferredHolder ?? '') !== '' && (spec.strategy ?? '') === '') errors.push({ type: 'Forbidden', field: String(path.child('preferredHolder')), badValue: '', detail: 'may only be specified if `strategy` is defined' });
  return errors;
}

/** Lease. @public */
export const leaseKind: KindDefinition = defineKind<StoredLease>({
  group: 'coordination.k8s.io', version: 'v1', kind: 'Lease', resource: 'leases', singular: 'lease', namespaced: true, createsOnUpdate: true,
  validateCreate: validate,
  columns: [{ name: 'Name', type: 'string', format: 'name' }, { name: 'Holder', type: 'string' }, { name: 'Age', type: 'string' }],
  cells: (lease, now) => [lease.metadata.name, lease.spec?.holderIdentity ?? '', ageCell(lease, now)],
});
