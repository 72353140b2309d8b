import { comparedCall } from './compared-call.ts';
import type { Folded } from './folded.ts';
import { fillGaps } from './merge-facts.ts';
import { endMsOf, type TraceCall } from './trace-call.ts';
import { isSameModel } from './twins.ts';

/**
 * An exception is recorded when the call has failed; its span may end before that, or when the program is done with it.
 */
const EXCEPTION_MS_MAX = 1_000;
/** Failed calls that end within that are compared with so many, so that a trace stays linear. */
const NEIGHBOURS_MAX = 600;

/**
 * Gives each record of an exception to the failed call that ended nearest to it. It may lie beside that call and not
 * below: where the record was written into the span around, or where no span was sent and a record tells the call. A
 * call has one exception. The closest are paired first, so the order of the reports decides nothing.
 */
export function foldExceptions(calls: readonly TraceCall[], folded: Folded[]): readonly TraceCall[] {
  const exceptions = calls.filter(({ head }) => head.is_exception === true);
  if (exceptions.length === 0 || exceptions.length === calls.length) return calls;
  const failed = calls.filter(({ head, facts }) => head.is_exception !== true && isFailed(facts));
  const pairs = pairsOf(exceptions, failed);
  const exceptionOf = new Map<TraceCall, TraceCall>();
  const taken = new Set<TraceCall>();
  for (const { call, exception } of pairs) {
    if (exceptionOf.has(call) || taken.has(exception)) continue;
    exceptionOf.set(call, exception);
    taken.add(exception);
    folded.push({ report: exception.head, into: call.id, rule: 'the exception of a call that failed' });
  }
  return calls.filter((call) => !taken.has(call)).map((call) => withException(call, exceptionOf.get(call)));
}

function withException(call: TraceCall, exception: TraceCall | undefined): TraceCall {
  if (exception === undefined) return call;
  return {
    ...call,
    facts: fillGaps(call.facts, exception.facts),
    members: [...call.members, ...exception.members],
  };
}

function isFailed({ error, error_kind }: TraceCall['facts']): boolean {
  return (error ?? null) !== null || (error_kind ?? null) !== null;
}

interface Pair {
  readonly call: TraceCall;
  readonly exception: TraceCall;
  readonly gapMs: number;
}

/** The closest first. */
function pairsOf(exceptions: readonly TraceCall[], failed: readonly TraceCall[]): readonly Pair[] {
  const calls = failed.toSorted(byEnd).map((call) => ({ call, compared: comparedCall(call, (text) => text) }));
  const pairs: Pair[] = [];
  let first = 0;
  for (const exception of exceptions.toSorted(byEnd)) {
    const compared = comparedCall(exception, (text) => text);
    const endMs = endMsOf(exception);
    while (endMsOf(calls[first]?.call ?? exception) < endMs - EXCEPTION_MS_MAX) first++;
    for (const each of calls.slice(first, first + NEIGHBOURS_MAX)) {
      const gapMs = Math.abs(endMsOf(each.call) - endMs);
      if (gapMs > EXCEPTION_MS_MAX) break;
      if (isSameModel(each.compared, compared)) pairs.push({ call: each.call, exception, gapMs });
    }
  }
  return pairs.sort((x, y) => x.gapMs - y.gapMs || byId(x.call, y.call) || byId(x.exception, y.exception));
}

function byEnd(a: TraceCall, b: TraceCall): number {
  return endMsOf(a) - endMsOf(b) || byId(a, b);
}

function byId(a: TraceCall, b: TraceCall): number {
  if (a.id === b.id) return 0;
  return a.id < b.id ? -1 : 1;
}
