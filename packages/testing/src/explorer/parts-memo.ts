// Steps remembered by the parts of states that they read: a delivery to a controller reads and writes its queue alone, whatever else the
// controller holds; what it does is carried over to every state that has the same queue.
import type { Delta, Local } from './state.ts';
import type { Part, Reading } from './witness.ts';

/** What a step leaves in a component that it may have written: its state, or the fields that it assigned. @internal */
export type Effect =
  | { readonly slot: number; readonly local: Local }
  | { readonly slot: number; readonly fields: readonly (readonly [string, unknown])[] };

/** A step that was run, as it can be carried over. @internal */
export interface Portable {
  readonly delta: Delta;
  readonly effects: readonly Effect[];
}

/** Which part is looked at next, and what follows for each value of it; or what the step does. @internal */
export class PartBranch {
  part: Part | undefined;
  portable: Portable | undefined;
  private readonly children = new Map<number, PartBranch>();

  after(id: number): PartBranch | undefined {
    return this.children.get(id);
  }

  add(id: number): PartBranch {
    const child = new PartBranch();
    this.children.set(id, child);
    return child;
  }
}

/** Puts a step under what it read. `idOf` answers for parts that it did not read itself, but which lie on the way. @internal */
export function putPortable(root: PartBranch, readings: ReadonlyMap<string, Reading>, portable: Portable, idOf: (part: Part, reading: Reading | undefined) => number): void {
  let branch = root;
  const left = new Map(readings);
  while (branch.part !== undefined) {
    const id = idOf(branch.part, left.get(branch.part.name));
    left.delete(branch.part.name);
    branch = branch.after(id) ?? branch.add(id);
  }
  for (const reading of left.values()) {
    branch.part = reading.part;
    branch = branch.add(idOf(reading.part, reading));
  }
  branch.portable = portable;
}
