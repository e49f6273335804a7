import { describe, expect, it } from 'vitest';
import { Cluster } from 'kubesim';
import { set } from './manifests.ts';

const PROBE = "readinessProbe: {httpGet: {path: /, port: 80}, periodSeconds: 2}";
const PROBED = set(4).replace("image: 'nginx:1.25'", `image: 'nginx:1.25', ${PROBE}`);

/** A rolling update during which the controllers are gone for a while: the picture of the README. */
function interruptedRollout(): Cluster {
  const cluster = new Cluster({ seed: 7 });
  cluster.apply(PROBED);
  cluster.settle();
  cluster.setImage('statefulset/web', { nginx: 'nginx:1.26' });
  cluster.run({ until: (now) => now.get('statefulset/web')?.status?.updatedReplicas === 2 });
  cluster.faults.crash('kube-controller-manager');
  cluster.run({ for: '8s' });
  cluster.faults.restart('kube-controller-manager');
  return cluster.settle();
}

describe('timeline', () => {
  const cluster = interruptedRollout();
  const timeline = cluster.timeline();

  it('should have a lane for every life of a pod, without gaps, and mark decisions and faults', () => {
    expect(timeline.pods.map(({ name }) => name)).toEqual(['web-0', 'web-0', 'web-1', 'web-1', 'web-2', 'web-2', 'web-3', 'web-3']);
    for (const { stretches } of timeline.pods) for (const [index, stretch] of stretches.entries()) if (index > 0) expect(stretch.from).toBe(stretches[index - 1]?.to);
    expect([...new Set(timeline.pods[0]?.stretches.map(({ stage }) => stage))]).toEqual(['starting', 'ready', 'terminating']);
    expect(timeline.faults.map(({ subject, message }) => `${subject} ${message}`)).toEqual(['process/kube-controller-manager crash', 'process/kube-controller-manager restart']);
    expect(timeline.decisions.some(({ source, message }) => source === 'statefulset-controller' && message.startsWith('deletes web-1'))).toBe(true);
    const ends = timeline.pods.map(({ stretches }) => stretches[stretches.length - 1]?.to);
    expect(ends.filter((end) => end === timeline.to).length).toBe(4);
  });

  it('should be text for a terminal', () => {
    const lines = timeline.text({ width: 60 }).split('\n');
    expect(lines[1]).toMatch(/^web-0 {2}\.+=+x+\.+=+$/);
    expect(lines[5]).toMatch(/^faults +\^ +\^$/);
    expect(Math.max(...lines.slice(0, 6).map((line) => line.length))).toBeLessThanOrEqual(67);
    expect(lines.some((line) => line.includes('waits for web-1, which is terminating'))).toBe(true);
  });

  it('should be the picture of the README', async () => {
    await expect(timeline.svg()).toMatchFileSnapshot('../../../docs/timeline.svg');
  });

  it('should be one page that needs nothing else, with what people wrote escaped', () => {
    const page = timeline.html();
    expect(page).not.toMatch(/<script|<link|src=|url\(|@import/);
    expect(page.match(/<title>/g)?.length).toBeGreaterThan(30);
    const odd = new Cluster({ seed: 1 });
    odd.create({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a' }, spec: { containers: [{ name: 'a', image: '<script>alert(1)</script>' }] } });
    // It never comes to rest: the name is none of an image, and is tried again and again.
    odd.run({ for: '1m' });
    expect(odd.timeline().html()).toContain('&lt;script&gt;');
    expect(odd.timeline().html()).not.toContain('<script>');
  });

  it('should be a trace: stretches in microseconds on one thread a pod, instants for the rest', () => {
    const { traceEvents } = JSON.parse(timeline.trace()) as ReturnType<typeof timeline.traceFile>;
    const threads = traceEvents.filter(({ ph, name }) => ph === 'M' && name === 'thread_name').map(({ args }) => args?.['name']);
    expect(threads).toEqual(['statefulset-controller', 'fault', 'web-0', 'web-1', 'web-2', 'web-3']);
    const stretches = traceEvents.filter(({ ph }) => ph === 'X');
    expect(stretches.every(({ ts, dur }) => Number.isInteger(ts) && Number.isInteger(dur))).toBe(true);
    expect(Math.max(...stretches.map(({ ts, dur }) => (ts ?? 0) + (dur ?? 0)))).toBe((timeline.to - timeline.from) * 1000);
    expect(traceEvents.filter(({ ph, cat }) => ph === 'i' && cat === 'fault').length).toBe(2);
  });

  it('should be the same from a fork and from a snapshot, and begin where it is told to', () => {
    expect(cluster.fork().timeline().text()).toBe(timeline.text());
    expect(new Cluster().restore(cluster.snapshot()).timeline().svg()).toBe(timeline.svg());
    const late = cluster.timeline({ since: timeline.faults[0]?.at });
    expect(late.pods.map(({ name }) => name)).toEqual(['web-0', 'web-0', 'web-1', 'web-1', 'web-2', 'web-2', 'web-3']);
    expect(() => cluster.timeline({ from: 3 } as never)).toThrow('timeline.from is not known');
  });
});

describe('forecast', () => {
  it('should say how long a rollout takes and how few pods serve on the way, and change nothing', () => {
    const cluster = new Cluster({ seed: 7 });
    cluster.apply(set(3));
    cluster.settle();
    const { digest } = cluster;
    const { workloads: [web], canGetStuck, runCount, summary } = cluster.forecast(set(3, 'nginx:1.26'), { arbiters: 3 });
    expect({ canGetStuck, runCount }).toEqual({ canGetStuck: false, runCount: 4 });
    expect(web).toMatchObject({ reference: 'statefulset/web', availableBefore: 3, lowestAvailable: 2, stuckCount: 0 });
    expect(summary).toMatch(/^statefulset\/web takes \S+ \(\S+ to \S+\); of 3 pods at least 2 serve at any time$/);
    expect(cluster.digest).toBe(digest);
    // It comes true.
    const start = cluster.now;
    cluster.apply(set(3, 'nginx:1.26'));
    cluster.rollout.status('statefulset/web');
    cluster.waitFor('statefulset/web', { availableReplicas: 3, updatedReplicas: 3 });
    expect(web?.durationMs).toBe(cluster.now - start);
  });

  it('should say that a rollout gets stuck, and why', () => {
    const cluster = new Cluster({ seed: 7 });
    cluster.apply(set(2));
    cluster.settle();
    const tooBig = set(2, 'nginx:1.26').replace("image: 'nginx:1.26'", "image: 'nginx:1.26', resources: {requests: {cpu: '64'}}");
    const { workloads: [web], canGetStuck } = cluster.forecast(tooBig, { arbiters: 1 });
    expect(canGetStuck).toBe(true);
    expect(web).toMatchObject({ durationMs: undefined, stuckCount: 2, lowestAvailable: 1 });
    expect(web?.why.map(({ message }) => message).join()).toContain('web-1');
  });

  it('should name what is no workload', () => {
    expect(() => new Cluster().forecast('apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}')).toThrow('forecast.manifest must hold a Deployment, StatefulSet, DaemonSet');
    expect(() => new Cluster().forecast(set(1), { arbiter: 3 } as never)).toThrow('forecast.arbiter is not known; did you mean forecast.arbiters?');
  });
});
