// What a verb works with: requests to the server, the names of resources, its output, and virtual time to wait in.
import { builtInScheme, resourceName, type KubeObject, type RestRequest, type RestResponse, type Status } from '@kubesim/api';
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

/** The state of one command. @internal */
export class Session {
  readonly options: KubectlOptions;
  readonly namespace: string;
  readonly stdin: string;
  stdout = '';
  stderr = '';
  exit = 0;

  constructor(options: KubectlOptions, namespace: string, stdin: string) {
    this.options = options;
    this.namespace = namespace;
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
    return this.mappings().find((each) => (name === each.resource || name === each.singular || name === each.kind.toLowerCase() || each.shortNames.includes(name)) && (group === undefined || group === each.group || group === `${each.version}.${each.group}`));
  }

  byKind(apiVersion: string, kind: string): Mapping | undefined {
    return this.mappings().find((each) => each.kind === kind && (each.group === '' ? each.version : `${each.group}/${each.version}`) === apiVersion);
  }

  /** Resources of a category such as `all`, in discovery order. */
  category(name: string): readonly Mapping[] {
    return this.mappings().filter((each) => each.categories.includes(name));
  }

  mappings(): readonly (Mapping & { readonly shortNames: readonly string[]; readonly categories: readonly string[]; readonly verbs: readonly string[] | undefined })[] {
    const builtIn = builtInScheme.kinds.map((kind) => ({
      group: kind.group, version: kind.version, kind: kind.kind, resource: kind.resource, singular: kind.singular, namespaced: kind.namespaced, shortNames: kind.shortNames ?? [], categories: kind.categories ?? [], verbs: kind.verbs, preferred: builtInScheme.byResource(resourceName(kind)) === kind,
    })).sort((a, b) => Number(b.preferred) - Number(a.preferred));
    const response = this.options.handle({ method: 'GET', path: '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', headers: { accept: 'application/json' } });
    const definitions = response.status === 200 ? (response.body as { readonly items?: readonly KubeObject[] }).items ?? [] : [];
    const custom = definitions.flatMap((definition) => {
      const spec = definition['spec'] as { group: string; scope: string; names: { plural: string; singular?: string; kind: string; shortNames?: string[]; categories?: string[] }; versions: { name: string; served: boolean }[] };
      return spec.versions.filter((version) => version.served).map((version) => ({
        group: spec.group, version: version.name, kind: spec.names.kind, resource: spec.names.plural, singular: spec.names.singular ?? spec.names.kind.toLowerCase(), namespaced: spec.scope === 'Namespaced', shortNames: spec.names.shortNames ?? [], categories: spec.names.categories ?? [], verbs: undefined,
      }));
    });
    return [...builtIn, ...custom];
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

/** A Status as kubectl prints it. @internal */
export function statusError(status: Status): KubectlError {
  const { reason, message = '', details } = status;
  if (reason === 'Invalid' && details?.causes !== undefined) {
    const causes = details.causes.map((cause) => `${cause.field === undefined || cause.field === '' ? '' : `${cause.field}: `}${cause.message ?? ''}`);
    const head = `The ${details.kind ?? ''}${details.name === undefined ? '' : ` "${details.name}"`} is invalid`;
    return new KubectlError(causes.length === 0 ? head : causes.length === 1 ? `${head}: ${causes[0] ?? ''}` : `${head}: \n${causes.map((cause) => `* ${cause}`).join('\n')}`);
  }
  return new KubectlError(`Error from server${reason === undefined || reason === '' ? '' : ` (${reason})`}: ${message}`);
}
