export type { Change, Storage } from './storage/storage.ts';
export { keyOf, STORE, storeComponent, WorldStorage } from './storage/world-storage.ts';
export { freezeView, initialList, relist, subscribe, thawView, unsubscribe, viewComponent, viewName, ViewReader, type Deliver, type ViewArgs } from './storage/view.ts';
export { createApiServer, type ApiServer } from './api-server.ts';
export type { ApiServerOptions, Caller } from './server.ts';
export type { AdmissionAttributes, AdmissionContext, AdmissionOutcome, AdmissionPlugin } from './admission/admission-plugin.ts';
export { watchEvent, watchEvents } from './rest/watch-events.ts';
export { DEFAULT_ADMISSION_PLUGINS } from './admission/plugins.ts';
export { serviceAccount } from './admission/service-account.ts';
