// Generations of slices that the controller has written, so that it waits for its cache and knows others' writes.
// Upstream: staging/src/k8s.io/endpointslice/util/endpointslice_tracker.go (1.37).
import type { EndpointSlice } from '@kubesim/api';

/** Generations by uid of one Service's slices. @internal */
export type Generations = Readonly<Record<string, number>>;

const DELETION_EXPECTED = -1;

/** The generations with a slice as it was written. @internal */
export function expectWritten(generations: Generations | undefined, slice: EndpointSlice): Generations {
  return { ...generations, [slice.metadata?.uid ?? '']: slice.metadata?.generation ?? 0 };
}

/** The generations with a slice that was deleted. @internal */
export function expectDeletion(generations: Generations | undefined, slice: EndpointSlice): Generations {
  return { ...generations, [slice.metadata?.uid ?? '']: DELETION_EXPECTED };
}

/** The cache does not show all that was written. @internal */
export function isStale(generations: Generations | undefined, slices: readonly EndpointSlice[]): boolean {
  if (generations === undefined) return false;
  const seen = new Map(slices.map(({ metadata }) => [metadata?.uid ?? '', metadata?.generation ?? 0]));
  return Object.keys(generations).some((uid) => {
    const expected = generations[uid] as number;
    const generation = seen.get(uid);
    return expected === DELETION_EXPECTED ? generation !== undefined : generation === undefined || generation < expected;
  });
}

/** Somebody else has written this slice. @internal */
export function isWrittenByOthers(generations: Generations | undefined, slice: EndpointSlice): boolean {
  const expected = generations?.[slice.metadata?.uid ?? ''];
  return expected === undefined || (slice.metadata?.generation ?? 0) > expected;
}

/** The generations without a slice that is gone, and whether its deletion was the controller's own. @internal */
export function observeDeletion(generations: Generations, slice: EndpointSlice): { readonly generations: Generations; readonly isOwn: boolean } {
  const { [slice.metadata?.uid ?? '']: expected, ...rest } = generations;
  return { generations: rest, isOwn: expected === undefined || expected === DELETION_EXPECTED };
}
