// What a verb works with: requests to the server, the names of resources, its output, and virtual time to wait in.
import type { KubeObject, RestRequest, RestResponse, Status } from '@kubesim/api';
import { KubectlError } from './kubectl-error.ts';

/** What kubectl is given: the server, the clock, and a way to let time pass. @public */
export interface KubectlOptions {
  handle(request: RestRequest): RestResponse;
  /** Virtual instant, ms since 1970. */
  now(): number;
  /** Lets virtual time pass until `isDone` or the instant; answers whether it is done. Without it, waiting verbs look once. */
  advance?(isDone: () => boolean, until: number): boolean;
  /** Runs a command in a container. */
  exec?(target: { readonly namespace: string; readonly pod: string; readonly container?: string; readonly command: readonly string[]; readonly stdin?: string }): { readonly stdout: string; readonly stderr: string; readonly exit: number };
  /** Reads a file named by -f. */
  readFile?(path: string): string;
  /** Edits a manifest in place of an editor. */
  edit?(yaml: string): string;
  readonly namespace?: string;
  /** Version that `version` prints for the client. */
  readonly version?: string;
}

/** A resource that a word named. @internal */
export interface Mapping {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly resource: string;
  readonly singular: string;
  readonly namespaced: boolean;
}

/** A resource as discovery tells of it. @internal */
export interface ServedMapping extends Mapping {
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly verbs: readonly string[];
  /** In the version of its group that the server prefers. */
  readonly isPreferred: boolean;
}

interface DiscoveredGroup {
  readonly metadata: { readonly name?: string };
  readonly versions: readonly {
    readonly version: string;
    readonly resources: readonly {
      readonly resource: string;
      readonly responseKind: { readonly kind: string };
      readonly scope: string;
      readonly singularResource?: string;
      readonly verbs: readonly string[];
      readonly shortNames?: readonly string[];
      readonly categories?: readonly string[];
    }[];
  }[];
}

const DISCOVERY = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';

/** `apps/v1`, `v1`. @internal */
export function apiVersionOf({ group, version }: Pick<Mapping, 'group' | 'version'>): string {
  return group === '' ? version : `${group}/${version}`;
}

/** The state of one command. @internal */
export class Session {
  readonly options: KubectlOptions;
  readonly namespace: string;
  readonly stdin: string;
  stdout = '';
  stderr = '';
  exit = 0;
  /** Errors of single objects, told when the others are done. */
  readonly deferred: KubectlError[] = [];
  private served: readonly ServedMapping[] | undefined;

  /** Whether the command itself names the namespace. */
  readonly hasNamespace: boolean;

  constructor(options: KubectlOptions, namespace: string | undefined, stdin: string) {
    this.options = options;
    this.hasNamespace = namespace !== undefined;
    this.namespace = namespace ?? options.namespace ?? 'default';
    this.stdin = stdin;
  }

  out(text: string): void {
    this.stdout += text;
  }

  err(text: string): void {
    this.stderr += text;
  }

  /** Sends a request; Warning headers go to stderr as kubectl prints them. */
  send(method: string, path: string, options: { readonly query?: Readonly<Record<string, string | undefined>>; readonly body?: unknown; readonly type?: string; readonly accept?: string } = {}): RestResponse {
    const query = Object.entries(options.query ?? {}).filter(([, value]) => value !== undefined && value !== '').map(([key, value]) => `${encodeURIComponent(key)}=${encodeURIComponent(value as string)}`).join('&');
    const headers: Record<string, string> = { accept: options.accept ?? 'application/json', 'user-agent': 'kubectl/v1.37.2' };
    if (options.body !== undefined) headers['content-type'] = options.type ?? 'application/json';
    const response = this.options.handle({ method, path, query, headers, body: options.body === undefined ? undefined : typeof options.body === 'string' ? options.body : JSON.stringify(options.body) });
    for (const warning of response.warnings ?? []) {
      const text = /^299 \S+ "((?:[^"\\]|\\.)*)"/.exec(warning)?.[1];
      if (text !== undefined) this.err(`Warning: ${text.replace(/\\(.)/g, '$1')}\n`);
    }
    return response;
  }

  /** Sends a request that must succeed; its object. Throws KubectlError as kubectl words the Status. */
  ask(method: string, path: string, options: Parameters<Session['send']>[2] = {}): KubeObject {
    const response = this.send(method, path, options);
    if (response.status >= 400) throw statusError(response.body as Status);
    return response.body as KubeObject;
  }

  /** The object, or undefined if there is none. */
  find(mapping: Mapping, name: string, namespace: string = this.namespace): KubeObject | undefined {
    const response = this.send('GET', this.path(mapping, name, namespace));
    if (response.status === 404) return undefined;
    if (response.status >= 400) throw statusError(response.body as Status);
    return response.body as KubeObject;
  }

  path(mapping: Mapping, name?: string, namespace: string | undefined = this.namespace): string {
    const root = mapping.group === '' ? `/api/${mapping.version}` : `/apis/${mapping.group}/${mapping.version}`;
    const scope = mapping.namespaced && namespace !== '' ? `/namespaces/${namespace}` : '';
    return `${root}${scope}/${mapping.resource}${name === undefined ? '' : `/${encodeURIComponent(name)}`}`;
  }

  /** The resource that a word names: plural, singular, kind or short name, with or without group. Throws KubectlError. */
  resource(word: string): Mapping {
    const found = this.findResource(word);
    if (found === undefined) throw new KubectlError(`error: the server doesn't have a resource type "${word}"`);
    return found;
  }

  findResource(word: string): Mapping | undefined {
    const lower = word.toLowerCase();
    const dot = lower.indexOf('.');
    const [name, group] = dot < 0 ? [lower, undefined] : [lower.slice(0, dot), lower.slice(dot + 1)];
    const inGroup = this.mappings().filter((each) => group === undefined || group === each.group || group === `${each.version}.${each.group}` || (each.group === '' && group === each.version));
    const byName = inGroup.find((each) => name === each.resource || name === each.singular || name === each.kind.toLowerCase());
    if (byName !== undefined) return byName;
    const [first, ...others] = inGroup.filter((each) => each.shortNames.includes(name));
    for (const other of others) if (first !== undefined && other.group !== first.group) this.err(`Warning: short name "${word}" could also match lower priority resource ${other.resource}.${other.group}\n`);
    return first;
  }

  /** Whether a word names a resource, alone or as `type/name`. */
  isResourceWord(word: string): boolean {
    return this.findResource(word.split('/')[0] ?? '') !== undefined;
  }

  byKind(apiVersion: string, kind: string): Mapping | undefined {
    return this.mappings().find((each) => each.kind === kind && apiVersionOf(each) === apiVersion);
  }

  /** Resources of a category such as `all`, in discovery order, each in its preferred version. */
  category(name: string): readonly Mapping[] {
    return this.mappings().filter((each) => each.isPreferred && each.categories.includes(name));
  }

  /** Every resource that the server serves, as its discovery lists them: groups in order, preferred versions first. */
  mappings(): readonly ServedMapping[] {
    this.served ??= ['/api', '/apis'].flatMap((path) => {
      const answer = this.options.handle({ method: 'GET', path, headers: { accept: DISCOVERY } });
      const { items = [] } = (answer.body ?? {}) as { readonly items?: readonly DiscoveredGroup[] };
      return items.flatMap(({ metadata, versions }) => versions.flatMap(({ version, resources }, index) => resources.map((each): ServedMapping => ({
        group: metadata.name ?? '', version, kind: each.responseKind.kind, resource: each.resource, singular: each.singularResource === undefined || each.singularResource === '' ? each.responseKind.kind.toLowerCase() : each.singularResource,
        namespaced: each.scope === 'Namespaced', shortNames: each.shortNames ?? [], categories: each.categories ?? [], verbs: each.verbs, isPreferred: index === 0,
      }))));
    });
    return this.served;
  }

  /** Waits on the virtual clock; whether it was done in time. */
  wait(isDone: () => boolean, until: number): boolean {
    if (isDone()) return true;
    return this.options.advance?.(isDone, until) ?? false;
  }
}

/** `statefulset.apps`, `pod`: how messages name a kind. @internal */
export function qualified(mapping: Mapping): string {
  return mapping.group === '' ? mapping.singular : `${mapping.singular}.${mapping.group}`;
}

/** A list that was refused: kubectl says which list it was. @internal */
export function listError(status: Status, mapping: Mapping, selectors: { readonly label?: string; readonly field?: string }): KubectlError {
  const isNamed = status.code === 400 || status.code === 404;
  return statusError(isNamed ? { ...status, message: `Unable to find "${mapping.group}/${mapping.version}, Resource=${mapping.resource}" that match label selector "${selectors.label ?? ''}", field selector "${selectors.field ?? ''}": ${status.message ?? ''}` } : status);
}

/** A Status as kubectl prints it. @internal */
export function statusError(status: Status | undefined): KubectlError {
  if (status === undefined) return new KubectlError('Error from server (NotFound): the server could not find the requested resource');
  const { reason, message = '', details } = status;
  if (reason === 'Invalid' && details?.causes !== undefined) {
    const causes = details.causes.map((cause) => `${cause.field === undefined || cause.field === '' ? '' : `${cause.field}: `}${cause.message ?? ''}`);
    const head = `The ${details.kind ?? ''}${details.name === undefined ? '' : ` "${details.name}"`} is invalid`;
    return new KubectlError(causes.length === 0 ? head : causes.length === 1 ? `${head}: ${causes[0] ?? ''}` : `${head}: \n${causes.map((cause) => `* ${cause}`).join('\n')}`);
  }
  return new KubectlError(`Error from server${reason === undefined || reason === '' ? '' : ` (${reason})`}: ${message}`);
}
