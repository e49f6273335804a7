// The manifests that a scenario's objects stand for.
import type { KubeObject } from '@kubesim/api';
import type { ObjectSpec, PodShape } from './scenario.ts';

/** The image of a version; version 0 cannot be pulled. @internal */
export function imageOf(version: number): string {
  return version === 0 ? 'missing/app:0' : `app:${version}`;
}

function podSpec(pod: PodShape, app: string, mounts: readonly string[] = []): object {
  const volumes = pod.claim === undefined ? [] : [{ name: 'shared', persistentVolumeClaim: { claimName: pod.claim } }];
  const names = [...mounts, ...volumes.map(({ name }) => name)];
  return {
    terminationGracePeriodSeconds: pod.graceSeconds ?? 30,
    ...(pod.apart === true ? { affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ labelSelector: { matchLabels: { app } }, topologyKey: 'kubernetes.io/hostname' }] } } } : {}),
    containers: [{
      name: 'main', image: imageOf(pod.version), ...(pod.cpu === undefined ? {} : { resources: { requests: { cpu: pod.cpu } } }),
      ...(pod.probe === true ? { readinessProbe: { exec: { command: ['true'] }, periodSeconds: 1 } } : {}),
      ...(names.length === 0 ? {} : { volumeMounts: names.map((name) => ({ name, mountPath: `/${name}` })) }),
    }],
    ...(volumes.length === 0 ? {} : { volumes }),
  };
}

/** The storage class of volumes that are attached to one node at a time. */
const ATTACHED = 'attached';

/** What an object needs beside it: the class of its claims. @internal */
export function prerequisitesOf(spec: ObjectSpec): readonly KubeObject[] {
  if (spec.kind !== 'StatefulSet' || spec.claims !== true || spec.attached !== true) return [];
  return [{ apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass', metadata: { name: ATTACHED }, provisioner: 'csi.example.com' }];
}

/** @internal */
export function manifestOf(spec: ObjectSpec): KubeObject {
  if (spec.kind === 'Manifest') return spec.object;
  const metadata = { name: spec.name, namespace: 'default' };
  switch (spec.kind) {
    case 'StatefulSet': {
      const rollingUpdate = { ...(spec.partition === undefined ? {} : { partition: spec.partition }), ...(spec.maxUnavailable === undefined ? {} : { maxUnavailable: spec.maxUnavailable }) };
      return {
        apiVersion: 'apps/v1', kind: 'StatefulSet', metadata,
        spec: {
          serviceName: spec.name, replicas: spec.replicas, podManagementPolicy: spec.podManagementPolicy ?? 'OrderedReady', selector: { matchLabels: { app: spec.name } },
          updateStrategy: spec.onDelete === true ? { type: 'OnDelete' } : { type: 'RollingUpdate', rollingUpdate },
          ...(spec.minReadySeconds === undefined ? {} : { minReadySeconds: spec.minReadySeconds }), ...(spec.historyLimit === undefined ? {} : { revisionHistoryLimit: spec.historyLimit }),
          ...(spec.ordinalsStart === undefined ? {} : { ordinals: { start: spec.ordinalsStart } }),
          ...(spec.whenScaled === undefined && spec.whenDeleted === undefined ? {} : { persistentVolumeClaimRetentionPolicy: { whenScaled: spec.whenScaled ?? 'Retain', whenDeleted: spec.whenDeleted ?? 'Retain' } }),
          template: { metadata: { labels: { app: spec.name } }, spec: podSpec(spec.pod, spec.name, spec.claims === true ? ['data'] : []) },
          ...(spec.claims === true ? { volumeClaimTemplates: [{ metadata: { name: 'data' }, spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, ...(spec.attached === true ? { storageClassName: ATTACHED } : {}) } }] } : {}),
        },
      };
    }
    case 'Deployment':
      return {
        apiVersion: 'apps/v1', kind: 'Deployment', metadata,
        spec: {
          replicas: spec.replicas, selector: { matchLabels: { app: spec.name } }, template: { metadata: { labels: { app: spec.name } }, spec: podSpec(spec.pod, spec.name) },
          strategy: spec.recreate === true ? { type: 'Recreate' } : { type: 'RollingUpdate', rollingUpdate: { maxSurge: spec.maxSurge ?? 1, maxUnavailable: spec.maxUnavailable ?? 0 } },
          ...(spec.minReadySeconds === undefined ? {} : { minReadySeconds: spec.minReadySeconds }), ...(spec.historyLimit === undefined ? {} : { revisionHistoryLimit: spec.historyLimit }),
        },
      };
    case 'Pod':
      return { apiVersion: 'v1', kind: 'Pod', metadata: { ...metadata, labels: { app: spec.name } }, spec: podSpec(spec.pod, spec.name) };
    case 'PersistentVolumeClaim':
      return { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata, spec: { storageClassName: spec.storageClass, accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } };
    case 'PodDisruptionBudget':
      return { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata, spec: { minAvailable: spec.minAvailable, selector: { matchLabels: { app: spec.app } } } };
    case 'ResourceQuota':
      return { apiVersion: 'v1', kind: 'ResourceQuota', metadata, spec: { hard: { pods: String(spec.pods) } } };
  }
}
