// `exec` in a container: the image's own answer, or a small shell with the commands that people probe with.
import type { BehaviourContext, ContainerBehaviour, ExecResult, PodHttpRequest, PodHttpResponse } from '../runtime/behaviour.ts';
import type { FileTree } from '../runtime/file-tree.ts';
import { commands } from './commands.ts';
import { parseShell, type ShellCommand, type ShellWord } from './shell-parser.ts';

/** The network as a container reaches it; without one, only its own port answers. @public */
export interface ContainerNetwork {
  /** Addresses of a name as the pod's resolver finds them; undefined if there is no such name. */
  resolve(name: string): readonly string[] | undefined;
  /** Sends a request to an address; undefined if nothing listens there, 'timeout' if no packet comes back. */
  http(address: string, request: PodHttpRequest): PodHttpResponse | 'timeout' | undefined;
}

/** A shell in the middle of its work. Its fields change as commands run. */
export interface ShellState {
  readonly context: BehaviourContext;
  readonly behaviour: ContainerBehaviour;
  readonly network: ContainerNetwork | undefined;
  readonly environment: Readonly<Record<string, string>>;
  directory: string;
  files: FileTree;
  status: number;
  durationMs: number;
  /** The answer depends on more than the files. */
  isUnsteady: boolean;
  /** `sh -x`: each command is shown on stderr before it runs. */
  isTraced: boolean;
}

/** Output of one command. */
export interface CommandOutput {
  readonly exitCode: number;
  readonly stdout?: string;
  readonly stderr?: string;
}

/** Runs a command in a container, as `exec` and exec probes do. */
export function runCommand(context: BehaviourContext, behaviour: ContainerBehaviour, argv: readonly string[], network?: ContainerNetwork, stdin: string = ''): ExecResult {
  const own = behaviour.exec?.(context, argv);
  if (own !== undefined) return own;
  const shell: ShellState = {
    context, behaviour, network, environment: environmentOf(context), directory: context.container.workingDir ?? '/', files: context.files,
    status: 0, durationMs: 0, isUnsteady: false, isTraced: false,
  };
  const output = runArgv(shell, argv, stdin);
  return {
    exitCode: output.exitCode, stdout: output.stdout ?? '', stderr: output.stderr ?? '', durationMs: shell.durationMs,
    ...(shell.files === context.files ? {} : { files: shell.files }),
    ...(shell.isUnsteady || shell.durationMs > 0 ? {} : { steadyUntil: Infinity }),
  };
}

/** Variables of the container: the literal ones of its spec, HOSTNAME and PATH. */
function environmentOf(context: BehaviourContext): Readonly<Record<string, string>> {
  const { pod } = context;
  const fields: Readonly<Record<string, string | undefined>> = {
    'metadata.name': pod.metadata?.name, 'metadata.namespace': pod.metadata?.namespace, 'metadata.uid': pod.metadata?.uid,
    'spec.nodeName': pod.spec?.nodeName, 'status.podIP': context.podIP, 'status.hostIP': pod.status?.hostIP, 'spec.serviceAccountName': pod.spec?.serviceAccountName,
  };
  const variables: Record<string, string> = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', HOSTNAME: context.hostname };
  for (const { name, value, valueFrom } of context.container.env ?? []) {
    const path = valueFrom?.fieldRef?.fieldPath;
    variables[name] = value ?? (path === undefined ? '' : (fields[path] ?? ''));
  }
  variables['HOME'] = '/root';
  return variables;
}

const SHELLS: readonly string[] = ['sh', 'bash', 'ash', 'dash'];

/** A shell of its own: the script of `-c`, or what it reads. */
function runShell(shell: ShellState, args: readonly string[], stdin: string): CommandOutput {
  const flags = args.slice(0, args.findIndex((arg) => !arg.startsWith('-')) < 0 ? args.length : args.findIndex((arg) => !arg.startsWith('-')));
  const letters = flags.filter((flag) => !flag.startsWith('--')).join('');
  const before = shell.isTraced;
  shell.isTraced = letters.includes('x');
  const output = runScript(shell, letters.includes('c') ? args[flags.length] ?? '' : stdin);
  shell.isTraced = before;
  return output;
}

function runArgv(shell: ShellState, argv: readonly string[], stdin: string): CommandOutput {
  const [path = '', ...args] = argv;
  const name = path.slice(path.lastIndexOf('/') + 1);
  if (SHELLS.includes(name)) return runShell(shell, args, stdin);
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (command === undefined) {
    return { exitCode: 127, stderr: `OCI runtime exec failed: exec failed: unable to start container process: exec: "${path}": executable file not found in $PATH\n` };
  }
  return command(shell, args, stdin);
}

/** Runs a script: lists with `;`, `&&`, `||`, pipes, redirections, substitutions. */
export function runScript(shell: ShellState, script: string): CommandOutput {
  let stdout = '';
  let stderr = '';
  for (const { connector, pipeline } of parseShell(script)) {
    if ((connector === '&&' && shell.status !== 0) || (connector === '||' && shell.status === 0)) continue;
    let input = '';
    for (let index = 0; index < pipeline.length; index++) {
      const output = runOne(shell, pipeline[index] as ShellCommand, input);
      shell.status = output.exitCode;
      input = output.stdout ?? '';
      stderr += output.stderr ?? '';
    }
    stdout += input;
    if (pipeline.at(-1)?.words[0]?.parts[0]?.text === 'exit') break;
  }
  return { exitCode: shell.status, stdout, stderr };
}

/** A word as a trace shows it. */
function traced(word: string): string {
  return /^[\w./:=@%+,-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

function runOne(shell: ShellState, command: ShellCommand, stdin: string): CommandOutput {
  const argv = command.words.flatMap((word) => expand(shell, word));
  let input = stdin;
  for (const { operator, target } of command.redirections) {
    if (operator !== '<') continue;
    const path = resolveIn(shell, expand(shell, target).join(' '));
    const content = shell.files[path];
    if (typeof content !== 'string') return { exitCode: 1, stderr: `sh: can't open '${path}': no such file\n` };
    input = content;
  }
  const name = argv[0] ?? '';
  const trace = shell.isTraced && argv.length > 0 ? `+ ${argv.map(traced).join(' ')}\n` : '';
  let output: CommandOutput;
  if (argv.length === 0) output = { exitCode: 0 };
  else if (name === 'exit') output = { exitCode: Number(argv[1] ?? shell.status) };
  else if (name === 'cd') {
    shell.directory = resolveIn(shell, argv[1] ?? '/');
    output = { exitCode: 0 };
  } else {
    output = runArgv(shell, argv, input);
    if (output.exitCode === 127 && output.stderr?.startsWith('OCI runtime') === true) output = { exitCode: 127, stderr: `sh: ${name}: not found\n` };
  }
  const { stderr: printed = '' } = output;
  let { stdout = '' } = output;
  let stderr = printed;
  for (const { operator, target } of command.redirections) {
    if (operator === '<') continue;
    if (operator === '2>&1') {
      stdout += stderr;
      stderr = '';
      continue;
    }
    const path = resolveIn(shell, expand(shell, target).join(' '));
    const text = operator.startsWith('2') ? stderr : stdout;
    if (operator.startsWith('2')) stderr = '';
    else stdout = '';
    if (path === '/dev/null') continue;
    const directory = path.slice(0, path.lastIndexOf('/')) || '/';
    if (!commandsCanWrite(shell, directory)) return { exitCode: 1, stderr: `sh: can't create ${path}: nonexistent directory\n` };
    const before = operator.endsWith('>>') ? (shell.files[path] ?? '') : '';
    shell.files = { ...shell.files, [path]: before + text };
  }
  return { exitCode: output.exitCode, stdout, stderr: trace + stderr };
}

function commandsCanWrite(shell: ShellState, directory: string): boolean {
  return directory === '/' || directory === '/tmp' || shell.files[directory] === null || Object.keys(shell.files).some((path) => path.startsWith(`${directory}/`));
}

function resolveIn(shell: ShellState, path: string): string {
  const parts: string[] = [];
  for (const part of (path.startsWith('/') ? path : `${shell.directory}/${path}`).split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return `/${parts.join('/')}`;
}

/** A word with its variables and substitutions filled in; unquoted results split at blanks. */
function expand(shell: ShellState, word: ShellWord): readonly string[] {
  let text = '';
  let isQuoted = false;
  let splits = false;
  for (const part of word.parts) {
    if (part.kind === 'text') {
      text += part.text;
      if (part.isQuoted) isQuoted = true;
    } else {
      const value = part.kind === 'variable'
        ? (part.text === '?' ? `${shell.status}` : (shell.environment[part.text] ?? ''))
        : (runScript(shell, part.text).stdout ?? '').replace(/\n+$/, '');
      text += value;
      if (part.isQuoted) isQuoted = true;
      else splits = true;
    }
  }
  if (splits && !isQuoted) return text.split(/\s+/).filter((each) => each !== '');
  return [text];
}
