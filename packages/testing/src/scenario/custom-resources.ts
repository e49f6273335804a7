// What is drawn for an operator: an object of its kind, and what people do to it and to its pods.
import fc from 'fast-check';
import type { KubeObject } from '@kubesim/api';
import type { ScenarioOptions } from './arbitrary.ts';
import type { Command } from './scenario.ts';

/** A custom resource that an operator works on. @public */
export interface CustomResource {
  /** Its CustomResourceDefinition. */
  readonly definition: KubeObject;
  /** An object of the kind, with `spec.replicas` where it can be scaled. */
  readonly object: KubeObject;
  /** 4 without it. */
  readonly maxReplicas?: number;
  /** Further resources of which the operator has a cache. */
  readonly resources?: readonly string[];
}

/**
 * Commands against a custom resource: scale 4, creation (again, where it is there: passed over) 2, deletion 1 (a third in the foreground),
 * an update of a label 1, deletion of a pod whose name begins as the object's 2. A quarter at once, half within 3 s, else after
 * 20 s, when all is at rest. @public
 */
export function customResourceCommand({ definition, object, maxReplicas = 4 }: CustomResource): fc.Arbitrary<Command> {
  const name = object.metadata.name ?? '';
  const target = `${definition.metadata.name ?? ''}/${name}`;
  const waitMs = fc.oneof({ weight: 1, arbitrary: fc.constant(0) }, { weight: 2, arbitrary: fc.nat(3_000) }, { weight: 1, arbitrary: fc.constant(20_000) });
  const one = (weight: number, what: fc.Arbitrary<object>): { weight: number; arbitrary: fc.Arbitrary<Command> } => ({ weight, arbitrary: fc.tuple(waitMs, what).map(([wait, rest]) => ({ waitMs: wait, ...rest }) as Command) });
  return fc.oneof(
    one(4, fc.nat(maxReplicas).map((replicas) => ({ do: 'patch', target, patch: { spec: { replicas } } }))),
    one(2, fc.constant({ do: 'create', object: { kind: 'Manifest', object } })),
    one(1, fc.constantFrom('background', 'background', 'foreground').map((cascade) => ({ do: 'delete', target, cascade }))),
    one(1, fc.nat(9).map((turn) => ({ do: 'patch', target, patch: { metadata: { labels: { turn: String(turn) } } } }))),
    one(2, fc.nat(maxReplicas).map((nth) => ({ do: 'deletePod', of: name, nth }))),
  );
}

/** What `scenario()` draws for an operator: its object in place of a workload of Kubernetes' own, beside a lone pod. @public */
export function customResourceScenario(resource: CustomResource): ScenarioOptions {
  return {
    kinds: ['Pod'], objects: [{ kind: 'Manifest', object: resource.definition }, { kind: 'Manifest', object: resource.object }], commands: customResourceCommand(resource),
    resources: [resource.definition.metadata.name ?? '', ...(resource.resources ?? [])],
  };
}
