import { describe, expect, it } from 'vitest';
import { attachDetachController } from '../src/attach-detach/attach-detach.ts';
import { FakeCluster } from './fake-cluster.ts';

const ATTACHMENTS = 'volumeattachments.storage.k8s.io';

function node(name: string, ready = 'True'): object {
  return { metadata: { name }, status: { conditions: [{ type: 'Ready', status: ready }] } };
}

function cluster(mode = 'ReadWriteOnce'): FakeCluster {
  const c = new FakeCluster(attachDetachController);
  for (const name of ['a', 'b']) c.create('nodes', node(name));
  c.create('persistentvolumes', { metadata: { name: 'v' }, spec: { csi: { driver: 'csi.example.com', volumeHandle: 'v' }, accessModes: [mode], claimRef: { namespace: 'ns', name: 'c' } } });
  c.create('persistentvolumeclaims', { metadata: { name: 'c', namespace: 'ns' }, spec: { volumeName: 'v' } });
  run(c, 'p', 'a');
  return c;
}

function run(c: FakeCluster, name: string, nodeName: string): void {
  c.create('pods', { metadata: { name, namespace: 'ns' }, spec: { nodeName, volumes: [{ persistentVolumeClaim: { claimName: 'c' } }] }, status: { phase: 'Running' } });
  c.settle();
}

const attachedTo = (c: FakeCluster): string[] => c.list(ATTACHMENTS).filter((one) => one['status']?.attached === true).map((one) => one['spec'].nodeName).sort((a: string, b: string) => (a < b ? -1 : 1));

describe('attach-detach', () => {
  it('AD1 AD3 attaches for a pod and detaches after it', () => {
    const c = cluster();
    expect(attachedTo(c)).toEqual(['a']);
    expect(c.takenEvents()).toEqual(['Normal SuccessfulAttachVolume AttachVolume.Attach succeeded for volume "v" ']);
    c.remove('pods', 'ns/p');
    c.settle();
    expect(attachedTo(c)).toEqual([]);
  });

  it('AD2 attaches to one node at a time', () => {
    const c = cluster();
    c.takenEvents();
    run(c, 'q', 'b');
    c.advance(60_000);
    expect(c.takenEvents()).toEqual(['Warning FailedAttachVolume Multi-Attach error for volume "v" Volume is already used by pod(s) p']);
    c.remove('pods', 'ns/p');
    c.settle();
    expect(attachedTo(c)).toEqual(['b']);
    const shared = cluster('ReadWriteMany');
    run(shared, 'q', 'b');
    expect(attachedTo(shared)).toEqual(['a', 'b']);
  });

  it('AD3 waits while the node reports the volume in use', () => {
    const c = cluster();
    c.patch('nodes', 'a', { status: { volumesInUse: ['kubernetes.io/csi/csi.example.com^v'] } });
    c.remove('pods', 'ns/p');
    c.settle();
    expect(attachedTo(c)).toEqual(['a']);
    c.patch('nodes', 'a', { status: { volumesInUse: null } });
    c.settle();
    expect(attachedTo(c)).toEqual([]);
  });

  it('AD5 takes what its attacher has not let go of yet as attached', () => {
    for (const next of ['b', 'a']) {
      const c = cluster();
      c.takenEvents();
      const [attachment] = c.list(ATTACHMENTS);
      c.patch(ATTACHMENTS, attachment?.metadata.name ?? '', { metadata: { finalizers: ['external-attacher/csi-example-com'] } });
      c.remove('pods', 'ns/p');
      c.settle();
      expect(c.list(ATTACHMENTS).map(({ metadata }) => metadata.deletionTimestamp !== undefined)).toEqual([true]);
      run(c, 'q', next);
      c.advance(600_000);
      expect(attachedTo(c)).toEqual(['a']);
      expect(c.takenEvents()).toEqual(next === 'a' ? [] : ['Warning FailedAttachVolume Multi-Attach error for volume "v" Volume is already exclusively attached to one node and can\'t be attached to another']);
      c.patch(ATTACHMENTS, attachment?.metadata.name ?? '', { metadata: { finalizers: null } });
      c.settle();
      expect(attachedTo(c)).toEqual([next]);
    }
  });

  it('AD6 attaches what was made and not attached, and never a volume to a second node that the controller has not seen', () => {
    const c = cluster();
    const [first] = c.list(ATTACHMENTS);
    c.patch(ATTACHMENTS, first?.metadata.name ?? '', { status: { attached: false } });
    c.settle();
    expect(attachedTo(c)).toEqual(['a']);
    // An attachment by somebody else, of which the volume's own do not tell.
    const other = cluster();
    other.remove('pods', 'ns/p');
    other.settle();
    other.create(ATTACHMENTS, { metadata: { name: 'foreign' }, spec: { attacher: 'csi.example.com', nodeName: 'b', source: { persistentVolumeName: 'v' } }, status: { attached: true } });
    other.patch('nodes', 'b', { status: { volumesInUse: ['kubernetes.io/csi/csi.example.com^v'] } });
    run(other, 'q', 'a');
    expect(attachedTo(other)).toEqual(['b']);
    other.patch('nodes', 'b', { status: { volumesInUse: null } });
    other.settle();
    expect(attachedTo(other)).toEqual(['a']);
  });

  it('AD4 gives a lost node six minutes, one out of service none', () => {
    const c = cluster();
    c.patch('nodes', 'a', { status: { conditions: [{ type: 'Ready', status: 'Unknown' }] } });
    c.remove('pods', 'ns/p');
    run(c, 'q', 'b');
    c.advance(359_000);
    expect(attachedTo(c)).toEqual(['a']);
    c.advance(1000);
    expect(attachedTo(c)).toEqual(['b']);
    const out = cluster();
    out.patch('nodes', 'a', { spec: { taints: [{ key: 'node.kubernetes.io/out-of-service', effect: 'NoExecute' }] }, status: { conditions: [{ type: 'Ready', status: 'Unknown' }] } });
    out.remove('pods', 'ns/p');
    run(out, 'q', 'b');
    expect(attachedTo(out)).toEqual(['b']);
  });
});
