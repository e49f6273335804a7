// A failure Status of given parts, for errors that have no constructor of their own.
import type { Status, StatusDetails } from '@kubesim/api';

/** A failure; an error of Go's that upstream did not classify has neither reason nor details. @internal */
export function plainStatus(code: number, reason: string | undefined, message: string, details?: StatusDetails): Status {
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, ...(reason === undefined ? {} : { reason }), ...(details === undefined ? {} : { details }), code };
}
