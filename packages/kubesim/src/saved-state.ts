// A cluster in a file: its World as JSON, and the options that make the machine for it.
import { World, type WorldJson } from '@kubesim/kernel';
import { Cluster } from './cluster.ts';
import { UsageError } from './errors.ts';
import type { ClusterOptions } from './options.ts';

/** A cluster as JSON. @public */
export interface SavedCluster {
  readonly format: 'kubesim-state/1';
  /** Options of the cluster, as data: functions are given anew when it is loaded. */
  readonly recipe: ClusterOptions;
  readonly world: WorldJson;
}

const FORMAT = 'kubesim-state/1';

/** The cluster as it is now, as JSON; `recipe` are the options that it was made with, functions left out. @public */
export function saveCluster(cluster: Cluster, recipe: ClusterOptions): SavedCluster {
  return { format: FORMAT, recipe, world: cluster.snapshot().world.toJSON() };
}

/**
 * A cluster that goes on where one was saved. `functions` gives what JSON cannot hold. Its recording begins here and cannot be
 * replayed from nothing. Throws UsageError for another format, FingerprintMismatch for another machine's state. @public
 */
export function loadCluster(saved: SavedCluster, functions: Pick<ClusterOptions, 'controllers' | 'actors' | 'behaviours'> = {}): Cluster {
  if (saved === null || typeof saved !== 'object' || saved.format !== FORMAT) throw new UsageError(`state.format must be '${FORMAT}', not ${JSON.stringify((saved as Partial<SavedCluster> | null)?.format)}`);
  const cluster = new Cluster({ ...saved.recipe, ...functions });
  return cluster.restore({ world: World.fromJSON(saved.world, cluster.controlPlane.definition), script: [], checkpoints: [] });
}
