// core/v1 and events.k8s.io/v1 Event: one store, two forms.
// Upstream: pkg/apis/core/validation/events.go, pkg/apis/events/v1/conversion.go, pkg/registry/core/event/strategy.go (1.37).
import { invalid, required, type FieldError } from '../../field-error.ts';
import { fieldPath } from '../../field-path.ts';
import type { Event, EventsV1Event } from '../../generated/types.ts';
import { defineKind, type KindDefinition, type TableColumn, type TableCell } from '../../kind.ts';
import { dnsSubdomainErrors, qualifiedNameErrors } from '../../names/names.ts';
import type { KubeObject } from '../../request.ts';
import { humanDuration } from '../../table/human-duration.ts';

type StoredEvent = Event & KubeObject;
type StoredEventsEvent = EventsV1Event & KubeObject;

const REASON_MAX = 128;
const NOTE_MAX = 1024;
const OTHER_NAMESPACE = 'does not match event.namespace';

function validateLong(field: string, value: string): readonly FieldError[] {
  if (value === '') return [required(fieldPath(field))];
  return value.length > REASON_MAX ? [invalid(fieldPath(field), '', `can have at most ${REASON_MAX} characters`)] : [];
}

/** Events of the new recorder, told by their time, must say who did what. */
function validate(event: StoredEvent): readonly FieldError[] {
  const namespace = event.metadata.namespace ?? '';
  const involved = event.involvedObject.namespace ?? '';
  const errors: FieldError[] = [];
  const isNew = event.eventTime !== undefined && event.eventTime !== null;
  const mismatch = invalid(fieldPath('involvedObject', 'namespace'), involved, OTHER_NAMESPACE);
  if (!isNew) {
    if (involved === '' ? namespace !== '' && namespace !== 'default' : namespace !== involved) errors.push(mismatch);
  } else {
    if (involved === '' && namespace !== 'default' && namespace !== 'kube-system') errors.push(mismatch);
    const component = event.reportingComponent ?? '';
    if (component === '') errors.push(required(fieldPath('reportingController')));
    errors.push(...qualifiedNameErrors(component).map((text) => invalid(fieldPath('reportingController'), component, text)));
    errors.push(...validateLong('reportingInstance', event.reportingInstance ?? ''), ...validateLong('action', event.action ?? ''), ...validateLong('reason', event.reason ?? ''));
    if ((event.message ?? '').length > NOTE_MAX) errors.push(invalid(fieldPath('message'), '', `can have at most ${NOTE_MAX} characters`));
  }
  errors.push(...dnsSubdomainErrors(namespace).map((text) => invalid(fieldPath('namespace'), namespace, text)));
  return errors;
}

const COLUMNS: readonly TableColumn[] = [
  { name: 'Last Seen', type: 'string' }, { name: 'Type', type: 'string' }, { name: 'Reason', type: 'string' }, { name: 'Object', type: 'string' }, { name: 'Subobject', type: 'string', priority: 1 }, { name: 'Source', type: 'string', priority: 1 },
  { name: 'Message', type: 'string' }, { name: 'First Seen', type: 'string', priority: 1 }, { name: 'Count', type: 'string', priority: 1 }, { name: 'Name', type: 'string', format: 'name', priority: 1 },
];

function since(time: string | undefined | null, now: number): string {
  return time === undefined || time === null || time === '' ? '<unknown>' : humanDuration(now - Date.parse(time));
}

function cells(event: StoredEvent, now: number): readonly TableCell[] {
  const first = event.firstTimestamp ?? event.eventTime;
  const last = event.series?.lastObservedTime ?? event.lastTimestamp ?? first;
  const count = event.series?.count ?? ((event.count ?? 0) === 0 ? 1 : event.count);
  const { component = '', host = '' } = event.source ?? {};
  const source = component === '' ? event.reportingComponent ?? '' : component;
  const instance = host === '' ? event.reportingInstance ?? '' : host;
  const { kind = '', name = '', fieldPath: part = '' } = event.involvedObject;
  return [
    since(last, now), event.type ?? '', event.reason ?? '', name === '' ? kind.toLowerCase() : `${kind.toLowerCase()}/${name}`, part, instance === '' ? source : `${source}, ${instance}`,
    (event.message ?? '').trim(), since(first, now), count ?? 1, event.metadata.name,
  ];
}

/** Event, as core/v1 shows it. @public */
export const eventKind: KindDefinition = defineKind<StoredEvent>({
  group: '', version: 'v1', kind: 'Event', resource: 'events', singular: 'event', shortNames: ['ev'], namespaced: true, nameRule: 'path-segment', defaultPropagation: 'unsupported', createsOnUpdate: true, takesAnyFinalizer: true,
  validateCreate: validate,
  selectableFields: {
    'involvedObject.kind': (event) => event.involvedObject.kind ?? '', 'involvedObject.namespace': (event) => event.involvedObject.namespace ?? '', 'involvedObject.name': (event) => event.involvedObject.name ?? '',
    'involvedObject.uid': (event) => event.involvedObject.uid ?? '', 'involvedObject.apiVersion': (event) => event.involvedObject.apiVersion ?? '', 'involvedObject.resourceVersion': (event) => event.involvedObject.resourceVersion ?? '',
    'involvedObject.fieldPath': (event) => event.involvedObject.fieldPath ?? '', reason: (event) => event.reason ?? '', reportingComponent: (event) => event.reportingComponent ?? '',
    source: (event) => ((event.source?.component ?? '') === '' ? event.reportingComponent ?? '' : event.source?.component ?? ''), type: (event) => event.type ?? '',
  },
  columns: COLUMNS,
  cells,
});

/** The stored form of an Event of events.k8s.io. */
function toStored(object: KubeObject): KubeObject {
  const { apiVersion: _version, regarding, note, deprecatedSource, deprecatedFirstTimestamp, deprecatedLastTimestamp, deprecatedCount, reportingController, ...rest } = object as StoredEventsEvent;
  return {
    ...rest, apiVersion: 'v1', involvedObject: regarding ?? {}, message: note, source: deprecatedSource ?? {}, firstTimestamp: deprecatedFirstTimestamp ?? null, lastTimestamp: deprecatedLastTimestamp ?? null, count: deprecatedCount,
    reportingComponent: reportingController ?? '',
  } as unknown as KubeObject;
}

function fromStored(object: KubeObject): StoredEventsEvent {
  const { apiVersion: _version, involvedObject, message, source, firstTimestamp, lastTimestamp, count, reportingComponent, ...rest } = object as StoredEvent;
  return {
    ...rest, apiVersion: 'events.k8s.io/v1', regarding: involvedObject, note: message, deprecatedSource: source, deprecatedFirstTimestamp: firstTimestamp, deprecatedLastTimestamp: lastTimestamp, deprecatedCount: count, reportingController: reportingComponent,
  } as unknown as StoredEventsEvent;
}

/** Event, as events.k8s.io/v1 shows it. @public */
export const eventsEventKind: KindDefinition = defineKind<StoredEventsEvent>({
  group: 'events.k8s.io', version: 'v1', kind: 'Event', resource: 'events', singular: 'event', shortNames: ['ev'], namespaced: true, nameRule: 'path-segment', defaultPropagation: 'unsupported', createsOnUpdate: true, takesAnyFinalizer: true,
  storedAs: { resource: 'events', toStored, fromStored },
  columns: COLUMNS,
  cells: (event, now) => cells(toStored(event) as StoredEvent, now),
});
