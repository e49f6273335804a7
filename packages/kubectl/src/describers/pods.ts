// Descriptions of pods and nodes. Upstream: kubectl/pkg/describe/describe.go (1.37).
import { compareQuantities, formatQuantity, type ExactQuantity } from '@kubesim/api';
import type { Session } from '../session.ts';
import { describeContainer, describeVolumes, spreadText, tolerationsText, type RunningContainer } from './pod-template.ts';
import { age, annotations, controlledBy, instant, line, many, NO_AMOUNT, pairs, share, sum, type Loose } from './text.ts';

/** Pod. @internal */
export function pod(session: Session, object: Loose): string {
  const { metadata, spec, status } = object;
  const deleted = metadata.deletionTimestamp as string | undefined;
  let text = line('Name', metadata.name) + line('Namespace', metadata.namespace) + (spec.priority === undefined ? '' : line('Priority', spec.priority));
  if ((spec.priorityClassName ?? '') !== '') text += line('Priority Class Name', spec.priorityClassName);
  if (spec.runtimeClassName !== undefined) text += line('Runtime Class Name', spec.runtimeClassName);
  if ((spec.serviceAccountName ?? '') !== '') text += line('Service Account', spec.serviceAccountName);
  text += (spec.nodeName ?? '') === '' ? line('Node', '<none>') : line('Node', `${spec.nodeName}/${status?.hostIP ?? ''}`);
  if (status?.startTime !== undefined) text += line('Start Time', instant(status.startTime));
  text += many('Labels', pairs(metadata.labels, '=')) + annotations(metadata.annotations);
  text += deleted === undefined || status?.phase === 'Failed' || status?.phase === 'Succeeded' ? line('Status', status?.phase ?? '') : line('Status', `Terminating (lasts ${age(session.options.now() - Date.parse(deleted))})`) + line('Termination Grace Period', `${metadata.deletionGracePeriodSeconds}s`);
  if ((status?.reason ?? '') !== '') text += line('Reason', status.reason);
  if ((status?.message ?? '') !== '') text += line('Message', status.message);
  if (spec.securityContext?.seccompProfile !== undefined) text += line('SeccompProfile', spec.securityContext.seccompProfile.type);
  text += line('IP', status?.podIP ?? '') + ((status?.podIPs ?? []).length === 0 ? line('IPs', '<none>') : `IPs:\n${status.podIPs.map(({ ip }: Loose) => line('  IP', ip)).join('')}`) + controlledBy(object);
  if ((status?.nominatedNodeName ?? '') !== '') text += line('NominatedNodeName', status.nominatedNodeName);
  const containers = (title: string, list: readonly Loose[] | undefined, statuses: readonly RunningContainer[] = []): string => (list === undefined || list.length === 0 ? '' : `${title}:\n${list.map((container) => describeContainer(container, '  ', statuses.find(({ name }) => name === container.name), object)).join('')}`);
  text += containers('Init Containers', spec.initContainers, status?.initContainerStatuses) + containers('Containers', spec.containers, status?.containerStatuses) + containers('Ephemeral Containers', spec.ephemeralContainers, status?.ephemeralContainerStatuses);
  const gates = (spec.readinessGates ?? []) as readonly Loose[];
  const conditions = (status?.conditions ?? []) as readonly Loose[];
  if (gates.length > 0) text += `Readiness Gates:\n  Type\tStatus\n${gates.map(({ conditionType }) => `  ${conditionType} \t${conditions.find(({ type }) => type === conditionType)?.status ?? '<none>'} \n`).join('')}`;
  if (conditions.length > 0) text += `Conditions:\n  Type\tStatus\n${conditions.map((each) => `  ${each.type} \t${each.status} \n`).join('')}`;
  text += describeVolumes(spec.volumes, '');
  return text + line('QoS Class', status?.qosClass ?? '') + many('Node-Selectors', pairs(spec.nodeSelector, '=')) + many('Tolerations', tolerationsText(spec.tolerations ?? [])) + spreadText(spec.topologySpreadConstraints);
}

const ROLE = 'node-role.kubernetes.io/';

/** Node. @internal */
export function node(session: Session, object: Loose): string {
  const { metadata, spec, status } = object;
  const roles = Object.keys(metadata.labels ?? {}).filter((key) => key.startsWith(ROLE)).map((key) => key.slice(ROLE.length)).sort();
  const taints = ((spec.taints ?? []) as readonly Loose[]).map(({ key, value, effect }) => `${key}${(value ?? '') === '' ? '' : `=${value}`}:${effect}`).sort();
  let text = line('Name', metadata.name) + many('Roles', roles.length === 0 ? [] : [roles.join(',')]) + many('Labels', pairs(metadata.labels, '=')) + annotations(metadata.annotations) + line('CreationTimestamp', instant(metadata.creationTimestamp)) + many('Taints', taints) + line('Unschedulable', spec.unschedulable === true);
  const lease = session.find(session.resource('leases.coordination.k8s.io'), metadata.name, 'kube-node-lease') as Loose | undefined;
  const micro = (value: string | undefined): string => (value === undefined ? '<unset>' : instant(value));
  text += lease === undefined ? 'Lease:\tFailed to get lease: leases.coordination.k8s.io "' + String(metadata.name) + '" not found\n' : `Lease:\n${line('  HolderIdentity', lease.spec?.holderIdentity ?? '<unset>')}${line('  AcquireTime', micro(lease.spec?.acquireTime))}${line('  RenewTime', micro(lease.spec?.renewTime))}`;
  const conditions = (status?.conditions ?? []) as readonly Loose[];
  if (conditions.length > 0) text += `Conditions:\n  Type\tStatus\tLastHeartbeatTime\tLastTransitionTime\tReason\tMessage\n  ----\t------\t-----------------\t------------------\t------\t-------\n${conditions.map((each) => `  ${each.type} \t${each.status} \t${instant(each.lastHeartbeatTime)} \t${instant(each.lastTransitionTime)} \t${each.reason ?? ''} \t${each.message ?? ''}\n`).join('')}`;
  text += `Addresses:\n${((status?.addresses ?? []) as readonly Loose[]).map(({ type, address }) => `  ${type}:\t${address}\n`).join('')}`;
  const amounts = (title: string, list: Readonly<Record<string, string>> | undefined): string => (list === undefined ? '' : `${title}:\n${Object.keys(list).sort().map((name) => `  ${name}:\t${list[name]}\n`).join('')}`);
  text += amounts('Capacity', status?.capacity) + amounts('Allocatable', status?.allocatable);
  const info = status?.nodeInfo ?? {};
  text += `System Info:\n${line('  Machine ID', info.machineID ?? '')}${line('  System UUID', info.systemUUID ?? '')}${line('  Boot ID', info.bootID ?? '')}${line('  Kernel Version', info.kernelVersion ?? '')}${line('  OS Image', info.osImage ?? '')}${line('  Operating System', info.operatingSystem ?? '')}${line('  Architecture', info.architecture ?? '')}${line('  Container Runtime Version', info.containerRuntimeVersion ?? '')}${line('  Kubelet Version', info.kubeletVersion ?? '')}`;
  if ((spec.podCIDR ?? '') !== '') text += line('PodCIDR', spec.podCIDR);
  if ((spec.podCIDRs ?? []).length > 0) text += line('PodCIDRs', spec.podCIDRs.join(','));
  if ((spec.providerID ?? '') !== '') text += line('ProviderID', spec.providerID);
  const list = session.ask('GET', '/api/v1/pods', { query: { fieldSelector: `spec.nodeName=${metadata.name},status.phase!=Succeeded,status.phase!=Failed`, limit: '500' } });
  return text + nodePods(session, list['items'] as readonly Loose[], status?.allocatable ?? status?.capacity ?? {});
}

interface PodAmounts {
  readonly requests: Readonly<Record<string, ExactQuantity>>;
  readonly limits: Readonly<Record<string, ExactQuantity>>;
}

/** What a pod asks for and may use: its containers together, or an init container that needs more. */
function amountsOf({ spec }: Loose): PodAmounts {
  const of = (field: 'requests' | 'limits'): Record<string, ExactQuantity> => {
    const containers = [...(spec.containers ?? []), ...(spec.initContainers ?? []).filter((each: Loose) => each.restartPolicy === 'Always')] as readonly Loose[];
    const inits = ((spec.initContainers ?? []) as readonly Loose[]).filter((each) => each.restartPolicy !== 'Always');
    const names = new Set([...containers, ...inits].flatMap((each) => Object.keys(each.resources?.[field] ?? {})));
    return Object.fromEntries([...names].map((name) => {
      const together = sum([...containers.map((each) => each.resources?.[field]?.[name]), spec.overhead?.[name]]);
      const most = inits.map((each) => sum([each.resources?.[field]?.[name]])).reduce((a, b) => (compareQuantities(a, b) >= 0 ? a : b), together);
      return [name, most];
    }));
  };
  return { requests: of('requests'), limits: of('limits') };
}

function nodePods(session: Session, pods: readonly Loose[], allocatable: Readonly<Record<string, string>>): string {
  let text = `Non-terminated Pods:\t(${pods.length} in total)\n  Namespace\tName\t\tCPU Requests\tCPU Limits\tMemory Requests\tMemory Limits\tAge\n  ---------\t----\t\t------------\t----------\t---------------\t-------------\t---\n`;
  const all = pods.map(amountsOf);
  const total = (field: keyof PodAmounts, name: string): ExactQuantity => sum(all.flatMap((each) => (each[field][name] === undefined ? [] : [formatQuantity(each[field][name])])));
  pods.forEach(({ metadata }, index) => {
    const { requests, limits } = all[index] as PodAmounts;
    const shown = (list: Readonly<Record<string, ExactQuantity>>, name: string): string => share(list[name] ?? NO_AMOUNT, allocatable[name]);
    text += `  ${metadata.namespace}\t${metadata.name}\t\t${shown(requests, 'cpu')}\t${shown(limits, 'cpu')}\t${shown(requests, 'memory')}\t${shown(limits, 'memory')}\t${age(session.options.now() - Date.parse(metadata.creationTimestamp))}\n`;
  });
  text += 'Allocated resources:\n  (Total limits may be over 100 percent, i.e., overcommitted.)\n  Resource\tRequests\tLimits\n  --------\t--------\t------\n';
  for (const name of ['cpu', 'memory', 'ephemeral-storage']) text += `  ${name}\t${share(total('requests', name), allocatable[name])}\t${share(total('limits', name), allocatable[name])}\n`;
  const others = Object.keys(allocatable).filter((name) => !['cpu', 'memory', 'ephemeral-storage', 'pods'].includes(name)).sort();
  for (const name of others) text += `  ${name}\t${formatQuantity(total('requests', name))}\t${formatQuantity(total('limits', name))}\n`;
  return text;
}
