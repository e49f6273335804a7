// Why an object is as it is: what components said of it, what its own state says, and the same of whatever blocks it.
// Here the chain is followed; what a state says is in state-reasons.ts.
import type { KubeObject } from '@kubesim/api';
import type { ExplainSource } from './state-reasons.ts';
import { stateReasons } from './state-reasons.ts';
import type { StatedReason } from '../settings.ts';

/** One reason in an explanation. @public */
export interface ExplainedReason extends StatedReason {
  /** What the reason is about, as `kind/name`: the object asked for, or one that blocks it. */
  readonly about: string;
  /** What would change it. */
  readonly change?: string;
}

/** So many blocking objects are followed. */
const DEPTH_MAX = 4;

/** The reasons for an object, its own first, then those of what blocks it, and so on. @internal */
export function explain(source: ExplainSource, kind: string, namespace: string, name: string): readonly ExplainedReason[] {
  const found: ExplainedReason[] = [];
  const seen = new Set<string>();
  let next = [{ kind, name }];
  for (let depth = 0; depth < DEPTH_MAX && next.length > 0; depth++) {
    const blockers: { kind: string; name: string }[] = [];
    for (const each of next) {
      const about = `${each.kind.toLowerCase()}/${each.name}`;
      if (seen.has(about)) continue;
      seen.add(about);
      const reasons = reasonsOf(source, each.kind, namespace, each.name);
      // Of what blocks, only what blocks it counts: a pod that is as it should be explains nothing.
      for (const reason of reasons) {
        found.push(reason);
        const [blockerKind, blockerName] = (reason.blockedBy ?? '').split('/');
        if (blockerKind !== undefined && blockerName !== undefined && blockerName !== '') blockers.push({ kind: blockerKind, name: blockerName });
      }
    }
    next = blockers;
  }
  return found;
}

function reasonsOf(source: ExplainSource, kind: string, namespace: string, name: string): readonly ExplainedReason[] {
  const lower = kind.toLowerCase();
  const about = `${lower}/${name}`;
  const object: KubeObject | undefined = source.get(lower, namespace, name);
  const read = stateReasons(source, lower, namespace, name, object);
  const said = [...source.said(`${lower}/${namespace}/${name}`), ...source.said(about)];
  // What a component said of an object that is gone, or of a pod before it was placed, is past.
  const isPast = (reason: StatedReason): boolean => (object === undefined && lower === 'pod') || (reason.source === 'kube-scheduler' && object?.['spec']?.nodeName !== undefined);
  return [...said.filter((reason) => !isPast(reason)).map((reason): ExplainedReason => ({ ...reason, about })), ...read.map((reason): ExplainedReason => ({ ...reason, about }))];
}
