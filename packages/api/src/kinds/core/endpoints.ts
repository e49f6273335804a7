// core/v1 Endpoints. Upstream: pkg/apis/core/validation (ValidateEndpoints), pkg/api/v1/endpoints (1.37).
import type { EndpointAddress, Endpoints, EndpointSubset } from '../../generated/types.ts';
import { forEachNew, mapField, mapItems, memoizeFrozen, withDefaults } from '../../edit.ts';
import { invalid, notSupported, required, type FieldError } from '../../field-error.ts';
import { fieldPath, type FieldPath } from '../../field-path.ts';
import { defineKind, type KindDefinition } from '../../kind.ts';
import { validateEndpointIp } from '../../names/endpoint-ip.ts';
import { validateLegacyIp } from '../../names/ip.ts';
import { dnsLabelErrors, dnsSubdomainErrors, portNumberErrors, qualifiedNameErrors } from '../../names/names.ts';
import type { KubeObject } from '../../request.ts';
import { ageCell } from '../../table/cells.ts';

const PROTOCOLS = ['SCTP', 'TCP', 'UDP'];
const SHOWN_MAX = 3;

function validateAddress(address: EndpointAddress, path: FieldPath): readonly FieldError[] {
  const ipErrors = validateLegacyIp(path.child('ip'), address.ip);
  const errors = [...ipErrors];
  if ((address.hostname ?? '') !== '') for (const text of dnsLabelErrors(address.hostname as string)) errors.push(invalid(path.child('hostname'), address.hostname, text));
  if (address.nodeName !== undefined) for (const text of dnsSubdomainErrors(address.nodeName)) errors.push(invalid(path.child('nodeName'), address.nodeName, text));
  if (ipErrors.length === 0) errors.push(...validateEndpointIp(path.child('ip'), address.ip));
  return errors;
}

// Nearly all addresses of an update are those of the version before it.
const isValidAddress: (address: EndpointAddress) => boolean = memoizeFrozen((address: EndpointAddress) => validateAddress(address, fieldPath('address')).length === 0);

/** What stood in the subset before is stored, so it is valid: `old` tells what needs no look. */
function validateSubset(subset: EndpointSubset, path: FieldPath, old: EndpointSubset | undefined): readonly FieldError[] {
  const errors: FieldError[] = [];
  const addresses = subset.addresses ?? [];
  const others = subset.notReadyAddresses ?? [];
  if (addresses.length === 0 && others.length === 0) errors.push(required(path, 'must specify `addresses` or `notReadyAddresses`'));
  for (const name of ['addresses', 'notReadyAddresses'] as const) {
    forEachNew(name === 'addresses' ? addresses : others, old?.[name] ?? [], (address, index) => {
      if (!isValidAddress(address)) errors.push(...validateAddress(address, path.child(name).index(index)));
    });
  }
  for (const [index, port] of (subset.ports ?? []).entries()) {
    const at = path.child('ports').index(index);
    const name = port.name ?? '';
    if (name === '' && (subset.ports ?? []).length > 1) errors.push(required(at.child('name')));
    else if (name !== '') for (const text of dnsLabelErrors(name)) errors.push(invalid(at.child('name'), name, text));
    for (const text of portNumberErrors(port.port)) errors.push(invalid(at.child('port'), port.port, text));
    if ((port.protocol ?? '') === '') errors.push(required(at.child('protocol')));
    else if (!PROTOCOLS.includes(port.protocol as string)) errors.push(notSupported(at.child('protocol'), port.protocol, PROTOCOLS));
    if (port.appProtocol !== undefined) for (const text of qualifiedNameErrors(port.appProtocol)) errors.push(invalid(at.child('appProtocol'), port.appProtocol, text));
  }
  return errors;
}

function shown(endpoints: Endpoints): string {
  const list = (endpoints.subsets ?? []).flatMap((subset) => {
    const addresses = (subset.addresses ?? []).map((address) => address.ip);
    if ((subset.ports ?? []).length === 0) return addresses;
    return (subset.ports ?? []).flatMap((port) => addresses.map((ip) => (ip.includes(':') ? `[${ip}]:${port.port}` : `${ip}:${port.port}`)));
  });
  if (list.length === 0) return '<none>';
  const more = list.length - SHOWN_MAX;
  return more > 0 ? `${list.slice(0, SHOWN_MAX).join(',')} + ${more} more...` : list.join(',');
}

/** Endpoints. @public */
export const endpointsKind: KindDefinition = defineKind<Endpoints & KubeObject>({
  group: '', version: 'v1', kind: 'Endpoints', resource: 'endpoints', singular: 'endpoints', shortNames: ['ep'], namespaced: true, createsOnUpdate: true,
  default: (endpoints) => mapField(endpoints, 'subsets', (subsets) => mapItems(subsets, (subset) => mapField(subset, 'ports', (ports) => mapItems(ports, (port) => withDefaults(port, { protocol: 'TCP' }))))),
  validateCreate: ({ subsets = [] }, { old }) => subsets.flatMap((subset, index) => validateSubset(subset, fieldPath('subsets').index(index), (old as Endpoints | undefined)?.subsets?.[index])),
  columns: [{ name: 'Name', type: 'string', format: 'name' }, { name: 'Endpoints', type: 'string' }, { name: 'Age', type: 'string' }],
  cells: (endpoints, now) => [endpoints.metadata.name, shown(endpoints), ageCell(endpoints, now)],
});
