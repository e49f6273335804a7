// Which pods use a claim, kept up to date change by change. Upstream: the index PodPVCIndex in pkg/controller/volume/common (1.37).
import type { Pod } from '@kubesim/api';
import type { HandlerContext } from '@kubesim/client';
import type { OrderedMap } from '@kubesim/kernel';
import { claimsOfPod, isTerminated } from './claims-and-volumes.ts';

/** Pods of each claim: `namespace/claim/pod`. @internal */
export type PodsByClaim = OrderedMap<true>;

/** The index after a pod came or went; the volumes of a pod never change. */
function indexPod(users: PodsByClaim, context: Pick<HandlerContext, 'epoch'>, before: Pod | undefined, after: Pod | undefined): PodsByClaim {
  const pod = (after ?? before) as Pod;
  let index = users;
  for (const claim of claimsOfPod(pod)) {
    const user = `${pod.metadata?.namespace}/${claim}/${pod.metadata?.name}`;
    index = after === undefined ? index.delete(context.epoch, user) : index.set(context.epoch, user, true);
  }
  return index;
}

/** Takes in a change of a pod; answers the claims that it concerns: those of a pod that came, went, got its node or ended. @internal */
export function claimsConcerned(state: { users: PodsByClaim }, context: Pick<HandlerContext, 'epoch'>, before: Pod | undefined, after: Pod | undefined): readonly string[] {
  const claims = claimsOfPod((after ?? before) as Pod);
  if (claims.length === 0) return claims;
  const isNew = before === undefined || after === undefined || before.metadata?.uid !== after.metadata?.uid;
  if (!isNew && isTerminated(before) === isTerminated(after) && before.spec?.nodeName === after.spec?.nodeName) return [];
  if (isNew) state.users = indexPod(state.users, context, before, after);
  return claims;
}

/** The pods that use a claim, as the cache has them, in order of their names. @internal */
export function podsOfClaim(context: Pick<HandlerContext, 'lister'>, users: PodsByClaim, namespace: string, claim: string): readonly Pod[] {
  const prefix = `${namespace}/${claim}/`;
  const pods: Pod[] = [];
  users.forEach((_, user) => {
    const pod = context.lister<Pod>('pods').get(namespace, user.slice(prefix.length));
    if (pod !== undefined) pods.push(pod);
  }, prefix, `${namespace}/${claim}0`);
  return pods;
}
