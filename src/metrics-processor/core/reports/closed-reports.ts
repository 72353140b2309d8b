import type { ClosedTrace } from '../../../reports/open-calls.ts';
import { type Report, requestIdOf } from '../../../reports/report.ts';
import { Fingerprint } from '../join/fingerprint.ts';
import { IdTable, NONE } from '../join/id-table.ts';
import type { KnownCall } from '../join/known-call.ts';

/** What a report that comes after its trace was closed is to those that came before. */
export type LateReport = 'unknown' | 'repeated' | 'above a call' | 'below a call' | 'of a known trace';

/**
 * The ids of reports whose traces are closed, for as long as ids are remembered: a late report is judged by them alone.
 *
 * Each id is forgotten by its own time, so that reading the log back that far restores exactly these.
 */
export class ClosedReports {
  readonly #ids = new IdTable(64);
  readonly #fingerprint: Fingerprint;

  constructor(fingerprintSeed: number) {
    this.#fingerprint = new Fingerprint(fingerprintSeed);
  }

  get size(): number {
    return this.#ids.size;
  }

  close({ trace, calls }: ClosedTrace): void {
    const seriesOf = new Map(calls.flatMap(({ ids, series }) => ids.map((id) => [id, series] as const)));
    const { traceId } = trace;
    for (const { spanId, loggedAtMs } of trace.reports) {
      const id = `${traceId}-${spanId}`;
      const entry = this.#touch(spanKey(trace.sender, id), loggedAtMs);
      const series = seriesOf.get(id) ?? null;
      if (series !== null) this.#ids.beginCall(entry, series, loggedAtMs);
    }
    for (const { above } of calls) for (const id of above) this.#touch(aboveKey(trace.sender, id), trace.lastMs);
    this.#touch(spanKey(trace.sender, traceId), trace.lastMs);
  }

  judge(report: Report): LateReport {
    if (this.#ids.size === 0) return 'unknown';
    const { sender, trace_id, parent_id, kind } = report;
    if (this.#find(spanKey(sender, trace_id)) === NONE) return 'unknown';
    const id = requestIdOf(report);
    if (this.#find(spanKey(sender, id)) !== NONE) return 'repeated';
    if (kind === 'context') return 'of a known trace';
    if (this.#find(aboveKey(sender, id)) !== NONE) return 'above a call';
    if (parent_id !== undefined && this.#callOf(sender, `${trace_id}-${parent_id}`) !== null) return 'below a call';
    return 'of a known trace';
  }

  knownCall(sender: string, requestId: string): KnownCall | null {
    return this.#callOf(sender, requestId);
  }

  forgetBefore(beforeMs: number): void {
    this.#ids.forgetWhile((entry) => this.#ids.requestSeenMs(entry) < beforeMs);
  }

  #callOf(sender: string, requestId: string): KnownCall | null {
    const entry = this.#find(spanKey(sender, requestId));
    return entry === NONE ? null : (this.#ids.lastCall(entry) ?? null);
  }

  #touch(key: string, seenMs: number): number {
    const entry = this.#ids.touch(this.#fingerprint.of(Buffer.from(key)));
    if (seenMs > this.#ids.requestSeenMs(entry)) this.#ids.setRequestSeenMs(entry, seenMs);
    return entry;
  }

  #find(key: string): number {
    return this.#ids.find(this.#fingerprint.of(Buffer.from(key)));
  }
}

function spanKey(sender: string, id: string): string {
  return sender === '' ? id : `${id} ${sender}`;
}

function aboveKey(sender: string, id: string): string {
  return `^${spanKey(sender, id)}`;
}
