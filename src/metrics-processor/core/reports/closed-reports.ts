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
 * Each id is known by its own time, however long it is kept beyond that, so that reading the log back that far restores
 * exactly these.
 */
export class ClosedReports {
  readonly #ids = new IdTable(64);
  readonly #fingerprint: Fingerprint;
  readonly #memoryMs: number;

  constructor({ fingerprintSeed, memoryMs }: { readonly fingerprintSeed: number; readonly memoryMs: number }) {
    this.#fingerprint = new Fingerprint(fingerprintSeed);
    this.#memoryMs = memoryMs;
  }

  get size(): number {
    return this.#ids.size;
  }

  close({ trace, calls, above }: ClosedTrace): void {
    const seriesOf = new Map(calls.flatMap(({ ids, series }) => ids.map((id) => [id, series] as const)));
    const { traceId } = trace;
    for (const { spanId, loggedAtMs, seenMs } of trace.reports) {
      const id = `${traceId}-${spanId}`;
      const entry = this.#touch(spanKey(trace.sender, id), seenMs);
      const series = seriesOf.get(id) ?? null;
      if (series !== null) this.#ids.beginCall(entry, series, loggedAtMs);
    }
    for (const [spanId, seenMs] of above) this.#touch(aboveKey(trace.sender, `${traceId}-${spanId}`), seenMs);
    this.#touch(spanKey(trace.sender, traceId), trace.lastMs);
  }

  /** @param atMs in log time, when the report came */
  judge(report: Report, atMs: number): LateReport {
    if (this.#ids.size === 0) return 'unknown';
    const { sender, trace_id, parent_id, kind } = report;
    const knows = (key: string): boolean => this.#find(key, atMs) !== NONE;
    if (!knows(spanKey(sender, trace_id))) return 'unknown';
    const id = requestIdOf(report);
    if (knows(spanKey(sender, id))) return 'repeated';
    if (kind === 'context') return 'of a known trace';
    if (knows(aboveKey(sender, id))) return 'above a call';
    if (parent_id !== undefined && this.knownCall(sender, `${trace_id}-${parent_id}`, atMs) !== null)
      return 'below a call';
    return 'of a known trace';
  }

  knownCall(sender: string, requestId: string, atMs: number): KnownCall | null {
    const entry = this.#find(spanKey(sender, requestId), atMs);
    return entry === NONE ? null : (this.#ids.lastCall(entry) ?? null);
  }

  forgetBefore(beforeMs: number): void {
    this.#ids.forgetWhile((entry) => this.#ids.requestSeenMs(entry) < beforeMs);
  }

  #touch(key: string, seenMs: number): number {
    const entry = this.#ids.touch(this.#fingerprint.of(Buffer.from(key)));
    if (seenMs > this.#ids.requestSeenMs(entry)) this.#ids.setRequestSeenMs(entry, seenMs);
    return entry;
  }

  #find(key: string, atMs: number): number {
    const entry = this.#ids.find(this.#fingerprint.of(Buffer.from(key)));
    return entry !== NONE && this.#ids.requestSeenMs(entry) >= atMs - this.#memoryMs ? entry : NONE;
  }
}

function spanKey(sender: string, id: string): string {
  return sender === '' ? id : `${id} ${sender}`;
}

function aboveKey(sender: string, id: string): string {
  return `^${spanKey(sender, id)}`;
}
