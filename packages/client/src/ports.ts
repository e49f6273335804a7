// What the runtime is given by whoever wires a cluster: the API server, the caches and the sink of Events.
import type { ApiCall, ApiReply, ResourceName } from '@kubesim/api';
import type { Machine } from '@kubesim/kernel';
import type { CacheChange, EventToRecord, Lister, Profile, Reason } from './reconcile.ts';

/** What a process watches of one resource. @public */
export interface WatchTarget {
  readonly resource: ResourceName;
  /** `spec.nodeName=<node>` for the pods of one node, `metadata.name=<name>` for one object. */
  readonly fieldSelector?: string;
}

/** The world around the runtime. @public */
export interface Ports {
  /** Sends a call to the API server on behalf of a process and answers at once. */
  call(machine: Machine, call: ApiCall, process: string): ApiReply;
  /** How long a controller's call is under way, if it is: before it reaches the server, or its reply afterwards. Asked once, before `call`. */
  latency?(machine: Machine, call: ApiCall, process: string): CallLatency | undefined;
  /** Opens a view for a process (its component's slot) and answers the view's slot. */
  openView(machine: Machine, process: string, processSlot: number, target: WatchTarget): number;
  /** Starts or stops the watch of a view. From the start on the view holds all that is there. */
  watch(machine: Machine, viewSlot: number, on: boolean): void;
  /** What a view holds, as additions: the first list of a process that starts. */
  initialList(machine: Machine, viewSlot: number): Iterable<CacheChange>;
  lister(machine: Machine, viewSlot: number): Lister;
  record(machine: Machine, source: EventSource, event: EventToRecord): void;
  explain(machine: Machine, source: string, subject: string, why: Reason | undefined): void;
  profile(machine: Machine): Profile;
}

/** Time that a call takes. @public */
export interface CallLatency {
  readonly delayMs: number;
  /** `before`: the request is under way and takes effect later. `after`: it took effect, and its reply is under way. */
  readonly when: 'before' | 'after';
}

/** Who records an Event. @public */
export interface EventSource {
  /** `statefulset-controller`, `kubelet`. */
  readonly component: string;
  readonly host?: string;
}
