// `kubectl describe`: the objects that words name, each as its kind is described, with its events.
import type { KubeObject } from '@kubesim/api';
import { parseFlags } from '../flags.ts';
import { KubectlError } from '../kubectl-error.ts';
import { alignTabs } from '../printers/tab-columns.ts';
import { qualified, statusError, type Mapping, type Session } from '../session.ts';
import { listItems, readTargets, resolveObjects } from '../targets.ts';
import { anyObject, configMap, limitRange, namespace, priorityClass, resourceQuota, role, roleBinding, secret, serviceAccount } from '../describers/cluster.ts';
import { claim, endpoints, endpointSlice, ingress, networkPolicy, service, storageClass, volume } from '../describers/network-storage.ts';
import { node, pod } from '../describers/pods.ts';
import { age, type Loose } from '../describers/text.ts';
import { cronJob, daemonSet, deployment, disruptionBudget, job, podAutoscaler, replicaSet, statefulSet } from '../describers/workloads.ts';

type Describer = (session: Session, object: Loose) => string;

interface Target {
  readonly mapping: Mapping;
  readonly object: KubeObject;
}

/** `describe TYPE NAME`. @internal */
export function describe(session: Session, words: readonly string[]): void {
  const parsed = parseFlags(words, { selector: 'value', filename: 'list', recursive: 'bool', kustomize: 'value', 'all-namespaces': 'bool', 'show-events': 'value', 'chunk-size': 'value' }, 'describe');
  if (parsed.args.length === 0 && parsed.lists['filename'] === undefined) throw new KubectlError('error: You must specify the type of resource to describe. Use "kubectl api-resources" for a complete list of supported resources.');
  const failures: KubectlError[] = [];
  const targets: Target[] = [];
  if (parsed.lists['filename'] !== undefined) targets.push(...resolveObjects(session, parsed));
  else {
    const { types, names } = readTargets(session, parsed.args);
    for (const mapping of types) for (const object of listItems(session, mapping, parsed)) targets.push({ mapping, object });
    for (const { mapping, name } of names) {
      const response = session.send('GET', session.path(mapping, name));
      if (response.status < 400) targets.push({ mapping, object: response.body as KubeObject });
      else {
        // A name that is not there may be the beginning of others.
        const longer = response.status === 404 ? listItems(session, mapping, { ...parsed, flags: {} }).filter((each) => each.metadata.name?.startsWith(name) === true) : [];
        if (longer.length === 0) failures.push(statusError(response.body as Parameters<typeof statusError>[0]));
        targets.push(...longer.map((object) => ({ mapping, object })));
      }
    }
  }
  const texts = targets.map(({ mapping, object }) => {
    const describer = Object.hasOwn(DESCRIBERS, qualified(mapping)) ? DESCRIBERS[qualified(mapping)] as Describer : anyObject;
    const withEvents = parsed.flags['show-events'] !== 'false' && !WITHOUT_EVENTS.includes(qualified(mapping));
    return alignTabs(describer(session, object) + (withEvents ? events(session, object) : ''));
  });
  session.out(texts.join('\n\n'));
  if (targets.length === 0 && failures.length === 0) session.err(parsed.flags['all-namespaces'] === 'true' ? 'No resources found\n' : `No resources found in ${session.namespace} namespace.\n`);
  for (const failure of failures) session.err(`${failure.message}\n`);
  if (failures.length > 0) session.exit = 1;
}

/** The events about an object, as `describe` shows them. */
function events(session: Session, object: KubeObject): string {
  const { uid = '', namespace: space, name = '' } = object.metadata;
  const path = space === undefined ? '/api/v1/events' : `/api/v1/namespaces/${space}/events`;
  const find = (selector: string): readonly Loose[] => (session.ask('GET', path, { query: { fieldSelector: selector, limit: '500' } })['items'] ?? []) as readonly Loose[];
  const found = find(`involvedObject.uid=${uid}`);
  // The kubelet's events name a node by its name.
  const items = object.kind === 'Node' ? [...found, ...find(`involvedObject.uid=${name}`)] : found;
  if (items.length === 0) return 'Events:\t<none>\n';
  const rows = sortEvents(items).map((event) => `  ${event.type}\t${event.reason}\t${eventAge(event, session.options.now())}\t${event.source?.component || event.reportingComponent || ''}\t${String(event.message).trim()}\n`);
  return `Events:\n  Type\tReason\tAge\tFrom\tMessage\n  ----\t------\t----\t----\t-------\n${rows.join('')}`;
}

const lastSeen = (event: Loose): string => event.series?.lastObservedTime ?? event.lastTimestamp ?? event.eventTime ?? event.metadata.creationTimestamp;

/** Events by the instant they were last seen. @internal */
export function sortEvents(items: readonly Loose[]): readonly Loose[] {
  return items.map((event, index) => ({ event, index })).sort((a, b) => Date.parse(lastSeen(a.event)) - Date.parse(lastSeen(b.event)) || a.index - b.index).map(({ event }) => event);
}

/** `5s`, or `5s (x3 over 2m)`. @internal */
export function eventAge(event: Loose, now: number): string {
  const count = event.series?.count ?? event.count ?? 1;
  const since = age(now - Date.parse(lastSeen(event)));
  return count > 1 ? `${since} (x${count} over ${age(now - Date.parse(event.firstTimestamp ?? event.eventTime ?? lastSeen(event)))})` : since;
}

const WITHOUT_EVENTS: readonly string[] = ['namespace', 'secret', 'resourcequota', 'limitrange', 'role.rbac.authorization.k8s.io', 'clusterrole.rbac.authorization.k8s.io', 'rolebinding.rbac.authorization.k8s.io', 'clusterrolebinding.rbac.authorization.k8s.io', 'networkpolicy.networking.k8s.io'];

const DESCRIBERS: Readonly<Record<string, Describer>> = {
  'statefulset.apps': statefulSet, 'deployment.apps': deployment, 'replicaset.apps': replicaSet, 'daemonset.apps': daemonSet, 'job.batch': job, 'cronjob.batch': cronJob,
  'poddisruptionbudget.policy': disruptionBudget, 'horizontalpodautoscaler.autoscaling': podAutoscaler, pod, node, namespace, configmap: configMap, secret, serviceaccount: serviceAccount,
  resourcequota: resourceQuota, limitrange: limitRange, service, endpoints, 'endpointslice.discovery.k8s.io': endpointSlice, 'ingress.networking.k8s.io': ingress, 'networkpolicy.networking.k8s.io': networkPolicy,
  persistentvolumeclaim: claim, persistentvolume: volume, 'storageclass.storage.k8s.io': storageClass, 'priorityclass.scheduling.k8s.io': priorityClass,
  'role.rbac.authorization.k8s.io': role, 'clusterrole.rbac.authorization.k8s.io': role, 'rolebinding.rbac.authorization.k8s.io': roleBinding, 'clusterrolebinding.rbac.authorization.k8s.io': roleBinding,
};
