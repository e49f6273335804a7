// `cluster.rollout`: kubectl's rollout verbs.
import type { InNamespace, Within } from './cluster.ts';
import { durationMs } from './duration.ts';

/** Rollouts of Deployments, StatefulSets and DaemonSets. Each answers what kubectl prints and throws KubectlFailed as it fails. @public */
export class Rollout {
  private readonly kubectl: (words: readonly string[], options: InNamespace) => string;

  /** @internal */
  constructor(kubectl: (words: readonly string[], options: InNamespace) => string) {
    this.kubectl = kubectl;
  }

  /** Waits until the rollout is done, an hour of virtual time unless told otherwise. */
  status(reference: string, options: InNamespace & Within = {}): string {
    return this.run(['status', reference, `--timeout=${Math.ceil(durationMs('rollout.status.within', options.within ?? '1h') / 1000)}s`], options);
  }

  /** Its revisions, or one of them in full. */
  history(reference: string, options: InNamespace & { readonly revision?: number } = {}): string {
    return this.run(['history', reference, ...revisionFlag('revision', options.revision)], options);
  }

  /** Back to the revision before, or to a given one. */
  undo(reference: string, options: InNamespace & { readonly toRevision?: number } = {}): string {
    return this.run(['undo', reference, ...revisionFlag('to-revision', options.toRevision)], options);
  }

  /** Replaces all pods, one rollout for an unchanged template. */
  restart(reference: string, options: InNamespace = {}): string {
    return this.run(['restart', reference], options);
  }

  /** Holds a Deployment's rollout where it stands. */
  pause(reference: string, options: InNamespace = {}): string {
    return this.run(['pause', reference], options);
  }

  /** Lets a paused rollout go on. */
  resume(reference: string, options: InNamespace = {}): string {
    return this.run(['resume', reference], options);
  }

  private run(words: readonly string[], options: InNamespace): string {
    return this.kubectl(['rollout', ...words], options);
  }
}

function revisionFlag(name: string, revision: number | undefined): readonly string[] {
  return revision === undefined ? [] : [`--${name}=${revision}`];
}
