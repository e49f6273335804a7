// The sets whose cases are syncs of one controller: deployment and replicaset.
import { join } from 'node:path';
import type { KubeObject, ResourceName } from '@kubesim/api';
import type { Controller, Profile } from '@kubesim/client';
import type { CaseResult, ConformOptions, ConformSet, SetReport } from './conform-set.ts';
import { runSync } from './recorded-sync.ts';
import { compareSync, readVectors } from '../vectors/compare.mjs';

interface SyncVector {
  readonly id: string;
  readonly release: string;
  readonly now: string;
  readonly before: {
    readonly deployment?: KubeObject;
    readonly replicaSets: readonly KubeObject[];
    readonly pods: readonly KubeObject[] | null;
  };
}

/** A set of recorded syncs of `controller`; `subject` is the object that was synced. */
export function syncSet(name: string, controller: Controller, subject: (before: SyncVector['before']) => KubeObject): ConformSet {
  return { name, run: (options) => runSet(name, controller, subject, options) };
}

function runSet(name: string, controller: Controller, subject: (before: SyncVector['before']) => KubeObject, options: ConformOptions): SetReport {
  const folder = options.folder ?? join(import.meta.dirname, '..', 'vectors', name);
  const vectors = (readVectors(join(folder, `${options.release ?? '1.37'}.jsonl.gz`)) as readonly SyncVector[])
    .filter(({ id }) => options.only === undefined || id === options.only);
  return { cases: vectors.map((vector) => runCase(controller, subject(vector.before), vector)) };
}

function runCase(controller: Controller, { metadata }: KubeObject, vector: SyncVector): CaseResult {
  const { deployment, replicaSets, pods } = vector.before;
  const objects: Record<ResourceName, readonly KubeObject[]> = {
    'deployments.apps': deployment === undefined ? [] : [deployment], 'replicasets.apps': replicaSets, pods: pods ?? [],
  };
  const profile: Profile = { kubernetes: vector.release as Profile['kubernetes'], featureGates: {} };
  const sync = runSync(controller, { objects, now: Date.parse(vector.now), profile, key: `${metadata.namespace}/${metadata.name}` });
  const differences = [...compareSync(vector, sync), ...(sync.error === undefined ? [] : [`.error: nothing expected, ${sync.error} found`])];
  return { id: vector.id, agrees: differences.length === 0, differences };
}
