// Reads gzipped JSON.
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

/** The JSON value of a gzipped file. @internal */
export function readGzipJson<T>(file: string): T {
  return JSON.parse(gunzipSync(readFileSync(file)).toString('utf8')) as T;
}
