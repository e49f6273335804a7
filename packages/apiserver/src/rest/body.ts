// From the bytes of a body to a typed object, with the errors and warnings of upstream's decoder.
import {
  apiVersionOf, badRequestStatus, builtInScheme, conform, invalid, invalidStatus, parseJson, parseYaml, quote, type KindDefinition, type KubeObject, type RestRequest,
} from '@kubesim/api';
import { structOf } from '../decode.ts';
import { noteEmptyLists } from '../empty-lists.ts';
import { Refusal } from '../server.ts';

/** What to do about unknown and duplicate fields. @internal */
export type FieldValidation = 'Strict' | 'Warn' | 'Ignore';

const SUMMARY_LENGTH = 30;
const ENVELOPE = 'struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }';

/** The text of a body. @internal */
export function bodyText(request: RestRequest): string {
  const { body } = request;
  if (body === undefined) return '';
  return typeof body === 'string' ? body : new TextDecoder().decode(body);
}

function summary(text: string): string {
  if (text === '') return '<empty>';
  if (text.trimStart().startsWith('{')) return text.length <= SUMMARY_LENGTH ? text : `${text.slice(0, SUMMARY_LENGTH)} ...`;
  const bytes = new TextEncoder().encode(text);
  const hex = [...bytes.slice(0, SUMMARY_LENGTH)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return bytes.length <= SUMMARY_LENGTH ? hex : `${hex} ...`;
}

function refuse(message: string): never {
  throw new Refusal(badRequestStatus(message));
}

/** Decodes a body as a kind. Throws Refusal 400. Adds the texts of warnings. @internal */
export function decodeBody(kind: KindDefinition, text: string, form: 'json' | 'yaml', validation: FieldValidation, warnings: string[]): KubeObject {
  const parsed = form === 'json' ? parseJson(text) : parseYaml(text);
  const unrecognized = (error: string): never => refuse(`the object provided is unrecognized (must be of type ${kind.kind}): couldn't get version/kind; json parse error: ${error} (${summary(text)})`);
  if (!parsed.ok) return unrecognized(parsed.error);
  const value = parsed.value ?? {};
  if (typeof value !== 'object') return unrecognized(`json: cannot unmarshal ${typeof value === 'boolean' ? 'bool' : typeof value} into Go value of type ${ENVELOPE}`);
  if (Array.isArray(value)) return unrecognized(`json: cannot unmarshal array into Go value of type ${ENVELOPE}`);
  return decodeValue(kind, value as KubeObject, parsed.duplicates, validation, warnings);
}

/** Decodes a JSON object as a kind. Throws Refusal 400. Adds the texts of warnings. @internal */
export function decodeValue(kind: KindDefinition, value: KubeObject, duplicates: readonly string[], validation: FieldValidation, warnings: string[], known?: KubeObject): KubeObject {
  const expected = apiVersionOf(kind);
  if (kind.schema !== undefined) checkCustomType(kind, value, expected);
  const apiVersion = typeof value.apiVersion === 'string' && value.apiVersion !== '' ? value.apiVersion : expected;
  const sentKind = typeof value.kind === 'string' && value.kind !== '' ? value.kind : kind.kind;
  const slash = apiVersion.indexOf('/');
  const [group, version] = slash < 0 ? ['', apiVersion] : [apiVersion.slice(0, slash), apiVersion.slice(slash + 1)];
  if (apiVersion !== expected || sentKind !== kind.kind) {
    const why = builtInScheme.byKind(group, version, sentKind) === undefined && !(group === 'autoscaling' && sentKind === 'Scale')
      ? `no kind ${quote(sentKind)} is registered for version ${quote(apiVersion)} in scheme "pkg/runtime/scheme.go:111"`
      : `converting (${version}.${sentKind}) to (${internalPackage(kind.group)}.${kind.kind}): unknown conversion`;
    refuse(`${sentKind} in version ${quote(version)} cannot be handled as a ${kind.kind}: ${why}`);
  }
  const struct = structOf(kind);
  if (struct === undefined) return value;
  const { value: typed, findings } = conform(struct, value, known);
  if (findings.error !== undefined) {
    // Of a custom resource only the metadata is read into a Go type, and by itself.
    const error = kind.schema === undefined ? findings.error : findings.error.replace('ObjectMeta.metadata.', 'ObjectMeta.');
    refuse(`${kind.kind} in version ${quote(version)} cannot be handled as a ${kind.kind}: ${error}`);
  }
  const problems = [...duplicates.map((path) => `duplicate field ${quote(path)}`), ...findings.unknown.map((path) => `unknown field ${quote(path)}`)];
  if (problems.length > 0) {
    if (validation === 'Strict') refuse(`${kind.kind} in version ${quote(version)} cannot be handled as a ${kind.kind}: strict decoding error: ${problems.join(', ')}`);
    if (validation === 'Warn') warnings.push(...problems);
  }
  if (typed !== known) noteEmptyLists(kind, value, typed as KubeObject);
  return typed as KubeObject;
}

/** Custom resources are decoded without a Go type of their own: what they say they are is compared, not looked up. */
function checkCustomType(kind: KindDefinition, value: KubeObject, expected: string): void {
  const { apiVersion = '', kind: sentKind = '' } = value;
  if (sentKind === '') refuse("Object 'Kind' is missing in 'unstructured object has no kind'");
  if (apiVersion !== expected) refuse(`the API version in the data (${apiVersion}) does not match the expected API version (${expected})`);
  if (sentKind !== kind.kind) throw new Refusal(invalidStatus({ group: kind.group, kind: sentKind }, value.metadata?.name ?? '', [invalid('kind', sentKind, `must be ${kind.kind}`)]));
}

/** The Go package that holds a group's internal types. */
function internalPackage(group: string): string {
  return group === '' ? 'core' : group.split('.')[0] ?? group;
}
