import type { Folded } from './folded.ts';
import { reporterOf } from './report.ts';
import { endMsOf, type TraceCall, withReading } from './trace-call.ts';

/** Both spans are written from the times of one call, in two clocks of one process. */
const SLACK_MS = 5;

/**
 * Of calls that their writer wrote twice the first stands: LiteLLM's proxy logs a call to `/v1/messages` once as what
 * came and once as what it made of it, each with a response id of its own. Both have the id of the call. So have the
 * attempts at it, which are calls by themselves: they take their own time, and count otherwise.
 */
export function foldRepeated(calls: readonly TraceCall[], folded: Folded[]): readonly TraceCall[] {
  if (calls.length < 2 || calls.every(({ head }) => head.call_key === undefined)) return calls;
  const kept: TraceCall[] = [];
  const placesOfKey = new Map<string, number[]>();
  for (const call of calls.toSorted((a, b) => a.startMs - b.startMs || (a.id < b.id ? -1 : 1))) {
    const places = placesOf(call.head.call_key, placesOfKey);
    const place = places.find((each) => isRepeated(kept[each] as TraceCall, call));
    if (place === undefined) {
      places.push(kept.push(call) - 1);
      continue;
    }
    const first = kept[place] as TraceCall;
    folded.push({ report: call.head, into: first.id, rule: 'the same call, written twice' });
    kept[place] = withReading(first, call);
  }
  return kept;
}

/** Where the calls of a key stand, to which more may be added. */
function placesOf(key: string | undefined, placesOfKey: Map<string, number[]>): number[] {
  if (key === undefined) return [];
  const places = placesOfKey.get(key) ?? [];
  placesOfKey.set(key, places);
  return places;
}

/** Of two calls with one key. */
function isRepeated(a: TraceCall, b: TraceCall): boolean {
  return (
    reporterOf(a.head) === reporterOf(b.head) &&
    Math.abs(a.startMs - b.startMs) <= SLACK_MS &&
    Math.abs(endMsOf(a) - endMsOf(b)) <= SLACK_MS &&
    (a.facts.prompt_tokens ?? null) === (b.facts.prompt_tokens ?? null) &&
    (a.facts.completion_tokens ?? null) === (b.facts.completion_tokens ?? null) &&
    (a.facts.error ?? null) === (b.facts.error ?? null)
  );
}
