// Verbs that reach into pods: exec, logs, attach, cp, port-forward.
import type { KubeObject, Pod, Status } from '@kubesim/api';
import { parseFlags, type Parsed } from '../flags.ts';
import { KubectlError } from '../kubectl-error.ts';
import { statusError, type Session } from '../session.ts';
import { listItems } from '../targets.ts';
import { seconds } from './rollout.ts';

/** The pod that a word names: a pod, or the first of what a `type/name` selects. */
function podOf(session: Session, target: string): Pod {
  const [type = '', name] = target.split('/');
  const pods = session.resource('pods');
  if (name === undefined) return session.ask('GET', session.path(pods, type)) as unknown as Pod;
  const mapping = session.resource(type);
  const object = session.ask('GET', session.path(mapping, name));
  if (mapping.kind === 'Pod') return object as unknown as Pod;
  const selector = selectorOf(object);
  if (selector === undefined) throw new KubectlError(`error: cannot attach to *${mapping.version}.${mapping.kind}: selector for *${mapping.version}.${mapping.kind} not implemented`);
  const found = session.wait(() => podsOf(session, selector).length > 0, session.options.now() + 60_000) ? podsOf(session, selector) : [];
  const [first] = found;
  if (first === undefined) throw new KubectlError('error: timed out waiting for the condition');
  return first;
}

function selectorOf(object: KubeObject): string | undefined {
  const selector = object['spec']?.selector as { readonly matchLabels?: Readonly<Record<string, string>> } & Readonly<Record<string, string>> | undefined;
  if (selector === undefined) return undefined;
  return Object.entries((selector.matchLabels ?? selector) as Readonly<Record<string, string>>).map(([key, value]) => `${key}=${value}`).join(',');
}

/** Pods of a selector: those that run and are ready come first. */
function podsOf(session: Session, selector: string): readonly Pod[] {
  const list = session.ask('GET', session.path(session.resource('pods')), { query: { labelSelector: selector } });
  const isReady = (pod: Pod): boolean => pod.status?.conditions?.some((each) => each.type === 'Ready' && each.status === 'True') ?? false;
  return (list['items'] as unknown as readonly Pod[]).map((pod, index) => ({ pod, index })).sort((a, b) => Number(isReady(b.pod)) - Number(isReady(a.pod)) || a.index - b.index).map(({ pod }) => pod);
}

const DEFAULT_CONTAINER = 'kubectl.kubernetes.io/default-container';

/** The container to use; says so where there are several and none was named. */
function containerOf(session: Session, pod: Pod, wanted: string | undefined): string {
  const all = [...pod.spec?.containers ?? [], ...pod.spec?.initContainers ?? []];
  const name = wanted ?? pod.metadata.annotations?.[DEFAULT_CONTAINER];
  if (name !== undefined) {
    if (!all.some((each) => each.name === name)) throw new KubectlError(`error: container ${name} not found in pod ${pod.metadata.name}_${pod.metadata.namespace ?? ''}`);
    return name;
  }
  const first = pod.spec?.containers[0]?.name ?? '';
  if (all.length > 1) session.err(`Defaulted container "${first}" out of: ${all.map((each) => `${each.name}${pod.spec?.initContainers?.includes(each) === true ? ' (init)' : ''}`).join(', ')}\n`);
  return first;
}

/** `kubectl exec POD -- COMMAND`. @internal */
export function exec(session: Session, words: readonly string[]): void {
  const parsed = parseFlags(words, { container: 'value', stdin: 'bool', tty: 'bool', filename: 'list', quiet: 'bool', 'pod-running-timeout': 'value' }, 'exec');
  const [target = '', ...inline] = parsed.args;
  if (target === '' && parsed.lists['filename'] === undefined) throw new KubectlError('error: pod, type/name or --filename must be specified');
  if (inline.length > 0 && parsed.rest.length === 0) throw new KubectlError("error: exec [POD] [COMMAND] is not supported anymore. Use exec [POD] -- [COMMAND] instead\nSee 'kubectl exec -h' for help and examples");
  const command = parsed.rest;
  if (command.length === 0) throw new KubectlError('error: you must specify at least one command for the container');
  const pod = podOf(session, target);
  if (pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed') throw new KubectlError(`error: cannot exec into a container in a completed pod; current phase is ${pod.status.phase}`);
  const container = containerOf(session, pod, parsed.flags['container']);
  if (session.options.exec === undefined) throw new KubectlError('error: unable to upgrade connection: Upgrade request required');
  const result = session.options.exec({ namespace: session.namespace, pod: pod.metadata.name, container, command, stdin: session.stdin });
  session.out(result.stdout);
  session.err(result.stderr);
  if (result.exit !== 0) throw new KubectlError(`command terminated with exit code ${result.exit}`, result.exit);
}

/** `kubectl logs POD`. @internal */
export function logs(session: Session, words: readonly string[]): void {
  const parsed = parseFlags(words, { container: 'value', follow: 'bool', previous: 'bool', tail: 'value', timestamps: 'bool', selector: 'value', 'all-containers': 'bool', 'all-pods': 'bool', since: 'value', 'since-time': 'value', prefix: 'bool', 'limit-bytes': 'value', 'max-log-requests': 'value', 'ignore-errors': 'bool', 'pod-running-timeout': 'value' }, 'logs', { f: 'follow', p: 'previous' });
  const [target, second] = parsed.args;
  const selector = parsed.flags['selector'];
  if (target === undefined && selector === undefined) throw new KubectlError("error: expected 'logs [-f] [-p] (POD | TYPE/NAME) [-c CONTAINER]'.\nPOD or TYPE/NAME is a required argument for the logs command\nSee 'kubectl logs -h' for help and examples");
  if (target !== undefined && selector !== undefined) throw new KubectlError("error: only a selector (-l) or a POD name is allowed\nSee 'kubectl logs -h' for help and examples");
  const pods = selector !== undefined ? listItems(session, session.resource('pods'), parsed) as unknown as readonly Pod[] : [namedPod(session, target as string)];
  if (pods.length === 0) session.err(`No resources found in ${session.namespace} namespace.\n`);
  for (const pod of pods) {
    const names = parsed.flags['all-containers'] === 'true' ? [...pod.spec?.initContainers ?? [], ...pod.spec?.containers ?? []].map(({ name }) => name) : [logContainer(session, pod, parsed.flags['container'] ?? second)];
    for (const name of names) printLog(session, parsed, pod, name, selector === undefined ? parsed.flags['tail'] : parsed.flags['tail'] ?? '10');
  }
}

function logContainer(session: Session, pod: Pod, wanted: string | undefined): string {
  const all = [...pod.spec?.containers ?? [], ...pod.spec?.initContainers ?? []];
  if (wanted !== undefined && !all.some(({ name }) => name === wanted)) throw new KubectlError(`error: container ${wanted} is not valid for pod ${pod.metadata.name}`);
  return containerOf(session, pod, wanted);
}

function namedPod(session: Session, target: string): Pod {
  if (target.includes('/')) {
    return podOf(session, target);
  }
  const found = session.find(session.resource('pods'), target);
  if (found === undefined) throw new KubectlError(`error: error from server (NotFound): pods "${target}" not found in namespace "${session.namespace}"`);
  return found as unknown as Pod;
}

function printLog(session: Session, parsed: Parsed, pod: Pod, container: string, tail: string | undefined): void {
  const flag = (name: string): string | undefined => (parsed.flags[name] === 'true' ? 'true' : undefined);
  const response = session.send('GET', `${session.path(session.resource('pods'), pod.metadata.name)}/log`, { query: {
    container, tailLines: tail === '-1' ? undefined : tail, previous: flag('previous'), timestamps: flag('timestamps'), sinceSeconds: parsed.flags['since'] === undefined ? undefined : String(Math.max(1, Math.floor(seconds(parsed.flags['since'])))), sinceTime: parsed.flags['since-time'], limitBytes: parsed.flags['limit-bytes'],
  } });
  if (response.status >= 400) throw statusError(response.body as Status);
  const text = response.text ?? '';
  session.out(parsed.flags['prefix'] === 'true' ? text.replace(/^(?=.)/gm, `[pod/${pod.metadata.name}/${container}] `) : text);
}

/** Verbs that need a stream between two machines, which there is none of in process. @internal */
export function needsStream(verb: string): () => never {
  return () => { throw new KubectlError(`error: ${verb} needs a connection, and in process there is none; use a real kubectl against kubesim serve`); };
}
