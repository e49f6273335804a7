import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { conform } from '../src/schema/conform.ts';
import { structOfKind } from '../src/schema/types.ts';
import { deepFreeze } from '../src/edit.ts';
import { canonicalQuantity } from '../src/schema/quantity-text.ts';

const pod = structOfKind('', 'v1', 'Pod');
const statefulSet = structOfKind('apps', 'v1', 'StatefulSet');
if (pod === undefined || statefulSet === undefined) throw new Error('schema');

describe('conforming to Go types', () => {
  it('should drop nulls and empty values and fill zero values', () => {
    const { value } = conform(pod, { metadata: { name: 'a', labels: {}, annotations: null }, spec: { containers: [{ name: 'c', ports: [{ containerPort: 80 }], stdin: false, args: [] }], hostNetwork: false, priority: 0 } });
    expect(value).toEqual({ metadata: { name: 'a' }, spec: { containers: [{ name: 'c', ports: [{ containerPort: 80, protocol: 'TCP' }], resources: {} }], priority: 0 }, status: {} });
  });
  it('should keep explicit zeros of pointers only', () => {
    const { value } = conform(statefulSet, { metadata: {}, spec: { replicas: 0, minReadySeconds: 0, selector: {}, serviceName: '' } });
    expect(value).toEqual({ metadata: {}, spec: { replicas: 0, selector: {}, template: { metadata: {}, spec: {} }, updateStrategy: {}, serviceName: '' }, status: { availableReplicas: 0, replicas: 0 } });
  });
  it.each([
    [{ metadata: { labels: 'str' } }, 'json: cannot unmarshal string into Go struct field ObjectMeta.metadata.labels of type map[string]string'],
    [{ metadata: { name: 3 } }, 'json: cannot unmarshal number into Go struct field ObjectMeta.metadata.name of type string'],
    [{ spec: { priority: 1.5 } }, 'json: cannot unmarshal number 1.5 into Go struct field PodSpec.spec.priority of type int32'],
    [{ spec: { containers: {} } }, 'json: cannot unmarshal object into Go struct field PodSpec.spec.containers of type []v1.Container'],
  ])('should word the error of %j as Go does', (input, error) => {
    expect(conform(pod, input).findings.error).toBe(error);
  });
  it('should name unknown fields by their path', () => {
    expect(conform(pod, { spec: { containers: [{ name: 'c', bogus: 1 }] }, x: 1 }).findings.unknown).toEqual(['spec.containers[0].bogus', 'x']);
  });
  it('should not keep a field that is undefined in what is frozen', () => {
    const { value } = conform(statefulSet, deepFreeze({ metadata: { name: 'a' }, spec: { serviceName: 'a', replicas: undefined, bogus: undefined } })) as { readonly value: { readonly spec: object } };
    expect(Object.keys(value.spec)).not.toContain('replicas');
    expect(Object.keys(value.spec)).not.toContain('bogus');
  });
  it('should keep the identity of what is right, and remember frozen objects', () => {
    const template = deepFreeze({ containers: [{ name: 'c' }] });
    const first = conform(pod, { metadata: { name: 'a' }, spec: template }).value as { spec: unknown };
    const second = conform(pod, { metadata: { name: 'b' }, spec: template }).value as { spec: unknown };
    expect(second.spec).toBe(first.spec);
    expect((conform(pod, first).value)).toBe(first);
  });
});

// What is sent, right and wrong, with much that two of them have in common.
const sentPods = fc.record({
  metadata: fc.constantFrom<unknown>({ name: 'a' }, { name: 'a', labels: { x: 'y' } }, { name: 'b', labels: { x: 'y', z: null } }, { name: 3 }, null),
  spec: fc.record({
    containers: fc.array(fc.constantFrom<unknown>({ name: 'c' }, { name: 'd', image: 'x', env: [{ name: 'E', value: '' }] }, { name: 'd', image: 'y', ports: [{ containerPort: 80 }] }, { name: 'e', bogus: 1 }, null, 7), { maxLength: 4 }),
    hostname: fc.constantFrom('', 'h', null), priority: fc.constantFrom(0, 1), nodeSelector: fc.constantFrom<unknown>({}, { a: 'b' }, { a: 'b', c: '' }),
  }, { requiredKeys: [] }),
  status: fc.constantFrom<unknown>({}, { conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: '2026-01-02T03:04:05.5Z' }] }, { phase: 'Running', extra: {} }),
}, { requiredKeys: [] });

describe('conforming beside what is stored', () => {
  const copy = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
  it('should come to the same as alone, whatever stands beside it', () => {
    fc.assert(fc.property(sentPods, sentPods, fc.boolean(), (stored, sent, isFrozen) => {
      const known = conform(pod, copy(stored));
      if (known.findings.error !== undefined) return;
      const shared = { ...(known.value as object), ...(copy(sent) as object) };
      const beside = conform(pod, isFrozen ? deepFreeze({ ...shared }) : shared, known.value);
      expect(beside).toEqual(conform(pod, copy(shared)));
      if (beside.findings.error === undefined) expect(Object.isFrozen(beside.value)).toBe(true);
    }), { seed: 1, numRuns: 1000 });
  });
  it('should become what stands beside it where it is equal', () => {
    const known = conform(pod, { metadata: { name: 'a', labels: { x: 'y' } }, spec: { containers: [{ name: 'c' }, { name: 'd' }] } }).value as { readonly spec: { readonly containers: readonly unknown[] } };
    expect(conform(pod, copy(known), known).value).toBe(known);
    const { containers } = known.spec;
    const more = conform(pod, { ...known, spec: { containers: [{ name: 'new' }, ...containers.map(copy)] } }, known).value as typeof known;
    expect(more.spec.containers).toHaveLength(3);
    const less = conform(pod, { ...known, spec: { containers: [containers[1]] } }, known).value as typeof known;
    expect(less.spec.containers[0]).toBe(containers[1]);
  });
});

describe('quantities', () => {
  it.each([['1024Mi', '1Gi'], ['0.5', '500m'], ['1000m', '1'], ['1500', '1500'], ['2000', '2k'], ['1.5Gi', '1536Mi'], ['1e3', '1e3'], ['0Gi', '0'], ['100Ki', '100Ki'], ['1.5Ki', '1536'], ['1023', '1023'], ['-1', '-1'], ['.5', '500m'], ['10000m', '10'], ['1E', '1E']])('should write %s as %s', (text, canonical) => {
    expect(canonicalQuantity(text)).toEqual({ ok: true, text: canonical });
  });
});
