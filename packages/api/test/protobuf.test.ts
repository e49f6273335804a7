import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeProtobuf, encodeProtobuf } from '@kubesim/api';
import { GO_OBJECTS } from './data/go-protobuf.ts';

describe('protobuf', () => {
  it.each(GO_OBJECTS)('should read and write what Go wrote: $title', ({ json, base64 }) => {
    const decoded = decodeProtobuf(new Uint8Array(Buffer.from(base64, 'base64')));
    expect(decoded).toMatchObject(json);
    expect(decodeProtobuf(encodeProtobuf(json) as Uint8Array)).toMatchObject(json);
  });

  it('should keep zero values that are set: false, 0 and empty sources', () => {
    const pod = {
      apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' },
      spec: { automountServiceAccountToken: false, terminationGracePeriodSeconds: 0, volumes: [{ name: 'v', emptyDir: {} }], containers: [{ name: 'c', image: 'i' }] },
    };
    expect(decodeProtobuf(encodeProtobuf(pod) as Uint8Array)).toMatchObject(pod);
    const disruption = { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata: { name: 'b' }, spec: { minAvailable: '50%', maxUnavailable: 0 } };
    expect(decodeProtobuf(encodeProtobuf(disruption) as Uint8Array)).toMatchObject(disruption);
  });

  it('should know DeleteOptions in every group, and no kind that it does not', () => {
    const options = { apiVersion: 'apps/v1', kind: 'DeleteOptions', gracePeriodSeconds: 0, propagationPolicy: 'Foreground' };
    expect(decodeProtobuf(encodeProtobuf(options) as Uint8Array)).toEqual(options);
    expect(encodeProtobuf({ apiVersion: 'example.com/v1', kind: 'Widget' })).toBeUndefined();
  });

  it('should answer undefined for what is no object, and never throw', () => {
    const [first] = GO_OBJECTS;
    const whole = new Uint8Array(Buffer.from(first?.base64 ?? '', 'base64'));
    fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), fc.nat(whole.length - 1), fc.nat(255), (tail, place, byte) => {
      decodeProtobuf(new Uint8Array([0x6b, 0x38, 0x73, 0, ...tail]));
      const broken = Uint8Array.from(whole);
      broken[place] = byte;
      decodeProtobuf(broken);
      decodeProtobuf(whole.subarray(0, place));
    }), { numRuns: 500, seed: 1 });
  });
});
