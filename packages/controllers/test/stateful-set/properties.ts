// The property suite of the StatefulSet controller as one file, for mutation testing (stryker.stateful-set.json): what kills
// most and soonest comes first. No unit tests and no recordings are among it.
import './pure-rules.test.ts';
import './whole-sync.test.ts';
import './change-handlers.test.ts';
import './ordinal-runs.test.ts';
import './set-summary.test.ts';
import './naive-decision.test.ts';
import './explanations.test.ts';
