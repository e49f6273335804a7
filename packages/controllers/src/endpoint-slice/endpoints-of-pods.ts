// Endpoints and their ports, as pods and a Service say they should be. Upstream: staging/src/k8s.io/endpointslice/utils.go (1.37).
import { deepFreeze, memoizeFrozen, type Endpoint, type EndpointPort, type Node, type Pod, type Service, type ServicePort } from '@kubesim/api';
import { isPodReady } from '@kubesim/client';
import { endpointHostname } from './pod-changes.ts';

/** Address families of slices. @internal */
export type AddressType = 'IPv4' | 'IPv6';

/** The endpoint of a pod in one address family; no addresses if it has none there. [ES2] [ES3] [ES4] Upstream: podToEndpoint. @internal */
export function podToEndpoint(pod: Pod, node: Node | undefined, service: Service, addressType: AddressType): Endpoint {
  const serving = isPodReady(pod);
  const terminating = pod.metadata?.deletionTimestamp !== undefined;
  const ready = service.spec?.publishNotReadyAddresses === true || (serving && !terminating);
  const { namespace, name, uid } = pod.metadata ?? {};
  const hostname = endpointHostname(pod, service);
  const nodeName = pod.spec?.nodeName;
  const zone = zoneOf(node);
  return {
    addresses: (pod.status?.podIPs ?? []).map(({ ip }) => ip).filter((ip) => addressTypeOf(ip) === addressType),
    conditions: { ready, serving, terminating },
    ...(hostname === undefined ? {} : { hostname }),
    targetRef: { kind: 'Pod', namespace, name, uid },
    ...(nodeName === undefined || nodeName === '' ? {} : { nodeName }),
    ...(zone === undefined || zone === '' ? {} : { zone }),
  } as Endpoint;
}

/** The ports of a Service as this pod has them; named ones that it lacks are left out. [ES5] Upstream: getEndpointPorts. @internal */
export function endpointPorts(service: Service, pod: Pod): readonly EndpointPort[] {
  const ports: EndpointPort[] = [];
  for (const servicePort of service.spec?.ports ?? []) {
    const port = findPort(pod, servicePort);
    if (port === undefined) continue;
    const { name = '', protocol = 'TCP', appProtocol } = servicePort;
    ports.push({ name, protocol, port, ...(appProtocol === undefined ? {} : { appProtocol }) } as EndpointPort);
  }
  return ports;
}

/** The number of the pod's port that a Service port targets. Upstream: FindPort. @internal */
export function findPort(pod: Pod, { targetPort, port, protocol = 'TCP' }: ServicePort): number | undefined {
  if (typeof targetPort !== 'string') return targetPort === undefined || targetPort === 0 ? port : targetPort;
  const sidecars = (pod.spec?.initContainers ?? []).filter((container) => container.restartPolicy === 'Always');
  for (const container of [...(pod.spec?.containers ?? []), ...sidecars]) {
    for (const candidate of container.ports ?? []) {
      if (candidate.name === targetPort && (candidate.protocol ?? 'TCP') === protocol) return candidate.containerPort;
    }
  }
  return undefined;
}

/** Port lists that are the same in any order have the same key. @internal */
export function portsKey(ports: readonly EndpointPort[] | null | undefined): string {
  return (ports ?? []).map(({ name, protocol, port, appProtocol }) => `${name}/${protocol}/${port}/${appProtocol ?? ''}`).sort().join(',');
}

/** Endpoints that are one and the same, whatever their conditions. Upstream: endpointHashObj. @internal */
export const endpointKey: (endpoint: Endpoint) => string = memoizeFrozen(({ addresses, hostname, targetRef }: Endpoint) =>
  `${addresses.join(',')}|${hostname ?? ''}|${targetRef?.namespace ?? ''}/${targetRef?.name ?? ''}`);

/** What one pod is to a Service in one address family. @internal */
export interface PodEndpoint {
  readonly endpoint: Endpoint;
  readonly key: string;
  readonly ports: readonly EndpointPort[];
  readonly portsKey: string;
}

type Remembered = PodEndpoint & { readonly zone: string | undefined };

// Memos of a pure function of frozen objects: a sync costs what changed, not what there is.
const remembered: Readonly<Record<AddressType, WeakMap<Service, WeakMap<Pod, Remembered>>>> = { IPv4: new WeakMap(), IPv6: new WeakMap() };

/** The endpoint of a pod and its ports; worked out once for each version of pod, Service and zone. @internal */
export function podEndpoint(pod: Pod, node: Node | undefined, service: Service, addressType: AddressType): PodEndpoint {
  const ofType = remembered[addressType];
  let ofService = ofType.get(service);
  if (ofService === undefined) {
    ofService = new WeakMap();
    if (Object.isFrozen(service)) ofType.set(service, ofService);
  }
  const zone = zoneOf(node);
  const known = ofService.get(pod);
  if (known !== undefined && known.zone === zone) return known;
  const endpoint = deepFreeze(podToEndpoint(pod, node, service, addressType));
  const ports = endpointPorts(service, pod);
  const made = { endpoint, key: endpointKey(endpoint), ports, portsKey: portsKey(ports), zone };
  if (Object.isFrozen(pod)) ofService.set(pod, made);
  return made;
}

/** Endpoints of one key that say the same, resourceVersion of the target apart. Upstream: EndpointsEqualBeyondHash. @internal */
export function sameEndpoint(a: Endpoint, b: Endpoint): boolean {
  return a.nodeName === b.nodeName && a.zone === b.zone && a.conditions?.ready === b.conditions?.ready && a.conditions?.serving === b.conditions?.serving
    && a.conditions?.terminating === b.conditions?.terminating && a.targetRef?.uid === b.targetRef?.uid && a.targetRef?.kind === b.targetRef?.kind;
}

/** Families in which a Service has slices, in its order. Upstream: getAddressTypesForService. @internal */
export function addressTypesOf(service: Service): readonly AddressType[] {
  const families = (service.spec?.ipFamilies ?? []).filter((family): family is AddressType => family === 'IPv4' || family === 'IPv6');
  if (families.length > 0) return families;
  const clusterIP = service.spec?.clusterIP ?? '';
  return clusterIP !== '' && clusterIP !== 'None' ? [addressTypeOf(clusterIP)] : ['IPv4', 'IPv6'];
}

/** The zone of a node, if it says one. @internal */
export function zoneOf(node: Node | undefined): string | undefined {
  return node?.metadata?.labels?.['topology.kubernetes.io/zone'];
}

/** The family of an address. @internal */
export function addressTypeOf(ip: string): AddressType {
  return ip.includes(':') ? 'IPv6' : 'IPv4';
}
