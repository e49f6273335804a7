// DELETE of a collection: each object that the selectors choose, in key order; the answer is the list as it was read.
import type { DeleteOptions, KubeObject } from '@kubesim/api';
import { Refusal, type Scope, type ServerContext, type WriteRequest } from '../server.ts';
import { remove } from './delete.ts';
import { list, type ListRequest } from './list.ts';

/** Deletes what a list answers. Not atomic. Throws Refusal. @internal */
export function deleteCollection(context: ServerContext, scope: Scope, request: ListRequest, options: DeleteOptions, write: Partial<WriteRequest> = {}): KubeObject {
  const read = list(context, scope, request);
  const { preconditions: _each, ...shared } = options;
  const texts = new Set<string>();
  for (const object of read['items'] as readonly KubeObject[]) {
    const warnings: string[] = [];
    try {
      remove(context, { ...scope, namespace: object.metadata.namespace ?? '' }, object.metadata.name ?? '', shared, { ...write, warnings });
    } catch (error) {
      if (!(error instanceof Refusal) || error.status.code !== 404) throw error;
    }
    for (const text of warnings) texts.add(text);
  }
  write.warnings?.push(...texts);
  return read;
}
