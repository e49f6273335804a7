// Errors inside reconciles, as data: their text, their reason where the API server gave one, and aggregates.
// Upstream: staging/src/k8s.io/apimachinery/pkg/util/errors/errors.go and pkg/api/errors/errors.go (1.37).
import type { Status } from '@kubesim/api';

/** An error of a reconcile. @public */
export interface ReconcileError {
  /** The text that upstream would log. */
  readonly message: string;
  /** Reason of the Status that caused it, through any wrapping: `Conflict`, `NotFound`. Aggregates have none. */
  readonly reason?: string;
  /** Members, if it is an aggregate. */
  readonly members?: readonly ReconcileError[];
}

/** The error of a failed call, worded as the client words it: the message of the Status. @public */
export function apiError(status: Status): ReconcileError {
  const message = status.message ?? '';
  return status.reason === undefined ? { message } : { message, reason: status.reason };
}

/** The error with something said before it. It keeps its reason. @public */
export function wrapError(prefix: string, error: ReconcileError): ReconcileError {
  const message = `${prefix}: ${error.message}`;
  return error.reason === undefined ? { message } : { message, reason: error.reason };
}

/**
 * All errors as one, undefined if there are none. The text of one stands bare; of several `[a, b]`, nested aggregates opened
 * and texts that repeat printed once. @public
 */
export function aggregate(errors: readonly (ReconcileError | undefined)[]): ReconcileError | undefined {
  const members = errors.filter((error) => error !== undefined);
  const first = members[0];
  if (first === undefined) return undefined;
  if (members.length === 1) return { message: first.message, members };
  const texts = [...new Set(members.flatMap(textsOf))];
  return { message: texts.length === 1 ? (texts[0] as string) : `[${texts.join(', ')}]`, members };
}

/** The errors of which an aggregate is made, nested ones opened; any other error alone. @public */
export function flatten(error: ReconcileError): readonly ReconcileError[] {
  return error.members === undefined ? [error] : error.members.flatMap(flatten);
}

/** The server says that the object is not there. @public */
export function isNotFound(error: ReconcileError | undefined): boolean {
  return error?.reason === 'NotFound';
}

/** The server says that an object of this name is there already. @public */
export function isAlreadyExists(error: ReconcileError | undefined): boolean {
  return error?.reason === 'AlreadyExists';
}

/** The write was based on an older version than the stored one. @public */
export function isConflict(error: ReconcileError | undefined): boolean {
  return error?.reason === 'Conflict';
}

/** Validation refused the object. @public */
export function isInvalid(error: ReconcileError | undefined): boolean {
  return error?.reason === 'Invalid';
}

function textsOf(error: ReconcileError): readonly string[] {
  return flatten(error).map((member) => member.message);
}
