// Content negotiation: the representation that a request accepts, and the form of its body.
import { hasProtobuf, type RestRequest, type Status } from '@kubesim/api';
import { plainStatus } from './plain-status.ts';

/** How an answer is to be shown. @internal */
export type Representation = 'object' | 'table' | 'metadata';

/** The media type of Kubernetes' protobuf form. @internal */
export const PROTOBUF = 'application/vnd.kubernetes.protobuf';

const JSON_TYPES: readonly string[] = ['application/json', 'application/yaml', 'application/*', '*/*'];

interface Clause {
  readonly isProtobuf: boolean;
  readonly representation: Representation;
}

/** What a client accepts, in its order: media types that are not served and forms that are not known are passed over. */
function* accepted(request: RestRequest): Generator<Clause, void, undefined> {
  const accept = request.headers?.['accept'] ?? '';
  if (accept.trim() === '') yield { isProtobuf: false, representation: 'object' };
  for (const clause of accept.split(',')) {
    const [type = '', ...parameters] = clause.split(';').map((part) => part.trim());
    const isProtobuf = type === PROTOBUF;
    if (!isProtobuf && !JSON_TYPES.includes(type)) continue;
    const as = parameters.find((parameter) => parameter.startsWith('as='))?.slice(3);
    if (as === undefined) yield { isProtobuf, representation: 'object' };
    if (as === 'Table' && !isProtobuf) yield { isProtobuf, representation: 'table' };
    if (as === 'PartialObjectMetadata' || as === 'PartialObjectMetadataList') yield { isProtobuf, representation: 'metadata' };
  }
}

/** The representation of the first acceptable type of the Accept header, or the 406 Status. Custom resources have no protobuf form. @internal */
export function representationOf(request: RestRequest, isCustom: boolean = false): Representation | { readonly status: Status } {
  for (const { isProtobuf, representation } of accepted(request)) if (!isProtobuf || !isCustom || representation === 'metadata') return representation;
  return {
    status: plainStatus(406, 'NotAcceptable', '406: Not Acceptable\n\nAvailable representations: application/json, application/yaml, application/vnd.kubernetes.protobuf, application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch', {}),
  };
}

/** Whether an object is to be written as protobuf: the first acceptable type that can show it says so. @internal */
export function prefersProtobuf(request: RestRequest, apiVersion: string, kind: string): boolean {
  for (const { isProtobuf } of accepted(request)) {
    if (!isProtobuf) return false;
    if (hasProtobuf(apiVersion, kind)) return true;
  }
  return false;
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
