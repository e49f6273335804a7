// Deletes finished Jobs once their time to live is over. Rules: SPEC.md.
import type { Job, KubeObject } from '@kubesim/api';
import { isNotFound, send, type Controller, type Reconciling } from '@kubesim/client';

/** Upstream: pkg/controller/ttlafterfinished (1.37). @public */
export const ttlAfterFinishedController: Controller = {
  name: 'ttl-after-finished-controller',
  watches: ['jobs.batch'],
  workers: 5,
  handle(context, { after }) {
    if (after !== undefined && needsCleanup(after as Job)) context.enqueue(`${after.metadata.namespace}/${after.metadata.name}`);
  },
  *reconcile(context, key): Reconciling {
    const [namespace = '', name = ''] = key.split('/');
    const cached = context.decide(() => context.lister<Job>('jobs.batch').get(namespace, name) ?? null);
    if (cached === null || !needsCleanup(cached)) return undefined;
    const early = expiresAt(cached) - context.clock;
    if (early > 0) {
      context.explain(`job/${name}`, { rule: 'TTL1', message: `is finished and will be deleted ${cached.spec?.ttlSecondsAfterFinished} s after that` });
      context.enqueueAfter(key, early, { long: true });
      return undefined;
    }
    const live = yield* send({ verb: 'get', resource: 'jobs.batch', namespace, name });
    if (live.error !== undefined) return isNotFound(live.error) ? undefined : { error: live.error.message };
    const job = live.object as Job;
    if (!needsCleanup(job)) return undefined;
    const left = expiresAt(job) - context.clock;
    if (left > 0) {
      context.enqueueAfter(key, left, { long: true });
      return undefined;
    }
    const { metadata } = job as KubeObject;
    const { error } = yield* send({ verb: 'delete', resource: 'jobs.batch', namespace, name, options: { propagationPolicy: 'Foreground', preconditions: { uid: metadata.uid } } });
    return error === undefined || isNotFound(error) ? undefined : { error: error.message };
  },
};

/** [TTL1] Finished, with a time to live, and not deleted yet. */
function needsCleanup(job: Job): boolean {
  return job.spec?.ttlSecondsAfterFinished !== undefined && job.metadata?.deletionTimestamp === undefined && finished(job) !== undefined;
}

function expiresAt(job: Job): number {
  return Date.parse(finished(job)?.lastTransitionTime ?? '') + (job.spec?.ttlSecondsAfterFinished ?? 0) * 1000;
}

function finished(job: Job): { readonly lastTransitionTime?: string } | undefined {
  return job.status?.conditions?.find(({ type, status }) => (type === 'Complete' || type === 'Failed') && status === 'True');
}
