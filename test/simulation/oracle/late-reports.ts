import type { Said } from './read-report.ts';

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

/**
 * Traces that are closed. Of each span that it knew it remembers for as long as ids are remembered that it came, and
 * what lay above and below it.
 */
export class LateReports {
  readonly #memoryMs: number;
  readonly #traces: ClosedTrace[] = [];

  constructor(memoryMs: number) {
    this.#memoryMs = memoryMs;
  }

  close(trace: ClosedTrace): void {
    this.#traces.push(trace);
  }

  judge(said: Said, atMs: number): Late {
    const sinceMs = atMs - this.#memoryMs;
    const traces = this.#traces.filter(({ sender, traceId, lastMs }) => {
      return sender === said.sender && traceId === said.trace_id && lastMs >= sinceMs;
    });
    if (traces.length === 0) return 'unknown trace';
    // What was seen too long ago tells nothing, not even what lies above it.
    const known = traces.map(({ spans }) => new Map([...spans].filter(([, { seenMs }]) => seenMs >= sinceMs)));
    if (known.some((spans) => spans.has(said.span_id))) return 'repeated';
    if (said.kind === 'context') return 'another call';
    const isFolded = known.some(
      (spans) =>
        wayUp(spans, said.parent_id).some((id) => isCall(spans.get(id))) ||
        [...spans.values()].some((span) => isCall(span) && wayUp(spans, span.said.parent_id).includes(said.span_id)),
    );
    return isFolded ? 'folded' : 'another call';
  }
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
