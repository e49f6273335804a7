import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deepFreeze } from '../src/edit.ts';
import { copyPodSpec, isAlikePodSpec, plainDecoders } from '../src/generated/plain-decoders.ts';
import type { PodSpec } from '../src/generated/types.ts';
import { builtInScheme } from '../src/scheme.ts';
import { conform, zeroObject } from '../src/schema/conform.ts';
import { structOfDefinition, structOfKind, type StructType, type TypeNode } from '../src/schema/types.ts';

const structs = [...plainDecoders.keys()].map((definition) => structOfDefinition(definition) as StructType);
const copy = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

/** The walk over every field, which says what a decoder of its own has to come to. */
function withoutDecoder(type: StructType): StructType {
  return { ...type, decodePlain: undefined, memo: new WeakMap() };
}

/** What a client may send for a type: mostly right, sometimes empty, null, or wrong. */
function sent(type: TypeNode, depth: number): fc.Arbitrary<unknown> {
  const right = ((): fc.Arbitrary<unknown> => {
    switch (type.form) {
      case 'list': return fc.array(sent(type.item, depth - 1), { maxLength: 3 });
      case 'map': return fc.dictionary(fc.constantFrom('a', 'b', 'c', '__proto__'), sent(type.value, depth - 1), { maxKeys: 3 });
      case 'struct': return depth <= 0 ? fc.constant({}) : sentStruct(type, depth - 1);
      case 'scalar': switch (type.scalar) {
        case 'string': return fc.constantFrom('', 'x', 'y');
        case 'bool': return fc.boolean();
        case 'int32': case 'int64': return fc.constantFrom(0, 1, -1, 2 ** 31, 2 ** 53, 1.5);
        case 'float64': return fc.constantFrom(0, 1.5);
        case 'time': case 'microTime': return fc.constantFrom('2026-01-02T03:04:05Z', '2026-01-02T03:04:05.123Z', '2026-02-30T00:00:00Z');
        case 'quantity': return fc.constantFrom('1', '1024Mi', 'x');
        default: return fc.constantFrom('x', 1);
      }
    }
  })();
  return fc.oneof({ weight: 20, arbitrary: right }, { weight: 2, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: fc.constantFrom<unknown>(7, 'text', true, [], {}, [null]) });
}

function sentStruct(type: StructType, depth: number): fc.Arbitrary<Record<string, unknown>> {
  const fields: Record<string, fc.Arbitrary<unknown>> = {};
  for (const field of type.ordered) fields[field.name] = sent(field.type, depth);
  // Few fields at a time: of many one would always be wrong.
  return fc.tuple(fc.subarray(type.ordered.map(({ name }) => name), { maxLength: Math.min(6, type.ordered.length) }), fc.record(fields), fc.integer({ min: 0, max: 20 })).map(([names, values, odd]) => {
    const value: Record<string, unknown> = {};
    for (const name of names) value[name] = values[name];
    return odd === 0 ? { ...value, bogus: 1 } : odd === 1 ? { ...value, bogus: undefined } : value;
  });
}

describe.each(structs.map((type) => [type.name, type] as const))('the decoder of %s', (_name, type) => {
  const walked = withoutDecoder(type);
  it('should come to what the walk comes to, whatever is sent and stands beside it', () => {
    fc.assert(fc.property(sentStruct(type, 2), sentStruct(type, 2), fc.boolean(), fc.boolean(), (value, beside, isFrozen, isMixed) => {
      const known = conform(walked, copy(beside));
      const reference = known.findings.error === undefined ? known.value as object : undefined;
      const whole = isMixed ? { ...reference, ...value } : value;
      const expected = conform(walked, structuredClone(whole));
      if (isFrozen) deepFreeze(whole);
      for (const held of [undefined, reference]) {
        const found = conform(type, whole, held);
        expect(found.findings).toEqual(expected.findings);
        if (expected.findings.error !== undefined) continue;
        expect(found.value).toEqual(expected.value);
        expect(Object.values(found.value as object)).not.toContain(undefined);
        expect(Object.isFrozen(found.value)).toBe(true);
      }
    }), { seed: 1, numRuns: 150 });
  });
  it('should answer with what stands beside it where that is equal, and with what is right and frozen', () => {
    fc.assert(fc.property(sentStruct(type, 2), (value) => {
      const known = conform(type, value);
      if (known.findings.error !== undefined) return;
      const again = conform(type, copy(known.value), known.value);
      expect(again.value).toBe(known.value);
      expect(conform(type, deepFreeze(copy(known.value))).value).toEqual(known.value);
      expect(conform(type, known.value).value).toBe(known.value);
    }), { seed: 1, numRuns: 50 });
  });
});

describe('pod specs by the names of their fields', () => {
  const type = structOfKind('', 'v1', 'Pod')?.fields.get('spec')?.type as StructType;
  const spec = Object.fromEntries(type.ordered.map(({ name }) => [name, `some ${name}`])) as unknown as PodSpec;
  it('should be copied whole, unknown fields included', () => {
    expect(copyPodSpec(Object.freeze(spec))).toEqual(spec);
    expect(copyPodSpec({ containers: [], bogus: 1 } as unknown as PodSpec)).toEqual({ containers: [], bogus: 1 });
  });
  it.each(type.ordered.map(({ name }) => name))('should be alike where %s differs only if it is a pod\'s own', (name) => {
    const isOwn = ['hostname', 'subdomain', 'nodeName', 'volumes'].includes(name);
    const { [name as 'hostname']: _left, ...less } = spec;
    expect([isAlikePodSpec(spec, { ...spec, [name]: 'other' }), isAlikePodSpec(spec, less), isAlikePodSpec(less, spec)]).toEqual([isOwn, isOwn, isOwn]);
  });
  it('should not be alike with a field that the type does not have', () => {
    expect(isAlikePodSpec(spec, { ...spec, bogus: 1 } as PodSpec)).toBe(false);
  });
});

describe('kinds whose defaults lie in the spec alone', () => {
  const kinds = builtInScheme.kinds.filter((kind) => kind.defaultsSpecAlone === true);
  it.each(kinds.map((kind) => [kind.kind, kind] as const))('should default a %s\'s spec whatever its status says, and nothing else', (_name, kind) => {
    const context = { now: 0, time: '1970-01-01T00:00:00Z', profile: { kubernetes: '1.37', featureGates: {} } } as const;
    const bare = zeroObject(structOfKind(kind.group, kind.version, kind.kind)) as { readonly spec: object };
    const object = { ...bare, apiVersion: 'v1', kind: kind.kind, metadata: { name: 'a', labels: { a: 'b' } } };
    const first = kind.default?.(object, context);
    const second = kind.default?.({ ...object, metadata: { name: 'b' }, status: { phase: 'Odd', replicas: 7 } }, context);
    expect(second?.['spec']).toEqual(first?.['spec']);
    expect(first).toEqual({ ...object, spec: first?.['spec'] as unknown });
    expect(first?.metadata).toBe(object.metadata);
    expect(second).toMatchObject({ metadata: { name: 'b' }, status: { phase: 'Odd', replicas: 7 } });
  });

  it('are those that the schema makes now', () => {
    const root = join(import.meta.dirname, '..', '..', '..');
    expect(() => execFileSync(process.execPath, ['--conditions=source', '--import', 'tsx', 'scripts/make-plain-decoders.mjs', '--check'], { cwd: root, stdio: 'pipe' })).not.toThrow();
  });
});
