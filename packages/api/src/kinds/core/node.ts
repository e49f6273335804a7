// core/v1 Node. Upstream: pkg/registry/core/node, pkg/apis/core/validation (1.37).
import type { Node } from '../../generated/types.ts';
import { withField } from '../../edit.ts';
import { duplicate, forbidden, invalid, notSupported, required, type FieldError } from '../../field-error.ts';
import { fieldPath } from '../../field-path.ts';
import { defineKind, type KindDefinition } from '../../kind.ts';
import { validateLegacyCidr, parseCidr } from '../../names/ip.ts';
import { labelValueErrors, qualifiedNameErrors } from '../../names/names.ts';
import type { KubeObject } from '../../request.ts';
import { ageCell } from '../../table/cells.ts';
import { validateResourceQuantity } from './resource-names.ts';

type NodeObject = Node & KubeObject;

const ROLE_PREFIX = 'node-role.kubernetes.io/';
const ROLE_LABEL = 'kubernetes.io/role';
const TAINT_EFFECTS = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'];

/** The plural and the singular of pod CIDRs say the same, the singular leads (pkg/apis/core/v1/conversion.go). */
function syncPodCidrs(node: NodeObject): NodeObject {
  const { spec } = node;
  const single = spec.podCIDR ?? '';
  const list = spec.podCIDRs ?? [];
  if (single !== '' && list[0] !== single) return withField(node, 'spec', { ...spec, podCIDRs: [single] });
  if (single === '' && list.length > 0) return withField(node, 'spec', { ...spec, podCIDR: list[0] as string });
  return node;
}

function setDefaults(node: NodeObject): NodeObject {
  const synced = syncPodCidrs(node);
  const { status } = synced;
  return status?.capacity !== undefined && status.allocatable === undefined ? withField(synced, 'status', { ...status, allocatable: status.capacity }) : synced;
}

function validateTaints(node: NodeObject): readonly FieldError[] {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  for (const [index, taint] of (node.spec.taints ?? []).entries()) {
    const path = fieldPath('metadata', 'taints').index(index);
    for (const text of qualifiedNameErrors(taint.key)) errors.push(invalid(path.child('key'), taint.key, text));
    const texts = labelValueErrors(taint.value ?? '');
    if (texts.length > 0) errors.push(invalid(path.child('value'), taint.value, texts.join(';')));
    if ((taint.effect ?? '') === '') errors.push(required(path.child('effect')));
    else if (!TAINT_EFFECTS.includes(taint.effect)) errors.push(notSupported(path.child('effect'), taint.effect, TAINT_EFFECTS));
    const identity = `${taint.effect}/${taint.key}`;
    if (seen.has(identity)) errors.push({ ...duplicate(path, taint), detail: 'taints must be unique by key and effect pair' });
    seen.add(identity);
  }
  return errors;
}

function validateResources(node: NodeObject): readonly FieldError[] {
  const errors: FieldError[] = [];
  for (const list of ['capacity', 'allocatable'] as const) {
    const quantities = node.status?.[list] ?? {};
    for (const key of Object.keys(quantities).sort()) errors.push(...validateResourceQuantity(key, quantities[key], fieldPath('status', list, key)));
  }
  return errors;
}

function validateCreate(node: NodeObject): readonly FieldError[] {
  const errors = [...validateTaints(node), ...validateResources(node)];
  const path = fieldPath('spec', 'podCIDRs');
  const cidrs = node.spec.podCIDRs ?? [];
  for (const [index, cidr] of cidrs.entries()) errors.push(...validateLegacyCidr(path.index(index), cidr));
  if (cidrs.length > 1) {
    const families = new Set(cidrs.map((cidr) => parseCidr(cidr)?.address.family));
    if (families.size !== 2 || cidrs.length > 2) errors.push(invalid(path, cidrs, 'may specify no more than one CIDR for each IP family'));
  }
  return errors;
}

function validateUpdate(node: NodeObject, old: NodeObject): readonly FieldError[] {
  const errors: FieldError[] = [...validateResources(node)];
  const seen = new Set<string>();
  for (const [index, address] of (node.status?.addresses ?? []).entries()) {
    const identity = `${address.type} ${address.address}`;
    if (seen.has(identity)) errors.push(duplicate(fieldPath('status', 'addresses').index(index), address));
    seen.add(identity);
  }
  const before = old.spec.podCIDRs ?? [];
  const after = node.spec.podCIDRs ?? [];
  const text = 'node updates may not change podCIDR except from "" to valid';
  if (before.length > 0) {
    if (before.length !== after.length) errors.push(forbidden('spec.podCIDRs', text));
    else for (const [index, cidr] of before.entries()) if (cidr !== after[index]) errors.push(forbidden('spec.podCIDRs', text));
  }
  const provider = old.spec.providerID ?? '';
  if (provider !== '' && (node.spec.providerID ?? '') === '') errors.push(invalid('spec.providerID', null, 'field cannot be cleared once set'));
  else if (provider !== '' && provider !== node.spec.providerID) errors.push(invalid('spec.providerID', null, 'field cannot be modified once set'));
  errors.push(...validateTaints(node));
  return (node.spec.externalID ?? '') === (old.spec.externalID ?? '') ? errors : [...errors, forbidden('spec.externalID', 'may not be updated')];
}

function roles(node: NodeObject): string {
  const found = new Set<string>();
  for (const [label, value] of Object.entries(node.metadata.labels ?? {})) {
    if (label.startsWith(ROLE_PREFIX) && label.length > ROLE_PREFIX.length) found.add(label.slice(ROLE_PREFIX.length));
    else if (label === ROLE_LABEL && value !== '') found.add(value);
  }
  return found.size === 0 ? '<none>' : [...found].sort().join(',');
}

function state(node: NodeObject): string {
  const ready = node.status?.conditions?.find((condition) => condition.type === 'Ready');
  const parts = [ready === undefined ? 'Unknown' : ready.status === 'True' ? 'Ready' : 'NotReady'];
  if (node.spec.unschedulable === true) parts.push('SchedulingDisabled');
  return parts.join(',');
}

const text = (value: string | undefined): string => (value === undefined || value === '' ? '<unknown>' : value);

/** Node. @public */
export const nodeKind: KindDefinition = defineKind<NodeObject>({
  group: '', version: 'v1', kind: 'Node', resource: 'nodes', singular: 'node', shortNames: ['no'], namespaced: false,
  subresources: { status: { validateUpdate }, proxy: true },
  keepsStatusOnCreate: true,
  default: setDefaults,
  // The feature that this field was for is gone (pkg/registry/core/node/strategy.go dropDisabledFields).
  prepareForCreate: (node) => withField(node, 'spec', withField(node.spec, 'configSource', undefined)),
  prepareForUpdate: (node) => withField(node, 'spec', withField(node.spec, 'configSource', undefined)),
  validateCreate,
  validateUpdate,
  warnings: (node) => ((node.spec.externalID ?? '') === '' ? [] : ['spec.externalID: this field is deprecated, and is unused by Kubernetes']),
  selectableFields: { 'spec.unschedulable': (node) => String(node.spec.unschedulable ?? false) },
  columns: [
    { name: 'Name', type: 'string', format: 'name' }, { name: 'Status', type: 'string' }, { name: 'Roles', type: 'string' }, { name: 'Age', type: 'string' }, { name: 'Version', type: 'string' }, { name: 'Internal-IP', type: 'string', priority: 1 }, { name: 'External-IP', type: 'string', priority: 1 },
    { name: 'OS-Image', type: 'string', priority: 1 }, { name: 'Kernel-Version', type: 'string', priority: 1 }, { name: 'Container-Runtime', type: 'string', priority: 1 },
  ],
  cells: (node, now) => {
    const address = (type: string): string => node.status?.addresses?.find((each) => each.type === type)?.address ?? '<none>';
    const info = node.status?.nodeInfo;
    return [node.metadata.name, state(node), roles(node), ageCell(node, now), info?.kubeletVersion ?? '', address('InternalIP'), address('ExternalIP'), text(info?.osImage), text(info?.kernelVersion), text(info?.containerRuntimeVersion)];
  },
});
