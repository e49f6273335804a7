// Verbs over a cluster in process: what they print, and with which code they end.
import { Cluster } from 'kubesim';
import { describe, expect, it } from 'vitest';

const WEB = `apiVersion: apps/v1
kind: StatefulSet
metadata: {name: web, labels: {app: nginx}}
spec:
  serviceName: nginx
  replicas: 1
  selector: {matchLabels: {app: nginx}}
  template:
    metadata: {labels: {app: nginx}}
    spec: {terminationGracePeriodSeconds: 1, containers: [{name: nginx, image: "nginx:1.25"}]}
`;

/** A cluster with one set whose pod is ready. */
function start(): Cluster {
  const cluster = new Cluster({ nodes: 1, seed: 1, timing: 'instant' });
  cluster.kubectl('apply -f -', { stdin: WEB });
  cluster.run({ for: 5_000 });
  return cluster;
}

const base = start();
const run = (line: string, stdin?: string): { readonly stdout: string; readonly stderr: string; readonly exit: number } => base.fork().kubectlResult(line, { stdin });

describe('what verbs print', () => {
  it.each([
    ['apply -f -', 'statefulset.apps/web unchanged\n', WEB],
    ['apply -f - --dry-run=client', 'statefulset.apps/web configured (dry run)\n', WEB.replace('1.25', '1.26')],
    ['apply -f - --dry-run=server', 'statefulset.apps/web configured (server dry run)\n', WEB.replace('1.25', '1.26')],
    ['create ns z', 'namespace/z created\n'],
    ['create deployment d --image=nginx', 'deployment.apps/d created\n'],
    ['create quota q --hard=pods=3', 'resourcequota/q created\n'],
    ['create job j --image=busybox', 'job.batch/j created\n'],
    ['create cm m --from-literal=a=b -o yaml --dry-run=client', 'apiVersion: v1\ndata:\n  a: b\nkind: ConfigMap\nmetadata:\n  name: m\n'],
    ['create secret generic s --from-literal=a=b -o jsonpath={.data.a}', 'Yg=='],
    ["create cronjob c --image=busybox --schedule='* * * * *' -o jsonpath={.spec.schedule}", '* * * * *'],
    ['expose po web-0 --port=80 --name=p', 'service/p exposed\n'],
    ['autoscale sts web --max=3', 'horizontalpodautoscaler.autoscaling/web autoscaled\n'],
    ['run r --image=nginx', 'pod/r created\n'],
    ['scale sts web --replicas=2', 'statefulset.apps/web scaled\n'],
    ['patch sts web -p \'{"spec":{"replicas":1}}\'', 'statefulset.apps/web patched (no change)\n'],
    ['label po web-0 x=y', 'pod/web-0 labeled\n'],
    ['label po web-0 app=nginx', 'pod/web-0 not labeled\n'],
    ['label po web-0 nosuch-', 'label "nosuch" not found.\npod/web-0 not labeled\n'],
    ['annotate po web-0 a=b', 'pod/web-0 annotated\n'],
    ['set image sts/web nginx=nginx:1.26', 'statefulset.apps/web image updated\n'],
    ['set env sts/web A=b', 'statefulset.apps/web env updated\n'],
    ['rollout restart sts/web', 'statefulset.apps/web restarted\n'],
    ['cordon node-1', 'node/node-1 cordoned\n'],
    ['taint no node-1 a=b:NoSchedule', 'node/node-1 tainted\n'],
    ['wait po/web-0 --for=condition=Ready', 'pod/web-0 condition met\n'],
    ["wait po/web-0 --for=jsonpath='{.status.phase}'=Running", 'pod/web-0 condition met\n'],
    ['delete po web-0 --wait=false', 'pod "web-0" deleted from default namespace\n'],
    ['get po -o name', 'pod/web-0\n'],
    ['get po web-0 --no-headers -o custom-columns=N:.metadata.name,X:.nosuch', 'web-0   <none>\n'],
    ['get po web-0 -o go-template=\'{{range .spec.containers}}{{.image}}{{end}}{{/* c */}}\'', 'nginx:1.25'],
    ['auth can-i create pods', 'yes\n'],
    ['version --client', 'Client Version: v1.37.2\nKustomize Version: v5.8.1\n'],
  ])('%s', (line, stdout, stdin?: string) => {
    expect(run(line, stdin)).toEqual({ stdout, stderr: '', exit: 0 });
  });
});

describe('errors, in kubectl\'s words', () => {
  it.each([
    ['get po --foo', "error: unknown flag: --foo\nSee 'kubectl get --help' for usage.\n"],
    ['get po -Z', "error: unknown shorthand flag: 'Z' in -Z\nSee 'kubectl get --help' for usage.\n"],
    ['get po -l', "error: flag needs an argument: 'l' in -l\nSee 'kubectl get --help' for usage.\n"],
    ['get nosuch', 'error: the server doesn\'t have a resource type "nosuch"\n'],
    ['get po nosuch', 'Error from server (NotFound): pods "nosuch" not found\n'],
    ['get po web-0 -l a=b', 'error: name cannot be provided when a selector is specified\n'],
    ['get po -o jsonpath={.items[0', 'error: error parsing jsonpath {.items[0, unterminated array\n'],
    ['create ns a b', "error: exactly one NAME is required, got 2\nSee 'kubectl create namespace -h' for help and examples\n"],
    ['create deployment x', 'error: required flag(s) "image" not set\n'],
    ['label po web-0 app=other', "error: 'app' already has a value (nginx), and --overwrite is false\n"],
    ['scale sts web', 'error: required flag(s) "replicas" not set\n'],
    ['scale sts web --replicas=2 --current-replicas=9', 'error: Expected replicas to be 9, was 1\n'],
    ['set image sts/web nope=x', 'error: unable to find container named "nope"\n'],
    ['rollout history sts/web --revision=9', 'error: unable to find the specified revision\n'],
    ['rollout foo', "error: unknown command \"foo\"\nSee 'kubectl rollout -h' for help and examples\n"],
    ['wait po/web-0 --for=foo', 'error: unrecognized condition: "foo"\n'],
    ['wait po/web-0 --for=condition=Nope --timeout=1s', 'error: timed out waiting for the condition on pods/web-0\n'],
    ['taint po x a=b:NoSchedule', 'error: invalid resource type po, only node types are supported\n'],
    ['delete cm nosuch', 'Error from server (NotFound): configmaps "nosuch" not found\n'],
    ['exec web-0', 'error: you must specify at least one command for the container\n'],
    ['nosuch', 'error: unknown command "nosuch" for "kubectl"\n'],
  ])('%s', (line, stderr) => {
    expect(run(line)).toEqual({ stdout: '', stderr, exit: 1 });
  });

  it('goes on with the others where one object is missing', () => {
    expect(run('label po web-0 nosuch x=y')).toEqual({ stdout: 'pod/web-0 labeled\n', stderr: 'Error from server (NotFound): pods "nosuch" not found\n', exit: 1 });
  });
});

describe('get and describe', () => {
  it('shows nulls that Go writes: lastProbeTime of conditions', () => {
    expect(run('get po web-0 -o yaml').stdout).toContain('  - lastProbeTime: null\n');
  });

  it('warns of Endpoints', () => {
    expect(run('get endpoints').stderr).toContain('Warning: v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice\n');
  });

  it('shows the scale subresource as a table of its own', () => {
    expect(run('get sts web --subresource=scale').stdout).toMatch(/^NAME +DESIRED +AVAILABLE +AGE\nweb +1 +1 +5s\n$/);
  });

  it('watches for as long as it is told, each change a row', () => {
    const cluster = base.fork();
    cluster.kubectl('scale sts web --replicas=2');
    const lines = cluster.kubectl('get po -w --request-timeout=5s').split('\n');
    expect(lines[0]).toMatch(/^NAME +READY +STATUS +RESTARTS +AGE$/);
    expect(lines.filter((line) => line.startsWith('web-1 ')).at(-1)).toMatch(/^web-1 +1\/1 +Running/);
  });

  it('diffs what apply would change, with exit code 1', () => {
    const result = run('diff -f -', WEB.replace('1.25', '1.26'));
    expect(result.exit).toBe(1);
    expect(result.stdout).toContain('-      - image: nginx:1.25\n+      - image: nginx:1.26\n');
    expect(run('diff -f -', WEB)).toEqual({ stdout: '', stderr: '', exit: 0 });
  });

  it.each(['po/web-0', 'sts/web', 'no/node-1', 'ns/default', 'sa/default', 'controllerrevisions', 'sc', 'svc', 'deploy', 'endpointslices'])('describes %s', (target) => {
    const result = run(`describe ${target}`);
    expect(result.exit).toBe(0);
    expect(result.stdout === '' || /^Name: +\S/.test(result.stdout)).toBe(true);
  });

  it('explains fields and their types', () => {
    const { stdout } = run('explain sts.spec.updateStrategy');
    expect(stdout).toContain('FIELD: updateStrategy <StatefulSetUpdateStrategy>\n');
    expect(stdout).toContain('  type\t<string>\n  enum: OnDelete, Recreate, RollingUpdate\n');
  });
});

describe('a manifest that was printed', () => {
  it.each(['sts/web', 'no/node-1', 'sa/default', 'po/web-0'])('changes nothing but its annotation when it is applied: %s', (target) => {
    const cluster = base.fork();
    const look = (): string => cluster.kubectl(`get ${target} -o jsonpath={.spec}{.metadata.generation}{.metadata.labels}`);
    const before = look();
    expect(cluster.kubectl('apply -f -', { stdin: cluster.kubectl(`get ${target} -o json`) })).toMatch(/ configured\n$/);
    expect(look()).toBe(before);
  });
});
