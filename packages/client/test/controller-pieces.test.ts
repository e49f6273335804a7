// What controllers are made of: errors, retries, batches, claiming, selectors. Upstream: controller_utils_test.go,
// controller_ref_manager_test.go, retry and errors of apimachinery (1.37).
import { describe, expect, it } from 'vitest';
import type { ApiCall, ApiReply, KubeObject } from '@kubesim/api';
import {
  aggregate, apiError, claimObjects, compileSelector, DEFAULT_BACKOFF, DEFAULT_RETRY, flatten, isConflict, isPodAvailable, isPodReady, recheckDeletionTimestamp,
  retryOnConflict, slowStart, slowStartBatches, wrapError, type Calling, type ReconcileError,
} from '../src/index.ts';

/** Runs a piece to its end; answers what it yielded and returned. */
function run<T>(piece: Calling<T>, answer: (call: ApiCall) => ApiReply = () => ({ ok: true, object: { metadata: {} } })): { readonly yielded: readonly unknown[]; readonly result: T } {
  const yielded: unknown[] = [];
  let step = piece.next();
  while (step.done !== true) {
    yielded.push(step.value);
    step = piece.next('pauseMs' in step.value ? { ok: true, object: { metadata: {} } } : answer(step.value));
  }
  return { yielded, result: step.value };
}

const failed = (reason: string): ApiReply => ({ ok: false, status: { reason, message: `is ${reason}` } });

describe('errors', () => {
  const a: ReconcileError = { message: 'a' };
  const b: ReconcileError = { message: 'b' };
  it.each<readonly [readonly (ReconcileError | undefined)[], string | undefined]>([
    [[], undefined], [[undefined], undefined], [[a], 'a'], [[a, b], '[a, b]'], [[a, a], 'a'], [[a, undefined, b], '[a, b]'],
    [[a, aggregate([b, a])], '[a, b]'], [[aggregate([a, b])], '[a, b]'],
  ])('aggregate %#', (errors, text) => {
    expect(aggregate(errors)?.message).toBe(text);
  });

  it('keep their reason through wrapping, not through an aggregate', () => {
    const conflict = apiError({ reason: 'Conflict', message: 'x' });
    expect(wrapError('could not', conflict)).toEqual({ message: 'could not: x', reason: 'Conflict' });
    expect(isConflict(wrapError('could not', conflict))).toBe(true);
    expect(isConflict(aggregate([conflict]))).toBe(false);
    expect(flatten(aggregate([aggregate([a, b]), conflict]) as ReconcileError)).toEqual([a, b, conflict]);
  });
});

describe('retryOnConflict', () => {
  const random = (): { readonly below: (bound: number) => number } => ({ below: (bound) => bound - 1 });
  it.each([[DEFAULT_RETRY, [11, 11, 11, 11]], [DEFAULT_BACKOFF, [11, 55, 275]]])('waits %#', (backoff, waits) => {
    const { yielded, result } = run(retryOnConflict({ random }, backoff, function* () { return { message: 'x', reason: 'Conflict' }; }));
    expect(yielded).toEqual(waits.map((pauseMs) => ({ pauseMs })));
    expect(result?.message).toBe('x');
  });

  it('ends with success, and with any other error', () => {
    const errors = [{ message: 'x', reason: 'Conflict' }, { message: 'y', reason: 'NotFound' }];
    expect(run(retryOnConflict({ random }, DEFAULT_RETRY, function* () { return errors.shift(); })).result?.message).toBe('y');
    expect(run(retryOnConflict({ random }, DEFAULT_RETRY, function* () { return undefined; }))).toEqual({ yielded: [], result: undefined });
  });
});

describe('slow start', () => {
  const sizes = (count: number, options = {}): readonly number[] => slowStartBatches(count, options).map(({ from, to }) => to - from);
  it.each<readonly [number, object, readonly number[]]>([
    [0, {}, []], [1, {}, [1]], [10, {}, [1, 2, 4, 3]], [2000, { batchSizeMax: 500 }, [1, 2, 4, 8, 16, 32, 64, 128, 256, 500, 500, 489]], [5, { initialBatchSize: 3 }, [3, 2]],
  ])('%i members %j', (count, options, expected) => {
    expect(sizes(count, options)).toEqual(expected);
  });

  it('finishes the batch in which a member fails, and starts no other', () => {
    const ran: number[] = [];
    const { result } = run(slowStart(10, function* (index) {
      ran.push(index);
      return index === 1 ? { message: 'x' } : undefined;
    }));
    expect([ran, result.successCount, result.errors]).toEqual([[0, 1, 2], 2, [{ message: 'x' }]]);
  });
});

describe('claiming', () => {
  const owner: KubeObject = { metadata: { name: 'set', namespace: 'ns', uid: 'u' } };
  const object = (name: string, fits: boolean, uid?: string, deletionTimestamp?: string): KubeObject => ({
    metadata: {
      name, namespace: 'ns', uid: name, labels: fits ? { a: 'b' } : {}, deletionTimestamp,
      ownerReferences: uid === undefined ? [] : [{ apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'x', uid, controller: true }],
    },
  });
  const OBJECTS = [object('other', true, 'v'), object('ours', true, 'u'), object('misfit', false, 'u'), object('orphan', true), object('orphan2', true), object('stranger', false), object('going', true, undefined, 't')];
  const claim = (controller: KubeObject, answer: (call: ApiCall) => ApiReply): { readonly yielded: readonly unknown[]; readonly result: { readonly claimed: readonly KubeObject[]; readonly error?: ReconcileError } } =>
    run(claimObjects({
      controller, controllerKind: { apiVersion: 'apps/v1', kind: 'StatefulSet' }, resource: 'pods', objectKind: 'Pod', matches: ({ metadata }) => metadata.labels?.['a'] === 'b',
      canAdopt: () => recheckDeletionTimestamp('statefulsets.apps', { apiVersion: 'apps/v1', kind: 'StatefulSet' }, owner),
    }, OBJECTS), answer);
  const named = (yielded: readonly unknown[]): readonly string[] => (yielded as { readonly verb: string; readonly name: string }[]).map(({ verb, name }) => `${verb} ${name}`);
  const live = (call: ApiCall): ApiReply => ({ ok: true, object: call.verb === 'get' ? owner : { metadata: {} } });

  it('keeps what is ours, releases misfits, adopts orphans after one check', () => {
    const { yielded, result } = claim(owner, live);
    expect(named(yielded)).toEqual(['patch misfit', 'get set', 'patch orphan', 'patch orphan2']);
    expect(result.claimed.map(({ metadata }) => metadata.name)).toEqual(['ours', 'orphan', 'orphan2']);
  });

  it('writes nothing for an owner that is being deleted', () => {
    const { yielded, result } = claim({ metadata: { ...owner.metadata, deletionTimestamp: 't' } }, live);
    expect([yielded, result.claimed.map(({ metadata }) => metadata.name)]).toEqual([[], ['ours']]);
  });

  it.each([['NotFound', undefined], ['Forbidden', 'is Forbidden']])('a patch answered %s', (reason, error) => {
    const { result } = claim(owner, (call) => (call.verb === 'get' ? live(call) : failed(reason)));
    expect(result.claimed.map(({ metadata }) => metadata.name)).toEqual(['ours']);
    expect(result.error?.message).toBe(error);
  });

  it('says why it may not adopt', () => {
    expect(claim(owner, (call) => (call.verb === 'get' ? failed('NotFound') : live(call))).result.error?.message)
      .toBe("[can't adopt Pod ns/orphan (orphan): can't recheck DeletionTimestamp: is NotFound, can't adopt Pod ns/orphan2 (orphan2): can't recheck DeletionTimestamp: is NotFound]");
  });
});

describe('selectors', () => {
  it.each<readonly [object | undefined, object, boolean]>([
    [undefined, {}, false], [{}, {}, true], [{ matchLabels: { a: 'b' } }, { a: 'b', c: 'd' }, true], [{ matchLabels: { a: 'b' } }, { a: 'c' }, false],
    [{ matchExpressions: [{ key: 'a', operator: 'In', values: ['x', 'b'] }] }, { a: 'b' }, true], [{ matchExpressions: [{ key: 'a', operator: 'In', values: ['x'] }] }, {}, false],
    [{ matchExpressions: [{ key: 'a', operator: 'NotIn', values: ['x'] }] }, {}, true], [{ matchExpressions: [{ key: 'a', operator: 'NotIn', values: ['b'] }] }, { a: 'b' }, false],
    [{ matchExpressions: [{ key: 'a', operator: 'Exists' }] }, { a: '' }, true], [{ matchExpressions: [{ key: 'a', operator: 'DoesNotExist' }] }, { a: '' }, false],
    [{ matchLabels: { toString: 'x' } }, {}, false],
  ])('%j on %j is %s', (selector, labels, matches) => {
    expect(compileSelector(selector)?.(labels as Record<string, string>)).toBe(matches);
  });

  it.each([[{ key: 'a', operator: 'Near', values: ['x'] }], [{ key: 'a', operator: 'In' }], [{ key: 'a', operator: 'Exists', values: ['x'] }]])('%j is invalid', (requirement) => {
    expect(compileSelector({ matchExpressions: [requirement] })).toBeUndefined();
  });
});

describe('pods', () => {
  const pod = (status: string, lastTransitionTime?: string): never => ({ metadata: { name: 'p' }, spec: {}, status: { phase: 'Pending', conditions: [{ type: 'Ready', status, lastTransitionTime }] } }) as never;
  it('are ready by their condition alone, and available once they were for long enough', () => {
    const at = Date.parse('2026-01-01T00:00:10Z');
    expect([isPodReady(pod('True')), isPodReady(pod('False')), isPodReady({ metadata: { name: 'p' } } as never)]).toEqual([true, false, false]);
    expect(isPodAvailable(pod('True', '2026-01-01T00:00:00Z'), 10, at)).toBe(true);
    expect(isPodAvailable(pod('True', '2026-01-01T00:00:01Z'), 10, at)).toBe(false);
    expect([isPodAvailable(pod('True'), 10, at), isPodAvailable(pod('True'), 0, at), isPodAvailable(pod('False'), 0, at)]).toEqual([false, true, false]);
  });
});
