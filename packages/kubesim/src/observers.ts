// Observers of a cluster: told of every step, every change and every decision as it happens. They see, and change nothing.
import type { KubeObject } from '@kubesim/api';
import type { Machine } from '@kubesim/kernel';
import type { ControlPlane } from './control-plane.ts';
import { settingsOf } from './control-plane.ts';
import type { LoggedReason } from './settings.ts';

/** What an observer is told. `at` is the virtual instant, ms since 1970. @public */
export type Observation =
  /** A task is about to be received: `work statefulset-controller`, `view kubelet/node-1 pods`. */
  | { readonly kind: 'step'; readonly at: number; readonly label: string }
  | { readonly kind: 'change'; readonly at: number; readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly resource: string; readonly object: KubeObject; readonly revision: number }
  /** A component said why it does something or waits. */
  | { readonly kind: 'decision'; readonly at: number; readonly reason: LoggedReason };

/** @public */
export type Observer = (observation: Observation) => void;

/** Tells observers what happens on a machine. What happened within a step is told before the next one. @internal */
export class Observers {
  private readonly plane: ControlPlane;
  private readonly observers: Observer[] = [];
  private machine: Machine;
  private revision = 0;
  private logged = 0;

  constructor(plane: ControlPlane, machine: Machine) {
    this.plane = plane;
    this.machine = machine;
  }

  /** Adds an observer; answers how to take it off again. */
  add(observer: Observer): () => void {
    if (this.observers.length === 0) this.catchUp();
    this.observers.push(observer);
    this.attach();
    return () => {
      const place = this.observers.indexOf(observer);
      if (place >= 0) this.observers.splice(place, 1);
      this.attach();
    };
  }

  /** Goes on with another machine: the cluster went back or over to another World. */
  follow(machine: Machine): void {
    this.machine.observe(undefined);
    this.machine = machine;
    this.catchUp();
    this.attach();
  }

  /** Tells what changed since it was told last. */
  flush(): void {
    if (this.observers.length === 0) return;
    const storage = this.plane.storage(this.machine);
    const { log } = settingsOf(this.machine);
    const at = this.machine.now;
    if (storage.revision > this.revision) {
      const changes = storage.resources().filter((resource) => !resource.startsWith('events')).flatMap((resource) => [...storage.changesSince(resource, this.revision)]);
      this.revision = storage.revision;
      for (const { type, resource, after: object, revision } of changes.sort((a, b) => a.revision - b.revision)) this.tell({ kind: 'change', at: storage.instantOf(revision) ?? at, type, resource, object, revision });
    }
    for (; this.logged < log.length; this.logged++) {
      const reason = log.get(this.logged);
      if (reason !== undefined) this.tell({ kind: 'decision', at: reason.at, reason });
    }
  }

  private attach(): void {
    this.machine.observe(this.observers.length === 0 ? undefined : (task) => {
      this.flush();
      this.tell({ kind: 'step', at: this.machine.now, label: task.label });
    });
  }

  private catchUp(): void {
    this.revision = this.plane.storage(this.machine).revision;
    this.logged = settingsOf(this.machine).log.length;
  }

  private tell(observation: Observation): void {
    for (const observer of [...this.observers]) observer(observation);
  }
}
