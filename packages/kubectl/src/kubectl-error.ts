// Errors of a command: the text for stderr and the exit code.

/** Ends a command: `message` goes to stderr, `exit` is its code. @internal */
export class KubectlError extends Error {
  override readonly name = 'KubectlError';
  readonly exit: number;
  constructor(message: string, exit: number = 1) {
    super(message);
    this.exit = exit;
  }
}
