// JSON patch (RFC 6902) with the error texts of evanphx/json-patch, which the real server uses (1.37).

/** What came of a patch. @public */
export type PatchOutcome = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly message: string };

interface Operation {
  readonly op?: string;
  readonly path?: string;
  readonly from?: string;
  readonly value?: unknown;
}

class PatchFailure extends Error {}

/** Applies operations in order, all or none. @public */
export function applyJsonPatch(value: unknown, operations: readonly unknown[]): PatchOutcome {
  let current: unknown = structuredCopy(value);
  try {
    for (const operation of operations as readonly Operation[]) current = applyOne(current, operation);
    return { ok: true, value: current };
  } catch (error) {
    if (error instanceof PatchFailure) return { ok: false, message: error.message };
    throw error;
  }
}

function structuredCopy(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(structuredCopy);
  if (value === null || typeof value !== 'object') return value;
  const copy: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(value)) Object.defineProperty(copy, key, { value: structuredCopy(item), enumerable: true, configurable: true, writable: true });
  return copy;
}

function segments(path: string): string[] {
  return path === '' ? [] : path.split('/').slice(1).map((part) => part.replace(/~1/g, '/').replace(/~0/g, '~'));
}

function applyOne(root: unknown, operation: Operation | null): unknown {
  if (typeof operation !== 'object' || operation === null) throw new PatchFailure('an operation must be an object');
  const { path = '', from = '' } = operation;
  if (typeof path !== 'string' || typeof from !== 'string') throw new PatchFailure('paths of operations must be texts');
  switch (operation.op) {
    case 'add':
      return write(root, path, structuredCopy(operation.value), 'add');
    case 'replace':
      read(root, path, 'replace');
      return write(root, path, structuredCopy(operation.value), 'replace');
    case 'remove':
      return removeAt(root, path, 'remove');
    case 'move': {
      const moved = read(root, operation.from ?? '', 'move');
      return write(removeAt(root, operation.from ?? '', 'move'), path, moved, 'move');
    }
    case 'copy':
      return write(root, path, structuredCopy(read(root, operation.from ?? '', 'copy')), 'copy');
    case 'test': {
      const found = lookUp(root, path);
      if (JSON.stringify(sorted(found ?? null)) !== JSON.stringify(sorted(operation.value ?? null))) throw new PatchFailure(`testing value ${path} failed: test failed`);
      return root;
    }
    default:
      throw new PatchFailure(`Unexpected kind: ${operation.op ?? 'unknown'}`);
  }
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, item]) => [key, sorted(item)]));
}

function lookUp(root: unknown, path: string): unknown {
  return segments(path).reduce<unknown>((inner, part) => (inner !== null && typeof inner === 'object' && Object.hasOwn(inner, part) ? (inner as Readonly<Record<string, unknown>>)[part] : undefined), root);
}

function read(root: unknown, path: string, op: string): unknown {
  const value = lookUp(root, path);
  if (value === undefined) throw new PatchFailure(`${op} operation does not apply: doc is missing ${op === 'replace' ? 'key' : 'from path'}: ${path}: missing value`);
  return value;
}

function parentOf(root: unknown, path: string, op: string): { readonly parent: object; readonly last: string } {
  const parts = segments(path);
  const last = parts.pop() ?? '';
  const parent = parts.reduce<unknown>((inner, part) => (inner !== null && typeof inner === 'object' && Object.hasOwn(inner, part) ? (inner as Readonly<Record<string, unknown>>)[part] : undefined), root);
  if (parent === null || typeof parent !== 'object') throw new PatchFailure(`${op} operation does not apply: doc is missing path: "${path}": missing value`);
  return { parent, last };
}

function write(root: unknown, path: string, value: unknown, op: string): unknown {
  if (path === '') return value;
  const { parent, last } = parentOf(root, path, op);
  if (!Array.isArray(parent)) {
    Object.defineProperty(parent, last, { value, enumerable: true, configurable: true, writable: true });
    return root;
  }
  const list = parent as unknown[];
  if (op === 'replace') {
    list[Number(last)] = value;
    return root;
  }
  const index = last === '-' ? list.length : Number(last);
  if (!Number.isInteger(index) || index < 0 || index > list.length) throw new PatchFailure(`${op} operation does not apply: doc is missing path: "${path}": invalid array index`);
  list.splice(index, 0, value);
  return root;
}

function removeAt(root: unknown, path: string, op: string): unknown {
  const { parent, last } = parentOf(root, path, op);
  if (!Object.hasOwn(parent, last)) throw new PatchFailure(`${op} operation does not apply: Unable to remove nonexistent key: ${last}: missing value`);
  if (Array.isArray(parent)) parent.splice(Number(last), 1);
  else delete (parent as Record<string, unknown>)[last];
  return root;
}
