import { defineConfig } from 'vitest/config';

const packages = [
  'kernel', 'api', 'apiserver', 'client', 'controllers', 'scheduler', 'kubelet', 'kubectl', 'kubesim', 'testing', 'http',
  'conformance', 'cli',
];

export default defineConfig({
  test: {
    projects: packages.map((name) => ({
      resolve: { conditions: ['source'] },
      ssr: { resolve: { conditions: ['source'] } },
      test: { name, root: `packages/${name}`, include: ['test/**/*.test.ts'], testTimeout: 60_000 },
    })),
  },
});
