// Reads YAML bodies as the JSON they stand for.
import { parseDocument } from 'yaml';
import { parseJson, type ParsedJson } from './parse-json.ts';

/** Parses one YAML document (JSON is YAML, too, but keeps its own error texts). @public */
export function parseYaml(text: string): ParsedJson {
  if (/^\s*[{[]/.test(text)) return parseJson(text);
  const document = parseDocument(text, { uniqueKeys: false });
  const [error] = document.errors;
  if (error !== undefined) return { ok: false, error: `error converting YAML to JSON: yaml: ${error.message.split('\n')[0] ?? ''}` };
  try {
    // Through JSON: plain objects of JSON's own kinds, whatever YAML could say besides.
    return parseJson(JSON.stringify(document.toJS() ?? null));
  } catch {
    return { ok: false, error: 'error converting YAML to JSON: yaml: unknown value' };
  }
}
