// Discovery: what the server serves, in the legacy and the aggregated form. Upstream: apiserver/pkg/endpoints/discovery (1.37).
import { builtInScheme, sha256, type KindDefinition, type RestRequest, type RestResponse } from '@kubesim/api';
import type { ServerContext } from '../server.ts';

const ALL_VERBS: readonly string[] = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];
const WRITES: readonly string[] = ['get', 'patch', 'update'];
const PROXIED: readonly string[] = ['create', 'delete', 'get', 'patch', 'update'];
const CONNECTED: readonly string[] = ['create', 'get'];

/** Groups in upstream's order of priority; others follow by name. */
const GROUP_ORDER: readonly string[] = [
  'apiregistration.k8s.io', 'apps', 'events.k8s.io', 'authentication.k8s.io', 'authorization.k8s.io', 'autoscaling', 'batch', 'certificates.k8s.io',
  'networking.k8s.io', 'policy', 'rbac.authorization.k8s.io', 'storage.k8s.io', 'admissionregistration.k8s.io', 'apiextensions.k8s.io',
  'scheduling.k8s.io', 'coordination.k8s.io', 'node.k8s.io', 'discovery.k8s.io', 'resource.k8s.io', 'flowcontrol.apiserver.k8s.io',
  'storagemigration.k8s.io',
];

/** What a path answers with. @internal */
export interface GroupVersionKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

/** A subresource as discovery lists it. @internal */
export interface Subresource {
  readonly name: string;
  readonly responds: GroupVersionKind;
  readonly verbs: readonly string[];
}

const OPTION_KINDS: Readonly<Record<string, string>> = { attach: 'AttachOptions', exec: 'ExecOptions', portforward: 'PortForwardOptions', proxy: 'ProxyOptions' };

/** The subresources of a kind, by name. @internal */
export function subresourcesOf(kind: KindDefinition): readonly Subresource[] {
  return Object.keys(kind.subresources ?? {}).sort().map((name) => {
    const own = { group: '', version: '', kind: kind.kind };
    switch (name) {
      case 'scale': return { name, responds: { group: 'autoscaling', version: 'v1', kind: 'Scale' }, verbs: WRITES };
      case 'eviction': return { name, responds: { group: 'policy', version: 'v1', kind: 'Eviction' }, verbs: ['create'] };
      case 'token': return { name, responds: { group: 'authentication.k8s.io', version: 'v1', kind: 'TokenRequest' }, verbs: ['create'] };
      case 'binding': return { name, responds: { ...own, kind: 'Binding' }, verbs: ['create'] };
      case 'finalize': return { name, responds: own, verbs: ['update'] };
      case 'log': return { name, responds: own, verbs: ['get'] };
      case 'attach': case 'exec': case 'portforward': case 'proxy':
        return { name, responds: { ...own, kind: `${kind.kind}${OPTION_KINDS[name] ?? ''}` }, verbs: name === 'proxy' ? PROXIED : CONNECTED };
      default: return { name, responds: own, verbs: WRITES };
    }
  });
}

/** Kinds that are stored in an earlier version than the one served. */
const STORED_VERSIONS: Readonly<Record<string, string>> = {
  CustomResourceDefinition: 'v1beta1', ClusterTrustBundle: 'v1beta1', PodCertificateRequest: 'v1beta1', DeviceTaintRule: 'v1beta2', StorageVersionMigration: 'v1beta1',
};

/** What identifies the stored form of a kind. */
function storageVersionHash(kind: KindDefinition): string {
  const stored = kind.storedAs === undefined ? kind : builtInScheme.byResource(kind.storedAs.resource) ?? kind;
  const version = STORED_VERSIONS[stored.kind] ?? stored.version;
  const bytes = sha256(`${stored.group}/${version}/${stored.kind}`).slice(0, 8);
  return btoa(String.fromCharCode(...bytes));
}

function byResourceName(a: KindDefinition, b: KindDefinition): number {
  return a.resource < b.resource ? -1 : 1;
}

/** Reviews are answered and component statuses worked out: neither is stored. */
function isStored({ verbs }: KindDefinition): boolean {
  return verbs === undefined || (verbs.includes('create') && verbs.includes('list'));
}

function legacyResources(kinds: readonly KindDefinition[]): readonly object[] {
  return [...kinds].sort(byResourceName).flatMap((kind) => [
    {
      name: kind.resource, singularName: kind.singular, namespaced: kind.namespaced, kind: kind.kind, verbs: kind.verbs ?? ALL_VERBS,
      ...(kind.shortNames === undefined ? {} : { shortNames: kind.shortNames }), ...(kind.categories === undefined ? {} : { categories: kind.categories }),
      ...(isStored(kind) ? { storageVersionHash: storageVersionHash(kind) } : {}),
    },
    ...subresourcesOf(kind).map(({ name, responds, verbs }) => ({
      name: `${kind.resource}/${name}`, singularName: '', namespaced: kind.namespaced, ...(responds.group === '' ? {} : { group: responds.group, version: responds.version }), kind: responds.kind, verbs,
    })),
  ]);
}

function aggregatedResources(kinds: readonly KindDefinition[]): readonly object[] {
  return [...kinds].sort(byResourceName).map((kind) => {
    const subresources = subresourcesOf(kind).map(({ name, responds, verbs }) => ({ subresource: name, responseKind: responds, verbs }));
    return {
      resource: kind.resource, responseKind: { group: '', version: '', kind: kind.kind }, scope: kind.namespaced ? 'Namespaced' : 'Cluster', singularResource: kind.singular, verbs: kind.verbs ?? ALL_VERBS,
      ...(kind.shortNames === undefined ? {} : { shortNames: kind.shortNames }), ...(kind.categories === undefined ? {} : { categories: kind.categories }),
      ...(subresources.length === 0 ? {} : { subresources }),
    };
  });
}

/** Newest first: v2 before v1, stable before beta before alpha. */
function byVersion(a: string, b: string): number {
  const parts = (version: string): readonly number[] => {
    const match = /^v(\d+)(?:(alpha|beta)(\d+))?$/.exec(version);
    return match === null ? [0, 0, 0] : [match[2] === undefined ? 3 : match[2] === 'beta' ? 2 : 1, Number(match[1]), Number(match[3] ?? 0)];
  };
  const [x, y] = [parts(a), parts(b)];
  for (let i = 0; i < 3; i++) if (x[i] !== y[i]) return (y[i] ?? 0) - (x[i] ?? 0);
  return a < b ? -1 : 1;
}

/** A group with the kinds of each of its versions. @internal */
export interface ServedGroup {
  readonly name: string;
  readonly versions: readonly { readonly version: string; readonly kinds: readonly KindDefinition[] }[];
}

/** Everything that is served, in the order of discovery. @internal */
export function servedGroups(context: ServerContext): readonly ServedGroup[] {
  const groups = new Map<string, Map<string, KindDefinition[]>>();
  for (const kind of [...builtInScheme.kinds, ...context.customKinds()]) {
    const versions = groups.get(kind.group) ?? new Map<string, KindDefinition[]>();
    groups.set(kind.group, versions);
    versions.set(kind.version, [...(versions.get(kind.version) ?? []), kind]);
  }
  const place = (name: string): number => (GROUP_ORDER.includes(name) ? GROUP_ORDER.indexOf(name) : GROUP_ORDER.length);
  return [...groups.keys()].sort((a, b) => place(a) - place(b) || (a < b ? -1 : 1)).map((name) => ({
    name, versions: [...(groups.get(name) ?? new Map<string, KindDefinition[]>()).entries()].sort(([a], [b]) => byVersion(a, b)).map(([version, kinds]) => ({ version, kinds })),
  }));
}

function groupDocument({ name, versions }: ServedGroup): object {
  const shown = versions.map(({ version }) => ({ groupVersion: `${name}/${version}`, version }));
  return { name, versions: shown, preferredVersion: shown[0] };
}

function aggregatedGroup({ name, versions }: ServedGroup): object {
  return { metadata: name === '' ? {} : { name }, versions: versions.map(({ version, kinds }) => ({ version, resources: aggregatedResources(kinds), freshness: 'Current' })) };
}

function json(body: unknown): RestResponse {
  return { status: 200, headers: { 'content-type': 'application/json' }, body };
}

/** The version of the aggregated form that a client prefers; undefined where it reads the legacy one. kubectl before 1.30 knows v2beta1 alone. */
function aggregatedVersion(request: RestRequest): 'v2' | 'v2beta1' | undefined {
  for (const clause of (request.headers?.['accept'] ?? '').split(',')) {
    const parameters = clause.split(';').map((part) => part.trim());
    if (!parameters.includes('as=APIGroupDiscoveryList')) continue;
    if (parameters.includes('v=v2')) return 'v2';
    if (parameters.includes('v=v2beta1')) return 'v2beta1';
  }
  return undefined;
}

/** Answers a discovery path, or undefined for any other. @internal */
export function discover(context: ServerContext, request: RestRequest): RestResponse | undefined {
  const parts = request.path.split('/').filter((part) => part !== '');
  const [root, first, second] = parts;
  if (request.method !== 'GET' || (root !== 'api' && root !== 'apis') || parts.length > (root === 'api' ? 2 : 3)) return undefined;
  const groups = servedGroups(context);
  const aggregated = aggregatedVersion(request);
  if (first === undefined) {
    const chosen = groups.filter(({ name }) => (name === '') === (root === 'api'));
    if (aggregated !== undefined) return { ...json({ kind: 'APIGroupDiscoveryList', apiVersion: `apidiscovery.k8s.io/${aggregated}`, metadata: {}, items: chosen.map(aggregatedGroup) }), headers: { 'content-type': `application/json;g=apidiscovery.k8s.io;v=${aggregated};as=APIGroupDiscoveryList` } };
    if (root === 'api') return json({ kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress: '127.0.0.1:6443' }] });
    return json({ kind: 'APIGroupList', apiVersion: 'v1', groups: chosen.map(groupDocument) });
  }
  const group = groups.find(({ name }) => name === (root === 'api' ? '' : first));
  if (group === undefined) return undefined;
  if (root === 'apis' && second === undefined) return json({ kind: 'APIGroup', apiVersion: 'v1', ...groupDocument(group) });
  const version = root === 'api' ? first : second;
  const served = group.versions.find((each) => each.version === version);
  if (served === undefined || version === undefined) return undefined;
  return json({ kind: 'APIResourceList', ...(root === 'api' ? {} : { apiVersion: 'v1' }), groupVersion: root === 'api' ? version : `${group.name}/${version}`, resources: legacyResources(served.kinds) });
}
