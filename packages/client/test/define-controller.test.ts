// The usual shape of a controller: which keys a change enqueues.
import type { KubeObject } from '@kubesim/api';
import { describe, expect, it } from 'vitest';
import { defineController, objectKey, splitKey, type CacheChange, type HandlerContext } from '../src/index.ts';

const controller = defineController({
  name: 'ledger-controller', for: { apiVersion: 'example.dev/v1', kind: 'Ledger', resource: 'ledgers.example.dev' }, owns: ['pods'],
  also: { nodes: (node) => [`all/${node.metadata.name}`] },
  *reconcile() { return undefined; },
});

function keysOf(change: Omit<CacheChange, 'type'>): readonly string[] {
  const keys: string[] = [];
  controller.handle({ enqueue: (key: string) => { keys.push(key); } } as unknown as HandlerContext, { type: 'MODIFIED', ...change });
  return keys;
}

function pod(owner: object | undefined): KubeObject {
  return { metadata: { name: 'p', namespace: 'ns', ...(owner === undefined ? {} : { ownerReferences: [{ controller: true, name: 'books', uid: 'u', apiVersion: 'example.dev/v1', kind: 'Ledger', ...owner }] }) } };
}

describe('a change enqueues', () => {
  it.each<readonly [string, Omit<CacheChange, 'type'>, readonly string[]]>([
    ['the object itself', { resource: 'ledgers.example.dev', after: { metadata: { name: 'books', namespace: 'ns' } } }, ['ns/books']],
    ['the owner', { resource: 'pods', after: pod({}) }, ['ns/books']],
    ['the owner whatever its version', { resource: 'pods', after: pod({ apiVersion: 'example.dev/v2' }) }, ['ns/books']],
    ['the owner of what is gone', { resource: 'pods', before: pod({}) }, ['ns/books']],
    ['both owners', { resource: 'pods', before: pod({}), after: pod({ name: 'other' }) }, ['ns/books', 'ns/other']],
    ['one owner once', { resource: 'pods', before: pod({}), after: pod({}) }, ['ns/books']],
    ['nobody for an orphan', { resource: 'pods', after: pod(undefined) }, []],
    ['nobody for another kind', { resource: 'pods', after: pod({ kind: 'Book' }) }, []],
    ['nobody for another group', { resource: 'pods', after: pod({ apiVersion: 'v1' }) }, []],
    ['nobody for an owner that does not control', { resource: 'pods', after: pod({ controller: false }) }, []],
    ['what it is told', { resource: 'nodes', after: { metadata: { name: 'n' } } }, ['all/n']],
  ])('%s', (_title, change, keys) => {
    expect(keysOf(change)).toEqual(keys);
  });
  it('watches each resource once', () => {
    expect(controller.watches).toEqual(['ledgers.example.dev', 'pods', 'nodes']);
    expect(controller.workers).toBe(1);
  });
});

describe('a key', () => {
  it.each([[{ metadata: { name: 'a', namespace: 'ns' } }, 'ns/a', { namespace: 'ns', name: 'a' }], [{ metadata: { name: 'a' } }, 'a', { namespace: '', name: 'a' }]])('of %j', (object, key, parts) => {
    expect(objectKey(object)).toBe(key);
    expect(splitKey(key)).toEqual(parts);
  });
});
