// curl, wget and nslookup of the small shell.
import type { PodHttpResponse } from '../runtime/behaviour.ts';
import { readFile, resolvePath, withEntry } from '../runtime/file-tree.ts';
import type { CommandOutput, ShellState } from './shell.ts';

interface Target {
  readonly host: string;
  readonly port: number;
  readonly path: string;
}

function targetOf(url: string): Target {
  const match = /^(?:https?:\/\/)?([^/:?]+)(?::(\d+))?([/?].*)?$/.exec(url);
  return { host: match?.[1] ?? url, port: Number(match?.[2] ?? (url.startsWith('https') ? 443 : 80)), path: match?.[3] ?? '/' };
}

type Reached = { readonly response: PodHttpResponse } | { readonly problem: 'name' | 'refused' | 'timeout' };

function reach(shell: ShellState, target: Target, method: string, body?: string): Reached {
  const { context, behaviour, network } = shell;
  shell.isUnsteady = true;
  const request = { method, path: target.path, port: target.port, headers: { host: target.host }, ...(body === undefined ? {} : { body }) };
  const isSelf = ['localhost', '127.0.0.1', context.podIP, context.hostname].includes(target.host);
  if (isSelf) {
    const response = behaviour.http?.({ ...context, files: shell.files }, request);
    return response === undefined ? { problem: 'refused' } : { response };
  }
  const addresses = /^[\d.]+$/.test(target.host) ? [target.host] : network?.resolve(target.host);
  if (addresses === undefined || addresses.length === 0) return { problem: 'name' };
  const response = network?.http(addresses[0] as string, request);
  if (response === undefined) return { problem: 'refused' };
  return response === 'timeout' ? { problem: 'timeout' } : { response };
}

function head(response: PodHttpResponse): string {
  return `HTTP/1.1 ${response.status} ${response.reason}\r\n${response.headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`;
}

/** `curl [-sSfIiv] [-o FILE] [-X METHOD] [-d DATA] [--max-time N] URL`. */
export function curl(shell: ShellState, args: readonly string[]): CommandOutput {
  const flags = new Set<string>();
  const values: Record<string, string> = {};
  let url = '';
  for (let index = 0; index < args.length; index++) {
    const each = args[index] as string;
    const long: Readonly<Record<string, string>> = { '--silent': 's', '--head': 'I', '--fail': 'f', '--include': 'i', '--show-error': 'S' };
    if (/^(-[oXdHm]|--max-time|--connect-timeout|--output|--request|--data|-w)$/.test(each)) values[each] = args[++index] ?? '';
    else if (Object.hasOwn(long, each)) flags.add(long[each] as string);
    else if (/^-[a-zA-Z]+$/.test(each)) for (const letter of each.slice(1)) flags.add(letter);
    else if (!each.startsWith('-')) url = each;
  }
  const target = targetOf(url);
  const data = values['-d'] ?? values['--data'];
  const method = values['-X'] ?? values['--request'] ?? (flags.has('I') ? 'HEAD' : data === undefined ? 'GET' : 'POST');
  const reached = reach(shell, target, method, data);
  const quiet = flags.has('s') && !flags.has('S');
  if ('problem' in reached) {
    const seconds = Number(values['--max-time'] ?? values['-m'] ?? values['--connect-timeout'] ?? 127);
    if (reached.problem === 'timeout') shell.durationMs += seconds * 1000;
    const [exitCode, text] = reached.problem === 'name' ? [6, `Could not resolve host: ${target.host}`]
      : reached.problem === 'refused' ? [7, `Failed to connect to ${target.host} port ${target.port} after 0 ms: Couldn't connect to server`]
        : [28, `Connection timed out after ${seconds * 1000} milliseconds`];
    return { exitCode, stderr: quiet ? '' : `curl: (${exitCode}) ${text}\n` };
  }
  const { response } = reached;
  if (flags.has('f') && response.status >= 400) return { exitCode: 22, stderr: quiet ? '' : `curl: (22) The requested URL returned error: ${response.status}\n` };
  const text = `${flags.has('I') || flags.has('i') ? head(response) : ''}${flags.has('I') ? '' : response.body}`;
  const file = values['-o'] ?? values['--output'];
  const write = (values['-w'] ?? '').replace('%{http_code}', `${response.status}`).replace(/\\n/g, '\n');
  if (file !== undefined) {
    if (file !== '/dev/null') shell.files = withEntry(shell.files, resolvePath(shell.directory, file), text);
    return { exitCode: 0, stdout: write };
  }
  return { exitCode: 0, stdout: text + write };
}

/** `wget [-q] [-O FILE] [-T N] URL`, as busybox has it. */
export function wget(shell: ShellState, args: readonly string[]): CommandOutput {
  let output: string | undefined;
  let quiet = false;
  let seconds = 900;
  let url = '';
  for (let index = 0; index < args.length; index++) {
    const each = args[index] as string;
    if (/^-q?O-$/.test(each)) output = '-';
    else if (each === '-O' || each === '-qO') output = args[++index];
    else if (each === '-T') seconds = Number(args[++index]);
    else if (!each.startsWith('-')) url = each;
    if (/^-q|^--quiet/.test(each)) quiet = true;
    if (each.startsWith('--timeout=')) seconds = Number(each.slice(10));
  }
  const target = targetOf(url);
  const reached = reach(shell, target, 'GET');
  const start = quiet ? '' : `Connecting to ${target.host}${target.port === 80 ? '' : `:${target.port}`}\n`;
  if ('problem' in reached) {
    if (reached.problem === 'timeout') shell.durationMs += seconds * 1000;
    return {
      exitCode: 1, stderr: reached.problem === 'name' ? `wget: bad address '${target.host}${target.port === 80 ? '' : `:${target.port}`}'\n`
        : reached.problem === 'refused' ? `${start}wget: can't connect to remote host (${target.host}): Connection refused\n` : `${start}wget: download timed out\n`,
    };
  }
  const { response } = reached;
  if (response.status >= 400) return { exitCode: 1, stderr: `${start}wget: server returned error: HTTP/1.1 ${response.status} ${response.reason}\n` };
  if (output === '-') return { exitCode: 0, stdout: response.body, stderr: start };
  const name = output ?? (target.path.endsWith('/') ? 'index.html' : target.path.slice(target.path.lastIndexOf('/') + 1));
  const path = resolvePath(shell.directory, name);
  if (output === undefined && readFile(shell.files, path) !== undefined) return { exitCode: 1, stderr: `wget: can't open '${name}': File exists\n` };
  if (path !== '/dev/null') shell.files = withEntry(shell.files, path, response.body);
  return { exitCode: 0, stderr: start };
}

/** `nslookup NAME`, as busybox 1.28 has it. */
export function nslookup(shell: ShellState, args: readonly string[]): CommandOutput {
  shell.isUnsteady = true;
  const name = args.find((each) => !each.startsWith('-')) ?? '';
  const addresses = shell.network?.resolve(name);
  const server = 'Server:    10.96.0.10\nAddress 1: 10.96.0.10 kube-dns.kube-system.svc.cluster.local\n\n';
  if (addresses === undefined || addresses.length === 0) return { exitCode: 1, stdout: server, stderr: `nslookup: can't resolve '${name}'\n` };
  return { exitCode: 0, stdout: `${server}Name:      ${name}\n${addresses.map((address, index) => `Address ${index + 1}: ${address}\n`).join('')}` };
}
