// What happened to pods over time, to be drawn. How lanes are made is in pod-lanes.ts, how they are drawn in the files beside.
import type { LoggedReason } from '../settings.ts';
import { drawHtml } from './html.ts';
import type { Drawing, PodLane } from './pod-lanes.ts';
import { drawSvg } from './svg.ts';
import { drawText } from './text.ts';
import { traceEvents, type TraceFile } from './trace.ts';

/** A stretch of a cluster's history, to be drawn. Instants are virtual ms since 1970. @public */
export class Timeline implements Drawing {
  readonly from: number;
  readonly to: number;
  readonly pods: readonly PodLane[];
  /** What components decided, oldest first. */
  readonly decisions: readonly LoggedReason[];
  /** What was done to the cluster, oldest first. */
  readonly faults: readonly LoggedReason[];

  /** @internal */
  constructor(from: number, to: number, pods: readonly PodLane[], log: readonly LoggedReason[]) {
    this.from = from;
    this.to = to;
    this.pods = pods;
    this.faults = log.filter(({ source }) => source === 'fault');
    this.decisions = log.filter(({ source }) => source !== 'fault');
  }

  /** For a terminal: a row of characters for each pod, `width` columns, and below what was decided and done. */
  text(options: { readonly width?: number } = {}): string {
    return drawText(this, options.width ?? 72);
  }

  /** One picture without anything outside it; in a browser, hovering tells why. */
  svg(): string {
    return drawSvg(this);
  }

  /** One page without anything outside it: the picture, and a table of what was decided and done. */
  html(): string {
    return drawHtml(this);
  }

  /** Chrome's trace format, as JSON: opens in Perfetto. */
  trace(): string {
    return JSON.stringify(this.traceFile());
  }

  /** The same as a value. */
  traceFile(): TraceFile {
    return traceEvents(this);
  }
}
