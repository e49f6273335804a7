// Kinds of which the schema data says nothing: their objects are stored as they are sent, so that an operator's bundle applies,
// and every write is answered with a warning that nothing comes of them.
import { isSame } from '../is-same.ts';
import { apiVersionOf, type KindDefinition } from '../kind.ts';

type Names = Pick<KindDefinition, 'group' | 'version' | 'kind' | 'resource' | 'singular' | 'shortNames' | 'categories' | 'namespaced' | 'subresources'>;

const NAMES: readonly Names[] = [
  { group: 'admissionregistration.k8s.io', version: 'v1', kind: 'MutatingAdmissionPolicy', resource: 'mutatingadmissionpolicies', singular: 'mutatingadmissionpolicy', categories: ['api-extensions'], namespaced: false },
  { group: 'admissionregistration.k8s.io', version: 'v1', kind: 'MutatingAdmissionPolicyBinding', resource: 'mutatingadmissionpolicybindings', singular: 'mutatingadmissionpolicybinding', categories: ['api-extensions'], namespaced: false },
  { group: 'admissionregistration.k8s.io', version: 'v1', kind: 'MutatingWebhookConfiguration', resource: 'mutatingwebhookconfigurations', singular: 'mutatingwebhookconfiguration', categories: ['api-extensions'], namespaced: false },
  { group: 'admissionregistration.k8s.io', version: 'v1', kind: 'ValidatingAdmissionPolicy', resource: 'validatingadmissionpolicies', singular: 'validatingadmissionpolicy', categories: ['api-extensions'], namespaced: false, subresources: { status: true } },
  { group: 'admissionregistration.k8s.io', version: 'v1', kind: 'ValidatingAdmissionPolicyBinding', resource: 'validatingadmissionpolicybindings', singular: 'validatingadmissionpolicybinding', categories: ['api-extensions'], namespaced: false },
  { group: 'admissionregistration.k8s.io', version: 'v1', kind: 'ValidatingWebhookConfiguration', resource: 'validatingwebhookconfigurations', singular: 'validatingwebhookconfiguration', categories: ['api-extensions'], namespaced: false },
  { group: 'apiregistration.k8s.io', version: 'v1', kind: 'APIService', resource: 'apiservices', singular: 'apiservice', categories: ['api-extensions'], namespaced: false, subresources: { status: true } },
  { group: 'certificates.k8s.io', version: 'v1', kind: 'CertificateSigningRequest', resource: 'certificatesigningrequests', singular: 'certificatesigningrequest', shortNames: ['csr'], namespaced: false, subresources: { approval: true, status: true } },
  { group: 'certificates.k8s.io', version: 'v1', kind: 'ClusterTrustBundle', resource: 'clustertrustbundles', singular: 'clustertrustbundle', namespaced: false },
  { group: 'certificates.k8s.io', version: 'v1', kind: 'PodCertificateRequest', resource: 'podcertificaterequests', singular: 'podcertificaterequest', namespaced: true, subresources: { status: true } },
  { group: 'flowcontrol.apiserver.k8s.io', version: 'v1', kind: 'FlowSchema', resource: 'flowschemas', singular: 'flowschema', namespaced: false, subresources: { status: true } },
  { group: 'flowcontrol.apiserver.k8s.io', version: 'v1', kind: 'PriorityLevelConfiguration', resource: 'prioritylevelconfigurations', singular: 'prioritylevelconfiguration', namespaced: false, subresources: { status: true } },
  { group: 'node.k8s.io', version: 'v1', kind: 'RuntimeClass', resource: 'runtimeclasses', singular: 'runtimeclass', namespaced: false },
  { group: 'resource.k8s.io', version: 'v1', kind: 'DeviceClass', resource: 'deviceclasses', singular: 'deviceclass', namespaced: false },
  { group: 'resource.k8s.io', version: 'v1', kind: 'DeviceTaintRule', resource: 'devicetaintrules', singular: 'devicetaintrule', namespaced: false, subresources: { status: true } },
  { group: 'resource.k8s.io', version: 'v1', kind: 'ResourceClaim', resource: 'resourceclaims', singular: 'resourceclaim', namespaced: true, subresources: { status: true } },
  { group: 'resource.k8s.io', version: 'v1', kind: 'ResourceClaimTemplate', resource: 'resourceclaimtemplates', singular: 'resourceclaimtemplate', namespaced: true },
  { group: 'resource.k8s.io', version: 'v1', kind: 'ResourceSlice', resource: 'resourceslices', singular: 'resourceslice', namespaced: false },
  { group: 'storagemigration.k8s.io', version: 'v1', kind: 'StorageVersionMigration', resource: 'storageversionmigrations', singular: 'storageversionmigration', namespaced: false, subresources: { status: true } },
];

/** Kinds without schema. @internal */
export const STORED_AS_SENT_KINDS: readonly KindDefinition[] = NAMES.map((names) => ({
  ...names, isStoredAsSent: true, hasGeneration: true,
  generationChanged: (object, old) => !isSame({ ...object, metadata: undefined, status: undefined }, { ...old, metadata: undefined, status: undefined }),
  warnings: () => [`${apiVersionOf(names)} ${names.kind} is stored as sent: it is not validated, and nothing is done by it`],
}));
