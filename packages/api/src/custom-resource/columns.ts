// Table columns of custom resources (apiextensions-apiserver/pkg/registry/customresource/tableconvertor, 1.37).
import type { CustomResourceColumnDefinition } from '../generated/types.ts';
import type { TableCell, TableColumn } from '../kind.ts';
import type { KubeObject } from '../request.ts';
import { parseTime } from '../encoding/time.ts';
import { selectJsonPath } from '../jsonpath/jsonpath.ts';
import { humanDuration } from '../table/human-duration.ts';

const NAME: TableColumn = { name: 'Name', type: 'string', format: 'name' };
const AGE: CustomResourceColumnDefinition = { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' };

/** The columns behind Name; an age where the definition names none. @internal */
export function columnDefinitions(declared: readonly CustomResourceColumnDefinition[] | undefined): readonly CustomResourceColumnDefinition[] {
  return declared === undefined || declared.length === 0 ? [AGE] : declared;
}

/** Columns of the table. @internal */
export function customColumns(definitions: readonly CustomResourceColumnDefinition[]): readonly TableColumn[] {
  return [NAME, ...definitions.map((each): TableColumn => ({
    name: each.name, type: each.type as TableColumn['type'],
    ...(each.format === undefined ? {} : { format: each.format }),
    description: each.description !== undefined && each.description !== '' ? each.description : `Custom resource definition column (in JSONPath format): ${each.jsonPath}`,
    ...(each.priority === undefined ? {} : { priority: each.priority }),
  }))];
}

function cell(value: unknown, type: string, now: number): TableCell {
  switch (type) {
    case 'integer': return typeof value === 'number' ? Math.trunc(value) : null;
    case 'number': return typeof value === 'number' ? value : null;
    case 'boolean': return typeof value === 'boolean' ? value : null;
    case 'date': {
      if (typeof value !== 'string') return null;
      const instant = parseTime(value);
      return instant === undefined ? '<invalid>' : humanDuration(now - instant);
    }
    default: return typeof value === 'string' ? value : JSON.stringify(value);
  }
}

/** Cells of a row; null where the object has nothing at a column's path. @internal */
export function customCells(definitions: readonly CustomResourceColumnDefinition[], object: KubeObject, now: number): readonly TableCell[] {
  return [object.metadata.name, ...definitions.map((each) => {
    const [value] = selectJsonPath(each.jsonPath, object);
    return value === undefined || value === null ? null : cell(value, each.type, now);
  })];
}
