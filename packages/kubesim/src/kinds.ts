// Which type a reference names: `statefulset/web` and `sts/web` are a StatefulSet, and so on, from template-literal types alone.
import type {
  ConfigMap, ControllerRevision, CronJob, CustomResourceDefinition, DaemonSet, Deployment, Endpoints, EndpointSlice, Event, HorizontalPodAutoscaler, Job, KubeObject, Lease, LimitRange, Namespace, Node,
  PersistentVolume, PersistentVolumeClaim, Pod, PodDisruptionBudget, PriorityClass, ReplicaSet, ResourceQuota, Secret, Service, ServiceAccount, StatefulSet, StorageClass,
} from '@kubesim/api';

/** The types of kinds by every word that kubectl takes for them. Other kinds, custom ones among them, are `KubeObject`. @public */
export interface KindsByWord {
  configmap: ConfigMap; configmaps: ConfigMap; cm: ConfigMap;
  controllerrevision: ControllerRevision; controllerrevisions: ControllerRevision;
  cronjob: CronJob; cronjobs: CronJob; cj: CronJob;
  customresourcedefinition: CustomResourceDefinition; customresourcedefinitions: CustomResourceDefinition; crd: CustomResourceDefinition;
  daemonset: DaemonSet; daemonsets: DaemonSet; ds: DaemonSet;
  deployment: Deployment; deployments: Deployment; deploy: Deployment;
  endpoints: Endpoints; ep: Endpoints;
  endpointslice: EndpointSlice; endpointslices: EndpointSlice;
  event: Event; events: Event; ev: Event;
  horizontalpodautoscaler: HorizontalPodAutoscaler; horizontalpodautoscalers: HorizontalPodAutoscaler; hpa: HorizontalPodAutoscaler;
  job: Job; jobs: Job;
  lease: Lease; leases: Lease;
  limitrange: LimitRange; limitranges: LimitRange; limits: LimitRange;
  namespace: Namespace; namespaces: Namespace; ns: Namespace;
  node: Node; nodes: Node; no: Node;
  persistentvolume: PersistentVolume; persistentvolumes: PersistentVolume; pv: PersistentVolume;
  persistentvolumeclaim: PersistentVolumeClaim; persistentvolumeclaims: PersistentVolumeClaim; pvc: PersistentVolumeClaim;
  pod: Pod; pods: Pod; po: Pod;
  poddisruptionbudget: PodDisruptionBudget; poddisruptionbudgets: PodDisruptionBudget; pdb: PodDisruptionBudget;
  priorityclass: PriorityClass; priorityclasses: PriorityClass; pc: PriorityClass;
  replicaset: ReplicaSet; replicasets: ReplicaSet; rs: ReplicaSet;
  resourcequota: ResourceQuota; resourcequotas: ResourceQuota; quota: ResourceQuota;
  secret: Secret; secrets: Secret;
  service: Service; services: Service; svc: Service;
  serviceaccount: ServiceAccount; serviceaccounts: ServiceAccount; sa: ServiceAccount;
  statefulset: StatefulSet; statefulsets: StatefulSet; sts: StatefulSet;
  storageclass: StorageClass; storageclasses: StorageClass; sc: StorageClass;
}

/** The type that a resource word names. @public */
export type KindOfWord<Word extends string> = string extends Word ? KubeObject : Lowercase<Word> extends keyof KindsByWord ? KindsByWord[Lowercase<Word>] : Lowercase<Word> extends `${infer Plain}.${string}` ? (Plain extends keyof KindsByWord ? KindsByWord[Plain] : KubeObject) : KubeObject;

/** The type that a reference `word/name` names. @public */
export type KindOf<Reference extends string> = Reference extends `${infer Word}/${string}` ? KindOfWord<Word> : KubeObject;
