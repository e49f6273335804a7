// Objects as Go's typed clients write them: k8s.io/api v0.37.2, serializer/protobuf, with Go's own JSON of the same objects.

/** An object in both forms. */
export interface GoObject {
  readonly title: string;
  readonly json: Readonly<Record<string, unknown>>;
  readonly base64: string;
}

export const GO_OBJECTS: readonly GoObject[] = [
  {
    title: "v1 Status",
    json: {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": "pods \"nope\" not found", "reason": "NotFound", "details": {"name": "nope", "kind": "pods"}, "code": 404},
    base64: "azhzAAoMCgJ2MRIGU3RhdHVzEkkKBgoAEgAaABIHRmFpbHVyZRoVcG9kcyAibm9wZSIgbm90IGZvdW5kIghOb3RGb3VuZCoSCgRub3BlEgAaBHBvZHMoADIAMJQDGgAiAA==",
  },
  {
    title: "v1 Pod",
    json: {"kind": "Pod", "apiVersion": "v1", "metadata": {"name": "a", "namespace": "{ns}", "uid": "uid0", "resourceVersion": "rv0", "generation": 1, "creationTimestamp": "2026-01-02T03:04:05Z", "labels": {"app": "a"}, "managedFields": [{"manager": "recorder", "operation": "Update", "apiVersion": "v1", "time": "2026-01-02T03:04:05Z", "fieldsType": "FieldsV1", "fieldsV1": {"f:metadata": {"f:labels": {".": {}, "f:app": {}}}, "f:spec": {"f:containers": {"k:{\"name\":\"c\"}": {".": {}, "f:image": {}, "f:imagePullPolicy": {}, "f:name": {}, "f:resources": {}, "f:terminationMessagePath": {}, "f:terminationMessagePolicy": {}}}, "f:dnsPolicy": {}, "f:enableServiceLinks": {}, "f:restartPolicy": {}, "f:schedulerName": {}, "f:securityContext": {}, "f:terminationGracePeriodSeconds": {}}}}]}, "spec": {"containers": [{"name": "c", "image": "nginx:1.27", "resources": {}, "terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File", "imagePullPolicy": "IfNotPresent"}], "restartPolicy": "Always", "terminationGracePeriodSeconds": 30, "dnsPolicy": "ClusterFirst", "securityContext": {}, "schedulerName": "default-scheduler", "tolerations": [{"key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}, {"key": "node.kubernetes.io/unreachable", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}], "priority": 0, "enableServiceLinks": true, "preemptionPolicy": "PreemptLowerPriority"}, "status": {"phase": "Pending", "qosClass": "BestEffort"}},
    base64: "azhzAAoJCgJ2MRIDUG9kEqYGCt0DCgFhEgAaBHtuc30iACoEdWlkMDIDcnYwOAFCCAil69zKBhAAWggKA2FwcBIBYYoBqwMKCHJlY29yZGVyEgZVcGRhdGUaAnYxIggIpevcygYQADIIRmllbGRzVjE6/AIK+QJ7ImY6bWV0YWRhdGEiOnsiZjpsYWJlbHMiOnsiLiI6e30sImY6YXBwIjp7fX19LCJmOnNwZWMiOnsiZjpjb250YWluZXJzIjp7Ims6e1wibmFtZVwiOlwiY1wifSI6eyIuIjp7fSwiZjppbWFnZSI6e30sImY6aW1hZ2VQdWxsUG9saWN5Ijp7fSwiZjpuYW1lIjp7fSwiZjpyZXNvdXJjZXMiOnt9LCJmOnRlcm1pbmF0aW9uTWVzc2FnZVBhdGgiOnt9LCJmOnRlcm1pbmF0aW9uTWVzc2FnZVBvbGljeSI6e319fSwiZjpkbnNQb2xpY3kiOnt9LCJmOmVuYWJsZVNlcnZpY2VMaW5rcyI6e30sImY6cmVzdGFydFBvbGljeSI6e30sImY6c2NoZWR1bGVyTmFtZSI6e30sImY6c2VjdXJpdHlDb250ZXh0Ijp7fSwiZjp0ZXJtaW5hdGlvbkdyYWNlUGVyaW9kU2Vjb25kcyI6e319fUIAEp0CEkcKAWMSCm5naW54OjEuMjcqAEIAahQvZGV2L3Rlcm1pbmF0aW9uLWxvZ3IMSWZOb3RQcmVzZW50gAEAiAEAkAEAogEERmlsZRoGQWx3YXlzIB4yDENsdXN0ZXJGaXJzdEIASgBSAFgAYABoAHIAggEAigEAmgERZGVmYXVsdC1zY2hlZHVsZXKyATYKHG5vZGUua3ViZXJuZXRlcy5pby9ub3QtcmVhZHkSBkV4aXN0cxoAIglOb0V4ZWN1dGUorAKyATgKHm5vZGUua3ViZXJuZXRlcy5pby91bnJlYWNoYWJsZRIGRXhpc3RzGgAiCU5vRXhlY3V0ZSisAsIBAMgBAPABAfoBFFByZWVtcHRMb3dlclByaW9yaXR5GiQKB1BlbmRpbmcaACIAKgAyAEoKQmVzdEVmZm9ydFoAcgCIAQAaACIA",
  },
  {
    title: "v1 Secret",
    json: {"kind": "Secret", "apiVersion": "v1", "metadata": {"name": "a", "namespace": "{ns}", "uid": "uid0", "resourceVersion": "rv0", "creationTimestamp": "2026-01-02T03:04:05Z", "managedFields": [{"manager": "recorder", "operation": "Update", "apiVersion": "v1", "time": "2026-01-02T03:04:05Z", "fieldsType": "FieldsV1", "fieldsV1": {"f:data": {".": {}, "f:k": {}}, "f:type": {}}}]}, "data": {"k": "dg=="}, "type": "Opaque"},
    base64: "azhzAAoMCgJ2MRIGU2VjcmV0EpEBCn8KAWESABoEe25zfSIAKgR1aWQwMgNydjA4AEIICKXr3MoGEACKAVgKCHJlY29yZGVyEgZVcGRhdGUaAnYxIggIpevcygYQADIIRmllbGRzVjE6KgooeyJmOmRhdGEiOnsiLiI6e30sImY6ayI6e319LCJmOnR5cGUiOnt9fUIAEgYKAWsSAXYaBk9wYXF1ZRoAIgA=",
  },
  {
    title: "v1 Event",
    json: {"kind": "Event", "apiVersion": "v1", "metadata": {"name": "a", "namespace": "{ns}", "uid": "uid0", "resourceVersion": "rv0", "creationTimestamp": "2026-01-02T03:04:05Z", "managedFields": [{"manager": "recorder", "operation": "Update", "apiVersion": "v1", "time": "2026-01-02T03:04:05Z", "fieldsType": "FieldsV1", "fieldsV1": {"f:involvedObject": {}, "f:message": {}, "f:reason": {}, "f:type": {}}}]}, "involvedObject": {"kind": "Pod", "namespace": "{ns}", "name": "a"}, "reason": "R", "message": "m", "source": {}, "type": "Normal", "reportingComponent": "", "reportingInstance": ""},
    base64: "azhzAAoLCgJ2MRIFRXZlbnQS1AEKlwEKAWESABoEe25zfSIAKgR1aWQwMgNydjA4AEIICKXr3MoGEACKAXAKCHJlY29yZGVyEgZVcGRhdGUaAnYxIggIpevcygYQADIIRmllbGRzVjE6QgpAeyJmOmludm9sdmVkT2JqZWN0Ijp7fSwiZjptZXNzYWdlIjp7fSwiZjpyZWFzb24iOnt9LCJmOnR5cGUiOnt9fUIAEhYKA1BvZBIEe25zfRoBYSIAKgAyADoAGgFSIgFtKgQKABIAMgA6AEAASgZOb3JtYWxSAGIAcgB6ABoAIgA=",
  },
  {
    title: "apps/v1 ControllerRevision",
    json: {"kind": "ControllerRevision", "apiVersion": "apps/v1", "metadata": {"name": "a", "namespace": "{ns}", "uid": "uid0", "resourceVersion": "rv0", "creationTimestamp": "2026-01-02T03:04:05Z", "managedFields": [{"manager": "recorder", "operation": "Update", "apiVersion": "apps/v1", "time": "2026-01-02T03:04:05Z", "fieldsType": "FieldsV1", "fieldsV1": {"f:data": {}, "f:revision": {}}}]}, "data": {"spec": {"x": 1}}, "revision": 1},
    base64: "azhzAAodCgdhcHBzL3YxEhJDb250cm9sbGVyUmV2aXNpb24SkQEKeQoBYRIAGgR7bnN9IgAqBHVpZDAyA3J2MDgAQggIpevcygYQAIoBUgoIcmVjb3JkZXISBlVwZGF0ZRoHYXBwcy92MSIICKXr3MoGEAAyCEZpZWxkc1YxOh8KHXsiZjpkYXRhIjp7fSwiZjpyZXZpc2lvbiI6e319QgASEgoQeyJzcGVjIjp7IngiOjF9fRgBGgAiAA==",
  },
  {
    title: "policy/v1 PodDisruptionBudget",
    json: {"kind": "PodDisruptionBudget", "apiVersion": "policy/v1", "metadata": {"name": "a", "namespace": "{ns}", "uid": "uid0", "resourceVersion": "rv0", "generation": 1, "creationTimestamp": "2026-01-02T03:04:05Z", "managedFields": [{"manager": "recorder", "operation": "Update", "apiVersion": "policy/v1", "time": "2026-01-02T03:04:05Z", "fieldsType": "FieldsV1", "fieldsV1": {"f:spec": {"f:minAvailable": {}, "f:selector": {}}}}]}, "spec": {"minAvailable": 1, "selector": {"matchLabels": {"app": "a"}}}, "status": {"disruptionsAllowed": 0, "currentHealthy": 0, "desiredHealthy": 0, "expectedPods": 0}},
    base64: "azhzAAogCglwb2xpY3kvdjESE1BvZERpc3J1cHRpb25CdWRnZXQSswEKjgEKAWESABoEe25zfSIAKgR1aWQwMgNydjA4AUIICKXr3MoGEACKAWcKCHJlY29yZGVyEgZVcGRhdGUaCXBvbGljeS92MSIICKXr3MoGEAAyCEZpZWxkc1YxOjIKMHsiZjpzcGVjIjp7ImY6bWluQXZhaWxhYmxlIjp7fSwiZjpzZWxlY3RvciI6e319fUIAEhQKBggAEAEaABIKCggKA2FwcBIBYRoKCAAYACAAKAAwABoAIgA=",
  },
  {
    title: "coordination.k8s.io/v1 Lease",
    json: {"kind": "Lease", "apiVersion": "coordination.k8s.io/v1", "metadata": {"name": "a", "namespace": "{ns}", "uid": "uid0", "resourceVersion": "rv0", "creationTimestamp": "2026-01-02T03:04:05Z", "managedFields": [{"manager": "recorder", "operation": "Update", "apiVersion": "coordination.k8s.io/v1", "time": "2026-01-02T03:04:05Z", "fieldsType": "FieldsV1", "fieldsV1": {"f:spec": {"f:holderIdentity": {}, "f:leaseDurationSeconds": {}}}}]}, "spec": {"holderIdentity": "x", "leaseDurationSeconds": 10}},
    base64: "azhzAAofChZjb29yZGluYXRpb24uazhzLmlvL3YxEgVMZWFzZRK0AQqqAQoBYRIAGgR7bnN9IgAqBHVpZDAyA3J2MDgAQggIpevcygYQAIoBggEKCHJlY29yZGVyEgZVcGRhdGUaFmNvb3JkaW5hdGlvbi5rOHMuaW8vdjEiCAil69zKBhAAMghGaWVsZHNWMTpACj57ImY6c3BlYyI6eyJmOmhvbGRlcklkZW50aXR5Ijp7fSwiZjpsZWFzZUR1cmF0aW9uU2Vjb25kcyI6e319fUIAEgUKAXgQChoAIgA=",
  },
];
