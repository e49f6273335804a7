// Options of a request: from the query (or a DeleteOptions body), validated as upstream does.
import { badRequestStatus, fieldErrorBody, fieldErrorMessage, fieldErrorReason, forbidden, invalid, notSupported, quote, required, type DeleteOptions, type FieldError } from '@kubesim/api';
import { Refusal } from '../server.ts';
import type { FieldValidation } from './body.ts';
import { plainStatus } from './plain-status.ts';

/** Options of a write. @internal */
export interface WriteOptions {
  readonly dryRun: boolean;
  readonly fieldManager: string;
  readonly fieldValidation: FieldValidation;
  readonly force: boolean;
}

/** Throws Refusal 422 on options of that kind. @internal */
export function refuseOptions(kind: string, errors: readonly FieldError[]): void {
  if (errors.length === 0) return;
  const messages = [...new Set(errors.map(fieldErrorMessage))];
  const text = messages.length === 1 ? messages[0] ?? '' : `[${messages.join(', ')}]`;
  const causes = errors.map((error) => ({ reason: fieldErrorReason(error), message: fieldErrorBody(error), field: error.field }));
  throw new Refusal(plainStatus(422, 'Invalid', `${kind}.meta.k8s.io "" is invalid: ${text}`, { group: 'meta.k8s.io', kind, causes } as never));
}

function dryRunErrors(dryRun: readonly string[]): readonly FieldError[] {
  return dryRun.length === 0 || (dryRun.length === 1 && dryRun[0] === 'All') ? [] : [notSupported('dryRun', dryRun, ['All'])];
}

const MANAGER_LENGTH = 128;

function managerErrors(manager: string): readonly FieldError[] {
  if (manager.length > MANAGER_LENGTH) return [{ type: 'Too long', field: 'fieldManager', badValue: manager, detail: `may not be more than ${MANAGER_LENGTH} bytes` }];
  const bad = [...manager].find((character) => character < ' ' || (character >= '\u007f' && character < '\u00a0'));
  return bad === undefined ? [] : [invalid('fieldManager', manager, `should only contain printable characters`)];
}

function fieldValidationErrors(value: string): readonly FieldError[] {
  return ['', 'Ignore', 'Strict', 'Warn'].includes(value) ? [] : [notSupported('fieldValidation', value, ['', 'Ignore', 'Strict', 'Warn'])];
}

/** Options of a create, update or patch. `isApply` for server-side apply. Throws Refusal 422. @internal */
export function writeOptions(kind: 'CreateOptions' | 'UpdateOptions' | 'PatchOptions', query: URLSearchParams, userAgent: string, isApply: boolean = false): WriteOptions {
  const dryRun = query.getAll('dryRun').filter((value) => value !== '');
  const manager = query.get('fieldManager') ?? '';
  const validation = query.get('fieldValidation') ?? '';
  const force = query.get('force');
  const errors: FieldError[] = [];
  if (kind === 'PatchOptions') {
    if (!isApply && force !== null && force !== '') errors.push(forbidden('force', 'may not be specified for non-apply patch'));
    if (isApply && manager === '') errors.push(required('fieldManager', 'is required for apply patch'));
  }
  errors.push(...managerErrors(manager), ...dryRunErrors(dryRun), ...fieldValidationErrors(validation));
  refuseOptions(kind, errors);
  return {
    dryRun: dryRun.length > 0, fieldManager: manager === '' ? managerOf(userAgent) : manager,
    fieldValidation: validation === '' ? (isApply ? 'Strict' : 'Warn') : validation as FieldValidation, force: force === 'true' || force === '1',
  };
}

/** The manager that a user agent stands for: what is before the first slash. */
function managerOf(userAgent: string): string {
  return (userAgent.split('/')[0] ?? '').slice(0, MANAGER_LENGTH) || 'unknown';
}

/** Throws Refusal 400 if one of these parameters is there and is no whole number, as Go's strconv says it. */
function refuseNumbers(query: URLSearchParams, names: readonly string[]): void {
  for (const name of names) {
    const text = query.get(name) ?? '';
    if (text !== '' && !/^[+-]?\d+$/.test(text)) throw new Refusal(badRequestStatus(`strconv.ParseInt: parsing ${quote(text)}: invalid syntax`));
  }
}

/** Options of a delete, of a DeleteOptions body or of the query. Throws Refusal 422. @internal */
export function deleteOptions(body: DeleteOptions | undefined, query: URLSearchParams): DeleteOptions {
  if (body === undefined) refuseNumbers(query, ['gracePeriodSeconds']);
  const grace = query.get('gracePeriodSeconds');
  const policy = query.get('propagationPolicy');
  const orphan = query.get('orphanDependents');
  const options: DeleteOptions = body ?? {
    ...(grace === null || grace === '' ? {} : { gracePeriodSeconds: Number(grace) }), ...(policy === null || policy === '' ? {} : { propagationPolicy: policy }),
    ...(orphan === null ? {} : { orphanDependents: orphan === 'true' || orphan === '1' }), ...(query.has('dryRun') ? { dryRun: query.getAll('dryRun') } : {}),
  };
  const errors: FieldError[] = [];
  if (options.orphanDependents !== undefined && options.propagationPolicy !== undefined) {
    errors.push(invalid('propagationPolicy', options.propagationPolicy, 'orphanDependents and deletionPropagation cannot be both set'));
  }
  const known = options.propagationPolicy === undefined || ['Foreground', 'Background', 'Orphan'].includes(options.propagationPolicy);
  if (!known) errors.push(notSupported('propagationPolicy', options.propagationPolicy, ['Foreground', 'Background', 'Orphan', 'nil']));
  errors.push(...dryRunErrors(options.dryRun ?? []));
  refuseOptions('DeleteOptions', errors);
  return options;
}

/** Checks what a list or watch asks. Throws Refusal 422, or 400 for numbers that are none. @internal */
export function validateListOptions(query: URLSearchParams, isWatch: boolean): void {
  refuseNumbers(query, ['timeoutSeconds', 'limit']);
  const version = query.get('resourceVersion') ?? '';
  const match = query.get('resourceVersionMatch') ?? '';
  const path = 'resourceVersionMatch';
  const errors: FieldError[] = [];
  if (isWatch) {
    const sends = query.get('sendInitialEvents');
    if (sends !== null && sends !== '') {
      if (match !== 'NotOlderThan') errors.push(forbidden(path, 'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan'));
      if (match !== '' && match !== 'NotOlderThan') errors.push(notSupported(path, match, ['NotOlderThan']));
    } else if (match !== '') errors.push(forbidden(path, 'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided'));
  } else {
    if ((query.get('sendInitialEvents') ?? '') !== '') errors.push(forbidden('sendInitialEvents', 'sendInitialEvents is forbidden for list'));
    if (match !== '') {
      if (version === '') errors.push(forbidden(path, 'resourceVersionMatch is forbidden unless resourceVersion is provided'));
      if ((query.get('continue') ?? '') !== '') errors.push(forbidden(path, 'resourceVersionMatch is forbidden when continue is provided'));
      if (match !== 'Exact' && match !== 'NotOlderThan') errors.push(notSupported(path, match, ['Exact', 'NotOlderThan', '']));
      if (match === 'Exact' && version === '0') errors.push(forbidden(path, 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"'));
    }
  }
  refuseOptions('ListOptions', errors);
}
