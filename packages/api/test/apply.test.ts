import { describe, expect, it } from 'vitest';
import { applyFields, managedFieldsOfUpdate } from '../src/apply/managed-fields.ts';
import { decodeFieldSet, EMPTY_SET, encodeFieldSet } from '../src/apply/field-set.ts';
import { structOfKind } from '../src/schema/types.ts';
import { sha256 } from '../src/encoding/sha256.ts';
import { applyStrategicMergePatch } from '../src/patch/strategic-merge-patch.ts';
import { parseLabelSelector } from '../src/selector/label-selector.ts';
import { parseJson } from '../src/encoding/parse-json.ts';
import { createHash } from 'node:crypto';
import { schemaDefinition } from '../src/schema/schema.ts';

const configMap = structOfKind('', 'v1', 'ConfigMap');
if (configMap === undefined) throw new Error('schema');
const by = (manager: string, operation: 'Apply' | 'Update' = 'Apply') => ({ manager, operation, apiVersion: 'v1', subresource: '', time: '2026-01-01T00:00:00Z' });
const apply = (live: unknown, config: unknown, entries: Parameters<typeof applyFields>[3], manager: string, force = false) => applyFields(configMap, live, config, entries, by(manager), EMPTY_SET, force);

describe('server-side apply', () => {
  it('should share equal values, refuse others, and take them by force', () => {
    const first = apply({ metadata: {} }, { data: { a: '1' } }, undefined, 'm1');
    if (!first.ok) throw new Error('conflict');
    expect(apply(first.object, { data: { a: '1' } }, first.entries, 'm2').ok).toBe(true);
    const clash = apply(first.object, { data: { a: '2' } }, first.entries, 'm2');
    expect(clash.ok ? [] : clash.conflicts.map(({ paths }) => paths)).toEqual([['.data.a']]);
    const forced = apply(first.object, { data: { a: '2' } }, first.entries, 'm2', true);
    expect(forced.ok && forced.entries?.map(({ manager }) => manager)).toEqual(['m2']);
  });
  it('should take away what the manager alone had and no longer names', () => {
    const first = apply({ metadata: {} }, { data: { a: '1', b: '1' } }, undefined, 'm1');
    if (!first.ok) throw new Error('conflict');
    const second = apply(first.object, { data: { a: '1' } }, first.entries, 'm1');
    expect(second.ok && second.object).toEqual({ metadata: {}, data: { a: '1' } });
  });
  it('should move ownership with an update', () => {
    const first = apply({ metadata: {} }, { data: { a: '1' } }, undefined, 'm1');
    if (!first.ok) throw new Error('conflict');
    const entries = managedFieldsOfUpdate(configMap, first.object, { metadata: {}, data: { a: '2' } }, first.entries, by('u', 'Update'), EMPTY_SET);
    expect(entries?.map(({ manager, fieldsV1 }) => [manager, fieldsV1])).toEqual([['u', { 'f:data': { 'f:a': {} } }]]);
  });
  it('should write and read sets alike', () => {
    const fields = { 'f:spec': { 'f:ports': { '.': {}, 'k:{"port":80}': { '.': {}, 'f:port': {} } } } };
    expect(encodeFieldSet(decodeFieldSet(fields))).toEqual(fields);
  });
});

describe('strategic merge', () => {
  const schema = schemaDefinition('io.k8s.api.core.v1.PodSpec');
  it.each([
    [{ containers: [{ name: 'c' }] }, { containers: [{ name: 's' }] }, ['s', 'c']],
    [{ containers: [{ name: 'a' }, { name: 'b' }] }, { containers: [{ name: 'b', $patch: 'delete' }] }, ['a']],
    [{ containers: [{ name: 'a' }, { name: 'b' }] }, { '$setElementOrder/containers': [{ name: 'b' }, { name: 'a' }] }, ['b', 'a']],
  ])('should merge %j with %j', (value, patch, names) => {
    const outcome = applyStrategicMergePatch(value, patch, schema);
    if (!outcome.ok) throw new Error(outcome.error);
    expect((outcome.value as { containers: { name: string }[] }).containers.map(({ name }) => name)).toEqual(names);
  });
});

describe('texts', () => {
  it.each(['', 'abc', 'x'.repeat(55), 'x'.repeat(56), 'é'.repeat(200)])('should digest %j as the host does', (text) => {
    expect(Buffer.from(sha256(text)).toString('hex')).toBe(createHash('sha256').update(text).digest('hex'));
  });
  it.each([['t in', "unable to parse requirement: found '' expected: '('"], ['a,', "found '', expected: identifier after ','"], ['a b', "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"]])('should word the error of %j', (text, error) => {
    expect(parseLabelSelector(text)).toEqual({ ok: false, error });
  });
  it.each([['{"a":1,"a":2}', ['a']], ['{"a":{"b":1,"b":2}}', ['a.b']], ['{"a":1}', []]])('should find duplicates in %s', (text, duplicates) => {
    expect(parseJson(text)).toMatchObject({ ok: true, duplicates });
  });
  it.each([['', 'unexpected end of JSON input'], ['{"a":', 'unexpected end of JSON input'], ['nope', "invalid character 'o' in literal null (expecting 'u')"], ['{} x', "invalid character 'x' after top-level value"]])('should word the error of %j as Go does', (text, error) => {
    expect(parseJson(text)).toEqual({ ok: false, error });
  });
});
