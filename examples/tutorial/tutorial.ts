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
  step('Scale up: in order, each pod ready before the next', 'scale statefulset web --replicas=5');
  step('Scale down: highest ordinal first, each gone before the next', 'scale statefulset web --replicas=2');
  step('Claims are kept', 'get pvc');
  step('Scale up again: the pods get their old claims back', "patch sts web -p '{\"spec\":{\"replicas\":4}}'");
  step('Hold back ordinals below 2', "patch sts web -p '{\"spec\":{\"updateStrategy\":{\"type\":\"RollingUpdate\",\"rollingUpdate\":{\"partition\":2}}}}'");
  // The seed document says that a partitioned update ascends. Kubernetes updates from the highest ordinal down to the partition.
  step('Update with a partition: from the highest ordinal down to 2, and no further', `set image sts/web nginx=${IMAGE}:1.16`);
  step('Ordinals below the partition keep their image', "get po -o custom-columns=NAME:.metadata.name,IMAGE:.spec.containers[0].image");
  step('Let the update reach the rest', "patch sts web -p '{\"spec\":{\"updateStrategy\":{\"rollingUpdate\":{\"partition\":0}}}}'");
  step('The update is complete', 'rollout status sts/web');
  step('Every pod is another one now, and the page is still there', 'exec web-0 -- curl -s web-1.nginx-headless');
  step('OnDelete: a new template changes nothing by itself', "patch sts web --type=merge -p '{\"spec\":{\"updateStrategy\":{\"type\":\"OnDelete\",\"rollingUpdate\":null}}}'");
  step('A new image waits', `set image sts/web nginx=${IMAGE}:alpine`);
  step('Delete a pod, and it comes back with the new template', 'delete pod web-2');
  step('Only web-2 has it', "get po -o custom-columns=NAME:.metadata.name,IMAGE:.spec.containers[0].image");
  step('Delete the set, leave its pods', 'delete sts web --cascade=orphan');
  step('The pods run on without it', 'get po');
  step('Apply again: the set adopts them', 'apply -f -', MANIFEST);
  // The seed document says that deleting a set takes its pods in reverse order. Only scaling does: a delete takes all at once.
  step('Delete everything: pods go with their set, all at once', 'delete -f -', MANIFEST);
  step('Claims outlive the set', 'get po,sts,pvc');
  return steps;
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
