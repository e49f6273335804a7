// The first World of a cluster: namespaces, classes, the control plane's processes, and nodes with their kubelets.
import type { KubeObject } from '@kubesim/api';
import { DEFAULT_ADMISSION_PLUGINS, RBAC, rbacEscalation } from '@kubesim/apiserver';
import type { Controller } from '@kubesim/client';
import {
  attachDetachController, clusterRoleAggregationController, createHorizontalPodAutoscalerController, createNodeLifecycleController, cronJobController, daemonSetController, deploymentController, disruptionController, endpointController, endpointSliceController, endpointSliceMirroringController, garbageCollectorController, jobController,
  namespaceController, nodeIpamController, persistentVolumeController, podCidrOf, podGcController, pvcProtectionController, pvProtectionController, replicaSetController, replicationController, resourceQuotaController,
  rootCaCertPublisherController, serviceAccountController, statefulSetController, taintEvictionController, ttlAfterFinishedController, volumeProvisionerController,
} from '@kubesim/controllers';
import type { Machine } from '@kubesim/kernel';
import { createDns, createKubelet, type KubeletOptions } from '@kubesim/kubelet';
import { createScheduler, defaultPlugins, defaultProfile, type SchedulerOptions } from '@kubesim/scheduler';
import { ControlPlane } from './control-plane.ts';
import { FAULTS, faultComponent, faultFilter, faultLatency, faultStanding } from './faults.ts';
import { clusterInputs, USER } from './inputs.ts';
import { BOOTSTRAP_POLICY } from './bootstrap-policy.ts';
import { log } from './pod-access.ts';
import { importObjects, type ImportedObject } from './import-objects.ts';
import { nodeList, NO_METRICS, type ClusterOptions, type NodeOptions } from './options.ts';
import { controllersOf, programsOf, startProgram } from './replicas.ts';

/** A node is given up after so long without a heartbeat: the setting of the recordings. Upstream's default is 50 s. */
const NODE_MONITOR_GRACE_MS = 40_000;

/** Controllers of kube-controller-manager, in the order in which they hear of a change; that of HorizontalPodAutoscalers comes after them, for its metrics are the user's. @internal */
export const BUILT_IN_CONTROLLERS: readonly Controller[] = ([
  statefulSetController, deploymentController, replicaSetController, replicationController, daemonSetController, jobController, cronJobController, endpointSliceController, endpointController, endpointSliceMirroringController, disruptionController,
  persistentVolumeController, volumeProvisionerController, attachDetachController, pvcProtectionController, pvProtectionController, resourceQuotaController, createNodeLifecycleController({ nodeMonitorGraceMs: NODE_MONITOR_GRACE_MS }),
  nodeIpamController, taintEvictionController, podGcController, ttlAfterFinishedController, namespaceController, serviceAccountController, rootCaCertPublisherController, clusterRoleAggregationController, garbageCollectorController,
] satisfies readonly Controller[]).map((controller) => ({ ...controller, isTimeless: true }));

const SYSTEM_NAMESPACES = ['default', 'kube-node-lease', 'kube-public', 'kube-system'];

/** Names of the controllers that a cluster has unless they are left out. @internal */
export const BUILT_IN_NAMES: readonly string[] = [...BUILT_IN_CONTROLLERS.map(({ name }) => name), createHorizontalPodAutoscalerController(NO_METRICS).name];

/** Wires the control plane that options ask for. @internal */
export function createControlPlane(options: Required<ClusterOptions>): ControlPlane {
  const admission = [...DEFAULT_ADMISSION_PLUGINS, ...(options.authorization === 'RBAC' ? [rbacEscalation] : []), ...options.admission];
  const scheduler = createScheduler(schedulerOptions(options));
  const plane: ControlPlane = new ControlPlane({
    controllers: controllersOf(programsOf(options, builtIn(options))),
    actors: { scheduler: () => scheduler, kubelet: (given: KubeletOptions) => createKubelet(given, options.behaviours), dns: () => createDns(), ...options.actors },
    admission,
    authorizer: options.authorization === 'RBAC' ? RBAC : undefined,
    containerLog: (machine, target, previous) => log(plane, machine, options.behaviours, target, previous),
    inputs: clusterInputs(() => plane, options.behaviours, (machine, node) => addNode(plane, machine, node, options)),
    components: [faultComponent(() => plane)],
    functions: functionNames(options),
  });
  plane.filter = faultFilter;
  plane.latency = faultLatency;
  plane.standing = faultStanding;
  return plane;
}

/** Names of the user's functions, for the fingerprint: a recording is refused by a cluster with other ones. */
function functionNames({ scheduler, admission, behaviours, metrics }: Required<ClusterOptions>): readonly string[] {
  return [
    ...(scheduler.plugins ?? []).map(({ name }) => `scheduler plugin ${name}`), ...(scheduler.withoutPlugins ?? []).map((name) => `without scheduler plugin ${name}`),
    ...(scheduler.profiles ?? []).map(({ schedulerName, plugins }) => `scheduler profile ${schedulerName}: ${plugins.map(({ name }) => name).join(', ')}`),
    `metrics ${metrics.name}`, ...admission.map(({ name }) => `admission ${name}`), ...behaviours.map(({ name, version }) => `behaviour ${name}@${version}`),
  ];
}

function schedulerOptions({ scheduler }: Required<ClusterOptions>): SchedulerOptions {
  const { plugins = [], withoutPlugins = [], profiles = [], watches } = scheduler;
  const own = [...defaultPlugins.filter(({ name }) => !withoutPlugins.includes(name)), ...plugins];
  return { profiles: [plugins.length + withoutPlugins.length === 0 ? defaultProfile : { ...defaultProfile, plugins: own }, ...profiles], ...(watches === undefined ? {} : { watches }) };
}

function builtIn(options: Required<ClusterOptions>): readonly Controller[] {
  return [...BUILT_IN_CONTROLLERS, createHorizontalPodAutoscalerController(options.metrics)].filter((controller) => !options.withoutControllers.includes(controller.name));
}

/** A machine with everything in it, nothing of it run yet. What is imported is there first, and is not made again. @internal */
export function bootstrap(plane: ControlPlane, options: Required<ClusterOptions>, imported: readonly ImportedObject[] = []): Machine {
  const machine = plane.createMachine({ seed: options.seed, startAt: options.startAt, events: options.events, profile: { kubernetes: options.kubernetes, featureGates: options.featureGates } });
  machine.spawn(FAULTS, FAULTS);
  const storage = plane.storage(machine);
  importObjects(storage, imported);
  const create = (resource: string, object: KubeObject): void => {
    if (imported.length > 0 && storage.get(resource, object.metadata.namespace === undefined ? object.metadata.name ?? '' : `${object.metadata.namespace}/${object.metadata.name}`) !== undefined) return;
    const reply = plane.server(machine).call({ verb: 'create', resource, namespace: object.metadata.namespace, object }, { process: USER });
    if (!reply.ok) throw new Error(`bootstrap: ${reply.status.message ?? ''}`);
  };
  const namespaces = new Set([...SYSTEM_NAMESPACES, ...imported.flatMap(({ object }) => object.metadata.namespace ?? [])]);
  for (const name of namespaces) create('namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  if (!imported.some(({ resource }) => resource === 'storageclasses.storage.k8s.io')) {
    create('storageclasses.storage.k8s.io', storageClass('standard', 'Immediate', true));
    create('storageclasses.storage.k8s.io', storageClass('wait', 'WaitForFirstConsumer', false));
  }
  if (options.authorization === 'RBAC') for (const { resource, object } of BOOTSTRAP_POLICY) create(resource, object);
  if (storage.get('services', 'default/kubernetes') === undefined) putKubernetesService(plane, machine);
  for (const program of programsOf(options, builtIn(options))) startProgram(plane.processes, machine, program);
  plane.processes.addActor(machine, 'scheduler', null);
  plane.processes.addActor(machine, 'dns', null);
  for (const name of Object.keys(options.actors)) plane.processes.addActor(machine, name, null);
  if (imported.length === 0) for (const node of nodeList(options.nodes)) addNode(plane, machine, node, options);
  else takeOverNodes(plane, machine, imported, options);
  return machine;
}

/** Starts a kubelet for every node that was imported or that an imported pod runs on; it takes over what runs there. */
function takeOverNodes(plane: ControlPlane, machine: Machine, imported: readonly ImportedObject[], options: Required<ClusterOptions>): void {
  const nodes = imported.filter(({ resource }) => resource === 'nodes');
  const names = new Set([...nodes.map(({ key }) => key), ...imported.flatMap(({ resource, object }) => (resource === 'pods' ? object['spec']?.nodeName as string | undefined ?? [] : []))]);
  const known = new Map(nodes.map(({ key, object }) => [key, object]));
  // Objects of workloads alone say nothing of nodes: then there are those that the options ask for.
  const made = names.size === 0 ? nodeList(options.nodes) : [...names].sort().map((name): NodeOptions & { readonly name: string } => ({ name }));
  for (const node of made) addNode(plane, machine, node, options, { object: known.get(node.name), adoptsUntil: machine.now });
}

function storageClass(name: string, volumeBindingMode: string, isDefault: boolean): KubeObject {
  return {
    apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass', metadata: { name, ...(isDefault ? { annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } } : {}) },
    provisioner: 'kubernetes.io/host-path', reclaimPolicy: 'Delete', volumeBindingMode,
  };
}

/** The Service of the API server itself: its address is the first of the range, which nobody may ask for. */
function putKubernetesService(plane: ControlPlane, machine: Machine): void {
  const storage = plane.storage(machine);
  const resource = 'services';
  const time = new Date(machine.now).toISOString().replace(/\.\d+Z$/, 'Z');
  storage.put(resource, 'default/kubernetes', {
    apiVersion: 'v1', kind: 'Service',
    metadata: { name: 'kubernetes', namespace: 'default', uid: '00000000-0000-4000-8000-000000000001', resourceVersion: String(storage.revisionOf(resource) + 1), creationTimestamp: time, labels: { component: 'apiserver', provider: 'kubernetes' } },
    spec: {
      type: 'ClusterIP', clusterIP: '10.96.0.1', clusterIPs: ['10.96.0.1'], ipFamilies: ['IPv4'], ipFamilyPolicy: 'SingleStack', internalTrafficPolicy: 'Cluster', sessionAffinity: 'None',
      ports: [{ name: 'https', port: 443, protocol: 'TCP', targetPort: 6443 }],
    },
    status: { loadBalancer: {} },
  });
}

/** The address of a node: of the range for examples, then of the one for benchmarks, which is large enough for all that follow. */
function hostAddress(index: number): string {
  if (index < 250) return `192.0.2.${1 + index}`;
  const further = index - 250;
  return `198.18.${Math.floor(further / 250)}.${1 + (further % 250)}`;
}

/** Makes a node's object, unless it was imported, and starts its kubelet. */
function addNode(plane: ControlPlane, machine: Machine, node: NodeOptions & { readonly name: string }, options: Required<ClusterOptions>, imported?: { readonly object: KubeObject | undefined; readonly adoptsUntil: number }): void {
  const timing = options.timing === 'instant' ? 'recorded' : 'default';
  const controllerAttach = !options.withoutControllers.includes('attachdetach-controller');
  if (imported?.object !== undefined) {
    const { spec, status } = imported.object;
    const hostIP = (status?.addresses as readonly { readonly type: string; readonly address: string }[] | undefined)?.find(({ type }) => type === 'InternalIP')?.address;
    plane.processes.addActor(machine, 'kubelet', { node: node.name, podCIDR: spec?.podCIDR, hostIP, capacity: status?.capacity, timing, controllerAttach, adoptsUntil: imported.adoptsUntil } satisfies KubeletOptions);
    return;
  }
  const server = plane.server(machine);
  const index = [...plane.storage(machine).list('nodes')].length + 1;
  const capacity = { cpu: node.cpu ?? '1', memory: node.memory ?? '3840Mi', pods: String(node.pods ?? 110) };
  const hostIP = hostAddress(index);
  const podCIDR = podCidrOf(index);
  const labels = { 'beta.kubernetes.io/arch': 'amd64', 'beta.kubernetes.io/os': 'linux', 'kubernetes.io/arch': 'amd64', 'kubernetes.io/hostname': node.name, 'kubernetes.io/os': 'linux', ...(node.zone === undefined ? {} : { 'topology.kubernetes.io/zone': node.zone }), ...node.labels };
  const time = new Date(machine.now).toISOString().replace(/\.\d+Z$/, 'Z');
  const condition = (type: string, status: string, reason: string, message: string): object => ({ type, status, reason, message, lastHeartbeatTime: time, lastTransitionTime: time });
  const object: KubeObject = {
    apiVersion: 'v1', kind: 'Node', metadata: { name: node.name, labels }, spec: { podCIDR, podCIDRs: [podCIDR], ...(node.taints === undefined ? {} : { taints: node.taints }) },
    status: {
      capacity, allocatable: capacity, addresses: [{ type: 'InternalIP', address: hostIP }, { type: 'Hostname', address: node.name }],
      conditions: [
        condition('MemoryPressure', 'False', 'KubeletHasSufficientMemory', 'kubelet has sufficient memory available'), condition('DiskPressure', 'False', 'KubeletHasNoDiskPressure', 'kubelet has no disk pressure'),
        condition('PIDPressure', 'False', 'KubeletHasSufficientPID', 'kubelet has sufficient PID available'), condition('Ready', 'True', 'KubeletReady', 'kubelet is posting ready status'),
      ],
      nodeInfo: { kubeletVersion: `v${options.kubernetes}.2`, osImage: 'kubesim', kernelVersion: '6.0', containerRuntimeVersion: 'sim://1', architecture: 'amd64', operatingSystem: 'linux', bootID: '', machineID: '', systemUUID: '', kubeProxyVersion: '' },
    },
  };
  const reply = server.call({ verb: 'create', resource: 'nodes', object }, { process: `kubelet/${node.name}` });
  if (!reply.ok) throw new RangeError(`node '${node.name}': ${reply.status.message ?? ''}`);
  const kubelet: KubeletOptions = { node: node.name, podCIDR, hostIP, capacity, timing, controllerAttach, ...(imported === undefined ? {} : { adoptsUntil: imported.adoptsUntil }) };
  plane.processes.addActor(machine, 'kubelet', kubelet);
}
