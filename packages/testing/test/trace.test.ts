import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { WatchEvent } from '@kubesim/api';
import { checkTrace } from '@kubesim/testing';

const FOLDER = join(import.meta.dirname, '..', '..', 'conformance', 'vectors', 'scenarios');
const files = readdirSync(FOLDER).filter((file) => file.endsWith('.json.gz')).sort();

function logOf(file: string): readonly WatchEvent[] {
  return ((JSON.parse(gunzipSync(readFileSync(join(FOLDER, file))).toString()) as { readonly log?: readonly WatchEvent[] }).log ?? []);
}

describe('logs of a real cluster', () => {
  it.each(files)('should hold every invariant in %s', (file) => {
    const found = checkTrace(logOf(file));
    expect(found === undefined ? undefined : `event ${found.event}: ${found.property}: ${found.message}`).toBeUndefined();
  });

  it('should not hold with two events swapped', () => {
    for (const file of files) {
      const log = [...logOf(file)];
      const place = Math.floor(log.length / 2);
      [log[place], log[place + 1]] = [log[place + 1] as WatchEvent, log[place] as WatchEvent];
      expect(checkTrace(log)).toBeDefined();
    }
  });
});
