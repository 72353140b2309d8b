import { traceIdOf } from '../../../events/correlation-key.ts';
import type { ClosedTrace, ReportedSpan } from '../../../reports/closed-trace.ts';
import { type Report, requestIdOf } from '../../../reports/report.ts';
import type { Series } from '../../../tally/series.ts';
import { Fingerprint } from '../join/fingerprint.ts';
import { IdTable } from '../join/id-table.ts';
import { NONE } from '../join/record-pages.ts';
import { type ClosedRoot, ClosedRoots } from './closed-roots.ts';

/** What a report that comes after its trace was closed is to those that came before. */
export type LateReport = 'unknown' | 'repeated' | 'above a call' | 'below a call' | 'of a known trace';

/**
 * The ids of reports whose traces are closed, for as long as ids are remembered: a late report is judged by them alone.
 *
 * Each id is known by its own time, however long it is kept beyond that, so that reading the log back that far restores
 * exactly these.
 */
export class ClosedReports {
  /** Of traces that are not among the roots. */
  readonly #ids = new IdTable(64);
  readonly #roots = new ClosedRoots();
  readonly #fingerprint: Fingerprint;
  readonly #memoryMs: number;
  /** Nobody asks for spans that were first seen before that. */
  #rememberedFromMs = Number.NEGATIVE_INFINITY;

  constructor({ fingerprintSeed, memoryMs }: { readonly fingerprintSeed: number; readonly memoryMs: number }) {
    this.#fingerprint = new Fingerprint(fingerprintSeed);
    this.#memoryMs = memoryMs;
  }

  get size(): number {
    return this.#ids.size + this.#roots.size;
  }

  close(closed: ClosedTrace): void {
    const { trace, calls, above, below, around } = closed;
    const fingerprint = this.#fingerprint.of(Buffer.from(spanKey(trace.sender, trace.traceId)));
    const known = this.#roots.find(fingerprint);
    if (known !== NONE) this.#spell(trace, this.#roots.take(known));
    else if (this.#ids.find(fingerprint) === NONE) {
      const root = rootOf(closed);
      if (root !== null) return this.#roots.add(fingerprint, root);
    }
    const seriesOf = new Map(calls.flatMap(({ ids, series }) => ids.map((id) => [id, series] as const)));
    const { traceId } = trace;
    for (const { spanId, bookedMs, seenMs } of trace.reports) {
      const id = `${traceId}-${spanId}`;
      const entry = this.#touch(spanKey(trace.sender, id), seenMs);
      this.#keepEarlier(entry);
      this.#ids.beginCall(entry, seriesOf.get(id) ?? NO_CALL, bookedMs);
      if (around.has(spanId)) this.#touch(aroundKey(trace.sender, id), seenMs);
    }
    for (const [spanId, seenMs] of above) this.#touch(aboveKey(trace.sender, `${traceId}-${spanId}`), seenMs);
    for (const [spanId, seenMs] of below) this.#touch(belowKey(trace.sender, `${traceId}-${spanId}`), seenMs);
    this.#touch(spanKey(trace.sender, traceId), trace.lastMs);
  }

  /** @param atMs in log time, when the report came */
  judge(report: Report, atMs: number): LateReport {
    if (this.size === 0) return 'unknown';
    const { sender, trace_id, span_id, parent_id, kind } = report;
    const knows = (key: string): boolean => this.#find(key, atMs) !== NONE;
    const root = this.#findRoot(sender, trace_id, atMs);
    if (root !== NONE && this.#roots.isSpan(root, span_id)) return 'repeated';
    if (root === NONE && !knows(spanKey(sender, trace_id))) return 'unknown';
    const id = requestIdOf(report);
    if (knows(spanKey(sender, id))) return 'repeated';
    if (kind === 'context') return 'of a known trace';
    if (knows(aboveKey(sender, id))) return 'above a call';
    if (parent_id === undefined) return 'of a known trace';
    const parentId = `${trace_id}-${parent_id}`;
    // What it was before it was forgotten and came again is remembered for evaluations alone.
    const parent = this.knownSpans(sender, parentId, atMs).at(-1);
    if (parent !== undefined && parent.series !== null && !knows(aroundKey(sender, parentId))) return 'below a call';
    if (knows(belowKey(sender, parentId))) return 'below a call';
    return 'of a known trace';
  }

  /**
   * A span that was reported, with what its call is counted under; null in there where it is about none. One that came
   * again long after its trace was closed is two.
   */
  knownSpans(sender: string, requestId: string, atMs: number): readonly ReportedSpan[] {
    const traceId = traceIdOf(requestId);
    const root = traceId === null ? NONE : this.#findRoot(sender, traceId, atMs);
    if (root !== NONE && this.#roots.isSpan(root, requestId.slice(requestId.indexOf('-') + 1))) {
      return [{ series: this.#roots.series(root), firstSeenMs: this.#roots.seenMs(root) }];
    }
    const entry = this.#find(spanKey(sender, requestId), atMs);
    if (entry === NONE) return [];
    return this.#ids
      .callsOf(entry)
      .map(({ series, firstSeenMs }) => ({ series: series === NO_CALL ? null : series, firstSeenMs }));
  }

  forgetBefore(beforeMs: number): void {
    this.#rememberedFromMs = beforeMs;
    this.#ids.forgetWhile((entry) => this.#ids.requestSeenMs(entry) < beforeMs);
    this.#roots.forgetBefore(beforeMs);
  }

  /** A trace that was a root is closed again: from now on it is known by its ids, as if it always had been. */
  #spell({ sender, traceId }: ClosedTrace['trace'], { spanId, seenMs, series }: ClosedRoot): void {
    const entry = this.#touch(spanKey(sender, `${traceId}-${spanId}`), seenMs);
    this.#ids.beginCall(entry, series ?? NO_CALL, seenMs);
    this.#touch(spanKey(sender, traceId), seenMs);
  }

  /** What is about to be closed again: an evaluation that is still to be read may ask for what it was before. */
  #keepEarlier(entry: number): void {
    const known = this.#ids.callsOf(entry);
    if (known.length === 0) return;
    const asked = known.filter(({ firstSeenMs }) => firstSeenMs >= this.#rememberedFromMs);
    if (asked.length > 0) this.#ids.earlierCalls.set(entry, asked);
    else this.#ids.earlierCalls.delete(entry);
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

  #findRoot(sender: string, traceId: string, atMs: number): number {
    const entry = this.#roots.find(this.#fingerprint.of(Buffer.from(spanKey(sender, traceId))));
    return entry !== NONE && this.#roots.seenMs(entry) >= atMs - this.#memoryMs ? entry : NONE;
  }
}

/** Stands for the series of spans that are about no call. */
const NO_CALL: Series = { tenantId: '', route: '', model: '', provider: '' };

/** Null for a trace of more than one report, or one that was told of at more than one time. */
function rootOf({ trace, calls: [call], above, below }: ClosedTrace): ClosedRoot | null {
  const [only] = trace.reports;
  if (only === undefined || trace.reports.length > 1 || above.size > 0 || below.size > 0) return null;
  const { spanId, bookedMs, seenMs } = only;
  if (bookedMs !== seenMs || trace.lastMs !== seenMs) return null;
  return { spanId, seenMs, series: call?.series ?? null };
}

function spanKey(sender: string, id: string): string {
  return sender === '' ? id : `${id} ${sender}`;
}

function belowKey(sender: string, id: string): string {
  return `_${spanKey(sender, id)}`;
}

function aroundKey(sender: string, id: string): string {
  return `&${spanKey(sender, id)}`;
}

function aboveKey(sender: string, id: string): string {
  return `^${spanKey(sender, id)}`;
}
