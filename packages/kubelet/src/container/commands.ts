// The commands of the small shell, as functions of its state.
import { baseOf, isDirectory, listDirectory, parentOf, readFile, resolvePath, subtree, withEntry, withoutPath } from '../runtime/file-tree.ts';
import { curl, nslookup, wget } from './http-commands.ts';
import type { CommandOutput, ShellState } from './shell.ts';

/** A command. */
export type Command = (shell: ShellState, args: readonly string[], stdin: string) => CommandOutput;

const ok = (stdout: string = ''): CommandOutput => ({ exitCode: 0, stdout });
const failed = (stderr: string, exitCode: number = 1): CommandOutput => ({ exitCode, stderr: `${stderr}\n` });

function split(args: readonly string[]): { readonly flags: string; readonly operands: readonly string[] } {
  return { flags: args.filter((each) => /^-./.test(each)).join(''), operands: args.filter((each) => !/^-./.test(each)) };
}

function place(shell: ShellState, path: string): string {
  return resolvePath(shell.directory, path);
}

function exists(shell: ShellState, path: string): boolean {
  return isDirectory(shell.files, path) || readFile(shell.files, path) !== undefined;
}

function copy(shell: ShellState, args: readonly string[], verb: 'cp' | 'mv'): CommandOutput {
  const { operands } = split(args);
  const target = place(shell, operands.at(-1) ?? '');
  for (const each of operands.slice(0, -1)) {
    const source = place(shell, each);
    const entries = subtree(shell.files, source);
    if (entries.length === 0) return failed(verb === 'mv' ? `mv: cannot stat '${each}': No such file or directory` : `cp: cannot stat '${each}': No such file or directory`);
    const to = isDirectory(shell.files, target) ? `${target === '/' ? '' : target}/${baseOf(source)}` : target;
    if (!isDirectory(shell.files, parentOf(to))) return failed(`${verb}: cannot create regular file '${to}': No such file or directory`);
    if (verb === 'mv') shell.files = withoutPath(shell.files, source);
    for (const [rest, content] of entries) shell.files = withEntry(shell.files, `${to}${rest}`, content);
    if (verb === 'mv' && !isDirectory(shell.files, parentOf(source))) shell.files = withEntry(shell.files, parentOf(source), null);
  }
  return ok();
}

function test(shell: ShellState, args: readonly string[]): boolean {
  const words = args.at(-1) === ']' ? args.slice(0, -1) : args;
  if (words[0] === '!') return !test(shell, words.slice(1));
  const [first = '', second, third] = words;
  if (second === undefined) return first !== '';
  const path = place(shell, second);
  switch (first) {
    case '-f': return readFile(shell.files, path) !== undefined;
    case '-d': return isDirectory(shell.files, path);
    case '-e': return exists(shell, path);
    case '-s': return (readFile(shell.files, path) ?? '') !== '';
    case '-n': return second !== '';
    case '-z': return second === '';
  }
  switch (second) {
    case '=': case '==': return first === third;
    case '!=': return first !== third;
    case '-eq': return Number(first) === Number(third);
    case '-ne': return Number(first) !== Number(third);
    case '-gt': return Number(first) > Number(third);
    case '-lt': return Number(first) < Number(third);
  }
  return false;
}

const testCommand: Command = (shell, args) => ({ exitCode: test(shell, args) ? 0 : 1 });

function two(value: number): string {
  return `${value}`.padStart(2, '0');
}

/** Commands by name. */
export const commands: Readonly<Record<string, Command>> = {
  '[': testCommand,
  'test': testCommand,
  'true': () => ok(),
  'false': () => ({ exitCode: 1 }),
  'echo': (_shell, args) => {
    const [first, ...rest] = args;
    return first === '-n' ? ok(rest.join(' ')) : ok(`${args.join(' ')}\n`);
  },
  'printf': (_shell, args) => {
    const rest = args.slice(1);
    return ok((args[0] ?? '').replace(/\\n/g, '\n').replace(/\\t/g, '\t').replace(/%[sd]/g, () => rest.shift() ?? ''));
  },
  'hostname': (shell, args) => {
    const { pod, hostname, podIP } = shell.context;
    if (args.includes('-i')) return ok(`${podIP}\n`);
    const domain = pod.spec?.subdomain === undefined ? '' : `.${pod.spec.subdomain}.${pod.metadata?.namespace}.svc.cluster.local`;
    return ok(args.includes('-f') ? `${hostname}${domain}\n` : `${hostname}\n`);
  },
  'pwd': (shell) => ok(`${shell.directory}\n`),
  'id': (shell, args) => {
    const uid = shell.context.container.securityContext?.runAsUser ?? shell.context.pod.spec?.securityContext?.runAsUser ?? 0;
    const gid = shell.context.container.securityContext?.runAsGroup ?? shell.context.pod.spec?.securityContext?.runAsGroup ?? 0;
    if (args.includes('-u')) return ok(`${uid}\n`);
    if (args.includes('-g')) return ok(`${gid}\n`);
    return ok(`uid=${uid}${uid === 0 ? '(root)' : ''} gid=${gid}${gid === 0 ? '(root)' : ''} groups=${gid}${gid === 0 ? '(root)' : ''}\n`);
  },
  'whoami': (shell) => ok((shell.context.container.securityContext?.runAsUser ?? 0) === 0 ? 'root\n' : `${shell.context.container.securityContext?.runAsUser}\n`),
  'env': (shell) => ok(Object.entries(shell.environment).map(([name, value]) => `${name}=${value}\n`).join('')),
  'printenv': (shell, [name]) => {
    if (name === undefined) return ok(Object.entries(shell.environment).map(([each, value]) => `${each}=${value}\n`).join(''));
    const value = shell.environment[name];
    return value === undefined ? { exitCode: 1 } : ok(`${value}\n`);
  },
  'cat': (shell, args, stdin) => {
    if (args.length === 0) return ok(stdin);
    let stdout = '';
    let stderr = '';
    for (const each of args) {
      const path = place(shell, each);
      const content = path === '/etc/hostname' ? `${shell.context.hostname}\n` : readFile(shell.files, path);
      if (content !== undefined) stdout += content;
      else stderr += isDirectory(shell.files, path) ? `cat: ${each}: Is a directory\n` : `cat: ${each}: No such file or directory\n`;
    }
    return { exitCode: stderr === '' ? 0 : 1, stdout, stderr };
  },
  'ls': (shell, args) => {
    const { operands } = split(args);
    let stdout = '';
    for (const each of operands.length === 0 ? ['.'] : operands) {
      const path = place(shell, each);
      if (isDirectory(shell.files, path)) stdout += listDirectory(shell.files, path).map((name) => `${name}\n`).join('');
      else if (readFile(shell.files, path) !== undefined) stdout += `${each}\n`;
      else return { exitCode: 2, stdout, stderr: `ls: cannot access '${each}': No such file or directory\n` };
    }
    return ok(stdout);
  },
  'mv': (shell, args) => copy(shell, args, 'mv'),
  'cp': (shell, args) => copy(shell, args, 'cp'),
  'rm': (shell, args) => {
    const { flags, operands } = split(args);
    for (const each of operands) {
      const path = place(shell, each);
      if (!exists(shell, path)) {
        if (flags.includes('f')) continue;
        return failed(`rm: cannot remove '${each}': No such file or directory`);
      }
      if (isDirectory(shell.files, path) && !/r/i.test(flags)) return failed(`rm: cannot remove '${each}': Is a directory`);
      const parent = parentOf(path);
      shell.files = withoutPath(shell.files, path);
      if (!isDirectory(shell.files, parent)) shell.files = withEntry(shell.files, parent, null);
    }
    return ok();
  },
  'touch': (shell, args) => {
    for (const each of split(args).operands) {
      const path = place(shell, each);
      if (!isDirectory(shell.files, parentOf(path)) && parentOf(path) !== '/tmp') return failed(`touch: cannot touch '${each}': No such file or directory`);
      if (!exists(shell, path)) shell.files = withEntry(shell.files, path, '');
    }
    return ok();
  },
  'mkdir': (shell, args) => {
    const { flags, operands } = split(args);
    for (const each of operands) {
      const path = place(shell, each);
      if (exists(shell, path)) {
        if (flags.includes('p')) continue;
        return failed(`mkdir: cannot create directory '${each}': File exists`);
      }
      if (!flags.includes('p') && !isDirectory(shell.files, parentOf(path))) return failed(`mkdir: cannot create directory '${each}': No such file or directory`);
      shell.files = withEntry(shell.files, path, null);
    }
    return ok();
  },
  'chmod': (shell, args) => {
    const missing = split(args).operands.slice(1).find((each) => !exists(shell, place(shell, each)));
    return missing === undefined ? ok() : failed(`chmod: cannot access '${missing}': No such file or directory`);
  },
  'chown': () => ok(),
  'sync': () => ok(),
  'sleep': (shell, [seconds]) => {
    shell.durationMs += Number(seconds ?? 0) * 1000;
    return ok();
  },
  'date': (shell) => {
    shell.isUnsteady = true;
    const at = new Date(shell.context.now);
    const day = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'][at.getUTCDay()];
    const month = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'][at.getUTCMonth()];
    return ok(`${day} ${month} ${`${at.getUTCDate()}`.padStart(2, ' ')} ${two(at.getUTCHours())}:${two(at.getUTCMinutes())}:${two(at.getUTCSeconds())} UTC ${at.getUTCFullYear()}\n`);
  },
  'grep': (_shell, args, stdin) => {
    const { flags, operands } = split(args);
    const lines = stdin.split('\n').filter((line, index, all) => index < all.length - 1 || line !== '').filter((line) => line.includes(operands[0] ?? '') !== flags.includes('v'));
    return { exitCode: lines.length > 0 ? 0 : 1, stdout: flags.includes('q') ? '' : lines.map((line) => `${line}\n`).join('') };
  },
  'wc': (_shell, _args, stdin) => ok(`${stdin.split('\n').length - 1}\n`),
  'nginx': (_shell, args) => (args.includes('-v') ? { exitCode: 0, stderr: 'nginx version: nginx/1.25.5\n' } : ok()),
  'redis-cli': (shell, args) => {
    const line = args.filter((each, index) => !each.startsWith('-') && !args[index - 1]?.match(/^-[hpa]$/)).join(' ');
    const answer = shell.behaviour.line?.(shell.context, line);
    return answer === undefined ? failed('Could not connect to Redis at 127.0.0.1:6379: Connection refused') : ok(`${answer}\n`);
  },
  'curl': curl,
  'wget': wget,
  'nslookup': nslookup,
};
