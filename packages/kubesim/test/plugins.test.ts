import { describe, expect, it } from 'vitest';
import {
  ApiError, Cluster, defaultProfile, PluginMisbehaved, unschedulable, UsageError,
  type AdmissionPlugin, type ContainerBehaviour, type Controller, type KubeObject, type Recording, type SchedulerPlugin,
} from 'kubesim';
import { set } from './manifests.ts';

/** Lets pods run on the node that their annotation names. */
const pinned: SchedulerPlugin = {
  name: 'Pinned',
  filter: ({ pod }, { node }) => (pod.metadata.annotations?.['pin'] === undefined || pod.metadata.annotations['pin'] === node?.metadata.name ? undefined : unschedulable('node(s) were not the pinned one')),
};
/** Prefers the third node to everything else. */
const thirdNode: SchedulerPlugin = { name: 'ThirdNode', weight: 10_000, score: (_cycle, { node }) => (node?.metadata.name === 'node-3' ? 100 : 0) };
const pod = (name: string, extra: object = {}, spec: object = {}): KubeObject => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name, ...extra }, spec: { containers: [{ name: 'main', image: 'nginx' }], ...spec } });

describe('scheduler plugins and profiles of the user', () => {
  it('should filter and score beside the default ones', () => {
    const cluster = new Cluster({ seed: 1, scheduler: { plugins: [pinned, thirdNode] } }).settle();
    cluster.create([pod('free'), pod('bound', { annotations: { pin: 'node-1' } }), pod('lost', { annotations: { pin: 'node-9' } })]);
    cluster.settle();
    expect(['free', 'bound', 'lost'].map((name) => cluster.get(`pod/${name}`)?.spec.nodeName)).toEqual(['node-3', 'node-1', undefined]);
    expect(cluster.get('pod/lost')?.status?.conditions?.find(({ type }) => type === 'PodScheduled')?.message).toContain('3 node(s) were not the pinned one');
  });

  it('should serve pods that name a profile, and leave others to the default one', () => {
    const cluster = new Cluster({ seed: 1, scheduler: { profiles: [{ ...defaultProfile, schedulerName: 'packer', plugins: [...defaultProfile.plugins, thirdNode] }] } }).settle();
    cluster.create([pod('packed', {}, { schedulerName: 'packer' }), pod('nobody', {}, { schedulerName: 'nobody' })]);
    cluster.settle();
    expect(cluster.get('pod/packed')?.spec.nodeName).toBe('node-3');
    expect(cluster.get('pod/nobody')?.spec.nodeName).toBeUndefined();
  });

  it('should leave default plugins out', () => {
    const cluster = new Cluster({ seed: 1, nodes: 1, scheduler: { withoutPlugins: ['TaintToleration'] } }).settle();
    cluster.taint('node-1', 'dedicated=db:NoSchedule');
    cluster.create(pod('a'));
    expect(cluster.settle().get('pod/a')?.spec.nodeName).toBe('node-1');
  });

  it('a plugin that answers nonsense gives a named error and leaves a cluster that can be looked at and goes on', () => {
    const cluster = new Cluster({ seed: 1, scheduler: { plugins: [{ name: 'Nonsense', score: ({ pod: { metadata } }) => (metadata.name === 'odd' ? Number.NaN : 0) }] } });
    cluster.create(pod('good'));
    cluster.settle();
    cluster.create(pod('odd'));
    expect(() => cluster.settle()).toThrow(PluginMisbehaved);
    expect(cluster.get('pod/odd')?.spec.nodeName).toBeUndefined();
    expect(cluster.get('pod/good')?.status?.phase).toBe('Running');
    const world = JSON.stringify(cluster.snapshot().world);
    expect(JSON.parse(world)).toBeDefined();
    cluster.delete('pod/odd', { gracePeriodSeconds: 0 });
    cluster.create(pod('better'));
    expect(cluster.settle().get('pod/better')?.status?.phase).toBe('Running');
  });
});

describe('admission plugins of the user', () => {
  const labels: AdmissionPlugin = {
    name: 'TeamLabel',
    admit: ({ operation, resource, object }) => (operation === 'CREATE' && resource === 'pods' && object !== undefined ? { object: { ...object, metadata: { ...object.metadata, labels: { ...object.metadata.labels, team: 'db' } } } } : undefined),
    validate: ({ resource, object }) => (resource === 'statefulsets.apps' && (object?.['spec']?.replicas ?? 0) > 3 ? { forbidden: 'at most 3 replicas here' } : undefined),
  };

  it('should change and refuse what the built-in ones let through, also from controllers', () => {
    const cluster = new Cluster({ seed: 1, admission: [labels] });
    cluster.apply(set(2));
    cluster.settle();
    expect(cluster.list('pods').map(({ metadata }) => metadata.labels?.['team'])).toEqual(['db', 'db']);
    expect(() => cluster.apply(set(4))).toThrow(ApiError);
    expect(() => cluster.apply(set(4))).toThrow('statefulsets.apps "web" is forbidden: at most 3 replicas here');
  });
});

describe('controllers and behaviours of the user', () => {
  /** Keeps a ConfigMap with the names of a Roster's pods, and says in its status how many there are. */
  const rosterController: Controller = {
    name: 'roster-controller', workers: 1, watches: ['rosters.example.com', 'pods'],
    handle: (context, { after, before }) => {
      const object = after ?? before;
      if (object?.kind === 'Roster') context.enqueue(`${object.metadata.namespace}/${object.metadata.name}`);
      else for (const roster of context.lister('rosters.example.com').list(object?.metadata.namespace)) context.enqueue(`${roster.metadata.namespace}/${roster.metadata.name}`);
    },
    *reconcile(context, key) {
      const [namespace = '', name = ''] = key.split('/');
      const plan = context.decide(() => {
        const roster = context.lister('rosters.example.com').get(namespace, name);
        return roster === undefined ? null : { roster, pods: context.lister('pods').list(namespace).map(({ metadata }) => metadata.name ?? '') };
      });
      if (plan === null) return undefined;
      const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace }, data: { pods: plan.pods.join(',') } };
      const made = yield { verb: 'create', resource: 'configmaps', namespace, object };
      if (!made.ok) {
        const changed = yield { verb: 'update', resource: 'configmaps', namespace, name, object };
        if (!changed.ok) return { error: changed.status.message ?? 'update failed' };
      }
      const said = yield { verb: 'patch', resource: 'rosters.example.com', namespace, name, subresource: 'status', patchType: 'merge', patch: { status: { pods: plan.pods.length } } };
      return said.ok ? undefined : { error: said.status.message ?? 'patch failed' };
    },
  };
  const DEFINITION = `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: rosters.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {plural: rosters, singular: roster, kind: Roster}
  versions:
    - name: v1
      served: true
      storage: true
      subresources: {status: {}}
      schema: {openAPIV3Schema: {type: object, properties: {spec: {type: object}, status: {type: object, properties: {pods: {type: integer}}}}}}`;
  const play = (cluster: Cluster): Cluster => {
    cluster.apply(DEFINITION);
    cluster.settle();
    cluster.apply('apiVersion: example.com/v1\nkind: Roster\nmetadata: {name: all}\nspec: {}');
    cluster.apply(set(2));
    return cluster.settle();
  };

  it('a controller of a custom resource should run beside the built-in ones, fork, replay, and stop when it is told to', () => {
    const cluster = play(new Cluster({ seed: 1, controllers: [rosterController] }).record());
    expect(cluster.get('configmap/all')?.data).toEqual({ pods: 'web-0,web-1' });
    expect(cluster.get('roster/all')?.['status']).toEqual({ pods: 2 });
    const recording = JSON.parse(JSON.stringify(cluster.recording())) as Recording;
    expect(Cluster.replay(recording, { controllers: [rosterController] }).digest).toBe(cluster.digest);
    expect(() => Cluster.replay(recording)).toThrow(UsageError);
    const fork = cluster.fork();
    fork.scale('statefulset/web', 1);
    fork.settle();
    expect(fork.get('configmap/all')?.data).toEqual({ pods: 'web-0' });
    cluster.stopController('roster-controller');
    cluster.scale('statefulset/web', 3);
    cluster.settle();
    expect(cluster.get('configmap/all')?.data).toEqual({ pods: 'web-0,web-1' });
  });

  it('an image should behave as it is given', () => {
    const flaky: ContainerBehaviour = {
      name: 'flaky', version: 1, images: ['flaky'],
      start: () => ({ endsAfterMs: 2_000, exitCode: 3, log: ['cannot connect'] }),
      exec: (_context, [word]) => (word === 'hello' ? { exitCode: 0, stdout: 'world\n', stderr: '' } : undefined),
    };
    const cluster = new Cluster({ seed: 1, behaviours: [flaky] });
    cluster.create(pod('a', {}, { containers: [{ name: 'main', image: 'flaky' }] }));
    cluster.waitFor('pod/a', 'status.phase=Running');
    expect(cluster.exec('a', ['hello']).stdout).toBe('world\n');
    cluster.run({ for: '1m' });
    expect(cluster.get('pod/a')?.status?.containerStatuses?.[0]).toMatchObject({ lastState: { terminated: { exitCode: 3 } } });
    expect(cluster.logs('a', { previous: true })).toContain('cannot connect');
  });
});

describe('functions that are misplaced', () => {
  it.each([
    [{ withoutControllers: ['statefulset'] }, "options.withoutControllers[0]: no built-in controller is named 'statefulset'; did you mean 'statefulset-controller'?"],
    [{ scheduler: { plugin: [] } }, 'options.scheduler.plugin is not known; did you mean options.scheduler.plugins?'],
    [{ scheduler: { withoutPlugins: ['TaintTolerations'] } }, "options.scheduler.withoutPlugins[0]: no default plugin is named 'TaintTolerations'; did you mean 'TaintToleration'?"],
    [{ scheduler: { plugins: [pinned, pinned] } }, "options.scheduler.plugins[1].name: 'Pinned' is taken"],
    [{ admission: [{}] }, 'options.admission[0].name must be set'],
    [{ controllers: [{ name: 'deployment-controller' }] }, "options.controllers[0].name: 'deployment-controller' is taken"],
  ])('%j', (options, message) => {
    expect(() => new Cluster(options as never)).toThrow(message);
  });
});
