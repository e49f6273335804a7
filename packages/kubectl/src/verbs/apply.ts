// kubectl apply and diff: the three-way merge of the client, or the server's own, and what a manifest no longer has.
import { definitionOfKind, schemaDefinition, type KubeObject, type Status } from '@kubesim/api';
import { parseFlags, type Parsed } from '../flags.ts';
import { KubectlError } from '../kubectl-error.ts';
import { printYaml, sortKeys, withoutManagedFields } from '../printers/object.ts';
import { apiVersionOf, statusError, type Mapping, type Session } from '../session.ts';
import { listItems, mappingOf, readFiles, resolveObjects, type FileObject } from '../targets.ts';
import { threeWayPatch } from '../three-way-patch.ts';
import { creating, FILES, forEachObject, OBJECTS, PATCH_TYPES, patchObject, say, sendsNothing, writeQuery } from '../writing.ts';

const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

/** JSON with sorted keys and Go's escapes, as kubectl writes its annotation. */
function goJson(value: unknown): string {
  return JSON.stringify(sortKeys(value)).replace(/[<>&\u2028\u2029]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** The object with the annotation that remembers it as it is. @internal */
export function withLastApplied(object: KubeObject, namespace: string | undefined): KubeObject {
  const { [LAST_APPLIED]: _old, ...annotations } = object.metadata.annotations ?? {};
  const metadata = { ...object.metadata, ...(namespace === undefined ? {} : { namespace }), annotations };
  const configuration = `${goJson({ ...object, metadata })}\n`;
  return { ...object, metadata: { ...metadata, annotations: { ...annotations, [LAST_APPLIED]: configuration } } };
}

/** `kubectl apply`. @internal */
export function apply(session: Session, words: readonly string[]): void {
  if (words[0] === 'view-last-applied' || words[0] === 'set-last-applied') return lastApplied(session, words[0], words.slice(1));
  const parsed = parseFlags(words, { ...FILES, 'server-side': 'bool', 'force-conflicts': 'bool', prune: 'bool', 'prune-allowlist': 'list', selector: 'value', all: 'bool', wait: 'bool', timeout: 'value', 'grace-period': 'value', cascade: 'optional', force: 'bool', overwrite: 'bool', 'openapi-patch': 'bool', subresource: 'value' }, 'apply');
  if (parsed.lists['filename'] === undefined && parsed.flags['kustomize'] === undefined) throw new KubectlError('error: must specify one of -f and -k');
  if (parsed.args.length > 0) throw new KubectlError(`error: Unexpected args: [${parsed.args.join(' ')}]\nSee 'kubectl apply -h' for help and examples`);
  const isServerSide = parsed.flags['server-side'] === 'true';
  if (parsed.flags['force-conflicts'] === 'true' && !isServerSide) throw new KubectlError('error: --force-conflicts only works with --server-side');
  if (parsed.flags['dry-run'] === 'client' && isServerSide) throw new KubectlError("error: --dry-run=client doesn't work with --server-side (did you mean --dry-run=server instead?)");
  if (parsed.flags['prune'] === 'true' && parsed.flags['selector'] === undefined && parsed.flags['all'] !== 'true') throw new KubectlError('error: all resources selected for prune without explicitly passing --all. To prune all resources, pass the --all flag. If you did not mean to prune all resources, specify a label selector');
  const isDry = sendsNothing(session, parsed);
  const objects = matching(readFiles(session, parsed), parsed.flags['selector']);
  if (objects.length === 0) throw new KubectlError('error: no objects passed to apply');
  const applied = new Set<string>();
  forEachObject(session, objects, ({ object, source }) => {
    const mapping = mappingOf(session, object, source);
    const live = isServerSide ? serverSideApply(session, parsed, mapping, object) : clientSideApply(session, parsed, mapping, { object, source }, isDry);
    applied.add(live.metadata.uid ?? '');
  });
  if (parsed.flags['prune'] === 'true') prune(session, parsed, applied);
}

function matching(objects: readonly FileObject[], selector: string | undefined): readonly FileObject[] {
  if (selector === undefined) return objects;
  const wanted = selector.split(',').map((pair) => pair.split(/==?/));
  return objects.filter(({ object }) => wanted.every(([key = '', value = '']) => object.metadata.labels?.[key] === value));
}

/** What kubectl looks at when it prunes and is given no list. */
const PRUNED = ['ConfigMap', 'Endpoints', 'Namespace', 'PersistentVolumeClaim', 'PersistentVolume', 'Pod', 'ReplicationController', 'Secret', 'Service', 'Job', 'CronJob', 'Ingress', 'DaemonSet', 'Deployment', 'ReplicaSet', 'StatefulSet'];

/** Deletes what apply made once and the manifests no longer have. */
function prune(session: Session, parsed: Parsed, applied: ReadonlySet<string>): void {
  const list = parsed.lists['prune-allowlist'];
  const isWanted = (mapping: Mapping): boolean => (list === undefined ? PRUNED.includes(mapping.kind) : list.includes(`${mapping.group === '' ? 'core' : mapping.group}/${mapping.version}/${mapping.kind}`));
  for (const mapping of session.mappings().filter((each) => each.isPreferred && isWanted(each) && each.verbs.includes('delete')).sort((a, b) => Number(b.namespaced) - Number(a.namespaced))) {
    if (!mapping.namespaced && mapping.kind === 'Namespace' && list === undefined) continue;
    for (const object of listItems(session, mapping, { ...parsed, flags: parsed.flags['selector'] === undefined ? {} : { selector: parsed.flags['selector'] } })) {
      if (object.metadata.annotations?.[LAST_APPLIED] === undefined || applied.has(object.metadata.uid ?? '') || object.metadata.deletionTimestamp !== undefined) continue;
      const dryRun = parsed.flags['dry-run'];
      if (dryRun !== 'client') session.ask('DELETE', session.path(mapping, object.metadata.name ?? '', object.metadata.namespace), { body: { propagationPolicy: 'Background', ...(dryRun === 'server' ? { dryRun: ['All'] } : {}) } });
      say(session, parsed, mapping, object, 'pruned');
    }
  }
}

function schemaOf(mapping: Mapping): ReturnType<typeof schemaDefinition> {
  const definition = definitionOfKind(mapping.group, mapping.version, mapping.kind);
  return definition === undefined ? undefined : schemaDefinition(definition);
}

function clientSideApply(session: Session, parsed: Parsed, mapping: Mapping, { object, source }: FileObject, isDry: boolean): KubeObject {
  const namespace = mapping.namespaced ? object.metadata.namespace ?? session.namespace : undefined;
  const wanted = withLastApplied(object, namespace);
  const name = object.metadata.name ?? '';
  if (name === '') throw new KubectlError(`error: error when retrieving current configuration of:\nResource: "${mapping.group === '' ? '' : `${mapping.group}/`}${mapping.version}, Resource=${mapping.resource}", GroupVersionKind: "${apiVersionOf(mapping)}, Kind=${mapping.kind}"\nName: "", Namespace: "${namespace ?? ''}"\nfrom server for: "${source}": resource name may not be empty`);
  const live = session.find(mapping, name, namespace);
  const query = writeQuery(parsed, 'kubectl-client-side-apply');
  if (live === undefined) {
    if (isDry) {
      say(session, parsed, mapping, wanted, 'created');
      return wanted;
    }
    const response = session.send('POST', session.path(mapping, undefined, namespace), { query, body: wanted });
    if (response.status >= 400) throw creating(response.body as Status, 'creating', source);
    say(session, parsed, mapping, response.body as KubeObject, 'created');
    return response.body as KubeObject;
  }
  const applied = live.metadata.annotations?.[LAST_APPLIED];
  if (applied === undefined) session.err(`Warning: resource ${mapping.resource}/${name} is missing the ${LAST_APPLIED} annotation which is required by kubectl apply. kubectl apply should only be used on resources created declaratively by either kubectl create --save-config or kubectl apply. The missing annotation will be patched automatically.\n`);
  if (isDry) {
    say(session, parsed, mapping, live, 'configured');
    return live;
  }
  const schema = schemaOf(mapping);
  const patch = threeWayPatch(applied === undefined ? undefined : JSON.parse(applied) as KubeObject, wanted, live, schema);
  if (Object.keys(patch).length === 0) {
    say(session, parsed, mapping, live, 'unchanged');
    return live;
  }
  const response = session.send('PATCH', session.path(mapping, name, namespace), { query, body: patch, type: schema === undefined ? PATCH_TYPES.merge : PATCH_TYPES.strategic });
  if (response.status >= 400) throw creating(response.body as Status, 'applying patch', source);
  say(session, parsed, mapping, response.body as KubeObject, 'configured');
  return response.body as KubeObject;
}

function serverSideApply(session: Session, parsed: Parsed, mapping: Mapping, object: KubeObject): KubeObject {
  const namespace = mapping.namespaced ? object.metadata.namespace ?? session.namespace : undefined;
  const query = { ...writeQuery(parsed, 'kubectl'), force: parsed.flags['force-conflicts'] === 'true' ? 'true' : 'false' };
  const sent = namespace === undefined ? object : { ...object, metadata: { ...object.metadata, namespace } };
  const response = session.send('PATCH', session.path(mapping, object.metadata.name ?? '', namespace), { query, body: sent, type: PATCH_TYPES.apply });
  if (response.status === 409) {
    const causes = (response.body as Status).details?.causes ?? [];
    const fields = new Map<string, string[]>();
    for (const { message = '', field = '' } of causes) {
      const manager = message.replace(/^conflict with /, '');
      fields.set(manager, [...fields.get(manager) ?? [], field]);
    }
    const managers = [...fields].map(([manager, list]) => (list.length === 1 ? `conflict with ${manager}: ${list[0] ?? ''}` : `conflicts with ${manager}:\n${list.map((field) => `- ${field}`).join('\n')}`));
    throw new KubectlError(`error: Apply failed with ${causes.length} conflict${causes.length === 1 ? '' : 's'}: ${managers.join('\n')}\nPlease review the fields above--they currently have other managers. Here\nare the ways you can resolve this warning:\n* If you intend to manage all of these fields, please re-run the apply\n  command with the \`--force-conflicts\` flag.\n* If you do not intend to manage all of the fields, please edit your\n  manifest to remove references to the fields that should keep their\n  current managers.\n* You may co-own fields by updating your manifest to match the existing\n  value; in this case, you'll become the manager if the other manager(s)\n  stop managing the field (remove it from their configuration).\nSee https://kubernetes.io/docs/reference/using-api/server-side-apply/#conflicts`);
  }
  if (response.status >= 400) throw statusError(response.body as Status);
  say(session, parsed, mapping, response.body as KubeObject, 'serverside-applied');
  return response.body as KubeObject;
}

function lastApplied(session: Session, what: string, words: readonly string[]): void {
  const parsed = parseFlags(words, { ...OBJECTS, 'create-annotation': 'bool' }, `apply ${what}`);
  if (what === 'set-last-applied') {
    forEachObject(session, readFiles(session, parsed), ({ object, source }) => {
      const mapping = mappingOf(session, object, source);
      const namespace = object.metadata.namespace ?? session.namespace;
      const live = session.ask('GET', session.path(mapping, object.metadata.name ?? '', namespace));
      if (live.metadata.annotations?.[LAST_APPLIED] === undefined && parsed.flags['create-annotation'] !== 'true') throw new KubectlError(`error: no last-applied-configuration annotation found on resource: ${object.metadata.name ?? ''}, to create the annotation, run the command with --create-annotation`);
      const annotation = withLastApplied(object, mapping.namespaced ? namespace : undefined).metadata.annotations?.[LAST_APPLIED];
      patchObject(session, parsed, { mapping, object: live, namespace }, { body: { metadata: { annotations: { [LAST_APPLIED]: annotation } } }, type: 'merge', manager: 'kubectl-client-side-apply' });
      say(session, parsed, mapping, live, 'configured');
    });
    return;
  }
  forEachObject(session, resolveObjects(session, parsed), ({ mapping, object }) => {
    const text = object.metadata.annotations?.[LAST_APPLIED];
    if (text === undefined) throw new KubectlError(`error: no last-applied-configuration annotation found on resource: ${object.metadata.name ?? ''}`);
    const held = JSON.parse(text) as KubeObject;
    if (parsed.flags['output'] === 'json') say(session, parsed, mapping, held, '');
    else session.out(printYaml(held));
  });
}

/** `kubectl diff`: what apply would change, as a unified diff; exit code 1 where there is a difference. @internal */
export function diff(session: Session, words: readonly string[]): void {
  const parsed = parseFlags(words, { ...FILES, 'server-side': 'bool', 'force-conflicts': 'bool', selector: 'value', prune: 'bool', 'prune-allowlist': 'list' }, 'diff');
  if (parsed.lists['filename'] === undefined && parsed.flags['kustomize'] === undefined) throw new KubectlError('error: must specify one of -f and -k');
  const texts = new Map<string, string>();
  for (const { object, source } of matching(readFiles(session, parsed), parsed.flags['selector'])) {
    const mapping = mappingOf(session, object, source);
    const namespace = mapping.namespaced ? object.metadata.namespace ?? session.namespace : undefined;
    const name = object.metadata.name ?? '';
    const live = session.find(mapping, name, namespace);
    const query = { fieldManager: parsed.flags['field-manager'] ?? 'kubectl-client-side-apply', dryRun: 'All' };
    const merged = live === undefined ? session.ask('POST', session.path(mapping, undefined, namespace), { query, body: object })
      : mergedWith(session, mapping, { object, live, namespace, query });
    const file = `${mapping.group === '' ? '' : `${mapping.group}.`}${mapping.version}.${mapping.kind}.${namespace ?? ''}.${name}`;
    const text = unifiedDiff(live === undefined ? '' : printYaml(withoutManagedFields(live)), printYaml(withoutManagedFields(merged)));
    if (text === '') continue;
    texts.set(file, `diff -u -N LIVE/${file} MERGED/${file}\n--- LIVE/${file}\n+++ MERGED/${file}\n${text}`);
  }
  session.out([...texts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, text]) => text).join(''));
  if (texts.size > 0) session.exit = 1;
}

function mergedWith(session: Session, mapping: Mapping, { object, live, namespace, query }: { readonly object: KubeObject; readonly live: KubeObject; readonly namespace: string | undefined; readonly query: Readonly<Record<string, string>> }): KubeObject {
  const schema = schemaOf(mapping);
  const applied = live.metadata.annotations?.[LAST_APPLIED];
  // The annotation itself is of no interest to people who read a difference.
  const wanted = { ...object, metadata: { ...object.metadata, ...(namespace === undefined ? {} : { namespace }) } };
  const patch = threeWayPatch(applied === undefined ? undefined : JSON.parse(applied) as KubeObject, wanted, live, schema);
  const metadata = patch['metadata'] as { readonly annotations?: unknown } | undefined;
  if (metadata?.annotations === null) delete (metadata as { annotations?: unknown }).annotations;
  if (Object.keys(patch).length === 0) return live;
  return session.ask('PATCH', session.path(mapping, object.metadata.name ?? '', namespace), { query, body: patch, type: schema === undefined ? PATCH_TYPES.merge : PATCH_TYPES.strategic });
}

const CONTEXT_LINES = 3;

/** The hunks of a unified diff of two texts; empty where they are equal. */
function unifiedDiff(before: string, after: string): string {
  const a = before === '' ? [] : before.replace(/\n$/, '').split('\n');
  const b = after === '' ? [] : after.replace(/\n$/, '').split('\n');
  const common: number[][] = Array.from({ length: a.length + 1 }, () => new Array<number>(b.length + 1).fill(0));
  for (let i = a.length - 1; i >= 0; i--) for (let j = b.length - 1; j >= 0; j--) (common[i] as number[])[j] = a[i] === b[j] ? (common[i + 1]?.[j + 1] ?? 0) + 1 : Math.max(common[i + 1]?.[j] ?? 0, common[i]?.[j + 1] ?? 0);
  const lines: { readonly mark: string; readonly text: string; readonly a: number; readonly b: number }[] = [];
  for (let i = 0, j = 0; i < a.length || j < b.length;) {
    if (i < a.length && j < b.length && a[i] === b[j]) lines.push({ mark: ' ', text: a[i] as string, a: i++, b: j++ });
    else if (i < a.length && (j >= b.length || (common[i + 1]?.[j] ?? 0) >= (common[i]?.[j + 1] ?? 0))) lines.push({ mark: '-', text: a[i] as string, a: i++, b: j });
    else lines.push({ mark: '+', text: b[j] as string, a: i, b: j++ });
  }
  const changed = lines.flatMap(({ mark }, index) => (mark === ' ' ? [] : [index]));
  let text = '';
  for (let at = 0; at < changed.length;) {
    const from = Math.max(0, (changed[at] as number) - CONTEXT_LINES);
    let end = at;
    while (end + 1 < changed.length && (changed[end + 1] as number) - (changed[end] as number) <= CONTEXT_LINES * 2) end++;
    const hunk = lines.slice(from, Math.min(lines.length, (changed[end] as number) + CONTEXT_LINES + 1));
    const [oldCount, newCount] = [hunk.filter(({ mark }) => mark !== '+').length, hunk.filter(({ mark }) => mark !== '-').length];
    const range = (start: number, count: number): string => `${count === 0 ? start : start + 1}${count === 1 ? '' : `,${count}`}`;
    text += `@@ -${range(hunk[0]?.a ?? 0, oldCount)} +${range(hunk[0]?.b ?? 0, newCount)} @@\n${hunk.map((line) => `${line.mark}${line.text}\n`).join('')}`;
    at = end + 1;
  }
  return text;
}
