// Verbs about nodes, waiting, and what the server is: cordon, drain, taint, wait, version, api-resources, exec, logs.
import type { KubeObject, Node, Pod } from '@kubesim/api';
import { parseFlags } from '../flags.ts';
import { KubectlError } from '../kubectl-error.ts';
import { select } from '../printers/jsonpath.ts';
import { alignRows } from '../printers/table.ts';
import { qualified, type Session } from '../session.ts';
import { resolveObjects, readTargets, listItems } from '../targets.ts';
import { seconds } from './rollout.ts';

const STRATEGIC = 'application/strategic-merge-patch+json';

/** `kubectl cordon` and `uncordon`. @internal */
export function cordon(session: Session, words: readonly string[], on: boolean): void {
  const parsed = parseFlags(words, { selector: 'value', 'dry-run': 'optional' });
  if (parsed.args.length === 0) throw new KubectlError(`error: USAGE: ${on ? 'cordon' : 'uncordon'} NODE`);
  const mapping = session.resource('nodes');
  for (const name of parsed.args.map((arg) => arg.replace(/^nodes?\//, ''))) {
    const node = session.ask('GET', session.path(mapping, name)) as unknown as Node;
    const already = (node.spec.unschedulable ?? false) === on;
    if (!already) session.ask('PATCH', session.path(mapping, name), { body: { spec: { unschedulable: on ? true : null } }, type: STRATEGIC });
    session.out(`node/${name} ${already ? 'already ' : ''}${on ? 'cordoned' : 'uncordoned'}\n`);
  }
}

/** `kubectl drain`: cordons, then evicts, again and again where a budget forbids it. @internal */
export function drain(session: Session, words: readonly string[]): void {
  const parsed = parseFlags(words, { 'ignore-daemonsets': 'bool', 'delete-emptydir-data': 'bool', force: 'bool', timeout: 'value', 'grace-period': 'value', selector: 'value', 'pod-selector': 'value', 'disable-eviction': 'bool' });
  const [name = ''] = parsed.args;
  cordon(session, [name], true);
  const pods = session.resource('pods');
  const all = session.ask('GET', '/api/v1/pods', { query: { fieldSelector: `spec.nodeName=${name}`, limit: '500' } })['items'] as unknown as readonly Pod[];
  const isDaemon = (pod: Pod): boolean => pod.metadata.ownerReferences?.some((owner) => owner.kind === 'DaemonSet') ?? false;
  const ignored = all.filter(isDaemon);
  if (ignored.length > 0 && parsed.flags['ignore-daemonsets'] !== 'true') throw new KubectlError(`error: unable to drain node "${name}" due to error: cannot delete DaemonSet-managed Pods (use --ignore-daemonsets to ignore): ${ignored.map((pod) => `${pod.metadata.namespace ?? ''}/${pod.metadata.name}`).join(', ')}, continuing command...`);
  const until = session.options.now() + (parsed.flags['timeout'] === undefined ? 7 * 24 * 3_600_000 : seconds(parsed.flags['timeout']) * 1_000);
  for (const pod of all.filter((each) => !isDaemon(each))) {
    const { namespace = '', name: podName, uid } = pod.metadata;
    session.out(`evicting pod ${namespace}/${podName}\n`);
    const path = session.path(pods, podName, namespace);
    let retryAt = 0;
    const isEvicted = session.wait(() => {
      if (session.options.now() < retryAt) return false;
      const response = session.send('POST', `${path}/eviction`, { body: { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: podName, namespace } } });
      if (response.status === 429) {
        retryAt = session.options.now() + 5_000;
        session.err(`error when evicting pods/"${podName}" -n "${namespace}" (will retry after 5s): ${(response.body as { readonly message?: string }).message ?? ''}\n`);
        return false;
      }
      return true;
    }, until);
    if (!isEvicted) throw new KubectlError(`error: unable to drain node "${name}" due to error: error when waiting for pod "${podName}" to terminate: global timeout reached, continuing command...`);
    session.wait(() => session.find(pods, podName, namespace)?.metadata.uid !== uid, until);
  }
  session.out(`node/${name} drained\n`);
}

/** `kubectl taint nodes NAME key=value:Effect key-`. @internal */
export function taint(session: Session, words: readonly string[]): void {
  const parsed = parseFlags(words, { overwrite: 'bool', selector: 'value', all: 'bool' });
  const [type = '', name = '', ...changes] = parsed.args;
  const mapping = session.resource(type);
  const node = session.ask('GET', session.path(mapping, name)) as unknown as Node;
  let taints = [...(node.spec.taints ?? [])];
  let removed = 0;
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
    if (match === null) throw new KubectlError(`error: unknown taint spec: ${change}`);
    const [, key = '', value, effect = ''] = match;
    if (taints.some((each) => each.key === key && each.effect === effect) && parsed.flags['overwrite'] !== 'true') throw new KubectlError(`error: node ${name} already has ${key} taint(s) with same effect(s) and --overwrite is false`);
    taints = [...taints.filter((each) => each.key !== key || each.effect !== effect), { key, ...(value === undefined ? {} : { value }), effect }];
  }
  session.ask('PATCH', session.path(mapping, name), { query: { fieldManager: 'kubectl-taint', fieldValidation: 'Strict' }, body: { spec: { taints: taints.length === 0 ? null : taints } }, type: STRATEGIC });
  session.out(`node/${name} ${removed === changes.length ? 'untainted' : 'tainted'}\n`);
}

/** `kubectl wait --for=…`. @internal */
export function wait(session: Session, words: readonly string[]): void {
  const parsed = parseFlags(words, { for: 'value', timeout: 'value', selector: 'value', all: 'bool', 'all-namespaces': 'bool', 'field-selector': 'value', filename: 'list', output: 'value' });
  const condition = parsed.flags['for'] ?? '';
  const until = session.options.now() + (parsed.flags['timeout'] === undefined ? 30_000 : seconds(parsed.flags['timeout']) * 1_000);
  const lower = condition.toLowerCase();
  if (lower === 'delete' || lower === 'create') {
    const { types, names } = readTargets(session, parsed.args);
    const targets = names.length > 0 ? names : types.flatMap((mapping) => listItems(session, mapping, parsed).map((object) => ({ mapping, name: object.metadata.name ?? '' })));
    for (const { mapping, name } of targets) {
      const met = session.wait(() => (session.find(mapping, name) === undefined) === (lower === 'delete'), until);
      if (!met) throw new KubectlError(`error: timed out waiting for the condition on ${mapping.resource}/${name}`);
      session.out(`${qualified(mapping)}/${name} condition met\n`);
    }
    return;
  }
  const holds = readWait(condition);
  for (const { mapping, object, namespace } of resolveObjects(session, parsed)) {
    const name = object.metadata.name ?? '';
    const met = session.wait(() => {
      const now = session.find(mapping, name, namespace);
      return now !== undefined && holds(now);
    }, until);
    if (!met) throw new KubectlError(`error: timed out waiting for the condition on ${mapping.resource}/${name}`);
    session.out(`${qualified(mapping)}/${name} condition met\n`);
  }
}

function readWait(condition: string): (object: KubeObject) => boolean {
  const [kind, first = '', ...rest] = condition.split('=');
  if (kind === 'condition') {
    const status = (rest[0] ?? 'true').toLowerCase();
    return (object) => (object['status']?.conditions as readonly { readonly type: string; readonly status: string }[] | undefined)?.some((each) => each.type.toLowerCase() === first.toLowerCase() && each.status.toLowerCase() === status) ?? false;
  }
  if (kind === 'jsonpath') {
    const path = first.replace(/^'?\{?|\}?'?$/g, '');
    const wanted = rest.length === 0 ? undefined : rest.join('=').replace(/^'|'$/g, '');
    return (object) => {
      const [value] = select(path, object);
      return wanted === undefined ? value !== undefined : String(value) === wanted;
    };
  }
  throw new KubectlError(`error: unrecognized condition: "${condition}"`);
}

/** `kubectl api-resources`. @internal */
export function apiResources(session: Session, words: readonly string[]): void {
  const parsed = parseFlags(words, { 'api-group': 'value', namespaced: 'value', output: 'value', verbs: 'value', 'no-headers': 'bool', categories: 'value', 'sort-by': 'value', cached: 'bool' });
  const group = parsed.flags['api-group'];
  const shown = session.mappings().filter((each) => (group === undefined || each.group === group) && (parsed.flags['namespaced'] === undefined || String(each.namespaced) === parsed.flags['namespaced']));
  const rows = shown.map((each) => [each.resource, each.shortNames.join(','), each.group === '' ? each.version : `${each.group}/${each.version}`, String(each.namespaced), each.kind]).sort((a, b) => ((a[2] as string) === (b[2] as string) ? ((a[0] as string) < (b[0] as string) ? -1 : 1) : (a[2] as string) < (b[2] as string) ? -1 : 1));
  session.out(parsed.flags['output'] === 'name' ? shown.map((each) => `${each.resource}${each.group === '' ? '' : `.${each.group}`}\n`).join('') : alignRows([['NAME', 'SHORTNAMES', 'APIVERSION', 'NAMESPACED', 'KIND'], ...rows]));
}

/** `kubectl api-versions`. @internal */
export function apiVersions(session: Session): void {
  const versions = new Set(session.mappings().map((each) => (each.group === '' ? each.version : `${each.group}/${each.version}`)));
  session.out(`${[...versions].sort().join('\n')}\n`);
}

/** `kubectl version`. @internal */
export function version(session: Session): void {
  const server = session.ask('GET', '/version') as unknown as { readonly gitVersion: string };
  session.out(`Client Version: ${session.options.version ?? 'v1.37.2'}\nKustomize Version: v5.8.1\nServer Version: ${server.gitVersion}\n`);
}

/** `kubectl exec POD -- COMMAND`. @internal */
export function exec(session: Session, words: readonly string[]): void {
  const parsed = parseFlags(words, { container: 'value', stdin: 'bool', tty: 'bool', filename: 'list', quiet: 'bool' });
  const [target = '', ...inline] = parsed.args;
  const command = parsed.rest.length > 0 ? parsed.rest : inline;
  if (target === '') throw new KubectlError('error: pod, type/name or --filename must be specified');
  if (command.length === 0) throw new KubectlError('error: you must specify at least one command for the container');
  const pod = session.ask('GET', session.path(session.resource('pods'), target.replace(/^pods?\//, ''))) as unknown as Pod;
  if (session.options.exec === undefined) throw new KubectlError('error: unable to upgrade connection: Upgrade request required');
  const result = session.options.exec({ namespace: session.namespace, pod: pod.metadata.name, container: parsed.flags['container'], command, stdin: session.stdin });
  session.out(result.stdout);
  session.err(result.stderr);
  if (result.exit !== 0) throw new KubectlError(`command terminated with exit code ${result.exit}`, result.exit);
}

/** `kubectl logs POD`. @internal */
export function logs(session: Session, words: readonly string[]): void {
  const parsed = parseFlags(words, { container: 'value', follow: 'bool', previous: 'bool', tail: 'value', timestamps: 'bool', selector: 'value', 'all-containers': 'bool', since: 'value' });
  const name = (parsed.args[0] ?? '').replace(/^pods?\//, '');
  const mapping = session.resource('pods');
  if (session.find(mapping, name) === undefined) throw new KubectlError(`error: error from server (NotFound): pods "${name}" not found in namespace "${session.namespace}"`);
  const response = session.send('GET', `${session.path(mapping, name)}/log`, { query: { container: parsed.flags['container'], tailLines: parsed.flags['tail'], previous: parsed.flags['previous'] } });
  if (response.text === undefined) throw new KubectlError(`Error from server: ${(response.body as { readonly message?: string } | undefined)?.message ?? ''}`);
  session.out(response.text);
}
