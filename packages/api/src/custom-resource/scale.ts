// The scale subresource of custom resources: fields at paths that the definition names
// (apiextensions-apiserver/pkg/registry/customresource, 1.37).
import type { CustomResourceSubresourceScale } from '../generated/types.ts';
import { invalid, type FieldError } from '../field-error.ts';
import { goText, goTypeOf } from '../encoding/go-text.ts';
import type { ScaleStrategy } from '../kind.ts';
import type { KubeObject } from '../request.ts';

type Fields = Readonly<Record<string, unknown>>;

const INT32_MAX = 2_147_483_647;

function parts(path: string): readonly string[] {
  return path.replace(/^\./, '').split('.');
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function read(object: unknown, path: string): unknown {
  let value = object;
  for (const name of parts(path)) {
    if (!isFields(value)) return undefined;
    value = value[name];
  }
  return value;
}

function write(value: unknown, names: readonly string[], replicas: number): unknown {
  const [first, ...rest] = names;
  if (first === undefined) return replicas;
  const fields = typeof value === 'object' && value !== null ? value as Fields : {};
  return { ...fields, [first]: write(fields[first], rest, replicas) };
}

function wholeNumber(value: unknown): number {
  return typeof value === 'number' && Number.isInteger(value) ? value : 0;
}

/** How scale reads and writes objects of a definition. @internal */
export function customScale(scale: CustomResourceSubresourceScale): ScaleStrategy {
  const { labelSelectorPath } = scale;
  return {
    replicas: (object) => wholeNumber(read(object, scale.specReplicasPath)),
    statusReplicas: (object) => wholeNumber(read(object, scale.statusReplicasPath)),
    selector: (object) => {
      const text = labelSelectorPath === undefined || labelSelectorPath === '' ? undefined : read(object, labelSelectorPath);
      return typeof text === 'string' && text !== '' ? text : undefined;
    },
    withReplicas: (object, replicas) => write(object, parts(scale.specReplicasPath), replicas) as KubeObject,
  };
}

/** Why a value cannot be read as what a path needs, as Go's accessors say it. */
function accessorError(path: string, value: unknown, expected: string): string {
  const found = value === null ? '<nil>' : typeof value === 'number' && Number.isInteger(value) ? 'int64' : goTypeOf(value);
  return `${path} accessor error: ${goText(value)} is of the type ${found}, expected ${expected}`;
}

/** Errors of the replicas that a definition's path names. @internal */
export function validateReplicas(object: KubeObject, path: string): readonly FieldError[] {
  let value: unknown = object;
  const names = parts(path);
  for (const [index, name] of names.entries()) {
    if (value === undefined || value === null) return [];
    if (!isFields(value)) return [invalid(path, 0, accessorError(`.${names.slice(0, index + 1).join('.')}`, value, 'map[string]interface{}'))];
    value = value[name];
  }
  if (value === undefined) return [];
  if (typeof value !== 'number' || !Number.isInteger(value)) return [invalid(path, 0, accessorError(path, value, 'int64'))];
  if (value < 0) return [invalid(path, value, 'should be a non-negative integer')];
  return value > INT32_MAX ? [invalid(path, value, `should be less than or equal to ${INT32_MAX}`)] : [];
}
