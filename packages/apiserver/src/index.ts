export type { Change, Storage } from './storage/storage.ts';
export { keyOf, STORE, storeComponent, WorldStorage } from './storage/world-storage.ts';
export { freezeView, relist, subscribe, thawView, unsubscribe, viewComponent, viewName, ViewReader, type Deliver, type ViewArgs } from './storage/view.ts';
