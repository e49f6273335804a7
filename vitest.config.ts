import { defineConfig, type ViteUserConfigExport } from 'vitest/config';

const packages = [
  'kernel', 'api', 'apiserver', 'client', 'controllers', 'scheduler', 'kubelet', 'kubectl', 'kubesim', 'testing', 'http',
  'conformance', 'cli',
];

const config: ViteUserConfigExport = defineConfig({
  test: {
    projects: [...packages.map((name) => ({ name, root: `packages/${name}` })), { name: 'operator', root: 'examples/operator' }, { name: 'first-test', root: 'examples/vitest' }].map((project) => ({
      resolve: { conditions: ['source'] },
      ssr: { resolve: { conditions: ['source'] } },
      test: { ...project, include: ['test/**/*.test.ts'], testTimeout: 60_000 },
    })),
  },
});

export default config;
