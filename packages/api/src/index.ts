export type * from './generated/types.ts';
export type { ApiCall, ApiReply, KubeObject, PatchType, ResourceName, RestRequest, RestResponse, WatchEvent, WatchRequest } from './request.ts';
