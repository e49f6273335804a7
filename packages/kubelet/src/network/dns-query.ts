// Answers of cluster DNS, as pure functions of what the server knows. E.7.
import type { Endpoint, EndpointSlice, Service } from '@kubesim/api';
import type { DnsMessage, DnsState } from './dns.ts';

/** The zone. */
const ZONE = 'cluster.local';

/** One record of an answer. @public */
export interface DnsRecord {
  readonly name: string;
  readonly type: 'A' | 'SRV' | 'CNAME' | 'PTR';
  readonly data: string;
}

/** Answer to a query. NOERROR without records is NODATA. @public */
export interface DnsAnswer {
  readonly code: 'NOERROR' | 'NXDOMAIN';
  readonly records: readonly DnsRecord[];
  readonly ttlSeconds: number;
}

interface Target {
  readonly name: string;
  readonly address: string;
  readonly slice: EndpointSlice;
}

function readyEndpoints(state: DnsState, namespace: string, service: string): readonly Target[] {
  const prefix = `${namespace}/${service}/`;
  const found: Target[] = [];
  for (const [, slice] of state.slices.entries(prefix, `${prefix}\uffff`)) {
    for (const endpoint of (slice.endpoints ?? []) as readonly Endpoint[]) {
      if (endpoint.conditions?.ready === false) continue;
      for (const address of endpoint.addresses) {
        if (found.some((each) => each.address === address && each.name === endpoint.hostname)) continue;
        found.push({ name: endpoint.hostname ?? address.replaceAll('.', '-'), address, slice });
      }
    }
  }
  return found;
}

/** Answers a query for a full name (with or without the last dot), names being case-insensitive. @public */
export function answerDns(state: DnsState, query: { readonly name: string; readonly type: 'A' | 'SRV' | 'PTR' }): DnsAnswer {
  const name = query.name.toLowerCase().replace(/\.$/, '');
  const answer = (records: readonly DnsRecord[]): DnsAnswer => ({ code: 'NOERROR', records, ttlSeconds: state.ttlSeconds });
  const nothing: DnsAnswer = { code: 'NXDOMAIN', records: [], ttlSeconds: state.ttlSeconds };
  if (query.type === 'PTR') return pointer(state, name, answer, nothing);
  if (name === ZONE || name === `svc.${ZONE}` || name === `pod.${ZONE}`) return answer([]);
  if (name.endsWith(`.pod.${ZONE}`)) {
    const [host = '', , extra] = name.slice(0, -`.pod.${ZONE}`.length).split('.');
    const address = host.replaceAll('-', '.');
    return extra === undefined && /^\d+(\.\d+){3}$/.test(address) ? answer([{ name, type: 'A', data: address }]) : nothing;
  }
  if (!name.endsWith(`.svc.${ZONE}`)) return nothing;
  const labels = name.slice(0, -`.svc.${ZONE}`.length).split('.');
  const namespace = labels.at(-1) ?? '';
  if (labels.length === 1) return hasNamespace(state, namespace) ? answer([]) : nothing;
  const service = state.services.get(`${namespace}/${labels.at(-2)}`);
  if (service === undefined) return nothing;
  const serviceName = `${service.metadata?.name}.${namespace}.svc.${ZONE}`;
  const { clusterIP, type, externalName } = service.spec ?? {};
  if (type === 'ExternalName') return labels.length === 2 ? answer([{ name, type: 'CNAME', data: `${externalName}.` }]) : nothing;
  const isHeadless = clusterIP === 'None';
  const targets = readyEndpoints(state, namespace, service.metadata?.name ?? '');
  const [first = '', second = ''] = labels;
  if (labels.length === 4 && first.startsWith('_') && second.startsWith('_')) {
    return services(service, { name, serviceName, port: first.slice(1), protocol: second.slice(1) }, isHeadless, targets, answer, nothing);
  }
  if (labels.length === 2) {
    if (query.type === 'SRV') return services(service, { name, serviceName }, isHeadless, targets, answer, nothing);
    if (!isHeadless) return answer(clusterIP === undefined || clusterIP === '' ? [] : [{ name, type: 'A', data: clusterIP }]);
    return targets.length === 0 ? nothing : answer(targets.map(({ address }) => ({ name, type: 'A', data: address })));
  }
  if (labels.length !== 3) return nothing;
  const named = targets.filter((target) => target.name === first);
  return named.length === 0 ? nothing : answer(named.map(({ address }) => ({ name, type: 'A', data: address })));
}

function services(
  service: Service, of: { readonly name: string; readonly serviceName: string; readonly port?: string; readonly protocol?: string }, isHeadless: boolean,
  targets: readonly Target[], answer: (records: readonly DnsRecord[]) => DnsAnswer, nothing: DnsAnswer,
): DnsAnswer {
  const matches = (port: { readonly name?: string; readonly protocol?: string }): boolean =>
    of.port === undefined || (port.name === of.port && (port.protocol ?? 'TCP').toLowerCase() === of.protocol);
  const records: DnsRecord[] = [];
  if (!isHeadless) {
    const ports = (service.spec?.ports ?? []).filter(matches);
    const weight = Math.max(1, Math.floor(100 / Math.max(1, ports.length)));
    for (const port of ports) records.push({ name: of.name, type: 'SRV', data: `0 ${weight} ${port.port} ${of.serviceName}.` });
    return records.length === 0 ? nothing : answer([...records, { name: of.serviceName, type: 'A', data: service.spec?.clusterIP ?? '' }]);
  }
  const found = targets.flatMap((target) => (target.slice.ports ?? []).filter(matches).map((port) => ({ target, port: port.port ?? 0 })));
  const weight = Math.max(1, Math.floor(100 / Math.max(1, found.length)));
  for (const { target, port } of found) records.push({ name: of.name, type: 'SRV', data: `0 ${weight} ${port} ${target.name}.${of.serviceName}.` });
  const seen = new Set<string>();
  for (const { target } of found) {
    if (seen.has(target.address)) continue;
    seen.add(target.address);
    records.push({ name: `${target.name}.${of.serviceName}`, type: 'A', data: target.address });
  }
  return found.length === 0 ? nothing : answer(records);
}

function pointer(state: DnsState, name: string, answer: (records: readonly DnsRecord[]) => DnsAnswer, nothing: DnsAnswer): DnsAnswer {
  const address = name.replace(/\.in-addr\.arpa$/, '').split('.').reverse().join('.');
  for (const [key, service] of state.services) {
    const [namespace = '', serviceName = ''] = key.split('/');
    if (service.spec?.clusterIP === address) return answer([{ name, type: 'PTR', data: `${serviceName}.${namespace}.svc.${ZONE}.` }]);
    const target = readyEndpoints(state, namespace, serviceName).find((each) => each.address === address);
    if (target !== undefined) return answer([{ name, type: 'PTR', data: `${target.name}.${serviceName}.${namespace}.svc.${ZONE}.` }]);
  }
  return nothing;
}

function hasNamespace(state: DnsState, namespace: string): boolean {
  return state.services.first(`${namespace}/`)?.[0].startsWith(`${namespace}/`) === true;
}

/** A query through the server's cache: the answer, and what to tell the server so that it keeps it. @public */
export function queryDns(state: DnsState, query: { readonly name: string; readonly type: 'A' | 'SRV' | 'PTR' }, now: number): { readonly answer: DnsAnswer; readonly message?: DnsMessage } {
  const key = `${query.type} ${query.name.toLowerCase().replace(/\.$/, '')}`;
  const kept = state.caches ? state.cache.get(key) : undefined;
  if (kept !== undefined && now < kept.until) return { answer: kept.answer };
  const answer = answerDns(state, query);
  return state.caches ? { answer, message: { kind: 'remember', name: key, answer, until: now + answer.ttlSeconds * 1000 } } : { answer };
}

/** Full names that a resolver with ndots 5 and the pod's search path asks for, in order. @public */
export function searchNames(namespace: string, name: string): readonly string[] {
  if (name.endsWith('.')) return [name];
  const searched = [`${namespace}.svc.${ZONE}`, `svc.${ZONE}`, ZONE].map((domain) => `${name}.${domain}`);
  return name.split('.').length - 1 >= 5 ? [name, ...searched] : [...searched, name];
}

/** Addresses of a name as a pod of that namespace resolves it; undefined if no name of the search path has any. @public */
export function resolveFrom(state: DnsState, namespace: string, name: string, now: number): readonly string[] | undefined {
  for (const each of searchNames(namespace, name)) {
    const { answer } = queryDns(state, { name: each, type: 'A' }, now);
    const addresses = answer.records.filter((record) => record.type === 'A').map((record) => record.data);
    if (addresses.length > 0) return addresses;
  }
  return undefined;
}
