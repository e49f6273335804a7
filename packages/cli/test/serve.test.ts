import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { Cluster, type Recording } from 'kubesim';
import { serve, type ServeFlags, type Serving } from '../src/serve.ts';

const FLAGS: ServeFlags = { port: '0', host: '127.0.0.1', nodes: '1', seed: '1', speed: 'step' };
const folder = mkdtempSync(join(tmpdir(), 'kubesim-cli-'));
const running: Serving[] = [];
afterEach(async () => { for (const serving of running.splice(0)) await serving.stop(); });

async function start(flags: Partial<ServeFlags>): Promise<Serving> {
  const serving = await serve({ ...FLAGS, ...flags });
  running.push(serving);
  return serving;
}

async function stop(serving: Serving): ReturnType<Serving['stop']> {
  running.splice(running.indexOf(serving), 1);
  return serving.stop();
}

async function put({ server }: Serving, name: string): Promise<string> {
  const response = await fetch(`${server.url}/api/v1/namespaces/default/configmaps`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ metadata: { name } }) });
  return (await response.json() as { readonly metadata: { readonly uid: string } }).metadata.uid;
}

describe('kubesim serve', () => {
  it('should write a kubeconfig, say what to type, and take it away at the end', async () => {
    const serving = await start({ token: 'secret' });
    const config = JSON.parse(readFileSync(serving.kubeconfig, 'utf8')) as { readonly clusters: readonly { readonly cluster: { readonly server: string } }[]; readonly users: readonly { readonly user: { readonly token: string } }[] };
    expect([config.clusters[0]?.cluster.server, config.users[0]?.user.token]).toEqual([serving.server.url, 'secret']);
    expect(serving.greeting).toContain(`export KUBECONFIG=${serving.kubeconfig}`);
    await stop(serving);
    expect(existsSync(serving.kubeconfig)).toBe(false);
    await expect(fetch(serving.server.url)).rejects.toThrow('fetch failed');
  });

  it('should save its state and go on from it', async () => {
    const state = join(folder, 'state.json');
    const first = await start({ state });
    const uid = await put(first, 'kept');
    first.server.idle(60_000);
    expect((await stop(first)).said).toEqual([`state saved in ${state}`]);
    const second = await start({ state, nodes: '3', speed: 'max' });
    expect(second.greeting).toContain('as saved in');
    const found = await (await fetch(`${second.server.url}/api/v1/namespaces/default/configmaps/kept`)).json() as { readonly metadata: { readonly uid: string } };
    expect(found.metadata.uid).toBe(uid);
  });

  it('should record a run that replays, and requests that are checked for recurrence', async () => {
    const [record, requests] = [join(folder, 'run.json'), join(folder, 'requests.json')];
    const first = await start({ record, requests });
    await put(first, 'a');
    first.server.idle(30_000);
    await put(first, 'b');
    await stop(first);
    const recording = JSON.parse(readFileSync(record, 'utf8')) as Recording;
    expect(Cluster.replay(recording).digest).toBe(recording.digest);
    const again = await start({ requests });
    await put(again, 'a');
    again.server.idle(30_000);
    await put(again, 'b');
    expect(await stop(again)).toEqual({ said: [`requests recur as recorded in ${requests}`], isSame: true });
    const other = await start({ requests });
    await put(other, 'a');
    expect(await stop(other)).toMatchObject({ said: [expect.stringContaining('was recorded and did not recur')], isSame: false });
    rmSync(requests);
  });

  it('should name the flag that is wrong and what was expected', async () => {
    const broken = join(folder, 'broken.json');
    writeFileSync(broken, '{"format":"other"}');
    for (const [flags, message] of [
      [{ port: 'http' }, "--port must be a whole number, not 'http'"], [{ nodes: '1.5' }, "--nodes must be a whole number, not '1.5'"], [{ speed: 'fast' }, '--speed must be such as'], [{ start: 'soon' }, '--start must be an instant'],
      [{ state: broken }, "state.format must be 'kubesim-state/1'"], [{ requests: folder }, '--requests'], [{ timing: 'slow' }, 'options.timing'], [{ port: '70000' }, 'options.port must be a port'],
    ] as const) await expect(serve({ ...FLAGS, ...flags }), message).rejects.toThrow(message);
  });
});
