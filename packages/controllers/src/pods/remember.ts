// Changing a controller's private state in the middle of a reconcile.
import type { ReconcileContext } from '@kubesim/client';

/** Makes a change once: a reconcile that is run again on its log is handed its decisions and does not repeat them. @internal */
export function remember(context: ReconcileContext, change: () => void): void {
  context.decide(() => {
    change();
    return null;
  });
}
