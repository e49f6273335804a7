// The table that the tutorial begins with, Deployment beside StatefulSet, each row as it happens in a cluster rather than as it is told.
import { Cluster } from 'kubesim';

/** One row: what was done, and what was seen of each. */
export interface ComparisonRow {
  readonly feature: string;
  readonly deployment: string;
  readonly statefulSet: string;
}

const LABELS = 'selector: {matchLabels: {app: APP}}, template: {metadata: {labels: {app: APP}}, spec: {containers: [{name: nginx, image: nginx:1.25}]}}';
const DEPLOYMENT = `apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: api}\nspec: {replicas: 2, ${LABELS.replaceAll('APP', 'api')}}`;
const STATEFUL_SET = `
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {clusterIP: None, selector: {app: web}, ports: [{port: 80}]}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: web}
spec: {serviceName: web, replicas: 2, ${LABELS.replaceAll('APP', 'web')}, volumeClaimTemplates: [{metadata: {name: data}, spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}}]}`;

/** Plays every row on forks of one cluster. */
export function compare(): readonly ComparisonRow[] {
  const cluster = new Cluster({ nodes: 3, seed: 7 });
  cluster.apply(DEPLOYMENT);
  cluster.apply(STATEFUL_SET);
  cluster.settle();
  const both = (feature: string, look: (fork: Cluster, app: 'api' | 'web', reference: string) => string): ComparisonRow => ({
    feature, deployment: look(cluster.fork(), 'api', 'deployment/api'), statefulSet: look(cluster.fork(), 'web', 'statefulset/web'),
  });
  return [
    both('Name of a pod that replaces another', (fork, app) => {
      const [first = ''] = names(fork, app);
      fork.delete(`pod/${first}`);
      fork.settle();
      return names(fork, app).includes(first) ? 'the same' : 'another';
    }),
    both('Storage of its own for each pod, kept when the pod goes', (fork, app, reference) => {
      fork.scale(reference, 0);
      fork.settle();
      return `${fork.list('pvc').filter(({ metadata }) => metadata.name.includes(`-${app}-`)).length} claims`;
    }),
    both('Scaled up by two', (fork, app, reference) => {
      const since = fork.revision;
      fork.scale(reference, 4);
      fork.settle();
      return order(fork, app, since, ['created', 'ready']);
    }),
    both('Scaled down to none', (fork, app, reference) => {
      const since = fork.revision;
      fork.scale(reference, 0);
      fork.settle();
      return order(fork, app, since, ['terminating', 'gone']);
    }),
    both('Updated', (fork, app, reference) => {
      const since = fork.revision;
      fork.setImage(reference, { nginx: 'nginx:1.26' });
      fork.settle();
      const words = order(fork, app, since, ['created', 'terminating']).split(' ');
      return words[0] === 'created' ? 'a new pod comes before an old one goes' : 'the old pod goes before the new one comes';
    }),
    both('Deleted', (fork, app, reference) => {
      const since = fork.revision;
      fork.delete(reference);
      fork.settle();
      return order(fork, app, since, ['terminating', 'gone']);
    }),
    both('A container that fails', (fork, app) => {
      const [first = ''] = names(fork, app);
      fork.faults.killContainer(first, { exitCode: 1 });
      fork.settle();
      return `restarted in the same pod ${fork.get(`pod/${first}`)?.status?.containerStatuses?.[0]?.restartCount} times`;
    }),
    both('DNS name of a pod', (fork, app) => {
      const [first = ''] = names(fork, app);
      try {
        return `${first.startsWith('web') ? first : 'its name'} answers ${fork.http(`http://${first}.web/`).status}`;
      } catch {
        return 'none';
      }
    }),
  ];
}

function names(cluster: Cluster, app: string): readonly string[] {
  return cluster.list('pods', { selector: `app=${app}` }).map(({ metadata }) => metadata.name);
}

/** What happened to the pods of an app, in order, without their names. */
function order(cluster: Cluster, app: string, since: number, kinds: readonly string[]): string {
  const seen = new Map<string, Set<string>>();
  const words: string[] = [];
  for (const { type, object } of cluster.watch('pods', { since })) {
    if (object.metadata.labels?.['app'] !== app) continue;
    const conditions = (object['status']?.conditions ?? []) as readonly { readonly type: string; readonly status: string }[];
    const isReady = conditions.some((condition) => condition.type === 'Ready' && condition.status === 'True');
    const word = type === 'DELETED' ? 'gone' : object.metadata.deletionTimestamp !== undefined ? 'terminating' : type === 'ADDED' ? 'created' : isReady ? 'ready' : '';
    const known = seen.get(object.metadata.uid ?? '') ?? new Set();
    seen.set(object.metadata.uid ?? '', known);
    if (!kinds.includes(word) || known.has(word)) continue;
    known.add(word);
    words.push(word);
  }
  return words.join(' ');
}
