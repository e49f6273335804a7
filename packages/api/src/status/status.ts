// Status errors with the texts of the real server. Upstream: apimachinery/pkg/api/errors/errors.go (1.37). Errors are data.
import { fieldErrorBody, fieldErrorMessage, fieldErrorReason, type FieldError } from '../field-error.ts';
import type { Status, StatusCause, StatusDetails } from '../generated/types.ts';

/** A resource as messages name it: `pods`, `statefulsets.apps`. */
type Resource = { readonly group: string; readonly resource: string };

function failure(code: number, reason: string, message: string, details?: StatusDetails): Status {
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason, ...(details === undefined ? {} : { details }), code };
}

function detailsOf({ group, resource }: Resource, name: string): StatusDetails {
  return { ...(name === '' ? {} : { name }), ...(group === '' ? {} : { group }), kind: resource };
}

function shown({ group, resource }: Resource): string {
  return group === '' ? resource : `${resource}.${group}`;
}

/** 404: there is no such object. @public */
export function notFoundStatus(resource: Resource, name: string): Status {
  return failure(404, 'NotFound', `${shown(resource)} "${name}" not found`, detailsOf(resource, name));
}

/** 404 for a path that serves nothing. @public */
export function noSuchResourceStatus(): Status {
  return failure(404, 'NotFound', 'the server could not find the requested resource', {});
}

/** 409: a create met an object of that name. @public */
export function alreadyExistsStatus(resource: Resource, name: string): Status {
  return failure(409, 'AlreadyExists', `${shown(resource)} "${name}" already exists`, detailsOf(resource, name));
}

/** 409: the object changed meanwhile, or a precondition does not hold. @public */
export function conflictStatus(resource: Resource, name: string, why: string = 'the object has been modified; please apply your changes to the latest version and try again'): Status {
  return failure(409, 'Conflict', `Operation cannot be fulfilled on ${shown(resource)} "${name}": ${why}`, detailsOf(resource, name));
}

/** 403: not allowed. @public */
export function forbiddenStatus(resource: Resource, name: string, why: string): Status {
  const where = name === '' ? shown(resource) : `${shown(resource)} "${name}"`;
  return failure(403, 'Forbidden', `${where} is forbidden: ${why}`, detailsOf(resource, name));
}

/** 422: field errors, in order. @public */
export function invalidStatus(kind: { readonly group: string; readonly kind: string }, name: string, errors: readonly FieldError[]): Status {
  const shownKind = kind.group === '' ? kind.kind : `${kind.kind}.${kind.group}`;
  const messages = [...new Set(errors.map(fieldErrorMessage))];
  // One cause a message: a value that is wrong twice in the same words is told once.
  const distinct = errors.filter((error, index) => !errors.slice(0, index).some((other) => other.field === error.field && fieldErrorMessage(other) === fieldErrorMessage(error)));
  const causes: StatusCause[] = distinct.map((error) => ({ reason: fieldErrorReason(error), message: fieldErrorBody(error), field: error.field } as StatusCause));
  const text = messages.length === 1 ? messages[0] ?? '' : `[${messages.join(', ')}]`;
  const details: StatusDetails = { ...(name === '' ? {} : { name }), ...(kind.group === '' ? {} : { group: kind.group }), kind: kind.kind, causes };
  return failure(422, 'Invalid', `${shownKind} "${name}" is invalid: ${text}`, details);
}

/** 400: the request cannot be understood. @public */
export function badRequestStatus(message: string): Status {
  return failure(400, 'BadRequest', message);
}

/** 405: the verb is not served there. @public */
export function methodNotSupportedStatus(resource: Resource, verb: string): Status {
  return failure(405, 'MethodNotAllowed', `${verb} is not supported on resources of kind "${shown(resource)}"`, detailsOf(resource, ''));
}

/** 405 for a method on a path. @public */
export function methodNotAllowedStatus(): Status {
  return failure(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource', {});
}

/** 406. @public */
export function notAcceptableStatus(accepted: readonly string[]): Status {
  return failure(406, 'NotAcceptable', `only the following media types are accepted: ${accepted.join(', ')}`);
}

/** 415. @public */
export function unsupportedMediaTypeStatus(accepted: readonly string[]): Status {
  return failure(415, 'UnsupportedMediaType', `the body of the request was in an unknown format - accepted media types include: ${accepted.join(', ')}`);
}

/** 410: that revision is gone. @public */
export function expiredStatus(message: string): Status {
  return failure(410, 'Expired', message);
}

/** 429: not now. @public */
export function tooManyRequestsStatus(message: string, retryAfterSeconds: number, causes?: readonly StatusCause[]): Status {
  return failure(429, 'TooManyRequests', message, { ...(causes === undefined ? {} : { causes }), ...(retryAfterSeconds === 0 ? {} : { retryAfterSeconds }) });
}

/** 500. @public */
export function internalErrorStatus(message: string): Status {
  return failure(500, 'InternalError', `Internal error occurred: ${message}`, { causes: [{ message }] });
}
