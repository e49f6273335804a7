// Probes and life cycle handlers. Upstream: pkg/apis/core/validation/validation.go validateProbe, validateHandler (1.37).
import { forbidden, invalid, notSupported, required, type FieldError } from '../../../field-error.ts';
import type { FieldPath } from '../../../field-path.ts';
import type { HTTPGetAction, Lifecycle, LifecycleHandler, Probe } from '../../../generated/types.ts';
import { portNameErrors, portNumberErrors } from '../../../names/names.ts';
import { validateNotNegative } from '../../../names/numbers.ts';

const TOO_MANY_HANDLERS = 'may not specify more than 1 handler type';

function validatePort(port: number | string, path: FieldPath): readonly FieldError[] {
  const errors = typeof port === 'string' ? portNameErrors(port) : portNumberErrors(port);
  return errors.map((text) => invalid(path, port, text));
}

function validateHttpGet(get: HTTPGetAction, path: FieldPath): readonly FieldError[] {
  const errors: FieldError[] = [];
  if ((get.path ?? '') === '') errors.push(required(path.child('path')));
  errors.push(...validatePort(get.port, path.child('port')));
  if (get.scheme !== 'HTTP' && get.scheme !== 'HTTPS') errors.push(notSupported(path.child('scheme'), get.scheme ?? '', ['HTTP', 'HTTPS']));
  for (const { name } of get.httpHeaders ?? []) {
    if (!/^[-A-Za-z0-9]+$/.test(name)) errors.push(invalid(path.child('httpHeaders'), name, "a valid HTTP header must consist of alphanumeric characters or '-' (e.g. 'X-Header-Name', regex used for validation is '[-A-Za-z0-9]+')"));
  }
  return errors;
}

/** Errors of a handler of a probe or of the life cycle. */
function validateHandler(handler: Probe & LifecycleHandler, graceSeconds: number | undefined, path: FieldPath): readonly FieldError[] {
  const errors: FieldError[] = [];
  let count = 0;
  const isFirst = (field: string): boolean => {
    if (count > 0) errors.push(forbidden(path.child(field), TOO_MANY_HANDLERS));
    return count === 0 && ++count > 0;
  };
  if (handler.exec !== undefined && isFirst('exec') && (handler.exec.command ?? []).length === 0) errors.push(required(path.child('exec', 'command')));
  if (handler.httpGet !== undefined && isFirst('httpGet')) errors.push(...validateHttpGet(handler.httpGet, path.child('httpGet')));
  if (handler.tcpSocket !== undefined && isFirst('tcpSocket')) errors.push(...validatePort(handler.tcpSocket.port, path.child('tcpSocket', 'port')));
  if (handler.grpc !== undefined && isFirst('grpc')) errors.push(...validatePort(handler.grpc.port, path.child('grpc', 'port')));
  if (handler.sleep !== undefined && isFirst('sleep')) {
    const { seconds } = handler.sleep;
    if (graceSeconds !== undefined && (seconds < 0 || seconds > graceSeconds)) errors.push(invalid(path.child('sleep'), seconds, `must be non-negative and less than terminationGracePeriodSeconds (${graceSeconds})`));
  }
  if (count === 0) errors.push(required(path, 'must specify a handler type'));
  return errors;
}

function validateProbe(probe: Probe, graceSeconds: number | undefined, path: FieldPath): FieldError[] {
  const errors: FieldError[] = [...validateHandler(probe, graceSeconds, path)];
  for (const field of ['initialDelaySeconds', 'timeoutSeconds', 'periodSeconds', 'successThreshold', 'failureThreshold'] as const) errors.push(...validateNotNegative(probe[field], path.child(field)));
  if (probe.terminationGracePeriodSeconds !== undefined && probe.terminationGracePeriodSeconds <= 0) errors.push(invalid(path.child('terminationGracePeriodSeconds'), probe.terminationGracePeriodSeconds, 'must be greater than 0'));
  return errors;
}

/** Errors of the three probes of a container. @internal */
export function validateProbes(probes: { readonly livenessProbe?: Probe; readonly readinessProbe?: Probe; readonly startupProbe?: Probe }, graceSeconds: number | undefined, path: FieldPath): readonly FieldError[] {
  const errors: FieldError[] = [];
  for (const field of ['livenessProbe', 'readinessProbe', 'startupProbe'] as const) {
    const probe = probes[field];
    if (probe === undefined) continue;
    errors.push(...validateProbe(probe, graceSeconds, path.child(field)));
    if (field === 'readinessProbe') {
      if (probe.terminationGracePeriodSeconds !== undefined) errors.push(invalid(path.child(field, 'terminationGracePeriodSeconds'), probe.terminationGracePeriodSeconds, 'must not be set for readinessProbes'));
    } else if (probe.successThreshold !== 1) errors.push(invalid(path.child(field, 'successThreshold'), probe.successThreshold ?? 0, 'must be 1'));
  }
  return errors;
}

/** Errors of what runs after the start and before the stop of a container. @internal */
export function validateLifecycle(lifecycle: Lifecycle | undefined, graceSeconds: number | undefined, path: FieldPath): readonly FieldError[] {
  if (lifecycle === undefined) return [];
  const errors: FieldError[] = [];
  if (lifecycle.postStart !== undefined) errors.push(...validateHandler(lifecycle.postStart, graceSeconds, path.child('postStart')));
  if (lifecycle.preStop !== undefined) errors.push(...validateHandler(lifecycle.preStop, graceSeconds, path.child('preStop')));
  return errors;
}
