// Manifests: YAML or JSON text, or objects, one or many; Lists are opened.
import { parseDocuments, type KubeObject } from '@kubesim/api';
import { UsageError } from './errors.ts';

/** What may be applied: YAML or JSON text of one or more documents, an object, or several. @public */
export type Manifest = string | KubeObject | readonly KubeObject[];

/** The objects of a manifest. Throws UsageError that says which document is wrong and where. @internal */
export function readManifest(manifest: Manifest): readonly KubeObject[] {
  const found: unknown[] = [];
  if (typeof manifest === 'string') {
    parseDocuments(manifest).forEach((document, index) => {
      if (!document.ok) throw new UsageError(`manifest, document ${index + 1}: ${document.error}`);
      if (document.value !== null) found.push(document.value);
    });
    if (found.length === 0) throw new UsageError('manifest: no objects passed to apply');
  } else {
    found.push(...(Array.isArray(manifest) ? (manifest as readonly unknown[]) : [manifest]));
  }
  return found.flatMap((value, index) => openList(value, index + 1));
}

function openList(value: unknown, position: number): readonly KubeObject[] {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) throw new UsageError(`manifest, document ${position}: expected an object with apiVersion and kind, not ${Array.isArray(value) ? 'a list' : typeof value}`);
  const object = value as KubeObject;
  if (typeof object.kind !== 'string' || object.kind === '') throw new UsageError(`manifest, document ${position}: kind must be set`);
  if (typeof object.apiVersion !== 'string' || object.apiVersion === '') throw new UsageError(`manifest, document ${position} (${object.kind}): apiVersion must be set`);
  if (object.kind.endsWith('List') && Array.isArray(object['items'])) return (object['items'] as unknown[]).flatMap((item, index) => openList(item, index + 1));
  const metadata = object.metadata as unknown;
  if (metadata === null || typeof metadata !== 'object') throw new UsageError(`manifest, document ${position} (${object.kind}): metadata must be set`);
  return [object];
}
