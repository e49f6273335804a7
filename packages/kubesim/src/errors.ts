// Errors of misuse and of waiting: what happened, where, and what was expected.
import type { Status } from '@kubesim/api';

/** The API server refused a call. `message` is the server's text, word for word. @public */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: Status;
  constructor(status: Status) {
    super(status.message ?? status.reason ?? 'the API server refused the request');
    this.status = status;
  }
  /** HTTP code of the answer. */
  get code(): number {
    return this.status.code ?? 500;
  }
  /** `NotFound`, `Conflict`, `Invalid`, … */
  get reason(): string {
    return this.status.reason ?? '';
  }
}

/** A kubectl command exited with another code than 0. The message is what it printed to stderr. @public */
export class KubectlFailed extends Error {
  override readonly name = 'KubectlFailed';
  readonly exit: number;
  readonly stdout: string;
  readonly stderr: string;
  constructor(result: { readonly exit: number; readonly stdout: string; readonly stderr: string }) {
    super(result.stderr.trimEnd());
    this.exit = result.exit;
    this.stdout = result.stdout;
    this.stderr = result.stderr;
  }
}

/** A wait was not met in time. The message says what it waited for and the last state. @public */
export class WaitTimeout extends Error {
  override readonly name = 'WaitTimeout';
}

/** An argument is not what was expected; the message names its path. @public */
export class UsageError extends TypeError {
  override readonly name = 'UsageError';
}

/** So long must a name be that it counts as the beginning of another. */
const PREFIX_MIN = 4;

/** The name among `known` that is nearest to `given`, for messages; undefined if none is near. @internal */
export function nearest(given: string, known: Iterable<string>): string | undefined {
  const longer = given.length < PREFIX_MIN ? [] : [...known].filter((name) => name.toLowerCase().startsWith(given.toLowerCase()));
  if (longer.length === 1) return longer[0];
  let best: string | undefined;
  let bestDistance = Math.max(2, Math.floor(given.length / 2)) + 1;
  for (const name of known) {
    const distance = editDistance(given.toLowerCase(), name.toLowerCase());
    if (distance < bestDistance) {
      best = name;
      bestDistance = distance;
    }
  }
  return best;
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    row = next;
  }
  return row[b.length] as number;
}

/** Throws UsageError for keys that are not known, naming the path and the nearest right name. @internal */
export function checkKeys(path: string, value: object, known: readonly string[]): void {
  for (const key of Object.keys(value)) {
    if (known.includes(key)) continue;
    const near = nearest(key, known);
    throw new UsageError(`${path}.${key} is not known${near === undefined ? '' : `; did you mean ${path}.${near}?`}`);
  }
}

/** Answers a name that is among `known`, else throws UsageError that names the path and the nearest right name. @internal */
export function checkName<Name extends string>(path: string, given: Name, known: readonly Name[], problem: string = `must be one of ${known.join(', ')}, not '${given}'`): Name {
  if (known.includes(given)) return given;
  const near = nearest(given, known);
  throw new UsageError(`${path}${problem.startsWith('must') ? ' ' : ': '}${problem}${near === undefined ? '' : `; did you mean '${near}'?`}`);
}
