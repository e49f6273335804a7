// A part of a reconcile that makes calls: what `yield*` runs inside a reconcile. The runtime is not here.
import type { ApiCall, ApiReply, KubeObject } from '@kubesim/api';
import { apiError, type ReconcileError } from './reconcile-error.ts';

/** A piece of a reconcile: yields calls (or pauses), is resumed with their replies, returns its result. @public */
export type Calling<T> = Generator<ApiCall | { readonly pauseMs: number }, T, ApiReply>;

/** What one call came to: the object, or the error as the client words it. @public */
export type CallOutcome =
  | { readonly object: KubeObject; readonly error?: undefined }
  | { readonly object?: undefined; readonly error: ReconcileError };

/** Makes one call and answers what came of it. Never throws. @public */
export function* send(call: ApiCall): Calling<CallOutcome> {
  const reply = yield call;
  return reply.ok ? { object: reply.object } : { error: apiError(reply.status) };
}
