// How every published package is built.
import type { Options } from 'tsup';

/** Options of a package whose only entry is its index. */
export const base: Options = {
  entry: ['src/index.ts'],
  format: ['esm', 'cjs'],
  dts: true,
  clean: true,
  sourcemap: true,
  target: 'node20',
  tsconfig: '../../tsconfig.build.json',
  // A test process reads all of it before its first test: names and stacks stay, white space goes.
  esbuildOptions(options) {
    options.minifyWhitespace = true;
    options.minifySyntax = true;
  },
};
