// Calls whose failure ends what the reconcile is doing: the error is thrown, and caught where the reconcile begins.
import type { ApiCall, KubeObject, Status } from '@kubesim/api';
import type { Calling } from './calling.ts';

/** The API server refused a call. Its message is that of the Status, as upstream's client words it. @public */
export class CallFailed extends Error {
  readonly status: Status;
  constructor(status: Status) {
    super(status.message ?? '');
    this.name = 'CallFailed';
    this.status = status;
  }
}

/** Makes one call and answers its object. Throws CallFailed where the server refuses. @public */
export function* call<T = KubeObject>(request: ApiCall): Calling<T> {
  const reply = yield request;
  if (!reply.ok) throw new CallFailed(reply.status);
  return reply.object as unknown as T;
}

/** Whether an error is a refused call with this Status reason: `NotFound`, `Conflict`, `AlreadyExists`. @public */
export function failedWith(error: unknown, reason: string): error is CallFailed {
  return error instanceof CallFailed && error.status.reason === reason;
}

/** Whether a refusal came from the namespace being deleted. @public */
export function isNamespaceTerminating(status: Status): boolean {
  return status.details?.causes?.some((cause) => cause.reason === 'NamespaceTerminating') ?? false;
}
