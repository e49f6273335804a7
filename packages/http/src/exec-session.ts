// exec and attach over a WebSocket: channels v5 and v4. Upstream: apimachinery/pkg/util/remotecommand, apiserver/pkg/util/wsstream (1.37).
import type { ConnectRequest } from '@kubesim/api';
import type { Cluster } from 'kubesim';
import type { WebSocket } from 'ws';
import { Terminal } from './terminal.ts';

const [STDIN, STDOUT, STDERR, ERROR, CLOSE] = [0, 1, 2, 3, 255];
const STDIN_BYTES_MAX = 1024 * 1024;
/** How often an attached container is looked at, in ms of the host. */
const LOOK_MS = 50;

/** Protocols that are spoken, best first. */
const PROTOCOLS: readonly string[] = ['v5.channel.k8s.io', 'v4.channel.k8s.io'];

/** The best protocol that a client offers; undefined if it offers none that is spoken. @internal */
export function chooseProtocol(offered: Iterable<string>): string | undefined {
  const all = [...offered];
  return PROTOCOLS.find((protocol) => all.includes(protocol));
}

/** Commands that read their input, and so are run when it has ended. */
const READERS = /^(cat|tee|dd|tar|xargs|grep|sed|awk|wc|head|tail|sort|read|base64|md5sum|sha256sum)$/;
const SHELLS = /^(sh|bash|ash|dash)$/;

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** Whether a command is a shell that reads what it is to do. */
function isBareShell(command: readonly string[]): boolean {
  return SHELLS.test(baseName(command[0] ?? '')) && !command.slice(1).some((word) => /^-[a-z]*c/.test(word) || !word.startsWith('-'));
}

function readsInput(command: readonly string[]): boolean {
  if (isBareShell(command)) return true;
  const words = SHELLS.test(baseName(command[0] ?? '')) ? command.slice(1).join(' ').split(/[\s;|&()]+/) : [command[0] ?? ''];
  return words.some((word) => READERS.test(baseName(word)));
}

/** Carries out a granted connection over its socket, and closes it. `changed` is called after what may have changed the cluster. @internal */
export function runSession(cluster: Cluster, request: ConnectRequest, socket: WebSocket, changed: () => void): void {
  const session = new Session(cluster, request, socket, changed);
  socket.on('error', () => { socket.terminate(); });
  if (request.subresource === 'attach') session.attach();
  else session.exec();
}

class Session {
  private readonly cluster: Cluster;
  private readonly request: ConnectRequest;
  private readonly socket: WebSocket;
  private readonly changed: () => void;
  private readonly isV5: boolean;

  constructor(cluster: Cluster, request: ConnectRequest, socket: WebSocket, changed: () => void) {
    this.cluster = cluster;
    this.request = request;
    this.socket = socket;
    this.changed = changed;
    this.isV5 = socket.protocol === 'v5.channel.k8s.io';
  }

  exec(): void {
    const { command, stdin, tty } = this.request;
    if (stdin && tty && isBareShell(command)) this.interact();
    else if (stdin && readsInput(command)) this.collect((input) => { this.runOnce(input); });
    else {
      this.onInput(() => {}, () => {});
      this.runOnce('');
    }
  }

  /** Attached to a container there is nothing to see but its end. */
  attach(): void {
    this.onInput(() => {}, () => {});
    const { namespace, pod, container } = this.request;
    const started = this.cluster.controlPlane.containerLog(this.cluster.kernel, { namespace, pod, container });
    let sent = 0;
    const timer = setInterval(() => {
      const log = this.cluster.controlPlane.containerLog(this.cluster.kernel, { namespace, pod, container });
      const isSame = log !== undefined && log.id === started?.id;
      if (isSame && this.request.stdout) for (const line of log.lines.slice(sent)) this.send(STDOUT, `${line}\n`);
      if (isSame) sent = log.lines.length;
      if (isSame && log.isRunning) return;
      clearInterval(timer);
      this.finish(0);
    }, LOOK_MS);
    timer.unref();
    this.socket.on('close', () => { clearInterval(timer); });
  }

  private runOnce(input: string): void {
    const outcome = this.run(this.request.command, input);
    if (outcome === undefined) return;
    this.show(outcome.stdout, outcome.stderr);
    this.finish(outcome.exitCode);
  }

  private run(command: readonly string[], stdin: string): { readonly stdout: string; readonly stderr: string; readonly exitCode: number } | undefined {
    const { namespace, pod, container } = this.request;
    const outcome = this.cluster.execIn({ namespace, pod, container, command, stdin });
    this.changed();
    if (outcome.error === undefined) return outcome;
    this.end({ status: 'Failure', reason: 'InternalError', message: `Internal error occurred: error executing command in container: ${outcome.error}`, code: 500 });
    return undefined;
  }

  private show(stdout: string, stderr: string): void {
    const { tty, stdout: wantsOut, stderr: wantsErr } = this.request;
    // A terminal has one screen, and its lines end with a return.
    if (tty) this.send(STDOUT, `${stdout}${stderr}`.replaceAll('\n', '\r\n'));
    if (!tty && wantsOut) this.send(STDOUT, stdout);
    if (!tty && wantsErr) this.send(STDERR, stderr);
  }

  private interact(): void {
    const terminal = new Terminal((line, directory) => this.run(['sh', '-c', directory === '/' ? line : `cd ${directory} && ${line}`], ''), (text) => { this.send(STDOUT, text); }, (exitCode) => { this.finish(exitCode); });
    this.onInput((text) => { terminal.type(text); }, () => { terminal.end(); });
    terminal.begin();
  }

  private collect(done: (input: string) => void): void {
    let input = '';
    let isDone = false;
    const finish = (): void => {
      if (isDone) return;
      isDone = true;
      done(input);
    };
    this.onInput((text) => {
      input += text;
      if (input.length > STDIN_BYTES_MAX) this.end({ status: 'Failure', reason: 'BadRequest', message: `stdin is longer than ${STDIN_BYTES_MAX} bytes`, code: 400 });
    }, finish);
  }

  private onInput(typed: (text: string) => void, ended: () => void): void {
    this.socket.on('message', (data: Buffer, isBinary: boolean) => {
      if (!isBinary || data.length === 0) return;
      const channel = data[0];
      if (channel === STDIN && data.length > 1) typed(data.toString('utf8', 1));
      // v4 has no word for the end of input: an empty frame stands for it.
      if (this.isV5 ? channel === CLOSE && data[1] === STDIN : channel === STDIN && data.length === 1) ended();
    });
  }

  private send(channel: number, text: string): void {
    if (text !== '' && this.socket.readyState === this.socket.OPEN) this.socket.send(Buffer.concat([Buffer.from([channel]), Buffer.from(text, 'utf8')]));
  }

  private finish(exitCode: number): void {
    if (exitCode === 0) return this.end({ status: 'Success' });
    this.end({
      status: 'Failure', reason: 'NonZeroExitCode', message: `command terminated with non-zero exit code: exit status ${exitCode}`,
      details: { causes: [{ reason: 'ExitCode', message: String(exitCode) }] },
    });
  }

  /** The last frame, then the close that kubectl takes for an orderly one. */
  private end(status: object): void {
    this.send(ERROR, JSON.stringify({ metadata: {}, ...status }));
    this.socket.close(1000);
  }
}
