// The recorded discovery documents of the API server.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { createApiServer, DEFAULT_ADMISSION_PLUGINS, STORE, storeComponent, WorldStorage } from '@kubesim/apiserver';
import { deriveIdentity, Machine } from '@kubesim/kernel';
import { compareDiscovery } from '../../vectors/compare.mjs';
import type { CaseResult, ConformOptions, ConformSet, SetReport } from '../conform-set.ts';

interface RecordedDiscovery {
  readonly legacy: Readonly<Record<string, unknown>>;
  readonly aggregated: Readonly<Record<string, unknown>>;
}

const DEFAULT_FOLDER = new URL('../../vectors/discovery/', import.meta.url).pathname;

/** Every recorded path is a case. */
export const discoverySet: ConformSet = {
  name: 'discovery',
  run(options: ConformOptions): SetReport {
    const recorded = JSON.parse(gunzipSync(readFileSync(join(options.folder ?? DEFAULT_FOLDER, `${options.release ?? '1.37'}.json.gz`))).toString('utf8')) as RecordedDiscovery;
    const machine = new Machine({ definition: { components: [storeComponent] }, seed: 1, startAt: 0 });
    machine.spawn(STORE, STORE);
    const server = createApiServer({
      storage: new WorldStorage(machine), now: () => machine.now, profile: { kubernetes: '1.37', featureGates: {} }, admission: DEFAULT_ADMISSION_PLUGINS, identity: (parts) => deriveIdentity(machine.seed, parts),
    });
    const answer = (path: string, accept: string): unknown => {
      const response = server.handle({ method: 'GET', path, headers: { accept } });
      return response.status === 200 ? response.body : undefined;
    };
    const cases: CaseResult[] = [];
    const compare = (id: string, legacy: Readonly<Record<string, unknown>>, aggregated: Readonly<Record<string, unknown>>): void => {
      const differences = compareDiscovery({ legacy, aggregated }, answer) as readonly string[];
      if (options.only === undefined || id.includes(options.only)) cases.push({ id, agrees: differences.length === 0, differences });
    };
    for (const [path, body] of Object.entries(recorded.legacy)) compare(path, { [path]: body }, {});
    for (const [path, body] of Object.entries(recorded.aggregated)) compare(`${path} (aggregated)`, {}, { [path]: body });
    return { cases };
  },
};
