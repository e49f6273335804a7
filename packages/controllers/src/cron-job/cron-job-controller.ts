// The CronJob controller: what wakes it. What it then does is in sync.ts.
// Upstream: pkg/controller/cronjob/cronjob_controllerv2.go (1.37).
import type { CronJob, KubeObject } from '@kubesim/api';
import { controllerOf, type Controller } from '@kubesim/client';
import { keyOf } from '../pods/active-pods.ts';
import { syncCronJob, type TimeZones } from './sync.ts';

/** A CronJob controller that knows time zones beyond the fixed offsets from a function of the user's. @public */
export function createCronJobController(timeZones: TimeZones = () => undefined): Controller {
  return {
    name: 'cronjob-controller',
    watches: ['cronjobs.batch', 'jobs.batch'],
    workers: 5,
    handle(context, { resource, before, after }) {
      const object = (after ?? before) as KubeObject;
      if (resource === 'cronjobs.batch') return context.enqueue(keyOf(object));
      const reference = controllerOf(object);
      if (reference?.kind !== 'CronJob') return undefined;
      const cronJob = context.lister<CronJob>('cronjobs.batch').get(object.metadata.namespace ?? '', reference.name);
      return cronJob?.metadata.uid === reference.uid ? context.enqueue(keyOf(cronJob)) : undefined;
    },
    reconcile: (context, key) => syncCronJob(context, key, timeZones),
  };
}

/** Starts Jobs by the clock. Knows UTC and the Etc/GMT zones. @public */
export const cronJobController: Controller = createCronJobController();
