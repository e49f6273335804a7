// Server-side apply: the configuration is merged into what is stored, fields that it no longer names and nobody else owns go,
// and others' fields are only taken by force.
import { apiVersionOf, applyFields, badRequestStatus, configurationError, quote, zeroObject, type FieldConflict, type KubeObject } from '@kubesim/api';
import { structOf, decode } from '../decode.ts';
import { entriesOf, ignoredFields, managerOf } from '../managed-fields/track.ts';
import { decodeValue } from '../rest/body.ts';
import { plainStatus } from '../rest/plain-status.ts';
import { Refusal, type Scope, type ServerContext } from '../server.ts';
import { create } from './create.ts';
import { store, type PatchOptions } from './update.ts';

/** What an apply may ask for. @internal */
export interface ApplyOptions extends PatchOptions {
  readonly force?: boolean;
}

/** Applies a configuration. Throws Refusal. @internal */
export function apply(context: ServerContext, scope: Scope, name: string, body: unknown, options: ApplyOptions): { readonly object: KubeObject; readonly isCreated: boolean } {
  const { kind } = scope;
  const subresource = options.subresource ?? '';
  const config = readConfig(scope, name, body, options);
  const old = context.storage.get(scope.resource, context.key(scope, name));
  const uid = config.metadata?.uid ?? '';
  if (old === undefined && uid !== '') throw new Refusal(plainStatus(409, 'Conflict', `Operation cannot be fulfilled on ${kind.group === '' ? kind.resource : `${kind.resource}.${kind.group}`} "${name}": uid mismatch: the provided object specified uid ${uid}, and no existing object was found`, { name, ...(kind.group === '' ? {} : { group: kind.group }), kind: kind.resource }));
  if (old === undefined && subresource !== '') context.stored(scope, name);
  const struct = structOf(kind);
  if (struct === undefined) throw new Refusal(badRequestStatus('apply needs a schema'));
  const live = old ?? { ...zeroObject(struct), apiVersion: apiVersionOf(kind), kind: kind.kind, metadata: {} };
  const by = managerOf(context, kind, options.fieldManager ?? '', 'Apply', subresource);
  const held = old === undefined ? undefined : entriesOf(kind, old.metadata.managedFields) ?? beforeFirstApply(context, scope, old);
  const { managedFields: _held, ...liveMetadata } = live.metadata;
  const outcome = applyFields(struct, { ...live, metadata: liveMetadata }, config, held, by, ignoredFields(kind, subresource), options.force === true);
  if (!outcome.ok) throw new Refusal(conflictStatusOf(outcome.conflicts));
  const object = decode(context, kind, outcome.object as KubeObject);
  if (old === undefined) return { object: create(context, scope, object, { ...options, managedFields: outcome.entries }), isCreated: true };
  const version = config.metadata?.resourceVersion;
  const versioned = { ...object, metadata: { ...object.metadata, resourceVersion: version } };
  return { object: store(context, scope, name, old, versioned, { ...options, isPatch: true, managedFields: outcome.entries ?? [] }), isCreated: false };
}

function readConfig(scope: Scope, name: string, body: unknown, options: ApplyOptions): KubeObject {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw new Refusal(badRequestStatus('error decoding YAML: the configuration must be an object'));
  const config = body as KubeObject;
  if (typeof config.kind !== 'string' || config.kind === '') throw new Refusal(badRequestStatus("Object 'Kind' is missing"));
  if (config.metadata?.managedFields !== undefined) throw new Refusal(badRequestStatus('metadata.managedFields must be nil'));
  const sentName = config.metadata?.name ?? '';
  if (sentName !== '' && sentName !== name) throw new Refusal(badRequestStatus(`the name of the object (${sentName}) does not match the name on the URL (${name})`));
  const expected = apiVersionOf(scope.kind);
  if (config.apiVersion !== expected) throw new Refusal(badRequestStatus(`Incorrect version specified in apply patch. Specified patch version: ${String(config.apiVersion)}, expected: ${expected}`));
  const struct = structOf(scope.kind);
  const why = struct === undefined ? undefined : configurationError(struct, config);
  if (why !== undefined) {
    const slash = expected.includes('/') ? '' : '/';
    throw new Refusal(plainStatus(500, undefined, `failed to create typed patch object (${config.metadata?.namespace ?? ''}/${sentName}; ${slash}${expected}, Kind=${config.kind}): ${why}`));
  }
  decodeValue(scope.kind, config, options.duplicates ?? [], options.fieldValidation ?? 'Strict', options.warnings ?? []);
  return { ...config, metadata: { ...config.metadata, name } };
}

/** What stood there before anybody was tracked belongs to a manager of that name. */
function beforeFirstApply(context: ServerContext, scope: Scope, old: KubeObject): KubeObject['metadata']['managedFields'] {
  const struct = structOf(scope.kind);
  if (struct === undefined) return undefined;
  const by = { ...managerOf(context, scope.kind, 'before-first-apply', 'Update', ''), operation: 'Apply' as const };
  const outcome = applyFields(struct, { metadata: {} }, old, undefined, by, ignoredFields(scope.kind, ''), true);
  return outcome.ok ? outcome.entries?.map((entry) => ({ ...entry, operation: 'Update' })) : undefined;
}

function showManager({ entry }: FieldConflict): string {
  const { manager = '', operation, subresource = '', apiVersion = '', time } = entry;
  if (operation === 'Apply') return `conflict with ${quote(manager)}${subresource === '' ? '' : ` with subresource ${quote(subresource)}`}`;
  return `conflict with ${quote(manager)}${subresource === '' ? '' : ` with subresource ${quote(subresource)}`} using ${apiVersion}${time === undefined ? '' : ` at ${time}`}`;
}

/** 409 with a cause for each field. @internal */
export function conflictStatusOf(conflicts: readonly FieldConflict[]): ReturnType<typeof plainStatus> {
  const sorted = [...conflicts].sort((a, b) => ((a.entry.manager ?? '') < (b.entry.manager ?? '') ? -1 : 1));
  const causes = sorted.flatMap((conflict) => conflict.paths.map((field) => ({ reason: 'FieldManagerConflict', message: showManager(conflict), field })));
  const [first] = causes;
  const head = `Apply failed with ${causes.length} conflict${causes.length === 1 ? '' : 's'}: `;
  if (causes.length === 1 && first !== undefined) return plainStatus(409, 'Conflict', `${head}${first.message}: ${first.field}`, { causes });
  const text = sorted.map((conflict) => `${showManager(conflict).replace(/^conflict with/, 'conflicts with')}${conflict.paths.length === 1 ? `: ${conflict.paths[0] ?? ''}` : `:\n${conflict.paths.map((path) => `- ${path}`).join('\n')}`}`).join('\n');
  return plainStatus(409, 'Conflict', `${head}${text}`, { causes });
}
