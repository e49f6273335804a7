// What a pod needs from other objects before its containers can be made. Source: kubelet_pods.go makeEnvironmentVariables, volume plugins (1.37).
import type { Container, Pod } from '@kubesim/api';
import type { PodEnvironment } from './pod-worker-state.ts';

/** Why the container cannot be made (`configmap "c" not found`); undefined if it can. */
export function configError(pod: Pod, container: Container, env: PodEnvironment): string | undefined {
  const namespace = pod.metadata?.namespace ?? '';
  const missing = (kind: 'configmap' | 'secret', name: string | undefined, optional: boolean | undefined): string | undefined => {
    if (name === undefined || optional === true || env.exists(`${kind}s`, namespace, name)) return undefined;
    return `${kind} "${name}" not found`;
  };
  for (const source of container.envFrom ?? []) {
    const error = missing('configmap', source.configMapRef?.name, source.configMapRef?.optional) ?? missing('secret', source.secretRef?.name, source.secretRef?.optional);
    if (error !== undefined) return error;
  }
  for (const variable of container.env ?? []) {
    const from = variable.valueFrom;
    const error = missing('configmap', from?.configMapKeyRef?.name, from?.configMapKeyRef?.optional) ?? missing('secret', from?.secretKeyRef?.name, from?.secretKeyRef?.optional);
    if (error !== undefined) return error;
  }
  return undefined;
}

/** Why a volume cannot be mounted; undefined if all can. */
export function volumeError(pod: Pod, env: PodEnvironment): string | undefined {
  const namespace = pod.metadata?.namespace ?? '';
  for (const volume of pod.spec?.volumes ?? []) {
    const configMap = volume.configMap;
    if (configMap?.name !== undefined && configMap.optional !== true && !env.exists('configmaps', namespace, configMap.name)) {
      return `MountVolume.SetUp failed for volume "${volume.name}" : configmap "${configMap.name}" not found`;
    }
    const secret = volume.secret;
    if (secret?.secretName !== undefined && secret.optional !== true && !env.exists('secrets', namespace, secret.secretName)) {
      return `MountVolume.SetUp failed for volume "${volume.name}" : secret "${secret.secretName}" not found`;
    }
  }
  return undefined;
}
