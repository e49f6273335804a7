// kubectl events.
import { parseFlags } from '../flags.ts';
import { KubectlError } from '../kubectl-error.ts';
import { checkOutput, printFound } from '../printers/print.ts';
import { alignRows } from '../printers/table.ts';
import { apiVersionOf, type Session } from '../session.ts';
import type { Loose } from '../describers/text.ts';
import { eventAge, sortEvents } from './describe.ts';

/** `kubectl events`. @internal */
export function events(session: Session, words: readonly string[]): void {
  const parsed = parseFlags(words, { 'all-namespaces': 'bool', for: 'value', types: 'list', 'no-headers': 'bool', output: 'value', watch: 'bool', 'chunk-size': 'value' }, 'events');
  const isAll = parsed.flags['all-namespaces'] === 'true';
  const target = parsed.flags['for'];
  let fieldSelector: string | undefined;
  if (target !== undefined) {
    const [type = '', name] = target.split('/');
    if (name === undefined) throw new KubectlError('error: --for must be in resource/name form');
    const mapping = session.resource(type);
    fieldSelector = `involvedObject.kind=${mapping.kind},involvedObject.apiVersion=${apiVersionOf(mapping)},involvedObject.name=${name}`;
  }
  const mapping = session.resource('events');
  const list = session.ask('GET', session.path(mapping, undefined, isAll ? '' : session.namespace), { query: { fieldSelector, limit: '500' } });
  const types = (parsed.lists['types'] ?? []).flatMap((each) => each.split(',')).map((each) => each.toLowerCase());
  const unknown = types.find((each) => each !== 'normal' && each !== 'warning');
  if (unknown !== undefined) throw new KubectlError('error: valid --types are Normal or Warning');
  const items = sortEvents((list['items'] ?? []) as readonly Loose[]).filter(({ type }) => types.length === 0 || types.includes(String(type).toLowerCase()));
  if (items.length === 0) {
    session.err(isAll ? 'No events found.\n' : `No events found in ${session.namespace} namespace.\n`);
    return;
  }
  if (parsed.flags['output'] !== undefined) {
    checkOutput(parsed, false);
    return printFound(session, parsed, items.map((object) => ({ mapping, object: { apiVersion: 'v1', kind: 'Event', ...object } })), false);
  }
  const header = [...(isAll ? ['NAMESPACE'] : []), 'LAST SEEN', 'TYPE', 'REASON', 'OBJECT', 'MESSAGE'];
  const rows = items.map((event) => [...(isAll ? [event.metadata.namespace as string] : []), eventAge(event, session.options.now()), event.type as string, event.reason as string, `${event.involvedObject.kind}/${event.involvedObject.name}`, String(event.message).trim()]);
  session.out(alignRows(parsed.flags['no-headers'] === 'true' ? rows : [header, ...rows]));
}
