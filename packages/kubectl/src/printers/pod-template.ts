// A pod template as `rollout history --revision` and `describe` print it.
import type { Container, PodSpec, Probe } from '@kubesim/api';

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

function describeContainer(container: Container): string {
  const ports = (container.ports ?? []).map((port) => `${port.containerPort}/${port.protocol ?? 'TCP'}${port.name === undefined ? '' : ` (${port.name})`}`);
  const hostPorts = (container.ports ?? []).map((port) => `${port.hostPort ?? 0}/${port.protocol ?? 'TCP'}${port.name === undefined ? '' : ` (${port.name})`}`);
  let text = `   ${container.name}:\n    Image:\t${container.image ?? ''}\n`;
  text += `    ${ports.length > 1 ? 'Ports' : 'Port'}:\t${ports.length === 0 ? '<none>' : ports.join(', ')}\n    ${ports.length > 1 ? 'Host Ports' : 'Host Port'}:\t${hostPorts.length === 0 ? '<none>' : hostPorts.join(', ')}\n`;
  if (container.command !== undefined) text += `    Command:\n${container.command.map((word) => `      ${word}\n`).join('')}`;
  if (container.args !== undefined) text += `    Args:\n${container.args.map((word) => `      ${word}\n`).join('')}`;
  for (const [title, list] of [['Limits', container.resources?.limits], ['Requests', container.resources?.requests]] as const) {
    if (list !== undefined) text += `    ${title}:\n${Object.keys(list).sort().map((name) => `      ${name}:\t${list[name]}\n`).join('')}`;
  }
  for (const [title, probe] of [['Liveness', container.livenessProbe], ['Readiness', container.readinessProbe], ['Startup', container.startupProbe]] as const) if (probe !== undefined) text += `    ${title}:\t${describeProbe(probe)}\n`;
  text += (container.env ?? []).length === 0 ? '    Environment:\t<none>\n' : `    Environment:\n${(container.env ?? []).map((variable) => `      ${variable.name}:\t${variable.value ?? ''}\n`).join('')}`;
  const mounts = (container.volumeMounts ?? []).map((mount) => `      ${mount.mountPath} from ${mount.name} (${mount.readOnly === true ? 'ro' : 'rw'}${mount.subPath === undefined ? '' : `,path="${mount.subPath}"`})\n`).sort();
  return text + (mounts.length === 0 ? '    Mounts:\t<none>\n' : `    Mounts:\n${mounts.join('')}`);
}

/** A template, as it stands under the line that names the revision. @internal */
export function describePodTemplate(value: object): string {
  const { metadata, spec } = value as Template;
  let text = 'Pod Template:\n';
  const labels = sorted(metadata?.labels);
  text += field('  ', 'Labels', labels.length === 0 ? ['<none>'] : labels);
  const annotations = Object.entries(metadata?.annotations ?? {}).sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, item]) => `${key}: ${item}`);
  if (annotations.length > 0) text += field('  ', 'Annotations', annotations);
  if ((spec?.initContainers ?? []).length > 0) text += `  Init Containers:\n${(spec?.initContainers ?? []).map(describeContainer).join('')}`;
  text += `  Containers:\n${(spec?.containers ?? []).map(describeContainer).join('')}`;
  text += (spec?.volumes ?? []).length === 0 ? '  Volumes:\t<none>\n' : `  Volumes:\n${(spec?.volumes ?? []).map((volume) => `   ${volume.name}:\n`).join('')}`;
  const selectors = sorted(spec?.nodeSelector);
  text += `  Node-Selectors:\t${selectors.length === 0 ? '<none>' : selectors.join(',')}\n`;
  const tolerations = (spec?.tolerations ?? []).map((each) => `${each.key ?? ''}${each.effect === undefined ? '' : `:${each.effect}`}${each.operator === 'Exists' ? ' op=Exists' : ''}`);
  return `${text}  Tolerations:\t${tolerations.length === 0 ? '<none>' : tolerations.join('\n\t')}\n`;
}
