// Defaults of pod specs that the schema does not publish. Upstream: pkg/apis/core/v1/defaults.go (1.37).
import { mapField, mapItems, memoizeAlike, memoizeFrozen, withDefaults, withField, type ByName } from '../../../edit.ts';
import { copyPodSpec, isAlikePodSpec } from '../../../generated/plain-decoders.ts';
import type { Container, ContainerPort, DownwardAPIVolumeFile, EnvVar, PodSpec, Probe, ResourceRequirements, Volume, VolumeProjection } from '../../../generated/types.ts';
import { containerRequests, isPodLevelResource } from './resources.ts';

const DEFAULT_MODE = 0o644;
const TOKEN_SECONDS = 3600;

const NAME_PART = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*';
const HOST_PART = '(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])';
/** What an image may be called (distribution/reference, regexp.go): host, path, tag, digest. */
const REFERENCE = new RegExp(`^(?:(?:${HOST_PART}(?:\\.${HOST_PART})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?/)?${NAME_PART}(?:/${NAME_PART})*(?::([\\w][\\w.-]{0,127}))?(@[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,})?$`);

/** The policy that an image's tag implies: Always for latest and none, else IfNotPresent, as for what is no image's name at all. */
function pullPolicy(image: string): string {
  const parts = REFERENCE.exec(image);
  if (parts === null) return 'IfNotPresent';
  const [, tag, digest] = parts;
  return tag === 'latest' || (tag === undefined && digest === undefined) ? 'Always' : 'IfNotPresent';
}

function defaultProbe(probe: Probe): Probe {
  let result = withDefaults(probe, { timeoutSeconds: 1, periodSeconds: 10, successThreshold: 1, failureThreshold: 3 });
  result = mapField(result, 'httpGet', (get) => withDefaults(get.path === '' ? { ...get, path: '/' } : get, { path: '/', scheme: 'HTTP' }));
  return mapField(result, 'grpc', (grpc) => withDefaults(grpc, { service: '' }));
}

const defaultContainers = memoizeFrozen((containers: readonly Container[]): readonly Container[] => mapItems(containers, defaultContainer));

function defaultContainer(container: Container): Container {
  let result = withDefaults(container, { terminationMessagePath: '/dev/termination-log', terminationMessagePolicy: 'File', imagePullPolicy: pullPolicy(container.image ?? ''), resources: {} });
  result = mapField(result, 'ports', (ports) => mapItems(ports, (port: ContainerPort) => withDefaults(port, { protocol: 'TCP' })));
  result = mapField(result, 'env', (env) => mapItems(env, (variable: EnvVar) => mapField(variable, 'valueFrom', (from) => mapField(from, 'fieldRef', (ref) => withDefaults(ref, { apiVersion: 'v1' })))));
  result = mapField(result, 'livenessProbe', defaultProbe);
  result = mapField(result, 'readinessProbe', defaultProbe);
  result = mapField(result, 'startupProbe', defaultProbe);
  return mapField(result, 'lifecycle', (lifecycle) => {
    const get = (handler: NonNullable<typeof lifecycle.postStart>): typeof handler => mapField(handler, 'httpGet', (http) => withDefaults(http, { path: '/', scheme: 'HTTP' }));
    return mapField(mapField(lifecycle, 'postStart', get), 'preStop', get);
  });
}

const SOURCES: readonly (keyof Volume)[] = ['hostPath', 'emptyDir', 'secret', 'configMap', 'persistentVolumeClaim', 'projected', 'downwardAPI', 'nfs', 'csi', 'ephemeral', 'iscsi', 'image', 'gcePersistentDisk', 'awsElasticBlockStore', 'fc', 'rbd', 'glusterfs', 'cephfs', 'azureDisk', 'azureFile', 'cinder', 'flexVolume', 'flocker', 'gitRepo', 'photonPersistentDisk', 'portworxVolume', 'quobyte', 'scaleIO', 'storageos', 'vsphereVolume'];

const defaultFiles = <T extends { readonly items?: readonly DownwardAPIVolumeFile[] }>(source: T): T => mapField(source, 'items', ((items: readonly DownwardAPIVolumeFile[]) => mapItems(items, (file) => mapField(file, 'fieldRef', (reference) => withDefaults(reference, { apiVersion: 'v1' })))) as never);

function defaultProjection(projection: VolumeProjection): VolumeProjection {
  const withFiles = mapField(projection, 'downwardAPI', defaultFiles);
  return mapField(withFiles, 'serviceAccountToken', (token) => withDefaults(token, { expirationSeconds: TOKEN_SECONDS }));
}

function defaultVolume(volume: Volume): Volume {
  if (SOURCES.every((source) => volume[source] === undefined)) return { ...volume, emptyDir: {} };
  let result = mapField(volume, 'secret', (secret) => withDefaults(secret, { defaultMode: DEFAULT_MODE }));
  result = mapField(result, 'configMap', (configMap) => withDefaults(configMap, { defaultMode: DEFAULT_MODE }));
  result = mapField(result, 'downwardAPI', (source) => defaultFiles(withDefaults(source, { defaultMode: DEFAULT_MODE })));
  result = mapField(result, 'projected', (source) => mapField(withDefaults(source, { defaultMode: DEFAULT_MODE }), 'sources', (sources) => mapItems(sources, defaultProjection)));
  result = mapField(result, 'ephemeral', (source) => mapField(source, 'volumeClaimTemplate', (claim) => mapField(claim, 'spec', (spec) => withDefaults(spec, { volumeMode: 'Filesystem' }))));
  result = mapField(result, 'image', (source) => withDefaults(source, { pullPolicy: pullPolicy(source.reference ?? '') }));
  return mapField(result, 'hostPath', (source) => withDefaults(source, { type: '' }));
}

/** The two names of the service account say the same. */
function withServiceAccount(spec: PodSpec): PodSpec {
  const name = (spec.serviceAccountName ?? '') === '' ? spec.serviceAccount ?? '' : spec.serviceAccountName ?? '';
  if (name === '') return spec;
  return withField(withField(spec, 'serviceAccountName', name), 'serviceAccount', name);
}

/** What differs between pods of one template, and is left as it is by defaulting. */
const OWN_FIELDS = ['hostname', 'subdomain', 'nodeName'] as const;

const BY_NAME: ByName<PodSpec> = { copy: copyPodSpec, isAlike: (first, spec) => first.volumes === spec.volumes && isAlikePodSpec(first, spec) };

/** A pod spec with its defaults, as it stands in templates and pods alike. Remembered for frozen specs that are alike. @public */
export const defaultPodSpec: (spec: PodSpec) => PodSpec = memoizeAlike('containers', OWN_FIELDS, (spec: PodSpec): PodSpec => {
  let result = withDefaults(withServiceAccount(spec), { restartPolicy: 'Always', dnsPolicy: 'ClusterFirst', terminationGracePeriodSeconds: 30, securityContext: {}, schedulerName: 'default-scheduler' });
  result = mapField(result, 'containers', defaultContainers);
  result = mapField(result, 'initContainers', defaultContainers);
  result = mapField(result, 'ephemeralContainers', (containers) => mapItems(containers, (container) => defaultContainer(container as Container) as typeof container));
  return mapField(result, 'volumes', (volumes) => mapItems(volumes, defaultVolume));
}, BY_NAME);

const withRequests = memoizeFrozen((containers: readonly Container[]): readonly Container[] => mapItems(containers, (container) => mapField(container, 'resources', defaultRequests)));
const withHostPorts = memoizeFrozen((containers: readonly Container[]): readonly Container[] => mapItems(containers, (container) => (
  mapField(container, 'ports', (ports) => mapItems(ports, (port) => ((port.hostPort ?? 0) === 0 ? { ...port, hostPort: port.containerPort } : port))))));

/** What a pod's spec is filled in with beyond a template's: requests, ports of the host, links to services. @public */
export function defaultPodOwnSpec(spec: PodSpec): PodSpec {
  const fill = spec.hostNetwork === true ? (containers: readonly Container[]): readonly Container[] => withHostPorts(withRequests(containers)) : withRequests;
  const filled = withDefaults(mapField(mapField(spec, 'containers', fill), 'initContainers', fill), { enableServiceLinks: true });
  return filled.resources?.limits === undefined ? filled : { ...filled, resources: defaultPodRequests(filled, filled.resources) };
}

/** The spec of a pod with all its defaults. Remembered for frozen specs that are alike. @internal */
export const defaultSpecOfPod: (spec: PodSpec) => PodSpec = memoizeAlike('containers', OWN_FIELDS, (spec: PodSpec): PodSpec => defaultPodOwnSpec(defaultPodSpec(spec)), BY_NAME);

/** What a pod as a whole asks for and does not say is what its containers ask for, else what limits it. */
function defaultPodRequests(spec: PodSpec, resources: ResourceRequirements): ResourceRequirements {
  const requests: Record<string, string> = { ...(resources.requests as Readonly<Record<string, string>> | undefined) };
  for (const [name, amount] of containerRequests(spec)) if ((name === 'cpu' || name === 'memory') && requests[name] === undefined) requests[name] = amount;
  for (const [name, amount] of Object.entries(resources.limits ?? {})) if (isPodLevelResource(name)) requests[name] ??= amount as string;
  return Object.keys(requests).length === 0 ? resources : { ...resources, requests };
}

/** Requests that are left out follow the limits: for pods, not for templates. */
function defaultRequests(resources: ResourceRequirements): ResourceRequirements {
  const { limits, requests } = resources;
  if (limits === undefined) return resources;
  const missing = Object.keys(limits).filter((name) => requests?.[name] === undefined);
  return missing.length === 0 ? resources : { ...resources, requests: { ...requests, ...Object.fromEntries(missing.map((name) => [name, limits[name] as string])) } };
}
