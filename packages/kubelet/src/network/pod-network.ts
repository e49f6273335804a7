// The simulated pod network as pure functions over the nodes' states: who has an address, and what answers there.
import type { Container, ContainerLog, EndpointSlice, Pod, Service } from '@kubesim/api';
import { anyBehaviour, defaultBehaviours } from '../container/images.ts';
import { containerFiles, writeContainerFiles } from '../container/mounts.ts';
import { runCommand, type ContainerNetwork } from '../container/shell.ts';
import type { KubeletMessage, KubeletState, VolumeContent } from '../kubelet-state.ts';
import { volumeContent } from '../node/volumes.ts';
import { containerOf } from '../pod/containers.ts';
import type { PodWorkerState } from '../pod/pod-worker-state.ts';
import { behaviourOf, type BehaviourContext, type ContainerBehaviour, type PodHttpRequest, type PodHttpResponse } from '../runtime/behaviour.ts';
import { isRunning, newest, type ContainerInstance } from '../runtime/container-runtime.ts';
import type { FileTree } from '../runtime/file-tree.ts';
import type { DnsState } from './dns.ts';
import { resolveFrom } from './dns-query.ts';
import { hostnameOf } from './pod-hostname.ts';

/** All that the network consists of at an instant. @public */
export interface PodNetwork {
  readonly now: number;
  readonly nodes: readonly { readonly node: string; readonly state: KubeletState; readonly isReachable?: boolean }[];
  readonly dns?: DnsState;
  readonly behaviours?: readonly ContainerBehaviour[];
  /** Which of several endpoints a connection to a cluster IP takes: a whole number below the bound. */
  readonly pick?: (bound: number) => number;
}

/** A container that an exec or a request goes to. @public */
export interface ContainerAddress {
  readonly namespace: string;
  readonly pod: string;
  readonly container?: string;
}

/** Outcome of an exec: what was printed, how long it took, and what to tell the kubelets so that its changes last. @public */
export interface ExecOutcome {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly durationMs: number;
  /** Messages for kubelets, to be delivered in this order. */
  readonly messages: readonly { readonly node: string; readonly message: KubeletMessage }[];
  /** The exec did not come about: there is no such pod, or its container does not run. */
  readonly error?: string;
}

interface Found {
  readonly node: string;
  readonly state: KubeletState;
  readonly worker: PodWorkerState;
}

function find(network: PodNetwork, test: (worker: PodWorkerState) => boolean): Found | undefined {
  for (const { node, state, isReachable } of network.nodes) {
    if (isReachable === false) continue;
    for (const worker of state.workers.values()) if (test(worker)) return { node, state, worker };
  }
  return undefined;
}

function findPod(network: PodNetwork, { namespace, pod }: ContainerAddress): Found | undefined {
  const isIt = (worker: PodWorkerState): boolean => worker.pod.metadata?.namespace === namespace && worker.pod.metadata.name === pod;
  // Of two of one name the one whose containers run.
  return find(network, (worker) => isIt(worker) && worker.mode === 'sync') ?? find(network, isIt);
}

/** The newest copy of each volume: a claim that moved may be known to several nodes. */
function newestVolume(network: PodNetwork, found: Found, volume: string): VolumeContent {
  const uid = found.worker.pod.metadata?.uid ?? '';
  const own = volumeContent(found.state, uid, volume);
  const key = found.state.mounts.get(`${uid}/${volume}`) ?? '';
  if (!key.startsWith('claim/')) return own;
  return network.nodes.reduce((best, { state }) => {
    const other = state.volumes.get(key);
    return other !== undefined && other.version > best.version ? other : best;
  }, own);
}

interface Opened {
  readonly context: BehaviourContext;
  readonly behaviour: ContainerBehaviour;
  readonly container: Container;
  readonly instance: ContainerInstance;
  readonly env: { behaviour(image: string): ContainerBehaviour; volume(pod: Pod, volume: string): FileTree };
}

function open(network: PodNetwork, found: Found, name: string): Opened | undefined {
  const { pod, runtime } = found.worker;
  const container = containerOf(pod, name);
  const instance = newest(runtime, name);
  if (instance === undefined || !isRunning(instance, network.now)) return undefined;
  const env = {
    behaviour: (image: string) => behaviourOf([...(network.behaviours ?? []), ...defaultBehaviours], image, anyBehaviour),
    volume: (_pod: Pod, volume: string) => newestVolume(network, found, volume).files,
  };
  const context: BehaviourContext = {
    now: network.now, pod, container, instance, files: containerFiles(pod, container, instance, env), hostname: hostnameOf(pod), podIP: runtime.sandbox?.ip ?? '',
  };
  return { context, behaviour: env.behaviour(container.image ?? ''), container, instance, env };
}

/** Runs a command in a container, with the network as its pod reaches it. @public */
export function execInContainer(network: PodNetwork, address: ContainerAddress, command: readonly string[], stdin: string = ''): ExecOutcome {
  const failure = (error: string): ExecOutcome => ({ exitCode: 1, stdout: '', stderr: '', durationMs: 0, messages: [], error });
  const found = findPod(network, address);
  if (found === undefined) return failure(`pods "${address.pod}" not found`);
  const { pod } = found.worker;
  const name = address.container ?? pod.metadata?.annotations?.['kubectl.kubernetes.io/default-container'] ?? pod.spec?.containers[0]?.name ?? '';
  if (![...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])].some((each) => each.name === name)) return failure(`container ${name} is not valid for pod ${address.pod}`);
  const opened = open(network, found, name);
  if (opened === undefined) return failure(`container not found ("${name}")`);
  const { context, behaviour, container, instance, env } = opened;
  const reach: ContainerNetwork = {
    resolve: (host) => (network.dns === undefined ? undefined : resolveFrom(network.dns, address.namespace, host, network.now)),
    http: (target, request) => httpToAddress(network, target, request),
  };
  const result = runCommand(context, behaviour, command, reach, stdin);
  const messages: { node: string; message: KubeletMessage }[] = [];
  if (result.files !== undefined) {
    const uid = pod.metadata?.uid ?? '';
    const volumes: (readonly [string, VolumeContent])[] = [];
    const runtime = writeContainerFiles(found.worker, container, instance, result.files, {
      ...env,
      writeVolume: (_pod, volume, files) => {
        const key = found.state.mounts.get(`${uid}/${volume}`) ?? `pod/${uid}/${volume}`;
        volumes.push([key, { files, version: newestVolume(network, found, volume).version + 1 }]);
      },
    });
    messages.push({ node: found.node, message: { kind: 'files', uid, runtime, volumes } });
    // Every node keeps the data of claims, so that it is there when the claim's next pod lands on it.
    const claims = volumes.filter(([key]) => key.startsWith('claim/'));
    if (claims.length > 0) for (const { node } of network.nodes) if (node !== found.node) messages.push({ node, message: { kind: 'files', volumes: claims } });
  }
  return { exitCode: result.exitCode, stdout: result.stdout, stderr: result.stderr, durationMs: result.durationMs ?? 0, messages };
}

/** Sends a request to a pod. `undefined`: nothing listens on that port. @public */
export function httpToPod(network: PodNetwork, address: ContainerAddress, request: PodHttpRequest): PodHttpResponse | undefined {
  const found = findPod(network, address);
  return found === undefined ? undefined : httpToWorker(network, found, request);
}

function httpToWorker(network: PodNetwork, found: Found, request: PodHttpRequest): PodHttpResponse | undefined {
  for (const { name } of found.worker.pod.spec?.containers ?? []) {
    const opened = open(network, found, name);
    const response = opened?.behaviour.http?.(opened.context, request);
    if (response !== undefined) return response;
  }
  return undefined;
}

/** Sends a request to an address: a pod's, or the cluster IP of a service. @public */
export function httpToAddress(network: PodNetwork, address: string, request: PodHttpRequest): PodHttpResponse | 'timeout' | undefined {
  const found = find(network, (worker) => worker.runtime.sandbox?.ip === address && worker.runtime.sandbox.isReady);
  if (found !== undefined) return httpToWorker(network, found, request);
  const service = serviceOfAddress(network.dns, address);
  if (service === undefined) return 'timeout';
  const targets = endpointsOf(network.dns as DnsState, service, request.port);
  if (targets.length === 0) return undefined;
  const target = targets[network.pick?.(targets.length) ?? 0];
  return target === undefined ? undefined : httpToAddress(network, target.address, { ...request, port: target.port });
}

function serviceOfAddress(dns: DnsState | undefined, address: string): Service | undefined {
  if (dns === undefined) return undefined;
  for (const service of dns.services.values()) if (service.spec?.clusterIP === address) return service;
  return undefined;
}

function endpointsOf(dns: DnsState, service: Service, port: number): readonly { readonly address: string; readonly port: number }[] {
  const named = service.spec?.ports?.find((each) => each.port === port);
  if (named === undefined) return [];
  const prefix = `${service.metadata?.namespace}/${service.metadata?.name}/`;
  const found: { address: string; port: number }[] = [];
  for (const [, slice] of dns.slices.entries(prefix, `${prefix}\uffff`)) found.push(...readyTargets(slice, named.name));
  return found;
}

function readyTargets(slice: EndpointSlice, portName: string | undefined): readonly { readonly address: string; readonly port: number }[] {
  const port = slice.ports?.find((each) => (each.name ?? '') === (portName ?? ''))?.port;
  if (port === undefined) return [];
  return (slice.endpoints ?? []).filter((each) => each.conditions?.ready !== false).flatMap((each) => each.addresses.map((address) => ({ address, port })));
}

/** What a container printed in its newest run, or in the one before with `previous`; undefined if there was none. @public */
export function containerLog(network: PodNetwork, address: ContainerAddress, options: { readonly previous?: boolean } = {}): ContainerLog | undefined {
  const found = findPod(network, address);
  const name = address.container ?? found?.worker.pod.spec?.containers[0]?.name ?? '';
  const run = found?.worker.runtime.containers[name]?.[options.previous === true ? 1 : 0];
  return run === undefined ? undefined : { id: run.id, lines: run.log, startedAt: run.startedAt, isRunning: isRunning(run, network.now) };
}
