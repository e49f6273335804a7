import { once } from 'node:events';
import { request } from 'node:http';
import { describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { serve, SET, type Served } from './serving.ts';

const PATH = '/api/v1/namespaces/default/pods/web-0/exec';

async function ready(): Promise<Served> {
  const served = await serve({ speed: 'step' });
  served.cluster.apply(SET as never);
  served.cluster.settle();
  return served;
}

function query(command: readonly string[], more: string = ''): string {
  return `?${command.map((word) => `command=${encodeURIComponent(word)}`).join('&')}&stdout=true&stderr=true${more}`;
}

interface Outcome {
  readonly stdout: string;
  readonly stderr: string;
  readonly status: { readonly status: string; readonly details?: { readonly causes: readonly { readonly message: string }[] } };
  readonly code: number;
}

/** Runs a command as kubectl does: frames by channel until the orderly close. */
async function exec(url: string, search: string, options: { readonly protocol?: string; readonly input?: readonly (Buffer | string)[] } = {}): Promise<Outcome> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}${PATH}${search}`, [options.protocol ?? 'v5.channel.k8s.io']);
  const channels = ['', '', '', ''];
  socket.on('message', (data: Buffer) => { channels[data[0] as number] += data.toString('utf8', 1); });
  socket.on('open', () => { for (const frame of options.input ?? []) socket.send(typeof frame === 'string' ? Buffer.concat([Buffer.from([0]), Buffer.from(frame)]) : frame); });
  const [code] = await once(socket, 'close') as [number];
  return { stdout: channels[1] ?? '', stderr: channels[2] ?? '', status: JSON.parse(channels[3] ?? '') as Outcome['status'], code };
}

describe('exec over a WebSocket', () => {
  it.each(['v5.channel.k8s.io', 'v4.channel.k8s.io'])('should run a command and close in order (%s)', async (protocol) => {
    const { url } = await ready();
    expect(await exec(url, query(['hostname']), { protocol })).toMatchObject({ stdout: 'web-0\n', stderr: '', status: { status: 'Success' }, code: 1000 });
    const failed = await exec(url, query(['sh', '-c', 'echo bad >&2; exit 3']), { protocol });
    expect(failed.status).toMatchObject({ status: 'Failure', reason: 'NonZeroExitCode', details: { causes: [{ reason: 'ExitCode', message: '3' }] } });
  });

  it('should keep what a command changed, and trace with -x on stderr', async () => {
    const { url, cluster } = await ready();
    const outcome = await exec(url, query(['/bin/sh', '-x', '-c', 'echo hello > /tmp/a && cat /tmp/a']));
    expect([outcome.stdout, outcome.stderr]).toEqual(['hello\n', '+ echo hello\n+ cat /tmp/a\n']);
    cluster.settle();
    expect((await exec(url, query(['cat', '/tmp/a']))).stdout).toBe('hello\n');
  });

  it('should give a command its input, and run a shell at a terminal line by line', async () => {
    const { url } = await ready();
    const end = Buffer.from([255, 0]);
    expect((await exec(url, query(['cat'], '&stdin=true'), { input: ['one\n', 'two\n', end] })).stdout).toBe('one\ntwo\n');
    expect((await exec(url, query(['sh'], '&stdin=true'), { input: ['hostname; exit 4\n', end] })).status.details?.causes[0]?.message).toBe('4');
    const terminal = await exec(url, query(['sh'], '&stdin=true&tty=true'), { input: [Buffer.from([4, ...Buffer.from('{"Width":80,"Height":24}')]), 'hostnamx\u007fe\r', 'exit\r'] });
    expect(terminal.stdout).toContain('web-0\r\n# ');
    expect(terminal.status.status).toBe('Success');
  });

  it('should refuse with the answer that kubectl prints: no pod, no container, no protocol, SPDY', async () => {
    const { url, cluster } = await ready();
    const before = cluster.digest;
    const ask = (path: string, headers: Readonly<Record<string, string>>): Promise<readonly [number | undefined, string]> => new Promise((resolve, reject) => {
      const sent = request(`${url}${path}`, { headers: { connection: 'Upgrade', ...headers } }, (response) => {
        let text = '';
        response.on('data', (chunk: Buffer) => { text += chunk.toString(); }).on('end', () => { resolve([response.statusCode, text]); });
      });
      sent.on('error', reject).on('upgrade', (_response, socket) => { socket.destroy(); resolve([101, '']); }).end();
    });
    const socket = { upgrade: 'websocket', 'sec-websocket-version': '13', 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==' };
    const v5 = { ...socket, 'sec-websocket-protocol': 'v5.channel.k8s.io' };
    expect(await ask('/api/v1/namespaces/default/pods/none/exec?command=ls&stdout=true', v5)).toEqual([404, expect.stringContaining('pods \\"none\\" not found')]);
    expect(await ask(`${PATH}?command=ls&stdout=true&container=x`, v5)).toEqual([400, expect.stringContaining('container x is not valid for pod web-0')]);
    expect(await ask(`${PATH}?command=ls&stdout=true`, { ...socket, 'sec-websocket-protocol': 'v9.channel.k8s.io' })).toEqual([400, expect.stringContaining('v9.channel.k8s.io')]);
    expect(await ask(`${PATH}?command=ls`, v5)).toEqual([400, 'you must specify at least 1 of stdin, stdout, stderr']);
    expect(await ask(`${PATH}?command=ls&stdout=true`, { upgrade: 'SPDY/3.1' })).toEqual([400, expect.stringContaining('SPDY/3.1 streams are not served')]);
    expect(await ask('/api/v1/namespaces/default/pods', v5)).toEqual([200, expect.stringContaining('PodList')]);
    expect(cluster.digest).toBe(before);
  });
});
