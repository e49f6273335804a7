// A pod template as `rollout history --revision` and `describe` print it.
import type { Container, ContainerState, PodSpec, PodStatus, Probe, Toleration } from '@kubesim/api';

interface Template {
  readonly metadata?: { readonly labels?: Readonly<Record<string, string>>; readonly annotations?: Readonly<Record<string, string>> };
  readonly spec?: PodSpec;
}

function sorted(map: Readonly<Record<string, string>> | undefined): readonly string[] {
  return Object.entries(map ?? {}).sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, value]) => `${key}=${value}`);
}

function field(indent: string, name: string, values: readonly string[]): string {
  return values.map((value, index) => `${indent}${index === 0 ? `${name}:` : ''}\t${value}\n`).join('');
}

/** A probe in one line. @internal */
export function describeProbe(probe: Probe): string {
  const attributes = `delay=${probe.initialDelaySeconds ?? 0}s timeout=${probe.timeoutSeconds ?? 1}s period=${probe.periodSeconds ?? 10}s #success=${probe.successThreshold ?? 1} #failure=${probe.failureThreshold ?? 3}`;
  if (probe.httpGet !== undefined) return `http-get ${(probe.httpGet.scheme ?? 'HTTP').toLowerCase()}://${probe.httpGet.host ?? ''}:${probe.httpGet.port}${probe.httpGet.path ?? '/'} ${attributes}`;
  if (probe.tcpSocket !== undefined) return `tcp-socket ${probe.tcpSocket.host ?? ''}:${probe.tcpSocket.port} ${attributes}`;
  if (probe.exec !== undefined) return `exec [${(probe.exec.command ?? []).join(' ')}] ${attributes}`;
  return `unknown ${attributes}`;
}

/** What a container's status adds to its description. @internal */
export type RunningContainer = NonNullable<PodStatus['containerStatuses']>[number];

function describeState(title: string, state: ContainerState | undefined, instant: (text: string) => string): string {
  if (state?.running !== undefined) return `    ${title}:\tRunning\n      Started:\t${instant(state.running.startedAt ?? '')}\n`;
  if (state?.waiting !== undefined) return `    ${title}:\tWaiting\n${state.waiting.reason === undefined ? '' : `      Reason:\t${state.waiting.reason}\n`}`;
  const ended = state?.terminated;
  if (ended === undefined) return `    ${title}:\tWaiting\n`;
  return `    ${title}:\tTerminated\n${ended.reason === undefined ? '' : `      Reason:\t${ended.reason}\n`}${ended.message === undefined ? '' : `      Message:\t${ended.message}\n`}      Exit Code:\t${ended.exitCode}\n      Started:\t${instant(ended.startedAt ?? '')}\n      Finished:\t${instant(ended.finishedAt ?? '')}\n`;
}

/** A container of a template, or of a pod with its status. @internal */
export function describeContainer(container: Container, indent = '   ', status?: RunningContainer, instant: (text: string) => string = (text) => text): string {
  const ports = (container.ports ?? []).map((port) => `${port.containerPort}/${port.protocol ?? 'TCP'}${port.name === undefined ? '' : ` (${port.name})`}`);
  const hostPorts = (container.ports ?? []).map((port) => `${port.hostPort ?? 0}/${port.protocol ?? 'TCP'}${port.name === undefined ? '' : ` (${port.name})`}`);
  let text = `${indent}${container.name}:\n${status === undefined ? '' : `    Container ID:\t${status.containerID ?? ''}\n`}    Image:\t${container.image ?? ''}\n${status === undefined ? '' : `    Image ID:\t${status.imageID}\n`}`;
  text += `    ${ports.length > 1 ? 'Ports' : 'Port'}:\t${ports.length === 0 ? '<none>' : ports.join(', ')}\n    ${ports.length > 1 ? 'Host Ports' : 'Host Port'}:\t${hostPorts.length === 0 ? '<none>' : hostPorts.join(', ')}\n`;
  if (container.command !== undefined) text += `    Command:\n${container.command.map((word) => `      ${word}\n`).join('')}`;
  if (container.args !== undefined) text += `    Args:\n${container.args.map((word) => `      ${word}\n`).join('')}`;
  if (status !== undefined) {
    text += describeState('State', status.state, instant);
    if (status.lastState?.terminated !== undefined) text += describeState('Last State', status.lastState, instant);
    text += `    Ready:\t${status.ready ? 'True' : 'False'}\n    Restart Count:\t${status.restartCount}\n`;
  }
  for (const [title, list] of [['Limits', container.resources?.limits], ['Requests', container.resources?.requests]] as const) {
    if (list !== undefined) text += `    ${title}:\n${Object.keys(list).sort().map((name) => `      ${name}:\t${list[name]}\n`).join('')}`;
  }
  for (const [title, probe] of [['Liveness', container.livenessProbe], ['Readiness', container.readinessProbe], ['Startup', container.startupProbe]] as const) if (probe !== undefined) text += `    ${title}:\t${describeProbe(probe)}\n`;
  text += (container.env ?? []).length === 0 ? '    Environment:\t<none>\n' : `    Environment:\n${(container.env ?? []).map((variable) => `      ${variable.name}:\t${variable.value ?? ''}\n`).join('')}`;
  const mounts = (container.volumeMounts ?? []).map((mount) => `      ${mount.mountPath} from ${mount.name} (${mount.readOnly === true ? 'ro' : 'rw'}${mount.subPath === undefined ? '' : `,path="${mount.subPath}"`})\n`).sort();
  return text + (mounts.length === 0 ? '    Mounts:\t<none>\n' : `    Mounts:\n${mounts.join('')}`);
}

/** Tolerations, one a line. @internal */
export function tolerationsText(tolerations: readonly Toleration[]): readonly string[] {
  return tolerations.map((each) => `${each.key ?? ''}${(each.value ?? '') === '' ? '' : `=${each.value}`}${each.effect === undefined ? '' : `:${each.effect}`}${each.operator === 'Exists' ? ' op=Exists' : ''}${each.tolerationSeconds === undefined ? '' : ` for ${each.tolerationSeconds}s`}`);
}

/** A template, as it stands under the line that names the revision. @internal */
export function describePodTemplate(value: object): string {
  const { metadata, spec } = value as Template;
  let text = 'Pod Template:\n';
  const labels = sorted(metadata?.labels);
  text += field('  ', 'Labels', labels.length === 0 ? ['<none>'] : labels);
  const annotations = Object.entries(metadata?.annotations ?? {}).sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, item]) => `${key}: ${item}`);
  if (annotations.length > 0) text += field('  ', 'Annotations', annotations);
  if ((spec?.initContainers ?? []).length > 0) text += `  Init Containers:\n${(spec?.initContainers ?? []).map((container) => describeContainer(container)).join('')}`;
  text += `  Containers:\n${(spec?.containers ?? []).map((container) => describeContainer(container)).join('')}`;
  text += (spec?.volumes ?? []).length === 0 ? '  Volumes:\t<none>\n' : `  Volumes:\n${(spec?.volumes ?? []).map((volume) => `   ${volume.name}:\n`).join('')}`;
  const selectors = sorted(spec?.nodeSelector);
  text += `  Node-Selectors:\t${selectors.length === 0 ? '<none>' : selectors.join(',')}\n`;
  const tolerations = tolerationsText(spec?.tolerations ?? []);
  return `${text}  Tolerations:\t${tolerations.length === 0 ? '<none>' : tolerations.join('\n\t')}\n`;
}
