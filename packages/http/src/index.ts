export { serveCluster, type ClusterServer, type ServeOptions } from './cluster-server.ts';
export { clusterFetch, type ClusterFetch } from './cluster-fetch.ts';
export type { GatewayOptions, Speed } from './options.ts';
export type { IdleAnswer } from './pace.ts';
export { checkRecurrence, type RecordedRequest, type RequestRecording } from './request-log.ts';
