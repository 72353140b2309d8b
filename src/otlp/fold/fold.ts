import type { AncestorsOf } from '../to-events/tenant-and-route.ts';
import type { Candidate, Folded } from './candidate.ts';
import { foldLogfireStreams } from './fold-logfire.ts';
import { foldTwins } from './fold-twins.ts';
import { fillGaps } from './merge-facts.ts';

/** Instrumentations nest two or three deep. */
const NESTING_MAX = 16;

/** The calls of one export, each once, and where the other spans went. */
export interface Fold {
  readonly calls: readonly Candidate[];
  readonly folded: readonly Folded[];
}

/**
 * Makes one call of all spans that report it. In this order:
 *
 * 1. LiteLLM's raw request belongs to the call above it;
 * 2. Logfire's end of a stream belongs to the span that opened it;
 * 3. of calls that contain each other the **inner** one wins, for it is nearer to the wire; the outer one fills gaps;
 * 4. two instrumentations that do not nest are found by response id, or else by time (`fold-twins.ts`).
 *
 * Repeated spans have to be removed before.
 */
export function fold(candidates: readonly Candidate[], ancestorsOf: AncestorsOf): Fold {
  const folded: Folded[] = [];
  const withoutRaw = foldLitellmRaw(candidates, ancestorsOf, folded);
  const withWholeStreams = foldLogfireStreams(withoutRaw, folded);
  const innermost = foldNested(withWholeStreams, ancestorsOf, folded);
  return { calls: foldTwins(innermost, folded), folded };
}

/**
 * LiteLLM writes a call's attributes onto the application's own span when that is open. That span lasts as long as
 * the application's request, so start and duration are taken from the raw request below it. Of several calls the
 * last one has overwritten the attributes of the others: those are counted from their raw requests.
 */
function foldLitellmRaw(
  candidates: readonly Candidate[],
  ancestorsOf: AncestorsOf,
  folded: Folded[],
): readonly Candidate[] {
  const rawsOf = rawsByCall(candidates, ancestorsOf);
  if (rawsOf.size === 0) return candidates;
  const replaced = new Map<Candidate, Candidate>();
  const dropped = new Set<Candidate>();
  for (const [call, raws] of rawsOf) {
    const own = raws.find((raw) => raw.facts.responseId === call.facts.responseId) ?? raws.at(-1);
    if (own === undefined) continue;
    const isOnApplicationSpan = call.span.scope.name !== 'litellm' && call.span.attributes.has('litellm.call_id');
    if (isOnApplicationSpan) {
      const { startMs, durationMs } = own;
      replaced.set(call, { ...call, startMs, durationMs, members: [...call.members, own.span] });
    }
    for (const raw of isOnApplicationSpan ? [own] : raws) {
      dropped.add(raw);
      folded.push({ span: raw.span, into: call.id, rule: 'raw request below its LiteLLM call' });
    }
  }
  return candidates
    .filter((candidate) => !dropped.has(candidate))
    .map((candidate) => replaced.get(candidate) ?? candidate);
}

/** The raw requests below each call, in the order in which they ended. */
function rawsByCall(candidates: readonly Candidate[], ancestorsOf: AncestorsOf): Map<Candidate, Candidate[]> {
  const rawsOf = new Map<Candidate, Candidate[]>();
  const raws = candidates.filter(({ role }) => role === 'raw');
  if (raws.length === 0) return rawsOf;
  const callOf = new Map(candidates.filter(({ role }) => role === 'call').map((call) => [call.span, call]));
  for (const raw of raws) {
    const call = ancestorsOf(raw.span)
      .map((span) => callOf.get(span))
      .find((candidate) => candidate !== undefined);
    if (call === undefined) continue;
    const siblings = rawsOf.get(call);
    if (siblings === undefined) rawsOf.set(call, [raw]);
    else siblings.push(raw);
  }
  return rawsOf;
}

/** A call with calls below it is not counted; it fills the gaps of an only child. */
function foldNested(
  candidates: readonly Candidate[],
  ancestorsOf: AncestorsOf,
  folded: Folded[],
): readonly Candidate[] {
  const bySpan = new Map(candidates.map((candidate) => [candidate.span, candidate]));
  const outerOf = new Map<Candidate, Candidate>();
  const innerCount = new Map<Candidate, number>();
  for (const candidate of candidates) {
    // A raw request that is left over is a call beside the one that is written on the application's span.
    if (candidate.role === 'raw') continue;
    const outer = ancestorsOf(candidate.span)
      .map((span) => bySpan.get(span))
      .find((ancestor) => ancestor !== undefined);
    if (outer === undefined) continue;
    outerOf.set(candidate, outer);
    innerCount.set(outer, (innerCount.get(outer) ?? 0) + 1);
  }
  if (outerOf.size === 0) return candidates;
  const isFolded = new Set<Candidate>();
  const innermost = candidates.filter((candidate) => !innerCount.has(candidate));
  const calls = innermost.map((inner) => {
    let call = inner;
    let isOnly = true;
    let outer = outerOf.get(inner);
    for (let depth = 0; outer !== undefined && depth < NESTING_MAX; depth++) {
      isOnly &&= innerCount.get(outer) === 1;
      call = absorbOuter(call, outer, isOnly);
      if (!isFolded.has(outer)) {
        isFolded.add(outer);
        folded.push({
          span: outer.span,
          into: inner.id,
          rule: 'a call around a call: the inner counts',
        });
      }
      outer = outerOf.get(outer);
    }
    return call;
  });
  return calls;
}

/** An AI SDK span around several steps reports the last step or their sum: nothing of it is any one call's. */
function absorbOuter(inner: Candidate, outer: Candidate, isOnly: boolean): Candidate {
  const isSameCall = isOnly && outer.role === 'call';
  const facts = isSameCall ? fillGaps(inner.facts, outer.facts) : inner.facts;
  return { ...inner, facts, members: [...inner.members, ...outer.members] };
}
