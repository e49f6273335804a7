// The host name of a pod. Source: kubelet_pods.go GeneratePodHostNameAndDomain (1.37).
import type { Pod } from '@kubesim/api';

/** What `hostname` prints inside: spec.hostname or the pod's name, cut to 63 characters. @public */
export function hostnameOf(pod: Pod): string {
  const name = pod.spec?.hostnameOverride ?? pod.spec?.hostname ?? pod.metadata?.name ?? '';
  return name.slice(0, 63).replace(/[-.]+$/, '');
}
