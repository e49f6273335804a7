// discovery.k8s.io/v1 EndpointSlice. Upstream: pkg/apis/discovery/{v1/defaults,validation}, pkg/registry/discovery/endpointslice (1.37).
import type { Endpoint, EndpointSlice } from '../../generated/types.ts';
import { forEachNew, mapField, mapItems, memoizeFrozen, withDefaults, withField } from '../../edit.ts';
import { duplicate, invalid, notSupported, required, tooMany, type FieldError } from '../../field-error.ts';
import { fieldPath, type FieldPath } from '../../field-path.ts';
import { defineKind, type KindDefinition } from '../../kind.ts';
import { validateEndpointIp } from '../../names/endpoint-ip.ts';
import { parseIp, validateIp, validateLegacyIp, warningsForIp } from '../../names/ip.ts';
import { validateLabels } from '../../names/labels.ts';
import { dnsLabelErrors, dnsSubdomainErrors, labelValueErrors, qualifiedNameErrors } from '../../names/names.ts';
import type { KubeObject } from '../../request.ts';
import { isSame } from '../../is-same.ts';
import { ageCell } from '../../table/cells.ts';

type Slice = EndpointSlice & KubeObject;

const ADDRESS_TYPES = ['FQDN', 'IPv4', 'IPv6'];
const PROTOCOLS = ['SCTP', 'TCP', 'UDP'];
const TOPOLOGY_MAX = 16;
const ADDRESSES_MAX = 100;
const PORTS_MAX = 20_000;
const ENDPOINTS_MAX = 1000;
const HINTS_MAX = 8;
const SHOWN_MAX = 3;

function setDefaults(slice: Slice): Slice {
  return mapField(slice, 'ports', (ports) => mapItems(ports, (port) => withDefaults(port, { name: '', protocol: 'TCP' })));
}

/** In v1 the old topology is kept only where it was. */
function dropTopology(slice: Slice, old: Slice | undefined): Slice {
  const known = old?.endpoints ?? [];
  let hasNew = false;
  forEachNew(slice.endpoints ?? [], known, ({ deprecatedTopology }) => { hasNew ||= deprecatedTopology !== undefined; });
  if (!hasNew) return slice;
  return mapField(slice, 'endpoints', (endpoints) => mapItems(endpoints, (endpoint) => {
    if (endpoint.deprecatedTopology === undefined || known.some((each) => isSame(each.deprecatedTopology, endpoint.deprecatedTopology))) return endpoint;
    return withField(endpoint, 'deprecatedTopology', undefined);
  }));
}

/** Whether a write changes more than metadata that nobody reads: a new generation. */
function isOtherGeneration(slice: Slice, old: Slice): boolean {
  return !isSame(slice.endpoints, old.endpoints) || !isSame(slice.ports, old.ports) || slice.addressType !== old.addressType
    || !isSame(slice.metadata.labels, old.metadata.labels) || !isSame(slice.metadata.annotations, old.metadata.annotations);
}

function validateDomain(path: FieldPath, value: string): readonly FieldError[] {
  if (value === '') return [required(path)];
  const name = value.endsWith('.') ? value.slice(0, -1) : value;
  const texts = dnsSubdomainErrors(name);
  if (texts.length > 0) return [invalid(path, name, texts.join(','))];
  const labels = name.split('.');
  if (labels.length < 2) return [invalid(path, name, 'should be a domain with at least two segments separated by dots')];
  return labels.flatMap((label) => {
    const wrong = dnsLabelErrors(label);
    return wrong.length === 0 ? [] : [invalid(path, label, wrong.join(','))];
  });
}

function validateAddress(path: FieldPath, index: number, address: string, type: string): readonly FieldError[] {
  const at = path.index(index);
  if (type === 'FQDN') return validateDomain(at, address);
  if (type !== 'IPv4' && type !== 'IPv6') return [];
  const errors = type === 'IPv4' ? validateLegacyIp(at, address) : validateIp(at, address);
  if (errors.length > 0) return errors;
  const family = parseIp(address)?.family === type ? [] : [invalid(path, address, `must be an ${type} address`)];
  return [...family, ...validateEndpointIp(at, address)];
}

function validateNames(names: readonly { readonly name: string }[], check: (name: string) => readonly string[], path: FieldPath): readonly FieldError[] {
  if (names.length > HINTS_MAX) return [tooMany(path, names.length, HINTS_MAX)];
  const seen = new Set<string>();
  return names.flatMap(({ name }, index) => {
    const at = path.index(index).child('name');
    const errors = seen.has(name) ? [duplicate(at, name)] : [];
    seen.add(name);
    return [...errors, ...check(name).map((text) => invalid(at, name, text))];
  });
}

function validateEndpoint(endpoint: Endpoint, type: string, path: FieldPath): readonly FieldError[] {
  const errors: FieldError[] = [];
  const addresses = endpoint.addresses ?? [];
  for (const [index, address] of addresses.entries()) errors.push(...validateAddress(path.child('addresses'), index, address, type));
  if (endpoint.nodeName !== undefined) for (const text of dnsSubdomainErrors(endpoint.nodeName)) errors.push(invalid(path.child('nodeName'), endpoint.nodeName, text));
  const topology = endpoint.deprecatedTopology;
  if (topology !== undefined) {
    if (Object.keys(topology).length > TOPOLOGY_MAX) errors.push(tooMany(path.child('deprecatedTopology'), Object.keys(topology).length, TOPOLOGY_MAX));
    errors.push(...validateLabels(topology, path.child('deprecatedTopology')));
  }
  if (endpoint.hostname !== undefined) for (const text of dnsLabelErrors(endpoint.hostname)) errors.push(invalid(path.child('hostname'), endpoint.hostname, text));
  if (endpoint.hints !== undefined) {
    errors.push(...validateNames(endpoint.hints.forZones ?? [], labelValueErrors, path.child('hints', 'forZones')));
    errors.push(...validateNames(endpoint.hints.forNodes ?? [], dnsSubdomainErrors, path.child('hints', 'forNodes')));
  }
  return errors;
}

// Nearly all endpoints of an update are those of the version before it.
const isValidIpv4: (endpoint: Endpoint) => boolean = memoizeFrozen((endpoint: Endpoint) => validateEndpoint(endpoint, 'IPv4', fieldPath('endpoint')).length === 0);
const hasWarnings: (endpoint: Endpoint) => boolean = memoizeFrozen((endpoint: Endpoint) => warningsOf(endpoint, fieldPath('endpoint')).length > 0);

function warningsOf(endpoint: Endpoint, path: FieldPath): readonly string[] {
  return (endpoint.addresses ?? []).flatMap((address, position) => warningsForIp(path.child('addresses').index(position), address));
}

function validatePorts(slice: Slice): readonly FieldError[] {
  const ports = slice.ports ?? [];
  if (ports.length > PORTS_MAX) return [tooMany('ports', ports.length, PORTS_MAX)];
  const seen = new Set<string>();
  return ports.flatMap((port, index) => {
    const path = fieldPath('ports').index(index);
    const errors: FieldError[] = [];
    const name = port.name ?? '';
    if (name !== '') for (const text of dnsLabelErrors(name)) errors.push(invalid(path.child('name'), name, text));
    if (seen.has(name)) errors.push(duplicate(path.child('name'), name));
    seen.add(name);
    if (port.protocol === undefined) errors.push(required(path.child('protocol')));
    else if (!PROTOCOLS.includes(port.protocol)) errors.push(notSupported(path.child('protocol'), port.protocol, PROTOCOLS));
    if (port.appProtocol !== undefined) for (const text of qualifiedNameErrors(port.appProtocol)) errors.push(invalid(path.child('appProtocol'), port.appProtocol, text));
    return errors;
  });
}

/** What is stored is valid by the same address type, which may not change. */
function validateEndpoints(slice: Slice, old: Slice | undefined): readonly FieldError[] {
  const endpoints = slice.endpoints ?? [];
  if (endpoints.length > ENDPOINTS_MAX) return [tooMany('endpoints', endpoints.length, ENDPOINTS_MAX)];
  const errors: FieldError[] = [];
  forEachNew(endpoints, old?.addressType === slice.addressType ? old.endpoints ?? [] : [], (endpoint, index) => {
    if (slice.addressType !== 'IPv4' || !isValidIpv4(endpoint)) errors.push(...validateEndpoint(endpoint, slice.addressType, fieldPath('endpoints').index(index)));
  });
  return errors;
}

/** The address type may not change: another one is not looked at any further. */
function validateAddressType(slice: Slice, old: Slice | undefined): readonly FieldError[] {
  const type = slice.addressType ?? '';
  const errors: FieldError[] = type === '' ? [required('addressType')] : [];
  if (old !== undefined && old.addressType !== type) return [...errors, invalid('addressType', null, 'field is immutable')];
  return type === '' || ADDRESS_TYPES.includes(type) ? errors : [notSupported('addressType', type, ADDRESS_TYPES)];
}

/** Numbers of addresses. These and the type are upstream's declarative rules, whose errors stand behind all others. */
function validateCounts(slice: Slice, old: Slice | undefined): readonly FieldError[] {
  const errors: FieldError[] = [];
  forEachNew(slice.endpoints ?? [], old?.endpoints ?? [], ({ addresses = [] }, index) => {
    if (index >= ENDPOINTS_MAX || (addresses.length > 0 && addresses.length <= ADDRESSES_MAX)) return;
    const path = fieldPath('endpoints').index(index).child('addresses');
    errors.push(addresses.length === 0 ? required(path, 'must contain at least 1 address') : tooMany(path, addresses.length, ADDRESSES_MAX));
  });
  return errors;
}

function validate(slice: Slice, old: Slice | undefined): readonly FieldError[] {
  const keepsEndpoints = old !== undefined && isSame(old.endpoints ?? [], slice.endpoints ?? []);
  return [
    ...validatePorts(slice), ...(keepsEndpoints ? [] : validateEndpoints(slice, old)), ...validateAddressType(slice, old), ...(keepsEndpoints ? [] : validateCounts(slice, old)),
  ];
}

function shorten(list: readonly string[]): string {
  if (list.length === 0) return '<unset>';
  const more = list.length - SHOWN_MAX;
  return more > 0 ? `${list.slice(0, SHOWN_MAX).join(',')} + ${more} more...` : list.join(',');
}

/** EndpointSlice. @public */
export const endpointSliceKind: KindDefinition = defineKind<Slice>({
  group: 'discovery.k8s.io', version: 'v1', kind: 'EndpointSlice', resource: 'endpointslices', singular: 'endpointslice', namespaced: true,
  hasGeneration: true,
  generationChanged: isOtherGeneration,
  default: setDefaults,
  prepareForCreate: (slice) => dropTopology(slice, undefined),
  prepareForUpdate: (slice, old) => dropTopology(slice, old),
  validateCreate: (slice, context) => validate(slice, context.old as Slice | undefined),
  warnings: (slice) => (slice.addressType === 'FQDN' ? [] : (slice.endpoints ?? []).flatMap((endpoint, index) => (hasWarnings(endpoint) ? warningsOf(endpoint, fieldPath('endpoints').index(index)) : []))),
  columns: [
    { name: 'Name', type: 'string', format: 'name' }, { name: 'AddressType', type: 'string' }, { name: 'Ports', type: 'string' }, { name: 'Endpoints', type: 'string' }, { name: 'Age', type: 'string' },
  ],
  cells: (slice, now) => [
    slice.metadata.name, slice.addressType, shorten((slice.ports ?? []).map((port) => (port.port === undefined ? '*' : String(port.port)))),
    shorten((slice.endpoints ?? []).flatMap((endpoint) => endpoint.addresses ?? [])), ageCell(slice, now),
  ],
});
