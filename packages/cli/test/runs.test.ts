import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { Cluster } from 'kubesim';
import { checkTraceFile, runFile, timelineFile } from '../src/runs.ts';

const folder = mkdtempSync(join(tmpdir(), 'kubesim-runs-'));
afterAll(() => { rmSync(folder, { recursive: true }); });

function write(name: string, content: unknown): string {
  const path = join(folder, name);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}
function said(run: (log: (line: string) => void) => boolean): { readonly isRight: boolean; readonly lines: readonly string[] } {
  const lines: string[] = [];
  return { isRight: run((line) => { lines.push(line); }), lines };
}
const scenario = {
  seed: 0, kubernetes: '1.37', nodes: [{}, {}], objects: [{ kind: 'StatefulSet', name: 'web', replicas: 2, pod: { version: 1, graceSeconds: 1 } }],
  workload: [{ waitMs: 500, do: 'setImage', target: 'statefulset/web', version: 2 }], faults: [], choices: { mode: 'fifo' },
};

describe('kubesim run', () => {
  it('should say that a scenario holds what it is to hold', () => {
    const { isRight, lines } = said((log) => runFile(write('good.json', scenario), log));
    expect([isRight, lines[0]]).toEqual([true, expect.stringMatching(/^all properties hold: .*digest [0-9a-f]+$/)]);
  });
  it('should name what is wrong with a file', () => {
    expect(() => runFile(write('extra.json', { ...scenario, replicas: 3 }), () => undefined)).toThrow("'replicas' is none of seed, kubernetes");
    expect(() => runFile(write('short.json', { seed: 1 }), () => undefined)).toThrow("'kubernetes' is missing");
    expect(() => runFile(write('text.json', 'no json'), () => undefined)).toThrow('text.json: ');
  });
});

describe('kubesim timeline', () => {
  it('should draw a scenario and a recorded run in every form', () => {
    const path = write('drawn.json', scenario);
    expect(timelineFile(path, 'text')).toContain('web-0');
    expect(timelineFile(path, 'svg')).toMatch(/^<svg[\s\S]*web-1/);
    expect(timelineFile(path, 'html')).toContain('<svg');
    expect(JSON.parse(timelineFile(path, 'trace'))).toBeTruthy();
    const cluster = new Cluster({ seed: 1, nodes: 1 }).record();
    cluster.kubectl('create deployment api --image=nginx:1.27');
    cluster.settle();
    expect(timelineFile(write('recorded.json', cluster.recording()), 'text')).toContain('api-');
  });
  it('should name the forms', () => {
    expect(() => timelineFile(write('form.json', scenario), 'png')).toThrow("--format: expected text, svg, html, trace, not 'png'");
  });
});

describe('kubesim check-trace', () => {
  const recorded = JSON.parse(gunzipSync(readFileSync(join(import.meta.dirname, '../../conformance/vectors/scenarios/sts-no-claims.json.gz'))).toString()) as { readonly log: readonly unknown[] };
  it('should let what a real cluster did pass, as an array or line by line', () => {
    for (const content of [JSON.stringify(recorded.log), recorded.log.map((event) => JSON.stringify(event)).join('\n')]) {
      expect(said((log) => checkTraceFile(write('trace.json', content), log))).toEqual({ isRight: true, lines: [`all invariants hold over ${recorded.log.length} events`] });
    }
  });
  it('should say which event cannot have been', () => {
    const { isRight, lines } = said((log) => checkTraceFile(write('twice.json', [...recorded.log, ...recorded.log]), log));
    expect([isRight, lines[0]]).toEqual([false, expect.stringMatching(/does not hold/)]);
  });
  it('should name what is no event', () => {
    expect(() => checkTraceFile(write('none.json', [{}]), () => undefined)).toThrow('event 0 must have a type and an object with metadata');
  });
});
