// Reads manifests: YAML or JSON text of one document or several.
import { parseAllDocuments } from 'yaml';

/** One document of a manifest, or why it cannot be read. @public */
export type ParsedDocument = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly error: string };

/** Every document of a text, in order; an empty one is null. The version of YAML is 1.1, with merge keys, as kubectl reads it. @public */
export function parseDocuments(text: string): readonly ParsedDocument[] {
  if (/^\s*[{[]/.test(text)) {
    try {
      return [{ ok: true, value: JSON.parse(text) as unknown }];
    } catch {
      // YAML in flow style looks like this, too, and its parser says better what is wrong.
    }
  }
  return parseAllDocuments(text, { version: '1.1', merge: true }).map((document) => {
    const [error] = document.errors;
    return error === undefined ? { ok: true, value: (document.toJS({ maxAliasCount: 100 }) ?? null) as unknown } : { ok: false, error: error.message };
  });
}
