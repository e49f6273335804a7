// The scenarios' lines run by a real kubectl against a server over the scenario's cluster.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { realpathSync } from 'node:fs';
import { serveCluster, type ClusterServer } from '@kubesim/http';
import { NS, Run, type Scenario, type Step } from './scenarios.ts';

/** A kubectl that this machine has. */
export interface KubectlBinary {
  readonly file: string;
  /** Such as `1.33`. */
  readonly minor: string;
}

/** What a line came to. */
export interface LineResult {
  readonly exit: number;
  readonly stdout: string;
  readonly stderr: string;
}

const LINE_TIMEOUT_MS = 120_000;
/** Names under which kubectls of several releases stand beside one that chooses among them. */
const MINORS = Array.from({ length: 30 }, (_, index) => `1.${20 + index}`);

/** Every kubectl on the PATH, and those of other releases beside it, oldest first. KUBECTL names one more. */
export function kubectlBinaries(): readonly KubectlBinary[] {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  const plain = folders.map((folder) => join(folder, 'kubectl')).filter((file) => existsSync(file));
  const homes = new Set([...folders, ...plain.map((file) => dirname(realpathSync(file)))]);
  const beside = [...homes].flatMap((folder) => MINORS.map((minor) => join(folder, `kubectl.${minor}`))).filter((file) => existsSync(file));
  const given = process.env['KUBECTL'] === undefined ? [] : [process.env['KUBECTL']];
  const byMinor = new Map<string, KubectlBinary>();
  for (const file of [...plain, ...beside, ...given]) {
    const minor = minorOf(file);
    if (minor !== undefined) byMinor.set(minor, { file, minor });
  }
  return [...byMinor.values()].sort((a, b) => Number(a.minor.slice(2)) - Number(b.minor.slice(2)));
}

function minorOf(file: string): string | undefined {
  const { stdout } = spawnSync(file, ['version', '--client', '-o', 'json'], { encoding: 'utf8', timeout: 20_000 });
  try {
    const { clientVersion } = JSON.parse(stdout) as { readonly clientVersion: { readonly minor: string } };
    return `1.${Number.parseInt(clientVersion.minor, 10)}`;
  } catch {
    return undefined;
  }
}

/** A scenario whose kubectl lines a real kubectl runs against a server, in real time; between lines time is the run's own. */
export class BinaryRun extends Run {
  private readonly kubectl: KubectlBinary;
  private readonly home: string;
  private server: ClusterServer | undefined;

  constructor(scenario: Scenario, kubectl: KubectlBinary) {
    super(scenario);
    this.kubectl = kubectl;
    this.home = mkdtempSync(join(tmpdir(), 'kubesim-conform-'));
  }

  /** Runs a step; answers what its kubectl line came to, if it has one. */
  async stepWithKubectl(step: Step): Promise<LineResult | undefined> {
    const before = this.cluster.now;
    const result = step.kubectl === undefined ? undefined : await this.run(this.translate(step.kubectl), step.stdin === undefined || step.stdin === null ? undefined : this.translate(step.stdin));
    this.afterLine(step, before);
    return result;
  }

  async close(): Promise<void> {
    await this.server?.close();
    rmSync(this.home, { recursive: true, force: true });
  }

  private async run(line: string, stdin: string | undefined): Promise<LineResult> {
    const server = this.server ?? await serveCluster(this.cluster, { speed: 'step' });
    this.server = server;
    const kubeconfig = join(this.home, 'config');
    writeFileSync(kubeconfig, JSON.stringify({
      apiVersion: 'v1', kind: 'Config', 'current-context': 'c', clusters: [{ name: 'c', cluster: { server: server.url } }], users: [{ name: 'u', user: {} }],
      contexts: [{ name: 'c', context: { cluster: 'c', user: 'u', namespace: NS } }],
    }));
    server.setSpeed(1);
    try {
      return await this.spawn(line, kubeconfig, stdin);
    } finally {
      server.setSpeed('step');
    }
  }

  /** The line goes through a shell, which is who takes its quotes apart. */
  private spawn(line: string, kubeconfig: string, stdin: string | undefined): Promise<LineResult> {
    return new Promise((resolve) => {
      const child = spawn('/bin/sh', ['-c', `exec "$KUBECTL_FILE" ${line}`], { env: { PATH: process.env['PATH'], HOME: this.home, KUBECONFIG: kubeconfig, KUBECTL_FILE: this.kubectl.file }, timeout: LINE_TIMEOUT_MS });
      let stdout = '';
      let stderr = '';
      child.stdout.setEncoding('utf8').on('data', (text: string) => { stdout += text; });
      child.stderr.setEncoding('utf8').on('data', (text: string) => { stderr += text; });
      child.on('close', (code) => { resolve({ exit: code ?? -1, stdout, stderr }); });
      child.stdin.on('error', () => { /* a line that reads no input closes it early */ });
      child.stdin.end(stdin ?? '');
    });
  }
}
