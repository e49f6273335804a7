// What a bug of the bench is: a faulty build, the right one, and what is drawn to find it.
import type { RunOptions, ScenarioOptions, WorkloadKind } from '@kubesim/testing';

/** A bug that was in some release or operator, built anew. */
export interface Bug {
  /** Number of the issue of kubernetes/kubernetes, or a name; the file is called so. */
  readonly id: string;
  /** What people saw. */
  readonly symptom: string;
  /** Where it comes from: an issue, or a pattern of a paper. */
  readonly source: string;
  /** The build with the bug: parts that replace the shipped ones. */
  readonly faulty: RunOptions;
  /** The right build; the product as it ships without it. */
  readonly fixed?: RunOptions;
  /** Workloads that the part concerned has to do with, as who tests it knows; all without it. */
  readonly kinds?: readonly WorkloadKind[];
  /** What is drawn beside that: what an operator's user would say of it. Everything that `scenario()` draws without it. */
  readonly draws?: ScenarioOptions;
  /** Why what is drawn in general cannot meet it, where `draws` is a workload of its own. At most six bugs of all have one. */
  readonly special?: string;
}

/** The source of a bug that is an issue of Kubernetes. */
export function issue(number: number): Pick<Bug, 'id' | 'source'> {
  return { id: String(number), source: `kubernetes/kubernetes#${number}` };
}
