import { type ComparedCall, tellingsOf } from './compared-call.ts';
import { isRandom } from './response-key.ts';
import { isSameResponse } from './twins.ts';

/** More calls than this of one response id, open at once: whatever gives it out gives it out again and again. */
const SAME_ID_MAX = 64;

/**
 * Which calls that name one response are about one generation of the provider.
 *
 * Two instrumentations whose calls were under way at once are, whatever they count. Calls at different times are where
 * they count the same, for then the response was read again; but only as long as no call of that id counts anything
 * else, which tells that the id repeats.
 *
 * @param repeats whether the id was seen to repeat before
 */
export function generationsOf<Call extends ComparedCall>(calls: readonly Call[], repeats: boolean): readonly Call[][] {
  if (calls.length === 1) return [[...calls]];
  if (calls.length > SAME_ID_MAX) return calls.map((call) => [call]);
  const units = joinOverlapping(calls.toSorted((a, b) => (a.id < b.id ? -1 : 1)));
  if (repeats || units.length === 1 || !units.every(mayBeRead) || areTenantsApart(calls)) return units;
  const known = units.filter((unit) => unit.some(isCounted));
  const isOne = known.length > 0 && known.every((a) => known.every((b) => doAgree(a, b)));
  if (!isOne) return units;
  const one = known.flat();
  const unknown = units.filter((unit) => !known.includes(unit));
  return isRandom(one[0]?.responseId ?? '') ? [[...one, ...unknown.flat()]] : [one, ...unknown];
}

function joinOverlapping<Call extends ComparedCall>(calls: readonly Call[]): Call[][] {
  const pairs: { a: Call; b: Call; gapMs: number }[] = [];
  for (const [i, a] of calls.entries()) {
    for (const b of calls.slice(i + 1)) {
      if (areSameResponse(a, b)) pairs.push({ a, b, gapMs: Math.abs(a.startMs - b.startMs) });
    }
  }
  const unitOf = new Map(calls.map((call) => [call, [call]]));
  for (const { a, b } of pairs.sort((x, y) => x.gapMs - y.gapMs)) {
    const [of, other] = [unitOf.get(a) as Call[], unitOf.get(b) as Call[]];
    if (of === other || of.some((x) => other.some((y) => doShareReporter(x, y)))) continue;
    of.push(...other);
    for (const call of other) unitOf.set(call, of);
  }
  return [...new Set(unitOf.values())];
}

function areSameResponse(a: ComparedCall, b: ComparedCall): boolean {
  return tellingsOf(a).some((x) => tellingsOf(b).some((y) => isSameResponse(x, y))) && !doShareReporter(a, b);
}

function doShareReporter(a: ComparedCall, b: ComparedCall): boolean {
  return tellingsOf(a).some((x) => tellingsOf(b).some((y) => x.scope === y.scope));
}

/** Nobody reads the response of another tenant: local servers give their ids out again. */
function areTenantsApart(calls: readonly ComparedCall[]): boolean {
  const first = calls.find(({ tenant }) => tenant !== null)?.tenant ?? null;
  return calls.some(({ tenant }) => tenant !== null && tenant !== first);
}

/** A proxy's cache replays id and usage: a call of its own that costs nothing. An id without any digit is a word. */
function mayBeRead(unit: readonly ComparedCall[]): boolean {
  return unit.every(({ isFromCache, responseId }) => !isFromCache && /\d/.test(responseId ?? ''));
}

function isCounted({ promptTokens, completionTokens, isEmbeddings }: ComparedCall): boolean {
  return promptTokens !== null && (isEmbeddings || completionTokens !== null);
}

function doAgree(a: readonly ComparedCall[], b: readonly ComparedCall[]): boolean {
  return a.some((x) =>
    b.some(
      (y) =>
        isCounted(x) &&
        isCounted(y) &&
        x.promptTokens === y.promptTokens &&
        (x.completionTokens ?? 0) === (y.completionTokens ?? 0),
    ),
  );
}
