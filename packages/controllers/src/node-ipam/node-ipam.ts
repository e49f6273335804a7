// Gives each node a range of pod addresses. Rules: SPEC.md.
import type { KubeObject, Node } from '@kubesim/api';
import { send, type Controller, type Reconciling } from '@kubesim/client';

/** What can be set. @public */
export interface NodeIpamOptions {
  /** How many ranges there are to give: all that there can be without it. */
  readonly ranges?: number;
}

const BLOCK = 256;
/** Second number of the blocks that follow 10.244.0.0/16. They end below it, and above the addresses of Services. */
const FURTHER_BLOCKS = 128;
const RANGES = (1 + 244 - FURTHER_BLOCKS) * BLOCK;

/** The /24 of a place: those of 10.244.0.0/16 first, as small clusters have them, then those of 10.128.0.0/16 and so on. Throws RangeError. @public */
export function podCidrOf(place: number): string {
  if (!Number.isInteger(place) || place < 0 || place >= RANGES) throw new RangeError(`place of a pod range must be a whole number from 0 to ${RANGES - 1}, not ${place}`);
  const block = Math.floor(place / BLOCK);
  return `10.${block === 0 ? 244 : FURTHER_BLOCKS + block - 1}.${place % BLOCK}.0/24`;
}

/** The controller with settings of its own: each node gets 256 addresses. Upstream: pkg/controller/nodeipam (1.37). @public */
export function createNodeIpamController({ ranges = RANGES }: NodeIpamOptions = {}): Controller {
  return {
    name: 'node-ipam-controller',
    watches: ['nodes'],
    workers: 1,
    handle(context, { after }) {
      if (after !== undefined && ((after as Node).spec?.podCIDR ?? '') === '') context.enqueue(after.metadata.name ?? '');
    },
    *reconcile(context, key): Reconciling {
      // [NI1] [NI2] The lowest range that no node has.
      const plan = context.decide(() => {
        const node = context.lister<Node>('nodes').get('', key);
        if (node === undefined || (node.spec?.podCIDR ?? '') !== '') return null;
        const taken = new Set(context.lister<Node>('nodes').list().map(({ spec }) => spec?.podCIDR));
        for (let place = 0; place < ranges; place++) {
          const range = podCidrOf(place);
          if (!taken.has(range)) return { node, range };
        }
        return { node, range: null };
      });
      if (plan === null) return undefined;
      if (plan.range === null) {
        context.event({ about: plan.node as KubeObject, type: 'Normal', reason: 'CIDRNotAvailable', message: `Node ${key} status is now: CIDRNotAvailable` });
        return { error: 'CIDR allocation failed; there are no remaining CIDRs left to allocate in the accepted range' };
      }
      const { error } = yield* send({ verb: 'patch', resource: 'nodes', name: key, patchType: 'strategic', patch: { spec: { podCIDR: plan.range, podCIDRs: [plan.range] } } });
      return error === undefined ? undefined : { error: error.message };
    },
  };
}

/** The controller with every range that there can be. @public */
export const nodeIpamController: Controller = createNodeIpamController();
