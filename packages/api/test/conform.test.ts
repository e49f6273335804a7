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
  it('should keep the identity of what is right, and remember frozen objects', () => {
    const template = deepFreeze({ containers: [{ name: 'c' }] });
    const first = conform(pod, { metadata: { name: 'a' }, spec: template }).value as { spec: unknown };
    const second = conform(pod, { metadata: { name: 'b' }, spec: template }).value as { spec: unknown };
    expect(second.spec).toBe(first.spec);
    expect((conform(pod, first).value)).toBe(first);
  });
});

describe('quantities', () => {
  it.each([['1024Mi', '1Gi'], ['0.5', '500m'], ['1000m', '1'], ['1500', '1500'], ['2000', '2k'], ['1.5Gi', '1536Mi'], ['1e3', '1e3'], ['0Gi', '0'], ['100Ki', '100Ki'], ['1.5Ki', '1536'], ['1023', '1023'], ['-1', '-1'], ['.5', '500m'], ['10000m', '10'], ['1E', '1E']])('should write %s as %s', (text, canonical) => {
    expect(canonicalQuantity(text)).toEqual({ ok: true, text: canonical });
  });
});
