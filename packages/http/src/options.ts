// How a server or a fetch stands over a cluster, and the bounds that hold without a word.
import { UsageError } from 'kubesim';

/**
 * The pace of virtual time: so many virtual seconds a second; `max`: as fast as the host can until the cluster is settled; `step`:
 * time stands still until the client declares itself idle. @public
 */
export type Speed = number | 'max' | 'step';

/** What serving needs to know, over HTTP and in process alike. Everything has a default. @public */
export interface GatewayOptions {
  /** 1 without it. */
  readonly speed?: Speed;
  /** With `step`: after so many ms of the host without a request, time moves as if the client had declared itself idle. */
  readonly quietMs?: number;
  /** Clients must send it as a bearer token. Tokens of service accounts are taken beside it. */
  readonly token?: string;
  /** Largest body of a request, in bytes; 3 MiB without it. */
  readonly bodyBytesMax?: number;
  /** Watches and followed logs that may be open at once; 2 000 without it. */
  readonly watchesMax?: number;
  /** Whether requests are kept, for `requests` and the check of recurrence. */
  readonly recordRequests?: boolean;
}

/** @internal */
export type CheckedGatewayOptions = Required<Omit<GatewayOptions, 'token' | 'quietMs'>> & Pick<GatewayOptions, 'token' | 'quietMs'>;

const BODY_BYTES_MAX = 3 * 1024 * 1024;
const WATCHES_MAX = 2_000;

/** Checks a speed. Throws UsageError that names the option. @internal */
export function checkSpeed(speed: Speed): Speed {
  const isNumber = typeof speed === 'number' && Number.isFinite(speed) && speed > 0;
  if (!isNumber && speed !== 'max' && speed !== 'step') throw new UsageError(`options.speed must be a number above 0, 'max' or 'step', not '${String(speed)}'`);
  return speed;
}

function count(name: string, value: number | undefined, fallback: number): number {
  if (value === undefined) return fallback;
  if (!Number.isInteger(value) || value < 1) throw new UsageError(`options.${name} must be a whole number, 1 or more, not ${value}`);
  return value;
}

/** Checks options and fills in what is left out. Throws UsageError. @internal */
export function checkGatewayOptions(options: GatewayOptions): CheckedGatewayOptions {
  const quietMs = options.quietMs === undefined ? undefined : count('quietMs', options.quietMs, 0);
  if (options.token === '') throw new UsageError('options.token must not be empty');
  return {
    speed: checkSpeed(options.speed ?? 1), quietMs, token: options.token, bodyBytesMax: count('bodyBytesMax', options.bodyBytesMax, BODY_BYTES_MAX),
    watchesMax: count('watchesMax', options.watchesMax, WATCHES_MAX), recordRequests: options.recordRequests ?? false,
  };
}
