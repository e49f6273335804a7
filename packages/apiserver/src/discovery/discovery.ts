// Discovery: what the server serves, in the legacy and the aggregated form.
import type { RestRequest, RestResponse } from '@kubesim/api';
import type { ServerContext } from '../server.ts';

/** Answers a discovery path, or undefined for any other. @internal */
export function discover(context: ServerContext, request: RestRequest): RestResponse | undefined {
  void context;
  void request;
  return undefined;
}
