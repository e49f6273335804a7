// What the writing verbs share: their flags, how they send, what they say afterwards, and how their errors read.
import type { KubeObject, Status } from '@kubesim/api';
import type { FlagKinds, Parsed } from './flags.ts';
import { KubectlError } from './kubectl-error.ts';
import { checkOutput, printFound } from './printers/print.ts';
import { qualified, statusError, type Mapping, type Session } from './session.ts';

/** Flags of verbs that take manifests. @internal */
export const FILES: FlagKinds = { filename: 'list', output: 'value', 'dry-run': 'optional', recursive: 'bool', validate: 'optional', 'field-manager': 'value', kustomize: 'value', 'show-managed-fields': 'bool', 'save-config': 'bool', template: 'value', 'allow-missing-template-keys': 'bool' };
/** Flags of verbs that find objects by name, selector or manifest. @internal */
export const OBJECTS: FlagKinds = { ...FILES, selector: 'value', all: 'bool', 'all-namespaces': 'bool', 'field-selector': 'value', local: 'bool', record: 'bool' };

/** Content types of patches by the words of --type. @internal */
export const PATCH_TYPES = { strategic: 'application/strategic-merge-patch+json', merge: 'application/merge-patch+json', json: 'application/json-patch+json', apply: 'application/apply-patch+yaml' } as const;

/** Whether --dry-run=client keeps the verb from sending. Throws KubectlError for a word that it does not know. @internal */
export function sendsNothing(session: Session, parsed: Parsed): boolean {
  const dryRun = parsed.flags['dry-run'];
  if (dryRun === undefined || dryRun === 'none' || dryRun === 'server' || dryRun === 'false') return false;
  if (dryRun === '' || dryRun === 'unchanged') {
    session.err('W: --dry-run is deprecated and can be replaced with --dry-run=client.\n');
    return true;
  }
  if (dryRun !== 'client') throw new KubectlError(`error: Invalid dry-run value (${dryRun}). Must be "none", "server", or "client".`);
  return true;
}

/** Says what was done: `statefulset.apps/web created`, or the object as -o asks. @internal */
export function say(session: Session, parsed: Parsed, mapping: Mapping, object: KubeObject, done: string): void {
  const dryRun = parsed.flags['dry-run'];
  const suffix = dryRun === 'server' ? ' (server dry run)' : dryRun === 'client' || dryRun === '' ? ' (dry run)' : '';
  if ((parsed.flags['output'] ?? '') === '') {
    session.out(`${qualified(mapping)}/${object.metadata.name ?? ''} ${done}${suffix}\n`);
    return;
  }
  checkOutput(parsed, false);
  printFound(session, parsed, [{ mapping, object }], true);
}

/** The query of a write. @internal */
export function writeQuery(parsed: Parsed, manager: string): Readonly<Record<string, string | undefined>> {
  const validate = parsed.flags['validate'];
  const validation = validate === 'false' || validate === 'ignore' ? 'Ignore' : validate === 'warn' ? 'Warn' : 'Strict';
  return { fieldManager: parsed.flags['field-manager'] ?? manager, fieldValidation: validation, dryRun: parsed.flags['dry-run'] === 'server' ? 'All' : undefined };
}

/** Goes through all objects; an error of one does not stop the others. Several errors are told without `error:`. @internal */
export function forEachObject<T>(session: Session, list: readonly T[], run: (item: T) => void): void {
  const errors: string[] = [];
  for (const item of list) {
    try {
      run(item);
    } catch (error) {
      if (!(error instanceof KubectlError)) throw error;
      errors.push(error.message);
    }
  }
  if (errors.length === 0) return;
  session.exit = 1;
  session.err(errors.map((message) => `${errors.length > 1 ? message.replace(/^error: /, '') : message}\n`).join(''));
}

/** Errors of apply -f and create -f say what kubectl was doing, but for Invalid ones. @internal */
export function creating(status: Status, doing: string, source: string): KubectlError {
  const error = statusError(status);
  if (status.reason === 'Invalid') return error;
  return new KubectlError(error.message.replace(/^Error from server( \([^)]*\))?: /, (head) => `${head}error when ${doing} "${source}": `));
}

/** Sends a patch of an object as its verb sends it. @internal */
export function patchObject(session: Session, parsed: Parsed, target: { readonly mapping: Mapping; readonly object: KubeObject; readonly namespace: string }, options: { readonly body: unknown; readonly type: keyof typeof PATCH_TYPES; readonly manager: string; readonly subresource?: string }): KubeObject {
  const path = `${session.path(target.mapping, target.object.metadata.name ?? '', target.namespace)}${options.subresource === undefined ? '' : `/${options.subresource}`}`;
  return session.ask('PATCH', path, { query: { fieldManager: parsed.flags['field-manager'] ?? options.manager, dryRun: parsed.flags['dry-run'] === 'server' ? 'All' : undefined }, body: options.body, type: PATCH_TYPES[options.type] });
}
