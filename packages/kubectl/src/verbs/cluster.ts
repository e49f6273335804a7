// Verbs about nodes, waiting, and what the server is: cordon, drain, taint, wait, version, api-resources, api-versions.
import type { KubeObject, Node, Pod } from '@kubesim/api';
import { parseFlags, type Parsed } from '../flags.ts';
import { KubectlError } from '../kubectl-error.ts';
import { select } from '../printers/jsonpath.ts';
import { printYaml } from '../printers/object.ts';
import { alignRows } from '../printers/table.ts';
import { apiVersionOf, qualified, type Mapping, type ServedMapping, type Session } from '../session.ts';
import { listItems, mappingOf, readFiles, readTargets } from '../targets.ts';
import { forEachObject, say, sendsNothing, writeQuery } from '../writing.ts';
import { seconds } from './rollout.ts';

const STRATEGIC = 'application/strategic-merge-patch+json';

function nodesOf(session: Session, parsed: Parsed, verb: string): readonly string[] {
  const mapping = session.resource('nodes');
  if (parsed.args.length > 0 && parsed.flags['selector'] !== undefined) throw new KubectlError('error: error: cannot specify both a node name and a --selector option');
  if (parsed.flags['selector'] !== undefined) return listItems(session, mapping, parsed).map(({ metadata }) => metadata.name ?? '');
  if (parsed.args.length === 0) throw new KubectlError(`error: USAGE: ${verb} NODE [flags]\nSee 'kubectl ${verb} -h' for help and examples`);
  return parsed.args.map((arg) => arg.replace(/^(nodes?|no)\//, ''));
}

function setUnschedulable(session: Session, parsed: Parsed, name: string, on: boolean): void {
  const mapping = session.resource('nodes');
  const node = session.ask('GET', session.path(mapping, name)) as unknown as Node;
  const already = (node.spec.unschedulable ?? false) === on;
  const dryRun = parsed.flags['dry-run'];
  const isDry = sendsNothing(session, parsed);
  if (!already && !isDry) session.ask('PATCH', session.path(mapping, name), { query: { dryRun: dryRun === 'server' ? 'All' : undefined }, body: { spec: { unschedulable: on ? true : null } }, type: STRATEGIC });
  session.out(`node/${name} ${already ? 'already ' : ''}${on ? 'cordoned' : 'uncordoned'}${dryRun === 'server' ? ' (server dry run)' : isDry ? ' (dry run)' : ''}\n`);
}

/** `kubectl cordon` and `uncordon`. @internal */
export function cordon(session: Session, words: readonly string[], on: boolean): void {
  const verb = on ? 'cordon' : 'uncordon';
  const parsed = parseFlags(words, { selector: 'value', 'dry-run': 'optional' }, verb);
  forEachObject(session, nodesOf(session, parsed, verb), (name) => setUnschedulable(session, parsed, name, on));
}

interface PodToGo {
  readonly pod: Pod;
  /** Why it may not go. */
  readonly error?: string;
  /** Why people should know of it. */
  readonly warning?: string;
}

const UNMANAGED = 'cannot delete cannot delete Pods that declare no controller (use --force to override)';
const LOCAL_STORAGE = 'cannot delete Pods with local storage (use --delete-emptydir-data to override)';
const DAEMONS = 'cannot delete DaemonSet-managed Pods (use --ignore-daemonsets to ignore)';
const MISSING_DAEMONS = 'cannot delete DaemonSet-managed Pods whose DaemonSet is gone (use --force to override)';
const MIRROR = 'kubernetes.io/config.mirror';

/** What is to become of a pod of a node that is drained; undefined: it stays and nothing is said. Upstream: kubectl/pkg/drain/filters.go (1.37). */
function judge(session: Session, parsed: Parsed, pod: Pod): PodToGo | 'stays' | { readonly staysWith: string } {
  const owner = pod.metadata.ownerReferences?.find((each) => each.controller === true);
  const isOver = pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
  if (owner?.kind === 'DaemonSet' && !isOver) {
    const set = session.find(session.resource('daemonsets.apps'), owner.name, pod.metadata.namespace ?? '');
    if (set === undefined) return parsed.flags['force'] === 'true' ? { pod, warning: MISSING_DAEMONS } : { pod, error: MISSING_DAEMONS };
    if (parsed.flags['ignore-daemonsets'] !== 'true') return { pod, error: DAEMONS };
    return { staysWith: 'ignoring DaemonSet-managed Pods' };
  }
  if (pod.metadata.annotations?.[MIRROR] !== undefined) return 'stays';
  const usesLocal = pod.spec?.volumes?.some((volume) => volume.emptyDir !== undefined) ?? false;
  if (usesLocal && !isOver && parsed.flags['delete-emptydir-data'] !== 'true') return { pod, error: LOCAL_STORAGE };
  if (owner === undefined && !isOver) return parsed.flags['force'] === 'true' ? { pod, warning: 'deleting Pods that declare no controller' } : { pod, error: UNMANAGED };
  return { pod };
}

/** `a: x, y` and `b: z`: pods by what there is to say of them. */
function grouped(list: readonly { readonly text: string; readonly pod: Pod }[]): readonly string[] {
  const groups = new Map<string, string[]>();
  for (const { text, pod } of list) groups.set(text, [...groups.get(text) ?? [], `${pod.metadata.namespace ?? ''}/${pod.metadata.name}`]);
  return [...groups].sort(([a], [b]) => (a < b ? -1 : 1)).map(([text, names]) => `${text}: ${names.join(', ')}`);
}

/** `kubectl drain`: cordons, then evicts, again and again where a budget forbids it. @internal */
export function drain(session: Session, words: readonly string[]): void {
  const parsed = parseFlags(words, { 'ignore-daemonsets': 'bool', 'delete-emptydir-data': 'bool', force: 'bool', timeout: 'value', 'grace-period': 'value', selector: 'value', 'pod-selector': 'value', 'disable-eviction': 'bool', 'skip-wait-for-delete-timeout': 'value', 'dry-run': 'optional', 'chunk-size': 'value' }, 'drain');
  const names = nodesOf(session, parsed, 'drain');
  for (const name of names) setUnschedulable(session, parsed, name, true);
  for (const name of names) drainNode(session, parsed, name);
}

function drainNode(session: Session, parsed: Parsed, name: string): void {
  const fail = (why: string, rest: string = why): KubectlError => new KubectlError(`error: unable to drain node "${name}" due to error: ${why}, continuing command...\nThere are pending nodes to be drained:\n ${name}\n${rest}`);
  const pods = session.resource('pods');
  const all = session.ask('GET', '/api/v1/pods', { query: { fieldSelector: `spec.nodeName=${name}`, labelSelector: parsed.flags['pod-selector'], limit: '500' } })['items'] as unknown as readonly Pod[];
  const going: PodToGo[] = [];
  const notes: { readonly text: string; readonly pod: Pod }[] = [];
  for (const pod of all) {
    const judged = judge(session, parsed, pod);
    if (judged === 'stays') continue;
    if ('staysWith' in judged) notes.push({ text: judged.staysWith, pod });
    else going.push(judged);
  }
  const errors = going.flatMap(({ pod, error }) => (error === undefined ? [] : [{ text: error, pod }]));
  if (errors.length > 0) {
    const groups = grouped(errors);
    throw fail(groups.length === 1 ? groups[0] as string : `[${groups.join(', ')}]`, groups.join('\n'));
  }
  notes.push(...going.flatMap(({ pod, warning }) => (warning === undefined ? [] : [{ text: warning, pod }])));
  if (notes.length > 0) session.err(`Warning: ${grouped(notes).join('; ')}\n`);
  const isDry = sendsNothing(session, parsed);
  const until = session.options.now() + (parsed.flags['timeout'] === undefined || parsed.flags['timeout'] === '0' ? 7 * 24 * 3_600_000 : seconds(parsed.flags['timeout']) * 1_000);
  const grace = parsed.flags['grace-period'];
  const options = grace === undefined || Number(grace) < 0 ? {} : { deleteOptions: { gracePeriodSeconds: Number(grace) } };
  const isDeletion = parsed.flags['disable-eviction'] === 'true';
  const retryAt = new Map<string, number>();
  const waiting = new Set<Pod>();
  for (const { pod } of going) session.out(`${isDeletion ? 'deleting' : 'evicting'} pod ${pod.metadata.namespace ?? ''}/${pod.metadata.name}${isDry ? ' (dry run)' : ''}\n`);
  if (!isDry) {
    const left = new Set(going.map(({ pod }) => pod));
    const step = (): boolean => {
      for (const pod of left) {
        const { namespace = '', name: podName, uid = '' } = pod.metadata;
        if (session.options.now() < (retryAt.get(uid) ?? 0)) continue;
        const path = session.path(pods, podName, namespace);
        const response = isDeletion ? session.send('DELETE', path, { body: grace === undefined ? {} : { gracePeriodSeconds: Number(grace) } }) : session.send('POST', `${path}/eviction`, { body: { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: podName, namespace }, ...options } });
        if (response.status === 429) {
          retryAt.set(uid, session.options.now() + 5_000);
          session.err(`error when evicting pods/"${podName}" -n "${namespace}" (will retry after 5s): ${(response.body as { readonly message?: string }).message ?? ''}\n`);
          continue;
        }
        left.delete(pod);
        waiting.add(pod);
      }
      for (const pod of waiting) {
        const { namespace = '', name: podName, uid } = pod.metadata;
        if (session.find(pods, podName, namespace)?.metadata.uid === uid) continue;
        waiting.delete(pod);
        session.out(`pod/${podName} ${isDeletion ? 'deleted' : 'evicted'}\n`);
      }
      return left.size + waiting.size === 0;
    };
    if (!session.wait(step, until)) {
      const [first] = [...left, ...waiting];
      throw fail(`error when ${left.size > 0 ? 'evicting' : 'waiting for'} pod${left.size > 0 ? 's/' : ' '}"${first?.metadata.name ?? ''}" ${left.size > 0 ? `-n "${first?.metadata.namespace ?? ''}"` : 'terminate'}: global timeout reached: ${parsed.flags['timeout'] ?? ''}`);
    }
  }
  session.out(`node/${name} drained\n`);
}

/** `kubectl taint nodes NAME key=value:Effect key-`. @internal */
export function taint(session: Session, words: readonly string[]): void {
  const parsed = parseFlags(words, { overwrite: 'bool', selector: 'value', all: 'bool', 'dry-run': 'optional', output: 'value', validate: 'optional', 'field-manager': 'value' }, 'taint');
  const [type = '', ...others] = parsed.args;
  if (type === '') throw new KubectlError('error: one or more resources must be specified as <resource> <name>');
  const mapping = session.resource(type);
  if (mapping.resource !== 'nodes') throw new KubectlError(`error: invalid resource type ${type}, only node types are supported`);
  const isTaint = (word: string): boolean => word.endsWith('-') || word.includes(':');
  const names = others.filter((word) => !isTaint(word));
  const changes = others.filter(isTaint);
  if (changes.length === 0) throw new KubectlError('error: at least one taint update is required');
  const chosen = parsed.flags['all'] === 'true' || parsed.flags['selector'] !== undefined ? listItems(session, mapping, parsed).map(({ metadata }) => metadata.name ?? '') : names;
  forEachObject(session, chosen, (name) => taintNode(session, parsed, name, changes));
}

function taintNode(session: Session, parsed: Parsed, name: string, changes: readonly string[]): void {
  const mapping = session.resource('nodes');
  const node = session.ask('GET', session.path(mapping, name)) as unknown as Node;
  let taints = [...(node.spec.taints ?? [])];
  let removed = 0;
  let overwrites = false;
  for (const change of changes) {
    if (change.endsWith('-')) {
      const [key = '', effect] = change.slice(0, -1).split(':');
      const kept = taints.filter((each) => each.key !== key || (effect !== undefined && each.effect !== effect));
      if (kept.length === taints.length) throw new KubectlError(`error: taint "${change.slice(0, -1)}" not found`);
      taints = kept;
      removed++;
      continue;
    }
    const match = /^([^=:]+)(?:=([^:]*))?:(NoSchedule|PreferNoSchedule|NoExecute)$/.exec(change);
    if (match === null) throw new KubectlError(/:[^:]*$/.test(change) ? `error: invalid taint effect: ${change.slice(change.lastIndexOf(':') + 1)}, unsupported taint effect\nSee 'kubectl taint -h' for help and examples` : `error: invalid taint spec: ${change}`);
    const [, key = '', value, effect = ''] = match;
    if (taints.some((each) => each.key === key && each.effect === effect) && parsed.flags['overwrite'] !== 'true') throw new KubectlError(`error: node ${name} already has ${key} taint(s) with same effect(s) and --overwrite is false`);
    overwrites ||= taints.some((each) => each.key === key && each.effect === effect);
    taints = [...taints.filter((each) => each.key !== key || each.effect !== effect), { key, ...(value === undefined ? {} : { value }), effect }];
  }
  const done = removed === changes.length ? 'untainted' : removed === 0 && !overwrites ? 'tainted' : 'modified';
  if (sendsNothing(session, parsed)) return say(session, parsed, mapping, { ...node, spec: { ...node.spec, taints } } as unknown as KubeObject, done);
  const changed = session.ask('PATCH', session.path(mapping, name), { query: { ...writeQuery(parsed, 'kubectl-taint') }, body: { spec: { taints: taints.length === 0 ? null : taints } }, type: STRATEGIC });
  say(session, parsed, mapping, changed, done);
}

/** `kubectl wait --for=…`. @internal */
export function wait(session: Session, words: readonly string[]): void {
  const parsed = parseFlags(words, { for: 'value', timeout: 'value', selector: 'value', all: 'bool', 'all-namespaces': 'bool', 'field-selector': 'value', filename: 'list', recursive: 'bool', output: 'value', local: 'bool', template: 'value' }, 'wait');
  const condition = parsed.flags['for'] ?? '';
  const lower = condition.toLowerCase();
  const holds = lower === 'delete' || lower === 'create' ? undefined : readWait(condition);
  const timeout = parsed.flags['timeout'] === undefined ? 30 : seconds(parsed.flags['timeout']);
  const until = session.options.now() + (timeout < 0 ? 7 * 24 * 3_600 : timeout) * 1_000;
  const targets = waitTargets(session, parsed, lower);
  if (targets.length === 0 && lower !== 'delete') throw new KubectlError('error: no matching resources found');
  forEachObject(session, targets, ({ mapping, name, namespace, object }) => {
    const uid = object?.metadata.uid;
    const met = session.wait(() => {
      const now = session.find(mapping, name, namespace);
      if (lower === 'delete') return now === undefined || (uid !== undefined && now.metadata.uid !== uid);
      if (lower === 'create') return now !== undefined;
      return now !== undefined && holds?.(now) === true;
    }, until);
    if (!met) throw new KubectlError(`error: timed out waiting for the condition on ${mapping.resource}/${name}`);
    session.out(`${qualified(mapping)}/${name} condition met\n`);
  });
}

interface WaitTarget {
  readonly mapping: Mapping;
  readonly name: string;
  readonly namespace: string;
  readonly object?: KubeObject;
}

function waitTargets(session: Session, parsed: Parsed, lower: string): readonly WaitTarget[] {
  if (parsed.lists['filename'] !== undefined) {
    return readFiles(session, parsed).map(({ object, source }) => ({ mapping: mappingOf(session, object, source), name: object.metadata.name ?? '', namespace: object.metadata.namespace ?? session.namespace }));
  }
  const { types, names } = readTargets(session, parsed.args);
  if (names.length === 0 && parsed.flags['selector'] === undefined && parsed.flags['all'] !== 'true' && parsed.flags['field-selector'] === undefined) throw new KubectlError('error: resource(s) were provided, but no name was specified');
  const listed = types.flatMap((mapping) => listItems(session, mapping, parsed).map((object) => ({ mapping, name: object.metadata.name ?? '', namespace: object.metadata.namespace ?? '', object })));
  return [...listed, ...names.flatMap(({ mapping, name }): readonly WaitTarget[] => {
    const object = session.find(mapping, name);
    if (object !== undefined || lower === 'create') return [{ mapping, name, namespace: session.namespace, object }];
    // What is not there is deleted, and nothing is said of it.
    if (lower === 'delete') return [];
    throw new KubectlError(`Error from server (NotFound): ${mapping.resource}${mapping.group === '' ? '' : `.${mapping.group}`} "${name}" not found`);
  })];
}

function readWait(condition: string): (object: KubeObject) => boolean {
  const [kind, first = '', ...rest] = condition.split('=');
  if (kind === 'condition') {
    const status = (rest[0] ?? 'true').toLowerCase();
    return (object) => {
      const found = (object['status']?.conditions as readonly { readonly type: string; readonly status: string; readonly observedGeneration?: number }[] | undefined)?.find((each) => each.type.toLowerCase() === first.toLowerCase());
      // What was said of an older generation does not count.
      if (found?.observedGeneration !== undefined && found.observedGeneration < (object.metadata.generation ?? 0)) return false;
      return found?.status.toLowerCase() === status;
    };
  }
  if (kind === 'jsonpath') {
    const path = condition.slice('jsonpath='.length);
    const match = /^'?(\{.*\}|[^=]+)'?(?:=(.*))?$/s.exec(path);
    const inner = (match?.[1] ?? '').replace(/^\{|\}$/g, '');
    if (inner === '') throw new KubectlError('error: jsonpath wait format must be --for=jsonpath=\'{.status.readyReplicas}\'=3 or --for=jsonpath=\'{.status.readyReplicas}\'');
    const wanted = match?.[2]?.replace(/^(['"])(.*)\1$/s, '$2');
    return (object) => {
      const values = select(inner.startsWith('.') ? inner : `.${inner}`, object);
      if (values.length > 1) throw new KubectlError('error: given jsonpath expression matches more than one value');
      const [value] = values;
      if (value !== undefined && value !== null && typeof value === 'object' && wanted !== undefined) throw new KubectlError('error: jsonpath leads to a nested object or list which is not supported');
      return wanted === undefined ? value !== undefined : String(value) === wanted;
    };
  }
  throw new KubectlError(`error: unrecognized condition: "${condition}"`);
}

/** `kubectl api-resources`. @internal */
export function apiResources(session: Session, words: readonly string[]): void {
  const parsed = parseFlags(words, { 'api-group': 'value', namespaced: 'value', output: 'value', verbs: 'list', 'no-headers': 'bool', categories: 'list', 'sort-by': 'value', cached: 'bool' }, 'api-resources');
  if (parsed.args.length > 0) throw new KubectlError(`error: unexpected arguments: [${parsed.args.join(' ')}]\nSee 'kubectl api-resources -h' for help and examples`);
  const { 'api-group': group, namespaced, output = '', 'sort-by': order } = parsed.flags;
  if (!['', 'wide', 'name', 'json', 'yaml'].includes(output)) throw new KubectlError(`error: --output ${output} is not available`);
  if (order !== undefined && order !== 'name' && order !== 'kind') throw new KubectlError(`error: --sort-by accepts only name or kind`);
  const list = (flag: string): readonly string[] => (parsed.lists[flag] ?? []).flatMap((each) => each.split(','));
  const shown = session.mappings().filter((each) => each.isPreferred && (group === undefined || each.group === group) && (namespaced === undefined || String(each.namespaced) === namespaced)
    && list('verbs').every((verb) => each.verbs.includes(verb)) && list('categories').every((category) => each.categories.includes(category)));
  const key = (each: ServedMapping): string => (order === 'kind' ? each.kind : order === 'name' ? each.resource : `${each.group}\0${each.resource}`);
  const sorted = [...shown].sort((a, b) => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0));
  if (output === 'name') return session.out(sorted.map((each) => `${each.resource}${each.group === '' ? '' : `.${each.group}`}\n`).join(''));
  const rows = sorted.map((each) => [each.resource, each.shortNames.join(','), apiVersionOf(each), String(each.namespaced), each.kind, ...(output === 'wide' ? [each.verbs.join(','), each.categories.join(',')] : [])]);
  session.out(alignRows(parsed.flags['no-headers'] === 'true' ? rows : [['NAME', 'SHORTNAMES', 'APIVERSION', 'NAMESPACED', 'KIND', ...(output === 'wide' ? ['VERBS', 'CATEGORIES'] : [])], ...rows]));
}

/** `kubectl api-versions`. @internal */
export function apiVersions(session: Session, words: readonly string[]): void {
  parseFlags(words, {}, 'api-versions');
  const versions = new Set(session.mappings().map(apiVersionOf));
  session.out(`${[...versions].sort().join('\n')}\n`);
}

/** `kubectl version`. @internal */
export function version(session: Session, words: readonly string[]): void {
  const parsed = parseFlags(words, { client: 'bool', output: 'value' }, 'version');
  const { output } = parsed.flags;
  if (output !== undefined && output !== 'json' && output !== 'yaml') throw new KubectlError("error: --output must be 'yaml' or 'json'");
  const client = session.options.version ?? 'v1.37.2';
  const server = parsed.flags['client'] === 'true' ? undefined : session.ask('GET', '/version') as unknown as { readonly gitVersion: string };
  if (output === undefined) return session.out(`Client Version: ${client}\nKustomize Version: ${KUSTOMIZE}\n${server === undefined ? '' : `Server Version: ${server.gitVersion}\n`}`);
  const [major = '', minor = ''] = client.slice(1).split('.');
  const whole = { clientVersion: { major, minor, gitVersion: client }, kustomizeVersion: KUSTOMIZE, ...(server === undefined ? {} : { serverVersion: server }) };
  session.out(output === 'json' ? `${JSON.stringify(whole, null, 2)}\n` : printYaml(whole));
}

const KUSTOMIZE = 'v5.8.1';
