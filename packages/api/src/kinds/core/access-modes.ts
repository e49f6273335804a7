// Access modes of volumes as tables show them (pkg/apis/core/v1/helper, 1.37).

const SHORT: readonly (readonly [string, string])[] = [['ReadWriteOnce', 'RWO'], ['ReadOnlyMany', 'ROX'], ['ReadWriteMany', 'RWX'], ['ReadWriteOncePod', 'RWOP']];

/** Known modes in upstream's order: `RWO,ROX`. @internal */
export function accessModeCell(modes: readonly string[] | undefined): string {
  return SHORT.filter(([mode]) => modes?.includes(mode) === true).map(([, short]) => short).join(',');
}
