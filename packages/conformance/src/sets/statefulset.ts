// The recorded decisions of the StatefulSet control loop, in three releases: the step after the set is read and its pods are claimed.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { ApiCall, ApiReply, ControllerRevision, KubeObject, PersistentVolumeClaim, Pod, ResourceName, StatefulSet, Status } from '@kubesim/api';
import type { Lister, Profile, ReconcileContext } from '@kubesim/client';
import { buildSetSummary, statefulSetBehaviourOf, updateStatefulSet, type ControlOutcome } from '@kubesim/controllers';
import { OrderedMap, type Epoch } from '@kubesim/kernel';
import type { CaseResult, ConformOptions, ConformSet, SetReport } from '../conform-set.ts';
import type { RecordedAction } from '../recorded-sync.ts';
import { compareDecision, readVectors } from '../../vectors/compare.mjs';

interface Fault {
  readonly verb: string;
  readonly resource: string;
  readonly name: string;
  readonly error: string;
  readonly times: number;
}

interface DecisionVector {
  readonly id: string;
  readonly release: string;
  readonly gates: Readonly<Record<string, boolean>>;
  readonly now: string;
  readonly before: { readonly set: StatefulSet; readonly pods: readonly Pod[] | null; readonly claims: readonly PersistentVolumeClaim[] | null; readonly revisions: readonly ControllerRevision[] | null };
  readonly faults?: readonly Fault[];
}

const RELEASES = ['1.34', '1.36', '1.37'] as const;

export const statefulsetSet: ConformSet = {
  name: 'statefulset',
  run(options: ConformOptions): SetReport {
    const folder = options.folder ?? join(import.meta.dirname, '..', '..', 'vectors', 'statefulset');
    const cases: CaseResult[] = [];
    const notes: string[] = [];
    for (const release of RELEASES) {
      if (options.release !== undefined && options.release !== release) continue;
      const file = join(folder, `${release}.jsonl.gz`);
      if (!existsSync(file)) continue;
      const vectors = (readVectors(file) as readonly DecisionVector[]).filter(({ id }) => options.only === undefined || id === options.only);
      const results = vectors.map((vector) => runCase(vector, release));
      notes.push(`${release}: ${results.filter((result) => result.agrees).length} of ${results.length}`);
      cases.push(...results);
    }
    return { cases, notes };
  },
};

function runCase(vector: DecisionVector, release: (typeof RELEASES)[number]): CaseResult {
  const id = `${release} ${vector.id}`;
  const world = new RecordedWorld(vector, { kubernetes: release, featureGates: vector.gates });
  const outcome = world.run();
  const differences = compareDecision(vector, { actions: world.actions, status: outcome.status ?? null, error: outcome.error?.message, events: world.events }) as readonly string[];
  return { id, agrees: differences.length === 0, differences };
}

/** Caches that stand still, and an API that fails as the recording says and otherwise answers from a store of its own. */
class RecordedWorld {
  readonly actions: (RecordedAction & { readonly error?: string })[] = [];
  readonly events: string[] = [];
  private readonly vector: DecisionVector;
  private readonly profile: Profile;
  private readonly caches: Readonly<Record<ResourceName, readonly KubeObject[]>>;
  private readonly stored = new Map<string, KubeObject>();
  private readonly faultsLeft: { readonly fault: Fault; left: number }[];
  private readonly epoch: Epoch = { kind: 'epoch' };

  constructor(vector: DecisionVector, profile: Profile) {
    this.vector = vector;
    this.profile = profile;
    const { set, pods, claims, revisions } = vector.before;
    this.caches = {
      'statefulsets.apps': [set as unknown as KubeObject], pods: (pods ?? []) as unknown as readonly KubeObject[], persistentvolumeclaims: (claims ?? []) as unknown as readonly KubeObject[],
      'controllerrevisions.apps': (revisions ?? []) as unknown as readonly KubeObject[],
    };
    for (const [resource, objects] of Object.entries(this.caches)) for (const object of objects) this.stored.set(`${resource} ${object.metadata.name ?? ''}`, object);
    this.faultsLeft = (vector.faults ?? []).map((fault) => ({ fault, left: fault.times === 0 ? Infinity : fault.times }));
  }

  run(): ControlOutcome {
    const { set, pods, revisions } = this.vector.before;
    const context = this.context();
    const sync = { context, behaviour: statefulSetBehaviourOf(this.profile), uid: set.metadata.uid ?? '' };
    const claims = context.lister<PersistentVolumeClaim>('persistentvolumeclaims');
    const summary = buildSetSummary({ epoch: this.epoch, set, claims: (name) => claims.get(set.metadata.namespace ?? '', name) }, pods ?? []);
    const loop = updateStatefulSet(sync, set, revisions ?? [], () => summary);
    for (let step = loop.next(); ;) {
      if (step.done === true) return step.value;
      step = loop.next('pauseMs' in step.value ? (undefined as never) : this.answer(step.value));
    }
  }

  private context(): ReconcileContext {
    const now = Date.parse(this.vector.now);
    return {
      now, clock: now, profile: this.profile, epoch: this.epoch, state: { writes: OrderedMap.empty() },
      lister: <T>(resource: ResourceName) => this.lister(resource) as unknown as Lister<T>,
      decide: (make) => make(),
      event: (event) => { this.events.push(`${event.type} ${event.reason} ${event.message}`); },
      enqueueAfter: () => undefined,
      explain: () => undefined,
      random: () => ({ below: () => 0 }),
    };
  }

  private lister(resource: ResourceName): Lister {
    const objects = this.caches[resource] ?? [];
    return {
      get: (_namespace, name) => objects.find((object) => object.metadata.name === name), list: () => objects, byOwner: () => objects, byOwnerUid: () => objects, orphans: () => [],
    };
  }

  private answer(call: ApiCall): ApiReply {
    const plural = call.resource.split('.')[0] as string;
    const resource = `${plural}${call.subresource === undefined ? '' : `/${call.subresource}`}`;
    const name = 'name' in call && call.name !== undefined ? call.name : 'object' in call ? call.object.metadata.name ?? '' : '';
    const fault = this.faultsLeft.find(({ fault: { verb, resource: of, name: only }, left }) => left > 0 && verb === call.verb && of === resource && (only === '' || only === name));
    if (call.verb !== 'get') this.note(call, resource, name, fault?.fault.error);
    if (fault !== undefined) {
      fault.left--;
      return { ok: false, status: faultStatus(fault.fault.error, call.resource, plural, name) };
    }
    return this.fromStore(call, name);
  }

  private note(call: ApiCall, resource: string, name: string, error: string | undefined): void {
    const object = !('object' in call) ? undefined : call.subresource === 'status' ? { status: call.object['status'] as unknown } : call.object;
    const action = { verb: call.verb, resource, name, ...(object === undefined ? {} : { object: JSON.parse(JSON.stringify(object)) as unknown }), ...(error === undefined ? {} : { error }) };
    this.actions.push(action);
  }

  private fromStore(call: ApiCall, name: string): ApiReply {
    const key = `${call.resource} ${name}`;
    const held = this.stored.get(key);
    const shown = call.resource;
    const notFound: ApiReply = { ok: false, status: { reason: 'NotFound', code: 404, message: `${shown} "${name}" not found` } as Status };
    switch (call.verb) {
      case 'create': {
        if (held !== undefined) return { ok: false, status: { reason: 'AlreadyExists', code: 409, message: `${shown} "${name}" already exists` } as Status };
        this.stored.set(key, call.object);
        return { ok: true, object: call.object };
      }
      case 'get':
        return held === undefined ? notFound : { ok: true, object: held };
      case 'update': case 'patch': {
        if (held === undefined) return notFound;
        const object = 'object' in call ? call.object : held;
        this.stored.set(key, object);
        return { ok: true, object };
      }
      case 'delete': {
        if (held === undefined) return notFound;
        this.stored.delete(key);
        return { ok: true, object: held };
      }
      default:
        throw new Error(`the control loop does not ${call.verb}`);
    }
  }
}

/** The texts of the recorder's faults, as upstream's client renders them. */
function faultStatus(error: string, resource: string, plural: string, name: string): Status {
  const failure = (code: number, reason: string, message: string): Status => ({ code, reason, message, status: 'Failure' } as Status);
  switch (error) {
    case 'conflict': return failure(409, 'Conflict', `Operation cannot be fulfilled on ${plural} "${name}": the object has been modified; please apply your changes to the latest version and try again`);
    case 'notfound': return failure(404, 'NotFound', `${plural} "${name}" not found`);
    case 'alreadyexists': return failure(409, 'AlreadyExists', `${plural} "${name}" already exists`);
    case 'forbidden': return failure(403, 'Forbidden', `${plural} "${name}" is forbidden: exceeded quota: q, requested: pods=1, used: pods=5, limited: pods=5`);
    case 'timeout': return failure(500, 'ServerTimeout', `The write operation against ${plural} could not be completed at this time, please try again.`);
    case 'invalid': return failure(422, 'Invalid', `Pod "${name}" is invalid`);
    case 'internal': return failure(500, 'InternalError', 'Internal error occurred: injected');
    default: throw new Error(`no fault is called '${error}' (${resource})`);
  }
}
