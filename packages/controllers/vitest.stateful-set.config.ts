// The tests of the StatefulSet controller alone, for mutation testing: properties and unit tests, no recordings.
import { defineConfig, type ViteUserConfigExport } from 'vitest/config';

const config: ViteUserConfigExport = defineConfig({
  resolve: { conditions: ['source'] },
  ssr: { resolve: { conditions: ['source'] } },
  test: { include: ['test/stateful-set/**/*.test.ts'], testTimeout: 60_000, env: { KUBESIM_WALKS: '40', KUBESIM_POLICIES: '2' } },
});

export default config;
