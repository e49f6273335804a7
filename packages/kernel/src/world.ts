// A sealed World: everything that can influence a later step, as one value. It can be written to JSON and read back.
import { Agenda } from './agenda.ts';
import type { ArbiterState } from './arbiter.ts';
import { decodeData, encodeData } from './codec.ts';
import { checkFingerprint, fingerprint, type MachineDefinition } from './component.ts';
import { NOBODY, type Epoch } from './epoch.ts';
import type { Digest } from './hash.ts';
import { OrderedMap } from './ordered-map.ts';
import type { Task } from './task.ts';
import { Vector } from './vector.ts';

/** A component as it stands in a World. @internal */
export interface Instance {
  readonly type: string;
  readonly name: string;
  readonly args: unknown;
  readonly epoch: Epoch;
  readonly state: object;
  digest: Digest | undefined;
}

/** The parts of a World. @internal */
export interface WorldParts {
  readonly definition: MachineDefinition;
  readonly seed: number;
  readonly now: number;
  readonly agenda: Agenda;
  readonly instances: Vector<Instance>;
  readonly names: OrderedMap<number>;
  readonly streams: OrderedMap<number>;
  readonly arbiter: ArbiterState;
  readonly sequence: number;
  readonly steps: number;
  readonly rollingA: number;
  readonly rollingB: number;
}

const FORMAT = 'kubesim-world/1';

/** A World as JSON. @public */
export interface WorldJson {
  readonly format: string;
  readonly fingerprint: readonly string[];
  readonly data: unknown;
}

/** A sealed World: a value. Fork it by using it twice. @public */
export class World implements WorldParts {
  readonly definition: MachineDefinition;
  readonly seed: number;
  readonly now: number;
  readonly agenda: Agenda;
  readonly instances: Vector<Instance>;
  readonly names: OrderedMap<number>;
  readonly streams: OrderedMap<number>;
  readonly arbiter: ArbiterState;
  readonly sequence: number;
  readonly steps: number;
  readonly rollingA: number;
  readonly rollingB: number;

  constructor(parts: WorldParts) {
    this.definition = parts.definition;
    this.seed = parts.seed;
    this.now = parts.now;
    this.agenda = parts.agenda;
    this.instances = parts.instances;
    this.names = parts.names;
    this.streams = parts.streams;
    this.arbiter = parts.arbiter;
    this.sequence = parts.sequence;
    this.steps = parts.steps;
    this.rollingA = parts.rollingA;
    this.rollingB = parts.rollingB;
  }

  /** The World as JSON, with the machine's fingerprint. Objects that are held in several places stay one object. */
  toJSON(): WorldJson {
    const instances = [...this.instances.values()].map(({ type, name, args, state }) => ({ type, name, args, state }));
    const data = encodeData({
      seed: this.seed, now: this.now, due: this.agenda.dueTasks(), timers: this.agenda.timerTasks(), instances, streams: this.streams,
      arbiter: this.arbiter, sequence: this.sequence, steps: this.steps, rolling: [this.rollingA, this.rollingB],
    });
    return { format: FORMAT, fingerprint: fingerprint(this.definition), data };
  }

  /** Reads a World back. Throws FingerprintMismatch for another machine's, and RangeError for what is no World. */
  static fromJSON(json: WorldJson, definition: MachineDefinition): World {
    if (json === null || typeof json !== 'object' || json.format !== FORMAT) {
      throw new RangeError(`world: format must be '${FORMAT}', not ${JSON.stringify((json as Partial<WorldJson> | null)?.format)}`);
    }
    checkFingerprint(json.fingerprint, fingerprint(definition));
    const data = decodeData(json.data) as {
      seed: number; now: number; due: Task[]; timers: Task[]; instances: { type: string; name: string; args: unknown; state: object }[];
      streams: OrderedMap<number>; arbiter: ArbiterState; sequence: number; steps: number; rolling: [number, number];
    };
    return new World({
      definition, seed: data.seed, now: data.now, agenda: Agenda.of(NOBODY, data.due, data.timers),
      instances: Vector.of(data.instances.map((instance) => ({ ...instance, epoch: NOBODY, digest: undefined }))),
      names: OrderedMap.of(data.instances.map((instance, slot) => [instance.name, slot] as const)),
      streams: data.streams, arbiter: data.arbiter, sequence: data.sequence, steps: data.steps, rollingA: data.rolling[0], rollingB: data.rolling[1],
    });
  }
}
