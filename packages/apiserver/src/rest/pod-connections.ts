// What leads into a pod's containers: log, exec, attach, portforward. Upstream: pkg/registry/core/pod/{strategy.go,rest} (1.37).
import { badRequestStatus, formatTime, invalid, invalidStatus, parseTime, type ConnectRequest, type ContainerLog, type FieldError, type KubeObject, type LogFollow, type Pod, type RestRequest, type RestResponse } from '@kubesim/api';
import { Refusal, type Scope, type ServerContext } from '../server.ts';

/** Subresources that are connections. @internal */
export const CONNECTIONS: readonly string[] = ['exec', 'attach', 'portforward'];

function refuse(message: string): never {
  throw new Refusal(badRequestStatus(message));
}

function names(containers: readonly { readonly name: string }[] | undefined): readonly string[] {
  return (containers ?? []).map(({ name }) => name);
}

/** The container that is meant: the one of that name, or the only one. Throws Refusal 400. */
function chooseContainer(pod: Pod, container: string): string {
  const { containers = [], initContainers, ephemeralContainers } = pod.spec ?? {};
  const podName = pod.metadata.name ?? '';
  if (container !== '') {
    if (![...names(containers), ...names(initContainers), ...names(ephemeralContainers)].includes(container)) refuse(`container ${container} is not valid for pod ${podName}`);
    return container;
  }
  if (containers.length === 1) return containers[0]?.name ?? '';
  if (containers.length === 0) refuse(`a container name must be specified for pod ${podName}`);
  const init = names(initContainers);
  const ephemeral = names(ephemeralContainers);
  refuse(`a container name must be specified for pod ${podName}, choose one of: [${names(containers).join(' ')}]${init.length === 0 ? '' : ` or one of the init containers: [${init.join(' ')}]`}${ephemeral.length === 0 ? '' : ` or one of the ephemeral containers: [${ephemeral.join(' ')}]`}`);
}

function isTrue(value: string | null): boolean {
  return value !== null && value !== '' && value !== 'false' && value !== '0';
}

/** Grants a connection to a client that upgrades. Throws Refusal 400, 404. @internal */
export function connect(context: ServerContext, scope: Scope, name: string, subresource: ConnectRequest['subresource'], query: URLSearchParams, request: RestRequest): RestResponse {
  const pod = context.stored(scope, name) as unknown as Pod;
  const container = subresource === 'portforward' ? '' : chooseContainer(pod, query.get('container') ?? '');
  if ((pod.spec?.nodeName ?? '') === '') refuse(`pod ${name} does not have a host assigned`);
  if (!/upgrade/i.test(request.headers?.['connection'] ?? '')) refuse('Upgrade request required');
  const tty = isTrue(query.get('tty'));
  return {
    status: 101, headers: {},
    connect: {
      subresource, namespace: scope.namespace, pod: name, container, command: query.getAll('command'),
      stdin: isTrue(query.get('stdin')), stdout: isTrue(query.get('stdout')), stderr: isTrue(query.get('stderr')) && !tty, tty,
    },
  };
}

interface LogOptions {
  readonly container: string;
  readonly follow: boolean;
  readonly previous: boolean;
  readonly timestamps: boolean;
  readonly tailLines: number | undefined;
  readonly limitBytes: number | undefined;
  /** ms since 1970. */
  readonly since: number | undefined;
}

function logOptions(context: ServerContext, name: string, query: URLSearchParams): LogOptions {
  const errors: FieldError[] = [];
  const whole = (key: string, least: number, detail: string): number | undefined => {
    const text = query.get(key);
    if (text === null || text === '') return undefined;
    if (!/^[+-]?\d+$/.test(text)) refuse(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
    const value = Number(text);
    if (value < least) errors.push(invalid(key, value, detail));
    return value;
  };
  const tailLines = whole('tailLines', 0, 'must be greater than or equal to 0');
  const limitBytes = whole('limitBytes', 1, 'must be greater than 0');
  const sinceSeconds = whole('sinceSeconds', 1, 'must be greater than 0');
  const sinceTime = query.get('sinceTime') ?? '';
  if (sinceSeconds !== undefined && sinceTime !== '') errors.push({ type: 'Forbidden', field: '', badValue: '', detail: 'at most one of `sinceTime` or `sinceSeconds` may be specified' });
  if (errors.length > 0) throw new Refusal(invalidStatus({ group: '', kind: 'PodLogOptions' }, name, errors));
  return {
    container: query.get('container') ?? '', follow: isTrue(query.get('follow')), previous: isTrue(query.get('previous')), timestamps: isTrue(query.get('timestamps')), tailLines, limitBytes,
    since: sinceSeconds === undefined ? parseTime(sinceTime) : context.now - sinceSeconds * 1_000,
  };
}

/** What a container printed, or where it has not started, why. Throws Refusal. @internal */
export function podLog(context: ServerContext, scope: Scope, name: string, query: URLSearchParams): RestResponse {
  const pod = context.stored(scope, name);
  const options = logOptions(context, name, query);
  const container = chooseContainer(pod as unknown as Pod, options.container);
  if ((pod['spec']?.nodeName ?? '') === '') return { status: 204, headers: {}, text: '' };
  const { containerLog } = context.options;
  const log = containerLog?.({ namespace: scope.namespace, pod: name, container }, options.previous);
  const headers = { 'content-type': 'text/plain' };
  if (log === undefined) {
    if (containerLog !== undefined) refuseMissing(pod, name, container, options.previous);
    return { status: 200, headers, text: '' };
  }
  const { follow, text } = { text: shownLog(log, options), follow: { namespace: scope.namespace, pod: name, container, id: log.id, sent: log.lines.length, timestamps: options.timestamps } satisfies LogFollow };
  return { status: 200, headers, text, ...(options.follow && log.isRunning ? { follow } : {}) };
}

function refuseMissing(pod: KubeObject, name: string, container: string, isPrevious: boolean): void {
  if (isPrevious) refuse(`previous terminated container ${JSON.stringify(container)} in pod ${JSON.stringify(name)} not found`);
  const statuses = [...(pod['status']?.containerStatuses ?? []), ...(pod['status']?.initContainerStatuses ?? [])] as readonly { readonly name: string; readonly state?: { readonly waiting?: { readonly reason?: string } } }[];
  const reason = statuses.find((each) => each.name === container)?.state?.waiting?.reason;
  if (reason !== undefined) refuse(`container ${JSON.stringify(container)} in pod ${JSON.stringify(name)} is waiting to start: ${reason}`);
}

function shownLog(log: ContainerLog, { since, tailLines, limitBytes, timestamps }: LogOptions): string {
  const all = since !== undefined && log.startedAt < since ? [] : log.lines;
  const lines = tailLines === undefined ? all : tailLines === 0 ? [] : all.slice(-tailLines);
  const text = logText(log, lines, timestamps);
  if (limitBytes === undefined) return text;
  return new TextDecoder().decode(new TextEncoder().encode(text).slice(0, limitBytes));
}

/** Lines as they are sent. Each is dated by the start of its run. @internal */
export function logText(log: Pick<ContainerLog, 'startedAt'>, lines: readonly string[], timestamps: boolean): string {
  const prefix = timestamps ? `${formatTime(log.startedAt).slice(0, -1)}.${String(log.startedAt % 1_000).padStart(3, '0')}000000Z ` : '';
  return lines.map((line) => `${prefix}${line}\n`).join('');
}
