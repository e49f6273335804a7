import { describe, expect, it } from 'vitest';
import { compare } from '../../../examples/tutorial/comparison.ts';
import { heldUpByFirst, runTutorial, updateWithPartition } from '../../../examples/tutorial/tutorial.ts';

const steps = runTutorial();
const happened = (command: string): readonly string[] => steps.find((step) => step.command.includes(command))?.happened ?? [];
const output = (title: string): string => steps.find((step) => step.title === title)?.output ?? '';
const inOrder = (...ordinals: readonly number[]): string[] => ordinals.flatMap((ordinal) => [`web-${ordinal} created`, `web-${ordinal} ready`]);

describe('the table that the tutorial begins with', () => {
  const rows = new Map(compare().map((row) => [row.feature, [row.deployment, row.statefulSet]]));
  it.each([
    ['Name of a pod that replaces another', 'another', 'the same'],
    ['Storage of its own for each pod, kept when the pod goes', '0 claims', '2 claims'],
    ['Scaled up by two', 'created created ready ready', 'created ready created ready'],
    ['Scaled down to none', 'terminating terminating gone gone', 'terminating gone terminating gone'],
    ['Updated', 'a new pod comes before an old one goes', 'the old pod goes before the new one comes'],
    ['Deleted', 'terminating terminating gone gone', 'terminating terminating gone gone'],
    ['A container that fails', 'restarted in the same pod 1 times', 'restarted in the same pod 1 times'],
    ['DNS name of a pod', 'none', 'web-0 answers 200'],
  ])('%s', (feature, deployment, statefulSet) => {
    expect(rows.get(feature)).toEqual([deployment, statefulSet]);
    expect(rows.size).toBe(8);
  });
});

describe('the StatefulSet tutorial', () => {
  it('should resolve the Service to its pods, and print the strategy and images as they stand', () => {
    expect(output('All pods of the Service, by its name alone').match(/Address \d: 10\.244/g)?.length).toBe(2);
    expect(JSON.parse(output('The strategy as it stands now'))).toMatchObject({ type: 'RollingUpdate', rollingUpdate: { partition: 2 } });
    expect([output('The image of web-1'), output('The image of web-2')].map((image) => image.trim().split(':')[1])).toEqual(['latest', '1.16']);
    expect(output('No pod has it').trim().split('\n').map((line) => line.split(':')[1])).toEqual(['1.16', '1.16', '1.16', '1.16']);
  });
  it('should descend from web-5 to web-3 with six pods and a partition of 3', () => {
    expect(updateWithPartition()).toEqual(['web-5', 'web-4', 'web-3'].flatMap((pod) => [`${pod} terminating`, `${pod} gone`, `${pod} created`, `${pod} ready`]));
  });
  it.each([4, 1])('should neither create web-2 nor delete web-1 while web-0 is down, scaled to %i', (replicas) => {
    const { pods, why } = heldUpByFirst(replicas);
    expect(pods).toEqual(['web-0', 'web-1']);
    expect(why).toContain('web-0, which is not Ready');
  });
  it('should replace no pod of a set that is gone, and scale by an edited object', () => {
    expect(happened('delete pod web-3')).toEqual(['web-3 terminating', 'web-3 gone']);
    expect(happened('replace -f -')).toEqual(['web-2 created', 'web-2 ready']);
  });
  it('should create web-0, and web-1 only when web-0 is ready', () => {
    expect(steps[0]?.happened).toEqual(inOrder(0, 1));
    expect(steps[0]?.output).toBe('service/nginx-headless created\nstatefulset.apps/web created\n');
  });
  it('should print the set, its Service and its pods as kubectl does', () => {
    expect(output('The set is ready')).toMatch(/^NAME {3}READY {3}AGE\nweb {4}2\/2 {5}\d+s\n$/);
    expect(output('A headless Service has no cluster IP')).toMatch(/nginx-headless {3}ClusterIP {3}None {9}<none> {8}80\/TCP {4}\d+s/);
    expect(output('Pods have stable names')).toMatch(/web-0 {3}1\/1 {5}Running {3}0 {10}\d+s\nweb-1 /);
  });
  it('should answer HTTP between pods under their stable names', () => {
    expect(output('From inside web-0, web-1 answers under its own name')).toMatch(/^HTTP\/1\.1 200 OK\r?\nServer: nginx\//);
    expect(output('Every pod is another one now, and the page is still there')).toBe('hello from web-1\n');
  });
  it('should scale up in order and down in reverse, each gone before the next, and keep the claims', () => {
    expect(happened('--replicas=5')).toEqual(inOrder(2, 3, 4));
    expect(happened('--replicas=2')).toEqual(['web-4', 'web-3', 'web-2'].flatMap((pod) => [`${pod} terminating`, `${pod} gone`]));
    expect(output('Claims are kept').trim().split('\n').slice(1).map((line) => line.split(/\s+/).slice(0, 2))).toEqual([0, 1, 2, 3, 4].map((ordinal) => [`nginx-data-web-${ordinal}`, 'Bound']));
  });
  it('should update from the highest ordinal down to the partition, and leave those below alone', () => {
    expect(happened(':1.16')).toEqual(['web-3', 'web-2'].flatMap((pod) => [`${pod} terminating`, `${pod} gone`, `${pod} created`, `${pod} ready`]));
    expect(output('Ordinals below the partition keep their image')).toMatch(/web-0 .*:latest\nweb-1 .*:latest\nweb-2 .*:1\.16\nweb-3 .*:1\.16\n/);
  });
  it('should replace pods only when they are deleted with OnDelete', () => {
    expect(happened(':alpine')).toEqual([]);
    expect(happened('delete pod web-2')).toEqual(['web-2 terminating', 'web-2 gone', 'web-2 created', 'web-2 ready']);
    expect(output('Only web-2 has it')).toMatch(/web-1 .*:1\.16\nweb-2 .*:alpine\nweb-3 .*:1\.16\n/);
  });
  it('should leave pods when the set is deleted as an orphan, and take all at once when it is not', () => {
    expect(happened('--cascade=orphan')).toEqual([]);
    expect(happened('delete -f -').slice(0, 2)).toEqual(['web-0 terminating', 'web-1 terminating']);
    expect(steps[steps.length - 1]?.output).toContain('persistentvolumeclaim/nginx-data-web-4');
  });
});
