// Attaches volumes to the nodes of the pods that use them, one node at a time, and detaches them again. Rules: SPEC.md.
import type { KubeObject, Node, PersistentVolume, PersistentVolumeClaim, Pod, VolumeAttachment } from '@kubesim/api';
import { attachmentName, isAlreadyExists, isNotFound, send, type Calling, type CallOutcome, type Controller, type HandlerContext, type ReconcileContext, type ReconcileResult, type Reconciling } from '@kubesim/client';
import { OrderedMap } from '@kubesim/kernel';
import { hasTaint, OUT_OF_SERVICE } from '../node-lifecycle/taints.ts';
import { isTerminated } from '../persistent-volume/claims-and-volumes.ts';
import { claimsConcerned, podsOfClaim, type PodsByClaim } from '../persistent-volume/pods-by-claim.ts';

interface State {
  users: PodsByClaim;
  /** Since when a detachment has been waiting for its node, by name of the attachment. */
  detaching: OrderedMap<number>;
  /** Pods that were told of a volume in use elsewhere: `volume namespace/pod`. */
  reported: OrderedMap<true>;
}

const ATTACHMENTS = 'volumeattachments.storage.k8s.io';
const CLAIMS = 'persistentvolumeclaims';
/** Upstream: maxWaitForUnmountDuration (1.37). */
const MAX_WAIT_MS = 360_000;

/**
 * Upstream: pkg/controller/volume/attachdetach (1.37), together with the external attacher that answers it: an attachment is
 * attached as soon as it is made. Only CSI volumes are attached.
 * @public
 */
export const attachDetachController: Controller = {
  name: 'attachdetach-controller',
  watches: ['pods', CLAIMS, 'persistentvolumes', 'nodes', ATTACHMENTS],
  workers: 1,
  initialState: (): State => ({ users: OrderedMap.empty(), detaching: OrderedMap.empty(), reported: OrderedMap.empty() }),
  handle(context, { resource, before, after }) {
    const object = (after ?? before) as KubeObject;
    switch (resource) {
      case 'pods': return handlePod(context, before as Pod | undefined, after as Pod | undefined);
      case CLAIMS: return enqueueVolume(context, object as PersistentVolumeClaim);
      case 'persistentvolumes':
        if (object['spec']?.csi !== undefined) context.enqueue(object.metadata.name ?? '');
        return;
      case ATTACHMENTS: return context.enqueue(object['spec']?.source?.persistentVolumeName ?? '');
      default: {
        if ((context.state as State).detaching.size === 0) return;
        for (const attachment of context.lister<VolumeAttachment>(ATTACHMENTS).list()) {
          if (attachment.spec?.nodeName === object.metadata.name) context.enqueue(attachment.spec?.source.persistentVolumeName ?? '');
        }
      }
    }
  },
  *reconcile(context, key): Reconciling {
    const plan = context.decide(() => decide(context, key));
    for (const name of plan.detach) {
      const { error } = yield* send({ verb: 'delete', resource: ATTACHMENTS, name });
      if (error !== undefined && !isNotFound(error)) return { error: error.message };
    }
    for (const { pod, others } of plan.conflicts) {
      const users = others.length === 0 ? 'is already exclusively attached to one node and can\'t be attached to another' : `is already used by pod(s) ${others.join(', ')}`;
      context.event({ about: pod as KubeObject, type: 'Warning', reason: 'FailedAttachVolume', message: `Multi-Attach error for volume "${key}" Volume ${users}` });
      context.explain(`pod/${pod.metadata?.name}`, { rule: 'AD2', message: `waits for volume ${key}, which is attached to another node`, blockedBy: `persistentvolume/${key}` });
    }
    for (const { pod, attachment } of plan.attach) {
      const result = yield* attach(context, key, pod, plan, attachment);
      if (result !== undefined) return result;
    }
    return undefined;
  },
};

interface Plan {
  readonly driver: string;
  readonly isShared: boolean;
  /** Pods to attach the volume for, each with the attachment that was made already. */
  readonly attach: readonly { readonly pod: Pod; readonly attachment: VolumeAttachment | null }[];
  readonly detach: readonly string[];
  readonly conflicts: readonly { readonly pod: Pod; readonly others: readonly string[] }[];
}

function decide(context: ReconcileContext, name: string): Plan {
  const state = context.state as State;
  const volume = context.lister<PersistentVolume>('persistentvolumes').get('', name);
  const ref = volume?.spec?.claimRef;
  const driver = volume?.spec?.csi?.driver ?? '';
  const users = ref === undefined || driver === '' ? [] : podsOfClaim(context, state.users, ref.namespace ?? '', ref.name ?? '')
    .filter((pod) => (pod.spec?.nodeName ?? '') !== '' && !isTerminated(pod));
  const present = context.lister<VolumeAttachment>(ATTACHMENTS).list().filter(({ spec }) => spec?.source.persistentVolumeName === name);
  const detach: string[] = [];
  const kept: VolumeAttachment[] = [];
  for (const attachment of present) {
    const isUsed = users.some((pod) => pod.spec?.nodeName === attachment.spec?.nodeName);
    // [AD5] What is being detached is attached until its attacher has let go.
    if (isUsed || isDetaching(attachment) || !mayDetach(context, state, attachment, name)) {
      kept.push(attachment);
      continue;
    }
    detach.push(attachment.metadata?.name ?? '');
    if ((attachment.metadata?.finalizers ?? []).length > 0) kept.push(attachment);
  }
  const attach: { pod: Pod; attachment: VolumeAttachment | null }[] = [];
  const conflicts: { pod: Pod; others: string[] }[] = [];
  const isShared = (volume?.spec?.accessModes ?? []).some((mode) => mode === 'ReadWriteMany' || mode === 'ReadOnlyMany');
  for (const pod of users) {
    const nodeName = pod.spec?.nodeName;
    // Also on the same node: a new attachment has the name of the one that goes.
    if (attach.some((one) => one.pod.spec?.nodeName === nodeName)) continue;
    const own = kept.find(({ spec }) => spec?.nodeName === nodeName);
    if (own !== undefined) {
      // Made, and not attached yet: whoever made it did not come to it, or the volume was attached elsewhere.
      if (own.status?.attached !== true && !isDetaching(own)) attach.push({ pod, attachment: own });
      continue;
    }
    if (isShared || (kept.length === 0 && attach.length === 0)) {
      attach.push({ pod, attachment: null });
      continue;
    }
    const mark = `${name} ${pod.metadata?.namespace}/${pod.metadata?.name}`;
    if (state.reported.has(mark)) continue;
    state.reported = state.reported.set(context.epoch, mark, true);
    conflicts.push({ pod, others: users.filter((one) => one.spec?.nodeName !== nodeName).map(({ metadata }) => metadata?.name ?? '') });
  }
  return { driver, isShared, attach, detach, conflicts };
}

function isDetaching({ metadata }: VolumeAttachment): boolean {
  return metadata?.deletionTimestamp !== undefined;
}

/** [AD3] [AD4] A node that is heard of has let go of the volume if it does not report it in use; another is given 6 minutes, unless it is out of service. */
function mayDetach(context: ReconcileContext, state: State, attachment: VolumeAttachment, volume: string): boolean {
  const name = attachment.metadata?.name ?? '';
  const node = context.lister<Node>('nodes').get('', attachment.spec?.nodeName ?? '');
  const isHealthy = node?.status?.conditions?.find(({ type }) => type === 'Ready')?.status === 'True';
  const isInUse = node?.status?.volumesInUse?.some((one) => one.endsWith(`^${volume}`)) === true;
  const isReleased = node === undefined || (isHealthy && !isInUse) || ['NoExecute', 'NoSchedule'].some((effect) => hasTaint(node, OUT_OF_SERVICE, effect));
  const since = state.detaching.get(name) ?? context.clock;
  const leftMs = since + MAX_WAIT_MS - context.clock;
  if (isReleased || (!isHealthy && leftMs <= 0)) {
    state.detaching = state.detaching.delete(context.epoch, name);
    return true;
  }
  state.detaching = state.detaching.set(context.epoch, name, since);
  if (leftMs > 0) context.enqueueAfter(volume, leftMs);
  return false;
}

/**
 * [AD1] Makes the attachment, which is attached at once, and tells the pod. [AD6] The attacher knows what the driver has attached,
 * whatever the controller has seen: a volume for one node is not attached to a second one. It tries again.
 */
function* attach(context: ReconcileContext, volume: string, pod: Pod, { driver: attacher, isShared }: Plan, held: VolumeAttachment | null): Calling<ReconcileResult> {
  const nodeName = pod.spec?.nodeName ?? '';
  const object = {
    apiVersion: 'storage.k8s.io/v1', kind: 'VolumeAttachment', metadata: { name: attachmentName(volume, attacher, nodeName) },
    spec: { attacher, nodeName, source: { persistentVolumeName: volume } },
  } as unknown as KubeObject;
  const made: CallOutcome = held === null ? yield* send({ verb: 'create', resource: ATTACHMENTS, object }) : { object: held as unknown as KubeObject };
  if (made.error !== undefined) return isAlreadyExists(made.error) ? undefined : { error: made.error.message };
  const known = yield* send({ verb: 'list', resource: ATTACHMENTS });
  if (known.error !== undefined) return { error: known.error.message };
  const attachments = known.object['items'] as readonly KubeObject[];
  const isElsewhere = attachments.some((one) => one['spec']?.source?.persistentVolumeName === volume && one['spec'].nodeName !== nodeName && one['status']?.attached === true);
  if (isElsewhere && !isShared) return { error: `rpc error: code = FailedPrecondition desc = volume ${volume} is attached to another node` };
  const { error } = yield* send({ verb: 'update', resource: ATTACHMENTS, subresource: 'status', name: made.object.metadata.name ?? '', object: { ...made.object, status: { attached: true } } });
  if (error !== undefined) return { error: error.message };
  context.event({ about: pod as KubeObject, type: 'Normal', reason: 'SuccessfulAttachVolume', message: `AttachVolume.Attach succeeded for volume "${volume}" ` });
  context.decide(() => {
    const state = context.state as State;
    state.reported = state.reported.delete(context.epoch, `${volume} ${pod.metadata?.namespace}/${pod.metadata?.name}`);
    return null;
  });
  return undefined;
}

function handlePod(context: HandlerContext, before: Pod | undefined, after: Pod | undefined): void {
  const pod = (after ?? before) as Pod;
  for (const name of claimsConcerned(context.state as State, context, before, after)) {
    const claim = context.lister<PersistentVolumeClaim>(CLAIMS).get(pod.metadata?.namespace ?? '', name);
    if (claim !== undefined) enqueueVolume(context, claim);
  }
}

function enqueueVolume(context: HandlerContext, claim: PersistentVolumeClaim): void {
  const name = claim.spec?.volumeName ?? '';
  if (name !== '' && context.lister<PersistentVolume>('persistentvolumes').get('', name)?.spec?.csi !== undefined) context.enqueue(name);
}
