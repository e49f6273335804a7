// Server-side apply.
import { badRequestStatus, type KubeObject } from '@kubesim/api';
import { Refusal, type Scope, type ServerContext } from '../server.ts';
import type { PatchOptions } from './update.ts';

/** Applies a configuration. Throws Refusal. @internal */
export function apply(context: ServerContext, scope: Scope, name: string, body: unknown, options: PatchOptions & { readonly force?: boolean }): { readonly object: KubeObject; readonly isCreated: boolean } {
  void context; void scope; void name; void body; void options;
  throw new Refusal(badRequestStatus('apply'));
}
