// What a wait waits for: a part of an object, a predicate, or one of kubectl's words.
import type { KubeObject } from '@kubesim/api';
import { UsageError } from './errors.ts';

/** A condition to wait for: fields of status (or of the whole object), a function, `deleted`, `exists`, `condition=Ready[=False]`, or `jsonpath`-like `status.phase=Bound`. @public */
export type WaitCondition = string | Readonly<Record<string, unknown>> | ((object: KubeObject) => boolean);

/** A condition made ready: whether it is met, and how it reads. @internal */
export interface Wait {
  readonly text: string;
  isMet(object: KubeObject | undefined): boolean;
}

/** Reads a condition. Throws UsageError for words that are none. @internal */
export function readCondition(condition: WaitCondition): Wait {
  if (typeof condition === 'function') return { text: 'the given function to hold', isMet: (object) => object !== undefined && condition(object) };
  if (typeof condition === 'object') {
    return { text: JSON.stringify(condition), isMet: (object) => object !== undefined && (contains(object['status'], condition) || contains(object, condition)) };
  }
  if (condition === 'deleted' || condition === 'delete') return { text: 'being deleted', isMet: (object) => object === undefined };
  if (condition === 'exists' || condition === 'create') return { text: 'existing', isMet: (object) => object !== undefined };
  const [path, ...values] = condition.split('=');
  if (path === 'condition' && values[0] !== undefined) {
    const [type, status = 'True'] = values;
    return { text: condition, isMet: (object) => conditionStatus(object, type) === status.toLowerCase() };
  }
  if (path !== undefined && values.length > 0) {
    const fields = path.replace(/^\.|^\{\.|\}$/g, '').split('.');
    return { text: condition, isMet: (object) => String(fields.reduce<unknown>((value, field) => (value as Readonly<Record<string, unknown>> | undefined)?.[field], object)) === values.join('=') };
  }
  throw new UsageError(`waitFor: condition must be fields such as { readyReplicas: 3 }, a function, 'deleted', 'exists', 'condition=Ready' or 'status.phase=Bound', not '${condition}'`);
}

function conditionStatus(object: KubeObject | undefined, type: string): string | undefined {
  const conditions = object?.['status']?.conditions as readonly { readonly type: string; readonly status: string }[] | undefined;
  return conditions?.find((each) => each.type.toLowerCase() === type.toLowerCase())?.status.toLowerCase();
}

/** Whether `value` has everything that `part` has. Numbers that are left out on the wire count as 0. @internal */
export function contains(value: unknown, part: unknown): boolean {
  if (part === null || typeof part !== 'object') return value === part || (part === 0 && value === undefined);
  if (Array.isArray(part)) return Array.isArray(value) && part.length === value.length && part.every((item, index) => contains(value[index], item));
  if (value === null || typeof value !== 'object') return false;
  return Object.entries(part).every(([key, item]) => contains((value as Readonly<Record<string, unknown>>)[key], item));
}
