// The plugins that are on by default, in upstream's order (pkg/kubeapiserver/options/plugins.go, 1.37).
import type { AdmissionPlugin } from './admission-plugin.ts';
import { defaultStorageClass } from './default-storage-class.ts';
import { defaultTolerationSeconds } from './default-toleration-seconds.ts';
import { limitRanger } from './limit-ranger.ts';
import { namespaceLifecycle } from './namespace-lifecycle.ts';
import { persistentVolumeClaimResize } from './persistent-volume-claim-resize.ts';
import { priority } from './priority.ts';
import { resourceQuota } from './resource-quota.ts';
import { storageObjectInUseProtection } from './storage-object-in-use-protection.ts';
import { taintNodesByCondition } from './taint-nodes-by-condition.ts';

/** Default admission plugins in the order in which both phases run them. @public */
export const DEFAULT_ADMISSION_PLUGINS: readonly AdmissionPlugin[] = [
  namespaceLifecycle, limitRanger, taintNodesByCondition, priority, defaultTolerationSeconds, defaultStorageClass, storageObjectInUseProtection,
  persistentVolumeClaimResize, resourceQuota,
];
