// DynamicResources: ResourceClaims are not simulated; the plugin takes part in the scores with 0, as upstream's does.
import { unresolvable, type SchedulerPlugin } from '../framework.ts';

/** Refuses pods with resource claims, which nothing here allocates. @public */
export const dynamicResources: SchedulerPlugin = {
  name: 'DynamicResources',
  weight: 2,
  preFilter: ({ pod }) => (pod.spec?.resourceClaims ?? []).length === 0 ? { skip: true }
    : { refusal: unresolvable('waiting for resource claim to be created') },
  score: () => 0,
};
