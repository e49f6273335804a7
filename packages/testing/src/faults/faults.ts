// What is done with a fault, whatever its class: begun, ended, measured and described by its row of the table.
import { UsageError, type Cluster } from 'kubesim';
import type { FaultDefinition, FaultPlace } from './definition.ts';
import { describePlace, type Fault, type FaultName } from './fault.ts';
import { FAULTS } from './table.ts';

/** Why each class of faults is legal. @public */
export const FAULT_RULES: Readonly<Record<FaultName, string>> = Object.fromEntries(Object.entries(FAULTS).map(([name, { rule }]) => [name, rule])) as Record<FaultName, string>;

/** The row of a fault; it takes faults of its own class only, which the name vouches for. */
function definitionOf(fault: Fault): FaultDefinition<FaultName> {
  return FAULTS[fault.fault] as unknown as FaultDefinition<FaultName>;
}

/** Begins a fault. What has no object (a pod, a node that is gone) is passed over. @public */
export function beginFault(cluster: Cluster, fault: Fault, place: FaultPlace): void {
  passOverMissing(() => { definitionOf(fault).begin(cluster, fault, place); });
}

/** Ends a fault that lasts. @public */
export function endFault(cluster: Cluster, fault: Fault, place: FaultPlace): void {
  passOverMissing(() => definitionOf(fault).end?.(cluster, fault, place));
}

function passOverMissing(act: () => void): void {
  try {
    act();
  } catch (error) {
    if (!(error instanceof UsageError || error instanceof RangeError)) throw error;
  }
}

/** After how long a fault ends; undefined for what is over at once or ends by itself. @internal */
export function durationOf(fault: Fault): number | undefined {
  return definitionOf(fault).durationMs?.(fault);
}

/** How long after its end a fault may still have consequences that come by themselves. @internal */
export function aftermathOf(fault: Fault): number {
  return definitionOf(fault).aftermathMs?.(fault) ?? 0;
}

/** How late a controller's cache or reply may be by a fault. @internal */
export function stalenessOf(fault: Fault): number {
  return definitionOf(fault).staleMs?.(fault) ?? 0;
}

/** A fault as a line that people read. @public */
export function describeFault(fault: Fault): string {
  return `at ${fault.atMs} ms${fault.place === undefined ? '' : `, ${describePlace(fault.place)}`}: ${describeFaultItself(fault)}${fault.endPlace === undefined ? '' : ` (to ${describePlace(fault.endPlace)})`}`;
}

/** What a fault does, without when. @internal */
export function describeFaultItself(fault: Fault): string {
  return definitionOf(fault).describe(fault);
}
