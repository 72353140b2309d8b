import { type Candidate, type Folded, requestIdOf } from './candidate.ts';
import { foldLogfireStreams } from './fold-logfire.ts';
import { foldTwins } from './fold-twins.ts';
import { fillGaps } from './merge-facts.ts';
import type { AncestorsOf } from './tenant-and-route.ts';
import type { OtlpSpan } from './trace-export.ts';

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
 * the application's request, so start and duration are taken from the raw request below it.
 */
function foldLitellmRaw(
  candidates: readonly Candidate[],
  ancestorsOf: AncestorsOf,
  folded: Folded[],
): readonly Candidate[] {
  const raws = candidates.filter(({ role }) => role === 'raw');
  if (raws.length === 0) return candidates;
  const callOf = new Map(candidates.filter(({ role }) => role === 'call').map((call) => [call.span, call]));
  const replaced = new Map<OtlpSpan, Candidate | null>();
  for (const raw of raws) {
    const parent = ancestorsOf(raw.span)
      .map((span) => callOf.get(span))
      .find((call) => call !== undefined);
    if (parent === undefined) continue;
    folded.push({ span: raw.span, into: requestIdOf(parent.span), rule: 'raw request below its LiteLLM call' });
    replaced.set(raw.span, null);
    const isApplicationSpan = parent.span.scope.name !== 'litellm' && parent.span.attributes.has('litellm.call_id');
    if (isApplicationSpan) {
      const { startMs, durationMs } = raw;
      replaced.set(parent.span, { ...parent, startMs, durationMs, members: [...parent.members, raw.span] });
    }
  }
  return candidates.flatMap((candidate) => {
    const replacement = replaced.get(candidate.span);
    if (replacement === undefined) return [candidate];
    return replacement === null ? [] : [replacement];
  });
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
          into: requestIdOf(inner.span),
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
