// Tables: how the server shows objects to people.
import { ageCell, apiVersionOf, type KindDefinition, type KubeObject, type TableCell, type TableColumn } from '@kubesim/api';
import type { ServerContext } from '../server.ts';

const DEFAULT_COLUMNS: readonly TableColumn[] = [{ name: 'Name', type: 'string', format: 'name' }, { name: 'Created At', type: 'date' }];

/** Of the scale subresource. Upstream: printScale in pkg/printers/internalversion/printers.go (1.37). */
const SCALE_COLUMNS: readonly TableColumn[] = [{ name: 'Name', type: 'string', format: 'name' }, { name: 'Desired', type: 'integer' }, { name: 'Available', type: 'integer' }, { name: 'Age', type: 'string' }];

function scaleCells({ now }: Pick<ServerContext, 'now'>, scale: KubeObject): readonly TableCell[] {
  return [scale.metadata.name ?? '', (scale['spec'] as { readonly replicas?: number } | undefined)?.replicas ?? 0, (scale['status'] as { readonly replicas?: number } | undefined)?.replicas ?? 0, ageCell(scale, now)];
}

/** An object or a list as a Table. @internal */
export function presentTable(context: Pick<ServerContext, 'now'>, { kind }: { readonly kind: KindDefinition }, object: KubeObject, include: string | null): KubeObject {
  const items = Array.isArray(object['items']) ? object['items'] as readonly KubeObject[] : [object];
  const isScale = object.kind === 'Scale' && kind.kind !== 'Scale';
  const columns = isScale ? SCALE_COLUMNS : kind.columns ?? DEFAULT_COLUMNS;
  return {
    kind: 'Table', apiVersion: 'meta.k8s.io/v1', metadata: { resourceVersion: object.metadata.resourceVersion },
    columnDefinitions: columns.map(({ name, type, format = '', description = '', priority = 0 }) => ({ name, type, format, description, priority })),
    rows: items.map((item) => ({ cells: isScale ? scaleCells(context, item) : cellsOf(context, kind, item), ...(kind.rowConditions?.(item).length ? { conditions: kind.rowConditions(item) } : {}), object: rowObject(kind, item, include) })),
  };
}

function cellsOf(context: Pick<ServerContext, 'now'>, kind: KindDefinition, item: KubeObject): readonly TableCell[] {
  return kind.cells?.(item, context.now) ?? [item.metadata.name ?? '', item.metadata.creationTimestamp ?? null];
}

function rowObject(kind: KindDefinition, item: KubeObject, include: string | null): unknown {
  if (include === 'None') return null;
  if (include === 'Object') return { kind: kind.kind, apiVersion: apiVersionOf(kind), ...item };
  return { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: kind.rowMetadata?.(item.metadata) ?? item.metadata };
}
