// Runs the property suite for Stryker, in Stryker's own worker: suite and controller are bundled once, and evaluated anew for
// each mutant, so that nothing that a mutant left in a cache is met by the next. A test framework would be loaded for each
// mutant, and costs several times what its tests do.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, relative, resolve } from 'node:path';
import vm from 'node:vm';
import { INSTRUMENTER_CONSTANTS } from '@stryker-mutator/api/core';
import { declareClassPlugin, declareFactoryPlugin, PluginKind } from '@stryker-mutator/api/plugin';
import { determineHitLimitReached, DryRunStatus, TestStatus, toMutantRunResult } from '@stryker-mutator/api/test-runner';
import { testApi } from './test-api.mjs';

const SUITE = 'test/stateful-set/properties.ts';
const BUNDLE = 'property-bundle';
/** What the suite takes of each kind of world: enough to tell mutants, and no more. */
const COUNTS = { KUBESIM_SYNCS: '16', KUBESIM_DECISIONS: '20', KUBESIM_SUMMARIES: '20' };

class PropertyRunner {
  #evaluate;
  /** Names of the tests that told mutants, the last one first: neighbours are told by the same. */
  #tellers = [];
  #namespace = (globalThis[INSTRUMENTER_CONSTANTS.NAMESPACE] ??= {});

  capabilities() {
    return { reloadEnvironment: true };
  }

  async init() {
    Object.assign(process.env, COUNTS);
    // Stryker goes to its copy of the package after it loaded this file, and a bundler stays where it was loaded.
    const { build } = await import('tsup');
    await build({
      entry: { [BUNDLE]: SUITE }, format: 'cjs', outDir: BUNDLE, config: false, silent: true, external: ['vitest', 'fast-check'],
      // Of a package without side effects nothing would be left of a suite that is imported for them.
      esbuildOptions(options) {
        options.ignoreAnnotations = true;
      },
    });
    const file = resolve(BUNDLE, `${BUNDLE}.cjs`);
    const compiled = new vm.Script(`(function (require, module, exports) {${readFileSync(file, 'utf8')}\n})`, { filename: relative(process.cwd(), file) }).runInThisContext();
    const require = createRequire(resolve(SUITE));
    this.#evaluate = () => {
      const { api, tests } = testApi();
      const module = { exports: {} };
      compiled((id) => (id === 'vitest' ? api : require(id)), module, module.exports);
      return tests;
    };
  }

  async dryRun() {
    const namespace = this.#namespace;
    namespace.activeMutant = undefined;
    const tests = this.#evaluate().map((test) => {
      namespace.currentTestId = test.name;
      const result = run(test);
      namespace.currentTestId = undefined;
      return result;
    });
    return { status: DryRunStatus.Complete, tests, mutantCoverage: namespace.mutantCoverage };
  }

  async mutantRun({ activeMutant, testFilter, hitLimit, mutantActivation, disableBail }) {
    const namespace = this.#namespace;
    Object.assign(namespace, { activeMutant: mutantActivation === 'static' ? activeMutant.id : undefined, hitCount: 0, hitLimit });
    const results = [];
    try {
      const tests = this.#evaluate();
      namespace.activeMutant = activeMutant.id;
      const places = new Map(this.#tellers.map((name, place) => [name, place]));
      const place = ({ name }) => places.get(name) ?? places.size;
      const covering = tests.filter(({ name }) => testFilter === undefined || testFilter.includes(name));
      for (const test of covering.sort((a, b) => place(a) - place(b))) {
        const result = run(test);
        results.push(result);
        if (result.status !== TestStatus.Failed) continue;
        this.#tellers = [test.name, ...this.#tellers.filter((name) => name !== test.name)];
        if (!disableBail) break;
      }
    } catch (error) {
      // What is evaluated with a mutant of module level may throw at once.
      results.push({ ...resultOf({ name: SUITE }, 0), status: TestStatus.Failed, failureMessage: String(error) });
    }
    const limit = determineHitLimitReached(namespace.hitCount, hitLimit);
    Object.assign(namespace, { activeMutant: undefined, hitCount: undefined, hitLimit: undefined });
    return toMutantRunResult(limit ?? { status: DryRunStatus.Complete, tests: results });
  }
}

function resultOf({ name }, timeSpentMs) {
  return { id: name, name, timeSpentMs, fileName: SUITE };
}

function run(test) {
  const start = performance.now();
  try {
    test.run();
    return { ...resultOf(test, performance.now() - start), status: TestStatus.Success };
  } catch (error) {
    return { ...resultOf(test, performance.now() - start), status: TestStatus.Failed, failureMessage: error instanceof Error ? error.message : String(error) };
  }
}

/** The figures as docs/FIDELITY.md has them: every mutant that ended by time, every file, and the score. */
class FiguresReporter {
  onMutationTestReportReady({ files }) {
    let [killed, all, byTime] = [0, 0, 0];
    const lines = [];
    for (const [file, { mutants }] of Object.entries(files)) {
      const withStatus = (...statuses) => mutants.filter(({ status }) => statuses.includes(status));
      const slow = withStatus('Timeout');
      for (const { location, mutatorName, replacement } of slow) console.log(`by time: ${file}:${location.start.line}:${location.start.column} ${mutatorName} ${replacement}`);
      const detected = withStatus('Killed', 'Timeout').length;
      const total = detected + withStatus('Survived', 'NoCoverage').length;
      lines.push(`${basename(file, '.ts')} ${detected} of ${total}`);
      killed += detected;
      all += total;
      byTime += slow.length;
    }
    console.log(lines.join(', '));
    console.log(`score: ${killed} of ${all}, ${((100 * killed) / all).toFixed(1)} %, ${byTime} of them by time`);
  }
}

export const strykerPlugins = [
  declareFactoryPlugin(PluginKind.TestRunner, 'property', () => new PropertyRunner()),
  declareClassPlugin(PluginKind.Reporter, 'figures', FiguresReporter),
];
