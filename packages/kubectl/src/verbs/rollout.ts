// kubectl rollout: status, history, undo, restart, pause, resume.
import type { ControllerRevision, DaemonSet, Deployment, KubeObject, ReplicaSet, StatefulSet } from '@kubesim/api';
import { parseFlags, type FlagKinds } from '../flags.ts';
import { KubectlError } from '../kubectl-error.ts';
import { alignRows } from '../printers/table.ts';
import { alignTabs } from '../printers/tab-columns.ts';
import { describePodTemplate } from '../describers/pod-template.ts';
import { qualified, type Mapping, type Session } from '../session.ts';
import { resolveObjects } from '../targets.ts';
import { isEqual } from '../three-way-patch.ts';
import { forEachObject } from '../writing.ts';

const FLAGS: FlagKinds = { recursive: 'bool', 'show-managed-fields': 'bool', template: 'value', filename: 'list', output: 'value', revision: 'value', 'to-revision': 'value', timeout: 'value', watch: 'value', selector: 'value', 'dry-run': 'optional', 'field-manager': 'value', all: 'bool' };
const REVISION = 'deployment.kubernetes.io/revision';
const CHANGE_CAUSE = 'kubernetes.io/change-cause';
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';
const WAIT_MAX_MS = 7 * 24 * 3_600_000;

type Target = { readonly mapping: Mapping; readonly object: KubeObject; readonly namespace: string };

/** `kubectl rollout …`. @internal */
export function rollout(session: Session, words: readonly string[]): void {
  const [action = '', ...rest] = words;
  const parsed = parseFlags(rest, FLAGS, `rollout ${action}`);
  const actions: Readonly<Record<string, (target: Target) => void>> = {
    status: (target) => status(session, target, { timeout: parsed.flags['timeout'], waits: parsed.flags['watch'] !== 'false' }),
    history: (target) => history(session, target, parsed.flags['revision']),
    undo: (target) => undo(session, target, Number(parsed.flags['to-revision'] ?? 0)),
    restart: (target) => restart(session, target),
    pause: (target) => pause(session, target, true),
    resume: (target) => pause(session, target, false),
  };
  const run = Object.hasOwn(actions, action) ? actions[action] : undefined;
  if (run === undefined) throw new KubectlError(`error: unknown command "${action}"\nSee 'kubectl rollout -h' for help and examples`);
  if (parsed.args.length === 0 && parsed.lists['filename'] === undefined) throw new KubectlError('error: required resource not specified');
  const all = parsed.args.length === 1 && !(parsed.args[0] ?? '').includes('/') ? { ...parsed, flags: { all: 'true', ...parsed.flags } } : parsed;
  forEachObject(session, resolveObjects(session, all), run);
}

function patchTemplate(session: Session, { mapping, object, namespace }: Target, body: unknown, type: string): void {
  session.ask('PATCH', session.path(mapping, object.metadata.name ?? '', namespace), { query: { fieldManager: 'kubectl-rollout' }, body, type });
}

function say(session: Session, { mapping, object }: Target, done: string): void {
  session.out(`${qualified(mapping)}/${object.metadata.name ?? ''} ${done}\n`);
}

function restart(session: Session, target: Target): void {
  if (target.object['spec']?.paused === true) throw new KubectlError(`error: deployments.apps "${target.object.metadata.name ?? ''}" can't restart paused deployment (run rollout resume first)`);
  const at = new Date(session.options.now()).toISOString().replace(/\.\d+Z$/, 'Z');
  patchTemplate(session, target, { spec: { template: { metadata: { annotations: { 'kubectl.kubernetes.io/restartedAt': at } } } } }, 'application/strategic-merge-patch+json');
  say(session, target, 'restarted');
}

function pause(session: Session, target: Target, paused: boolean): void {
  const name = target.object.metadata.name ?? '';
  const shown = `${target.mapping.resource}.${target.mapping.group}`;
  if (target.mapping.kind !== 'Deployment') throw new KubectlError(`error: ${shown} "${name}" ${paused ? 'pausing' : 'resuming'} is not supported`);
  if ((target.object['spec']?.paused === true) === paused) throw new KubectlError(`error: ${shown} "${name}" is ${paused ? 'already' : 'not'} paused`);
  patchTemplate(session, target, { spec: { paused: paused ? true : null } }, 'application/strategic-merge-patch+json');
  say(session, target, paused ? 'paused' : 'resumed');
}

// Status

function status(session: Session, target: Target, { timeout, waits }: { readonly timeout: string | undefined; readonly waits: boolean }): void {
  const { mapping, namespace } = target;
  const name = target.object.metadata.name ?? '';
  let shown = '';
  let failure: string | undefined;
  const look = (): boolean => {
    const object = session.find(mapping, name, namespace);
    if (object === undefined) {
      failure = 'error: object has been deleted';
      return true;
    }
    const view = viewOf(mapping.kind, object);
    failure = view.error;
    if (view.text !== undefined && view.text !== shown) {
      session.out(view.text);
      shown = view.text;
    }
    return view.done || view.error !== undefined || !waits;
  };
  const done = session.wait(look, session.options.now() + (timeout === undefined || timeout === '0' || timeout === '0s' ? WAIT_MAX_MS : seconds(timeout) * 1_000));
  if (failure !== undefined) throw new KubectlError(failure);
  if (!done) throw new KubectlError('error: timed out waiting for the condition');
}

/** Seconds of a Go duration. @internal */
export function seconds(text: string): number {
  const units: Readonly<Record<string, number>> = { h: 3_600, m: 60, s: 1, ms: 0.001 };
  let total = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|h|m|s)/g)) total += Number(amount) * (units[unit as string] as number);
  return /^\d+$/.test(text) ? Number(text) : total;
}

interface View {
  readonly text?: string;
  readonly done: boolean;
  readonly error?: string;
}

function viewOf(kind: string, object: KubeObject): View {
  switch (kind) {
    case 'Deployment': return deploymentStatus(object as unknown as Deployment);
    case 'StatefulSet': return statefulSetStatus(object as unknown as StatefulSet);
    case 'DaemonSet': return daemonSetStatus(object as unknown as DaemonSet);
    default: return { done: false, error: `error: no status viewer has been implemented for ${kind}` };
  }
}

function daemonSetStatus({ metadata, spec, status: held }: DaemonSet): View {
  if (spec.updateStrategy?.type !== 'RollingUpdate') return { done: true, error: 'error: rollout status is only available for RollingUpdate strategy type' };
  if ((metadata.generation ?? 0) > (held?.observedGeneration ?? 0)) return { text: 'Waiting for daemon set spec update to be observed...\n', done: false };
  const desired = held?.desiredNumberScheduled ?? 0;
  if ((held?.updatedNumberScheduled ?? 0) < desired) return { text: `Waiting for daemon set "${metadata.name}" rollout to finish: ${held?.updatedNumberScheduled ?? 0} out of ${desired} new pods have been updated...\n`, done: false };
  if ((held?.numberAvailable ?? 0) < desired) return { text: `Waiting for daemon set "${metadata.name}" rollout to finish: ${held?.numberAvailable ?? 0} of ${desired} updated pods are available...\n`, done: false };
  return { text: `daemon set "${metadata.name}" successfully rolled out\n`, done: true };
}

function deploymentStatus({ metadata, spec, status: held = {} }: Deployment): View {
  const { name } = metadata;
  if ((metadata.generation ?? 0) > (held.observedGeneration ?? 0)) return { text: 'Waiting for deployment spec update to be observed...\n', done: false };
  if (held.conditions?.some((condition) => condition.type === 'Progressing' && condition.reason === 'ProgressDeadlineExceeded') === true) return { done: false, error: `error: deployment "${name}" exceeded its progress deadline` };
  const updated = held.updatedReplicas ?? 0;
  const wanted = spec.replicas ?? 1;
  if (updated < wanted) return { text: `Waiting for deployment "${name}" rollout to finish: ${updated} out of ${wanted} new replicas have been updated...\n`, done: false };
  if ((held.replicas ?? 0) > updated) return { text: `Waiting for deployment "${name}" rollout to finish: ${(held.replicas ?? 0) - updated} old replicas are pending termination...\n`, done: false };
  if ((held.availableReplicas ?? 0) < updated) return { text: `Waiting for deployment "${name}" rollout to finish: ${held.availableReplicas ?? 0} of ${updated} updated replicas are available...\n`, done: false };
  return { text: `deployment "${name}" successfully rolled out\n`, done: true };
}

function statefulSetStatus({ metadata, spec, status: held }: StatefulSet): View {
  if (spec.updateStrategy?.type !== 'RollingUpdate') return { done: true, error: 'error: rollout status is only available for RollingUpdate strategy type' };
  if ((held?.observedGeneration ?? 0) === 0 || (metadata.generation ?? 0) > (held?.observedGeneration ?? 0)) return { text: 'Waiting for statefulset spec update to be observed...\n', done: false };
  const wanted = spec.replicas ?? 1;
  if ((held?.readyReplicas ?? 0) < wanted) return { text: `Waiting for ${wanted - (held?.readyReplicas ?? 0)} pods to be ready...\n`, done: false };
  const partition = spec.updateStrategy.rollingUpdate?.partition;
  if (spec.updateStrategy.rollingUpdate !== undefined && partition !== undefined) {
    const target = wanted - partition;
    if ((held?.updatedReplicas ?? 0) < target) return { text: `Waiting for partitioned roll out to finish: ${held?.updatedReplicas ?? 0} out of ${target} new pods have been updated...\n`, done: false };
    return { text: `partitioned roll out complete: ${held?.updatedReplicas ?? 0} new pods have been updated...\n`, done: true };
  }
  if (held?.updateRevision !== held?.currentRevision) return { text: `waiting for statefulset rolling update to complete ${held?.updatedReplicas ?? 0} pods at revision ${held?.updateRevision ?? ''}...\n`, done: false };
  return { text: `statefulset rolling update complete ${held?.currentReplicas ?? 0} pods at revision ${held?.currentRevision ?? ''}...\n`, done: true };
}

// History

interface Revision {
  readonly number: number;
  readonly cause: string;
  readonly template: object;
  readonly data?: unknown;
}

function ownedBy(object: KubeObject, owner: KubeObject): boolean {
  return object.metadata.ownerReferences?.some((reference) => reference.controller === true && reference.uid === owner.metadata.uid) ?? false;
}

function listOwned(session: Session, { object, namespace }: Target, resource: string): readonly KubeObject[] {
  const mapping = session.resource(resource);
  const selector = Object.entries((object['spec']?.selector?.matchLabels ?? {}) as Readonly<Record<string, string>>).map(([key, value]) => `${key}=${value}`).join(',');
  const list = session.ask('GET', session.path(mapping, undefined, namespace), { query: { labelSelector: selector } });
  return (list['items'] as readonly KubeObject[]).filter((item) => ownedBy(item, object));
}

function revisionsOf(session: Session, target: Target): readonly Revision[] {
  if (target.mapping.kind === 'Deployment') {
    return (listOwned(session, target, 'replicasets') as unknown as readonly ReplicaSet[]).map((set) => ({
      number: Number(set.metadata.annotations?.[REVISION] ?? 0), cause: set.metadata.annotations?.[CHANGE_CAUSE] ?? '<none>', template: set.spec.template as object,
    })).filter(({ number }) => number > 0).sort((a, b) => a.number - b.number);
  }
  return (listOwned(session, target, 'controllerrevisions') as unknown as readonly ControllerRevision[]).map((revision) => ({
    number: revision.revision ?? 0, cause: revision.metadata.annotations?.[CHANGE_CAUSE] ?? '<none>', template: ((revision.data as { readonly spec?: { readonly template?: object } } | undefined)?.spec?.template ?? {}), data: revision.data,
  })).sort((a, b) => a.number - b.number);
}

function history(session: Session, target: Target, only: string | undefined): void {
  const revisions = revisionsOf(session, target);
  const head = `${qualified(target.mapping)}/${target.object.metadata.name ?? ''} `;
  if (only === undefined) {
    const rows = [['REVISION', 'CHANGE-CAUSE'], ...revisions.map(({ number, cause }) => [String(number), cause])];
    session.out(`${head}\n${alignRows(rows, 2, 10)}\n`);
    return;
  }
  const found = revisions.find(({ number }) => number === Number(only));
  if (found === undefined) throw new KubectlError('error: unable to find the specified revision');
  session.out(`${head}with revision #${found.number}\n${alignTabs(describePodTemplate(found.template))}\n`);
}

function undo(session: Session, target: Target, to: number): void {
  const name = target.object.metadata.name ?? '';
  if (target.object.metadata.annotations?.[LAST_APPLIED] !== undefined) {
    session.err(`Warning: resource ${target.mapping.resource}/${name} was previously managed with 'kubectl apply'. Rolling back will not update the kubectl.kubernetes.io/last-applied-configuration annotation, which may cause unexpected behavior on future 'kubectl apply' operations. Consider using 'kubectl apply' with your previous configuration file instead.\n`);
  }
  if (target.object['spec']?.paused === true) throw new KubectlError(`error: you cannot rollback a paused deployment; resume it first with 'kubectl rollout resume' and try again`);
  const revisions = revisionsOf(session, target);
  const wanted = to === 0 ? revisions[revisions.length - 2] : revisions.find(({ number }) => number === to);
  if (wanted === undefined) throw new KubectlError(to === 0 ? target.mapping.kind === 'Deployment' ? `error: no rollout history found for deployment "${name}"` : 'error: no last revision to roll back to' : `error: unable to find specified revision ${to} in history`);
  if (target.mapping.kind === 'Deployment') undoDeployment(session, target, wanted);
  else undoSet(session, target, wanted);
}

function undoDeployment(session: Session, target: Target, wanted: Revision): void {
  const template = withoutHash(wanted.template);
  if (isEqual(template, target.object['spec']?.template)) {
    session.out(`${qualified(target.mapping)}/${target.object.metadata.name ?? ''} skipped rollback (current template already matches revision ${wanted.number})\n`);
    return;
  }
  patchTemplate(session, target, [{ op: 'replace', path: '/spec/template', value: template }], 'application/json-patch+json');
  say(session, target, 'rolled back');
}

function withoutHash(template: object): object {
  const { metadata, ...rest } = template as { readonly metadata?: { readonly labels?: Readonly<Record<string, string>> } };
  const { 'pod-template-hash': _hash, ...labels } = metadata?.labels ?? {};
  return { metadata: { ...metadata, labels }, ...rest };
}

function undoSet(session: Session, target: Target, wanted: Revision): void {
  const { $patch: _directive, ...template } = wanted.template as Readonly<Record<string, unknown>>;
  if (isEqual(template, target.object['spec']?.template)) {
    session.out(`${qualified(target.mapping)}/${target.object.metadata.name ?? ''} skipped rollback (current template already matches revision ${wanted.number})\n`);
    return;
  }
  patchTemplate(session, target, wanted.data, 'application/strategic-merge-patch+json');
  say(session, target, 'rolled back');
}
