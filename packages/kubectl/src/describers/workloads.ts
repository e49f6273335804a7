// Descriptions of the workload kinds. Upstream: kubectl/pkg/describe/describe.go (1.37).
import type { Session } from '../session.ts';
import { describePodTemplate } from './pod-template.ts';
import { age, annotations, controlledBy, controlledItems, head, instant, line, many, pairs, selector, type Loose } from './text.ts';

function query(value: Loose): string {
  const text = selector(value);
  return text === '<none>' ? '' : text;
}

function podsOf(session: Session, object: Loose): readonly Loose[] {
  return controlledItems(session.ask('GET', `/api/v1/namespaces/${object.metadata.namespace}/pods`, { query: { labelSelector: query(object.spec.selector) } }), object);
}

function phases(pods: readonly Loose[]): string {
  const count = (phase: string): number => pods.filter((pod) => pod.status?.phase === phase).length;
  return line('Pods Status', `${count('Running')} Running / ${count('Pending')} Waiting / ${count('Succeeded')} Succeeded / ${count('Failed')} Failed`);
}

function conditions(list: readonly Loose[] | undefined): string {
  return list === undefined || list.length === 0 ? '' : `Conditions:\n  Type\tStatus\tReason\n  ----\t------\t------\n${list.map((each) => `  ${each.type} \t${each.status}\t${each.reason ?? ''}\n`).join('')}`;
}

/** StatefulSet. @internal */
export function statefulSet(session: Session, object: Loose): string {
  const { metadata, spec, status } = object;
  let text = line('Name', metadata.name) + line('Namespace', metadata.namespace) + line('CreationTimestamp', instant(metadata.creationTimestamp)) + line('Selector', selector(spec.selector));
  text += many('Labels', pairs(metadata.labels, '=')) + annotations(metadata.annotations);
  text += line('Service Name', spec.serviceName ?? '') + line('Pod Management Policy', spec.podManagementPolicy) + line('Replicas', `${spec.replicas} desired | ${status?.replicas ?? 0} total`) + line('Update Strategy', spec.updateStrategy.type);
  const rolling = spec.updateStrategy.rollingUpdate;
  if (rolling?.partition !== undefined) text += line('  Partition', rolling.partition);
  if (rolling?.maxUnavailable !== undefined) text += line('  MaxUnavailable', rolling.maxUnavailable);
  const retention = spec.persistentVolumeClaimRetentionPolicy;
  if (retention !== undefined) text += `Persistent Volume Claim Retention Policy:\n${line('  WhenDeleted', retention.whenDeleted)}${line('  WhenScaled', retention.whenScaled)}`;
  text += phases(podsOf(session, object)) + describePodTemplate(spec.template);
  const claims = (spec.volumeClaimTemplates ?? []) as readonly Loose[];
  if (claims.length === 0) return `${text}Volume Claims:\t<none>\n`;
  const claimText = claims.map((claim) => line('  Name', claim.metadata.name) + line('  StorageClass', claim.spec.storageClassName ?? '') + many('  Labels', pairs(claim.metadata.labels, '=')) + annotations(claim.metadata.annotations, '  ') + line('  Capacity', claim.spec.resources?.requests?.storage ?? '<default>') + line('  Access Modes', `[${(claim.spec.accessModes ?? []).join(' ')}]`));
  return `${text}Volume Claims:\n${claimText.join('')}`;
}

/** Deployment. @internal */
export function deployment(session: Session, object: Loose): string {
  const { metadata, spec, status } = object;
  const owned = controlledItems(session.ask('GET', `/apis/apps/v1/namespaces/${metadata.namespace}/replicasets`, { query: { labelSelector: query(spec.selector) } }), object);
  const revision = (set: Loose): string | undefined => set.metadata.annotations?.['deployment.kubernetes.io/revision'];
  const isNew = (set: Loose): boolean => revision(set) === metadata.annotations?.['deployment.kubernetes.io/revision'];
  const show = (sets: readonly Loose[]): string => sets.map((set) => `${set.metadata.name} (${set.status?.replicas ?? 0}/${set.spec.replicas} replicas created)`).join(', ') || '<none>';
  let text = line('Name', metadata.name) + line('Namespace', metadata.namespace) + line('CreationTimestamp', instant(metadata.creationTimestamp)) + many('Labels', pairs(metadata.labels, '=')) + annotations(metadata.annotations) + line('Selector', selector(spec.selector));
  text += line('Replicas', `${spec.replicas} desired | ${status?.updatedReplicas ?? 0} updated | ${status?.replicas ?? 0} total | ${status?.availableReplicas ?? 0} available | ${status?.unavailableReplicas ?? 0} unavailable`) + line('StrategyType', spec.strategy.type) + line('MinReadySeconds', spec.minReadySeconds ?? 0);
  const rolling = spec.strategy.rollingUpdate;
  if (rolling !== undefined) text += line('RollingUpdateStrategy', `${rolling.maxUnavailable} max unavailable, ${rolling.maxSurge} max surge`);
  return `${text}${describePodTemplate(spec.template)}${conditions(status?.conditions)}${line('OldReplicaSets', show(owned.filter((set) => !isNew(set))))}${line('NewReplicaSet', show(owned.filter(isNew)))}`;
}

/** ReplicaSet. @internal */
export function replicaSet(session: Session, object: Loose): string {
  const { metadata, spec, status } = object;
  return line('Name', metadata.name) + line('Namespace', metadata.namespace) + line('Selector', selector(spec.selector)) + many('Labels', pairs(metadata.labels, '=')) + annotations(metadata.annotations) + controlledBy(object)
    + line('Replicas', `${status?.replicas ?? 0} current / ${spec.replicas} desired`) + phases(podsOf(session, object)) + describePodTemplate(spec.template) + conditions(status?.conditions);
}

/** DaemonSet. @internal */
export function daemonSet(session: Session, object: Loose): string {
  const { metadata, spec, status } = object;
  return line('Name', metadata.name) + line('Namespace', metadata.namespace) + line('Selector', selector(spec.selector)) + line('Node-Selector', pairs(spec.template?.spec?.nodeSelector, '=').join(',') || '<none>') + many('Labels', pairs(metadata.labels, '=')) + annotations(metadata.annotations)
    + line('Desired Number of Nodes Scheduled', status?.desiredNumberScheduled ?? 0) + line('Current Number of Nodes Scheduled', status?.currentNumberScheduled ?? 0) + line('Number of Nodes Scheduled with Up-to-date Pods', status?.updatedNumberScheduled ?? 0)
    + line('Number of Nodes Scheduled with Available Pods', status?.numberAvailable ?? 0) + line('Number of Nodes Misscheduled', status?.numberMisscheduled ?? 0) + phases(podsOf(session, object)) + describePodTemplate(spec.template);
}

/** Job. @internal */
export function job(_session: Session, object: Loose): string {
  const { metadata, spec, status } = object;
  let text = line('Name', metadata.name) + line('Namespace', metadata.namespace) + line('Selector', selector(spec.selector)) + many('Labels', pairs(metadata.labels, '=')) + annotations(metadata.annotations) + controlledBy(object);
  text += line('Parallelism', spec.parallelism ?? '<unset>') + line('Completions', spec.completions ?? '<unset>');
  if (spec.completionMode !== undefined) text += line('Completion Mode', spec.completionMode);
  if (spec.suspend !== undefined) text += line('Suspend', spec.suspend);
  text += line('Backoff Limit', spec.backoffLimit ?? 6);
  if (spec.backoffLimitPerIndex !== undefined) text += line('Backoff Limit Per Index', spec.backoffLimitPerIndex);
  if (spec.ttlSecondsAfterFinished !== undefined) text += line('TTL Seconds After Finished', spec.ttlSecondsAfterFinished);
  if (status?.startTime !== undefined) text += line('Start Time', instant(status.startTime));
  if (status?.completionTime !== undefined) text += line('Completed At', instant(status.completionTime)) + line('Duration', age(Date.parse(status.completionTime) - Date.parse(status.startTime)));
  if (spec.activeDeadlineSeconds !== undefined) text += line('Active Deadline Seconds', `${spec.activeDeadlineSeconds}s`);
  text += line('Pods Statuses', `${status?.active ?? 0} Active${status?.ready === undefined ? '' : ` (${status.ready} Ready)`} / ${status?.succeeded ?? 0} Succeeded / ${status?.failed ?? 0} Failed`);
  if (spec.completionMode === 'Indexed') text += line('Completed Indexes', status?.completedIndexes ?? '<none>');
  return text + describePodTemplate(spec.template);
}

/** CronJob. @internal */
export function cronJob(_session: Session, { metadata, spec, status }: Loose): string {
  const inner = spec.jobTemplate.spec;
  let text = line('Name', metadata.name) + line('Namespace', metadata.namespace) + many('Labels', pairs(metadata.labels, '=')) + annotations(metadata.annotations);
  text += line('Schedule', spec.schedule) + (spec.timeZone === undefined ? '' : line('Time Zone', spec.timeZone)) + line('Concurrency Policy', spec.concurrencyPolicy) + line('Suspend', titled(spec.suspend === true));
  text += line('Successful Job History Limit', spec.successfulJobsHistoryLimit ?? '<unset>') + line('Failed Job History Limit', spec.failedJobsHistoryLimit ?? '<unset>') + line('Starting Deadline Seconds', spec.startingDeadlineSeconds === undefined ? '<unset>' : `${spec.startingDeadlineSeconds}s`);
  text += line('Selector', inner.selector === undefined ? '<unset>' : selector(inner.selector)) + line('Parallelism', inner.parallelism ?? '<unset>') + line('Completions', inner.completions ?? '<unset>');
  if (inner.activeDeadlineSeconds !== undefined) text += line('Active Deadline Seconds', `${inner.activeDeadlineSeconds}s`);
  text += describePodTemplate(inner.template) + line('Last Schedule Time', status?.lastScheduleTime === undefined ? '<unset>' : instant(status.lastScheduleTime));
  const active = (status?.active ?? []) as readonly Loose[];
  return text + line('Active Jobs', active.map(({ name }) => name).join(', ') || '<none>');
}

const titled = (value: boolean): string => (value ? 'True' : 'False');

/** PodDisruptionBudget. @internal */
export function disruptionBudget(_session: Session, { metadata, spec, status }: Loose): string {
  const limit = spec.minAvailable !== undefined ? line('Min available', spec.minAvailable) : spec.maxUnavailable !== undefined ? line('Max unavailable', spec.maxUnavailable) : '';
  return line('Name', metadata.name) + line('Namespace', metadata.namespace) + limit + line('Selector', spec.selector === undefined ? '<unset>' : selector(spec.selector))
    + `Status:\n${line('    Allowed disruptions', status?.disruptionsAllowed ?? 0)}${line('    Current', status?.currentHealthy ?? 0)}${line('    Desired', status?.desiredHealthy ?? 0)}${line('    Total', status?.expectedPods ?? 0)}`;
}

/** HorizontalPodAutoscaler of version 2. @internal */
export function podAutoscaler(_session: Session, object: Loose): string {
  const { metadata, spec, status } = object;
  let text = head(object) + line('CreationTimestamp', instant(metadata.creationTimestamp)) + line('Reference', `${spec.scaleTargetRef.kind}/${spec.scaleTargetRef.name}`) + 'Metrics:\t( current / target )\n';
  ((spec.metrics ?? []) as readonly Loose[]).forEach((metric, index) => {
    const resource = metric.resource ?? metric.containerResource;
    const current = status?.currentMetrics?.[index]?.resource?.current ?? status?.currentMetrics?.[index]?.containerResource?.current;
    if (resource === undefined) {
      text += `  ${metric.type}:\t<unknown> / ${metric.pods?.target.averageValue ?? metric.object?.target.value ?? metric.external?.target.value ?? metric.external?.target.averageValue ?? '<auto>'}\n`;
      return;
    }
    const { target, name } = resource;
    text += target.averageValue !== undefined ? `  resource ${name} on pods:\t${current?.averageValue ?? '<unknown>'} / ${target.averageValue}\n`
      : `  resource ${name} on pods  (as a percentage of request):\t${current?.averageUtilization === undefined ? '<unknown>' : `${current.averageUtilization}% (${current.averageValue})`} / ${target.averageUtilization === undefined ? '<auto>' : `${target.averageUtilization}%`}\n`;
  });
  text += line('Min replicas', spec.minReplicas ?? '<unset>') + line('Max replicas', spec.maxReplicas) + line(`${spec.scaleTargetRef.kind} pods`, `${status?.currentReplicas ?? 0} current / ${status?.desiredReplicas ?? 0} desired`);
  const list = (status?.conditions ?? []) as readonly Loose[];
  return list.length === 0 ? text : `${text}Conditions:\n  Type\tStatus\tReason\tMessage\n  ----\t------\t------\t-------\n${list.map((each) => `  ${each.type}\t${each.status}\t${each.reason}\t${each.message}\n`).join('')}`;
}
