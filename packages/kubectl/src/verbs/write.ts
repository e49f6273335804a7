// Verbs that write objects: apply, create, replace, delete, patch, label, annotate, scale, set image, edit, run.
import { definitionOfKind, schemaDefinition, type KubeObject } from '@kubesim/api';
import { parseFlags, type FlagKinds, type Parsed } from '../flags.ts';
import { KubectlError } from '../kubectl-error.ts';
import { printJson, printYaml, sortKeys, withoutManagedFields } from '../printers/object.ts';
import { qualified, statusError, type Mapping, type Session } from '../session.ts';
import { mappingOf, parseManifest, readFiles, readTargets, resolveObjects, listItems } from '../targets.ts';
import { isEqual, threeWayPatch } from '../three-way-patch.ts';
import type { Status } from '@kubesim/api';

const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';
const FILES: FlagKinds = { filename: 'list', output: 'value', 'dry-run': 'optional', recursive: 'bool', validate: 'optional', 'field-manager': 'value', kustomize: 'value', 'show-managed-fields': 'bool' };
const OBJECTS: FlagKinds = { ...FILES, selector: 'value', all: 'bool', 'all-namespaces': 'bool', 'field-selector': 'value' };

const TYPES = { strategic: 'application/strategic-merge-patch+json', merge: 'application/merge-patch+json', json: 'application/json-patch+json', apply: 'application/apply-patch+yaml' } as const;

/** Says what was done: `statefulset.apps/web created`, or the object with -o. */
function say(session: Session, parsed: Parsed, mapping: Mapping, object: KubeObject, done: string): void {
  const output = parsed.flags['output'];
  const dryRun = parsed.flags['dry-run'];
  const suffix = dryRun === 'server' ? ' (server dry run)' : dryRun === 'client' || dryRun === '' ? ' (dry run)' : '';
  if (output === undefined || output === '') session.out(`${qualified(mapping)}/${object.metadata.name ?? ''} ${done}${suffix}\n`);
  else if (output === 'name') session.out(`${qualified(mapping)}/${object.metadata.name ?? ''}\n`);
  else session.out(output === 'json' ? printJson(withoutManagedFields(object)) : printYaml(withoutManagedFields(object)));
}

function writeQuery(parsed: Parsed, manager: string): Readonly<Record<string, string | undefined>> {
  return { fieldManager: parsed.flags['field-manager'] ?? manager, fieldValidation: parsed.flags['validate'] === 'false' ? 'Ignore' : 'Strict', dryRun: parsed.flags['dry-run'] === 'server' ? 'All' : undefined };
}

/** JSON with sorted keys and Go's escapes, as kubectl writes its annotation. */
function goJson(value: unknown): string {
  return JSON.stringify(sortKeys(value)).replace(/[<>&\u2028\u2029]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function withLastApplied(object: KubeObject, namespace: string | undefined): KubeObject {
  const { [LAST_APPLIED]: _old, ...annotations } = object.metadata.annotations ?? {};
  const metadata = { ...object.metadata, ...(namespace === undefined ? {} : { namespace }), annotations };
  const configuration = `${goJson({ ...object, metadata })}\n`;
  return { ...object, metadata: { ...metadata, annotations: { ...annotations, [LAST_APPLIED]: configuration } } };
}

/** `kubectl apply`. @internal */
export function apply(session: Session, words: readonly string[]): void {
  const parsed = parseFlags(words, { ...FILES, 'server-side': 'bool', 'force-conflicts': 'bool', prune: 'bool', selector: 'value', wait: 'bool', force: 'bool', overwrite: 'bool' });
  if (parsed.lists['filename'] === undefined) throw new KubectlError('error: must specify one of -f and -k');
  const objects = readFiles(session, parsed);
  if (objects.length === 0) throw new KubectlError('error: no objects passed to apply');
  forEachObject(session, objects.map((object) => ({ object, mapping: mappingOf(session, object, 'STDIN') })), ({ object, mapping }) => {
    if (parsed.flags['server-side'] === 'true') serverSideApply(session, parsed, mapping, object);
    else clientSideApply(session, parsed, mapping, object);
  });
}

/** Goes through all objects; an error of one does not stop the others. */
function forEachObject<T>(session: Session, list: readonly T[], run: (item: T) => void): void {
  for (const item of list) {
    try {
      run(item);
    } catch (error) {
      if (!(error instanceof KubectlError)) throw error;
      session.err(`${error.message}\n`);
      session.exit = 1;
    }
  }
}

function clientSideApply(session: Session, parsed: Parsed, mapping: Mapping, object: KubeObject): void {
  const namespace = mapping.namespaced ? object.metadata.namespace ?? session.namespace : undefined;
  const wanted = withLastApplied(object, namespace);
  const name = object.metadata.name ?? '';
  if (name === '') throw new KubectlError('error: error when retrieving current configuration of:\nresource name may not be empty');
  const live = session.find(mapping, name, namespace);
  const query = writeQuery(parsed, 'kubectl-client-side-apply');
  if (live === undefined) {
    const response = session.send('POST', session.path(mapping, undefined, namespace), { query, body: wanted });
    if (response.status >= 400) throw creating(response.body as Status, 'creating');
    say(session, parsed, mapping, response.body as KubeObject, 'created');
    return;
  }
  const lastApplied = live.metadata.annotations?.[LAST_APPLIED];
  if (lastApplied === undefined) session.err(`Warning: resource ${mapping.resource}/${name} is missing the ${LAST_APPLIED} annotation which is required by kubectl apply. kubectl apply should only be used on resources created declaratively by either kubectl create --save-config or kubectl apply. The missing annotation will be patched automatically.\n`);
  const definition = definitionOfKind(mapping.group, mapping.version, mapping.kind);
  const schema = definition === undefined ? undefined : schemaDefinition(definition);
  const patch = threeWayPatch(lastApplied === undefined ? undefined : JSON.parse(lastApplied) as KubeObject, wanted, live, schema);
  if (Object.keys(patch).length === 0) {
    say(session, parsed, mapping, live, 'unchanged');
    return;
  }
  const response = session.send('PATCH', session.path(mapping, name, namespace), { query, body: patch, type: schema === undefined ? TYPES.merge : TYPES.strategic });
  if (response.status >= 400) throw creating(response.body as Status, 'applying patch');
  say(session, parsed, mapping, response.body as KubeObject, 'configured');
}

/** Errors of apply -f and create -f say what kubectl was doing, but for Invalid ones. */
function creating(status: Status, doing: string): KubectlError {
  const error = statusError(status);
  if (status.reason === 'Invalid') return error;
  return new KubectlError(error.message.replace(/^Error from server( \([^)]*\))?: /, (head) => `${head}error when ${doing} "STDIN": `));
}

function serverSideApply(session: Session, parsed: Parsed, mapping: Mapping, object: KubeObject): void {
  const namespace = mapping.namespaced ? object.metadata.namespace ?? session.namespace : undefined;
  const query = { ...writeQuery(parsed, 'kubectl'), force: parsed.flags['force-conflicts'] === 'true' ? 'true' : 'false' };
  const sent = namespace === undefined ? object : { ...object, metadata: { ...object.metadata, namespace } };
  const response = session.send('PATCH', session.path(mapping, object.metadata.name ?? '', namespace), { query, body: sent, type: TYPES.apply });
  if (response.status === 409) {
    const causes = (response.body as Status).details?.causes ?? [];
    const managers = causes.map((cause) => `conflict${cause.message?.replace(/^conflict/, '') ?? ''}: ${cause.field ?? ''}`);
    throw new KubectlError(`error: Apply failed with ${causes.length} conflict${causes.length === 1 ? '' : 's'}: ${managers.join('\n')}\nPlease review the fields above--they currently have other managers. Here\nare the ways you can resolve this warning:\n* If you intend to manage all of these fields, please re-run the apply\n  command with the \`--force-conflicts\` flag.\n* If you do not intend to manage all of the fields, please edit your\n  manifest to remove references to the fields that should keep their\n  current managers.\n* You may co-own fields by updating your manifest to match the existing\n  value; in this case, you'll become the manager if the other manager(s)\n  stop managing the field (remove it from their configuration).\nSee https://kubernetes.io/docs/reference/using-api/server-side-apply/#conflicts`);
  }
  if (response.status >= 400) throw statusError(response.body as Status);
  say(session, parsed, mapping, response.body as KubeObject, 'serverside-applied');
}

/** `kubectl create -f`, and its generators for namespaces, config maps and deployments. @internal */
export function create(session: Session, words: readonly string[]): void {
  const parsed = parseFlags(words, { ...FILES, image: 'list', replicas: 'value', port: 'value', 'from-literal': 'list', 'save-config': 'bool', clusterip: 'value', tcp: 'list' });
  const objects = parsed.lists['filename'] === undefined ? [generate(parsed)] : readFiles(session, parsed);
  forEachObject(session, objects.map((object) => ({ object, mapping: mappingOf(session, object, 'STDIN') })), ({ object, mapping }) => {
    const namespace = mapping.namespaced ? object.metadata.namespace ?? session.namespace : undefined;
    const response = session.send('POST', session.path(mapping, undefined, namespace), { query: writeQuery(parsed, 'kubectl-create'), body: object });
    if (response.status >= 400) throw parsed.lists['filename'] === undefined ? failedToCreate(response.body as Status, mapping) : creating(response.body as Status, 'creating');
    say(session, parsed, mapping, response.body as KubeObject, 'created');
  });
}

function failedToCreate(status: Status, mapping: Mapping): KubectlError {
  return new KubectlError(`error: failed to create ${mapping.singular}: ${status.message ?? ''}`);
}

function generate(parsed: Parsed): KubeObject {
  const [type = '', name = ''] = parsed.args;
  if (type === '') throw new KubectlError('error: must specify one of -f and -k');
  const needName = (): void => { if (name === '') throw new KubectlError(`error: exactly one NAME is required, got 0\nSee 'kubectl create ${type} -h' for help and examples`); };
  switch (type) {
    case 'namespace': case 'ns':
      needName();
      return { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
    case 'serviceaccount': case 'sa':
      needName();
      return { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name } };
    case 'configmap': case 'cm': {
      needName();
      const data = Object.fromEntries((parsed.lists['from-literal'] ?? []).map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]));
      return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data };
    }
    case 'deployment': case 'deploy': {
      needName();
      const images = parsed.lists['image'] ?? [];
      if (images.length === 0) throw new KubectlError('error: required flag(s) "image" not set');
      const containers = images.map((image) => ({ name: (image.split('/').pop() as string).replace(/[:@].*$/, ''), image, ...(parsed.flags['port'] === undefined ? {} : { ports: [{ containerPort: Number(parsed.flags['port']) }] }) }));
      return { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name, labels: { app: name } }, spec: { replicas: Number(parsed.flags['replicas'] ?? 1), selector: { matchLabels: { app: name } }, template: { metadata: { labels: { app: name } }, spec: { containers } } } };
    }
    default:
      throw new KubectlError(`error: Unexpected args: [${parsed.args.join(' ')}]\nSee 'kubectl create -h' for help and examples`);
  }
}

/** `kubectl replace`, with --force by deleting first. @internal */
export function replace(session: Session, words: readonly string[]): void {
  const parsed = parseFlags(words, { ...FILES, force: 'bool', 'grace-period': 'value', cascade: 'optional', timeout: 'value', subresource: 'value' });
  forEachObject(session, readFiles(session, parsed).map((object) => ({ object, mapping: mappingOf(session, object, 'STDIN') })), ({ object, mapping }) => {
    const namespace = mapping.namespaced ? object.metadata.namespace ?? session.namespace : undefined;
    const name = object.metadata.name ?? '';
    if (parsed.flags['force'] === 'true') {
      if (session.find(mapping, name, namespace) !== undefined) deleteOne(session, { mapping, name, namespace, body: { propagationPolicy: 'Background' }, done: 'deleted', suffix: '', wait: true });
      const created = session.ask('POST', session.path(mapping, undefined, namespace), { query: writeQuery(parsed, 'kubectl-replace'), body: object });
      say(session, parsed, mapping, created, 'replaced');
      return;
    }
    const response = session.send('PUT', session.path(mapping, name, namespace), { query: writeQuery(parsed, 'kubectl-replace'), body: object });
    if (response.status >= 400) throw creating(response.body as Status, 'replacing');
    say(session, parsed, mapping, response.body as KubeObject, 'replaced');
  });
}

interface Deletion {
  readonly mapping: Mapping;
  readonly name: string;
  readonly namespace: string | undefined;
  readonly body: Readonly<Record<string, unknown>>;
  readonly done: string;
  readonly wait: boolean;
  /** What stands behind the namespace. */
  readonly suffix: string;
}

const DELETE_WAIT_MS = 7 * 24 * 3_600_000;

function deleteOne(session: Session, deletion: Deletion): void {
  const { mapping, name, namespace, body, done } = deletion;
  const path = session.path(mapping, name, namespace);
  const live = session.find(mapping, name, namespace);
  session.ask('DELETE', path, { body });
  session.out(`${qualified(mapping)} "${name}" ${done}${mapping.namespaced ? ` from ${namespace ?? ''} namespace` : ''}${deletion.suffix}\n`);
  if (!deletion.wait) return;
  session.wait(() => {
    const now = session.find(mapping, name, namespace);
    return now === undefined || now.metadata.uid !== live?.metadata.uid;
  }, session.options.now() + DELETE_WAIT_MS);
}

/** `kubectl delete`. @internal */
export function remove(session: Session, words: readonly string[]): void {
  const parsed = parseFlags(words, { ...OBJECTS, cascade: 'optional', 'grace-period': 'value', now: 'bool', force: 'bool', wait: 'value', 'ignore-not-found': 'bool', timeout: 'value' });
  const cascade = parsed.flags['cascade'] ?? 'background';
  const policies: Readonly<Record<string, string>> = { background: 'Background', true: 'Background', '': 'Background', foreground: 'Foreground', orphan: 'Orphan', false: 'Orphan' };
  const policy = policies[cascade];
  if (policy === undefined) throw new KubectlError(`error: invalid cascade value (${cascade}). Must be "background", "foreground", or "orphan"`);
  const force = parsed.flags['force'] === 'true';
  const grace = parsed.flags['now'] === 'true' ? 1 : parsed.flags['grace-period'] === undefined ? (force ? 0 : undefined) : Number(parsed.flags['grace-period']);
  if (force && grace === 0) session.err('Warning: Immediate deletion does not wait for confirmation that the running resource has been terminated. The resource may continue to run on the cluster indefinitely.\n');
  const body = { propagationPolicy: policy, ...(grace === undefined || grace < 0 ? {} : { gracePeriodSeconds: grace }), ...(parsed.flags['dry-run'] === 'server' ? { dryRun: ['All'] } : {}) };
  const targets = deletionTargets(session, parsed);
  if (targets.length === 0) session.out('No resources found\n');
  forEachObject(session, targets, ({ mapping, name, namespace }) => {
    if (parsed.flags['ignore-not-found'] === 'true' && session.find(mapping, name, namespace) === undefined) return;
    const done = force && grace === 0 ? 'force deleted' : 'deleted';
    if (parsed.flags['dry-run'] === 'client') {
      session.ask('GET', session.path(mapping, name, namespace));
      session.out(parsed.flags['output'] === 'name' ? `${qualified(mapping)}/${name}\n` : `${qualified(mapping)} "${name}" ${done}${namespace === undefined ? '' : ` from ${namespace} namespace`} (dry run)\n`);
      return;
    }
    deleteOne(session, { mapping, name, namespace, body, done, suffix: parsed.flags['dry-run'] === 'server' ? ' (server dry run)' : '', wait: parsed.flags['wait'] !== 'false' && parsed.flags['dry-run'] === undefined });
  });
}

function deletionTargets(session: Session, parsed: Parsed): readonly { readonly mapping: Mapping; readonly name: string; readonly namespace: string | undefined }[] {
  if (parsed.lists['filename'] !== undefined) {
    return readFiles(session, parsed).map((object) => {
      const mapping = mappingOf(session, object, 'STDIN');
      return { mapping, name: object.metadata.name ?? '', namespace: mapping.namespaced ? object.metadata.namespace ?? session.namespace : undefined };
    });
  }
  const { types, names } = readTargets(session, parsed.args);
  if (names.length > 0) return names.map(({ mapping, name }) => ({ mapping, name, namespace: mapping.namespaced ? session.namespace : undefined }));
  if (parsed.flags['selector'] === undefined && parsed.flags['all'] !== 'true' && parsed.flags['field-selector'] === undefined) throw new KubectlError('error: resource(s) were provided, but no name was specified');
  return types.flatMap((mapping) => listItems(session, mapping, parsed).map((object) => ({ mapping, name: object.metadata.name ?? '', namespace: object.metadata.namespace })));
}

function patchObject(session: Session, parsed: Parsed, target: { readonly mapping: Mapping; readonly object: KubeObject; readonly namespace: string }, options: { readonly body: unknown; readonly type: keyof typeof TYPES; readonly manager: string; readonly subresource?: string }): KubeObject {
  const path = `${session.path(target.mapping, target.object.metadata.name ?? '', target.namespace)}${options.subresource === undefined ? '' : `/${options.subresource}`}`;
  return session.ask('PATCH', path, { query: { fieldManager: parsed.flags['field-manager'] ?? options.manager, dryRun: parsed.flags['dry-run'] === 'server' ? 'All' : undefined }, body: options.body, type: TYPES[options.type] });
}

/** `kubectl patch`. @internal */
export function patch(session: Session, words: readonly string[]): void {
  const parsed = parseFlags(words, { ...OBJECTS, patch: 'value', type: 'value', 'patch-file': 'value', subresource: 'value', local: 'bool' });
  const text = parsed.flags['patch'] ?? '';
  if (text === '') throw new KubectlError('error: must specify --patch or --patch-file containing the contents of the patch');
  const [body] = text.trim().startsWith('[') ? [JSON.parse(text) as unknown] : parseManifest(text, 'patch');
  const type = (parsed.flags['type'] ?? 'strategic') as keyof typeof TYPES;
  if (!['strategic', 'merge', 'json'].includes(type)) throw new KubectlError(`error: --type must be one of [json merge strategic], not "${type}"`);
  forEachObject(session, resolveObjects(session, parsed), (target) => {
    const patched = patchObject(session, parsed, target, { body, type, manager: 'kubectl-patch', subresource: parsed.flags['subresource'] });
    say(session, parsed, target.mapping, patched, isEqual(stripVersion(patched), stripVersion(target.object)) ? 'patched (no change)' : 'patched');
  });
}

function stripVersion(object: KubeObject): unknown {
  return withoutManagedFields(object);
}

/** `kubectl label` and `kubectl annotate`. @internal */
export function labelOrAnnotate(session: Session, verb: 'label' | 'annotate', words: readonly string[]): void {
  const parsed = parseFlags(words, { ...OBJECTS, overwrite: 'bool', list: 'bool', 'resource-version': 'value' });
  const field = verb === 'label' ? 'labels' : 'annotations';
  const isChange = (arg: string): boolean => /^[^/=]*(\/[^=]*)?=/.test(arg) && arg.includes('=') || arg.endsWith('-');
  const changes = parsed.args.filter((arg, index) => index > 0 && isChange(arg));
  const targets = resolveObjects(session, { ...parsed, args: parsed.args.filter((arg) => !changes.includes(arg)) });
  if (changes.length === 0) throw new KubectlError(`error: at least one ${verb === 'label' ? 'label' : 'annotation'} update is required`);
  forEachObject(session, targets, (target) => {
    const held = target.object.metadata[field] ?? {};
    const update: Record<string, string | null> = {};
    for (const change of changes) {
      const equals = change.indexOf('=');
      const key = equals < 0 ? change.slice(0, -1) : change.slice(0, equals);
      const value = equals < 0 ? null : change.slice(equals + 1);
      if (value !== null && held[key] !== undefined && held[key] !== value && parsed.flags['overwrite'] !== 'true') throw new KubectlError(verb === 'label' ? `error: '${key}' already has a value (${held[key]}), and --overwrite is false` : `error: --overwrite is false but found the following declared annotation(s): '${key}' already has a value (${held[key]})`);
      if (value === null && held[key] === undefined) session.out(`${verb} "${key}" not found.\n`);
      update[key] = value;
    }
    const changed = patchObject(session, parsed, target, { body: { metadata: { [field]: update } }, type: 'merge', manager: `kubectl-${verb}` });
    const removesOnly = Object.values(update).every((value) => value === null);
    const done = verb === 'annotate' ? 'annotated' : isEqual(held, changed.metadata.labels ?? {}) ? 'not labeled' : removesOnly ? 'unlabeled' : 'labeled';
    say(session, parsed, target.mapping, changed, done);
  });
}

/** `kubectl scale`. @internal */
export function scale(session: Session, words: readonly string[]): void {
  const parsed = parseFlags(words, { ...OBJECTS, replicas: 'value', 'current-replicas': 'value', 'resource-version': 'value', timeout: 'value' });
  const replicas = Number(parsed.flags['replicas']);
  if (parsed.flags['replicas'] === undefined || !Number.isInteger(replicas) || replicas < 0) throw new KubectlError(`error: The --replicas=COUNT flag is required, and COUNT must be greater than or equal to 0`);
  forEachObject(session, resolveObjects(session, parsed), (target) => {
    const current = parsed.flags['current-replicas'];
    if (current !== undefined && Number(current) !== (target.object['spec']?.replicas ?? 1)) throw new KubectlError(`error: Expected replicas to be ${current}, was ${target.object['spec']?.replicas ?? 1}`);
    patchObject(session, parsed, target, { body: { spec: { replicas } }, type: 'merge', manager: 'kubectl', subresource: 'scale' });
    say(session, parsed, target.mapping, target.object, 'scaled');
  });
}

/** `kubectl set image|env|resources`. @internal */
export function set(session: Session, words: readonly string[]): void {
  const [what = '', ...rest] = words;
  if (what !== 'image' && what !== 'env') throw new KubectlError(`error: unknown command "${what}"`);
  const parsed = parseFlags(rest, { ...OBJECTS, local: 'bool', containers: 'value', overwrite: 'bool' });
  const pairs = parsed.args.filter((arg) => arg.includes('=')).map((arg) => [arg.slice(0, arg.indexOf('=')), arg.slice(arg.indexOf('=') + 1)] as const);
  const targets = resolveObjects(session, { ...parsed, args: parsed.args.filter((arg) => !arg.includes('=')) });
  forEachObject(session, targets, (target) => {
    const isPod = target.object['spec']?.template === undefined;
    const podSpec = (isPod ? target.object['spec'] : target.object['spec'].template.spec) as Readonly<Record<string, readonly { readonly name: string }[] | undefined>>;
    const containers = podSpec['containers'] ?? [];
    const inner: Record<string, unknown> = {};
    if (what === 'env') {
      inner['containers'] = containers.map(({ name }) => ({ name, env: pairs.map(([key, value]) => ({ name: key, value })) }));
    } else {
      const unknown = pairs.find(([name]) => name !== '*' && ![...containers, ...(podSpec['initContainers'] ?? [])].some((container) => container.name === name));
      if (unknown !== undefined) throw new KubectlError(`error: unable to find container named "${unknown[0]}"`);
      for (const list of ['containers', 'initContainers']) {
        const changed = (podSpec[list] ?? []).flatMap(({ name }) => pairs.filter(([wanted]) => wanted === name || wanted === '*').map(([, image]) => ({ name, image })));
        if (changed.length > 0) Object.assign(inner, { [list]: changed, [`$setElementOrder/${list}`]: (podSpec[list] ?? []).map(({ name }) => ({ name })) });
      }
    }
    const changed = patchObject(session, parsed, target, { body: { spec: isPod ? inner : { template: { spec: inner } } }, type: 'strategic', manager: 'kubectl-set' });
    if (changed.metadata.resourceVersion !== target.object.metadata.resourceVersion || parsed.flags['output'] !== undefined) say(session, parsed, target.mapping, changed, `${what} updated`);
  });
}

/** `kubectl edit`: the editor is a function that is given. @internal */
export function edit(session: Session, words: readonly string[]): void {
  const parsed = parseFlags(words, OBJECTS);
  const editor = session.options.edit;
  if (editor === undefined) throw new KubectlError('error: no editor: give one as `edit`');
  forEachObject(session, resolveObjects(session, parsed), (target) => {
    const before = withoutManagedFields(target.object);
    const [after] = parseManifest(editor(printYaml(before)), 'editor');
    if (after === undefined || isEqual(after, before)) {
      session.out('Edit cancelled, no changes made.\n');
      return;
    }
    const definition = definitionOfKind(target.mapping.group, target.mapping.version, target.mapping.kind);
    const schema = definition === undefined ? undefined : schemaDefinition(definition);
    const body = threeWayPatch(before, after, before, schema);
    const edited = patchObject(session, parsed, target, { body, type: schema === undefined ? 'merge' : 'strategic', manager: 'kubectl-edit' });
    say(session, parsed, target.mapping, edited, 'edited');
  });
}

/** `kubectl run NAME --image=IMAGE [-- COMMAND]`. @internal */
export function run(session: Session, words: readonly string[]): void {
  const parsed = parseFlags(words, { ...FILES, image: 'value', restart: 'value', labels: 'value', env: 'list', port: 'value', command: 'bool', stdin: 'bool', tty: 'bool', rm: 'bool', attach: 'bool', quiet: 'bool' });
  const [name = ''] = parsed.args;
  const image = parsed.flags['image'];
  if (name === '') throw new KubectlError('error: NAME is required for run');
  if (image === undefined) throw new KubectlError('error: required flag(s) "image" not set');
  const command = parsed.rest.length === 0 ? {} : parsed.flags['command'] === 'true' ? { command: parsed.rest } : { args: parsed.rest };
  const labels = parsed.flags['labels'] === undefined ? { run: name } : Object.fromEntries(parsed.flags['labels'].split(',').map((pair) => pair.split('=')));
  const pod: KubeObject = { apiVersion: 'v1', kind: 'Pod', metadata: { name, labels }, spec: { containers: [{ name, image, ...command }], restartPolicy: parsed.flags['restart'] ?? 'Always' } };
  const mapping = session.resource('pods');
  say(session, parsed, mapping, session.ask('POST', session.path(mapping), { query: writeQuery(parsed, 'kubectl-run'), body: pod }), 'created');
}
