// A full disk, probes that flap, volumes that are slow to detach. Upstream: kubelet/eviction, kubelet/prober, volume/attachdetach (1.37).
import { describe, expect, it } from 'vitest';
import { Cluster, UsageError, type Recording } from 'kubesim';
import { set, web } from './manifests.ts';

const PROBED = (type: string): string => set(1).replace("image: 'nginx:1.25'}", `image: 'nginx:1.25', ${type}: {httpGet: {port: 80}, periodSeconds: 1}}`);

function settled(manifest: string, nodes: number = 2): Cluster {
  const cluster = new Cluster({ seed: 3, nodes });
  cluster.apply(manifest);
  return cluster.settle();
}

function pressure(cluster: Cluster, node: string): readonly unknown[] {
  const found = cluster.get(`node/${node}`);
  return [found?.status?.conditions?.find(({ type }) => type === 'DiskPressure')?.status, (found?.spec?.taints ?? []).some(({ key, effect }) => key === 'node.kubernetes.io/disk-pressure' && effect === 'NoSchedule')];
}

describe('a full disk', () => {
  it('[KN9] should become a condition, a taint and evictions one by one, until it has room; the condition stays for 5 minutes', () => {
    const cluster = settled(set(3), 1);
    const uids = cluster.list('pods').map(({ metadata }) => metadata.uid);
    cluster.faults.fillDisk('node/node-1');
    expect(pressure(cluster, 'node-1')).toEqual(['False', false]);
    cluster.run({ for: '12s' });
    expect(pressure(cluster, 'node-1')).toEqual(['True', true]);
    const survivors = (): number => cluster.list('pods').filter(({ metadata, status }) => uids.includes(metadata.uid) && status?.phase === 'Running').length;
    expect(survivors()).toBe(2);
    cluster.run({ for: '10s' });
    expect(survivors()).toBe(1);
    cluster.faults.freeDisk('node/node-1');
    cluster.run({ for: '4m' });
    expect(survivors()).toBe(1);
    expect(pressure(cluster, 'node-1')).toEqual(['True', true]);
    cluster.settle();
    expect(pressure(cluster, 'node-1')).toEqual(['False', false]);
    expect(cluster.get('statefulset/web')?.status?.readyReplicas).toBe(3);
    const statuses = [...cluster.watch('pods')].map(({ object }) => object['status'] as { readonly phase?: string; readonly reason?: string; readonly message?: string }).filter(({ reason }) => reason === 'Evicted');
    expect(statuses.some(({ phase, message }) => phase === 'Failed' && message?.startsWith('The node was low on resource: ephemeral-storage.') === true)).toBe(true);
  });

  it('should turn pods away that come by themselves, and let critical ones in', () => {
    const cluster = new Cluster({ seed: 3, nodes: 1 });
    cluster.faults.fillDisk('node/node-1');
    cluster.run({ for: '11s' });
    const pod = (name: string, more: string): string => `{apiVersion: v1, kind: Pod, metadata: {name: ${name}, namespace: kube-system}, spec: {nodeName: node-1, ${more} containers: [{name: c, image: nginx}]}}`;
    cluster.apply(pod('usual', ''));
    cluster.apply(pod('critical', 'priorityClassName: system-node-critical,'));
    cluster.run({ for: '10s' });
    expect(cluster.get('pod/usual', { namespace: 'kube-system' })?.status).toMatchObject({ phase: 'Failed', reason: 'Evicted', message: 'Pod was rejected: The node had condition: [DiskPressure]. ' });
    expect(cluster.get('pod/critical', { namespace: 'kube-system' })?.status?.phase).toBe('Running');
  });

  it('should be forgotten where it came and went while the node was off: the node takes pods once it is back', () => {
    const cluster = settled(set(1), 1);
    cluster.faults.crash('node/node-1');
    cluster.faults.fillDisk('node/node-1');
    cluster.run({ for: '20s' });
    cluster.faults.freeDisk('node/node-1');
    cluster.run({ for: '10s' });
    cluster.faults.heal('node/node-1');
    cluster.scale('statefulset/web', 2);
    cluster.run({ for: '30s' });
    expect(pressure(cluster, 'node-1')).toEqual(['False', false]);
    expect(cluster.get('statefulset/web')?.status?.readyReplicas).toBe(2);
  });

  it('should let no image be pulled until it has room', () => {
    const cluster = new Cluster({ seed: 3, nodes: 1, behaviours: [{ name: 'pulled', version: 1, images: ['my/'], pull: () => ({ durationMs: 2_000 }) }] });
    cluster.faults.fillDisk('node/node-1');
    cluster.apply('{apiVersion: v1, kind: Pod, metadata: {name: p, namespace: kube-system}, spec: {priorityClassName: system-node-critical, containers: [{name: c, image: "my/app:1"}]}}');
    const waiting = (): unknown => cluster.get('pod/p', { namespace: 'kube-system' })?.status?.containerStatuses?.[0]?.state?.waiting;
    cluster.run({ for: '40s' });
    expect(waiting()).toMatchObject({ reason: expect.stringMatching(/^(ErrImagePull|ImagePullBackOff)$/) as string, message: expect.stringContaining('no space left on device') as string });
    cluster.faults.freeDisk('node/node-1');
    cluster.settle();
    expect(waiting()).toBeUndefined();
  });

  it('should be full after a restart of the kubelet and of the node, and fork and replay', () => {
    for (const what of ['kubelet/node-1', 'node/node-1']) {
      const cluster = settled(set(1), 1);
      cluster.faults.fillDisk('node/node-1');
      cluster.faults.restart(what);
      cluster.run({ for: '15s' });
      expect(pressure(cluster, 'node-1')).toEqual(['True', true]);
      const fork = cluster.fork();
      for (const each of [cluster, fork]) {
        each.faults.freeDisk('node/node-1');
        each.settle();
      }
      expect(fork.digest).toBe(cluster.digest);
      expect(Cluster.replay(JSON.parse(JSON.stringify(cluster.recording())) as Recording).digest).toBe(cluster.digest);
      expect(cluster.get('statefulset/web')?.status?.readyReplicas).toBe(1);
    }
  });
});

describe('a probe that flaps', () => {
  const turns = (cluster: Cluster): readonly string[] => {
    const seen = [...cluster.watch('pods')].map(({ object }) => (object['status'].conditions ?? []).find(({ type }: { readonly type: string }) => type === 'Ready')?.status as string);
    return seen.filter((each, index) => each !== seen[index - 1]);
  };

  it('[KN10] should make a pod unready and ready by turns where it fails as often as the threshold asks, and end by itself', () => {
    const cluster = settled(PROBED('readinessProbe'));
    expect(turns(cluster)).toEqual(['False', 'True']);
    cluster.faults.flapProbe('pod/web-0', { probe: 'readiness', fail: '4s', pass: '3s', for: '14s' });
    cluster.settle();
    expect(turns(cluster)).toEqual(['False', 'True', 'False', 'True', 'False', 'True']);
    expect(cluster.get('pod/web-0')?.status?.containerStatuses?.[0]).toMatchObject({ ready: true, restartCount: 0 });
  });

  it('should change nothing where it passes again before the threshold, or has no such probe', () => {
    const cluster = settled(PROBED('readinessProbe'));
    const before = cluster.get('pod/web-0')?.metadata.resourceVersion;
    cluster.faults.flapProbe('pod/web-0', { probe: 'readiness', fail: '2s', pass: '2s', for: '20s' });
    cluster.faults.flapProbe('pod/web-0', { probe: 'liveness', fail: '20s', pass: 0, for: '20s' });
    cluster.settle();
    expect(cluster.get('pod/web-0')?.metadata.resourceVersion).toBe(before);
  });

  it('should restart a container by its liveness, once for each time that the threshold is reached', () => {
    const cluster = settled(PROBED('livenessProbe'));
    cluster.faults.flapProbe('pod/web-0', { probe: 'liveness', fail: '4s', pass: '30s', for: '36s' });
    cluster.settle();
    expect(cluster.get('pod/web-0')?.status?.containerStatuses?.[0]).toMatchObject({ ready: true, restartCount: 1 });
  });

  it('should go on over a restart of the kubelet, and replay', () => {
    const cluster = settled(PROBED('readinessProbe'));
    cluster.faults.flapProbe('pod/web-0', { probe: 'readiness', fail: '20s', pass: 0, for: '20s' });
    cluster.run({ for: '5s' });
    cluster.faults.restart(`kubelet/${cluster.get('pod/web-0')?.spec.nodeName ?? ''}`);
    cluster.run({ for: '10s' });
    expect(cluster.get('pod/web-0')?.status?.containerStatuses?.[0]?.ready).toBe(false);
    cluster.settle();
    expect(cluster.get('pod/web-0')?.status?.containerStatuses?.[0]?.ready).toBe(true);
    expect(Cluster.replay(JSON.parse(JSON.stringify(cluster.recording())) as Recording).digest).toBe(cluster.digest);
  });

  it.each([
    ['a probe that is none', { probe: 'live' as 'liveness', fail: '1s', pass: '1s', for: '1s' }, 'faults.flapProbe.probe must be one of readiness, liveness, startup'],
    ['no failure', { probe: 'liveness' as const, fail: 0, pass: '1s', for: '1s' }, 'faults.flapProbe.fail must be above 0'],
  ])('should refuse %s and change nothing', (_title, options, message) => {
    const cluster = settled(set(1));
    const before = cluster.digest;
    expect(() => { cluster.faults.flapProbe('pod/web-0', options); }).toThrow(UsageError);
    expect(() => { cluster.faults.flapProbe('pod/web-0', options); }).toThrow(message);
    expect(cluster.digest).toBe(before);
  });
});

describe('a volume that is slow to detach', () => {
  const CLAIMED = `
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: attached}
provisioner: csi.example.com
---${web(1).replace('accessModes: [ReadWriteOnce]', 'storageClassName: attached, accessModes: [ReadWriteOnce]')}`;
  const moved = (cluster: Cluster): string => {
    const from = cluster.get('pod/web-0')?.spec.nodeName ?? '';
    cluster.cordon(from);
    cluster.faults.slowDetach(`node/${from}`);
    cluster.delete('pod/web-0');
    return from;
  };
  const attached = (cluster: Cluster): readonly string[] => cluster.list('volumeattachments').map(({ spec, metadata }) => `${spec.nodeName} ${metadata.deletionTimestamp === undefined ? 'attached' : 'detaching'}`);

  it('should hold up the pod that comes to another node, with Multi-Attach, until it is detached', () => {
    const cluster = settled(CLAIMED);
    const from = moved(cluster);
    cluster.run({ for: '5m' });
    const pod = cluster.get('pod/web-0');
    expect(pod?.spec.nodeName).not.toBe(from);
    expect(pod?.status?.containerStatuses?.[0]?.state?.waiting?.reason).toBe('ContainerCreating');
    expect(attached(cluster)).toEqual([`${from} detaching`]);
    const events = cluster.events('pod/web-0').map(({ reason, message }) => `${String(reason)} ${String(message)}`);
    expect(events.filter((each) => each.startsWith('FailedAttachVolume Multi-Attach error for volume'))).toHaveLength(1);
    expect(events).toContain('FailedMount Unable to attach or mount volumes: unmounted volumes=[data], unattached volumes=[data], failed to process volumes=[]: timed out waiting for the condition');
    cluster.faults.detach(`node/${from}`);
    cluster.settle();
    expect(attached(cluster)).toEqual([`${pod?.spec.nodeName ?? ''} attached`]);
    expect(cluster.get('statefulset/web')?.status?.readyReplicas).toBe(1);
  });

  it('should be forced after six minutes from a node that is gone from sight, and not while the driver holds it', () => {
    for (const isHeld of [false, true]) {
      const cluster = settled(CLAIMED);
      const from = cluster.get('pod/web-0')?.spec.nodeName ?? '';
      if (isHeld) cluster.faults.slowDetach(`node/${from}`);
      cluster.faults.crash(`node/${from}`);
      cluster.run({ for: '2m' });
      cluster.delete('pod/web-0', { gracePeriodSeconds: 0 });
      cluster.run({ for: '5m' });
      expect(attached(cluster)).toEqual([`${from} attached`]);
      cluster.run({ for: '5m' });
      expect(attached(cluster)).toEqual([isHeld ? `${from} detaching` : `${cluster.get('pod/web-0')?.spec.nodeName ?? ''} attached`]);
    }
  });

  it('should let a pod go that waits for its volume', () => {
    const cluster = settled(CLAIMED);
    const from = moved(cluster);
    cluster.run({ for: '3m' });
    const uid = cluster.get('pod/web-0')?.metadata.uid;
    cluster.delete('pod/web-0');
    cluster.run({ for: '10s' });
    expect(cluster.get('pod/web-0')?.metadata.uid).not.toBe(uid);
    cluster.faults.detach(`node/${from}`);
    cluster.settle();
    expect(cluster.get('statefulset/web')?.status?.readyReplicas).toBe(1);
  });

  it('should hold nothing up without the controller that attaches', () => {
    const cluster = new Cluster({ seed: 3, withoutControllers: ['attachdetach-controller'] });
    cluster.apply(CLAIMED);
    cluster.settle();
    expect(cluster.get('statefulset/web')?.status?.readyReplicas).toBe(1);
  });

  it('should fork and replay', () => {
    const cluster = settled(CLAIMED);
    const from = moved(cluster);
    cluster.run({ for: '1m' });
    const fork = cluster.fork();
    for (const each of [cluster, fork]) {
      each.faults.detach(`node/${from}`);
      each.settle();
    }
    expect(fork.digest).toBe(cluster.digest);
    expect(Cluster.replay(JSON.parse(JSON.stringify(cluster.recording())) as Recording).digest).toBe(cluster.digest);
  });
});
