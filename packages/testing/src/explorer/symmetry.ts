// Symmetry over identical nodes: the renamings of texts under which states count alike.
import type { NodeNames } from './space.ts';

/**
 * All renamings of the groups' nodes among themselves; the first one changes nothing. What depends on the order of names (which
 * of two equal nodes a pod gets) is taken as free. Throws RangeError for groups that are too large or not alike.
 * @internal
 */
export function renamings(groups: readonly (readonly NodeNames[])[]): readonly ((text: string) => string)[] {
  let tables: ReadonlyMap<string, string>[] = [new Map()];
  groups.forEach((group, index) => {
    const [first] = group;
    if (first === undefined || group.some((names) => names.length !== first.length)) throw new RangeError(`explore: symmetry[${index}]: every node needs the same number of names`);
    if (group.length > 5) throw new RangeError(`explore: symmetry[${index}]: at most 5 nodes, not ${group.length}`);
    tables = tables.flatMap((table) => permutations(group).map((permuted) => {
      const extended = new Map(table);
      group.forEach((names, node) => names.forEach((name, at) => extended.set(name, (permuted[node] as NodeNames)[at] as string)));
      return extended;
    }));
  });
  return tables.map((table) => {
    const names = [...table.keys()].filter((name) => table.get(name) !== name);
    if (names.length === 0) return (text) => text;
    // Longer names first, and none that goes on as a word.
    const pattern = new RegExp(names.sort((a, b) => b.length - a.length).map((name) => `${name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}${/\w$/.test(name) ? '(?!\\w)' : ''}`).join('|'), 'g');
    return (text) => text.replace(pattern, (name) => table.get(name) as string);
  });
}

function permutations<T>(items: readonly T[]): readonly (readonly T[])[] {
  if (items.length <= 1) return [items];
  return items.flatMap((item, index) => permutations([...items.slice(0, index), ...items.slice(index + 1)]).map((rest) => [item, ...rest]));
}
