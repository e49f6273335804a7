// Wires a control plane: the machine's components, and the ports through which clients reach the API server and its caches.
import { deepFreeze, formatTime, type ApiCall, type ApiReply, type ContainerLog, type KubeObject, type ResourceName } from '@kubesim/api';
import {
  createApiServer, HEARTBEAT_TEXTS, initialList, standBefore, standingList, storeComponent, subscribe, unsubscribe, viewComponent, viewName, ViewReader, WorldStorage, STORE, type AdmissionPlugin, type ApiServer, type ApiServerOptions,
  type ViewArgs,
} from '@kubesim/apiserver';
import {
  ActorHost, ControllerHost, correlate, processComponent, ProcessHost, type ActorFactory, type Controller, type EventSource, type EventToRecord,
  type Lister, type Ports, type Profile, type Reason, type ReconcileEnd, type WatchTarget,
} from '@kubesim/client';
import { deriveIdentity, Machine, type ComponentType, type InputFunction, type MachineDefinition } from '@kubesim/kernel';
import { logReason, noteReconcileEnd, SETTINGS, settingsComponent, type SettingsState, type StatedReason } from './settings.ts';

/** The longest of the heartbeats' periods, a node's status report; all others divide it: leases, passes over the nodes, resyncs. */
const QUIET_PERIOD_MS = 300_000;

/** Whether no heartbeat can meet another answer of a plugin because it comes later. */
function leavesHeartbeatsAlone(plugin: AdmissionPlugin): boolean {
  return plugin.isTimeless === true || (plugin.handles !== undefined && !plugin.handles('UPDATE', 'leases.coordination.k8s.io', '') && !plugin.handles('UPDATE', 'nodes', 'status'));
}

/** The functions that a control plane is built of. @internal */
export interface ControlPlaneParts {
  readonly controllers: readonly Controller[];
  readonly actors: Readonly<Record<string, ActorFactory>>;
  readonly admission?: ApiServerOptions['admission'];
  readonly authorizer?: ApiServerOptions['authorizer'];
  /** What containers printed. */
  readonly containerLog?: (machine: Machine, ...target: Parameters<NonNullable<ApiServerOptions['containerLog']>>) => ReturnType<NonNullable<ApiServerOptions['containerLog']>>;
  /** Further components with state of their own. */
  readonly components?: readonly ComponentType[];
  readonly inputs?: Readonly<Record<string, InputFunction>>;
  /** Names and versions of the user's functions, for the fingerprint. */
  readonly functions?: readonly string[];
}

/** What happens to a call before and after the API server has it: faults. @internal */
export interface CallFilter {
  (machine: Machine, call: ApiCall, process: string, send: () => ApiReply): ApiReply;
}

/** A wired control plane: one definition that any number of machines run. @internal */
export class ControlPlane {
  readonly definition: MachineDefinition;
  readonly processes: ProcessHost;
  readonly actors: ActorHost;
  readonly controllers: ControllerHost;
  readonly parts: ControlPlaneParts;
  filter: CallFilter | undefined;
  latency: Ports['latency'];
  /** The revision at which the API server stands that a process starts with, as to a resource, if that is not the newest. */
  standing: ((machine: Machine, process: string, resource: ResourceName) => number | undefined) | undefined;
  /** Told of each reconcile's end, for tests and traces. */
  ended: ((machine: Machine, end: ReconcileEnd) => void) | undefined;

  constructor(parts: ControlPlaneParts) {
    this.parts = parts;
    const ports = this.makePorts();
    this.controllers = new ControllerHost(parts.controllers, ports, (machine, end) => {
      noteReconcileEnd(machine, end);
      this.ended?.(machine, end);
    });
    this.actors = new ActorHost(parts.actors, ports);
    this.processes = new ProcessHost(this.controllers, this.actors, ports);
    const view = viewComponent((machine, _slot, args, change) => {
      const { resource, type, before, after } = change;
      this.processes.deliver(machine, args.owner, type === 'DELETED' ? { resource, type, before: before ?? after } : { resource, type, before, after });
    });
    this.definition = {
      components: [storeComponent, view, processComponent, this.controllers.component, this.actors.component, settingsComponent, ...(parts.components ?? [])],
      inputs: parts.inputs,
      ...((parts.admission ?? []).every(leavesHeartbeatsAlone) ? { quiet: { periodMs: QUIET_PERIOD_MS, texts: HEARTBEAT_TEXTS } } : {}),
      functions: [...parts.controllers.map((controller) => `controller ${controller.name}`), ...Object.keys(parts.actors).map((name) => `actor ${name}`), ...(parts.authorizer === undefined ? [] : [`authorizer ${parts.authorizer.name}`]), ...(parts.functions ?? [])],
    };
  }

  /** A machine with a store and settings and nothing else. */
  createMachine(options: { readonly seed: number; readonly startAt: number; readonly profile: Profile; readonly events: boolean }): Machine {
    const machine = new Machine({ definition: this.definition, seed: options.seed, startAt: options.startAt });
    machine.spawn(STORE, STORE);
    machine.spawn(SETTINGS, SETTINGS, { profile: options.profile, events: options.events });
    return machine;
  }

  /** The API server over a machine's store. It holds no state of its own. */
  server(machine: Machine): ApiServer {
    return machine.companion(this, () => {
      const { containerLog } = this.parts;
      return createApiServer({
        storage: new WorldStorage(machine), now: () => machine.now, profile: settingsOf(machine).profile, admission: this.parts.admission, authorizer: this.parts.authorizer,
        containerLog: containerLog === undefined ? undefined : (target, previous) => containerLog(machine, target, previous),
        identity: (parts) => deriveIdentity(machine.seed, parts),
      });
    });
  }

  /** What a container printed; undefined if it never ran. */
  containerLog(machine: Machine, target: { readonly namespace: string; readonly pod: string; readonly container: string }, previous: boolean = false): ContainerLog | undefined {
    return this.parts.containerLog?.(machine, target, previous);
  }

  storage(machine: Machine): WorldStorage {
    return new WorldStorage(machine);
  }

  private makePorts(): Ports {
    return {
      call: (machine, call, process) => {
        const send = (): ApiReply => this.server(machine).call(call, { process });
        return this.filter === undefined ? send() : this.filter(machine, call, process, send);
      },
      latency: (machine, call, process) => this.latency?.(machine, call, process),
      openView: (machine, process, processSlot, target) => openView(machine, process, processSlot, target),
      watch: (machine, viewSlot, on) => {
        const store = machine.slotOf(STORE);
        if (!on) return unsubscribe(machine, store, viewSlot);
        subscribe(machine, store, viewSlot);
        const revision = this.standingOf(machine, viewSlot);
        if (revision !== undefined) standBefore(machine, viewSlot, this.storage(machine).changesSince((machine.argsOf(viewSlot) as ViewArgs).resource, revision));
      },
      initialList: (machine, viewSlot) => (this.standingOf(machine, viewSlot) === undefined ? initialList : standingList)(machine, machine.slotOf(STORE), viewSlot),
      lister: (machine, viewSlot) => new ViewReader(machine, machine.slotOf(STORE), viewSlot) as Lister,
      record: (machine, source, event) => this.record(machine, source, event),
      explain: (machine, source, subject, why) => explain(machine, source, subject, why),
      profile: (machine) => settingsOf(machine).profile,
    };
  }

  private standingOf(machine: Machine, viewSlot: number): number | undefined {
    const { process, resource } = machine.argsOf(viewSlot) as ViewArgs;
    return this.standing?.(machine, process, resource);
  }

  /** Writes an Event. Never fails and never changes anything but Events. */
  private record(machine: Machine, source: EventSource, event: EventToRecord): void {
    const slot = machine.slotOf(SETTINGS);
    if (!machine.peek<SettingsState>(slot).events) return;
    const settings = machine.edit<SettingsState>(slot);
    const storage = new WorldStorage(machine);
    const { counts, similar, tokens } = settings.recorder;
    settings.recorder = { counts, similar, tokens };
    const resourceVersion = String(storage.revisionOf('events') + 1);
    const write = correlate(settings.recorder, machine.epoch, machine.now, source, event, (key) => storage.get('events', key) !== undefined);
    if (write === undefined) return;
    if (write.kind === 'create') {
      const uid = uuid(deriveIdentity(machine.seed, ['events', write.key]));
      const { name, namespace } = write.object.metadata;
      write.object.metadata = { name, namespace, uid, resourceVersion, creationTimestamp: formatTime(machine.now) };
      storage.put('events', write.key, deepFreeze(write.object));
      return;
    }
    const old = storage.get('events', write.key) as KubeObject;
    if (write.kind === 'series') {
      const { count, lastObservedTime } = write;
      storage.put('events', write.key, { ...old, metadata: { ...old.metadata, resourceVersion }, series: { count, lastObservedTime } });
      return;
    }
    storage.put('events', write.key, { ...old, metadata: { ...old.metadata, resourceVersion }, count: write.count, lastTimestamp: write.time });
  }
}

/** The settings of a machine's World. @internal */
export function settingsOf(machine: Machine): SettingsState {
  return machine.peek<SettingsState>(machine.slotOf(SETTINGS));
}

function uuid(hex: string): string {
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

function openView(machine: Machine, process: string, processSlot: number, target: WatchTarget): number {
  const [field, value] = (target.fieldSelector ?? '').split('=');
  const args = {
    owner: processSlot, process, resource: target.resource as ResourceName,
    ...(field === 'spec.nodeName' ? { node: value } : {}), ...(field === 'metadata.name' ? { only: value } : {}),
  };
  return machine.spawn('view', viewName(args), args);
}

function explain(machine: Machine, source: string, subject: string, why: Reason | undefined): void {
  const slot = machine.slotOf(SETTINGS);
  const held = machine.peek<SettingsState>(slot).reasons.get(subject) ?? [];
  const mine = held.find((reason) => reason.source === source);
  if (why === undefined ? mine === undefined : mine !== undefined && mine.rule === why.rule && mine.message === why.message) return;
  const others = held.filter((reason) => reason.source !== source);
  const settings = machine.edit<SettingsState>(slot);
  const since = mine !== undefined && why !== undefined && mine.rule === why.rule ? mine.since : machine.now;
  // Field by field: a copy by spread of what is not frozen costs a multiple.
  settings.reasons = settings.reasons.set(machine.epoch, subject, why === undefined ? others : [...others, stated(why, source, since)]);
  if (why !== undefined) logReason(machine, { source, subject, rule: why.rule, message: why.message, blockedBy: why.blockedBy });
}

function stated({ rule, message, blockedBy }: Reason, source: string, since: number): StatedReason {
  return blockedBy === undefined ? { rule, message, source, since } : { rule, message, blockedBy, source, since };
}
