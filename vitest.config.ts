import { defineConfig, type ViteUserConfigExport } from 'vitest/config';

const packages = [
  'kernel', 'api', 'apiserver', 'client', 'controllers', 'scheduler', 'kubelet', 'kubectl', 'kubesim', 'testing', 'http',
  'conformance', 'cli',
];

const config: ViteUserConfigExport = defineConfig({
  test: {
    projects: packages.map((name) => ({
      resolve: { conditions: ['source'] },
      ssr: { resolve: { conditions: ['source'] } },
      test: { name, root: `packages/${name}`, include: ['test/**/*.test.ts'], testTimeout: 60_000 },
    })),
  },
});

export default config;
