// The set that upstream's tests use, and the retention policies they run over.
import type { StatefulSet } from '@kubesim/api';

type Spec = StatefulSet['spec'];

/** Upstream's newStatefulSet: one claim template, RollingUpdate without parameters, history of 2. */
export function newSet(replicas: number, spec: Partial<Spec> = {}, name = 'web'): object {
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name, namespace: 'default' },
    spec: {
      replicas,
      selector: { matchLabels: { foo: 'bar' } },
      template: {
        metadata: { labels: { foo: 'bar' } },
        spec: { containers: [{ name: 'nginx', image: 'nginx', resources: {} }], volumes: [{ name: 'home', hostPath: { path: '/tmp' } }] },
      },
      volumeClaimTemplates: [{ metadata: { name: 'datadir', labels: { test: 'test' } }, spec: { resources: { requests: { storage: '1' } } } }],
      serviceName: 'governingsvc',
      podManagementPolicy: 'OrderedReady',
      updateStrategy: { type: 'RollingUpdate' },
      revisionHistoryLimit: 2,
      ...spec,
    },
  };
}

export const withImage = (image: string) => (spec: Spec): Partial<Spec> => ({
  template: { ...spec.template, spec: { ...spec.template.spec, containers: [{ name: 'nginx', image, resources: {} }] } as Spec['template']['spec'] },
});

export const MANAGEMENT = [['Monotonic', 'OrderedReady'], ['Burst', 'Parallel']] as const;

/** Upstream's runTestOverPVCRetentionPolicies. */
export const POLICIES: readonly (readonly [string, Partial<Spec>])[] = [
  ['base', { persistentVolumeClaimRetentionPolicy: { whenScaled: 'Retain', whenDeleted: 'Retain' } }],
  ['ScaleDownOnly', { persistentVolumeClaimRetentionPolicy: { whenScaled: 'Delete', whenDeleted: 'Retain' } }],
  ['SetDeleteOnly', { persistentVolumeClaimRetentionPolicy: { whenScaled: 'Retain', whenDeleted: 'Delete' } }],
  ['Delete', { persistentVolumeClaimRetentionPolicy: { whenScaled: 'Delete', whenDeleted: 'Delete' } }],
  ['nullPolicy', {}],
];
