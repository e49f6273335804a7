// Controllers of the user's in a cluster.
import { call, defineController, splitKey } from '@kubesim/client';
import { describe, expect, it } from 'vitest';
import { Cluster } from '../src/index.ts';

const MARKER = defineController({
  name: 'marker', for: { apiVersion: 'v1', kind: 'ConfigMap', resource: 'configmaps' },
  *reconcile(context, key) {
    const { namespace, name } = splitKey(key);
    const map = context.decide(() => context.lister('configmaps').get(namespace, name) ?? null);
    if (map === null || namespace !== 'default' || map.metadata.labels?.['marked'] === 'yes') return undefined;
    yield* call({ verb: 'update', resource: 'configmaps', namespace, name, object: { ...map, metadata: { ...map.metadata, labels: { marked: 'yes' } } } });
    return undefined;
  },
});

const THINGS = `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: things.example.dev}
spec:
  group: example.dev
  scope: Namespaced
  names: {plural: things, singular: thing, kind: Thing}
  versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}}]
`;

describe('a controller of the user', () => {
  it('whose call is refused tries again, with the words of the server', () => {
    const cluster = new Cluster({ nodes: 0, controllers: [MARKER] });
    const errors: (string | undefined)[] = [];
    cluster.controlPlane.ended = (_machine, { controller, error }) => { if (controller === 'marker') errors.push(error); };
    cluster.settle();
    cluster.faults.api({ process: 'marker', verb: 'update', error: 'unavailable' });
    cluster.apply('{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}');
    errors.splice(0);
    cluster.settle();
    expect(cluster.get('configmap/a')?.metadata.labels).toEqual({ marked: 'yes' });
    expect(errors.filter((error) => error !== undefined)).toEqual(['the server is currently unable to handle the request']);
  });

  it('crashes and restarts on its own', () => {
    const cluster = new Cluster({ nodes: 0, controllers: [MARKER] });
    cluster.settle();
    cluster.faults.crash('marker');
    cluster.apply('{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}');
    cluster.settle();
    expect(cluster.get('configmap/a')?.metadata.labels).toBeUndefined();
    cluster.faults.restart('marker');
    cluster.settle();
    expect(cluster.get('configmap/a')?.metadata.labels).toEqual({ marked: 'yes' });
  });
});

describe('custom kinds', () => {
  it('are known to a fork ("custom is not a function")', () => {
    const cluster = new Cluster({ nodes: 0 });
    cluster.apply(THINGS);
    cluster.settle();
    const fork = cluster.fork();
    fork.apply('{apiVersion: example.dev/v1, kind: Thing, metadata: {name: t}}');
    expect(fork.get('thing/t')?.metadata.name).toBe('t');
    expect(cluster.get('thing/t')).toBeUndefined();
  });
});
