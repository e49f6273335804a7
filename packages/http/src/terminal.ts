// A shell at a terminal, as `kubectl exec -it POD -- sh` meets it: echo, a line at a time, a directory that stays.

interface LineResult {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number;
}

const LINE_MAX = 4_096;

/** Reads keys, echoes them and runs lines. @internal */
export class Terminal {
  private readonly run: (line: string, directory: string) => LineResult | undefined;
  private readonly print: (text: string) => void;
  private readonly finish: (exitCode: number) => void;
  private line = '';
  private directory = '/';
  private status = 0;
  private isOver = false;

  constructor(run: (line: string, directory: string) => LineResult | undefined, print: (text: string) => void, finish: (exitCode: number) => void) {
    this.run = run;
    this.print = print;
    this.finish = finish;
  }

  begin(): void {
    this.print('# ');
  }

  type(text: string): void {
    for (const key of text) if (!this.isOver) this.press(key);
  }

  /** The input has ended: what a line of its own would be is run, then the shell leaves. */
  end(): void {
    if (!this.isOver && this.line !== '') this.enter();
    this.leave(this.status);
  }

  private press(key: string): void {
    switch (key) {
      case '\r': case '\n': return this.enter();
      case '\u0003':
        this.line = '';
        return this.print('^C\r\n# ');
      case '\u0004':
        if (this.line === '') this.leave(this.status);
        return;
      case '\u007f': case '\b':
        if (this.line === '') return;
        this.line = this.line.slice(0, -1);
        return this.print('\b \b');
      default:
        if (key < ' ' || this.line.length >= LINE_MAX) return;
        this.line += key;
        this.print(key);
    }
  }

  private enter(): void {
    const line = this.line.trim();
    this.line = '';
    this.print('\r\n');
    const exit = /^exit(?:\s+(\d+))?$/.exec(line);
    if (exit !== null) return this.leave(Number(exit[1] ?? this.status));
    const change = /^cd(?:\s+(\S+))?$/.exec(line);
    if (change !== null) this.change(change[1] ?? '/');
    else if (line !== '') this.carryOut(line);
    if (!this.isOver) this.print('# ');
  }

  private carryOut(line: string): void {
    const result = this.run(line, this.directory);
    if (result === undefined) {
      this.isOver = true;
      return;
    }
    this.status = result.exitCode;
    this.print(`${result.stdout}${result.stderr}`.replaceAll('\n', '\r\n'));
  }

  private change(path: string): void {
    const parts = path.startsWith('/') ? [] : this.directory.split('/').filter((part) => part !== '');
    for (const part of path.split('/')) {
      if (part === '..') parts.pop();
      else if (part !== '' && part !== '.') parts.push(part);
    }
    this.directory = `/${parts.join('/')}`;
  }

  private leave(status: number): void {
    if (this.isOver) return;
    this.isOver = true;
    this.finish(status);
  }
}
