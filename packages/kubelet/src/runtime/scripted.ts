// The scripted container of the kubelet recordings: its command says how it lives, and when its probes succeed.
import type { Container } from '@kubesim/api';
import type { ContainerBehaviour } from './behaviour.ts';

function word(container: Container, name: string): string | undefined {
  for (const each of [...(container.command ?? []), ...(container.args ?? [])]) {
    if (each.startsWith(`${name}=`)) return each.slice(name.length + 1);
  }
  return undefined;
}

/** Windows such as `4-10,15-`: whether an age in seconds lies in one, and until when the answer holds. */
function window(text: string, age: number): { readonly inside: boolean; readonly untilAge: number } {
  let untilAge = Infinity;
  for (const part of text.split(',')) {
    const [from = '', to = ''] = part.split('-');
    const start = Number(from);
    const end = to === '' ? Infinity : Number(to);
    if (age >= start && age < end) return { inside: true, untilAge: end };
    if (age < start) untilAge = Math.min(untilAge, start);
  }
  return { inside: false, untilAge };
}

/** Plays scripts: `exit=CODE after=SECONDS`, `ready=`, `live=`, `up=` windows, `stop=SECONDS stopcode=CODE`. @public */
export const scriptedBehaviour: ContainerBehaviour = {
  name: 'scripted', version: 1, images: ['img', 'missing/', 'slow/'],
  pull(image) {
    if (image.startsWith('missing/')) {
      return { durationMs: 2, error: `rpc error: code = NotFound desc = failed to pull and unpack image "${image}": not found` };
    }
    const slow = /^slow\/(\d+(?:\.\d+)?)/.exec(image);
    return slow === null ? undefined : { durationMs: Number(slow[1]) * 1000 };
  },
  start(container) {
    const after = word(container, 'after');
    if (after === undefined && word(container, 'exit') === undefined) return {};
    return { endsAfterMs: Number(after ?? 0) * 1000, exitCode: Number(word(container, 'exit') ?? 0) };
  },
  stop(container) {
    return { afterMs: Number(word(container, 'stop') ?? 0.2) * 1000, exitCode: Number(word(container, 'stopcode') ?? 0) };
  },
  exec({ container, instance, now }, command) {
    const [name = '', argument] = command;
    if (name === 'sleep') return { exitCode: 0, stdout: '', stderr: '', durationMs: Number(argument) * 1000 };
    if (name === 'fail') return { exitCode: 1, stdout: 'PostStartHook failed', stderr: '', steadyUntil: Infinity };
    const windows = word(container, name);
    if (windows === undefined) return { exitCode: 0, stdout: '', stderr: '', steadyUntil: Infinity };
    const { inside, untilAge } = window(windows, (now - instance.startedAt) / 1000);
    return { exitCode: inside ? 0 : 1, stdout: inside ? '' : 'not yet', stderr: '', steadyUntil: instance.startedAt + untilAge * 1000 };
  },
};
