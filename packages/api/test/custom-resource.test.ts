// What a CustomResourceDefinition makes of its objects.
import { describe, expect, it } from 'vitest';
import { customResourceKinds } from '../src/custom-resource/kinds.ts';
import { withSchemaDefaults } from '../src/custom-resource/defaulting.ts';
import { validateSchema } from '../src/custom-resource/validation.ts';
import { fieldErrorMessage } from '../src/field-error.ts';
import type { CustomResourceDefinition } from '../src/generated/types.ts';
import { selectJsonPath } from '../src/jsonpath/jsonpath.ts';
import { customResourceDefinitionKind } from '../src/kinds/apiextensions/custom-resource-definition.ts';
import type { KindContext } from '../src/kind.ts';
import type { KubeObject } from '../src/request.ts';
import type { SchemaNode } from '../src/schema/schema.ts';
import { deepFreeze } from '../src/edit.ts';

const context: KindContext = { now: Date.parse('2026-01-02T03:05:05Z'), time: '2026-01-02T03:05:05Z', profile: { kubernetes: '1.37', featureGates: {} } };
const texts = (value: unknown, schema: SchemaNode): readonly string[] => validateSchema(value, schema, 'spec').map(fieldErrorMessage);

describe('validation by a schema', () => {
  it.each<[string, SchemaNode, unknown, readonly string[]]>([
    ['a wrong type', { type: 'integer' }, 'x', ['spec: Invalid value: "string": spec in body must be of type integer: "string"']],
    ['a fraction for an integer', { type: 'integer' }, 1.5, ['spec: Invalid value: "number": spec in body must be of type integer: "number"']],
    ['a null that may not be', { type: 'string' }, null, ['spec: Invalid value: "null": spec in body must be of type string: "null"']],
    ['nothing wrong with one that may', { type: 'string', nullable: true }, null, []],
    ['too little', { type: 'integer', minimum: 3 }, 2, ['spec: Invalid value: 2: spec in body should be greater than or equal to 3']],
    ['just too much', { type: 'number', maximum: 3, exclusiveMaximum: true }, 3, ['spec: Invalid value: 3: spec in body should be less than 3']],
    ['no multiple', { type: 'integer', multipleOf: 2 }, 3, ['spec: Invalid value: 3: spec in body should be a multiple of 2']],
    ['a short text', { type: 'string', minLength: 2 }, 'a', ['spec: Invalid value: "a": spec in body should be at least 2 chars long']],
    ['a long text', { type: 'string', maxLength: 1 }, 'ab', ['spec: Too long: may not be more than 1 bytes']],
    ['no match', { type: 'string', pattern: '^[a-z]+$' }, 'A', ["spec: Invalid value: \"A\": spec in body should match '^[a-z]+$'"]],
    ['no time', { type: 'string', format: 'date-time' }, 'x', ['spec: Invalid value: "x": spec in body must be of type date-time: "x"']],
    ['none of the values', { type: 'string', enum: ['a', 'b'] }, 'c', ['spec: Unsupported value: "c": supported values: "a", "b"']],
    ['too few items', { type: 'array', items: {}, minItems: 2 }, [1], ['spec: Invalid value: [1]: spec in body should have at least 2 items']],
    ['too many items', { type: 'array', items: {}, maxItems: 1 }, [1, 2], ['spec: Too many: 2: must have at most 1 item']],
    ['a missing field', { type: 'object', required: ['a'] }, {}, ['spec.a: Required value']],
    ['a wrong item', { type: 'array', items: { type: 'string' } }, ['a', 1], ['spec[1]: Invalid value: "integer": spec[1] in body must be of type string: "integer"']],
    ['an equal item of a set', { type: 'array', items: { type: 'string' }, 'x-kubernetes-list-type': 'set' }, ['a', 'a'], ['spec[1]: Duplicate value: "a"']],
    ['an equal key of a map', { type: 'array', items: { type: 'object' }, 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['n'] }, [{ n: 1 }, { n: 1, v: 2 }], ['spec[1]: Duplicate value: {"n":1}']],
    ['a wrong value of a map', { type: 'object', additionalProperties: { type: 'integer' } }, { k: 'v' }, ['spec.k: Invalid value: "string": spec.k in body must be of type integer: "string"']],
    ['nothing wrong with a number or text', { 'x-kubernetes-int-or-string': true }, '10%', []],
  ])('should find %s', (_, schema, value, expected) => {
    expect(texts(value, schema)).toEqual(expected);
  });
});

describe('defaults of a schema', () => {
  it('should fill in defaults below what is there, and below defaults', () => {
    const schema: SchemaNode = { type: 'object', properties: { a: { type: 'object', default: {}, properties: { b: { type: 'integer', default: 1 } } }, c: { type: 'array', items: { type: 'object', properties: { d: { type: 'string', default: 'x' } } } } } };
    expect(withSchemaDefaults({ c: [{}, { d: 'y' }] }, schema)).toEqual({ a: { b: 1 }, c: [{ d: 'x' }, { d: 'y' }] });
  });
  it('should return the very object where nothing is missing', () => {
    const value = { a: 1 };
    expect(withSchemaDefaults(value, { type: 'object', properties: { a: { type: 'integer', default: 2 } } })).toBe(value);
  });
  it('should replace a null that may not be, and keep one that may', () => {
    expect(withSchemaDefaults({ a: null, b: null }, { type: 'object', properties: { a: { default: 1 }, b: { default: 1, nullable: true } } })).toEqual({ a: 1, b: null });
  });
});

const definition = deepFreeze({
  metadata: { name: 'widgets.example.com' },
  spec: {
    group: 'example.com', scope: 'Namespaced', names: { plural: 'widgets', kind: 'Widget' },
    versions: [
      {
        name: 'v1', served: true, storage: true, subresources: { status: {}, scale: { specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas', labelSelectorPath: '.status.selector' } },
        additionalPrinterColumns: [{ name: 'Size', type: 'integer', jsonPath: '.spec.replicas' }, { name: 'Born', type: 'date', jsonPath: '.metadata.creationTimestamp' }],
        schema: { openAPIV3Schema: { type: 'object', properties: { spec: { type: 'object', properties: { replicas: { type: 'integer', default: 1 } } }, status: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } } } },
      },
      { name: 'v0', served: false, storage: false, schema: { openAPIV3Schema: { type: 'object' } } },
    ],
  },
}) as unknown as CustomResourceDefinition & KubeObject;
const widget = (fields: object): KubeObject => ({ apiVersion: 'example.com/v1', kind: 'Widget', metadata: { name: 'w', creationTimestamp: '2026-01-02T03:04:05Z' }, ...fields });

describe('kinds of a definition', () => {
  const [kind, ...others] = customResourceKinds(definition);
  if (kind === undefined) throw new Error('no kind');
  it('should be those that are served, and remembered', () => {
    expect(others).toEqual([]);
    expect(kind).toMatchObject({ group: 'example.com', version: 'v1', kind: 'Widget', resource: 'widgets', singular: 'widget', namespaced: true });
    expect(customResourceKinds(definition)[0]).toBe(kind);
  });
  it('should default, show and scale objects', () => {
    const made = kind.default?.(widget({ spec: {}, status: { replicas: 3, selector: 'a=b' } }), context) as KubeObject;
    expect(made['spec']).toEqual({ replicas: 1 });
    expect(kind.cells?.(made, context.now)).toEqual(['w', 1, '60s']);
    expect(kind.scale?.replicas(made)).toBe(1);
    expect(kind.scale?.statusReplicas(made)).toBe(3);
    expect(kind.scale?.selector(made)).toBe('a=b');
    expect(kind.scale?.withReplicas(made, 5)['spec']).toEqual({ replicas: 5 });
  });
  it('should refuse replicas below zero by the path of scale', () => {
    expect(kind.validateCreate?.(widget({ spec: { replicas: -1 } }), context).map(fieldErrorMessage)).toEqual(['.spec.replicas: Invalid value: -1: should be a non-negative integer']);
  });
  it('should raise the generation for what is neither status nor metadata', () => {
    const old = widget({ spec: { replicas: 1 } });
    expect(kind.generationChanged?.({ ...old, status: { replicas: 1 } }, old)).toBe(false);
    expect(kind.generationChanged?.({ ...old, spec: { replicas: 2 } }, old)).toBe(true);
  });
});

describe('a definition itself', () => {
  const versions = definition.spec.versions;
  const errors = (spec: object): readonly string[] => (customResourceDefinitionKind.validateCreate?.(customResourceDefinitionKind.default?.({ ...definition, spec: { ...definition.spec, ...spec } } as KubeObject, context) as KubeObject, context) ?? []).map(fieldErrorMessage);
  it('should name its singular and its list', () => {
    expect(customResourceDefinitionKind.default?.(definition, context)['spec'].names).toEqual({ plural: 'widgets', kind: 'Widget', singular: 'widget', listKind: 'WidgetList' });
  });
  it('should be called after its plural and group, and be stored in one version', () => {
    expect(errors({})).toEqual([]);
    expect(errors({ group: 'other.com' })).toEqual(['metadata.name: Invalid value: "widgets.example.com": must be spec.names.plural+"."+spec.group']);
    expect(errors({ versions: versions.slice(1) }).at(-1)).toMatch(/^spec\.versions: Invalid value: .*: must have exactly one version marked as storage version$/);
  });
  it('should warn of rules that are not evaluated', () => {
    const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-validations': [{ rule: 'true' }] } };
    const ruled = { ...definition, spec: { ...definition.spec, versions: [{ ...versions[0], schema }] } } as unknown as KubeObject;
    expect(customResourceDefinitionKind.warnings?.(ruled, undefined, context)).toEqual(['spec.versions[0].schema.openAPIV3Schema: x-kubernetes-validations are kept but not evaluated']);
  });
});

describe('JSONPath', () => {
  const value = { a: { b: [{ n: 'x', v: 1 }, { n: 'y', v: 2 }, { n: 'z', v: 3 }], 'c.d': true } };
  it.each<[string, readonly unknown[]]>([
    ['.a.b[0].n', ['x']], ['{.a.b[*].v}', [1, 2, 3]], ['.a.b[-1].n', ['z']], ['.a.b[0:2].n', ['x', 'y']], ['.a.b[0,2].n', ['x', 'z']],
    ['.a.b[?(@.n=="y")].v', [2]], ['.a.b[?(@.v>1)].n', ['y', 'z']], ["$.a['c.d']", [true]], ['.a.c\\.d', [true]], ['..n', ['x', 'y', 'z']], ['.a.nothing', []], ['.a.b[', []],
  ])('should select %s', (path, expected) => {
    expect(selectJsonPath(path, value)).toEqual(expected);
  });
});
