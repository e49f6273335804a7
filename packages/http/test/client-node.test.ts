// The official JavaScript client, over HTTP and in process.
import { PassThrough } from 'node:stream';
import { AppsV1Api, CoreV1Api, createConfiguration, Exec, KubeConfig, KubernetesObjectApi, Log, makeInformer, PatchStrategy, ResponseContext, ServerConfiguration, setHeaderOptions, wrapHttpLibrary, type KubernetesObject, type V1Pod, type V1StatefulSet, type V1Status } from '@kubernetes/client-node';
import { describe, expect, it } from 'vitest';
import { inProcess, serve, SET, type Served } from './serving.ts';

function configOf(url: string): KubeConfig {
  const config = new KubeConfig();
  config.loadFromOptions({ clusters: [{ name: 'c', server: url, skipTLSVerify: true }], users: [{ name: 'u' }], contexts: [{ name: 'x', cluster: 'c', user: 'u' }], currentContext: 'x' });
  return config;
}

async function served(): Promise<Served & { readonly config: KubeConfig }> {
  const each = await serve({ speed: 'max' });
  return { ...each, config: configOf(each.url) };
}

const NAMESPACE = { namespace: 'default' };

describe('@kubernetes/client-node over HTTP', () => {
  it('should create, list, patch in each dialect, scale and delete', async () => {
    const { config } = await served();
    const apps = config.makeApiClient(AppsV1Api);
    await apps.createNamespacedStatefulSet({ ...NAMESPACE, body: SET as V1StatefulSet });
    await expect.poll(async () => (await apps.readNamespacedStatefulSet({ ...NAMESPACE, name: 'web' })).status?.readyReplicas).toBe(2);
    const replicas = async (): Promise<number | undefined> => (await apps.readNamespacedStatefulSet({ ...NAMESPACE, name: 'web' })).spec?.replicas;
    await apps.patchNamespacedStatefulSet({ ...NAMESPACE, name: 'web', body: [{ op: 'replace', path: '/spec/replicas', value: 3 }] });
    expect(await replicas()).toBe(3);
    for (const [strategy, count] of [[PatchStrategy.MergePatch, 1], [PatchStrategy.StrategicMergePatch, 2]] as const) {
      await apps.patchNamespacedStatefulSet({ ...NAMESPACE, name: 'web', body: { spec: { replicas: count } } }, setHeaderOptions('Content-Type', strategy));
      expect(await replicas()).toBe(count);
    }
    await apps.replaceNamespacedStatefulSetScale({ ...NAMESPACE, name: 'web', body: { metadata: { ...NAMESPACE, name: 'web' }, spec: { replicas: 0 } } });
    await apps.patchNamespacedStatefulSet({ ...NAMESPACE, name: 'web', fieldManager: 'me', force: true, body: { apiVersion: 'apps/v1', kind: 'StatefulSet', metadata: { name: 'web', labels: { by: 'me' } } } }, setHeaderOptions('Content-Type', PatchStrategy.ServerSideApply));
    expect((await apps.readNamespacedStatefulSet({ ...NAMESPACE, name: 'web' })).metadata?.labels).toEqual({ by: 'me' });
    await apps.deleteNamespacedStatefulSet({ ...NAMESPACE, name: 'web', propagationPolicy: 'Foreground' });
    await expect.poll(async () => (await apps.listNamespacedStatefulSet(NAMESPACE)).items.length).toBe(0);
    await expect(apps.readNamespacedStatefulSet({ ...NAMESPACE, name: 'web' })).rejects.toMatchObject({ code: 404, body: expect.stringContaining('"reason":"NotFound"') as string });
  });

  it('should find kinds by legacy discovery', async () => {
    const { config } = await served();
    const objects = KubernetesObjectApi.makeApiClient(config);
    const made: KubernetesObject = await objects.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c', namespace: 'default' }, data: { a: 'b' } } as never);
    expect(made.metadata?.uid).toBeDefined();
    const changed = await objects.patch({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c', namespace: 'default' }, data: { a: 'c' } } as never);
    expect(changed).toMatchObject({ data: { a: 'c' } });
  });

  it('should keep an informer right through rollouts and a watch that the server ends', async () => {
    const { cluster, config, server } = await served();
    const core = config.makeApiClient(CoreV1Api);
    const informer = makeInformer(config, '/api/v1/namespaces/default/pods', () => core.listNamespacedPod(NAMESPACE));
    const seen: string[] = [];
    for (const verb of ['add', 'delete'] as const) informer.on(verb, (pod: V1Pod) => { seen.push(`${verb} ${pod.metadata?.name ?? ''}`); });
    const again: NodeJS.Timeout[] = [];
    // What client-node asks its users to do: a watch that breaks is begun anew.
    informer.on('error', () => { again.push(setTimeout(() => { void informer.start(); }, 10)); });
    await informer.start();
    await config.makeApiClient(AppsV1Api).createNamespacedStatefulSet({ ...NAMESPACE, body: SET as V1StatefulSet });
    await expect.poll(() => seen).toEqual(['add web-0', 'add web-1']);
    // Going back behind what was sent ends every watch: clients list anew.
    const snapshot = cluster.snapshot();
    await config.makeApiClient(CoreV1Api).deleteNamespacedPod({ ...NAMESPACE, name: 'web-1' });
    await expect.poll(() => seen).toEqual(['add web-0', 'add web-1', 'delete web-1', 'add web-1']);
    cluster.restore(snapshot);
    await expect.poll(() => informer.list().map(({ metadata }: V1Pod) => metadata?.uid).sort()).toEqual(cluster.list('pods').map(({ metadata }) => metadata.uid).sort());
    await informer.stop();
    for (const timer of again) clearTimeout(timer);
    await expect.poll(() => server.open.streams).toBe(0);
  });

  it('should run commands and read logs', async () => {
    const { config } = await served();
    await config.makeApiClient(AppsV1Api).createNamespacedStatefulSet({ ...NAMESPACE, body: SET as V1StatefulSet });
    const core = config.makeApiClient(CoreV1Api);
    await expect.poll(async () => (await core.listNamespacedPod(NAMESPACE)).items.filter((pod) => pod.status?.phase === 'Running').length).toBe(2);
    const stdout = new PassThrough();
    let text = '';
    stdout.on('data', (chunk: Buffer) => { text += chunk.toString(); });
    const status = await new Promise<V1Status>((resolve, reject) => { new Exec(config).exec('default', 'web-0', 'nginx', ['sh', '-c', 'hostname; exit 2'], stdout, null, null, false, resolve).catch(reject); });
    expect([text, status.status, status.details?.causes?.[0]?.message]).toEqual(['web-0\n', 'Failure', '2']);
    const out = new PassThrough();
    await new Log(config).log('default', 'web-0', 'nginx', out, { tailLines: 5 });
    out.end();
  });
});

describe('@kubernetes/client-node in process', () => {
  it('should work through a library that hands its requests to fetch', async () => {
    const { cluster, gateway } = inProcess();
    const configuration = createConfiguration({
      baseServer: new ServerConfiguration('http://cluster', {}),
      httpApi: wrapHttpLibrary({
        send: async (sent) => {
          const response = await gateway.fetch(new Request(sent.getUrl(), { method: sent.getHttpMethod(), headers: sent.getHeaders(), body: sent.getBody() as string | undefined }));
          const body = Buffer.from(await response.arrayBuffer());
          return new ResponseContext(response.status, Object.fromEntries(response.headers), { text: () => Promise.resolve(body.toString('utf8')), binary: () => Promise.resolve(body) });
        },
      }),
    });
    const apps = new AppsV1Api(configuration);
    await apps.createNamespacedStatefulSet({ ...NAMESPACE, body: SET as V1StatefulSet });
    while (gateway.idle().changed) { /* nothing is watched: the first one runs until nothing is left */ }
    gateway.idle(60_000);
    expect((await apps.readNamespacedStatefulSet({ ...NAMESPACE, name: 'web' })).status?.readyReplicas).toBe(2);
    expect((await new CoreV1Api(configuration).listNamespacedPod(NAMESPACE)).items.map(({ metadata }) => metadata?.name)).toEqual(['web-0', 'web-1']);
    expect(cluster.list('pods')).toHaveLength(2);
  });
});
