// What an image does when it runs: functions by image name and version, registered with the machine.
import type { Container, Pod } from '@kubesim/api';
import type { FileTree } from './file-tree.ts';
import type { ContainerInstance } from './container-runtime.ts';

/** What a behaviour may look at. It reads nothing else, so a fork meets the same answers. @public */
export interface BehaviourContext {
  readonly now: number;
  readonly pod: Pod;
  readonly container: Container;
  readonly instance: ContainerInstance;
  /** The container's files as it sees them: image, its own layer and its mounts. */
  readonly files: FileTree;
  readonly hostname: string;
  readonly podIP: string;
}

/** Answer to an exec. @public */
export interface ExecResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  /** How long it takes. */
  readonly durationMs?: number;
  /** The files afterwards, if it changed them. */
  readonly files?: FileTree;
  /** Until when the same question would get the same answer, if no file changes (Infinity: for good). */
  readonly steadyUntil?: number;
}

/** An HTTP request inside the pod network. @public */
export interface PodHttpRequest {
  readonly method: string;
  readonly path: string;
  readonly port: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Its answer; undefined where nothing listens. @public */
export interface PodHttpResponse {
  readonly status: number;
  readonly reason: string;
  /** In the order they are sent. */
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string;
  readonly steadyUntil?: number;
}

/** How a run goes if nobody interferes. @public */
export interface Life {
  /** It ends so long after its start; without it, never. */
  readonly endsAfterMs?: number;
  readonly exitCode?: number;
  readonly reason?: string;
  readonly log?: readonly string[];
}

/** An image's behaviour. Everything left out means: does nothing of the kind. @public */
export interface ContainerBehaviour {
  readonly name: string;
  readonly version: number;
  /** Images it is for: the name without registry, library/ and tag; or a prefix that ends in a slash. */
  readonly images: readonly string[];
  /** Files of the image. */
  readonly files?: FileTree;
  /** The pull: how long, or why it fails. Undefined: the node has the image. */
  pull?(image: string): { readonly durationMs: number; readonly error?: string } | undefined;
  start?(container: Container, pod: Pod): Life;
  /** What happens after SIGTERM: how long it takes to end, and its exit code. */
  stop?(container: Container, pod: Pod): { readonly afterMs: number; readonly exitCode: number };
  exec?(context: BehaviourContext, command: readonly string[]): ExecResult | undefined;
  http?(context: BehaviourContext, request: PodHttpRequest): PodHttpResponse | undefined;
  /** Whether a TCP port accepts connections. */
  listens?(context: BehaviourContext, port: number): boolean;
  /** One line of a text protocol (redis). */
  line?(context: BehaviourContext, line: string): string | undefined;
}

/** Name of an image without registry, `library/` and tag: `docker.io/library/nginx:1.25` → `nginx`. */
export function imageName(image: string): string {
  const untagged = image.replace(/@.*$/, '').replace(/:[^/:]*$/, '');
  const parts = untagged.split('/');
  if (parts.length > 1 && /[.:]|^localhost$/.test(parts[0] as string)) parts.shift();
  if (parts[0] === 'library') parts.shift();
  return parts.join('/');
}

/** The behaviour for an image: by whole name, by last part, by prefix; else the fallback. First registered wins. */
export function behaviourOf(behaviours: readonly ContainerBehaviour[], image: string, fallback: ContainerBehaviour): ContainerBehaviour {
  const name = imageName(image);
  const last = name.slice(name.lastIndexOf('/') + 1);
  return behaviours.find((each) => each.images.some((pattern) => (pattern.endsWith('/') ? image.startsWith(pattern) : pattern === name || pattern === last))) ?? fallback;
}
