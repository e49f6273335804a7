// RBAC: who may do what, in upstream's words; reviews; impersonation; nobody grants what he does not have.
import { describe, expect, it } from 'vitest';
import { deriveIdentity, Machine } from '@kubesim/kernel';
import type { KubeObject, RestRequest, RestResponse, Status } from '@kubesim/api';
import { ALWAYS_ALLOW, createApiServer, DEFAULT_ADMISSION_PLUGINS, RBAC, rbacEscalation, STORE, storeComponent, WorldStorage, type Authorizer } from '../src/index.ts';

const GROUP = 'rbac.authorization.k8s.io';
const BOB = { name: 'bob', groups: ['dev', 'system:authenticated'] };

interface Asked extends Partial<Omit<RestRequest, 'body'>> {
  readonly path: string;
  readonly body?: object;
}

function start(authorizer: Authorizer = RBAC): (asked: Asked) => RestResponse {
  const machine = new Machine({ definition: { components: [storeComponent] }, seed: 1, startAt: 1_764_000_000_000 });
  machine.spawn(STORE, STORE);
  const server = createApiServer({
    storage: new WorldStorage(machine), now: () => machine.now, profile: { kubernetes: '1.37', featureGates: {} }, admission: [...DEFAULT_ADMISSION_PLUGINS, rbacEscalation], authorizer,
    identity: (parts) => deriveIdentity(machine.seed, parts),
  });
  server.call({ verb: 'create', resource: 'namespaces', object: { metadata: { name: 'default' } } }, { process: 'test' });
  return ({ body, ...asked }) => server.handle({
    method: body === undefined ? 'GET' : 'POST', ...asked, headers: { accept: 'application/json', 'content-type': 'application/json', ...asked.headers }, ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

const role = (name: string, rules: readonly object[], extra: object = {}): object => ({ apiVersion: `${GROUP}/v1`, kind: 'Role', metadata: { name }, rules, ...extra });
const roleBinding = (name: string, roleName: string, subject: object, kind: string = 'Role'): object => ({ apiVersion: `${GROUP}/v1`, kind: 'RoleBinding', metadata: { name }, roleRef: { kind, name: roleName }, subjects: [subject] });
const ROLES = `/apis/${GROUP}/v1/namespaces/default/roles`;
const BINDINGS = `/apis/${GROUP}/v1/namespaces/default/rolebindings`;
const PODS = '/api/v1/namespaces/default/pods';
const message = (response: RestResponse): string => (response.body as Status).message ?? '';

describe('a request without the right', () => {
  it.each([
    ['list', { path: PODS }, 'pods is forbidden: User "bob" cannot list resource "pods" in API group "" in the namespace "default"'],
    ['get', { path: `${PODS}/a` }, 'pods "a" is forbidden: User "bob" cannot get resource "pods" in API group "" in the namespace "default"'],
    ['watch', { path: PODS, query: 'watch=true' }, 'pods is forbidden: User "bob" cannot watch resource "pods" in API group "" in the namespace "default"'],
    ['cluster scope', { path: '/api/v1/nodes' }, 'nodes is forbidden: User "bob" cannot list resource "nodes" in API group "" at the cluster scope'],
    ['subresource', { path: `${PODS}/a/eviction`, body: {} }, 'pods "a" is forbidden: User "bob" cannot create resource "pods/eviction" in API group "" in the namespace "default"'],
    ['deletecollection', { path: '/apis/apps/v1/namespaces/default/statefulsets', method: 'DELETE' }, 'statefulsets.apps is forbidden: User "bob" cannot deletecollection resource "statefulsets" in API group "apps" in the namespace "default"'],
    ['a resource that is not there', { path: '/apis/x.io/v1/foos' }, 'foos.x.io is forbidden: User "bob" cannot list resource "foos" in API group "x.io" at the cluster scope'],
    ['a path', { path: '/version' }, 'forbidden: User "bob" cannot get path "/version"'],
  ] as const)('is refused as upstream words it: %s', (_title, asked, text) => {
    const response = start()({ ...asked, user: BOB });
    expect([response.status, (response.body as Status).reason, message(response)]).toEqual([403, 'Forbidden', text]);
  });

  it('names a role that a binding refers to and that is not there', () => {
    const ask = start();
    ask({ path: BINDINGS, body: roleBinding('b', 'gone', { kind: 'User', name: 'bob' }) });
    expect(message(ask({ path: PODS, user: BOB }))).toMatch(/in the namespace "default": RBAC: role\.rbac\.authorization\.k8s\.io "gone" not found$/);
  });

  it('changes nothing', () => {
    const ask = start();
    expect(ask({ path: '/api/v1/namespaces/default/configmaps', body: { metadata: { name: 'c' } }, user: BOB }).status).toBe(403);
    expect(ask({ path: '/api/v1/namespaces/default/configmaps/c' }).status).toBe(404);
  });
});

describe('a role that is bound', () => {
  it.each([
    ['to a user', { kind: 'User', name: 'bob' }, BOB],
    ['to a group', { kind: 'Group', name: 'dev' }, BOB],
    ['to a service account', { kind: 'ServiceAccount', name: 'sa' }, { name: 'system:serviceaccount:default:sa', groups: [] }],
  ])('gives its rights %s, and no others', (_title, subject, user) => {
    const ask = start();
    ask({ path: ROLES, body: role('reader', [{ verbs: ['get', 'list'], apiGroups: [''], resources: ['pods', 'pods/log'] }]) });
    ask({ path: BINDINGS, body: roleBinding('b', 'reader', subject) });
    expect([ask({ path: PODS, user }).status, ask({ path: `${PODS}/a/log`, user }).status, ask({ path: `${PODS}/a/status`, user }).status, ask({ path: '/api/v1/pods', user }).status, ask({ path: `${PODS}/a`, method: 'DELETE', user }).status])
      .toEqual([200, 404, 403, 403, 403]);
  });

  it('holds for the named objects alone where it names some', () => {
    const ask = start();
    ask({ path: ROLES, body: role('one', [{ verbs: ['*'], apiGroups: [''], resources: ['configmaps'], resourceNames: ['mine'] }]) });
    ask({ path: BINDINGS, body: roleBinding('b', 'one', { kind: 'User', name: 'bob' }) });
    const path = '/api/v1/namespaces/default/configmaps';
    expect([ask({ path: `${path}/mine`, user: BOB }).status, ask({ path: `${path}/yours`, user: BOB }).status, ask({ path, query: 'fieldSelector=metadata.name%3Dmine', user: BOB }).status, ask({ path, user: BOB }).status]).toEqual([404, 403, 200, 403]);
  });
});

describe('a writer of roles', () => {
  const writer = (verbs: readonly string[]): object => role('roler', [{ verbs, apiGroups: [GROUP], resources: ['roles', 'rolebindings'] }, { verbs: ['get'], apiGroups: [''], resources: ['pods'] }]);
  function withBob(verbs: readonly string[] = ['create', 'get', 'update']): (asked: Asked) => RestResponse {
    const ask = start();
    ask({ path: ROLES, body: writer(verbs) });
    ask({ path: BINDINGS, body: roleBinding('b', 'roler', { kind: 'User', name: 'bob' }) });
    ask({ path: ROLES, body: role('strong', [{ verbs: ['list'], apiGroups: ['apps'], resources: ['*'] }]) });
    return ask;
  }
  const more = role('more', [{ verbs: ['get', 'delete'], apiGroups: [''], resources: ['pods', 'secrets'] }]);

  it('cannot grant what he does not have: the message lists what is lacking', () => {
    const response = withBob()({ path: ROLES, body: more, user: BOB });
    expect(response.status).toBe(403);
    expect(message(response)).toBe([
      'roles.rbac.authorization.k8s.io "more" is forbidden: user "bob" (groups=["dev" "system:authenticated"]) is attempting to grant RBAC permissions not currently held:',
      '{APIGroups:[""], Resources:["pods"], Verbs:["delete"]}',
      '{APIGroups:[""], Resources:["secrets"], Verbs:["get" "delete"]}',
    ].join('\n'));
  });

  it('can grant what he has', () => {
    expect(withBob()({ path: ROLES, body: role('same', [{ verbs: ['get'], apiGroups: [''], resources: ['pods'] }]), user: BOB }).status).toBe(201);
  });

  it('can grant anything with the verb escalate, and bind anything with the verb bind', () => {
    expect(withBob(['create', 'escalate'])({ path: ROLES, body: more, user: BOB }).status).toBe(201);
    const binding = roleBinding('x', 'strong', { kind: 'User', name: 'bob' });
    expect(withBob()({ path: BINDINGS, body: binding, user: BOB }).status).toBe(403);
    expect(withBob(['create', 'bind'])({ path: BINDINGS, body: binding, user: BOB }).status).toBe(201);
  });

  it('may change the labels of a role that is stronger than he', () => {
    const ask = withBob();
    const path = `${ROLES}/strong`;
    const stored = ask({ path }).body as KubeObject;
    expect(ask({ path, method: 'PUT', body: { ...stored, metadata: { ...stored.metadata, labels: { a: 'b' } } }, user: BOB }).status).toBe(200);
    expect(ask({ path, method: 'PUT', body: { ...(ask({ path }).body as KubeObject), rules: [{ verbs: ['watch'], apiGroups: ['apps'], resources: ['*'] }] }, user: BOB }).status).toBe(403);
  });
});

describe('roles and bindings', () => {
  const refused = (path: string, body: object): string => message(start()({ path, body }));

  it('are validated as upstream does', () => {
    expect(refused(ROLES, role('r', [{ verbs: [], nonResourceURLs: ['/x'] }]))).toBe('Role.rbac.authorization.k8s.io "r" is invalid: [rules[0].verbs: Required value: verbs must contain at least one value, rules[0].nonResourceURLs: Invalid value: ["/x"]: namespaced rules cannot apply to non-resource URLs]');
    expect(refused(ROLES, role('r', [{ verbs: ['get'] }]))).toBe('Role.rbac.authorization.k8s.io "r" is invalid: [rules[0].apiGroups: Required value: resource rules must supply at least one api group, rules[0].resources: Required value: resource rules must supply at least one resource]');
    expect(refused(BINDINGS, roleBinding('b', 'r', { kind: 'Robot', name: 'x' }))).toBe('RoleBinding.rbac.authorization.k8s.io "b" is invalid: subjects[0].kind: Unsupported value: "Robot": supported values: "ServiceAccount", "User", "Group"');
  });

  it('get the groups of their role and subjects, and keep their role', () => {
    const ask = start();
    const stored = ask({ path: BINDINGS, body: roleBinding('b', 'r', { kind: 'User', name: 'bob' }) }).body as KubeObject;
    expect([stored['roleRef'].apiGroup, stored['subjects'][0].apiGroup]).toEqual([GROUP, GROUP]);
    const response = ask({ path: `${BINDINGS}/b`, method: 'PUT', body: { ...stored, roleRef: { ...stored['roleRef'], name: 'other' } } });
    expect(message(response)).toContain('cannot change roleRef');
  });
});

describe('reviews', () => {
  const SELF = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews';
  const asks = (verb: string, resource: string): object => ({ spec: { resourceAttributes: { verb, resource, namespace: 'default' } } });

  it('say yes to everything where everything is allowed', () => {
    const response = start(ALWAYS_ALLOW)({ path: SELF, body: asks('create', 'pods'), user: BOB });
    expect([response.status, response.body]).toEqual([201, expect.objectContaining({ kind: 'SelfSubjectAccessReview', status: { allowed: true } })]);
  });

  it('say which binding gives a right, and that there is none', () => {
    const ask = start();
    ask({ path: ROLES, body: role('any', [{ verbs: ['create'], apiGroups: ['authorization.k8s.io'], resources: ['*'] }, { verbs: ['get'], apiGroups: [''], resources: ['pods'] }]) });
    ask({ path: `/apis/${GROUP}/v1/clusterroles`, body: { metadata: { name: 'basic' }, rules: [{ verbs: ['create'], apiGroups: ['authorization.k8s.io', 'authentication.k8s.io'], resources: ['*'] }] } });
    ask({ path: `/apis/${GROUP}/v1/clusterrolebindings`, body: { metadata: { name: 'basic' }, roleRef: { apiGroup: GROUP, kind: 'ClusterRole', name: 'basic' }, subjects: [{ kind: 'Group', name: 'system:authenticated' }] } });
    ask({ path: BINDINGS, body: roleBinding('b', 'any', { kind: 'User', name: 'bob' }) });
    const review = (verb: string): unknown => (ask({ path: SELF, body: asks(verb, 'pods'), user: BOB }).body as KubeObject)['status'];
    expect(review('get')).toEqual({ allowed: true, reason: 'RBAC: allowed by RoleBinding "b/default" of Role "any" to User "bob"' });
    expect(review('delete')).toEqual({ allowed: false });
    const rules = ask({ path: '/apis/authorization.k8s.io/v1/selfsubjectrulesreviews', body: { spec: { namespace: 'default' } }, user: BOB }).body as KubeObject;
    expect(rules['status'].resourceRules).toContainEqual({ verbs: ['get'], apiGroups: [''], resources: ['pods'] });
    const self = ask({ path: '/apis/authentication.k8s.io/v1/selfsubjectreviews', body: {}, user: BOB }).body as KubeObject;
    expect(self['status'].userInfo).toEqual({ username: 'bob', groups: BOB.groups });
  });

  it('are refused where they ask nothing or two things, and are never stored', () => {
    const ask = start(ALWAYS_ALLOW);
    expect(message(ask({ path: SELF, body: { spec: {} } }))).toBe('SelfSubjectAccessReview.authorization.k8s.io "" is invalid: spec.resourceAttributes: Required value: exactly one of nonResourceAttributes or resourceAttributes must be specified');
    expect(ask({ path: SELF }).status).toBe(405);
    const table = ask({ path: SELF, body: asks('get', 'pods'), headers: { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' } });
    expect([table.status, (table.body as Status).reason]).toEqual([406, 'NotAcceptable']);
  });
});

describe('a request in the name of another', () => {
  it('is asked for the right to impersonate, and then has the rights of the other', () => {
    const ask = start();
    const as = { 'impersonate-user': 'carol' };
    expect(message(ask({ path: PODS, headers: as, user: BOB }))).toBe('users "carol" is forbidden: User "bob" cannot impersonate resource "users" in API group "" at the cluster scope');
    expect(message(ask({ path: PODS, headers: as }))).toContain('User "carol" cannot list resource "pods"');
  });
});

describe('a service account token', () => {
  const accounts = '/api/v1/namespaces/default/serviceaccounts';
  it('is given on request and says who bears it', () => {
    const ask = start(ALWAYS_ALLOW);
    ask({ path: accounts, body: { metadata: { name: 'sa' } } });
    const given = ask({ path: `${accounts}/sa/token`, body: { spec: {} } });
    expect(given.status).toBe(201);
    const { token } = (given.body as KubeObject)['status'];
    const review = (text: string): unknown => (ask({ path: '/apis/authentication.k8s.io/v1/tokenreviews', body: { spec: { token: text } } }).body as KubeObject)['status'];
    expect(review(token as string)).toMatchObject({ authenticated: true, user: { username: 'system:serviceaccount:default:sa' } });
    expect(review(`${token as string}x`)).toEqual({ user: {}, error: 'invalid bearer token' });
    expect(message(ask({ path: `${accounts}/sa/token`, body: { spec: { expirationSeconds: 5 } } }))).toContain('may not specify a duration less than 10 minutes');
  });
});
