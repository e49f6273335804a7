// Containers, volumes and pod templates as describe and `rollout history --revision` print them.
// Upstream: kubectl/pkg/describe/describe.go (1.37).
import type { ContainerState, PodStatus, Probe, Toleration } from '@kubesim/api';
import { annotations, instant, line, many, pairs, type Loose } from './text.ts';

/** A probe in one line. @internal */
export function describeProbe(probe: Probe): string {
  const attributes = `delay=${probe.initialDelaySeconds ?? 0}s timeout=${probe.timeoutSeconds ?? 1}s period=${probe.periodSeconds ?? 10}s #success=${probe.successThreshold ?? 1} #failure=${probe.failureThreshold ?? 3}`;
  if (probe.httpGet !== undefined) return `http-get ${(probe.httpGet.scheme ?? 'HTTP').toLowerCase()}://${probe.httpGet.host ?? ''}:${probe.httpGet.port}${probe.httpGet.path ?? '/'} ${attributes}`;
  if (probe.tcpSocket !== undefined) return `tcp-socket ${probe.tcpSocket.host ?? ''}:${probe.tcpSocket.port} ${attributes}`;
  if (probe.grpc !== undefined) return `grpc <pod>:${probe.grpc.port} ${probe.grpc.service ?? ''} ${attributes}`;
  if (probe.exec !== undefined) return `exec [${(probe.exec.command ?? []).join(' ')}] ${attributes}`;
  return `unknown ${attributes}`;
}

/** What a container's status adds to its description. @internal */
export type RunningContainer = NonNullable<PodStatus['containerStatuses']>[number];

function describeState(title: string, state: ContainerState | undefined): string {
  if (state?.running !== undefined) return `    ${title}:\tRunning\n      Started:\t${instant(state.running.startedAt)}\n`;
  if (state?.waiting !== undefined) return `    ${title}:\tWaiting\n${state.waiting.reason === undefined ? '' : `      Reason:\t${state.waiting.reason}\n`}`;
  const ended = state?.terminated;
  if (ended === undefined) return `    ${title}:\tWaiting\n`;
  return `    ${title}:\tTerminated\n${ended.reason === undefined ? '' : `      Reason:\t${ended.reason}\n`}${ended.message === undefined ? '' : `      Message:\t${ended.message}\n`}      Exit Code:\t${ended.exitCode}\n${ended.signal === undefined || ended.signal === 0 ? '' : `      Signal:\t${ended.signal}\n`}      Started:\t${instant(ended.startedAt)}\n      Finished:\t${instant(ended.finishedAt)}\n`;
}

function multiline(title: string, words: readonly string[] | undefined): string {
  return words === undefined ? '' : `    ${title}:\n${words.flatMap((word) => word.split('\n')).map((word) => `      ${word}\n`).join('')}`;
}

function describeVariable(variable: Loose, pod: Loose | undefined): string {
  const from = variable.valueFrom;
  if (from === undefined) {
    const [first = '', ...rest] = String(variable.value ?? '').split('\n');
    return `      ${variable.name}:\t${first}\n${rest.map((text) => `\t${text}\n`).join('')}`;
  }
  if (from.fieldRef !== undefined) return `      ${variable.name}:\t${fieldValue(from.fieldRef.fieldPath, pod)} (${from.fieldRef.apiVersion ?? 'v1'}:${from.fieldRef.fieldPath})\n`;
  if (from.resourceFieldRef !== undefined) return `      ${variable.name}:\t${from.resourceFieldRef.divisor === undefined ? '' : ''} (${from.resourceFieldRef.resource})\n`;
  if (from.secretKeyRef !== undefined) return `      ${variable.name}:\t<set to the key '${from.secretKeyRef.key}' in secret '${from.secretKeyRef.name}'>\tOptional: ${from.secretKeyRef.optional === true}\n`;
  return `      ${variable.name}:\t<set to the key '${from.configMapKeyRef?.key}' of config map '${from.configMapKeyRef?.name}'>\tOptional: ${from.configMapKeyRef?.optional === true}\n`;
}

/** What a field path of the downward API stands for in a pod; empty in a template. */
function fieldValue(path: string, pod: Loose | undefined): string {
  if (pod === undefined) return '';
  const key = /^metadata\.(labels|annotations)\['(.*)'\]$/.exec(path);
  if (key !== null) return pod.metadata[key[1] as string]?.[key[2] as string] ?? '';
  const value = path.split('.').reduce((inner: Loose, part) => inner?.[part], pod);
  return typeof value === 'string' ? value : '';
}

/** A container of a template, or of a pod with its status. @internal */
export function describeContainer(container: Loose, indent = '   ', status?: RunningContainer, pod?: Loose): string {
  const ports = ((container.ports ?? []) as readonly Loose[]).map((port) => `${port.containerPort}/${port.protocol ?? 'TCP'}${port.name === undefined ? '' : ` (${port.name})`}`);
  const hostPorts = ((container.ports ?? []) as readonly Loose[]).map((port) => `${port.hostPort ?? 0}/${port.protocol ?? 'TCP'}${port.name === undefined ? '' : ` (${port.name})`}`);
  let text = `${indent}${container.name}:\n${status === undefined ? '' : `    Container ID:\t${status.containerID ?? ''}\n`}    Image:\t${container.image ?? ''}\n${status === undefined ? '' : `    Image ID:\t${status.imageID}\n`}`;
  text += `    ${ports.length > 1 ? 'Ports' : 'Port'}:\t${ports.length === 0 ? '<none>' : ports.join(', ')}\n    ${ports.length > 1 ? 'Host Ports' : 'Host Port'}:\t${hostPorts.length === 0 ? '<none>' : hostPorts.join(', ')}\n`;
  text += multiline('Command', container.command) + multiline('Args', container.args);
  if (status !== undefined) {
    text += describeState('State', status.state);
    if (status.lastState?.terminated !== undefined) text += describeState('Last State', status.lastState);
    text += `    Ready:\t${status.ready ? 'True' : 'False'}\n    Restart Count:\t${status.restartCount}\n`;
  }
  for (const [title, list] of [['Limits', container.resources?.limits], ['Requests', container.resources?.requests]] as const) {
    if (list !== undefined) text += `    ${title}:\n${Object.keys(list as object).sort().map((name) => `      ${name}:\t${list[name]}\n`).join('')}`;
  }
  for (const [title, probe] of [['Liveness', container.livenessProbe], ['Readiness', container.readinessProbe], ['Startup', container.startupProbe]] as const) if (probe !== undefined) text += `    ${title}:\t${describeProbe(probe as Probe)}\n`;
  const sources = (container.envFrom ?? []) as readonly Loose[];
  if (sources.length > 0) {
    text += `    Environment Variables from:\n${sources.map((source) => {
      const [kind, reference] = source.configMapRef !== undefined ? ['ConfigMap', source.configMapRef] : ['Secret', source.secretRef];
      return `      ${reference?.name ?? ''}\t${kind}${(source.prefix ?? '') === '' ? '' : ` with prefix '${source.prefix}'`}\tOptional: ${reference?.optional === true}\n`;
    }).join('')}`;
  }
  const variables = (container.env ?? []) as readonly Loose[];
  text += variables.length === 0 ? '    Environment:\t<none>\n' : `    Environment:\n${variables.map((variable) => describeVariable(variable, pod)).join('')}`;
  const mounts = [...(container.volumeMounts ?? []) as readonly Loose[]].sort((a, b) => (a.mountPath < b.mountPath ? -1 : 1)).map((mount) => `      ${mount.mountPath} from ${mount.name} (${mount.readOnly === true ? 'ro' : 'rw'}${(mount.subPath ?? '') === '' ? '' : `,path="${mount.subPath}"`})\n`);
  text += mounts.length === 0 ? '    Mounts:\t<none>\n' : `    Mounts:\n${mounts.join('')}`;
  const devices = [...(container.volumeDevices ?? []) as readonly Loose[]].sort((a, b) => (a.devicePath < b.devicePath ? -1 : 1));
  return text + (devices.length === 0 ? '' : `    Devices:\n${devices.map((device) => `      ${device.devicePath} from ${device.name}\n`).join('')}`);
}

type SourceText = (source: Loose) => string;
const detail = (name: string, value: unknown): string => `    ${line(name, value)}`;

const VOLUMES: Readonly<Record<string, SourceText>> = {
  hostPath: ({ path, type }) => detail('Type', 'HostPath (bare host directory volume)') + detail('Path', path) + detail('HostPathType', type ?? '<none>'),
  emptyDir: ({ medium, sizeLimit }) => detail('Type', "EmptyDir (a temporary directory that shares a pod's lifetime)") + detail('Medium', medium ?? '') + detail('SizeLimit', sizeLimit ?? '<unset>'),
  secret: ({ secretName, optional }) => detail('Type', 'Secret (a volume populated by a Secret)') + detail('SecretName', secretName) + detail('Optional', optional === true),
  configMap: ({ name, optional }) => detail('Type', 'ConfigMap (a volume populated by a ConfigMap)') + detail('Name', name) + detail('Optional', optional === true),
  downwardAPI: ({ items }) => `${detail('Type', 'DownwardAPI (a volume populated by information about the pod)')}    Items:\n${downwardItems(items)}`,
  projected: ({ sources }) => detail('Type', 'Projected (a volume that contains injected data from multiple sources)') + ((sources ?? []) as readonly Loose[]).map(projection).join(''),
  persistentVolumeClaim: ({ claimName, readOnly }) => detail('Type', 'PersistentVolumeClaim (a reference to a PersistentVolumeClaim in the same namespace)') + detail('ClaimName', claimName) + detail('ReadOnly', readOnly === true),
  nfs: ({ server, path, readOnly }) => detail('Type', 'NFS (an NFS mount that lasts the lifetime of a pod)') + detail('Server', server) + detail('Path', path) + detail('ReadOnly', readOnly === true),
  csi: ({ driver, fsType, readOnly, volumeHandle, volumeAttributes }) => detail('Type', 'CSI (a Container Storage Interface (CSI) volume source)') + detail('Driver', driver) + detail('FSType', fsType ?? '') + (volumeHandle === undefined ? '' : detail('VolumeHandle', volumeHandle)) + detail('ReadOnly', readOnly === true)
    + many('    VolumeAttributes', pairs(volumeAttributes, '=').map((each) => `    ${each}`)),
  local: ({ path }) => detail('Type', 'LocalVolume (a persistent volume backed by local storage on a node)') + detail('Path', path),
  ephemeral: ({ volumeClaimTemplate }) => {
    const { metadata, spec } = volumeClaimTemplate ?? {};
    return `${detail('Type', 'EphemeralVolume (an inline specification for a volume that gets created and deleted with the pod)')}${detail('StorageClass', spec?.storageClassName ?? '')}${detail('Volume', spec?.volumeName ?? '')}    ${many('Labels', pairs(metadata?.labels, '='))}    ${annotations(metadata?.annotations)}${detail('Capacity', '')}${detail('Access Modes', '')}${detail('VolumeMode', spec?.volumeMode ?? 'Filesystem')}`;
  },
};

function downwardItems(items: readonly Loose[] | undefined): string {
  return (items ?? []).map(({ fieldRef, resourceFieldRef, path }) => `      ${fieldRef?.fieldPath ?? resourceFieldRef?.resource ?? ''} -> ${path}\n`).join('');
}

function projection(source: Loose): string {
  if (source.secret !== undefined) return detail('SecretName', source.secret.name) + detail('Optional', source.secret.optional === true);
  if (source.downwardAPI !== undefined) return detail('DownwardAPI', true);
  if (source.configMap !== undefined) return detail('ConfigMapName', source.configMap.name) + detail('Optional', source.configMap.optional === true);
  return source.serviceAccountToken === undefined ? '' : detail('TokenExpirationSeconds', source.serviceAccountToken.expirationSeconds);
}

/** The source of a volume, or of a PersistentVolume. @internal */
export function describeSource(volume: Loose): string {
  const kind = Object.keys(VOLUMES).find((key) => volume[key] !== undefined);
  return kind === undefined ? '    <unknown>\n' : (VOLUMES[kind] as SourceText)(volume[kind]);
}

/** Volumes of a pod or template. @internal */
export function describeVolumes(volumes: readonly Loose[] | undefined, indent: string): string {
  if (volumes === undefined || volumes.length === 0) return `${indent}Volumes:\t<none>\n`;
  return `${indent}Volumes:\n${volumes.map((volume) => `${indent === '' ? '  ' : `${indent} `}${volume.name}:\n${describeSource(volume)}`).join('')}`;
}

/** Tolerations, one a line. @internal */
export function tolerationsText(tolerations: readonly Toleration[]): readonly string[] {
  return tolerations.map((each) => `${each.key ?? ''}${(each.value ?? '') === '' ? '' : `=${each.value}`}${each.effect === undefined ? '' : `:${each.effect}`}${each.operator === 'Exists' ? ((each.key ?? '') === '' && each.effect === undefined ? 'op=Exists' : ' op=Exists') : ''}${each.tolerationSeconds === undefined ? '' : ` for ${each.tolerationSeconds}s`}`).sort();
}

/** Topology spread constraints, as lines; nothing without any. @internal */
export function spreadText(constraints: readonly Loose[] | undefined, indent = ''): string {
  const shown = (constraints ?? []).map(({ topologyKey, maxSkew, whenUnsatisfiable, labelSelector }) => `${topologyKey}:${whenUnsatisfiable} when max skew ${maxSkew} is exceeded${labelSelector === undefined ? '' : ` for selector ${pairs(labelSelector.matchLabels, '=').join(',')}`}`);
  return shown.length === 0 ? '' : many(`${indent}Topology Spread Constraints`, shown);
}

/** A template, as it stands under the line that names the revision. @internal */
export function describePodTemplate(value: Loose): string {
  const { metadata, spec } = value ?? {};
  let text = `Pod Template:\n${many('  Labels', pairs(metadata?.labels, '='))}`;
  if (Object.keys(metadata?.annotations ?? {}).length > 0) text += annotations(metadata.annotations, '  ');
  if ((spec?.serviceAccountName ?? '') !== '') text += line('  Service Account', spec.serviceAccountName);
  const containers = (title: string, list: readonly Loose[] | undefined): string => (list === undefined || list.length === 0 ? '' : `  ${title}:\n${list.map((container) => describeContainer(container)).join('')}`);
  text += containers('Init Containers', spec?.initContainers);
  text += spec?.containers === undefined || spec.containers.length === 0 ? '  Containers: <none>\n' : containers('Containers', spec.containers);
  text += describeVolumes(spec?.volumes, '  ') + spreadText(spec?.topologySpreadConstraints, '  ');
  if ((spec?.priorityClassName ?? '') !== '') text += line('  Priority Class Name', spec.priorityClassName);
  return text + many('  Node-Selectors', pairs(spec?.nodeSelector, '=')) + many('  Tolerations', tolerationsText(spec?.tolerations ?? []));
}
