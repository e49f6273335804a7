// Runs the extension points of a profile over one cycle, and refuses nonsense by name.
// Upstream: pkg/scheduler/framework/runtime/framework.go (1.37).
import { PluginMisbehaved, type Cycle, type PreFilterResult, type Refusal, type SchedulerPlugin } from './framework.ts';
import type { NodeInfo } from './node-info.ts';

const CODES: readonly string[] = ['Unschedulable', 'UnschedulableAndUnresolvable', 'Error', 'Pending'];

/** Checks an answer that may be a refusal, and names its plugin. @internal */
export function checkRefusal(plugin: SchedulerPlugin, point: string, answer: unknown): Refusal | undefined {
  if (answer === undefined) return undefined;
  const refusal = answer as Refusal | null;
  if (refusal === null || typeof refusal !== 'object' || !CODES.includes(refusal.code) || !Array.isArray(refusal.reasons)
    || !refusal.reasons.every((reason) => typeof reason === 'string')) {
    throw new PluginMisbehaved(plugin.name, point, answer);
  }
  return { ...refusal, plugin: plugin.name };
}

/** What PreFilter left to do. @internal */
export interface Prepared {
  readonly refusal?: Refusal;
  /** Names of the nodes to look at; undefined: all. */
  readonly nodeNames?: ReadonlySet<string>;
  /** Plugins that limited the nodes, sorted. */
  readonly limiting: readonly string[];
  /** Filters in order, without those that skip. */
  readonly filters: readonly SchedulerPlugin[];
}

/** Runs PreFilter. @internal */
export function prepare(plugins: readonly SchedulerPlugin[], cycle: Cycle): Prepared {
  let nodeNames: ReadonlySet<string> | undefined;
  const limiting: string[] = [];
  const filters: SchedulerPlugin[] = [];
  for (const plugin of plugins) {
    const result = plugin.preFilter?.(cycle) as PreFilterResult | undefined | null;
    if (result === null || (result !== undefined && typeof result !== 'object')) throw new PluginMisbehaved(plugin.name, 'PreFilter', result);
    const refusal = checkRefusal(plugin, 'PreFilter', result?.refusal);
    if (refusal !== undefined) return { refusal, limiting, filters };
    if (result?.nodeNames !== undefined) {
      const names = new Set(result.nodeNames);
      limiting.push(plugin.name);
      nodeNames = nodeNames === undefined ? names : new Set([...nodeNames].filter((name) => names.has(name)));
      if (nodeNames.size === 0) {
        const all = [...limiting].sort();
        const reason = all.length === 1 ? `node(s) didn't satisfy plugin ${all[0]}` : `node(s) didn't satisfy plugin(s) [${all.join(' ')}] simultaneously`;
        return { refusal: { code: 'UnschedulableAndUnresolvable', reasons: [reason], plugin: plugin.name }, limiting: all, filters };
      }
    }
    if (result?.skip !== true && plugin.filter !== undefined) filters.push(plugin);
  }
  return { ...(nodeNames === undefined ? {} : { nodeNames }), limiting: limiting.sort(), filters };
}

/** The first refusal of a node. @internal */
export function filterNode(filters: readonly SchedulerPlugin[], cycle: Cycle, info: NodeInfo): Refusal | undefined {
  for (const plugin of filters) {
    const answer = plugin.filter?.(cycle, info);
    if (answer !== undefined) return checkRefusal(plugin, 'Filter', answer);
  }
  return undefined;
}
