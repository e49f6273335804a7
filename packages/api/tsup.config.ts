import { defineConfig } from 'tsup';
import { base } from '../../tsup.base.ts';

export default defineConfig({
  ...base,
  // The parser comes as dozens of files: bundled it is read in a quarter of the time.
  noExternal: ['yaml'],
  platform: 'neutral',
});
