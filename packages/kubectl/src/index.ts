export { kubectl, type KubectlResult } from './kubectl.ts';
export type { KubectlOptions } from './session.ts';
export { splitWords } from './words.ts';
