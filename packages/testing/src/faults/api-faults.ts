// Faults of API calls: refused, lost or slow.
import fc from 'fast-check';
import type { FaultDefinition } from './definition.ts';
import type { FaultParameters } from './fault.ts';
import { callsInWords, processesOf } from './targets.ts';

/** @internal */
export const apiError: FaultDefinition<'apiError'> = {
  rule: 'a server may refuse any call; a reply may be lost after the write took effect; a conflict is what any concurrent write would cause',
  weight: 4,
  draw: ({ process, anyVerb, resource }) => fc.record({
    process, verb: anyVerb, resource, error: fc.constantFrom('conflict' as const, 'timeout' as const, 'internal' as const, 'unavailable' as const, 'tooManyRequests' as const), after: fc.boolean(), times: fc.integer({ min: 1, max: 4 }),
  }).map(legalError),
  begin(cluster, { process, verb, resource, error, after, times }) {
    for (const name of processesOf(cluster, process)) cluster.faults.api({ process: name, verb, resource, error, when: after === true ? 'after' : 'before', times });
  },
  describe: (fault) => `${fault.times} × ${callsInWords(fault, 'any call')} by ${fault.process} meets ${fault.error}${fault.after === true ? ' after it took effect' : ''}`,
};

/** An error of a conflict does not come after the write took effect: whoever wrote knows that it did. */
function legalError(parameters: FaultParameters['apiError']): FaultParameters['apiError'] {
  const { after, error } = parameters;
  return after === true && error !== 'timeout' && error !== 'internal' ? { ...parameters, error: 'timeout' } : parameters;
}

/** @internal */
export const latency: FaultDefinition<'latency'> = {
  rule: 'a network may take any time; a request and its reply keep their order',
  weight: 2,
  draw: ({ process, anyVerb, resource }) => fc.record({ process, verb: anyVerb, resource, delayMs: fc.nat(3_000), after: fc.boolean(), times: fc.integer({ min: 1, max: 3 }) }),
  begin(cluster, { process, verb, resource, delayMs, after, times }) {
    for (const name of processesOf(cluster, process)) cluster.faults.api({ process: name, verb, resource, delay: delayMs, when: after === true ? 'after' : 'before', times });
  },
  staleMs: ({ delayMs, times }) => delayMs * times,
  describe: (fault) => `${fault.times} × ${callsInWords(fault, 'any call')} by ${fault.process} takes ${fault.delayMs} ms${fault.after === true ? ' to be answered' : ' to arrive'}`,
};
