// What an admission plugin is: pure functions over a request's attributes and what is stored. Their order is in chain.ts.
import type { ApiProfile, FieldError, KindDefinition, KubeObject, ResourceName, Status, StoreReader } from '@kubesim/api';

/** What a plugin is asked to admit. @public */
export interface AdmissionAttributes {
  readonly operation: 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT';
  readonly kind: KindDefinition;
  /** `pods`, `statefulsets.apps`. */
  readonly resource: ResourceName;
  /** Empty for the main resource. */
  readonly subresource: string;
  /** Empty for cluster-scoped kinds. */
  readonly namespace: string;
  /** Empty where the name is still to be generated. */
  readonly name: string;
  /** What is to be stored; undefined for DELETE and CONNECT. */
  readonly object?: KubeObject;
  /** What is stored; undefined for CREATE. */
  readonly oldObject?: KubeObject;
  readonly dryRun: boolean;
  readonly user: { readonly name: string; readonly groups: readonly string[] };
}

/** What a plugin may look at. @public */
export interface AdmissionContext {
  readonly now: number;
  /** The same instant as metadata shows it. */
  readonly time: string;
  readonly profile: ApiProfile;
  readonly store: StoreReader;
}

/** Another object to write right before the admitted one, under a revision of its own (a quota's `status.used`). @public */
export interface AdmissionWrite {
  readonly resource: ResourceName;
  readonly key: string;
  readonly object: KubeObject;
}

/** A plugin's answer; `undefined` lets the object through unchanged. @public */
export type AdmissionOutcome =
  | undefined
  | {
    /** The changed object; only `admit` may give one. */
    readonly object?: KubeObject;
    readonly warnings?: readonly string[];
    readonly writes?: readonly AdmissionWrite[];
  }
  /** Refused: 403 with upstream's `K "name" is forbidden: <message>`, the given Status, or 422 with field errors. */
  | { readonly forbidden: string }
  | { readonly status: Status }
  | { readonly invalid: readonly FieldError[] };

/** One admission plugin, under upstream's name. @public */
export interface AdmissionPlugin {
  readonly name: string;
  /**
   * Whether the plugin looks at such requests at all, as upstream's Handles; at every request without it. The answer is
   * remembered: it must follow from the arguments alone.
   */
  handles?(operation: AdmissionAttributes['operation'], resource: ResourceName, subresource: string): boolean;
  /** Mutating phase; sees the object before the strategy has normalised it. */
  admit?(attributes: AdmissionAttributes, context: AdmissionContext): AdmissionOutcome;
  /** Validating phase; sees the object as it is to be stored. */
  validate?(attributes: AdmissionAttributes, context: AdmissionContext): AdmissionOutcome;
  /**
   * Whether its answer about a lease or a node's status depends on no instant. A cluster with a plugin that looks at these and
   * does not say so steps through every heartbeat (docs/decisions/0005). Upstream has no counterpart.
   */
  readonly isTimeless?: boolean;
}
