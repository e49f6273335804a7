// Ownership of containers: who may edit in place. A sealed World owns nothing, so nothing reachable from it is ever edited.

/**
 * A token of ownership, compared by identity. A container made or copied under an epoch may be edited in place while that
 * epoch lasts; sealing a machine raises a new one, and every container is then copied when it is first written. @public
 */
export interface Epoch {
  readonly kind: 'epoch';
}

/** Raises a new epoch. @internal */
export function raiseEpoch(): Epoch {
  return { kind: 'epoch' };
}

/** The epoch of nobody: what is made under it is never edited in place. @internal */
export const NOBODY: Epoch = Object.freeze({ kind: 'epoch' as const });
