// Verbs that change objects: replace, delete, patch, label, annotate, scale, set, edit.
import { definitionOfKind, schemaDefinition, type KubeObject } from '@kubesim/api';
import { parseFlags, type Parsed } from '../flags.ts';
import { KubectlError } from '../kubectl-error.ts';
import { printYaml, withoutManagedFields } from '../printers/object.ts';
import { qualified, type Mapping, type Session } from '../session.ts';
import { mappingOf, parseManifest, readFiles, readTargets, resolveObjects, listItems } from '../targets.ts';
import { isEqual, threeWayPatch } from '../three-way-patch.ts';
import { creating, FILES, forEachObject, OBJECTS, patchObject, say, sendsNothing, writeQuery, type PATCH_TYPES } from '../writing.ts';
import type { Status } from '@kubesim/api';

/** `kubectl replace`, with --force by deleting first. @internal */
export function replace(session: Session, words: readonly string[]): void {
  const parsed = parseFlags(words, { ...FILES, force: 'bool', 'grace-period': 'value', cascade: 'optional', timeout: 'value', wait: 'value', subresource: 'value' }, 'replace');
  if (parsed.lists['filename'] === undefined && parsed.flags['kustomize'] === undefined) throw new KubectlError('error: must specify one of -f and -k');
  const isDry = sendsNothing(session, parsed);
  forEachObject(session, readFiles(session, parsed), ({ object, source }) => {
    const mapping = mappingOf(session, object, source);
    const namespace = mapping.namespaced ? object.metadata.namespace ?? session.namespace : undefined;
    const name = object.metadata.name ?? '';
    if (isDry) return say(session, parsed, mapping, object, 'replaced');
    if (parsed.flags['force'] === 'true') {
      if (session.find(mapping, name, namespace) !== undefined) deleteOne(session, { mapping, name, namespace, body: { propagationPolicy: 'Background' }, done: 'deleted', suffix: '', wait: true });
      const created = session.ask('POST', session.path(mapping, undefined, namespace), { query: writeQuery(parsed, 'kubectl-replace'), body: object });
      return say(session, parsed, mapping, created, 'replaced');
    }
    const subresource = parsed.flags['subresource'];
    const response = session.send('PUT', `${session.path(mapping, name, namespace)}${subresource === undefined ? '' : `/${subresource}`}`, { query: writeQuery(parsed, 'kubectl-replace'), body: object });
    if (response.status >= 400) throw creating(response.body as Status, 'replacing', source);
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

/** What verbs say that were given nothing to act on. @internal */
export const NO_RESOURCES = "error: You must provide one or more resources by argument or filename.\nExample resource specifications include:\n   '-f rsrc.yaml'\n   '--filename=rsrc.json'\n   '<resource> <name>'\n   '<resource>'";

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
  const parsed = parseFlags(words, { ...OBJECTS, cascade: 'optional', 'grace-period': 'value', now: 'bool', force: 'bool', wait: 'value', 'ignore-not-found': 'bool', timeout: 'value', raw: 'value', interactive: 'bool' }, 'delete', { i: 'interactive' });
  if (parsed.args.length === 0 && parsed.lists['filename'] === undefined) throw new KubectlError(NO_RESOURCES);
  if (parsed.flags['all'] === 'true' && parsed.flags['selector'] !== undefined) throw new KubectlError("error: setting 'all' parameter but found a non empty selector. ");
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
    return readFiles(session, parsed).map(({ object, source }) => {
      const mapping = mappingOf(session, object, source);
      return { mapping, name: object.metadata.name ?? '', namespace: mapping.namespaced ? object.metadata.namespace ?? session.namespace : undefined };
    });
  }
  const { types, names } = readTargets(session, parsed.args);
  if (names.length > 0) return names.map(({ mapping, name }) => ({ mapping, name, namespace: mapping.namespaced ? session.namespace : undefined }));
  if (parsed.flags['selector'] === undefined && parsed.flags['all'] !== 'true' && parsed.flags['field-selector'] === undefined) throw new KubectlError('error: resource(s) were provided, but no name was specified');
  return types.flatMap((mapping) => listItems(session, mapping, parsed).map((object) => ({ mapping, name: object.metadata.name ?? '', namespace: object.metadata.namespace })));
}

/** `kubectl patch`. @internal */
export function patch(session: Session, words: readonly string[]): void {
  const parsed = parseFlags(words, { ...OBJECTS, patch: 'value', type: 'value', 'patch-file': 'value', subresource: 'value' }, 'patch');
  const file = parsed.flags['patch-file'];
  const text = file === undefined ? parsed.flags['patch'] ?? '' : session.options.readFile?.(file) ?? '';
  if (text === '') throw new KubectlError('error: must specify --patch or --patch-file containing the contents of the patch');
  const type = (parsed.flags['type'] ?? 'strategic') as keyof typeof PATCH_TYPES;
  if (!['strategic', 'merge', 'json'].includes(type)) throw new KubectlError(`error: --type must be one of [json merge strategic], not "${type}"`);
  // JSON goes as it is: the server says what is wrong with it.
  const body: unknown = /^\s*[[{]/.test(text) ? text : parseManifest(text, 'patch')[0];
  const isDry = sendsNothing(session, parsed);
  forEachObject(session, resolveObjects(session, parsed), (target) => {
    const patched = isDry ? target.object : patchObject(session, parsed, target, { body, type, manager: 'kubectl-patch', subresource: parsed.flags['subresource'] });
    say(session, parsed, target.mapping, patched, !isDry && isEqual(withoutManagedFields(patched), withoutManagedFields(target.object)) ? 'patched (no change)' : 'patched');
  });
}

/** Words that change labels or annotations come after the objects: `key=value`, `key-`. */
function splitChanges(session: Session, verb: 'label' | 'annotation', args: readonly string[]): { readonly targets: readonly string[]; readonly changes: readonly string[] } {
  const isChange = (arg: string): boolean => (arg.includes('=') && !arg.startsWith('=')) || arg.endsWith('-');
  const start = args.findIndex((arg, index) => isChange(arg) && (index > 0 || !session.isResourceWord(arg)));
  if (start < 0) return { targets: args, changes: [] };
  const late = args.slice(start).find((arg) => !isChange(arg));
  if (late !== undefined) throw new KubectlError(`error: all resources must be specified before ${verb} changes: ${late}`);
  return { targets: args.slice(0, start), changes: args.slice(start) };
}

/** `kubectl label` and `kubectl annotate`. @internal */
export function labelOrAnnotate(session: Session, verb: 'label' | 'annotate', words: readonly string[]): void {
  const parsed = parseFlags(words, { ...OBJECTS, overwrite: 'bool', list: 'bool', 'resource-version': 'value' }, verb);
  const noun = verb === 'label' ? 'label' : 'annotation';
  const field = verb === 'label' ? 'labels' : 'annotations';
  const { targets: args, changes } = splitChanges(session, noun, parsed.args);
  if (args.length === 0 && parsed.lists['filename'] === undefined) throw new KubectlError('error: one or more resources must be specified as <resource> <name> or <resource>/<name>');
  const isList = parsed.flags['list'] === 'true';
  if (changes.length === 0 && !isList) throw new KubectlError(`error: at least one ${noun} update is required`);
  const update = readChanges(changes, noun);
  const isDry = sendsNothing(session, parsed);
  const targets = resolveObjects(session, { ...parsed, args });
  forEachObject(session, targets, (target) => {
    const held = target.object.metadata[field] ?? {};
    if (isList && changes.length === 0) {
      if (targets.length > 1) session.out(`Listing ${field} for ${target.mapping.kind}.${target.mapping.group === '' ? '' : `${target.mapping.group}/`}${target.mapping.version}/${target.object.metadata.name ?? ''}:\n`);
      session.out(Object.keys(held).sort().map((key) => `${targets.length > 1 ? ' ' : ''}${key}=${held[key]}\n`).join(''));
      return;
    }
    for (const [key, value] of Object.entries(update)) {
      if (verb === 'label' && value === null && held[key] === undefined) session.out(`${noun} "${key}" not found.\n`);
    }
    if (parsed.flags['overwrite'] !== 'true') {
      const [key] = Object.keys(update).filter((each) => update[each] !== null && held[each] !== undefined && held[each] !== update[each]);
      if (key !== undefined) throw new KubectlError(verb === 'label' ? `error: '${key}' already has a value (${held[key]}), and --overwrite is false` : `error: --overwrite is false but found the following declared annotation(s): '${key}' already has a value (${held[key]})`);
    }
    const wanted: Record<string, string> = { ...held };
    for (const [key, value] of Object.entries(update)) {
      if (value === null) delete wanted[key];
      else wanted[key] = value;
    }
    const version = parsed.flags['resource-version'];
    const changed = isDry ? { ...target.object, metadata: { ...target.object.metadata, [field]: wanted } } : patchObject(session, parsed, target, { body: { metadata: { ...(version === undefined ? {} : { resourceVersion: version }), [field]: update } }, type: 'merge', manager: `kubectl-${verb}` });
    const removesOnly = Object.values(update).every((value) => value === null);
    const done = verb === 'annotate' ? 'annotated' : isEqual(held, wanted) ? 'not labeled' : removesOnly ? 'unlabeled' : 'labeled';
    say(session, parsed, target.mapping, changed, done);
  });
}

function readChanges(changes: readonly string[], noun: string): Readonly<Record<string, string | null>> {
  const update: Record<string, string | null> = {};
  for (const change of changes) {
    const equals = change.indexOf('=');
    const key = equals < 0 ? change.slice(0, -1) : change.slice(0, equals);
    const value = equals < 0 ? null : change.slice(equals + 1);
    if (Object.hasOwn(update, key) && (update[key] === null) !== (value === null)) throw new KubectlError(`error: can not both modify and remove ${noun === 'label' ? 'a label' : 'an annotation'} in the same command`);
    if (noun === 'label' && value !== null && !/^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/.test(value)) throw new KubectlError(`error: invalid label value: "${key}=${value}": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')`);
    update[key] = value;
  }
  return update;
}

/** `kubectl scale`. @internal */
export function scale(session: Session, words: readonly string[]): void {
  const parsed = parseFlags(words, { ...OBJECTS, replicas: 'value', 'current-replicas': 'value', 'resource-version': 'value', timeout: 'value' }, 'scale');
  const text = parsed.flags['replicas'];
  if (text === undefined) throw new KubectlError('error: required flag(s) "replicas" not set');
  const replicas = Number(text);
  if (!/^-?\d+$/.test(text)) throw new KubectlError(`error: invalid argument "${text}" for "--replicas" flag: strconv.ParseInt: parsing "${text}": invalid syntax\nSee 'kubectl scale --help' for usage.`);
  if (replicas < 0) throw new KubectlError('error: The --replicas=COUNT flag is required, and COUNT must be greater than or equal to 0');
  if (parsed.args.length === 0 && parsed.lists['filename'] === undefined) throw new KubectlError(NO_RESOURCES);
  const isDry = sendsNothing(session, parsed);
  const targets = resolveObjects(session, parsed);
  if (targets.length === 0 && session.deferred.length === 0) throw new KubectlError('error: no objects passed to scale');
  forEachObject(session, targets, (target) => {
    const current = parsed.flags['current-replicas'];
    const held = target.object['spec']?.replicas ?? 1;
    if (current !== undefined && Number(current) !== held) throw new KubectlError(`error: Expected replicas to be ${current}, was ${held}`);
    if (!isDry) patchObject(session, parsed, target, { body: { spec: { replicas } }, type: 'merge', manager: 'kubectl', subresource: 'scale' });
    say(session, parsed, target.mapping, target.object, 'scaled');
  });
}

/** `kubectl edit`: the editor is a function that is given. @internal */
export function edit(session: Session, words: readonly string[]): void {
  const parsed = parseFlags(words, { ...OBJECTS, subresource: 'value', 'output-patch': 'bool' }, 'edit');
  const editor = session.options.edit;
  if (parsed.args.length === 0 && parsed.lists['filename'] === undefined) throw new KubectlError(NO_RESOURCES);
  if (editor === undefined) throw new KubectlError('error: no editor: give one as `edit`');
  forEachObject(session, resolveObjects(session, parsed), (target) => {
    const before = withoutManagedFields(target.object);
    const [after] = parseManifest(editor(printYaml(before)), 'editor');
    if (after === undefined || isEqual(after, before)) {
      session.err('Edit cancelled, no changes made.\n');
      return;
    }
    const definition = definitionOfKind(target.mapping.group, target.mapping.version, target.mapping.kind);
    const schema = definition === undefined ? undefined : schemaDefinition(definition);
    const body = threeWayPatch(before, after, before, schema);
    const edited = patchObject(session, parsed, target, { body, type: schema === undefined ? 'merge' : 'strategic', manager: 'kubectl-edit', subresource: parsed.flags['subresource'] });
    say(session, parsed, target.mapping, edited, 'edited');
  });
}
