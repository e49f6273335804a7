// Flags of a command: which take values, and what they are short for. Unknown ones are refused in kubectl's words.
import { KubectlError } from './kubectl-error.ts';

/** Flags of a verb by long name; `value` takes a value, `list` may be given several times. @internal */
export type FlagKinds = Readonly<Record<string, 'bool' | 'value' | 'list' | 'optional'>>;

/** Flags that every verb has. */
const COMMON: FlagKinds = {
  namespace: 'value', kubeconfig: 'value', context: 'value', server: 'value', 'request-timeout': 'value', as: 'value', user: 'value', cluster: 'value', token: 'value', v: 'value', 'cache-dir': 'value', 'insecure-skip-tls-verify': 'bool', 'warnings-as-errors': 'bool', 'match-server-version': 'bool', help: 'bool',
};

const SHORT: Readonly<Record<string, string>> = {
  n: 'namespace', o: 'output', l: 'selector', f: 'filename', A: 'all-namespaces', w: 'watch', p: 'patch', k: 'kustomize', s: 'server', c: 'container', i: 'stdin', t: 'tty', L: 'label-columns', R: 'recursive', h: 'help',
};

/** A parsed command line. @internal */
export interface Parsed {
  readonly args: readonly string[];
  /** What stands behind `--`. */
  readonly rest: readonly string[];
  readonly flags: Readonly<Record<string, string>>;
  readonly lists: Readonly<Record<string, readonly string[]>>;
}

/**
 * Parses the words of a command such as `get` or `rollout status`; `short` has the letters that mean something else there.
 * Throws KubectlError for unknown flags and missing values. @internal
 */
export function parseFlags(words: readonly string[], kinds: FlagKinds, command: string, short: Readonly<Record<string, string>> = {}): Parsed {
  const letters = { ...SHORT, ...short };
  const known: FlagKinds = { ...COMMON, ...kinds };
  const args: string[] = [];
  const flags: Record<string, string> = {};
  const lists: Record<string, string[]> = {};
  let index = 0;
  const put = (name: string, inline: string | undefined, shown: string): void => {
    const kind = Object.hasOwn(known, name) ? known[name] : undefined;
    if (kind === undefined) throw new KubectlError(`error: unknown ${shown.startsWith('--') ? `flag: ${shown}` : `shorthand flag: '${shown[1] ?? ''}' in ${shown}`}\nSee 'kubectl ${command} --help' for usage.`, 1);
    let value = inline;
    if (value === undefined && kind === 'bool') value = 'true';
    if (value === undefined && kind === 'optional') value = '';
    if (value === undefined) {
      index++;
      value = words[index];
      if (value === undefined) throw new KubectlError(`error: flag needs an argument: ${shown.startsWith('--') ? shown : `'${shown[1] ?? ''}' in ${shown}`}\nSee 'kubectl ${command} --help' for usage.`, 1);
    }
    if (kind === 'bool' && !/^(true|false|1|0|t|f|T|F|TRUE|FALSE|True|False)$/.test(value)) throw new KubectlError(`error: invalid argument "${value}" for "--${name}" flag: strconv.ParseBool: parsing "${value}": invalid syntax\nSee 'kubectl ${command} --help' for usage.`, 1);
    flags[name] = kind === 'bool' ? String(/^[1tT]/.test(value)) : value;
    if (kind === 'list') (lists[name] ??= []).push(value);
  };
  for (; index < words.length; index++) {
    const word = words[index] as string;
    if (word === '--') return { args, rest: words.slice(index + 1), flags, lists };
    if (word.startsWith('--')) {
      const equals = word.indexOf('=');
      put(equals < 0 ? word.slice(2) : word.slice(2, equals), equals < 0 ? undefined : word.slice(equals + 1), equals < 0 ? word : word.slice(0, equals));
    } else if (/^-[A-Za-z]/.test(word)) {
      putShort(word, known, letters, put);
    } else {
      args.push(word);
    }
  }
  return { args, rest: [], flags, lists };
}

/** `-oyaml`, `-o=yaml`, `-o yaml`, `-it`. */
function putShort(word: string, known: FlagKinds, letters: Readonly<Record<string, string>>, put: (name: string, inline: string | undefined, shown: string) => void): void {
  const letter = word[1] as string;
  const name = Object.hasOwn(letters, letter) ? letters[letter] as string : letter;
  if (word.length === 2) return put(name, undefined, word);
  if (known[name] === 'bool') {
    put(name, undefined, word);
    return putShort(`-${word.slice(2)}`, known, letters, put);
  }
  put(name, word[2] === '=' ? word.slice(3) : word.slice(2), word);
}
