// The operations of a kind's paths, as the published document lists them. Upstream: endpoints/installer.go (1.37).
import { apiVersionOf, type KindDefinition } from '@kubesim/api';
import { subresourcesOf, type GroupVersionKind } from '../discovery/discovery.ts';

/** One operation of a path. @internal */
export interface Operation {
  readonly method: 'get' | 'put' | 'post' | 'delete' | 'patch';
  readonly action: string;
  readonly kind: GroupVersionKind;
  readonly query: readonly string[];
  readonly body: readonly string[];
}

/** A path with what it takes. @internal */
export interface OperationPath {
  readonly path: string;
  readonly parameters: readonly string[];
  readonly operations: readonly Operation[];
}

const LIST: readonly string[] = ['allowWatchBookmarks', 'continue', 'fieldSelector', 'labelSelector', 'limit', 'pretty', 'resourceVersion', 'resourceVersionMatch', 'sendInitialEvents', 'shardSelector', 'timeoutSeconds', 'watch'];
const WRITE: readonly string[] = ['dryRun', 'fieldManager', 'fieldValidation', 'pretty'];
const PATCH: readonly string[] = ['dryRun', 'fieldManager', 'fieldValidation', 'force', 'pretty'];
const DELETE: readonly string[] = ['dryRun', 'gracePeriodSeconds', 'ignoreStoreReadErrorWithClusterBreakingPotential', 'orphanDependents', 'pretty', 'propagationPolicy'];
const DELETE_COLLECTION: readonly string[] = ['continue', 'dryRun', 'fieldSelector', 'gracePeriodSeconds', 'ignoreStoreReadErrorWithClusterBreakingPotential', 'labelSelector', 'limit', 'orphanDependents', 'pretty', 'propagationPolicy', 'resourceVersion', 'resourceVersionMatch', 'sendInitialEvents', 'shardSelector', 'timeoutSeconds'];
const CONNECT: Readonly<Record<string, readonly string[]>> = {
  attach: ['container', 'stderr', 'stdin', 'stdout', 'tty'], exec: ['command', 'container', 'stderr', 'stdin', 'stdout', 'tty'], portforward: ['ports'], proxy: ['path'],
};
const LOG: readonly string[] = ['container', 'follow', 'insecureSkipTLSVerifyBackend', 'limitBytes', 'pretty', 'previous', 'sinceSeconds', 'stream', 'tailLines', 'timestamps'];

const ANY: readonly string[] = ['*/*'];
const PATCH_BODIES: readonly string[] = ['application/apply-patch+yaml', 'application/json-patch+json', 'application/merge-patch+json', 'application/strategic-merge-patch+json'];

const CUSTOM_PATCH_BODIES = PATCH_BODIES.filter((type) => !type.includes('strategic'));

/** All paths of a kind. @internal */
export function operationPaths(kind: KindDefinition): readonly OperationPath[] {
  const root = kind.group === '' ? `/api/${kind.version}` : `/apis/${apiVersionOf(kind)}`;
  const place = kind.namespaced ? `${root}/namespaces/{namespace}/${kind.resource}` : `${root}/${kind.resource}`;
  const inPlace = kind.namespaced ? ['namespace'] : [];
  const own = { group: kind.group, version: kind.version, kind: kind.kind };
  const isServed = (verb: string): boolean => kind.verbs === undefined || kind.verbs.includes(verb);
  const patchBodies = kind.schema === undefined ? PATCH_BODIES : CUSTOM_PATCH_BODIES;
  const operation = (verb: string, method: Operation['method'], action: string, query: readonly string[], body: readonly string[] = []): readonly Operation[] => (isServed(verb) ? [{ method, action, kind: own, query, body }] : []);
  const object = `${place}/{name}`;
  const named = ['name', ...inPlace];
  const paths: OperationPath[] = [
    { path: place, parameters: inPlace, operations: [...operation('list', 'get', 'list', LIST), ...operation('create', 'post', 'post', WRITE, ANY), ...operation('deletecollection', 'delete', 'deletecollection', DELETE_COLLECTION, ANY)] },
    { path: object, parameters: named, operations: [...operation('get', 'get', 'get', ['pretty']), ...operation('update', 'put', 'put', WRITE, ANY), ...operation('delete', 'delete', 'delete', DELETE, ANY), ...operation('patch', 'patch', 'patch', PATCH, patchBodies)] },
  ];
  if (kind.namespaced) paths.push({ path: `${root}/${kind.resource}`, parameters: [], operations: operation('list', 'get', 'list', LIST) });
  for (const { name, responds, verbs } of subresourcesOf(kind)) {
    const answered = responds.group === '' && responds.version === '' ? { ...own, kind: responds.kind } : responds;
    paths.push({ path: `${object}/${name}`, parameters: named, operations: subresourceOperations(name, answered, verbs, patchBodies) });
  }
  return paths.filter(({ operations }) => operations.length > 0);
}

function subresourceOperations(name: string, kind: GroupVersionKind, verbs: readonly string[], patchBodies: readonly string[]): readonly Operation[] {
  const connect = Object.hasOwn(CONNECT, name) ? CONNECT[name] : undefined;
  if (connect !== undefined) {
    const methods = name === 'proxy' ? ['get', 'put', 'post', 'delete', 'patch'] as const : ['get', 'post'] as const;
    return methods.map((method) => ({ method, action: 'connect', kind, query: connect, body: [] }));
  }
  if (name === 'log') return [{ method: 'get', action: 'get', kind, query: LOG, body: [] }];
  const each: Readonly<Record<string, Operation>> = {
    get: { method: 'get', action: 'get', kind, query: ['pretty'], body: [] }, update: { method: 'put', action: 'put', kind, query: WRITE, body: ANY },
    patch: { method: 'patch', action: 'patch', kind, query: PATCH, body: patchBodies }, create: { method: 'post', action: 'post', kind, query: WRITE, body: ANY },
  };
  return verbs.flatMap((verb) => each[verb] ?? []);
}
