// A tiny world for the runtime: objects in one map, changes handed on through a component, and an API that knows conflicts.
import type { ApiCall, ApiReply, KubeObject, Status } from '@kubesim/api';
import { ActorHost, ControllerHost, processComponent, ProcessHost, type ActorFactory, type CacheChange, type Controller, type Lister, type Ports, type ReconcileEnd } from '@kubesim/client';
import { Machine, OrderedMap, Vector, type ComponentType } from '@kubesim/kernel';

interface StoreState {
  revision: number;
  objects: OrderedMap<KubeObject>;
  listeners: readonly number[];
  writes: Vector<string>;
}

const failure = (code: number, reason: string, message: string): ApiReply => ({ ok: false, status: { code, reason, message, status: 'Failure' } as Status });

export interface TinyWorld {
  readonly machine: Machine;
  readonly processes: ProcessHost;
  readonly ends: ReconcileEnd[];
  call(machine: Machine, call: ApiCall): ApiReply;
  writes(machine: Machine): string[];
}

/** A machine that runs these controllers in one process, with caches that lag by one step. */
export function tinyWorld(controllers: readonly Controller[], actors: Readonly<Record<string, ActorFactory>> = {}, options: { readonly seed?: number } = {}): TinyWorld {
  const ends: ReconcileEnd[] = [];
  const store: ComponentType<StoreState, never> = { name: 'store', version: 1, initial: () => ({ revision: 0, objects: OrderedMap.empty(), listeners: [], writes: Vector.empty() }), receive: () => {} };
  const cache: ComponentType<{ objects: OrderedMap<KubeObject> }, CacheChange, { owner: number; resource: string }> = {
    name: 'cache', version: 1, initial: () => ({ objects: OrderedMap.empty() }),
    receive: (machine, state, change, slot) => {
      const { owner, resource } = machine.argsOf(slot) as { owner: number; resource: string };
      if (change.resource !== resource) return;
      const key = keyOf((change.after ?? change.before) as KubeObject);
      state.objects = change.type === 'DELETED' ? state.objects.delete(machine.epoch, key) : state.objects.set(machine.epoch, key, change.after as KubeObject);
      hosts.processes.deliver(machine, owner, change);
    },
  };
  const keyOf = (object: KubeObject): string => `${object.metadata.namespace ?? ''}/${object.metadata.name ?? ''}`;
  const call = (machine: Machine, apiCall: ApiCall): ApiReply => {
    const state = machine.edit<StoreState>(0);
    const name = 'name' in apiCall && apiCall.name !== undefined ? apiCall.name : 'object' in apiCall ? apiCall.object.metadata.name ?? '' : '';
    const key = `${apiCall.resource} ${apiCall.namespace ?? ''}/${name}`;
    const old = state.objects.get(key);
    if (apiCall.verb === 'create' ? old !== undefined : old === undefined) return apiCall.verb === 'create' ? failure(409, 'AlreadyExists', `${apiCall.resource} "${name}" already exists`) : failure(404, 'NotFound', `${apiCall.resource} "${name}" not found`);
    if (apiCall.verb === 'get') return { ok: true, object: old as KubeObject };
    if (apiCall.verb === 'update' && apiCall.object.metadata.resourceVersion !== old?.metadata.resourceVersion) return failure(409, 'Conflict', 'the object has been modified');
    if (apiCall.verb !== 'create' && apiCall.verb !== 'update' && apiCall.verb !== 'delete') throw new Error(`tiny world: ${apiCall.verb} is not served`);
    const revision = String(++state.revision);
    state.writes = state.writes.push(machine.epoch, `${apiCall.verb} ${key}`);
    const base = apiCall.verb === 'delete' ? old as KubeObject : apiCall.object;
    const object = Object.freeze({ ...base, metadata: Object.freeze({ ...base.metadata, namespace: apiCall.namespace, name, resourceVersion: revision }) });
    state.objects = apiCall.verb === 'delete' ? state.objects.delete(machine.epoch, key) : state.objects.set(machine.epoch, key, object);
    const type = apiCall.verb === 'create' ? 'ADDED' : apiCall.verb === 'delete' ? 'DELETED' : 'MODIFIED';
    for (const slot of state.listeners) machine.post(slot, `cache ${slot}`, `deliver ${type} ${key}`, { resource: apiCall.resource, type, before: old, after: type === 'DELETED' ? undefined : object });
    return { ok: true, object };
  };
  const ports: Ports = {
    call: (machine, apiCall) => call(machine, apiCall),
    openView: (machine, _process, owner, { resource }) => machine.spawn('cache', `cache ${owner} ${resource}`, { owner, resource }),
    watch: (machine, slot, on) => {
      const state = machine.edit<StoreState>(0);
      state.listeners = on ? [...state.listeners, slot] : state.listeners.filter((each) => each !== slot);
      const { resource } = machine.argsOf(slot) as { resource: string };
      const held = on ? [...state.objects.values(`${resource} `, `${resource}!`)] : [];
      machine.edit<{ objects: OrderedMap<KubeObject> }>(slot).objects = OrderedMap.of(held.map((object) => [keyOf(object), object] as const));
    },
    initialList: (machine, slot) => {
      const { resource } = machine.argsOf(slot) as { resource: string };
      return [...machine.peek<{ objects: OrderedMap<KubeObject> }>(slot).objects.values()].map((after) => ({ resource, type: 'ADDED' as const, after }));
    },
    lister: (machine, slot) => {
      const objects = (): OrderedMap<KubeObject> => machine.peek<{ objects: OrderedMap<KubeObject> }>(slot).objects;
      return { get: (namespace, name) => objects().get(`${namespace}/${name}`), list: () => [...objects().values()], byOwner: () => [], byOwnerUid: () => [], orphans: () => [] } as Lister;
    },
    record: () => {},
    explain: () => {},
    profile: () => ({ kubernetes: '1.37', featureGates: {} }),
  };
  const hosts = { controllers: new ControllerHost(controllers, ports, (_machine, end) => ends.push(end)), actors: new ActorHost(actors, ports), processes: undefined as unknown as ProcessHost };
  hosts.processes = new ProcessHost(hosts.controllers, hosts.actors, ports);
  const machine = new Machine({ definition: { components: [store, cache, processComponent, hosts.controllers.component, hosts.actors.component] }, seed: options.seed });
  machine.spawn('store', 'store');
  hosts.processes.addControllers(machine, 'manager', controllers);
  return { machine, processes: hosts.processes, ends, call, writes: (of) => [...of.peek<StoreState>(0).writes.values()] };
}
