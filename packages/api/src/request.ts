// The request types that every client of the API server speaks, trusted typed calls and REST alike. Pure data.
import type { DeleteOptions, ObjectMeta, Status } from './generated/types.ts';

/** Any API object in its JSON form. Objects that come out of storage are deeply frozen. @public */
export interface KubeObject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: ObjectMeta;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- kinds differ; typed callers use the generated types
  readonly [field: string]: any;
}

/** A resource with its group: `pods`, `statefulsets.apps`, `widgets.example.com`. @public */
export type ResourceName = string;

/** The four dialects of PATCH. @public */
export type PatchType = 'json' | 'merge' | 'strategic' | 'apply';

interface Target {
  readonly resource: ResourceName;
  /** Empty or absent for cluster-scoped resources, and for lists over all namespaces. */
  readonly namespace?: string;
  readonly subresource?: string;
}

/**
 * One typed call of a trusted in-process client. It skips parsing and content negotiation, never defaulting, validation or
 * admission. @public
 */
export type ApiCall =
  | (Target & { readonly verb: 'get'; readonly name: string })
  | (Target & { readonly verb: 'list'; readonly labelSelector?: string; readonly fieldSelector?: string })
  | (Target & { readonly verb: 'create'; readonly name?: string; readonly object: KubeObject; readonly fieldManager?: string; readonly dryRun?: boolean })
  | (Target & { readonly verb: 'update'; readonly name: string; readonly object: KubeObject; readonly fieldManager?: string; readonly dryRun?: boolean })
  | (Target & { readonly verb: 'patch'; readonly name: string; readonly patchType: PatchType; readonly patch: unknown; readonly fieldManager?: string; readonly force?: boolean; readonly dryRun?: boolean })
  | (Target & { readonly verb: 'delete'; readonly name: string; readonly options?: DeleteOptions })
  | (Target & { readonly verb: 'deletecollection'; readonly labelSelector?: string; readonly fieldSelector?: string; readonly options?: DeleteOptions });

/** The answer to a typed call: the object (a list for list), or the Status error. @public */
export type ApiReply =
  | { readonly ok: true; readonly object: KubeObject }
  | { readonly ok: false; readonly status: Status };

/** A change as a watcher sees it. @public */
export interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  readonly object: KubeObject;
}

/** One REST request as on the wire. Header names are lower case. @public */
export interface RestRequest {
  readonly method: string;
  /** The path without the query, percent-encoded as received. */
  readonly path: string;
  /** The raw query without the question mark. */
  readonly query?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Text, or bytes for protobuf bodies. */
  readonly body?: string | Uint8Array;
  /** Who asks; without one, an administrator. */
  readonly user?: { readonly name: string; readonly groups: readonly string[] };
}

/** The answer to a REST request. `body` is the JSON value before encoding (or text). A watch has `watch` in place of a body. @public */
export interface RestResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly text?: string;
  /** In place of `body` where an answer has no other form than bytes. */
  readonly bytes?: Uint8Array;
  /** RFC 7234 Warning header values, raw. */
  readonly warnings?: readonly string[];
  readonly watch?: WatchRequest;
  /** A log that is followed: what it holds so far is in `text`. */
  readonly follow?: LogFollow;
  /** A connection into a pod was granted (status 101): its holder upgrades and carries it out. */
  readonly connect?: ConnectRequest;
}

/** The log of one run of a container. @public */
export interface ContainerLog {
  /** Tells this run from others of the container. */
  readonly id: string;
  readonly lines: readonly string[];
  /** Virtual instant, ms since 1970. */
  readonly startedAt: number;
  readonly isRunning: boolean;
}

/** A followed log: which run of which container, and how many of its lines were sent. @public */
export interface LogFollow {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  readonly id: string;
  readonly sent: number;
  readonly timestamps: boolean;
}

/** What `exec`, `attach` and `portforward` ask for, decided. @public */
export interface ConnectRequest {
  readonly subresource: 'exec' | 'attach' | 'portforward';
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  readonly command: readonly string[];
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly tty: boolean;
}

/** What a watch asks for, decided; the holder pulls events from storage with it. @public */
export interface WatchRequest {
  readonly resource: ResourceName;
  /** The version in which objects are shown, and their kind. */
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** Events after this revision follow. */
  readonly fromRevision: number;
  /** Synthetic first events, already in the representation asked for. */
  readonly initial: readonly WatchEvent[];
  readonly allowBookmarks: boolean;
  readonly timeoutSeconds?: number;
  /** How objects are shown: as they are, or as Table or PartialObjectMetadata. */
  readonly representation: 'object' | 'table' | 'metadata';
  /** How events are written: as lines of JSON, or as frames of protobuf. */
  readonly encoding: 'json' | 'protobuf';
}
