// Lifecycle hooks and probe handlers: exec, httpGet, tcpSocket, sleep. Sources: lifecycle/handlers.go, prober/prober.go (1.37).
import type { Container, IntOrString, LifecycleHandler, Pod, Probe } from '@kubesim/api';
import type { BehaviourContext } from '../runtime/behaviour.ts';
import type { ContainerInstance } from '../runtime/container-runtime.ts';
import { containerFiles, writeContainerFiles } from '../container/mounts.ts';
import { hostnameOf } from '../network/pod-hostname.ts';
import { runCommand } from '../container/shell.ts';
import type { PodDraft, PodEnvironment } from './pod-worker-state.ts';

/** How a handler went. */
export interface HandlerOutcome {
  readonly failure?: string;
  readonly durationMs: number;
  /** Until when it would go the same way if no file changes. */
  readonly steadyUntil: number;
}

/** What a behaviour sees of a running container. */
export function behaviourContext(draft: PodDraft, container: Container, instance: ContainerInstance, env: PodEnvironment): BehaviourContext {
  return {
    now: env.now, pod: draft.pod, container, instance, files: containerFiles(draft.pod, container, instance, env),
    hostname: hostnameOf(draft.pod), podIP: draft.runtime.sandbox?.ip ?? env.hostIP,
  };
}

function portNumber(container: Container, port: IntOrString): number {
  if (typeof port === 'number') return port;
  return container.ports?.find((each) => each.name === port)?.containerPort ?? Number(port);
}

function handle(draft: PodDraft, container: Container, instance: ContainerInstance, handler: LifecycleHandler & Probe, env: PodEnvironment): HandlerOutcome {
  const context = behaviourContext(draft, container, instance, env);
  const behaviour = env.behaviour(container.image ?? '');
  if (handler.sleep !== undefined) return { durationMs: handler.sleep.seconds * 1000, steadyUntil: Infinity };
  if (handler.exec !== undefined) {
    const result = runCommand(context, behaviour, handler.exec.command ?? []);
    if (result.files !== undefined) draft.runtime = writeContainerFiles(draft, container, instance, result.files, env);
    const output = `${result.stdout}${result.stderr}`.trimEnd();
    return { failure: result.exitCode === 0 ? undefined : output, durationMs: result.durationMs ?? 0, steadyUntil: result.steadyUntil ?? env.now };
  }
  const isHost = draft.pod.spec?.hostNetwork === true;
  const address = isHost ? env.hostIP : context.podIP;
  if (handler.httpGet !== undefined) {
    const port = portNumber(container, handler.httpGet.port);
    const path = handler.httpGet.path ?? '/';
    const response = behaviour.http?.(context, { method: 'GET', path, port });
    if (response === undefined) {
      return { failure: `Get "http://${address}:${port}${path}": dial tcp ${address}:${port}: connect: connection refused`, durationMs: 0, steadyUntil: behaviour.http === undefined ? Infinity : env.now };
    }
    const passes = response.status >= 200 && response.status < 400;
    return { failure: passes ? undefined : `HTTP probe failed with statuscode: ${response.status}`, durationMs: 0, steadyUntil: response.steadyUntil ?? env.now };
  }
  const socket = handler.tcpSocket?.port ?? handler.grpc?.port;
  if (socket !== undefined) {
    const port = portNumber(container, socket);
    const open = behaviour.listens?.(context, port) ?? behaviour.http?.(context, { method: 'GET', path: '/', port }) !== undefined;
    return { failure: open ? undefined : `dial tcp ${address}:${port}: connect: connection refused`, durationMs: 0, steadyUntil: Infinity };
  }
  return { durationMs: 0, steadyUntil: Infinity };
}

/** Why a hook failed, as the waiting container says it; its Event does not, as the output may be secret. */
export function hookMessage(pod: Pod, container: Container, hook: LifecycleHandler, failure: string): string {
  const where = `for Container "${container.name}" in Pod "${pod.metadata?.name}_${pod.metadata?.namespace}(${pod.metadata?.uid})" failed - error:`;
  if (hook.exec === undefined) return `HTTP lifecycle hook (${hook.httpGet?.path ?? ''}) ${where} ${failure}`;
  const command = hook.exec.command ?? [];
  return `Exec lifecycle hook ([${command.join(' ')}]) ${where} command '${command.join(' ')}' exited with 1: , message: ${JSON.stringify(failure)}`;
}

/** Runs a lifecycle hook. */
export function runHook(draft: PodDraft, container: Container, instance: ContainerInstance, handler: LifecycleHandler, env: PodEnvironment): HandlerOutcome {
  return handle(draft, container, instance, handler, env);
}

/** Asks a probe once; an answer that takes longer than its timeout is a failure. */
export function runProbe(draft: PodDraft, container: Container, instance: ContainerInstance, probe: Probe, env: PodEnvironment): HandlerOutcome {
  const outcome = handle(draft, container, instance, probe, env);
  const timeoutMs = (probe.timeoutSeconds ?? 1) * 1000;
  if (outcome.durationMs <= timeoutMs) return outcome;
  return { failure: `command timed out after ${timeoutMs / 1000}s`, durationMs: timeoutMs, steadyUntil: outcome.steadyUntil };
}
