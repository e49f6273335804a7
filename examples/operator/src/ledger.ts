// The kind that the operator is for: a replicated ledger of a few members, which must never lose its majority.
import type { KubeObject } from '@kubesim/api';

/** A ledger of `members` replicas. */
export interface Ledger {
  readonly apiVersion: 'example.dev/v1';
  readonly kind: 'Ledger';
  readonly metadata: KubeObject['metadata'] & { readonly name: string; readonly namespace: string; readonly uid: string };
  readonly spec: { readonly members: number; readonly image: string };
  readonly status?: { readonly readyMembers: number; readonly observedGeneration: number };
}

/** The resource of ledgers. */
export const LEDGERS = 'ledgers.example.dev';

/** How many members are a majority. */
export function quorum(members: number): number {
  return Math.floor(members / 2) + 1;
}

/** The definition of the kind, as a manifest. */
export const LEDGER_DEFINITION = `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: ledgers.example.dev}
spec:
  group: example.dev
  scope: Namespaced
  names: {plural: ledgers, singular: ledger, kind: Ledger}
  versions:
  - name: v1
    served: true
    storage: true
    subresources: {status: {}}
    additionalPrinterColumns:
    - {name: Members, type: integer, jsonPath: .spec.members}
    - {name: Ready, type: integer, jsonPath: .status.readyMembers}
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            required: [members, image]
            properties: {members: {type: integer, minimum: 1, maximum: 9}, image: {type: string}}
          status:
            type: object
            properties: {readyMembers: {type: integer}, observedGeneration: {type: integer}}
`;
