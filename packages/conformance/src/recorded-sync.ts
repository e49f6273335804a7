// Runs one sync of a real controller over caches that stand still, and notes what it wrote and said.
// The API of the recordings takes every write and checks no resourceVersion; nothing that is written reaches the caches.
import type { ApiCall, ApiReply, KubeObject, ResourceName } from '@kubesim/api';
import {
  controllerOf, correlate, emptyRecorder, type Controller, type EventToRecord, type Lister, type Profile, type ReconcileContext,
} from '@kubesim/client';
import type { Epoch } from '@kubesim/kernel';

/** One write in the form of the recordings. */
export interface RecordedAction {
  readonly verb: string;
  readonly resource: string;
  readonly name?: string;
  readonly object?: unknown;
  readonly patch?: unknown;
}

/** What one sync did. */
export interface RecordedSync {
  readonly actions: readonly RecordedAction[];
  /** `TYPE REASON MESSAGE`, as far as the recorder would have created an Event. */
  readonly events: readonly string[];
  /** How the reconcile ended, if with an error. */
  readonly error?: string;
}

/** The caches and the clock of a sync. */
export interface SyncInput {
  readonly objects: Readonly<Record<ResourceName, readonly KubeObject[]>>;
  readonly now: number;
  readonly profile: Profile;
  readonly key: string;
}

/** Runs `controller` once. */
export function runSync(controller: Controller, input: SyncInput): RecordedSync {
  const actions: RecordedAction[] = [];
  const events: string[] = [];
  const epoch: Epoch = { kind: 'epoch' };
  const recorder = emptyRecorder();
  const taken = new Set<string>();
  const context: ReconcileContext = {
    now: input.now, clock: input.now, profile: input.profile, epoch,
    state: controller.initialState?.() ?? {},
    lister: <T>(resource: ResourceName) => lister(input.objects[resource] ?? []) as unknown as Lister<T>,
    decide: (make) => make(),
    event(event: EventToRecord) {
      const write = correlate(recorder, epoch, input.now, { component: controller.name }, event, (key) => taken.has(key));
      if (write?.kind !== 'create') return;
      taken.add(write.key);
      events.push(`${event.type} ${event.reason} ${String(write.object.message)}`);
    },
    enqueueAfter: () => undefined,
    explain: () => undefined,
    random: () => ({ below: () => 0 }),
  };
  const reconcile = controller.reconcile(context, input.key);
  let created = 0;
  for (let step = reconcile.next(); ;) {
    if (step.done === true) {
      const error = step.value !== undefined && 'error' in step.value ? step.value.error : undefined;
      return { actions, events, error };
    }
    if ('pauseMs' in step.value) throw new Error('a sync over caches that stand still does not pause');
    step = reconcile.next(answer(step.value, input, actions, () => ++created));
  }
}

/** Notes a call and answers it: a read from what is there, a write with what was sent. */
function answer(call: ApiCall, input: SyncInput, actions: RecordedAction[], nextNumber: () => number): ApiReply {
  const resource = call.resource.split('.')[0] + (call.subresource === undefined ? '' : `/${call.subresource}`);
  const cached = input.objects[call.resource]?.find((object) => object.metadata.name === ('name' in call ? call.name : undefined));
  switch (call.verb) {
    case 'get':
      return cached === undefined ? { ok: false, status: { reason: 'NotFound', code: 404, message: `${call.resource} "${call.name}" not found` } } : { ok: true, object: cached };
    case 'create': {
      actions.push({ verb: 'create', resource, name: call.object.metadata.name, object: json(call.object) });
      const number = nextNumber();
      const metadata = {
        ...call.object.metadata, namespace: call.namespace, uid: `created-${number}`, resourceVersion: String(number),
        name: call.object.metadata.name ?? `${call.object.metadata.generateName ?? ''}${number}`,
      };
      return { ok: true, object: { ...call.object, metadata } };
    }
    case 'update':
      actions.push({ verb: 'update', resource, name: call.name, object: json(call.subresource === 'status' ? { status: call.object.status as unknown } : call.object) });
      return { ok: true, object: call.object };
    case 'patch':
      actions.push({ verb: 'patch', resource, name: call.name, patch: json(call.patch) });
      return { ok: true, object: cached ?? { metadata: { name: call.name } } };
    case 'delete':
      actions.push({ verb: 'delete', resource, name: call.name });
      return { ok: true, object: cached ?? { metadata: { name: call.name } } };
    default:
      throw new Error(`no recorded controller does this: ${call.verb} ${call.resource}`);
  }
}

function json(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value)) as unknown;
}

function lister(objects: readonly KubeObject[]): Lister {
  const key = (object: KubeObject): string => `${object.metadata.namespace ?? ''}/${object.metadata.name ?? ''}`;
  const ordered = [...objects].sort((one, other) => (key(one) < key(other) ? -1 : 1));
  return {
    get: (namespace, name) => ordered.find((object) => key(object) === `${namespace}/${name}`),
    list: (namespace) => ordered.filter((object) => namespace === undefined || object.metadata.namespace === namespace),
    byOwner: (uid) => ordered.filter((object) => controllerOf(object)?.uid === uid),
    byOwnerUid: (uid) => ordered.filter((object) => object.metadata.ownerReferences?.some((reference) => reference.uid === uid) ?? false),
    orphans: (namespace) => ordered.filter((object) => object.metadata.namespace === namespace && controllerOf(object) === undefined),
  };
}
