// Taints against tolerations. Upstream: component-helpers/scheduling/corev1/helpers.go (1.37).
import type { Taint, Toleration } from '@kubesim/api';

/** Whether one toleration covers a taint. @internal */
export function toleratesTaint(toleration: Toleration, taint: Taint): boolean {
  if ((toleration.effect ?? '') !== '' && toleration.effect !== taint.effect) return false;
  if ((toleration.key ?? '') !== '' && toleration.key !== taint.key) return false;
  switch (toleration.operator ?? '') {
    case '': case 'Equal': return (toleration.value ?? '') === (taint.value ?? '');
    case 'Exists': return true;
    case 'Lt': case 'Gt': {
      const bound = Number(toleration.value);
      const value = Number(taint.value);
      if (!Number.isSafeInteger(bound) || !Number.isSafeInteger(value)) return false;
      return toleration.operator === 'Lt' ? value < bound : value > bound;
    }
    default: return false;
  }
}

/** Whether some toleration covers a taint. @internal */
export function tolerates(tolerations: readonly Toleration[] | undefined, taint: Taint): boolean {
  return (tolerations ?? []).some((toleration) => toleratesTaint(toleration, taint));
}
