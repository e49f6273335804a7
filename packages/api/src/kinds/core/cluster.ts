// core/v1 Namespace, Node, ConfigMap.
import type { ConfigMap, Namespace, Node } from '../../generated/types.ts';
import { withField } from '../../edit.ts';
import { defineKind, type KindDefinition } from '../../kind.ts';
import type { KubeObject } from '../../request.ts';
import { ageCell } from '../../table/cells.ts';

/** Namespace. Deleted in two steps: the controller empties it, then finalizes. @public */
export const namespaceKind: KindDefinition = defineKind<Namespace & KubeObject>({
  group: '', version: 'v1', kind: 'Namespace', resource: 'namespaces', singular: 'namespace', shortNames: ['ns'], namespaced: false, nameRule: 'label',
  subresources: { status: true, finalize: { prepareForUpdate: (sent, old) => ({ ...old, metadata: { ...old.metadata, finalizers: sent.metadata.finalizers }, spec: sent.spec }) } },
  default: (namespace) => (namespace.metadata.labels?.['kubernetes.io/metadata.name'] === namespace.metadata.name ? namespace : { ...namespace, metadata: { ...namespace.metadata, labels: { ...namespace.metadata.labels, 'kubernetes.io/metadata.name': namespace.metadata.name } } }),
  prepareForCreate: (namespace) => ({ ...namespace, spec: { finalizers: ['kubernetes'] }, status: { phase: 'Active' } }),
  prepareForUpdate: (namespace, old) => withField(namespace, 'spec', old.spec),
  blocksRemoval: (namespace) => (namespace.spec.finalizers?.length ?? 0) > 0,
  prepareForDelete: (namespace) => ({ ...namespace, status: { ...namespace.status, phase: 'Terminating' } }),
  deleteReturnsObject: true,
  selectableFields: { 'status.phase': (namespace) => namespace.status?.phase ?? '' },
  columns: [{ name: 'Name', type: 'string', format: 'name' }, { name: 'Status', type: 'string' }, { name: 'Age', type: 'string' }],
  cells: (namespace, now) => [namespace.metadata.name, namespace.status?.phase ?? '', ageCell(namespace, now)],
});

const ROLE_PREFIX = 'node-role.kubernetes.io/';

/** Node. @public */
export const nodeKind: KindDefinition = defineKind<Node & KubeObject>({
  group: '', version: 'v1', kind: 'Node', resource: 'nodes', singular: 'node', shortNames: ['no'], namespaced: false,
  subresources: { status: true, proxy: true },
  selectableFields: { 'spec.unschedulable': (node) => String(node.spec.unschedulable ?? false) },
  columns: [
    { name: 'Name', type: 'string', format: 'name' }, { name: 'Status', type: 'string' }, { name: 'Roles', type: 'string' }, { name: 'Age', type: 'string' }, { name: 'Version', type: 'string' }, { name: 'Internal-IP', type: 'string', priority: 1 }, { name: 'External-IP', type: 'string', priority: 1 },
    { name: 'OS-Image', type: 'string', priority: 1 }, { name: 'Kernel-Version', type: 'string', priority: 1 }, { name: 'Container-Runtime', type: 'string', priority: 1 },
  ],
  cells: (node, now) => {
    const ready = node.status?.conditions?.find((condition) => condition.type === 'Ready');
    const status = [ready === undefined ? 'Unknown' : ready.status === 'True' ? 'Ready' : 'NotReady', ...(node.spec.unschedulable === true ? ['SchedulingDisabled'] : [])].join(',');
    const roles = Object.keys(node.metadata.labels ?? {}).filter((label) => label.startsWith(ROLE_PREFIX)).map((label) => label.slice(ROLE_PREFIX.length)).sort().join(',');
    const address = (type: string): string => node.status?.addresses?.find((each) => each.type === type)?.address ?? '<none>';
    const info = node.status?.nodeInfo;
    return [node.metadata.name, status, roles === '' ? '<none>' : roles, ageCell(node, now), info?.kubeletVersion ?? '', address('InternalIP'), address('ExternalIP'), info?.osImage ?? '<unknown>', info?.kernelVersion ?? '<unknown>', info?.containerRuntimeVersion ?? '<unknown>'];
  },
});

/** ConfigMap. @public */
export const configMapKind: KindDefinition = defineKind<ConfigMap & KubeObject>({
  group: '', version: 'v1', kind: 'ConfigMap', resource: 'configmaps', singular: 'configmap', shortNames: ['cm'], namespaced: true,
  columns: [{ name: 'Name', type: 'string', format: 'name' }, { name: 'Data', type: 'string' }, { name: 'Age', type: 'string' }],
  cells: (map, now) => [map.metadata.name, Object.keys(map.data ?? {}).length + Object.keys(map.binaryData ?? {}).length, ageCell(map, now)],
});
