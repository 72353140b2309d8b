import type { Said } from './read-report.ts';
import { isSameUse, unitsOf } from './trace-units.ts';

/** What a report that comes after its trace was closed is to what had come by then. */
export type Late = 'unknown trace' | 'repeated' | 'folded' | 'another call';

interface ClosedSpan {
  readonly said: Said;
  /** When any version of it came last. */
  readonly seenMs: number;
}

interface ClosedTrace {
  readonly sender: string;
  readonly traceId: string;
  readonly lastMs: number;
  readonly spans: ReadonlyMap<string, ClosedSpan>;
}

interface KnownTrace extends ClosedTrace {
  /** Spans around several calls, so that what lies below them may be another one. */
  readonly around: ReadonlySet<string>;
}

/**
 * Traces that are closed. Of each span that it knew it remembers for as long as ids are remembered that it came, and
 * what lay above and below it.
 */
export class LateReports {
  readonly #memoryMs: number;
  readonly #traces: KnownTrace[] = [];

  constructor(memoryMs: number) {
    this.#memoryMs = memoryMs;
  }

  close(trace: ClosedTrace): void {
    this.#traces.push({ ...trace, around: spansAround([...trace.spans.values()]) });
  }

  judge(said: Said, atMs: number): Late {
    const sinceMs = atMs - this.#memoryMs;
    const traces = this.#traces.filter(({ sender, traceId, lastMs }) => {
      return sender === said.sender && traceId === said.trace_id && lastMs >= sinceMs;
    });
    if (traces.length === 0) return 'unknown trace';
    // What was seen too long ago tells nothing, not even what lies above it.
    const known = traces.map(({ spans, around }) => ({
      spans: new Map([...spans].filter(([, { seenMs }]) => seenMs >= sinceMs)),
      around,
    }));
    if (known.some(({ spans }) => spans.has(said.span_id))) return 'repeated';
    if (said.kind === 'context') return 'another call';
    const isFolded = known.some(
      ({ spans, around }) =>
        isWithinCall(wayUp(spans, said.parent_id), spans, around) ||
        [...spans.values()].some((span) => isCall(span) && wayUp(spans, span.said.parent_id).includes(said.span_id)),
    );
    return isFolded ? 'folded' : 'another call';
  }
}

function spansAround(spans: readonly ClosedSpan[]): ReadonlySet<string> {
  const units = unitsOf(spans.map(({ said }) => said));
  const sums = units.flatMap((unit) =>
    unit.members.filter((said) => {
      return said.kind === 'sum' && said !== unit.head && !isSameUse(unit, { facts: said.facts ?? {} });
    }),
  );
  return new Set([...units.flatMap(({ shared }) => shared), ...sums].map(({ span_id }) => span_id));
}

/** The nearest call above tells. */
function isWithinCall(
  way: readonly string[],
  spans: ReadonlyMap<string, ClosedSpan>,
  around: ReadonlySet<string>,
): boolean {
  const nearest = way.find((id) => isCall(spans.get(id)));
  return nearest !== undefined && !around.has(nearest);
}

function isCall(span: ClosedSpan | undefined): boolean {
  return span !== undefined && span.said.kind !== 'context';
}

/** The spans from this one on upwards, as far as they came, and the one above the last of them. */
function wayUp(spans: ReadonlyMap<string, ClosedSpan>, from: string | undefined): string[] {
  const ids: string[] = [];
  for (let id = from; id !== undefined && ids.length < 64; id = spans.get(id)?.said.parent_id) ids.push(id);
  return ids;
}
