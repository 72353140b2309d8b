import {
  context,
  type Link,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import { contextOf, spanContextOf } from './traceparent.ts';
import type { CommitTrace, ReadSlice } from './tracing.ts';

/** Of what waits for one commit. What comes beyond it has no span behind the log; batches of senders have one each. */
const TRACES_MAX = 256;

/** Follows the records of sampled traces from their folding to their commit. */
export class FoldedTraces {
  readonly #tracer: Tracer;
  readonly #system: string;
  /** By shard, then by topic and the context of the records: a `process` span that lasts until the commit. */
  readonly #waiting = new Map<number, Map<string, Span>>();
  #waitingCount = 0;

  constructor(tracer: Tracer, system: string) {
    this.#tracer = tracer;
    this.#system = system;
  }

  fold<S extends ReadSlice>(shard: number, slice: S, work: (slice: S) => void): void {
    const seen = new Map<string, number>();
    const startTime = Date.now();
    work({ ...slice, records: noting(slice.records, seen) });
    if (seen.size === 0) return;
    const begun = Array.from(seen, ([traceparent, count]) =>
      this.#begin(shard, slice, { traceparent, count, startTime }),
    ).filter((span) => span !== null);
    const [first, ...others] = begun;
    if (first === undefined) return;
    const fold = this.#tracer.startSpan(
      `fold ${slice.topic}`,
      { startTime, links: others.map(linkTo), attributes: { 'streamlens.shard': shard } },
      trace.setSpan(ROOT_CONTEXT, first),
    );
    fold.end();
  }

  committing(shards: readonly number[]): CommitTrace {
    const spans = shards.flatMap((shard) => [...(this.#waiting.get(shard)?.values() ?? [])]);
    for (const shard of shards) this.#waiting.delete(shard);
    this.#waitingCount -= spans.length;
    const [first, ...others] = spans;
    if (first === undefined) return UNTRACED;
    const parent = trace.setSpan(ROOT_CONTEXT, first);
    const links = others.map(linkTo);
    // By the clock that `process` is timed by, in whole ms: it must not end before what it holds.
    const options = { startTime: Date.now(), links, attributes: { 'streamlens.shards': shards.length } };
    const commit = this.#tracer.startSpan('commit', options, parent);
    // The other traces find the commit, which is in the first of them, by this.
    for (const span of others) span.addLink(linkTo(commit));
    const active = trace.setSpan(ROOT_CONTEXT, commit);
    return {
      run: (work) => context.with(active, work),
      end: ({ error, applied }) => {
        if (applied !== undefined) commit.setAttribute('streamlens.shards_applied', applied);
        for (const span of [commit, ...spans]) {
          if (error !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message: error.message });
          span.end();
        }
      },
    };
  }

  /** Null where the trace is not sampled, or too many wait already. */
  #begin(shard: number, slice: ReadSlice, { traceparent, count, startTime }: SeenTrace): Span | null {
    const name = `${slice.topic} ${traceparent}`;
    const ofShard = this.#waiting.get(shard) ?? new Map<string, Span>();
    const before = ofShard.get(name);
    if (before !== undefined || this.#waitingCount >= TRACES_MAX) return before ?? null;
    const parent = contextOf(traceparent);
    if (parent === null || ((spanContextOf(traceparent)?.traceFlags ?? 0) & TraceFlags.SAMPLED) === 0) return null;
    const span = this.#tracer.startSpan(
      `process ${slice.topic}`,
      {
        kind: SpanKind.CONSUMER,
        startTime,
        attributes: {
          'messaging.system': this.#system,
          'messaging.operation.type': 'process',
          'messaging.operation.name': 'process',
          'messaging.destination.name': slice.topic,
          'messaging.destination.partition.id': String(slice.partition),
          'messaging.batch.message_count': count,
        },
      },
      parent,
    );
    ofShard.set(name, span);
    this.#waiting.set(shard, ofShard);
    this.#waitingCount++;
    return span;
  }
}

interface SeenTrace {
  readonly traceparent: string;
  readonly count: number;
  readonly startTime: number;
}

const UNTRACED: CommitTrace = { run: (work) => work(), end: () => undefined };

function linkTo(span: Span): Link {
  return { context: span.spanContext() };
}

/** Counts the records of each trace as they are read; of so many traces no more are told apart. */
function* noting(
  records: ReadSlice['records'],
  seen: Map<string, number>,
): Generator<{ readonly traceparent?: string }, void> {
  for (const record of records) {
    const { traceparent } = record;
    if (traceparent !== undefined && (seen.size < TRACES_MAX || seen.has(traceparent))) {
      seen.set(traceparent, (seen.get(traceparent) ?? 0) + 1);
    }
    yield record;
  }
}
