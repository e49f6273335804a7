// kubectl as a function: a line, its output and exit code.
import { KubectlError } from './kubectl-error.ts';
import { Session, type KubectlOptions } from './session.ts';
import { splitWords } from './words.ts';
import { apply, diff } from './verbs/apply.ts';
import { auth } from './verbs/auth.ts';
import { apiResources, apiVersions, cordon, drain, taint, version, wait } from './verbs/cluster.ts';
import { autoscale, create, expose, run } from './verbs/create.ts';
import { describe } from './verbs/describe.ts';
import { events } from './verbs/events.ts';
import { explain } from './verbs/explain.ts';
import { get } from './verbs/get.ts';
import { exec, logs, needsStream } from './verbs/pods.ts';
import { rollout } from './verbs/rollout.ts';
import { set } from './verbs/set.ts';
import { edit, labelOrAnnotate, patch, remove, replace, scale } from './verbs/write.ts';

/** What a command printed, and its exit code. @public */
export interface KubectlResult {
  readonly stdout: string;
  readonly stderr: string;
  readonly exit: number;
}

type Verb = (session: Session, words: readonly string[]) => void;

const VERBS: Readonly<Record<string, Verb>> = {
  get, describe, apply, diff, create, replace, delete: remove, patch, scale, set, edit, run, expose, autoscale, rollout, wait, taint, drain, exec, logs, version, explain, events, auth,
  label: (session, words) => labelOrAnnotate(session, 'label', words),
  annotate: (session, words) => labelOrAnnotate(session, 'annotate', words),
  cordon: (session, words) => cordon(session, words, true),
  uncordon: (session, words) => cordon(session, words, false),
  'api-resources': apiResources,
  'api-versions': apiVersions,
  'cluster-info': (session) => { session.out("Kubernetes control plane is running at https://kubesim\n\nTo further debug and diagnose cluster problems, use 'kubectl cluster-info dump'.\n"); },
  top: () => { throw new KubectlError('error: Metrics API not available'); },
  attach: needsStream('attach'), cp: needsStream('cp'), 'port-forward': needsStream('port-forward'), proxy: needsStream('proxy'), debug: needsStream('debug'),
};

/** Runs one kubectl command over a server that is given. Never throws for what the command or the server says. @public */
export function kubectl(options: KubectlOptions, command: string | readonly string[], input: { readonly stdin?: string } = {}): KubectlResult {
  const words = typeof command === 'string' ? splitWords(command) : [...command];
  if (words[0] === 'kubectl') words.shift();
  const { namespace, rest } = takeNamespace(words);
  const session = new Session(options, namespace, input.stdin ?? '');
  const [name = '', ...args] = rest;
  const verb = Object.hasOwn(VERBS, name) ? VERBS[name] : undefined;
  try {
    if (verb === undefined) throw new KubectlError(`error: unknown command "${name}" for "kubectl"`);
    verb(session, args);
    for (const error of session.deferred) session.err(`${error.message}\n`);
    if (session.deferred.length > 0) session.exit = 1;
  } catch (error) {
    if (!(error instanceof KubectlError)) throw error;
    session.err(`${error.message}\n`);
    session.exit = error.exit;
  }
  return { stdout: session.stdout, stderr: session.stderr, exit: session.exit };
}

/** -n and --namespace may stand anywhere before `--`. */
function takeNamespace(words: readonly string[]): { readonly namespace: string | undefined; readonly rest: readonly string[] } {
  const end = words.indexOf('--');
  const limit = end < 0 ? words.length : end;
  const rest: string[] = [];
  let namespace: string | undefined;
  for (let index = 0; index < words.length; index++) {
    const word = words[index] as string;
    if (index < limit && (word === '-n' || word === '--namespace')) namespace = words[++index];
    else if (index < limit && /^(--namespace=|-n=)/.test(word)) namespace = word.slice(word.indexOf('=') + 1);
    else if (index < limit && /^-n[a-z0-9]/.test(word)) namespace = word.slice(2);
    else rest.push(word);
  }
  return { namespace, rest };
}

