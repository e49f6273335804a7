// Manifests that several tests apply.

/** A StatefulSet without claims. */
export function set(replicas: number, image: string = 'nginx:1.25'): string {
  return `
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: web}
spec:
  serviceName: nginx
  replicas: ${replicas}
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: nginx, image: '${image}'}]}`;
}

/** A headless Service and a StatefulSet with a claim for each pod. */
export function web(replicas: number): string {
  return `
apiVersion: v1
kind: Service
metadata: {name: nginx}
spec: {clusterIP: None, selector: {app: web}, ports: [{port: 80, name: web}]}
---${set(replicas)}
  volumeClaimTemplates:
    - metadata: {name: data}
      spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}`;
}
