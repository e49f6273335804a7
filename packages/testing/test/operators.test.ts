// What is drawn for operators, and what is said of one that is wrong.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { KubeObject } from '@kubesim/api';
import { claimsOfMembersGo, customResourceCommand, membersAreCounted, membersKeepTheirClaims, operatorsConverge, operatorsCreateWithMeasure, scalesStay, type Monitor, type MonitorView } from '../src/index.ts';

it('should draw every sort of command against a custom resource, scales the most', () => {
  const resource = { definition: { metadata: { name: 'zoos.example.com' } } as KubeObject, object: { kind: 'Zoo', metadata: { name: 'zoo' }, spec: { replicas: 2 } } as unknown as KubeObject };
  const drawn = fc.sample(fc.noBias(customResourceCommand(resource)), { numRuns: 2_000, seed: 18 });
  const share = (is: (command: (typeof drawn)[number]) => boolean): number => Math.round((10 * drawn.filter(is).length) / drawn.length);
  expect(share((command) => command.do === 'patch' && 'spec' in command.patch)).toBe(4);
  expect(share((command) => command.do === 'patch' && 'metadata' in command.patch)).toBe(1);
  expect([share(({ do: what }) => what === 'create'), share(({ do: what }) => what === 'delete'), share(({ do: what }) => what === 'deletePod')]).toEqual([2, 1, 2]);
});

const GOING = { deletionTimestamp: '2026-01-01T00:00:10Z' };
const CLAIMS = 'persistentvolumeclaims';
const ZOOS = 'zoos.example.com';
const DEFINITION = { kind: 'CustomResourceDefinition', metadata: { name: ZOOS, uid: 'definition' }, spec: { names: { kind: 'Zoo', plural: 'zoos' } } };
const OWNED = { ownerReferences: [{ apiVersion: 'example.com/v1', kind: 'Zoo', name: 'zoo', uid: 'zoo', controller: true }] };

const zoo = (spec: object = { replicas: 2 }, status: object = {}, metadata: object = {}): object => ({ kind: 'Zoo', metadata: { namespace: 'default', name: 'zoo', uid: 'zoo', ...metadata }, spec, status });
const claim = (name: string, metadata: object = {}): object => ({ kind: 'PersistentVolumeClaim', metadata: { namespace: 'default', name, uid: name, ...OWNED, ...metadata }, spec: {} });
const pod = (name: string, mounts: string, metadata: object = {}, phase: string = 'Running'): object => ({
  kind: 'Pod', metadata: { namespace: 'default', name, uid: name, ...OWNED, ...metadata }, spec: { volumes: [{ name: 'data', persistentVolumeClaim: { claimName: mounts } }] },
  status: { phase, conditions: [{ type: 'Ready', status: 'True' }] },
});

type Tables = Readonly<Record<string, readonly object[]>>;

/** A state of the store, and the changes that led to it. */
function view(tables: Tables, changes: readonly object[] = [], more: Partial<MonitorView> = {}): MonitorView {
  const all: Readonly<Record<string, readonly object[]>> = { 'customresourcedefinitions.apiextensions.k8s.io': [DEFINITION], ...tables };
  const list = (resource: string): readonly KubeObject[] => (all[resource] ?? []) as readonly KubeObject[];
  return {
    now: 0, changes: changes as MonitorView['changes'], hasComponent: () => false, component: () => { throw new Error('there is none'); },
    list, get: (resource, key) => list(resource).find(({ metadata: { namespace, name } }) => (namespace === undefined ? name : `${namespace}/${name ?? ''}`) === key), ...more,
  };
}

const removed = (name: string): object => ({ resource: CLAIMS, key: `default/${name}`, type: 'MODIFIED', before: claim(name), after: claim(name, GOING) });
const made = (resource: string, after: object): object => ({ resource, key: 'default/new', type: 'ADDED', after });

/** What a monitor says of states one after the other, and at rest in the last. */
function said(monitor: Monitor, ...views: readonly MonitorView[]): string | undefined {
  let state: unknown = monitor.initial;
  for (const each of views) {
    const verdict = monitor.step(state, each);
    if ('violation' in verdict) return verdict.violation;
    ({ state } = verdict);
  }
  return monitor.end?.(state, views[views.length - 1] as MonitorView);
}

describe('members keep their claims', () => {
  const living: Tables = { [ZOOS]: [zoo()], pods: [pod('zoo-0', 'data-zoo-0')] };

  it('should not hold where the claim of a member that lives is deleted', () => {
    expect(said(membersKeepTheirClaims, view(living, [removed('data-zoo-0')]))).toBe('claim default/data-zoo-0 was deleted while default/zoo-0 lives with it');
  });

  it('should hold where the member goes, has ended or mounts another, the owner goes, or the user deletes it', () => {
    for (const pods of [[pod('zoo-0', 'data-zoo-0', GOING)], [pod('zoo-0', 'data-zoo-0', {}, 'Failed')], [pod('zoo-1', 'data-zoo-1')], []]) expect(said(membersKeepTheirClaims, view({ ...living, pods }, [removed('data-zoo-0')]))).toBeUndefined();
    for (const zoos of [[], [zoo({}, {}, GOING)], [zoo({}, {}, { uid: 'another' })]]) expect(said(membersKeepTheirClaims, view({ ...living, [ZOOS]: zoos }, [removed('data-zoo-0')]))).toBeUndefined();
    expect(said(membersKeepTheirClaims, view(living, [removed('data-zoo-0')], { byUser: true }))).toBeUndefined();
  });
});

describe('scales of users stay', () => {
  const scaled = (from: number, to: number): object => ({ resource: ZOOS, key: 'default/zoo', type: 'MODIFIED', before: { apiVersion: 'example.com/v1', ...zoo({ replicas: from }) }, after: { apiVersion: 'example.com/v1', ...zoo({ replicas: to }) } });
  const byUser = view({}, [scaled(2, 4)], { byUser: true });

  it('should not hold where an operator sets a scale back', () => {
    expect(said(scalesStay, byUser, view({}, [scaled(4, 2)]))).toBe('Zoo default/zoo was scaled to 4 by the user, and is set back to 2');
  });

  it('should hold where an operator scales to another number, or the user takes it back himself', () => {
    expect(said(scalesStay, byUser, view({}, [scaled(4, 3)]))).toBeUndefined();
    expect(said(scalesStay, byUser, view({}, [scaled(4, 2)], { byUser: true }))).toBeUndefined();
    expect(said(scalesStay, view({}, [scaled(2, 4)]), view({}, [scaled(4, 2)]))).toBeUndefined();
  });
});

describe('claims of former members go', () => {
  const left: Tables = { [ZOOS]: [zoo()], pods: [pod('zoo-0', 'data-zoo-0')], [CLAIMS]: [claim('data-zoo-0'), claim('data-zoo-1')] };
  const deletes = view(left, [removed('data-zoo-2')]);

  it('should not hold where an operator that deletes claims has left one at rest', () => {
    expect(said(claimsOfMembersGo, deletes, view(left))).toBe("at rest claim default/data-zoo-1 of Zoo default/zoo is no pod's");
  });

  it('should hold where it never deletes claims, where every claim is some pod\'s, and where a quota keeps pods away', () => {
    expect(said(claimsOfMembersGo, view(left))).toBeUndefined();
    expect(said(claimsOfMembersGo, view(left, [removed('data-zoo-2')], { byUser: true }), view(left))).toBeUndefined();
    expect(said(claimsOfMembersGo, deletes, view({ ...left, [CLAIMS]: [claim('data-zoo-0')] }))).toBeUndefined();
    expect(said(claimsOfMembersGo, deletes, view({ ...left, resourcequotas: [{ kind: 'ResourceQuota', metadata: { namespace: 'default', name: 'limit' }, spec: { hard: { pods: '1' } }, status: { hard: { pods: '1' }, used: { pods: '1' } } }] }))).toBeUndefined();
  });
});

describe('ready members are counted', () => {
  const two = [pod('zoo-0', 'data-zoo-0'), pod('zoo-1', 'data-zoo-1')];

  it('should not hold where the status counts more or fewer than are ready', () => {
    expect(said(membersAreCounted, view({ [ZOOS]: [zoo({ replicas: 2 }, { readyReplicas: 1 })], pods: two }))).toBe('status.readyReplicas of Zoo default/zoo is 1 where 2 are ready');
    expect(said(membersAreCounted, view({ [ZOOS]: [zoo({ replicas: 2 }, { readyReplicas: 2 })], pods: [two[0] as object, pod('zoo-1', 'data-zoo-1', GOING)] }))).toBe('status.readyReplicas of Zoo default/zoo is 2 where 1 are ready');
  });

  it('should hold where it counts right, does not count, or goes', () => {
    expect(said(membersAreCounted, view({ [ZOOS]: [zoo({ replicas: 2 }, { readyReplicas: 2 })], pods: two }))).toBeUndefined();
    expect(said(membersAreCounted, view({ [ZOOS]: [zoo({ replicas: 2 }, { phase: 'Running' })], pods: two }))).toBeUndefined();
    expect(said(membersAreCounted, view({ [ZOOS]: [zoo({ replicas: 2 }, { readyReplicas: 0 }, GOING)], pods: two }))).toBeUndefined();
  });
});

describe('operators create with measure', () => {
  const tables: Tables = { [ZOOS]: [zoo({ replicas: 1 })] };
  const burst = (count: number, apartMs: number, more: Partial<MonitorView> = {}): readonly MonitorView[] => Array.from({ length: count }, (_, index) => view(tables, [made('configmaps', { kind: 'ConfigMap', metadata: { namespace: 'default', name: `zoo-${index}`, ...OWNED } })], { now: index * apartMs, ...more }));

  it('should not hold where one owner gets more than 40 of a resource, and 10 a replica, within a minute', () => {
    expect(said(operatorsCreateWithMeasure, ...burst(51, 1_000))).toBe('51 of configmaps were created for Zoo default/zoo within 60 s');
  });

  it('should hold of as many as that, of more in a longer time, and of what the user creates', () => {
    expect(said(operatorsCreateWithMeasure, ...burst(50, 1_000))).toBeUndefined();
    expect(said(operatorsCreateWithMeasure, ...burst(200, 1_500))).toBeUndefined();
    expect(said(operatorsCreateWithMeasure, ...burst(200, 100, { byUser: true }))).toBeUndefined();
  });
});

describe('convergence of custom resources', () => {
  const makes = (tables: Tables): MonitorView => view(tables, [made('pods', pod('zoo-0', 'data-zoo-0'))]);

  it('should not hold where pods are missing or too many, or the status says otherwise', () => {
    expect(said(operatorsConverge, makes({ [ZOOS]: [zoo()], pods: [pod('zoo-0', 'a')] }))).toBe('at rest Zoo default/zoo has 1 pods where 2 are asked for');
    expect(said(operatorsConverge, makes({ [ZOOS]: [zoo({ replicas: 1 }, { replicas: 3 })], pods: [pod('zoo-0', 'a')] }))).toBe('status.replicas of Zoo default/zoo is 3 where 1 are there');
    expect(said(operatorsConverge, makes({ [ZOOS]: [zoo({ replicas: 1 }, { observedGeneration: 1 }, { generation: 2 })], pods: [pod('zoo-0', 'a')] }))).toBe('the status of Zoo default/zoo observes generation 1, and it is at 2');
  });

  it('should hold where all is as asked for, and of kinds that make no pods', () => {
    expect(said(operatorsConverge, makes({ [ZOOS]: [zoo({ replicas: 1 }, { replicas: 1, observedGeneration: 2 }, { generation: 2 })], pods: [pod('zoo-0', 'a')] }))).toBeUndefined();
    expect(said(operatorsConverge, view({ [ZOOS]: [zoo()], pods: [] }))).toBeUndefined();
  });
});
