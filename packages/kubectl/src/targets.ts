// What a command is about: `sts/web`, `sts web db`, `po,svc`, `-f FILE`, `-l LABELS`.
import { parseDocuments, type KubeObject, type Status } from '@kubesim/api';
import type { Parsed } from './flags.ts';
import { KubectlError } from './kubectl-error.ts';
import { listError, type Mapping, type Session } from './session.ts';

/** One named object. @internal */
export interface NamedTarget {
  readonly mapping: Mapping;
  readonly name: string;
}

/** Types and names of an argument list; a type alone has no names. Throws KubectlError in kubectl's words. @internal */
export function readTargets(session: Session, args: readonly string[]): { readonly types: readonly Mapping[]; readonly names: readonly NamedTarget[] } {
  if (args.length === 0) throw new KubectlError('error: You must specify the type of resource to act on. Use "kubectl api-resources" for a complete list of supported resources.');
  if (args.some((arg) => arg.includes('/'))) {
    const names = args.map((arg) => {
      const [type = '', name, ...more] = arg.split('/');
      if (name === undefined) throw new KubectlError("error: there is no need to specify a resource type as a separate argument when passing arguments in resource/name form (e.g. 'kubectl get resource/<resource_name>' instead of 'kubectl get resource resource/<resource_name>'");
      if (name === '' || more.length > 0) throw new KubectlError('error: arguments in resource/name form must have a single resource and name');
      return { mapping: session.resource(type), name };
    });
    return { types: [], names };
  }
  const [typeList = '', ...names] = args;
  const types = typeList.split(',').flatMap((type) => {
    const category = session.findResource(type) === undefined ? session.category(type) : [];
    return category.length > 0 ? [...category] : [session.resource(type)];
  });
  if (names.length === 0) return { types, names: [] };
  return { types: [], names: types.flatMap((mapping) => names.map((name) => ({ mapping, name }))) };
}

/** An object of a file, and what messages call the file. @internal */
export interface FileObject {
  readonly object: KubeObject;
  readonly source: string;
}

/** The objects of -f files, Lists opened. @internal */
export function readFiles(session: Session, parsed: Parsed): readonly FileObject[] {
  const files = (parsed.lists['filename'] ?? []).flatMap((each) => each.split(','));
  return files.flatMap((file) => {
    const text = file === '-' ? session.stdin : readNamed(session, file);
    const source = file === '-' ? 'STDIN' : file;
    return parseManifest(text, source).map((object) => ({ object, source }));
  });
}

function readNamed(session: Session, file: string): string {
  if (file === '/dev/null') return '';
  if (session.options.readFile === undefined) throw new KubectlError(`error: the path "${file}" does not exist`);
  return session.options.readFile(file);
}

/** Objects of YAML or JSON text. Throws KubectlError that names the source. @internal */
export function parseManifest(text: string, source: string): readonly KubeObject[] {
  return parseDocuments(text).flatMap((document) => {
    if (!document.ok) throw new KubectlError(`error: error parsing ${source}: error converting YAML to JSON: yaml: ${document.error}`);
    const value = document.value as KubeObject | null;
    if (value === null) return [];
    return value.kind === 'List' || (value.kind?.endsWith('List') === true && Array.isArray(value['items'])) ? (value['items'] as KubeObject[]) : [value];
  });
}

/** The resource of a manifest's object. Throws KubectlError. @internal */
export function mappingOf(session: Session, object: KubeObject, source: string): Mapping {
  if (object.apiVersion === undefined || object.apiVersion === '') throw new KubectlError(`error: error validating "${source}": error validating data: apiVersion not set; if you choose to ignore these errors, turn validation off with --validate=false`);
  if (object.kind === undefined || object.kind === '') throw new KubectlError(`error: error validating "${source}": error validating data: kind not set; if you choose to ignore these errors, turn validation off with --validate=false`);
  const mapping = session.byKind(object.apiVersion, object.kind);
  if (mapping === undefined) throw new KubectlError(`error: resource mapping not found for name: "${object.metadata.name ?? ''}" namespace: "${object.metadata.namespace ?? ''}" from "${source}": no matches for kind "${object.kind}" in version "${object.apiVersion}"\nensure CRDs are installed first`);
  return mapping;
}

/** Every object that a command is about: by name, by -l or --all, or by -f. @internal */
export function resolveObjects(session: Session, parsed: Parsed): readonly { readonly mapping: Mapping; readonly object: KubeObject; readonly namespace: string }[] {
  if (parsed.lists['filename'] !== undefined) {
    return readFiles(session, parsed).map(({ object, source }) => {
      const mapping = mappingOf(session, object, source);
      const namespace = object.metadata.namespace ?? session.namespace;
      return { mapping, namespace, object: session.ask('GET', session.path(mapping, object.metadata.name ?? '', namespace)) };
    });
  }
  const { types, names } = readTargets(session, parsed.args);
  if (names.length > 0) {
    return names.flatMap(({ mapping, name }) => {
      try {
        return [{ mapping, namespace: session.namespace, object: session.ask('GET', session.path(mapping, name)) }];
      } catch (error) {
        if (!(error instanceof KubectlError) || names.length === 1) throw error;
        session.deferred.push(error);
        return [];
      }
    });
  }
  if (parsed.flags['selector'] === undefined && parsed.flags['field-selector'] === undefined && parsed.flags['all'] !== 'true') throw new KubectlError('error: resource(s) were provided, but no name was specified');
  return types.flatMap((mapping) => listItems(session, mapping, parsed).map((object) => ({ mapping, namespace: object.metadata.namespace ?? '', object })));
}

/** Objects of a resource by -l, --field-selector and -A, with kind and apiVersion. @internal */
export function listItems(session: Session, mapping: Mapping, parsed: Parsed): readonly KubeObject[] {
  const namespace = parsed.flags['all-namespaces'] === 'true' ? '' : session.namespace;
  const { selector: label, 'field-selector': field } = parsed.flags;
  const response = session.send('GET', session.path(mapping, undefined, namespace), { query: { labelSelector: label, fieldSelector: field } });
  if (response.status >= 400) throw listError(response.body as Status, mapping, { label, field });
  const list = response.body as KubeObject;
  const apiVersion = mapping.group === '' ? mapping.version : `${mapping.group}/${mapping.version}`;
  return (list['items'] as readonly KubeObject[]).map((item) => ({ apiVersion, kind: mapping.kind, ...item }));
}
