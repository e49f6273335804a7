// `import '@kubesim/testing/vitest'`, in a test or a setup file: gives vitest's expect the matchers, and TypeScript their types.
import { expect } from 'vitest';
import { matchers, type KubesimMatchers } from './matchers.ts';

declare module 'vitest' {
  // Declarations of one interface have the same parameters; vitest's takes what was given to expect.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any, @typescript-eslint/no-unused-vars
  interface Matchers<T = any> extends KubesimMatchers {}
}

expect.extend(matchers);
