// Heartbeats that were crossed in closed form: their changes are kept as one observed period, and become objects when somebody reads.
import { formatMicroTime, formatTime, parseTime, type ResourceName } from '@kubesim/api';
import { checkMovesAt, driftPlan, laterBy, NotPeriodic, type DriftPlan, type Lateness, type ObservedPeriod, type Repetition, type TextRule } from '@kubesim/kernel';
import type { Change } from './storage.ts';
import type { StoreState, Table, WriteInstant } from './table.ts';

/** Changes of one resource in the observed period, and what moves in the object of each key. @internal */
export interface RepeatedChanges {
  readonly changes: readonly Change[];
  readonly plans: Readonly<Record<string, DriftPlan>>;
}

/** Periods of the same writes, each later than the one before by the same time and number of revisions. @internal */
export interface QuietSpan {
  /** Revision and instant of the end of the observed period, where the span begins. */
  readonly revision: number;
  readonly startsAt: number;
  readonly period: Lateness;
  readonly periods: number;
  /** Instants of writes in the observed period. */
  readonly instants: readonly WriteInstant[];
  readonly resources: Readonly<Record<ResourceName, RepeatedChanges>>;
}

const MICRO = /\.\d{3}000Z$/;

/** Texts of heartbeats that move with time: times as metadata shows them, and resource versions. @public */
export const HEARTBEAT_TEXTS: readonly TextRule[] = [
  {
    name: 'time',
    later: (text, _field, { ms }) => {
      const instant = text.endsWith('Z') ? parseTime(text) : undefined;
      return instant === undefined ? undefined : MICRO.test(text) ? formatMicroTime(instant + ms) : formatTime(instant + ms);
    },
  },
  {
    name: 'version',
    later: (text, field, { versions }) => (field === 'resourceVersion' && /^\d+$/.test(text) ? String(Number(text) + versions) : undefined),
    isOf: (text, field, { version, versions }) => field === 'resourceVersion' && Number(text) > version && Number(text) <= version + versions,
  },
];

/** Last revision of a span. @internal */
export function lastRevision({ revision, period, periods }: QuietSpan): number {
  return revision + period.versions * periods;
}

/** The store after periods of heartbeats, from what it was before and after the observed one. Throws NotPeriodic. @internal */
export function repeatStore(before: StoreState, after: StoreState, repetition: Repetition): StoreState {
  const { period, periods, by } = repetition;
  if (after.revision !== before.revision + period.versions) throw new NotPeriodic('not every revision was noted');
  if (after.eventRevision !== before.eventRevision) throw new NotPeriodic('Events were written');
  if (after.compactedRevision !== before.compactedRevision || after.tables.size !== before.tables.size) throw new NotPeriodic('the store was compacted, or got a table');
  const epoch = { kind: 'epoch' as const };
  const resources: Record<ResourceName, RepeatedChanges> = {};
  let { tables } = after;
  for (const [resource, is] of after.tables) {
    const was = before.tables.get(resource);
    if (was === is) continue;
    if (was === undefined) throw new NotPeriodic(`${resource} are new`);
    const changes = changesAfter(is, before.revision);
    if (changes.length > 0) resources[resource] = repeatedChanges(was, is, changes, period);
    tables = tables.set(epoch, resource, {
      epoch: is.epoch, objects: repetition.value(was.objects, is.objects, resource), history: is.history, incarnations: repetition.value(was.incarnations, is.incarnations, resource),
    });
  }
  const instants = [...after.instants.values()].filter(({ revision }) => revision > before.revision);
  const span: QuietSpan = { revision: after.revision, startsAt: repetition.startsAt, period, periods, instants, resources };
  return {
    revision: after.revision + by.versions, eventRevision: after.eventRevision, compactedRevision: after.compactedRevision, tables, instants: after.instants,
    spans: period.versions === 0 ? after.spans : [...after.spans, span],
    dependents: repetition.value(before.dependents, after.dependents), orphans: repetition.value(before.orphans, after.orphans),
    podsByNode: repetition.value(before.podsByNode, after.podsByNode), subscribers: repetition.value(before.subscribers, after.subscribers),
  };
}

function changesAfter({ history }: Table, revision: number): readonly Change[] {
  const found: Change[] = [];
  for (let index = history.length - 1; index >= history.base; index--) {
    const change = history.get(index) as Change;
    if (change.revision <= revision) break;
    found.unshift(change);
  }
  return found;
}

/** The changes of a period. The first of a key follows on the last one of the period before, which may not be what stood there. */
function repeatedChanges(was: Table, is: Table, changes: readonly Change[], period: ObservedPeriod): RepeatedChanges {
  const plans = plansOf(was, is, changes, period);
  const met = new Set<string>();
  const earlier = { ms: -period.ms, versions: -period.versions };
  return {
    plans,
    changes: changes.map((change) => {
      if (met.has(change.key)) return change;
      met.add(change.key);
      return { ...change, before: laterBy(is.objects.get(change.key), plans[change.key], earlier, HEARTBEAT_TEXTS) };
    }),
  };
}

/** What moves in each object that changes. Nothing else may change in any of the changes. */
function plansOf(was: Table, is: Table, changes: readonly Change[], period: ObservedPeriod): Readonly<Record<string, DriftPlan>> {
  const plans: Record<string, DriftPlan> = {};
  for (const { key, type, before, after } of changes) {
    const plan = Object.hasOwn(plans, key) ? plans[key] : driftPlan(was.objects.get(key), is.objects.get(key), period, HEARTBEAT_TEXTS);
    if (type !== 'MODIFIED' || plan === undefined) throw new NotPeriodic(`${key} comes or goes`);
    checkMovesAt(before, after, plan);
    plans[key] = plan;
  }
  return plans;
}

/** Changes of a resource in a span after one revision, up to and with another. @internal */
export function* changesOf(span: QuietSpan, resource: ResourceName, after: number, upTo: number = Infinity): Generator<Change, void, undefined> {
  const repeated = Object.hasOwn(span.resources, resource) ? span.resources[resource] : undefined;
  if (repeated === undefined) return;
  for (let period = Math.max(1, periodOf(span, after + 1)); period <= span.periods; period++) {
    const by = { ms: span.period.ms * period, versions: span.period.versions * period };
    for (const change of repeated.changes) {
      const revision = change.revision + by.versions;
      if (revision <= after) continue;
      if (revision > upTo) return;
      const plan = repeated.plans[change.key];
      yield { revision, resource, key: change.key, type: change.type, before: laterBy(change.before, plan, by, HEARTBEAT_TEXTS), after: laterBy(change.after, plan, by, HEARTBEAT_TEXTS) };
    }
  }
}

/** In which of a span's periods a revision was committed, counted from 1. */
function periodOf({ revision: start, period }: QuietSpan, revision: number): number {
  return Math.ceil((revision - start) / period.versions);
}

/** The instant at which a revision was committed; undefined unless that was in one of the spans. @internal */
export function instantInSpans(spans: readonly QuietSpan[], revision: number): number | undefined {
  const span = spans.find((each) => revision > each.revision && revision <= lastRevision(each));
  if (span === undefined) return undefined;
  const period = periodOf(span, revision);
  const observed = span.instants.findLast((each) => each.revision <= revision - period * span.period.versions);
  return observed === undefined ? undefined : observed.at + period * span.period.ms;
}

/**
 * The last revision at an instant or before it; undefined where the instants of writes outside of spans say it. At the end of a
 * span more may have been written in the same instant: that is theirs to say. @internal
 */
export function revisionInSpans(spans: readonly QuietSpan[], instant: number): number | undefined {
  const span = spans.find(({ startsAt, period, periods }) => instant < startsAt + period.ms * periods);
  if (span === undefined || instant < span.startsAt - span.period.ms) return undefined;
  const period = Math.max(0, Math.ceil((instant - span.startsAt) / span.period.ms));
  const next = span.instants.find(({ at }) => at > instant - period * span.period.ms);
  return (next === undefined ? span.revision : next.revision - 1) + period * span.period.versions;
}
