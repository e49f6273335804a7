// A definition's way through the API server: names accepted, objects served, all gone with it.
import { deriveIdentity, Machine } from '@kubesim/kernel';
import { describe, expect, it } from 'vitest';
import { createApiServer, STORE, storeComponent, WorldStorage, type ApiServer } from '../src/index.ts';

function server(): ApiServer {
  const machine = new Machine({ definition: { components: [storeComponent] }, seed: 1, startAt: 1_764_000_000_000 });
  machine.spawn(STORE, STORE);
  return createApiServer({ storage: new WorldStorage(machine), now: () => machine.now, profile: { kubernetes: '1.37', featureGates: {} }, identity: (parts) => deriveIdentity(machine.seed, parts) });
}

const definition = (plural: string, kind: string, shortNames: readonly string[] = []): unknown => ({
  apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', metadata: { name: `${plural}.example.com` },
  spec: {
    group: 'example.com', scope: 'Cluster', names: { plural, kind, shortNames },
    versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object', properties: { spec: { type: 'object', properties: { size: { type: 'integer', default: 3 } } } } } } }],
  },
});
const DEFINITIONS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const WIDGETS = '/apis/example.com/v1/widgets';

function send(api: ApiServer, method: string, path: string, body?: unknown): { readonly status: number; readonly body: Record<string, never> } {
  const { status, body: answer } = api.handle({ method, path, headers: { 'content-type': 'application/json' }, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
  return { status, body: answer as Record<string, never> };
}

describe('custom resource definitions', () => {
  it('should accept names and establish the definition', () => {
    const api = server();
    expect(send(api, 'POST', DEFINITIONS, definition('widgets', 'Widget')).status).toBe(201);
    expect(send(api, 'GET', `${DEFINITIONS}/widgets.example.com`).body).toMatchObject({
      status: {
        acceptedNames: { plural: 'widgets', singular: 'widget', kind: 'Widget', listKind: 'WidgetList' }, storedVersions: ['v1'],
        conditions: [{ type: 'NamesAccepted', status: 'True', reason: 'NoConflicts' }, { type: 'Established', status: 'True', reason: 'InitialNamesAccepted' }],
      },
    });
  });
  it('should not accept a name that another definition has', () => {
    const api = server();
    send(api, 'POST', DEFINITIONS, definition('widgets', 'Widget', ['w']));
    send(api, 'POST', DEFINITIONS, definition('wheels', 'Wheel', ['w']));
    expect(send(api, 'GET', `${DEFINITIONS}/wheels.example.com`).body).toMatchObject({ status: { conditions: [{ type: 'NamesAccepted', status: 'False', reason: 'ShortNamesConflict', message: '"w" is already in use' }, { type: 'Established', status: 'False' }] } });
  });
  it('should serve objects with defaults, without what the schema does not know, until the definition goes', () => {
    const api = server();
    send(api, 'POST', DEFINITIONS, definition('widgets', 'Widget'));
    const made = send(api, 'POST', WIDGETS, { apiVersion: 'example.com/v1', kind: 'Widget', metadata: { name: 'w' }, spec: { other: 1 } });
    expect(made).toMatchObject({ status: 201, body: { spec: { size: 3 } } });
    expect(made.body).not.toHaveProperty('spec.other');
    expect(send(api, 'DELETE', `${DEFINITIONS}/widgets.example.com`).status).toBe(200);
    expect(send(api, 'GET', `${WIDGETS}/w`).status).toBe(404);
    send(api, 'POST', DEFINITIONS, definition('widgets', 'Widget'));
    expect(send(api, 'GET', WIDGETS).body).toMatchObject({ items: [] });
  });
});

describe('custom resources', () => {
  const widget = (fields: object): unknown => ({ apiVersion: 'example.com/v1', kind: 'Widget', metadata: { name: 'w' }, ...fields });
  const scaled = (): ApiServer => {
    const api = server();
    const made = structuredClone(definition('widgets', 'Widget')) as { spec: { versions: [Record<string, unknown>] } };
    made.spec.versions[0]['subresources'] = { scale: { specReplicasPath: '.spec.size', statusReplicasPath: '.status.size' } };
    send(api, 'POST', DEFINITIONS, made);
    return api;
  };

  it.each<[string, object, number, string]>([
    ['no kind', { kind: undefined }, 400, "Object 'Kind' is missing in 'unstructured object has no kind'"],
    ['no version', { apiVersion: undefined }, 400, 'the API version in the data () does not match the expected API version (example.com/v1)'],
    ['another version', { apiVersion: 'example.com/v2' }, 400, 'the API version in the data (example.com/v2) does not match the expected API version (example.com/v1)'],
    ['another kind', { kind: 'Gadget' }, 422, 'Gadget.example.com "w" is invalid: kind: Invalid value: "Gadget": must be Widget'],
    ['metadata of another form', { metadata: { name: 'w', labels: { a: 1 } } }, 400, 'Widget in version "v1" cannot be handled as a Widget: json: cannot unmarshal number into Go struct field ObjectMeta.labels of type string'],
    ['a text for an object', { spec: 'x' }, 422, 'Widget.example.com "w" is invalid: [spec: Invalid value: "string": spec in body must be of type object: "string", .spec.size: Invalid value: 0: .spec.size accessor error: x is of the type string, expected map[string]interface{}]'],
    ['a list for an object', { spec: ['a', 1] }, 422, 'Widget.example.com "w" is invalid: [spec: Invalid value: "array": spec in body must be of type object: "array", .spec.size: Invalid value: 0: .spec.size accessor error: [a 1] is of the type []interface {}, expected map[string]interface{}]'],
  ])('should refuse %s', (_, fields, status, message) => {
    expect(send(scaled(), 'POST', WIDGETS, widget(fields))).toMatchObject({ status, body: { message } });
  });
});

describe('kinds without schema', () => {
  const HOOKS = '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations';
  const hook = (name: string): unknown => ({ metadata: { name: 'x' }, webhooks: [{ name }] });

  it('should be stored as sent, with a warning that nothing is done by them', () => {
    const api = server();
    const created = api.handle({ method: 'POST', path: HOOKS, headers: { 'content-type': 'application/json' }, body: JSON.stringify(hook('a')) });
    expect([created.status, created.warnings]).toEqual([201, ['299 - "admissionregistration.k8s.io/v1 ValidatingWebhookConfiguration is stored as sent: it is not validated, and nothing is done by it"']]);
    const patched = api.handle({ method: 'PATCH', path: `${HOOKS}/x`, headers: { 'content-type': 'application/strategic-merge-patch+json' }, body: JSON.stringify({ webhooks: [{ name: 'b' }] }) });
    expect(patched.body).toMatchObject({ metadata: { generation: 2 }, webhooks: [{ name: 'b' }] });
  });
  it('should have their metadata checked', () => {
    expect(send(server(), 'POST', HOOKS, { metadata: { name: 'X_' } }).status).toBe(422);
  });
});
