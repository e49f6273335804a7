// The StatefulSet tutorial in virtual time: each step is a kubectl line, what it prints, and what happened to the pods meanwhile.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Cluster } from 'kubesim';

/** One line of the tutorial, with what it printed and what pods went through until all was at rest again. */
export interface TutorialStep {
  readonly title: string;
  readonly command: string;
  readonly output: string;
  readonly happened: readonly string[];
}

const MANIFEST = readFileSync(join(import.meta.dirname, 'sts-web.yaml'), 'utf8');
const IMAGE = 'm.daocloud.io/docker.io/library/nginx';
const IMAGES = String.raw`{range .items[*]}{.metadata.name}{"\t"}{.spec.containers[*].image}{"\n"}{end}`;

/** Walks the tutorial on a cluster of three nodes. */
export function runTutorial(cluster: Cluster = new Cluster({ nodes: 3, seed: 7 })): readonly TutorialStep[] {
  const steps: TutorialStep[] = [];
  const step = (title: string, command: string, stdin?: string): void => {
    const since = cluster.revision;
    const output = cluster.kubectl(command, { stdin });
    cluster.settle();
    steps.push({ title, command, output, happened: podHistory(cluster, since) });
  };
  step('Create the Service and the set: pods come one after the other, lowest ordinal first', 'apply -f -', MANIFEST);
  step('The set is ready', 'get sts');
  step('A headless Service has no cluster IP', 'get svc');
  step('Pods have stable names', 'get po -l app=nginx-sts');
  step('Each pod has a claim of its own', 'get pvc');
  // The claim that is mounted over nginx's pages is empty at first: without a page the answer would be 403.
  step('Write a page into the claim of web-1', "exec web-1 -- sh -c 'echo hello from web-1 > /usr/share/nginx/html/index.html'");
  step('From inside web-0, web-1 answers under its own name', 'exec web-0 -- curl -I web-1.nginx-headless');
  step('All pods of the Service, by its name alone', 'exec web-0 -- nslookup nginx-headless');
  step('Scale up: in order, each pod ready before the next', 'scale statefulset web --replicas=5');
  step('Scale down: highest ordinal first, each gone before the next', 'scale statefulset web --replicas=2');
  step('Claims are kept', 'get pvc');
  step('Scale up again: the pods get their old claims back', "patch sts web -p '{\"spec\":{\"replicas\":4}}'");
  step('Hold back ordinals below 2', "patch sts web -p '{\"spec\":{\"updateStrategy\":{\"type\":\"RollingUpdate\",\"rollingUpdate\":{\"partition\":2}}}}'");
  step('The strategy as it stands now', "get sts web -o jsonpath='{.spec.updateStrategy}'");
  // The seed document says that a partitioned update ascends. Kubernetes updates from the highest ordinal down to the partition.
  step('Update with a partition: from the highest ordinal down to 2, and no further', `set image sts/web nginx=${IMAGE}:1.16`);
  step('Ordinals below the partition keep their image', "get po -o custom-columns=NAME:.metadata.name,IMAGE:.spec.containers[0].image");
  for (const ordinal of [1, 2]) step(`The image of web-${ordinal}`, `get po web-${ordinal} -o jsonpath='{.spec.containers[*].image}'`);
  step('Let the update reach the rest', "patch sts web -p '{\"spec\":{\"updateStrategy\":{\"rollingUpdate\":{\"partition\":0}}}}'");
  step('The update is complete', 'rollout status sts/web');
  step('Every pod is another one now, and the page is still there', 'exec web-0 -- curl -s web-1.nginx-headless');
  step('OnDelete: a new template changes nothing by itself', "patch sts web --type=merge -p '{\"spec\":{\"updateStrategy\":{\"type\":\"OnDelete\",\"rollingUpdate\":null}}}'");
  step('A new image waits', `set image sts/web nginx=${IMAGE}:alpine`);
  step('No pod has it', `get pods -o jsonpath='${IMAGES}'`);
  step('Delete a pod, and it comes back with the new template', 'delete pod web-2');
  step('Only web-2 has it', "get po -o custom-columns=NAME:.metadata.name,IMAGE:.spec.containers[0].image");
  step('Delete the set, leave its pods', 'delete sts web --cascade=orphan');
  step('The pods run on without it', 'get po');
  // The seed document says that a controller still manages them. None does: one that is deleted does not come back.
  step('Nobody replaces one of them now', 'delete pod web-3');
  step('Apply again: the set adopts them', 'apply -f -', MANIFEST);
  // What `kubectl edit` does: the object as it was printed goes back with a change.
  step('Edit: the printed object, changed, put back', 'replace -f -', cluster.kubectl('get sts web -o yaml').replace(/^  replicas: \d+$/m, '  replicas: 3'));
  // The seed document says that deleting a set takes its pods in reverse order. Only scaling does: a delete takes all at once.
  step('Delete everything: pods go with their set, all at once', 'delete -f -', MANIFEST);
  step('Claims outlive the set', 'get po,sts,pvc');
  return steps;
}

/** The example of section 4.7: six pods, `partition: 3`, a new image. Answers what happened. */
export function updateWithPartition(): readonly string[] {
  const cluster = new Cluster({ nodes: 3, seed: 7 });
  cluster.apply(MANIFEST);
  cluster.scale('statefulset/web', 6);
  cluster.patch('statefulset/web', { spec: { updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 3 } } } });
  cluster.settle();
  const since = cluster.revision;
  cluster.setImage('statefulset/web', { nginx: `${IMAGE}:1.16` });
  cluster.settle();
  return podHistory(cluster, since);
}

/** The rule of section 4.5: while web-0 is down, neither does web-2 come nor does web-1 go. Answers the pods that there are, and why. */
export function heldUpByFirst(replicas: number): { readonly pods: readonly string[]; readonly why: string } {
  const cluster = new Cluster({ nodes: 3, seed: 7 });
  cluster.apply(MANIFEST);
  cluster.settle();
  const node = cluster.get('pod/web-0')?.spec.nodeName ?? '';
  cluster.faults.cutOff(`node/${node}`);
  cluster.waitFor('pod/web-0', 'condition=Ready=False', { within: '5m' });
  cluster.scale('statefulset/web', replicas);
  cluster.run({ for: '30s' });
  return { pods: cluster.list('pods').map(({ metadata }) => metadata.name), why: cluster.explain('statefulset/web')[0]?.message ?? '' };
}

/** What pods went through since a revision, one line a change that people notice. */
function podHistory(cluster: Cluster, since: number): readonly string[] {
  const lines: string[] = [];
  const readiness = new Map<string, boolean>();
  for (const { type, object } of cluster.watch('pods', { since })) {
    const name = object.metadata.name ?? '';
    const isReady = (object['status']?.conditions as readonly { readonly type: string; readonly status: string }[] | undefined)?.some((condition) => condition.type === 'Ready' && condition.status === 'True') ?? false;
    if (type === 'ADDED') lines.push(`${name} created`);
    else if (type === 'DELETED') lines.push(`${name} gone`);
    else if (object.metadata.deletionTimestamp !== undefined && !lines.includes(`${name} terminating`)) lines.push(`${name} terminating`);
    else if (isReady && readiness.get(name) !== true && object.metadata.deletionTimestamp === undefined && lines.includes(`${name} created`)) lines.push(`${name} ready`);
    readiness.set(name, isReady && type !== 'DELETED');
  }
  return lines;
}
