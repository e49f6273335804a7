import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { exploreFile } from '../src/explore.ts';

const folder = mkdtempSync(join(tmpdir(), 'kubesim-explore-'));
afterAll(() => { rmSync(folder, { recursive: true }); });

const example = JSON.parse(readFileSync(join(import.meta.dirname, '../../../examples/explore/rolling-update.json'), 'utf8')) as { bounds: { deviations: number }; finally: object };

function write(name: string, content: unknown): string {
  const path = join(folder, name);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

function run(path: string, options: Parameters<typeof exploreFile>[1] = {}): { readonly isRight: boolean; readonly lines: readonly string[] } {
  const lines: string[] = [];
  return { isRight: exploreFile(path, options, (line) => { lines.push(line); }), lines };
}

describe('kubesim explore', () => {
  const small = write('small.json', { ...example, bounds: { ...example.bounds, deviations: 0 } });

  it('should say what it covered, and write a certificate', () => {
    const certificate = join(folder, 'certificate.json');
    const { isRight, lines } = run(small, { certificate });
    expect(isRight).toBe(true);
    expect(lines.join('\n')).toContain('exhausted: nothing was found within these bounds');
    expect(JSON.parse(readFileSync(certificate, 'utf8'))).toMatchObject({ format: 'kubesim-certificate/1', budgets: { deviations: 0, crashes: 1 }, interventions: ['the manager crashes'] });
  });

  it('should confirm its certificate by another search, and refuse one that was tampered with', () => {
    const path = join(folder, 'whole.json');
    run(small, { certificate: path });
    const certificate = JSON.parse(readFileSync(path, 'utf8')) as { readonly states: number; readonly start: string };
    expect(run(small, { check: path })).toEqual({ isRight: true, lines: [`confirmed: ${certificate.states} states, each step made anew, and nothing is broken`] });
    const tampered = (fields: object): { readonly isRight: boolean; readonly lines: readonly string[] } => run(small, { check: write('tampered.json', { ...certificate, ...fields }) });
    expect(tampered({ budgets: { deviations: 3, deferrals: 0, crashes: 1 } })).toEqual({ isRight: false, lines: ['refused: budgets is {"deviations":3,"deferrals":0,"crashes":1} there and {"deviations":0,"deferrals":0,"crashes":1} here'] });
    expect(tampered({ monitors: [] }).lines[0]).toContain('refused: monitors is [] there');
    expect(tampered({ statesDigest: certificate.start }).lines).toEqual(['refused: its states are not those that are there']);
    expect(() => run(small, { check: write('broken-certificate.json', '{') })).toThrow('broken-certificate.json:');
    expect(() => run(small, { check: write('no-certificate.json', '7') })).toThrow('expected a certificate, as --certificate writes it');
  });

  it('should pause and go on to the same end', () => {
    const whole = run(small).lines;
    const state = join(folder, 'state.json');
    let last = run(small, { states: '900', state });
    expect(last.lines.some((line) => line.startsWith('paused:'))).toBe(true);
    for (let round = 0; round < 10 && last.lines.some((line) => line.startsWith('paused:')); round++) last = run(small, { states: '900', state });
    expect(last.lines).toEqual(whole);
  });

  it('should print the steps to what is violated', () => {
    const { isRight, lines } = run(write('violated.json', { ...example, finally: { pods: 3 } }));
    expect(isRight).toBe(false);
    expect(lines.join('\n')).toMatch(/violated: finally 3 pods: 2 are there\n {2}1\. /);
  });

  it('should refuse what means nothing, by name', () => {
    expect(() => run(write('bad.json', '{'))).toThrow('bad.json:');
    expect(() => run(write('unknown.json', { whenever: [] }))).toThrow("'whenever' is none of cluster, given");
    expect(() => run(small, { shard: '2' })).toThrow('--shard: expected k/n');
    expect(() => run(small, { states: 'many' })).toThrow('--states: expected a whole number');
  });
});

describe('kubesim explore of a scenario', () => {
  const scenario = JSON.parse(readFileSync(join(import.meta.dirname, '../../../examples/explore/scenario.json'), 'utf8')) as { scenario: { objects: readonly object[]; workload: readonly object[] }; bounds: object };

  it('should exhaust the example with a crash, a stale cache or an API error at every point, and look for loops', () => {
    const [set] = scenario.scenario.objects;
    const one = { ...scenario, scenario: { ...scenario.scenario, objects: [{ ...set, replicas: 1 }], workload: scenario.scenario.workload.slice(0, 2) } };
    const { isRight, lines } = run(write('scenario.json', one));
    expect(lines.join('\n')).toContain('exhausted: nothing was found within these bounds');
    expect(isRight).toBe(true);
  });

  it('should print what breaks as a small scenario that replays it', () => {
    const broken = run(write('broken.json', { ...scenario, cluster: { withoutControllers: ['statefulset-controller'] }, bounds: { deviations: 0 }, properties: ['convergence of StatefulSets'] }));
    expect(broken.isRight).toBe(false);
    expect(broken.lines.join('\n')).toMatch(/violated: convergence of StatefulSets: [\s\S]*convergence of StatefulSets does not hold[\s\S]*replay: runScenario\(/);
  });

  it('should take a bare scenario, and explore it along one deviation', () => {
    const { isRight, lines } = run(write('bare.json', { ...scenario.scenario, objects: [], workload: [] }));
    expect(isRight).toBe(true);
    expect(lines.join('\n')).toContain('budgets: deviations 1, deferrals 0');
  });

  it('should refuse a scenario that means nothing, by name', () => {
    expect(() => run(write('s1.json', { ...scenario, monitors: [] }))).toThrow("'monitors' is none of scenario, cluster");
    expect(() => run(write('s2.json', { ...scenario, scenario: { ...scenario.scenario, faults: undefined } }))).toThrow('scenario.faults must be a list');
    expect(() => run(write('s3.json', { ...scenario, properties: ['peace'] }))).toThrow("properties: 'peace' is none of");
    expect(() => run(write('s4.json', { ...scenario, cluster: { nodes: 3 } }))).toThrow('cluster.nodes is none of timing, withoutControllers');
    expect(() => run(write('s5.json', { ...scenario, bounds: { faulst: [] } }))).toThrow('bounds.faulst is none of');
  });
});
