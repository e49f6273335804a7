// What really runs on the node, as data. The kubelet sees it only through its relist (see pod/relist.ts).
import type { FileTree } from './file-tree.ts';

/** One run of a container. */
export interface ContainerInstance {
  readonly name: string;
  /** 0 for the first run; shown as restartCount. */
  readonly attempt: number;
  readonly id: string;
  readonly startedAt: number;
  /** When it ends or ended, if that is known. Before that instant it runs. */
  readonly endsAt?: number;
  readonly exitCode?: number;
  /** Overrides the reason that follows from the exit code. */
  readonly reason?: string;
  /** Its root file system, over what the image holds; lost with the instance. */
  readonly files: FileTree;
  /** What it printed. */
  readonly log: readonly string[];
}

/** Sandbox of a pod: its network. */
export interface Sandbox {
  readonly isReady: boolean;
  readonly ip?: string;
  readonly createdAt: number;
}

/** Everything of one pod on the node. Per container the newest run first, at most two. */
export interface RuntimePod {
  readonly sandbox?: Sandbox;
  readonly containers: Readonly<Record<string, readonly ContainerInstance[]>>;
}

/** A pod of which the runtime knows nothing. */
export const emptyRuntimePod: RuntimePod = { containers: {} };

/** Whether the instance runs at that instant. */
export function isRunning(instance: ContainerInstance | undefined, now: number): boolean {
  return instance !== undefined && (instance.endsAt === undefined || now < instance.endsAt);
}

/** The newest run of a container. */
export function newest(runtime: RuntimePod, name: string): ContainerInstance | undefined {
  return runtime.containers[name]?.[0];
}

/** The pod with this run as the newest of its container. */
export function withInstance(runtime: RuntimePod, instance: ContainerInstance): RuntimePod {
  const before = runtime.containers[instance.name] ?? [];
  const kept = before[0]?.id === instance.id ? before.slice(1) : before;
  return { sandbox: runtime.sandbox, containers: { ...runtime.containers, [instance.name]: [instance, ...kept].slice(0, 2) } };
}

/** What a relist at `now` can tell apart: which runs there are, which of them have ended, and the sandbox. */
export function fingerprintOf(runtime: RuntimePod, now: number): string {
  const parts = [runtime.sandbox === undefined ? 'none' : `${runtime.sandbox.isReady}`];
  for (const name of Object.keys(runtime.containers).sort()) {
    for (const instance of runtime.containers[name] ?? []) parts.push(`${name}#${instance.attempt}${isRunning(instance, now) ? '+' : '-'}`);
  }
  return parts.join(' ');
}
