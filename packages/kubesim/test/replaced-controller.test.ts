// A built-in controller in another build: the one that is left out gives its name to the user's.
import { describe, expect, it } from 'vitest';
import { statefulSetController } from '@kubesim/controllers';
import { Cluster, UsageError } from 'kubesim';
import { web } from './manifests.ts';

describe('a controller of a built-in one\'s name', () => {
  it('should take its place where that is left out', () => {
    let reconciled = 0;
    const patched = { ...statefulSetController, reconcile: (...given: Parameters<typeof statefulSetController.reconcile>) => { reconciled++; return statefulSetController.reconcile(...given); } };
    const cluster = new Cluster({ seed: 1, withoutControllers: [statefulSetController.name], controllers: [patched] });
    cluster.apply(web(2));
    cluster.settle();
    expect(cluster.get('statefulset/web')?.status?.readyReplicas).toBe(2);
    expect(reconciled).toBeGreaterThan(2);
  });

  it('should be refused beside it', () => {
    expect(() => new Cluster({ controllers: [statefulSetController] })).toThrow(UsageError);
  });
});
