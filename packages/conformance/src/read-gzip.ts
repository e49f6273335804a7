// Reads gzipped JSON.
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

/** The JSON value of a gzipped file. @internal */
export function readGzipJson<T>(file: string): T {
  return JSON.parse(gunzipSync(readFileSync(file)).toString('utf8')) as T;
}

/** The JSON values of a gzipped file, one a line. @internal */
export function readGzipLines<T>(file: string): readonly T[] {
  return gunzipSync(readFileSync(file)).toString('utf8').split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as T);
}
