import type { PlacedRecord } from './batch-oracle.ts';
import { LateReports } from './late-reports.ts';
import type { ReadEvent } from './read-event.ts';
import { idOf, isLater, readReport, type Said } from './read-report.ts';
import { type ReportedCall, reportedCalls, sharingNames } from './trace-calls.ts';

/** A span, by the newest report of it; it is in the books at the time of the first one. */
interface Span {
  said: Said;
  readonly loggedAtMs: number;
  /** When any version of it came last. */
  seenMs: number;
}

interface Trace {
  readonly sender: string;
  readonly traceId: string;
  readonly spans: Map<string, Span>;
  lastMs: number;
  /** When it was looked at last, the last report of all that it shared calls with: until the horizon after it they wait. */
  heldMs: number;
}

export type ReportOutcome = 'counted' | 'folded' | 'context' | 'agentOnly' | 'duplicate' | 'dead' | 'late';

export interface ReportBooked {
  readonly tenant: string;
  readonly loggedAtMs: number;
  readonly fate: ReportOutcome;
}

/** A span, as an evaluation may speak of it. */
export interface ReportedSpan {
  readonly id: string;
  readonly sender: string;
  readonly firstSeenMs: number;
  /** The call that it is about in the end. */
  readonly about: ReadEvent | null;
}

export interface Reported {
  readonly spans: readonly ReportedSpan[];
  readonly calls: readonly ReportedCall[];
  readonly booked: readonly ReportBooked[];
  readonly dead: readonly PlacedRecord[];
}

/**
 * All reports of one partition, resolved at once: those of a trace and of all that it shares calls with are one set,
 * until nothing came of any of them for the horizon. What comes later is judged by what is remembered of them. Time is
 * that of the log.
 */
export function resolveReports(records: readonly PlacedRecord[], horizons: Horizons): Reported {
  const reader = new ReportReader(horizons);
  for (const record of records) reader.take(record);
  return reader.finish();
}

export interface Horizons {
  readonly traceHorizonMs: number;
  readonly dedupHorizonMs: number;
}

class ReportReader {
  readonly #horizonMs: number;
  readonly #sliceMs: number;
  readonly #calls: ReportedCall[] = [];
  readonly #booked: ReportBooked[] = [];
  readonly #dead: PlacedRecord[] = [];
  readonly #spans: ReportedSpan[] = [];
  readonly #late: LateReports;
  #open: Trace[] = [];

  constructor({ traceHorizonMs, dedupHorizonMs }: Horizons) {
    this.#horizonMs = traceHorizonMs;
    this.#sliceMs = Math.max(1, Math.min(1000, Math.floor(traceHorizonMs / 8)));
    this.#late = new LateReports(Math.max(traceHorizonMs + this.#sliceMs, dedupHorizonMs));
  }

  take(record: PlacedRecord): void {
    const { loggedAtMs } = record;
    this.#closeBefore(loggedAtMs - this.#horizonMs);
    const said = readReport(record);
    if (said === null) {
      this.#dead.push(record);
      return;
    }
    const { sender, trace_id: traceId, span_id } = said;
    const late = this.#late.judge(said, loggedAtMs);
    if (late !== 'unknown trace') this.#booked.push({ tenant: sender, loggedAtMs, fate: 'late' });
    if (late === 'repeated' || late === 'folded') {
      this.#booked.push({ tenant: sender, loggedAtMs, fate: late === 'folded' ? 'folded' : 'duplicate' });
      return;
    }
    let trace = this.#open.find((each) => each.sender === sender && each.traceId === traceId);
    if (trace === undefined)
      this.#open.push((trace = { sender, traceId, spans: new Map(), lastMs: loggedAtMs, heldMs: loggedAtMs }));
    trace.lastMs = Math.max(trace.lastMs, loggedAtMs);
    const known = trace.spans.get(span_id);
    if (known === undefined) {
      trace.spans.set(span_id, { said, loggedAtMs, seenMs: loggedAtMs });
      return;
    }
    this.#booked.push({ tenant: sender, loggedAtMs, fate: 'duplicate' });
    known.seenMs = loggedAtMs;
    if (isLater(said, known.said)) known.said = said;
  }

  finish(): Reported {
    this.#close(this.#open);
    return { spans: this.#spans, calls: this.#calls, booked: this.#booked, dead: this.#dead };
  }

  /** Log time is cut into slices: a trace is closed when the slice of its last report is past. */
  #closeBefore(ms: number): void {
    const isPast = (atMs: number) => (Math.floor(atMs / this.#sliceMs) + 1) * this.#sliceMs <= ms;
    if (!this.#open.some(({ heldMs }) => isPast(heldMs))) return;
    for (const group of groupsOf(this.#open)) {
      const due = group.filter(({ heldMs }) => isPast(heldMs));
      if (due.length === 0) continue;
      if (!group.every(({ lastMs }) => isPast(lastMs))) {
        const heldMs = Math.max(...group.map(({ lastMs }) => lastMs));
        for (const trace of due) trace.heldMs = heldMs;
        continue;
      }
      this.#close(group);
      for (const trace of group) this.#late.close(trace);
      this.#open = this.#open.filter((trace) => !group.includes(trace));
    }
  }

  #close(traces: readonly Trace[]): void {
    for (const ofSender of bySender(traces)) {
      const spans = ofSender.flatMap((trace) => [...trace.spans.values()]);
      const calls = reportedCalls(spans.map(({ said }) => said));
      this.#calls.push(...calls);
      this.#book(spans, calls);
    }
  }

  #book(spans: readonly Span[], calls: readonly ReportedCall[]): void {
    const bookedAs = new Map<Said, { readonly tenant: string; readonly fate: ReportOutcome }>();
    const units = calls
      .flatMap(({ request, units: own }) => own.map((unit) => ({ unit, request })))
      .sort((a, b) => a.unit.startMs - b.unit.startMs || (a.unit.head.span_id < b.unit.head.span_id ? -1 : 1));
    const about = new Map(units.flatMap(({ unit, request }) => unit.members.map((said) => [said, request] as const)));
    for (const { said, loggedAtMs } of spans) {
      this.#spans.push({
        id: idOf(said),
        sender: said.sender,
        firstSeenMs: loggedAtMs,
        about: about.get(said) ?? null,
      });
    }
    for (const { unit, request } of units) {
      const tenant = request.tenant ?? '';
      for (const said of unit.members) bookedAs.set(said, { tenant, fate: 'folded' });
    }
    for (const { request, units: own } of calls) {
      const head = own.find(({ head: { trace_id, span_id } }) => request.keyText === `${trace_id}-${span_id}`)?.head;
      if (head !== undefined) bookedAs.set(head, { tenant: request.tenant ?? '', fate: 'counted' });
    }
    const withCall = new Set(spans.filter(({ said }) => said.kind !== 'context').map(({ said }) => said.trace_id));
    for (const { said, loggedAtMs } of spans) {
      if (said.is_agent === true && said.kind === 'context' && !withCall.has(said.trace_id)) {
        this.#booked.push({ tenant: said.sender, loggedAtMs, fate: 'agentOnly' });
      }
      const booked = bookedAs.get(said) ?? { tenant: said.sender, fate: 'context' as const };
      this.#booked.push({ ...booked, loggedAtMs });
    }
  }
}

function bySender(traces: readonly Trace[]): Iterable<Trace[]> {
  const groups = new Map<string, Trace[]>();
  for (const trace of traces) groups.set(trace.sender, [...(groups.get(trace.sender) ?? []), trace]);
  return groups.values();
}

/** Traces that have calls in common stay open together. */
function groupsOf(traces: readonly Trace[]): readonly Trace[][] {
  const groupOf = new Map(traces.map((trace) => [trace, [trace]]));
  for (const ofSender of bySender(traces)) {
    const traceOf = new Map(ofSender.flatMap((trace) => [...trace.spans.values()].map(({ said }) => [said, trace])));
    const calls = reportedCalls([...traceOf.keys()]).map(({ units }) => units);
    for (const units of [...calls, ...sharingNames(calls.flat())]) {
      const heads = units.map(({ head }) => head);
      for (const head of heads.slice(1)) {
        const [a, b] = [groupOf.get(traceOf.get(heads[0] as Said) as Trace), groupOf.get(traceOf.get(head) as Trace)];
        if (a === undefined || b === undefined || a === b) continue;
        a.push(...b);
        for (const trace of b) groupOf.set(trace, a);
      }
    }
  }
  return [...new Set(groupOf.values())];
}
