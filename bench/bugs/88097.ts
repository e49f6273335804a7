// The collector takes an owner that it cannot read for one that is gone, and deletes what it owns.
import { garbageCollectorController } from '@kubesim/controllers';
import { issue, type Bug } from './bug.ts';
import { patched } from './patch.ts';

export const unreadableOwnerCountsAsGone: Bug = {
  ...issue(88097), symptom: 'objects are collected although their owner is there',
  draws: { faults: ['apiError', 'crash', 'leaderChange'] },
  special: 'the one live look at an owner must be refused, which is one scenario in several hundred among all faults',
  faulty: patched(garbageCollectorController, { reply: (reply, call) => (!reply.ok && call.verb === 'get' ? { ok: false, status: { ...reply.status, code: 404, reason: 'NotFound' } } : reply) }),
};
