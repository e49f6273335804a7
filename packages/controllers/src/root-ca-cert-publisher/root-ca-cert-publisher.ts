// Puts the root certificate into every namespace. Rules: SPEC.md.
import type { ConfigMap, KubeObject, Namespace } from '@kubesim/api';
import { isAlreadyExists, isNamespaceTerminating, send, type Controller, type Reconciling } from '@kubesim/client';

const NAME = 'kube-root-ca.crt';
const DESCRIPTION = 'kubernetes.io/description';
const DESCRIPTION_TEXT = 'Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.';
/** There is no certificate in a simulation; an empty one is what a server without TLS publishes. */
const DATA: Readonly<Record<string, string>> = { 'ca.crt': '' };

/** Upstream: pkg/controller/certificates/rootcacertpublisher (1.37). @public */
export const rootCaCertPublisherController: Controller = {
  name: 'root-ca-certificate-publisher-controller',
  watches: ['namespaces', 'configmaps'],
  workers: 1,
  handle(context, { resource, before, after }) {
    if (resource === 'namespaces') {
      if (after !== undefined) context.enqueue(after.metadata.name ?? '');
    } else {
      const { name, namespace = '' } = (after ?? before as KubeObject).metadata;
      if (name === NAME && before !== undefined) context.enqueue(namespace);
    }
  },
  *reconcile(context, key): Reconciling {
    const plan = context.decide(() => {
      const namespace = context.lister<Namespace>('namespaces').get('', key);
      const isWanted = namespace !== undefined && namespace.status?.phase === 'Active';
      return { isWanted, current: context.lister<ConfigMap>('configmaps').get(key, NAME) ?? null };
    });
    if (!plan.isWanted) return undefined;
    const { current } = plan;
    if (current === null) {
      const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: NAME, namespace: key, annotations: { [DESCRIPTION]: DESCRIPTION_TEXT } }, data: DATA } as KubeObject;
      const { error } = yield* send({ verb: 'create', resource: 'configmaps', namespace: key, object });
      return error === undefined || isAlreadyExists(error) || isNamespaceTerminating(error) ? undefined : { error: error.message };
    }
    const isRight = Object.keys(current.data ?? {}).join() === 'ca.crt' && current.data?.['ca.crt'] === '' && current.metadata?.annotations?.[DESCRIPTION] !== undefined;
    if (isRight) return undefined;
    const annotations = { ...current.metadata?.annotations, [DESCRIPTION]: DESCRIPTION_TEXT };
    const { error } = yield* send({ verb: 'update', resource: 'configmaps', namespace: key, name: NAME, object: { ...current, metadata: { ...current.metadata, annotations }, data: DATA } as KubeObject });
    return error === undefined ? undefined : { error: error.message };
  },
};
