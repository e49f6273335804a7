// Content negotiation: the representation that a request accepts, and the form of its body.
import type { RestRequest, Status } from '@kubesim/api';
import { plainStatus } from './plain-status.ts';

/** How an answer is to be shown. @internal */
export type Representation = 'object' | 'table' | 'metadata';

const OBJECT_TYPES: readonly string[] = ['application/json', 'application/yaml', 'application/*', '*/*', 'application/vnd.kubernetes.protobuf'];

/** The representation of the first acceptable type of the Accept header, or the 406 Status. @internal */
export function representationOf(request: RestRequest): Representation | { readonly status: Status } {
  const accept = request.headers?.['accept'] ?? '';
  if (accept.trim() === '') return 'object';
  for (const clause of accept.split(',')) {
    const [type = '', ...parameters] = clause.split(';').map((part) => part.trim());
    if (!OBJECT_TYPES.includes(type)) continue;
    const as = parameters.find((parameter) => parameter.startsWith('as='))?.slice(3);
    if (as === undefined) return 'object';
    if (as === 'Table') return 'table';
    if (as === 'PartialObjectMetadata' || as === 'PartialObjectMetadataList') return 'metadata';
  }
  return {
    status: plainStatus(406, 'NotAcceptable', '406: Not Acceptable\n\nAvailable representations: application/json, application/yaml, application/vnd.kubernetes.protobuf, application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch', {}),
  };
}

const BODY_TYPES: Readonly<Record<string, 'json' | 'yaml'>> = { 'application/json': 'json', 'application/yaml': 'yaml', 'text/yaml': 'yaml' };

/** The media type of the body without its parameters. @internal */
export function mediaType(request: RestRequest): string {
  return (request.headers?.['content-type'] ?? '').split(';')[0]?.trim() ?? '';
}

/** The form of the body of POST, PUT and DELETE, or the 415 Status. A request without a type sends JSON. @internal */
export function bodyForm(request: RestRequest): 'json' | 'yaml' | { readonly status: Status } {
  const type = mediaType(request);
  if (type === '') return 'json';
  const form = Object.hasOwn(BODY_TYPES, type) ? BODY_TYPES[type] : undefined;
  return form ?? { status: unsupportedBody('application/json, application/yaml, application/vnd.kubernetes.protobuf') };
}

/** 415 for a body of a form that is not accepted there. @internal */
export function unsupportedBody(accepted: string): Status {
  return plainStatus(415, 'UnsupportedMediaType', `the body of the request was in an unknown format - accepted media types include: ${accepted}`);
}
