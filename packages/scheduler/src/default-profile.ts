// The plugins of an ordinary cluster, in upstream's order. Upstream: pkg/scheduler/apis/config/v1/default_plugins.go (1.37).
import type { SchedulerPlugin, SchedulerProfile } from './framework.ts';
import { dynamicResources } from './plugins/dynamic-resources.ts';
import { imageLocality } from './plugins/image-locality.ts';
import { interPodAffinity } from './plugins/inter-pod-affinity.ts';
import { nodeAffinity } from './plugins/node-affinity.ts';
import { nodeName } from './plugins/node-name.ts';
import { nodePorts } from './plugins/node-ports.ts';
import { nodeResourcesBalancedAllocation } from './plugins/node-resources-balanced-allocation.ts';
import { nodeResourcesFit } from './plugins/node-resources-fit.ts';
import { nodeUnschedulable } from './plugins/node-unschedulable.ts';
import { nodeVolumeLimits } from './plugins/node-volume-limits.ts';
import { podTopologySpread } from './plugins/pod-topology-spread.ts';
import { schedulingGates } from './plugins/scheduling-gates.ts';
import { taintToleration } from './plugins/taint-toleration.ts';
import { volumeBinding } from './plugins/volume-binding.ts';
import { volumeRestrictions } from './plugins/volume-restrictions.ts';
import { volumeZone } from './plugins/volume-zone.ts';

/** Every plugin that is on by default. PrioritySort is the queue's order, DefaultPreemption preemption.ts, DefaultBinder the process. @public */
export const defaultPlugins: readonly SchedulerPlugin[] = Object.freeze([
  schedulingGates, nodeUnschedulable, nodeName, taintToleration, nodeAffinity, nodePorts, nodeResourcesFit, volumeRestrictions, nodeVolumeLimits,
  volumeBinding, volumeZone, podTopologySpread, interPodAffinity, dynamicResources, nodeResourcesBalancedAllocation, imageLocality,
]);

/** The profile of pods that name no scheduler. @public */
export const defaultProfile: SchedulerProfile = Object.freeze({ schedulerName: 'default-scheduler', plugins: defaultPlugins });
