// The past of a cluster: what get and list answered at an earlier revision.
import { matchesRequirements, parseLabelSelector, type KubeObject } from '@kubesim/api';
import type { WorldStorage } from '@kubesim/apiserver';
import { UsageError } from './errors.ts';
import type { KindOf, KindOfWord } from './kinds.ts';
import { parseReference, resolveResource, type CustomKinds } from './references.ts';

/** A cluster as it stood at a revision. For reading only; the cluster goes on meanwhile. @public */
export class Past {
  /** The last write that it knows of. */
  readonly revision: number;
  /** When that was: virtual ms since 1970. */
  readonly instant: number;
  private readonly storage: WorldStorage;
  private readonly customKinds: CustomKinds;

  /** @internal */
  constructor(storage: WorldStorage, revision: number, instant: number, customKinds: CustomKinds) {
    this.storage = storage;
    this.revision = revision;
    this.instant = instant;
    this.customKinds = customKinds;
  }

  /** An object as it was, or undefined. */
  get<Reference extends string>(reference: Reference, options: { readonly namespace?: string } = {}): KindOf<Reference> | undefined {
    const { resource, namespaced, name } = parseReference(reference, this.customKinds);
    return this.storage.at(this.revision).get(resource, namespaced ? `${options.namespace ?? 'default'}/${name}` : name) as KindOf<Reference> | undefined;
  }

  /** Objects of a kind in a namespace (`*`: in all) as they were, in key order. */
  list<Word extends string>(resource: Word, options: { readonly namespace?: string; readonly selector?: string } = {}): readonly KindOfWord<Word>[] {
    const kind = resolveResource(resource, this.customKinds);
    const prefix = !kind.namespaced || options.namespace === '*' ? '' : `${options.namespace ?? 'default'}/`;
    const parsed = parseLabelSelector(options.selector ?? '');
    if ('error' in parsed) throw new UsageError(`at.list.selector: ${parsed.error}`);
    const objects: Iterable<KubeObject> = this.storage.at(this.revision).list(kind.resource, prefix);
    return [...objects].filter((object) => matchesRequirements(parsed.requirements, object.metadata.labels ?? {})) as unknown as readonly KindOfWord<Word>[];
  }
}
