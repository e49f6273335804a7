// What a controller expects to see of its own writes before it acts again: creations counted, deletions by pod key.
// Upstream: UIDTrackingControllerExpectations in pkg/controller/controller_utils.go (1.37).
import { OrderedMap, type Epoch } from '@kubesim/kernel';

/** How long unmet expectations hold a controller back, in ms. Upstream: ExpectationsTimeout. @public */
export const EXPECTATIONS_TIMEOUT_MS = 300_000;

/** What one key still waits for. Plain data. @public */
export interface Expectations {
  /** Creations not yet observed; below zero after one that was not expected. */
  readonly creations: number;
  /** `namespace/name` of the objects whose deletion is not yet observed. */
  readonly deletions: readonly string[];
  /** Virtual instant at which they were set, ms since 1970. */
  readonly setAt: number;
}

/** Private state of a controller that keeps expectations by the key of its queue. @public */
export interface ExpectationState {
  expectations: OrderedMap<Expectations>;
}

/** The part of a reconcile's or handler's context that expectations need. @public */
export interface ExpectationContext {
  readonly state: ExpectationState;
  readonly epoch: Epoch;
}

/** A state that expects nothing. @public */
export function initialExpectations(): ExpectationState {
  return { expectations: OrderedMap.empty<Expectations>() };
}

/** Whether these expectations let a controller act: nothing is awaited, or what is has been awaited for too long. @public */
export function areFulfilled(expectations: Expectations | undefined, now: number): boolean {
  if (expectations === undefined) return true;
  if (expectations.creations <= 0 && expectations.deletions.length === 0) return true;
  return now - expectations.setAt > EXPECTATIONS_TIMEOUT_MS;
}

/** Whether the controller may create and delete for this key. In a reconcile, to be asked within `decide`. @public */
export function satisfiedExpectations(context: ExpectationContext, key: string, now: number): boolean {
  return areFulfilled(context.state.expectations.get(key), now);
}

/** Expects so many creations and the deletion of these keys, in place of whatever was expected before. @public */
export function setExpectations(
  context: ExpectationContext, key: string, expected: { readonly creations?: number; readonly deletions?: readonly string[] }, now: number,
): void {
  put(context, key, { creations: expected.creations ?? 0, deletions: expected.deletions ?? [], setAt: now });
}

/** Takes off creations that were seen, or that will never be. @public */
export function creationObserved(context: ExpectationContext, key: string, count = 1): void {
  const before = context.state.expectations.get(key);
  if (before !== undefined && count > 0) put(context, key, { creations: before.creations - count, deletions: before.deletions, setAt: before.setAt });
}

/** Takes off a deletion that was seen, or that will never be; one that was not expected changes nothing. @public */
export function deletionObserved(context: ExpectationContext, key: string, deleted: string): void {
  const before = context.state.expectations.get(key);
  const index = before === undefined ? -1 : before.deletions.indexOf(deleted);
  if (before === undefined || index < 0) return;
  const deletions = [...before.deletions];
  deletions.splice(index, 1);
  put(context, key, { creations: before.creations, deletions, setAt: before.setAt });
}

/** Forgets what was expected for a key whose object is gone. @public */
export function deleteExpectations(context: ExpectationContext, key: string): void {
  context.state.expectations = context.state.expectations.delete(context.epoch, key);
}

function put(context: ExpectationContext, key: string, expectations: Expectations): void {
  context.state.expectations = context.state.expectations.set(context.epoch, key, expectations);
}
