// kubectl create -f and its generators, run, expose, autoscale.
import type { KubeObject, Status } from '@kubesim/api';
import { parseFlags, type FlagKinds, type Parsed } from '../flags.ts';
import { KubectlError } from '../kubectl-error.ts';
import { apiVersionOf, qualified, statusError, type Session } from '../session.ts';
import { mappingOf, readFiles, resolveObjects } from '../targets.ts';
import { creating, FILES, forEachObject, say, sendsNothing, writeQuery } from '../writing.ts';
import { withLastApplied } from './apply.ts';

type Loose = Readonly<Record<string, unknown>>;

/** What a generator is given. */
interface Wanted {
  readonly name: string;
  readonly parsed: Parsed;
  readonly session: Session;
}

interface Generator {
  /** `secret generic`: how its help is called. */
  readonly path: string;
  readonly flags: FlagKinds;
  readonly required?: readonly string[];
  make(wanted: Wanted): KubeObject;
}

/** `kubectl create`. @internal */
export function create(session: Session, words: readonly string[]): void {
  const generator = findGenerator(words);
  if (generator !== undefined) return generate(session, generator.generator, words.slice(generator.length));
  const parsed = parseFlags(words, { ...FILES, selector: 'value', raw: 'value', edit: 'bool', 'windows-line-endings': 'bool' }, 'create');
  if (parsed.lists['filename'] === undefined && parsed.flags['kustomize'] === undefined && parsed.args.length === 0) throw new KubectlError('error: must specify one of -f and -k');
  if (parsed.args.length > 0) throw new KubectlError(`error: Unexpected args: [${parsed.args.join(' ')}]\nSee 'kubectl create -h' for help and examples`);
  const isDry = sendsNothing(session, parsed);
  forEachObject(session, readFiles(session, parsed), ({ object, source }) => {
    const mapping = mappingOf(session, object, source);
    const namespace = mapping.namespaced ? object.metadata.namespace ?? session.namespace : undefined;
    const body = parsed.flags['save-config'] === 'true' ? withLastApplied(object, namespace) : object;
    if (isDry) {
      say(session, parsed, mapping, namespace === undefined ? body : { ...body, metadata: { ...body.metadata, namespace } }, 'created');
      return;
    }
    const response = session.send('POST', session.path(mapping, undefined, namespace), { query: writeQuery(parsed, 'kubectl-create'), body });
    if (response.status >= 400) throw creating(response.body as Status, 'creating', source);
    say(session, parsed, mapping, response.body as KubeObject, 'created');
  });
}

function findGenerator(words: readonly string[]): { readonly generator: Generator; readonly length: number } | undefined {
  const [first = '', second = ''] = words;
  for (const [key, length] of [[`${ALIASES[first] ?? first} ${second}`, 2], [ALIASES[first] ?? first, 1]] as const) {
    const generator = Object.hasOwn(GENERATORS, key) ? GENERATORS[key] : undefined;
    if (generator !== undefined) return { generator, length };
  }
  return undefined;
}

const ALIASES: Readonly<Record<string, string>> = { ns: 'namespace', sa: 'serviceaccount', cm: 'configmap', deploy: 'deployment', cj: 'cronjob', resourcequota: 'quota', pdb: 'poddisruptionbudget', pc: 'priorityclass', svc: 'service', ing: 'ingress' };

function generate(session: Session, generator: Generator, words: readonly string[]): void {
  const parsed = parseFlags(words, { ...FILES, ...generator.flags }, `create ${generator.path}`, { r: 'replicas' });
  const missing = (generator.required ?? []).filter((flag) => parsed.flags[flag] === undefined);
  if (missing.length > 0) throw new KubectlError(`error: required flag(s) ${missing.map((flag) => `"${flag}"`).join(', ')} not set`);
  const [name = '', ...more] = parsed.args;
  const commandInArgs = generator.path === 'job' || generator.path === 'cronjob' || generator.path === 'deployment';
  if (name === '' || (more.length > 0 && !commandInArgs)) throw new KubectlError(`error: exactly one NAME is required, got ${parsed.args.length}\nSee 'kubectl create ${generator.path} -h' for help and examples`);
  const isDry = sendsNothing(session, parsed);
  const object = generator.make({ name, parsed, session });
  if (generator.path === 'token') return createToken(session, parsed, object);
  const mapping = mappingOf(session, object, generator.path);
  if (isDry) {
    const isNamed = mapping.namespaced && session.hasNamespace;
    say(session, parsed, mapping, isNamed ? { ...object, metadata: { ...object.metadata, namespace: session.namespace } } : object, 'created');
    return;
  }
  const response = session.send('POST', session.path(mapping), { query: writeQuery(parsed, 'kubectl-create'), body: object });
  if (response.status >= 400) throw generator.path === 'namespace' ? statusError(response.body as Status) : failedToCreate(response.body as Status, NOUNS[generator.path] ?? generator.path);
  say(session, parsed, mapping, response.body as KubeObject, 'created');
}

/** How messages of upstream's generators name what they could not make, where that is not the command's word. */
const NOUNS: Readonly<Record<string, string>> = {
  'secret generic': 'secret', 'secret tls': 'secret', 'secret docker-registry': 'secret', 'service clusterip': 'ClusterIP service', 'service nodeport': 'NodePort service', 'service loadbalancer': 'LoadBalancer service', 'service externalname': 'ExternalName service', quota: 'quota',
};

function failedToCreate(status: Status, noun: string): KubectlError {
  const text = status.message ?? '';
  // What the server says reaches people as it came; only the typed generators put their own words before it.
  return new KubectlError(`error: failed to create ${noun}: ${text}`);
}

function createToken(session: Session, parsed: Parsed, request: KubeObject): void {
  const mapping = session.resource('serviceaccounts');
  const response = session.send('POST', `${session.path(mapping, request.metadata.name ?? '')}/token`, { body: request });
  if (response.status >= 400) throw failedToCreate(response.body as Status, 'token');
  const answer = response.body as KubeObject;
  if (parsed.flags['output'] === undefined) session.out(String(answer['status'].token));
  else say(session, parsed, mapping, answer, 'created');
}

const list = (parsed: Parsed, flag: string): readonly string[] => (parsed.lists[flag] ?? []).flatMap((each) => each.split(','));
const given = (fields: Loose): Loose => Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));

function keyValues(parsed: Parsed, session: Session): Readonly<Record<string, string>> {
  const data: Record<string, string> = {};
  for (const pair of parsed.lists['from-literal'] ?? []) {
    const equals = pair.indexOf('=');
    if (equals < 1) throw new KubectlError(`error: invalid literal source ${pair}, expected key=value`);
    data[pair.slice(0, equals)] = pair.slice(equals + 1).replace(/^(["'])(.*)\1$/s, '$2');
  }
  const read = (path: string): string => {
    if (session.options.readFile === undefined) throw new KubectlError(`error: error reading ${path}: no such file or directory`);
    return session.options.readFile(path);
  };
  for (const source of parsed.lists['from-file'] ?? []) {
    const equals = source.indexOf('=');
    const path = source.slice(equals + 1);
    data[equals < 0 ? path.slice(path.lastIndexOf('/') + 1) : source.slice(0, equals)] = read(path);
  }
  for (const path of parsed.lists['from-env-file'] ?? []) {
    for (const line of read(path).split('\n')) {
      const text = line.trimStart();
      if (text === '' || text.startsWith('#')) continue;
      const equals = text.indexOf('=');
      if (equals > 0) data[text.slice(0, equals)] = text.slice(equals + 1);
    }
  }
  return data;
}

/** Base64 of a text's UTF-8 bytes. */
function base64(text: string): string {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
  const bytes = new TextEncoder().encode(text);
  let out = '';
  for (let index = 0; index < bytes.length; index += 3) {
    const [a, b, c] = [bytes[index] as number, bytes[index + 1], bytes[index + 2]];
    const all = (a << 16) | ((b ?? 0) << 8) | (c ?? 0);
    out += `${letters[all >> 18]}${letters[(all >> 12) & 63]}${b === undefined ? '=' : letters[(all >> 6) & 63]}${c === undefined ? '=' : letters[all & 63]}`;
  }
  return out;
}

const encoded = (data: Readonly<Record<string, string>>): Loose => (Object.keys(data).length === 0 ? {} : { data: Object.fromEntries(Object.entries(data).map(([key, value]) => [key, base64(value)])) });

function secret({ name, parsed }: Wanted, type: string | undefined, data: Readonly<Record<string, string>>): KubeObject {
  const kind = parsed.flags['type'] ?? type;
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name }, ...encoded(data), ...given({ type: kind }) };
}

function selectorOf(text: string): Readonly<Record<string, string>> {
  return Object.fromEntries(text.split(',').map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1).replace(/^=/, '')]));
}

const number = (text: string | undefined): number | undefined => (text === undefined ? undefined : Number(text));
const intOrString = (text: string | undefined): number | string | undefined => (text === undefined ? undefined : /^-?\d+$/.test(text) ? Number(text) : text);

function service(type: string): Generator {
  return {
    path: `service ${type.toLowerCase()}`, flags: { tcp: 'list', clusterip: 'value', 'node-port': 'value', 'external-name': 'value' }, required: type === 'ExternalName' ? ['external-name'] : [],
    make: ({ name, parsed }) => {
      const tcp = list(parsed, 'tcp');
      const clusterIP = parsed.flags['clusterip'];
      if (type !== 'ExternalName' && clusterIP !== 'None' && tcp.length === 0) throw new KubectlError('error: at least one tcp port specifier must be provided');
      const ports = tcp.map((pair) => {
        const [port = '', target = port] = pair.split(':');
        if (!/^\d+$/.test(port)) throw new KubectlError(`error: invalid port number ${port}: strconv.ParseUint: parsing "${port}": invalid syntax`);
        return { name: pair.replace(':', '-'), protocol: 'TCP', port: Number(port), targetPort: intOrString(target), ...given({ nodePort: type === 'NodePort' ? number(parsed.flags['node-port']) : undefined }) };
      });
      return { apiVersion: 'v1', kind: 'Service', metadata: { name, labels: { app: name } }, spec: { type, selector: { app: name }, ...given({ ports: ports.length === 0 ? undefined : ports, clusterIP, externalName: parsed.flags['external-name'] }) } };
    },
  };
}

function roleRules(parsed: Parsed, session: Session): readonly Loose[] {
  const verbs = [...new Set(list(parsed, 'verb'))];
  const urls = list(parsed, 'non-resource-url');
  const resourceNames = list(parsed, 'resource-name');
  if (verbs.length === 0) throw new KubectlError('error: at least one verb must be specified');
  const resources = list(parsed, 'resource');
  if (resources.length === 0 && urls.length === 0) throw new KubectlError('error: at least one resource must be specified');
  const groups = new Map<string, string[]>();
  for (const text of resources) {
    const [resource = '', subresource] = text.split('/');
    const mapping = session.findResource(resource);
    if (mapping === undefined) throw new KubectlError(`the server doesn't have a resource type "${resource}"`);
    const names = groups.get(mapping.group) ?? [];
    names.push(subresource === undefined ? mapping.resource : `${mapping.resource}/${subresource}`);
    groups.set(mapping.group, names);
  }
  const rules: Loose[] = [...groups].sort(([a], [b]) => (a < b ? -1 : 1)).map(([group, names]) => ({ apiGroups: [group], resources: names, ...(resourceNames.length === 0 ? {} : { resourceNames }), verbs }));
  return urls.length === 0 ? rules : [...rules, { nonResourceURLs: urls, verbs }];
}

function binding(kind: 'RoleBinding' | 'ClusterRoleBinding'): Generator {
  return {
    path: kind.toLowerCase(), flags: { role: 'value', clusterrole: 'value', user: 'list', group: 'list', serviceaccount: 'list' },
    make: ({ name, parsed }) => {
      const { role, clusterrole } = parsed.flags;
      if ((role === undefined) === (clusterrole === undefined)) throw new KubectlError('error: exactly one of clusterrole or role must be specified');
      const subjects = [
        ...list(parsed, 'user').map((user) => ({ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: user })), ...list(parsed, 'group').map((group) => ({ kind: 'Group', apiGroup: 'rbac.authorization.k8s.io', name: group })),
        ...list(parsed, 'serviceaccount').map((account) => {
          const [namespace = '', accountName] = account.split(':');
          if (accountName === undefined) throw new KubectlError('error: serviceaccount must be <namespace>:<name>');
          return { kind: 'ServiceAccount', name: accountName, namespace };
        }),
      ];
      return { apiVersion: 'rbac.authorization.k8s.io/v1', kind, metadata: { name }, roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: role === undefined ? 'ClusterRole' : 'Role', name: role ?? clusterrole }, ...(subjects.length === 0 ? {} : { subjects }) };
    },
  };
}

function jobTemplate({ name, parsed }: Wanted, restartPolicy: string): Loose {
  const command = parsed.rest.length > 0 ? parsed.rest : parsed.args.slice(1);
  return { template: { spec: { containers: [{ name, image: parsed.flags['image'], ...(command.length === 0 ? {} : { command }) }], restartPolicy } } };
}

const GENERATORS: Readonly<Record<string, Generator>> = {
  namespace: { path: 'namespace', flags: {}, make: ({ name }) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } }) },
  serviceaccount: { path: 'serviceaccount', flags: {}, make: ({ name }) => ({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name } }) },
  configmap: {
    path: 'configmap', flags: { 'from-literal': 'list', 'from-file': 'list', 'from-env-file': 'list', 'append-hash': 'bool' },
    make: ({ name, parsed, session }) => {
      const data = keyValues(parsed, session);
      return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, ...(Object.keys(data).length === 0 ? {} : { data }) };
    },
  },
  'secret generic': {
    path: 'secret generic', flags: { 'from-literal': 'list', 'from-file': 'list', 'from-env-file': 'list', type: 'value', 'append-hash': 'bool' },
    make: (wanted) => secret(wanted, undefined, keyValues(wanted.parsed, wanted.session)),
  },
  'secret docker-registry': {
    path: 'secret docker-registry', flags: { 'docker-username': 'value', 'docker-password': 'value', 'docker-email': 'value', 'docker-server': 'value', 'from-file': 'list' }, required: ['docker-password', 'docker-username'],
    make: (wanted) => {
      const { flags } = wanted.parsed;
      const [username, password, email] = [flags['docker-username'] ?? '', flags['docker-password'] ?? '', flags['docker-email']];
      const entry = { username, password, ...given({ email }), auth: base64(`${username}:${password}`) };
      return secret(wanted, 'kubernetes.io/dockerconfigjson', { '.dockerconfigjson': JSON.stringify({ auths: { [flags['docker-server'] ?? 'https://index.docker.io/v1/']: entry } }) });
    },
  },
  'secret tls': {
    path: 'secret tls', flags: { cert: 'value', key: 'value', 'append-hash': 'bool' },
    make: (wanted) => {
      const { cert, key } = wanted.parsed.flags;
      const { readFile } = wanted.session.options;
      if (cert === undefined || key === undefined) throw new KubectlError('error: key and cert must be specified');
      if (readFile === undefined) throw new KubectlError(`error: open ${cert}: no such file or directory`);
      return secret(wanted, 'kubernetes.io/tls', { 'tls.crt': readFile(cert), 'tls.key': readFile(key) });
    },
  },
  deployment: {
    path: 'deployment', flags: { image: 'list', replicas: 'value', port: 'value' }, required: ['image'],
    make: ({ name, parsed }) => {
      const images = list(parsed, 'image');
      const command = parsed.rest.length > 0 ? parsed.rest : parsed.args.slice(1);
      if (images.length > 1 && command.length > 0) throw new KubectlError('error: cannot specify multiple --image options and command');
      const containers = images.map((image) => ({ name: (image.split('/').pop() as string).replace(/[:@].*$/, '').replaceAll('_', '-'), image, ...(command.length === 0 ? {} : { command }), ...(parsed.flags['port'] === undefined ? {} : { ports: [{ containerPort: Number(parsed.flags['port']) }] }) }));
      return { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name, labels: { app: name } }, spec: { replicas: Number(parsed.flags['replicas'] ?? 1), selector: { matchLabels: { app: name } }, template: { metadata: { labels: { app: name } }, spec: { containers } } } };
    },
  },
  job: {
    path: 'job', flags: { image: 'value', from: 'value' },
    make: (wanted) => {
      const { image, from } = wanted.parsed.flags;
      const { name, session } = wanted;
      if ((image === undefined) === (from === undefined)) throw new KubectlError(image === undefined ? 'error: either --image or --from must be specified' : 'error: specify one of --image or --from');
      if (from === undefined) return { apiVersion: 'batch/v1', kind: 'Job', metadata: { name }, spec: jobTemplate(wanted, 'Never') };
      const cronJob = session.ask('GET', session.path(session.resource('cronjobs'), from.replace(/^(cronjobs?|cj)(\.batch)?\//, '')));
      const template = (cronJob['spec'] as { readonly jobTemplate: { readonly metadata?: KubeObject['metadata']; readonly spec: unknown } }).jobTemplate;
      const owner = { apiVersion: 'batch/v1', kind: 'CronJob', name: cronJob.metadata.name ?? '', uid: cronJob.metadata.uid ?? '', controller: true };
      return { apiVersion: 'batch/v1', kind: 'Job', metadata: { name, annotations: { 'cronjob.kubernetes.io/instantiate': 'manual', ...template.metadata?.annotations }, ...given({ labels: template.metadata?.labels }), ownerReferences: [owner] }, spec: template.spec };
    },
  },
  cronjob: {
    path: 'cronjob', flags: { image: 'value', schedule: 'value', restart: 'value' }, required: ['image', 'schedule'],
    make: (wanted) => ({ apiVersion: 'batch/v1', kind: 'CronJob', metadata: { name: wanted.name }, spec: { schedule: wanted.parsed.flags['schedule'], jobTemplate: { metadata: { name: wanted.name }, spec: jobTemplate(wanted, wanted.parsed.flags['restart'] ?? 'OnFailure') } } }),
  },
  quota: {
    path: 'quota', flags: { hard: 'value', scopes: 'value' },
    make: ({ name, parsed }) => ({ apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name }, spec: given({ hard: parsed.flags['hard'] === undefined ? undefined : selectorOf(parsed.flags['hard']), scopes: parsed.flags['scopes']?.split(',') }) }),
  },
  poddisruptionbudget: {
    path: 'poddisruptionbudget', flags: { selector: 'value', 'min-available': 'value', 'max-unavailable': 'value' }, required: ['selector'],
    make: ({ name, parsed }) => {
      const [min, max] = [parsed.flags['min-available'], parsed.flags['max-unavailable']];
      if ((min === undefined) === (max === undefined)) throw new KubectlError(min === undefined ? 'error: one of min-available or max-unavailable must be specified' : 'error: min-available and max-unavailable cannot be both specified');
      return { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata: { name }, spec: { selector: { matchLabels: selectorOf(parsed.flags['selector'] ?? '') }, ...given({ minAvailable: intOrString(min), maxUnavailable: intOrString(max) }) } };
    },
  },
  priorityclass: {
    path: 'priorityclass', flags: { value: 'value', 'global-default': 'bool', description: 'value', 'preemption-policy': 'value' },
    make: ({ name, parsed }) => ({ apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', metadata: { name }, value: Number(parsed.flags['value'] ?? 0), preemptionPolicy: parsed.flags['preemption-policy'] ?? 'PreemptLowerPriority', ...given({ globalDefault: parsed.flags['global-default'] === 'true' ? true : undefined, description: parsed.flags['description'] }) }),
  },
  role: { path: 'role', flags: { verb: 'list', resource: 'list', 'resource-name': 'list' }, make: ({ name, parsed, session }) => ({ apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', metadata: { name }, rules: roleRules(parsed, session) }) },
  clusterrole: { path: 'clusterrole', flags: { verb: 'list', resource: 'list', 'resource-name': 'list', 'non-resource-url': 'list' }, make: ({ name, parsed, session }) => ({ apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: { name }, rules: roleRules(parsed, session) }) },
  rolebinding: binding('RoleBinding'),
  clusterrolebinding: binding('ClusterRoleBinding'),
  ingress: {
    path: 'ingress', flags: { class: 'value', rule: 'list', 'default-backend': 'value', annotation: 'list' },
    make: ({ name, parsed }) => {
      const backend = (text: string): Loose => {
        const [service = '', port = ''] = text.split(':');
        return { service: { name: service, port: /^\d+$/.test(port) ? { number: Number(port) } : { name: port } } };
      };
      const rules = (parsed.lists['rule'] ?? []).map((rule) => {
        const match = /^([^/=]*)(\/[^=]*)?=([^,]+)(?:,tls(?:=(.*))?)?$/.exec(rule);
        if (match === null) throw new KubectlError(`error: rule ${rule} is invalid and should be in format host/path=svcname:svcport[,tls[=secret]]`);
        const [, host = '', path = '', target = ''] = match;
        return { ...(host === '' ? {} : { host }), http: { paths: [{ path: path.replace(/\*$/, ''), pathType: path.endsWith('*') ? 'Prefix' : 'Exact', backend: backend(target) }] } };
      });
      const byDefault = parsed.flags['default-backend'];
      return { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', metadata: { name }, spec: given({ ingressClassName: parsed.flags['class'], rules: rules.length === 0 ? undefined : rules, defaultBackend: byDefault === undefined ? undefined : backend(byDefault) }) };
    },
  },
  'service clusterip': service('ClusterIP'), 'service nodeport': service('NodePort'), 'service loadbalancer': service('LoadBalancer'), 'service externalname': service('ExternalName'),
  token: {
    path: 'token', flags: { audience: 'list', duration: 'value' },
    make: ({ name, parsed }) => ({ apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', metadata: { name }, spec: given({ audiences: parsed.lists['audience'] }) }),
  },
};

/** `kubectl run NAME --image=IMAGE [-- COMMAND]`. @internal */
export function run(session: Session, words: readonly string[]): void {
  const parsed = parseFlags(words, { ...FILES, image: 'value', 'image-pull-policy': 'value', restart: 'value', labels: 'value', annotations: 'list', env: 'list', port: 'value', expose: 'bool', command: 'bool', stdin: 'bool', tty: 'bool', rm: 'bool', attach: 'bool', quiet: 'bool', overrides: 'value', privileged: 'bool' }, 'run', { l: 'labels' });
  const [name = ''] = parsed.args;
  const image = parsed.flags['image'];
  if (image === undefined) throw new KubectlError('error: required flag(s) "image" not set');
  if (name === '') throw new KubectlError("error: NAME is required for run\nSee 'kubectl run -h' for help and examples");
  const restartPolicy = parsed.flags['restart'] ?? 'Always';
  if (!['Always', 'OnFailure', 'Never'].includes(restartPolicy)) throw new KubectlError(`error: invalid restart policy: ${restartPolicy}\nSee 'kubectl run -h' for help and examples`);
  const words2 = parsed.rest.length > 0 ? parsed.rest : parsed.args.slice(1);
  const command = words2.length === 0 ? {} : parsed.flags['command'] === 'true' ? { command: words2 } : { args: words2 };
  const env = (parsed.lists['env'] ?? []).map((pair) => ({ name: pair.slice(0, pair.indexOf('=')), value: pair.slice(pair.indexOf('=') + 1) }));
  const annotations = parsed.lists['annotations'] === undefined ? undefined : selectorOf(parsed.lists['annotations'].join(','));
  const container = {
    name, image, ...command, ...given({ imagePullPolicy: parsed.flags['image-pull-policy'], env: env.length === 0 ? undefined : env, ports: parsed.flags['port'] === undefined ? undefined : [{ containerPort: Number(parsed.flags['port']) }] }),
    ...given({ stdin: parsed.flags['stdin'] === 'true' ? true : undefined, stdinOnce: parsed.flags['stdin'] === 'true' ? true : undefined, tty: parsed.flags['tty'] === 'true' ? true : undefined }),
  };
  const labels = parsed.flags['labels'] === undefined ? { run: name } : selectorOf(parsed.flags['labels']);
  const pod: KubeObject = { apiVersion: 'v1', kind: 'Pod', metadata: { name, labels, ...given({ annotations }) }, spec: { containers: [container], restartPolicy, dnsPolicy: 'ClusterFirst' } };
  const mapping = session.resource('pods');
  if (sendsNothing(session, parsed)) {
    say(session, parsed, mapping, session.hasNamespace ? { ...pod, metadata: { ...pod.metadata, namespace: session.namespace } } : pod, 'created');
    return;
  }
  say(session, parsed, mapping, session.ask('POST', session.path(mapping), { query: writeQuery(parsed, 'kubectl-run'), body: pod }), 'created');
  if (parsed.flags['expose'] === 'true') {
    if (parsed.flags['port'] === undefined) throw new KubectlError('error: --port must be set when exposing a service');
    const body = { apiVersion: 'v1', kind: 'Service', metadata: { name }, spec: { ports: [{ protocol: 'TCP', port: Number(parsed.flags['port']), targetPort: Number(parsed.flags['port']) }], selector: { run: name } } };
    session.ask('POST', session.path(session.resource('services')), { query: writeQuery(parsed, 'kubectl-run'), body });
    session.out(`service/${name} created\n`);
  }
}

/** `kubectl expose`. @internal */
export function expose(session: Session, words: readonly string[]): void {
  const parsed = parseFlags(words, { ...FILES, port: 'value', 'target-port': 'value', name: 'value', type: 'value', protocol: 'value', labels: 'value', selector: 'value', 'cluster-ip': 'value', 'external-ip': 'value', 'session-affinity': 'value', 'load-balancer-ip': 'value' }, 'expose', { l: 'labels' });
  const { selector: _selector, ...flags } = parsed.flags;
  forEachObject(session, resolveObjects(session, { ...parsed, flags }), ({ mapping, object }) => {
    const spec = (object['spec'] ?? {}) as Loose & { readonly selector?: Loose & { readonly matchLabels?: Readonly<Record<string, string>> } };
    if (!['pods', 'services', 'replicationcontrollers', 'deployments', 'replicasets'].includes(mapping.resource)) throw new KubectlError(`error: cannot expose a ${mapping.kind}${mapping.group === '' ? '' : `.${mapping.group}`}`);
    const held = mapping.kind === 'Pod' ? object.metadata.labels : mapping.kind === 'Service' ? spec.selector : spec.selector?.matchLabels;
    const selector = _selector === undefined ? held : selectorOf(_selector);
    if (selector === undefined || Object.keys(selector).length === 0) throw new KubectlError(`error: couldn't retrieve selectors via --selector flag or introspection: the ${mapping.kind.toLowerCase()} has no ${mapping.kind === 'Pod' ? 'labels and cannot be exposed' : 'pod selector set'}`);
    const podSpec = (mapping.kind === 'Pod' ? spec : (spec['template'] as { readonly spec?: Loose } | undefined)?.spec) as { readonly containers?: readonly { readonly ports?: readonly { readonly containerPort: number; readonly protocol?: string }[] }[] } | undefined;
    const found = mapping.kind === 'Service' ? (spec['ports'] as readonly { readonly port: number; readonly protocol?: string }[] ?? []).map(({ port, protocol }) => ({ containerPort: port, protocol })) : (podSpec?.containers ?? []).flatMap(({ ports = [] }) => ports);
    const wanted = parsed.flags['port']?.split(',').map((port) => ({ containerPort: Number(port), protocol: undefined })) ?? found;
    if (wanted.length === 0) throw new KubectlError(`error: couldn't find port via --port flag or introspection`);
    const ports = wanted.map(({ containerPort, protocol }, index) => ({ ...(wanted.length > 1 ? { name: `port-${index + 1}` } : {}), port: containerPort, protocol: parsed.flags['protocol'] ?? protocol ?? found.find((each) => each.containerPort === containerPort)?.protocol ?? 'TCP', targetPort: intOrString(parsed.flags['target-port']) ?? containerPort }));
    const labels = parsed.flags['labels'] === undefined ? object.metadata.labels : selectorOf(parsed.flags['labels']);
    const body: KubeObject = {
      apiVersion: 'v1', kind: 'Service', metadata: { name: parsed.flags['name'] ?? object.metadata.name ?? '', ...given({ labels }) },
      spec: { ports, selector, ...given({ type: parsed.flags['type'], clusterIP: parsed.flags['cluster-ip'], sessionAffinity: parsed.flags['session-affinity'], externalIPs: parsed.flags['external-ip'] === undefined ? undefined : [parsed.flags['external-ip']], loadBalancerIP: parsed.flags['load-balancer-ip'] }) },
    };
    const services = session.resource('services');
    if (sendsNothing(session, parsed)) say(session, parsed, services, body, 'exposed');
    else say(session, parsed, services, session.ask('POST', session.path(services), { query: writeQuery(parsed, 'kubectl-expose'), body }), 'exposed');
  });
}

/** `kubectl autoscale`. @internal */
export function autoscale(session: Session, words: readonly string[]): void {
  const parsed = parseFlags(words, { ...FILES, min: 'value', max: 'value', name: 'value', 'cpu-percent': 'value', cpu: 'value', memory: 'value' }, 'autoscale');
  if (parsed.flags['max'] === undefined) throw new KubectlError('error: required flag(s) "max" not set');
  const [min, max] = [number(parsed.flags['min']), Number(parsed.flags['max'])];
  if (max < 1) throw new KubectlError(`error: --max=MAXPODS is required and must be at least 1, max: ${max}`);
  if (min !== undefined && max < min) throw new KubectlError(`error: --max=MAXPODS must be larger or equal to --min=MINPODS, max: ${max}, min: ${min}`);
  forEachObject(session, resolveObjects(session, parsed), ({ mapping, object }) => {
    if (!['deployments', 'replicasets', 'statefulsets', 'replicationcontrollers'].includes(mapping.resource)) throw new KubectlError(`error: cannot autoscale a ${mapping.kind}: could not find scale subresource for ${mapping.group}/${mapping.version}, Resource=${mapping.resource} in discovery information`);
    const metric = (name: string, text: string | undefined): readonly Loose[] => (text === undefined ? [] : [{ type: 'Resource', resource: { name, target: text.endsWith('%') || /^\d+$/.test(text) && name === 'cpu' ? { type: 'Utilization', averageUtilization: Number(text.replace('%', '')) } : { type: 'AverageValue', averageValue: text } } }]);
    const metrics = [...metric('cpu', parsed.flags['cpu'] ?? parsed.flags['cpu-percent']), ...metric('memory', parsed.flags['memory'])];
    const body: KubeObject = {
      apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler', metadata: { name: parsed.flags['name'] ?? object.metadata.name ?? '' },
      spec: { maxReplicas: max, ...given({ minReplicas: min === undefined || min < 1 ? undefined : min }), metrics: metrics.length === 0 ? undefined : metrics, scaleTargetRef: { apiVersion: apiVersionOf(mapping), kind: mapping.kind, name: object.metadata.name ?? '' } },
    };
    const scalers = mappingOf(session, body, qualified(mapping));
    if (sendsNothing(session, parsed)) say(session, parsed, scalers, body, 'autoscaled');
    else say(session, parsed, scalers, session.ask('POST', session.path(scalers), { query: writeQuery(parsed, 'kubectl-autoscale'), body }), 'autoscaled');
  });
}
