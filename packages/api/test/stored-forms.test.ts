import { describe, expect, it } from 'vitest';
import { eventsEventKind } from '../src/kinds/core/event.ts';
import { horizontalPodAutoscalerV1Kind } from '../src/kinds/autoscaling/horizontal-pod-autoscaler-v1.ts';
import type { KubeObject } from '../src/request.ts';

describe('kinds of two forms', () => {
  it('should keep an autoscaler through both of its forms', () => {
    const older = { apiVersion: 'autoscaling/v1', kind: 'HorizontalPodAutoscaler', metadata: { name: 'a' }, spec: { scaleTargetRef: { kind: 'Deployment', name: 'd', apiVersion: 'apps/v1' }, minReplicas: 1, maxReplicas: 3, targetCPUUtilizationPercentage: 50 }, status: { currentReplicas: 2, desiredReplicas: 3, currentCPUUtilizationPercentage: 70 } } as unknown as KubeObject;
    const stored = horizontalPodAutoscalerV1Kind.storedAs?.toStored(older) as KubeObject;
    expect(stored['spec'].metrics).toEqual([{ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } } }]);
    expect(horizontalPodAutoscalerV1Kind.storedAs?.fromStored(stored)).toEqual(older);
  });
  it('should keep an Event through both of its forms', () => {
    const newer = { apiVersion: 'events.k8s.io/v1', kind: 'Event', metadata: { name: 'e' }, regarding: { kind: 'Pod', name: 'p' }, note: 'n', reason: 'R', reportingController: 'c', deprecatedSource: {}, deprecatedFirstTimestamp: null, deprecatedLastTimestamp: null } as unknown as KubeObject;
    const stored = eventsEventKind.storedAs?.toStored(newer) as KubeObject;
    expect(stored).toMatchObject({ apiVersion: 'v1', involvedObject: { kind: 'Pod', name: 'p' }, message: 'n', reportingComponent: 'c' });
    expect(JSON.parse(JSON.stringify(eventsEventKind.storedAs?.fromStored(stored)))).toEqual(newer);
  });
});
