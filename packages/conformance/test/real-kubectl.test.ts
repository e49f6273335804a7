// Real, unmodified kubectls against the server: the command list of the spec, and the tutorial's lines for every release at hand.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { serveCluster } from '@kubesim/http';
import { Cluster } from 'kubesim';
import { kubectlBinaries, type KubectlBinary } from '../src/sets/kubectl-binary.ts';

const WEB = `apiVersion: v1
kind: Service
metadata: {name: nginx-headless, labels: {app: nginx}}
spec: {clusterIP: None, selector: {app: nginx}, ports: [{port: 80, name: web}]}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: web}
spec:
  serviceName: nginx-headless
  replicas: 2
  selector: {matchLabels: {app: nginx}}
  template:
    metadata: {labels: {app: nginx}}
    spec:
      terminationGracePeriodSeconds: 10
      containers: [{name: nginx, image: registry.k8s.io/nginx-slim:0.8, ports: [{containerPort: 80, name: web}], volumeMounts: [{name: www, mountPath: /usr/share/nginx/html}]}]
  volumeClaimTemplates: [{metadata: {name: www}, spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}}]
`;
const POD = 'apiVersion: v1\nkind: Pod\nmetadata: {name: p1}\nspec: {containers: [{name: c, image: nginx}]}\n';
const BAD = WEB.replace('replicas: 2', 'replicaz: 2');
const ROLLED_OUT = /partitioned roll out complete: \d new pods have been updated\.\.\./;

interface Result {
  readonly exit: number;
  readonly out: string;
}

/** A line, what it must print (of both streams), and its exit code where that is not 0. */
type Line = readonly [line: string, prints?: RegExp, exit?: number];

/** The spec's list, in its order. */
const LIST: readonly Line[] = [
  ['version', /Server Version: v1\.37/], ['api-versions', /^apps\/v1$/m], ['api-resources --api-group=apps', /statefulsets +sts +apps\/v1 +true +StatefulSet/], ['cluster-info', /Kubernetes control plane is running at/],
  ['get nodes', /node-1 +Ready +<none>/], ['get ns', /default +Active/], ['explain sts.spec.podManagementPolicy', /FIELD: podManagementPolicy <string>/], ['diff -f web.yaml', /\+apiVersion: apps\/v1/, 1],
  ['apply -f web.yaml --dry-run=client', /statefulset\.apps\/web created \(dry run\)/], ['apply -f web.yaml --dry-run=server', /statefulset\.apps\/web created \(server dry run\)/], ['apply -f web.yaml', /service\/nginx-headless created\nstatefulset\.apps\/web created/],
  ['rollout status sts/web --timeout=50s', ROLLED_OUT], ['get sts web', /web +2\/2/], ['get service nginx-headless', /ClusterIP +None +<none> +80\/TCP/], ['get pods -l app=nginx', /web-0 +1\/1 +Running +0 [\s\S]*web-1 +1\/1/], ['get po,svc,sts', /pod\/web-0[\s\S]*service\/nginx-headless[\s\S]*statefulset\.apps\/web/],
  ['get pvc -l app=nginx', /www-web-0 +Bound +pvc-\S+ +1Gi +RWO +standard/], ['get po -o wide', /READINESS GATES\nweb-0 .* node-\d +<none> +<none>/], ['get po --show-labels', /app=nginx,apps\.kubernetes\.io\/pod-index=0,controller-revision-hash=web-/],
  ['get po -l app=nginx -L controller-revision-hash', /CONTROLLER-REVISION-HASH\nweb-0 .* web-\w+/], ['get po --sort-by=.metadata.creationTimestamp -o name', /^pod\/web-0\npod\/web-1\n$/], ['get po --field-selector=status.phase=Running -o name', /^pod\/web-0\npod\/web-1\n$/],
  ['get pods -A', /default +web-0/], ['get po -o custom-columns=POD:.metadata.name,NODE:.spec.nodeName', /POD +NODE\nweb-0 +node-/], [`get po -o jsonpath='{range .items[*]}{.metadata.name}{"\\t"}{.spec.containers[*].image}{"\\n"}{end}'`, /web-0\tregistry\.k8s\.io\/nginx-slim:0\.8\n/],
  ['get sts web -o yaml', /kind: StatefulSet\nmetadata:\n {2}annotations:/], ['describe sts web', /Pods Status: +2 Running \/ 0 Waiting/], ['describe pod web-0', /Node: +node-\d\/[\s\S]*Successfully assigned default\/web-0/], ['describe svc nginx-headless', /Endpoints: +\S+:80/], ['describe pvc www-web-0', /Used By: +web-0/],
  ['wait --for=condition=Ready pod -l app=nginx --timeout=60s', /pod\/web-0 condition met\npod\/web-1 condition met/], ["exec web-0 -- sh -c 'hostname'", /^web-0$/m], ["exec -it web-0 -- sh -c 'curl -I web-1.nginx-headless'", /HTTP\/1\.1 403 Forbidden\r?\nServer: nginx/], ["exec web-0 -- sh -c 'exit 3'", /exit code 3/, 3], ['logs web-0'],
  ['scale sts web --replicas=4', /statefulset\.apps\/web scaled/], ["wait --for=jsonpath='{.status.readyReplicas}'=4 sts/web --timeout=60s", /condition met/], ["patch sts web -p '{\"spec\":{\"replicas\":3}}'", /patched/],
  ["patch sts web --type=merge -p '{\"spec\":{\"updateStrategy\":{\"type\":\"RollingUpdate\",\"rollingUpdate\":{\"partition\":3}}}}'", /patched/], ["patch sts web --type=json -p '[{\"op\":\"replace\",\"path\":\"/spec/template/spec/containers/0/image\",\"value\":\"registry.k8s.io/nginx-slim:0.24\"}]'", /patched/],
  ['rollout history sts/web', /REVISION +CHANGE-CAUSE\n1 +<none>\n2 +<none>/], ['rollout undo sts/web', /rolled back/], ['set image sts/web nginx=registry.k8s.io/nginx-slim:0.25', /image updated/], ['edit sts web', /statefulset\.apps\/web edited/],
  ['rollout restart sts/web', /restarted/], ['get controllerrevisions', /statefulset\.apps\/web/], ['label po web-0 tier=db', /labeled/], ['label po web-0 tier=b', /'tier' already has a value \(db\), and --overwrite is false/, 1], ['annotate sts web note=hello', /annotated/],
  ['taint nodes node-2 k=v:NoSchedule', /tainted/], ['cordon node-2', /node\/node-2 cordoned/], ['create pdb web-pdb --selector=app=nginx --min-available=1', /created/], ['get pdb', /web-pdb +1 +N\/A/], ['drain node-2 --ignore-daemonsets --delete-emptydir-data --timeout=60s', /node\/node-2 drained/],
  ['uncordon node-2', /uncordoned/], ['taint nodes node-2 k=v:NoSchedule-', /untainted/], ['auth can-i create pods', /^yes$/m], ['events --for pod/web-0', /Scheduled/], ['get events', /Scheduled/], ['delete pod web-0', /pod "web-0" deleted/],
  ['delete pod -l app=nginx --wait=false', /deleted/], ['delete pod web-1 --grace-period=0 --force', /force deleted/], ['delete sts web --cascade=orphan', /statefulset\.apps "web" deleted/], ['apply -f web.yaml', /statefulset\.apps\/web created/],
  ['apply --server-side --force-conflicts -f web.yaml', /statefulset\.apps\/web serverside-applied/], ['delete pods --field-selector=status.phase=Failed', /No resources found/], ['create deployment dep --image=nginx --replicas=2', /created/], ['expose deployment dep --port=80', /exposed/],
  ['autoscale deployment dep --min=1 --max=3 --cpu-percent=80', /autoscaled/], ['run tmp --image=busybox --restart=Never -- sleep 1', /pod\/tmp created/], ['get all', /replicaset\.apps\/dep-/], ['create -f pod.yaml', /created/], ['create -f pod.yaml', /pods "p1" already exists/, 1],
  ['replace --force -f pod.yaml', /pod\/p1 replaced/], ['create configmap cm --from-literal=a=b', /created/], ['get cm cm -o yaml', /^ {2}a: b$/m], ['create token default', /\S{20,}/], ['apply -f bad.yaml', /unknown field "spec\.replicaz"/, 1], ['scale sts web --replicas=5 --current-replicas=9', /Expected replicas to be 9, was 2/, 1],
  ['wait --for=condition=Foo pod/p1 --timeout=1s', /timed out waiting for the condition on pods\/p1/, 1], ['delete -f web.yaml', /statefulset\.apps "web" deleted/], ['delete pvc -l app=nginx', /persistentvolumeclaim "www-web-0" deleted/], ['get sts', /No resources found in default namespace/],
  ['get po nosuch', /Error from server \(NotFound\): pods "nosuch" not found/, 1], ['get nosuch', /the server doesn't have a resource type "nosuch"/, 1], ['get po,svc -w', /you may only specify a single resource type/, 1], ['config view --minify', /server: http:\/\/127\.0\.0\.1/],
];

/** What the tutorial types: for every release, exec only from 1.30 on, which speaks WebSocket. */
const TUTORIAL: readonly Line[] = [
  ['apply -f web.yaml', /statefulset\.apps\/web created/], ['rollout status sts/web --timeout=50s', ROLLED_OUT], ['get pods -l app=nginx', /web-1 +1\/1 +Running/], ["exec web-0 -- sh -c 'hostname'", /^web-0$/m], ['scale sts web --replicas=3', /scaled/],
  ['set image sts/web nginx=registry.k8s.io/nginx-slim:0.24', /image updated/], ['rollout status sts/web --timeout=50s', ROLLED_OUT], ['rollout undo sts/web', /rolled back/], ['get sts,po,svc,pvc'], ['describe pod web-0', /Status: +Running/], ['create configmap c --from-literal=a=b', /created/], ['delete -f web.yaml', /deleted/],
];

const binaries = kubectlBinaries();
const newest = binaries.at(-1);
const folders: string[] = [];
afterAll(() => { for (const folder of folders) rmSync(folder, { recursive: true, force: true }); });

interface Session {
  readonly url: string;
  /** A line that goes on is ended after `lastsMs`. */
  run(line: string, lastsMs?: number): Promise<Result>;
}

async function withKubectl(kubectl: KubectlBinary, use: (session: Session) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'kubesim-real-'));
  folders.push(folder);
  for (const [name, text] of [['web.yaml', WEB], ['pod.yaml', POD], ['bad.yaml', BAD]] as const) writeFileSync(join(folder, name), text);
  const server = await serveCluster(new Cluster({ seed: 1 }), { speed: 'max' });
  writeFileSync(join(folder, 'config'), JSON.stringify({ apiVersion: 'v1', kind: 'Config', 'current-context': 'c', clusters: [{ name: 'c', cluster: { server: server.url } }], users: [{ name: 'u', user: {} }], contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }] }));
  const run = (line: string, lastsMs: number = 60_000): Promise<Result> => new Promise((resolve) => {
    const child = spawn('/bin/sh', ['-c', `exec "$KUBECTL_FILE" ${line}`], { cwd: folder, timeout: lastsMs, env: { PATH: process.env['PATH'], HOME: folder, KUBECONFIG: join(folder, 'config'), KUBECTL_FILE: kubectl.file, EDITOR: 'sed -i s/replicas:.3/replicas:\\ 2/' } });
    let out = '';
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => { out += text; });
    child.stdin.end();
    child.on('close', (code) => { resolve({ exit: code ?? -1, out }); });
  });
  try {
    await use({ url: server.url, run });
  } finally {
    await server.close();
  }
}

async function runLines({ run }: Session, lines: readonly Line[]): Promise<void> {
  for (const [line, prints, exit = 0] of lines) {
    const result = await run(line);
    expect([line, result.exit, result.out]).toEqual([line, exit, prints === undefined ? expect.any(String) : expect.stringMatching(prints)]);
  }
}

// Skipped where the machine has no kubectl: there is nothing to run then.
describe.skipIf(newest === undefined)(`a real kubectl ${newest?.minor ?? '(none on the PATH)'}`, () => {
  it('should run the command list', async () => {
    await withKubectl(newest as KubectlBinary, (session) => runLines(session, LIST));
  }, 120_000);

  it('should show a rollout in get -w while another kubectl drives it', async () => {
    await withKubectl(newest as KubectlBinary, async ({ run }) => {
      await run('apply -f web.yaml');
      await run('rollout status sts/web --timeout=30s');
      const watching = run('get pods -w --output-watch-events', 8_000);
      await new Promise((resolve) => { setTimeout(resolve, 2_000); });
      await run('delete pod web-1 --timeout=20s');
      expect((await watching).out).toMatch(/ADDED +web-1 +1\/1 +Running[\s\S]*MODIFIED +web-1 +1\/1 +Terminating[\s\S]*DELETED +web-1[\s\S]*ADDED +web-1 +0\/1 +Pending[\s\S]*MODIFIED +web-1 +1\/1 +Running/);
    });
  }, 60_000);
});

const others = process.env['KUBESIM_KUBECTL'] === 'all' ? binaries : binaries.slice(0, 1).filter((each) => each !== newest);
// The oldest at hand beside the newest; KUBESIM_KUBECTL=all for every one.
describe.skipIf(others.length === 0)('real kubectls of other releases', () => {
  it.each(others)('should run the tutorial ($minor)', async (kubectl) => {
    const speaksWebSocket = Number(kubectl.minor.slice(2)) >= 30;
    await withKubectl(kubectl, (session) => runLines(session, TUTORIAL.filter(([line]) => speaksWebSocket || !line.startsWith('exec'))));
  }, 120_000);
});
