export { serveCluster, type ClusterServer, type ServeOptions } from './cluster-server.ts';
