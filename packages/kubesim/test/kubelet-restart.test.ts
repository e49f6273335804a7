// A kubelet that ends and comes back: what runs beside it runs on. Upstream: KEP-4781, kubelet_pods.go HandlePodCleanups (1.37).
import { describe, expect, it } from 'vitest';
import { liveProcesses, type KubeletState } from '@kubesim/kubelet';
import { Cluster, type ClusterOptions, type Recording } from 'kubesim';
import { set } from './manifests.ts';

const PROBED = set(1).replace("image: 'nginx:1.25'}", "image: 'nginx:1.25', readinessProbe: {httpGet: {port: 80}, periodSeconds: 5}, startupProbe: {httpGet: {port: 80}, periodSeconds: 5}}");

function settled(manifest: string, options: ClusterOptions = {}): Cluster {
  const cluster = new Cluster({ seed: 3, ...options });
  cluster.apply(manifest);
  return cluster.settle();
}

function kubeletOf(cluster: Cluster, pod: string): string {
  return `kubelet/${cluster.get(pod)?.spec.nodeName ?? ''}`;
}

function processes(cluster: Cluster, kubelet: string): readonly string[] {
  return liveProcesses(cluster.kernel.peek<KubeletState>(cluster.kernel.slotOf(`actor ${kubelet}`)), cluster.now).map(({ uid, container, startedAt }) => `${uid} ${container} ${startedAt}`);
}

describe('a kubelet restart', () => {
  it('[KL19] should keep containers running, with the same run and address, while it is away and afterwards', () => {
    const cluster = settled(set(1));
    const kubelet = kubeletOf(cluster, 'pod/web-0');
    const before = processes(cluster, kubelet);
    const { containerStatuses, podIP } = cluster.get('pod/web-0')?.status ?? {};
    expect(before).toHaveLength(1);
    cluster.faults.crash(kubelet);
    cluster.run({ for: '20s' });
    expect(processes(cluster, kubelet)).toEqual(before);
    cluster.faults.restart(kubelet);
    cluster.settle();
    expect(processes(cluster, kubelet)).toEqual(before);
    expect(cluster.get('pod/web-0')?.status).toMatchObject({ containerStatuses, podIP, phase: 'Running' });
  });

  it.each([['1.37', {}, 0], ['1.37', { ChangeContainerStatusOnKubeletRestart: true }, 2], ['1.34', {}, 2]] as const)('should change readiness as %s %o does: %i writes of the status', (kubernetes, featureGates, writes) => {
    const cluster = settled(PROBED, { kubernetes, featureGates });
    const seen = cluster.get('pod/web-0')?.metadata.resourceVersion;
    cluster.faults.restart(kubeletOf(cluster, 'pod/web-0'));
    cluster.settle();
    const ready = [...cluster.watch('pods')].filter(({ object }) => Number(object.metadata.resourceVersion) > Number(seen)).map(({ object }) => object['status'].conditions.find(({ type }: { readonly type: string }) => type === 'Ready').status as string);
    expect(ready.filter((each, index) => each !== (index === 0 ? 'True' : ready[index - 1]))).toHaveLength(writes);
    expect(cluster.get('pod/web-0')?.status?.containerStatuses?.[0]).toMatchObject({ ready: true, started: true, restartCount: 0 });
  });

  it('should notice what ended while it was away, and restart it once', () => {
    const cluster = settled(set(1));
    const kubelet = kubeletOf(cluster, 'pod/web-0');
    cluster.faults.crash(kubelet);
    cluster.faults.killContainer('pod/web-0', { exitCode: 1 });
    cluster.run({ for: '5s' });
    expect(processes(cluster, kubelet)).toEqual([]);
    cluster.faults.restart(kubelet);
    cluster.settle();
    expect(cluster.get('pod/web-0')?.status?.containerStatuses?.[0]).toMatchObject({ restartCount: 1, ready: true, lastState: { terminated: { exitCode: 1 } } });
  });

  it('should end the containers of a pod that was removed by force meanwhile, and start its successor', () => {
    const cluster = settled(set(1), { nodes: 1 });
    const kubelet = kubeletOf(cluster, 'pod/web-0');
    const [before] = processes(cluster, kubelet);
    cluster.faults.crash(kubelet);
    cluster.delete('pod/web-0', { gracePeriodSeconds: 0 });
    cluster.run({ for: '10s' });
    expect(processes(cluster, kubelet)).toEqual([before]);
    cluster.faults.restart(kubelet);
    cluster.settle();
    const after = processes(cluster, kubelet);
    expect(after).toHaveLength(1);
    expect(after).not.toEqual([before]);
  });

  it('should go on with a termination that it was in the middle of', () => {
    const cluster = settled(set(1), { nodes: 1 });
    const uid = cluster.get('pod/web-0')?.metadata.uid;
    cluster.delete('pod/web-0');
    cluster.faults.restart('kubelet/node-1');
    cluster.settle();
    expect(cluster.get('pod/web-0')?.metadata.uid).not.toBe(uid);
    expect(cluster.get('statefulset/web')?.status?.readyReplicas).toBe(1);
  });

  it('should lose the containers with the machine, though the kubelet was down before', () => {
    const cluster = settled(set(1), { nodes: 1 });
    cluster.faults.crash('kubelet/node-1');
    cluster.faults.crash('node/node-1');
    expect(processes(cluster, 'kubelet/node-1')).toEqual([]);
    cluster.faults.restart('kubelet/node-1');
    cluster.run({ for: '5s' });
    expect(processes(cluster, 'kubelet/node-1')).toEqual([]);
    cluster.faults.heal('node/node-1');
    cluster.settle();
    expect(cluster.get('pod/web-0')?.status?.containerStatuses?.[0]).toMatchObject({ restartCount: 1, ready: true });
  });

  it('should be noticed by its silence, fork and replay', () => {
    const cluster = settled(set(1), { nodes: 2 });
    cluster.faults.crash('kubelet/node-1');
    cluster.run({ for: '2m' });
    expect(cluster.get('node/node-1')?.status?.conditions?.find(({ type }) => type === 'Ready')?.status).toBe('Unknown');
    const fork = cluster.fork();
    for (const each of [cluster, fork]) {
      each.faults.restart('kubelet/node-1');
      each.settle();
    }
    expect(fork.digest).toBe(cluster.digest);
    expect(Cluster.replay(JSON.parse(JSON.stringify(cluster.recording())) as Recording).digest).toBe(cluster.digest);
    expect(cluster.get('node/node-1')?.status?.conditions?.find(({ type }) => type === 'Ready')?.status).toBe('True');
  });
});
