// Gives each node a range of pod addresses. Rules: SPEC.md.
import type { KubeObject, Node } from '@kubesim/api';
import { send, type Controller, type Reconciling } from '@kubesim/client';

/** What can be set. @public */
export interface NodeIpamOptions {
  /** First two numbers of the cluster's /16. `10.244` without it. */
  readonly clusterPrefix?: string;
}

const RANGES = 256;

/** The controller with settings of its own: ranges of 256 addresses out of a /16. Upstream: pkg/controller/nodeipam (1.37). @public */
export function createNodeIpamController({ clusterPrefix = '10.244' }: NodeIpamOptions = {}): Controller {
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
        for (let index = 0; index < RANGES; index++) {
          const range = `${clusterPrefix}.${index}.0/24`;
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

/** The controller for 10.244.0.0/16. @public */
export const nodeIpamController: Controller = createNodeIpamController();
