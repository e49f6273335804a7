// Stages: data that overrides how containers live, by selector, probability and time.
import type { Container, Pod } from '@kubesim/api';
import type { PodStage } from './options.ts';
import type { ContainerBehaviour, Life } from './runtime/behaviour.ts';

function applies(stage: PodStage, container: Container, pod: Pod, image: string, now: number): boolean {
  if (stage.namespace !== undefined && stage.namespace !== pod.metadata?.namespace) return false;
  if (stage.container !== undefined && stage.container !== container.name) return false;
  if (stage.image !== undefined && stage.image !== image) return false;
  if (now < (stage.fromMs ?? -Infinity) || now >= (stage.untilMs ?? Infinity)) return false;
  return Object.entries(stage.labels ?? {}).every(([key, value]) => pod.metadata?.labels?.[key] === value);
}

/** The behaviour with the stages in force over it. Each run draws anew, from the stage's own stream. */
export function withStages(behaviour: ContainerBehaviour, stages: readonly PodStage[], image: string, now: number, draw: (name: string, bound: number) => number): ContainerBehaviour {
  return {
    ...behaviour,
    start(container, pod): Life {
      const life = behaviour.start?.(container, pod) ?? {};
      for (const stage of stages) {
        if ((stage.endsAfterMs === undefined && stage.reason === undefined) || !applies(stage, container, pod, image, now)) continue;
        const [times, of] = stage.probability ?? [1, 1];
        if (of > 1 && draw(`stage ${stage.name}`, of) >= times) continue;
        const jitterMs = (stage.jitterMs ?? 0) > 0 ? draw(`stage ${stage.name} jitter`, (stage.jitterMs ?? 0) + 1) : 0;
        return {
          ...life, ...(stage.endsAfterMs === undefined ? {} : { endsAfterMs: stage.endsAfterMs + jitterMs }), exitCode: stage.exitCode ?? life.exitCode ?? 0,
          ...(stage.reason === undefined ? {} : { reason: stage.reason }),
        };
      }
      return life;
    },
    stop(container, pod) {
      const own = behaviour.stop?.(container, pod) ?? { afterMs: 100, exitCode: 0 };
      const stage = stages.find((each) => (each.stopMs !== undefined || each.stopExitCode !== undefined) && applies(each, container, pod, image, now));
      return stage === undefined ? own : { afterMs: stage.stopMs ?? own.afterMs, exitCode: stage.stopExitCode ?? own.exitCode };
    },
  };
}
