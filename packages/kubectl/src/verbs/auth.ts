// kubectl auth: can-i and whoami ask the server.
import type { KubeObject } from '@kubesim/api';
import { parseFlags } from '../flags.ts';
import { KubectlError } from '../kubectl-error.ts';
import { alignRows } from '../printers/table.ts';
import type { Session } from '../session.ts';

/** `kubectl auth can-i` and `whoami`. @internal */
export function auth(session: Session, words: readonly string[]): void {
  const [what, ...rest] = words;
  if (what === 'can-i') return canI(session, rest);
  if (what === 'whoami') return whoami(session, rest);
  throw new KubectlError(`error: unknown command "${what ?? ''}"\nSee 'kubectl auth -h' for help and examples`);
}

function canI(session: Session, words: readonly string[]): void {
  const parsed = parseFlags(words, { 'all-namespaces': 'bool', list: 'bool', quiet: 'bool', subresource: 'value', 'no-headers': 'bool' }, 'auth can-i', { q: 'quiet' });
  const namespace = parsed.flags['all-namespaces'] === 'true' ? '' : session.namespace;
  if (parsed.flags['list'] === 'true') return listRules(session, namespace, parsed.flags['no-headers'] === 'true');
  const [verb = '', target, named] = parsed.args;
  if (target === undefined || parsed.args.length > 3) throw new KubectlError("error: you must specify two arguments: verb resource or verb resource/resourceName.\nSee 'kubectl auth can-i -h' for help and examples.");
  const isPath = target.startsWith('/');
  const [resource = '', name = named] = target.split('/');
  const mapping = isPath || resource === '*' ? undefined : session.findResource(resource);
  if (!isPath && resource !== '*' && mapping === undefined) session.err(`Warning: the server doesn't have a resource type '${resource}'\n\n`);
  if (mapping !== undefined && !mapping.namespaced && namespace !== '') session.err(`Warning: resource '${mapping.resource}' is not namespace scoped${mapping.group === '' ? '' : ` in group '${mapping.group}'`}\n\n`);
  const spec = isPath ? { nonResourceAttributes: { path: target, verb } }
    : { resourceAttributes: { namespace, verb, group: mapping?.group ?? (resource === '*' ? '*' : ''), resource: mapping?.resource ?? resource, ...(parsed.flags['subresource'] === undefined ? {} : { subresource: parsed.flags['subresource'] }), ...(name === undefined ? {} : { name }) } };
  const review = session.ask('POST', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', { body: { apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectAccessReview', spec } });
  const { allowed, reason, evaluationError } = review['status'] as { readonly allowed: boolean; readonly reason?: string; readonly evaluationError?: string };
  const why = `${(reason ?? '') === '' ? '' : ` - ${reason}`}${(evaluationError ?? '') === '' ? '' : ` - ${evaluationError}`}`;
  if (parsed.flags['quiet'] !== 'true') session.out(allowed ? 'yes\n' : `no${why}\n`);
  if (!allowed) session.exit = 1;
}

interface Rule {
  readonly verbs: readonly string[];
  readonly apiGroups?: readonly string[];
  readonly resources?: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly nonResourceURLs?: readonly string[];
}

function listRules(session: Session, namespace: string, noHeaders: boolean): void {
  const review = session.ask('POST', '/apis/authorization.k8s.io/v1/selfsubjectrulesreviews', { body: { apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectRulesReview', spec: { namespace } } });
  const { resourceRules = [], nonResourceRules = [] } = review['status'] as { readonly resourceRules?: readonly Rule[]; readonly nonResourceRules?: readonly Rule[] };
  const show = (list: readonly string[] | undefined): string => `[${(list ?? []).join(' ')}]`;
  const rows = [
    ...resourceRules.flatMap((rule) => (rule.resources ?? []).flatMap((resource) => (rule.apiGroups ?? ['']).map((group) => [group === '' ? resource : `${resource}.${group}`, '[]', show(rule.resourceNames), show(rule.verbs)]))).sort((a, b) => (a.join('\t') < b.join('\t') ? -1 : 1)),
    ...nonResourceRules.map((rule) => ['', show(rule.nonResourceURLs), '[]', show(rule.verbs)]),
  ];
  session.out(alignRows(noHeaders ? rows : [['Resources', 'Non-Resource URLs', 'Resource Names', 'Verbs'], ...rows]));
}

function whoami(session: Session, words: readonly string[]): void {
  const parsed = parseFlags(words, { output: 'value' }, 'auth whoami');
  const review: KubeObject = session.ask('POST', '/apis/authentication.k8s.io/v1/selfsubjectreviews', { body: { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' } });
  if (parsed.flags['output'] === 'json') return session.out(`${JSON.stringify(review, null, 4)}\n`);
  const { username = '', uid, groups = [], extra = {} } = ((review['status'] as { readonly userInfo?: object } | undefined)?.userInfo ?? {}) as { readonly username?: string; readonly uid?: string; readonly groups?: readonly string[]; readonly extra?: Readonly<Record<string, readonly string[]>> };
  const rows = [['ATTRIBUTE', 'VALUE'], ['Username', username], ...(uid === undefined ? [] : [['UID', uid]]), ...(groups.length === 0 ? [] : [['Groups', `[${groups.join(' ')}]`]]), ...Object.keys(extra).sort().map((key) => [`Extra: ${key}`, `[${(extra[key] ?? []).join(' ')}]`])];
  session.out(alignRows(rows));
}
