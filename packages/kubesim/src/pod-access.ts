// Into pods: commands in containers, their logs, HTTP between them. What a command changes is told to the kubelets.
import type { ContainerLog } from '@kubesim/api';
import { processName } from '@kubesim/client';
import type { Machine } from '@kubesim/kernel';
import { containerLog, execInContainer, resolveFrom, httpToAddress, type ContainerAddress, type ContainerBehaviour, type DnsState, type ExecOutcome, type KubeletState, type PodHttpResponse, type PodNetwork } from '@kubesim/kubelet';
import type { ControlPlane } from './control-plane.ts';
import { FAULTS, type FaultState } from './faults.ts';

const KUBELET = 'kubelet/';
const DNS = 'coredns';

/** The pod network of a World as it stands. @internal */
export function podNetwork(plane: ControlPlane, machine: Machine, behaviours: readonly ContainerBehaviour[]): PodNetwork {
  const faults = machine.peek<FaultState>(machine.slotOf(FAULTS));
  const prefix = processName(KUBELET);
  const nodes = machine.componentNames().filter((name) => name.startsWith(prefix)).map((name) => {
    const node = name.slice(prefix.length);
    return { node, state: machine.peek<KubeletState>(plane.processes.actorSlot(machine, `${KUBELET}${node}`)), isReachable: faults.nodes.get(node) === undefined };
  });
  const dns = machine.slotOf(processName(DNS)) < 0 ? undefined : machine.peek<DnsState>(plane.processes.actorSlot(machine, DNS));
  return { now: machine.now, nodes, dns, behaviours, pick: (bound) => machine.random('service endpoint', bound) };
}

/** Runs a command in a container and lets what it changed last. @internal */
export function exec(plane: ControlPlane, machine: Machine, behaviours: readonly ContainerBehaviour[], target: ContainerAddress & { readonly command: readonly string[]; readonly stdin?: string }): ExecOutcome {
  const outcome = execInContainer(podNetwork(plane, machine, behaviours), target, target.command, target.stdin);
  for (const { node, message } of outcome.messages) plane.actors.tell(machine, plane.processes.actorSlot(machine, `${KUBELET}${node}`), message);
  return outcome;
}

/** What a container printed. @internal */
export function log(plane: ControlPlane, machine: Machine, behaviours: readonly ContainerBehaviour[], target: ContainerAddress, previous: boolean): ContainerLog | undefined {
  return containerLog(podNetwork(plane, machine, behaviours), target, { previous });
}

/** Sends a request from within a namespace to a host by name or address. @internal */
export function http(plane: ControlPlane, machine: Machine, behaviours: readonly ContainerBehaviour[], from: string, url: URL, method: string): PodHttpResponse | 'timeout' | 'unresolved' | undefined {
  const network = podNetwork(plane, machine, behaviours);
  const isAddress = /^\d+\.\d+\.\d+\.\d+$/.test(url.hostname);
  const [address] = isAddress ? [url.hostname] : network.dns === undefined ? [] : resolveFrom(network.dns, from, url.hostname, machine.now) ?? [];
  if (address === undefined) return 'unresolved';
  return httpToAddress(network, address, { method, path: `${url.pathname}${url.search}`, port: url.port === '' ? 80 : Number(url.port) });
}
