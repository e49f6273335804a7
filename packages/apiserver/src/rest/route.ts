// Paths: which kind, namespace, name and subresource a request is about.
import { builtInScheme, type KindDefinition } from '@kubesim/api';
import type { ServerContext } from '../server.ts';

/** A path that names a resource. @internal */
export interface Route {
  readonly kind: KindDefinition;
  readonly namespace: string;
  readonly name: string | undefined;
  readonly subresource: string | undefined;
  /** The path is one of the old `/watch/` ones. */
  readonly isWatch: boolean;
}

/** What a path under `/api` or `/apis` names; undefined if it is no path of a resource. @internal */
export function parsePath(context: ServerContext, path: string): Route | undefined {
  let parts: string[];
  try {
    parts = path.split('/').filter((part) => part !== '').map(decodeURIComponent);
  } catch {
    return undefined;
  }
  const isCore = parts[0] === 'api';
  if (!isCore && parts[0] !== 'apis') return undefined;
  const [group, version] = isCore ? ['', parts[1]] : [parts[1] ?? '', parts[2]];
  let rest = parts.slice(isCore ? 2 : 3);
  const isWatch = rest[0] === 'watch';
  if (isWatch) rest = rest.slice(1);
  if (version === undefined || rest.length === 0) return undefined;
  let namespace = '';
  let isInNamespace = false;
  if (rest[0] === 'namespaces' && rest.length > 2 && !(rest.length === 3 && (rest[2] === 'status' || rest[2] === 'finalize'))) {
    namespace = rest[1] ?? '';
    isInNamespace = true;
    rest = rest.slice(2);
  }
  const [plural = '', name, subresource, ...more] = rest;
  const kind = builtInScheme.byPath(group, version, plural) ?? context.customKinds().find((each) => each.group === group && each.version === version && each.resource === plural);
  if (kind === undefined) return undefined;
  if (isInNamespace && !kind.namespaced) return undefined;
  if (kind.namespaced && !isInNamespace && name !== undefined) return undefined;
  if (subresource !== undefined && more.length === 0 && kind.subresources?.[subresource as 'status'] === undefined) return undefined;
  return { kind, namespace, name, subresource, isWatch };
}
