// Fills the rules of ClusterRoles that are made of others. Rules: SPEC.md.
// Upstream: pkg/controller/clusterroleaggregation/clusterroleaggregation_controller.go (1.37).
import type { ClusterRole, KubeObject, PolicyRule } from '@kubesim/api';
import { apiError, matchesSelector, type Controller, type HandlerContext, type ReconcileContext, type Reconciling } from '@kubesim/client';

const ROLES = 'clusterroles.rbac.authorization.k8s.io';
const MANAGER = 'clusterrole-aggregation-controller';

/** The controller of aggregated ClusterRoles. @public */
export const clusterRoleAggregationController: Controller = {
  name: 'clusterrole-aggregation-controller',
  watches: [ROLES],
  workers: 5,
  handle: (context) => { wakeAggregated(context); },
  reconcile: syncClusterRole,
};

/** [CRA1] Any change of a role may concern every aggregated one. */
function wakeAggregated(context: HandlerContext): void {
  for (const role of context.lister<ClusterRole>(ROLES).list()) {
    if (role.aggregationRule !== undefined && role.aggregationRule !== null) context.enqueue(role.metadata?.name ?? '');
  }
}

function* syncClusterRole(context: ReconcileContext, name: string): Reconciling {
  const rules = context.decide(() => wantedRules(context, name) ?? null);
  if (rules === null) return undefined;
  const object: KubeObject = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: { name }, rules };
  const reply = yield { verb: 'patch', resource: ROLES, name, patchType: 'apply', patch: object, fieldManager: MANAGER, force: true };
  if (!reply.ok) return { error: apiError(reply.status).message };
  context.explain(`clusterrole/${name}`, { rule: 'CRA2', message: `has the ${rules.length} rules of the roles that its aggregation rule selects` });
  return undefined;
}

/** [CRA2] The rules of the selected roles, each once, selector by selector and by name; undefined where there is nothing to change. */
function wantedRules(context: ReconcileContext, name: string): readonly PolicyRule[] | undefined {
  const roles = context.lister<ClusterRole & KubeObject>(ROLES);
  const role = roles.get('', name);
  const selectors = role?.aggregationRule?.clusterRoleSelectors;
  if (role === undefined || selectors === undefined) return undefined;
  const wanted = new Map<string, PolicyRule>();
  for (const selector of selectors) {
    for (const other of roles.list()) {
      if (other.metadata.name === name || !matchesSelector(selector, other.metadata.labels)) continue;
      for (const rule of other.rules ?? []) wanted.set(JSON.stringify(rule), wanted.get(JSON.stringify(rule)) ?? rule);
    }
  }
  const rules = [...wanted.values()];
  return JSON.stringify(rules) === JSON.stringify(role.rules ?? []) ? undefined : rules;
}
