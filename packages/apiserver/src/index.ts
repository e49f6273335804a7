export type { Change, Storage } from './storage/storage.ts';
