// The property suite of the StatefulSet controller alone, for mutation testing: no unit tests and no recordings. The packages
// below the controllers are taken as built, so that a mutant does not pay for loading their sources anew.
import { defineConfig, type ViteUserConfigExport } from 'vitest/config';

const config: ViteUserConfigExport = defineConfig({
  test: {
    include: ['test/stateful-set/properties.ts'], testTimeout: 60_000, isolate: false,
    server: { deps: { external: [/packages\/(api|client|kernel)\/dist\//] } },
    env: { KUBESIM_SYNCS: '8', KUBESIM_DECISIONS: '10', KUBESIM_SUMMARIES: '20' },
  },
});

export default config;
