// apps/v1 Deployment, ReplicaSet and ControllerRevision.
import type { ControllerRevision, Deployment, ReplicaSet } from '../../generated/types.ts';
import { mapField, withDefaults, withField } from '../../edit.ts';
import { defineKind, type KindDefinition } from '../../kind.ts';
import type { KubeObject } from '../../request.ts';
import { defaultPodSpec } from '../core/pod-spec/defaults.ts';
import { ageCell, formatSelector, joinContainers } from '../../table/cells.ts';

/** Deployment. Upstream: pkg/registry/apps/deployment/strategy.go (1.37). @public */
export const deploymentKind: KindDefinition = defineKind<Deployment & KubeObject>({
  group: 'apps', version: 'v1', kind: 'Deployment', resource: 'deployments', singular: 'deployment', shortNames: ['deploy'], categories: ['all'], namespaced: true, hasGeneration: true,
  subresources: { status: true, scale: true },
  scale: {
    replicas: (object) => object.spec.replicas ?? 1, statusReplicas: (object) => object.status?.replicas ?? 0, selector: (object) => formatSelector(object.spec.selector),
    withReplicas: (object, replicas) => withField(object, 'spec', withField(object.spec, 'replicas', replicas)),
  },
  default: (object) => {
    let strategy = object.spec.strategy ?? {};
    if ((strategy.type ?? '') === '') strategy = { ...strategy, type: 'RollingUpdate' };
    if (strategy.type === 'RollingUpdate') strategy = withField(strategy, 'rollingUpdate', withDefaults(strategy.rollingUpdate ?? {}, { maxUnavailable: '25%', maxSurge: '25%' }));
    const spec = withDefaults(withField(object.spec, 'strategy', strategy), { replicas: 1, revisionHistoryLimit: 10, progressDeadlineSeconds: 600 });
    return withField(object, 'spec', mapField(spec, 'template', (template) => mapField(template, 'spec', defaultPodSpec)));
  },
  prepareForCreate: (object) => ({ ...object, status: {} as Deployment['status'] }),
  columns: [
    { name: 'Name', type: 'string', format: 'name' }, { name: 'Ready', type: 'string' }, { name: 'Up-to-date', type: 'string' }, { name: 'Available', type: 'string' }, { name: 'Age', type: 'string' },
    { name: 'Containers', type: 'string', priority: 1 }, { name: 'Images', type: 'string', priority: 1 }, { name: 'Selector', type: 'string', priority: 1 },
  ],
  cells: (object, now) => [object.metadata.name, `${object.status?.readyReplicas ?? 0}/${object.spec.replicas ?? 0}`, object.status?.updatedReplicas ?? 0, object.status?.availableReplicas ?? 0, ageCell(object, now), ...joinContainers(object.spec.template.spec), formatSelector(object.spec.selector)],
});

/** ReplicaSet. @public */
export const replicaSetKind: KindDefinition = defineKind<ReplicaSet & KubeObject>({
  group: 'apps', version: 'v1', kind: 'ReplicaSet', resource: 'replicasets', singular: 'replicaset', shortNames: ['rs'], categories: ['all'], namespaced: true, hasGeneration: true,
  subresources: { status: true, scale: true },
  scale: {
    replicas: (object) => object.spec.replicas ?? 1, statusReplicas: (object) => object.status?.replicas ?? 0, selector: (object) => formatSelector(object.spec.selector),
    withReplicas: (object, replicas) => withField(object, 'spec', withField(object.spec, 'replicas', replicas)),
  },
  default: (object) => withField(object, 'spec', mapField(withDefaults(object.spec, { replicas: 1 }), 'template', (template) => mapField(template, 'spec', defaultPodSpec))),
  prepareForCreate: (object) => ({ ...object, status: { replicas: 0 } as ReplicaSet['status'] }),
  columns: [
    { name: 'Name', type: 'string', format: 'name' }, { name: 'Desired', type: 'integer' }, { name: 'Current', type: 'integer' }, { name: 'Ready', type: 'integer' }, { name: 'Age', type: 'string' },
    { name: 'Containers', type: 'string', priority: 1 }, { name: 'Images', type: 'string', priority: 1 }, { name: 'Selector', type: 'string', priority: 1 },
  ],
  cells: (object, now) => [object.metadata.name, object.spec.replicas ?? 0, object.status?.replicas ?? 0, object.status?.readyReplicas ?? 0, ageCell(object, now), ...joinContainers(object.spec.template?.spec), formatSelector(object.spec.selector)],
});

/** ControllerRevision. @public */
export const controllerRevisionKind: KindDefinition = defineKind<ControllerRevision & KubeObject>({
  group: 'apps', version: 'v1', kind: 'ControllerRevision', resource: 'controllerrevisions', singular: 'controllerrevision', namespaced: true,
  columns: [{ name: 'Name', type: 'string', format: 'name' }, { name: 'Controller', type: 'string' }, { name: 'Revision', type: 'string' }, { name: 'Age', type: 'string' }],
  cells: (object, now) => {
    const owner = object.metadata.ownerReferences?.find((reference) => reference.controller === true);
    return [object.metadata.name, owner === undefined ? '<none>' : `${owner.kind.toLowerCase()}.apps/${owner.name}`, object.revision, ageCell(object, now)];
  },
});
