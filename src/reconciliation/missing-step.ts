import type { Correction, Reason } from './correction.ts';
import { placesOf, spotId } from './ledger.ts';
import type { OurCall, Place } from './question.ts';
import { subsetOf } from './subset.ts';
import { at, type ByPart, isNothing, NO_TOKENS, outputOf, plus, promptOf } from './tokens.ts';

export interface MissingStep {
  /** All calls of ours, at the places where they are billed here. */
  readonly calls: readonly { readonly call: OurCall; readonly place: Place }[];
  readonly areRequestsKnown: boolean;
  readonly familyOf: (model: string) => string;
}

/** Takes away what failed here after some output, where the provider bills no such calls. */
export function failedStep(correction: Correction, { calls, familyOf }: MissingStep): void {
  const failed = calls.filter(({ call }) => call.errorKind !== null && call.standing === 'billed');
  const spotOf = (place: Place) => spotId(place, familyOf);
  for (const [kind, ofKind] of Map.groupBy(failed, ({ call }) => call.errorKind ?? '')) {
    removeKind(correction, { kind, failed: ofKind, spotOf });
  }
}

/** Takes away what else is billed here and not there. */
export function missingStep(correction: Correction, { calls, areRequestsKnown, familyOf }: MissingStep): void {
  const spotOf = (place: Place) => spotId(place, familyOf);
  const billed = Map.groupBy(
    calls.filter(({ call }) => call.standing === 'billed'),
    ({ place }) => spotOf(place),
  );
  for (const place of placesOf(correction.ours, correction.theirs)) {
    const here = (billed.get(spotOf(place)) ?? []).map(({ call }) => call);
    removeRest(correction, place, { calls: here, areRequestsKnown });
  }
}

type PlacedCall = MissingStep['calls'][number];

/** All failures of a kind are billed or none of them: what leaves less to explain over the whole range. */
function removeKind(correction: Correction, { kind, failed, spotOf }: FailedKind): void {
  const spots = new Map<string, { tokens: ByPart; requests: number }>();
  for (const { call, place } of failed) {
    const sum = spots.get(spotOf(place)) ?? { tokens: NO_TOKENS, requests: 0 };
    spots.set(spotOf(place), { tokens: plus(sum.tokens, call.tokens), requests: sum.requests + 1 });
  }
  const places = Map.groupBy(placesOf(correction.ours, correction.theirs), spotOf);
  let [billed, notBilled] = [0, 0];
  for (const [spot, { tokens }] of spots) {
    const gaps = (places.get(spot) ?? []).map((place) => correction.gap(place).tokens);
    const gap = gaps.reduce((sum, each) => plus(sum, each), NO_TOKENS);
    billed += sizeOf(gap);
    notBilled += sizeOf(plus(gap, tokens));
  }
  if (notBilled >= billed) return;
  const evidence = `${kind === 'cancelled' ? 'stopped by their user' : `failed (${kind})`} after some output`;
  const reason: Reason = { cause: 'not_billed', certainty: 'sure', evidence };
  for (const [spot, sum] of spots) take(correction, { ...sum, places: places.get(spot) ?? [] }, reason);
}

interface FailedKind {
  readonly kind: string;
  readonly failed: readonly PlacedCall[];
  readonly spotOf: (place: Place) => string;
}

/** From the places that have too much first, part by part; what another step has turned into another part as prompt. */
function take(
  correction: Correction,
  {
    places,
    tokens,
    requests,
  }: { readonly places: readonly Place[]; readonly tokens: ByPart; readonly requests: number },
  reason: Reason,
): void {
  const left = [...tokens];
  let requestsLeft = requests;
  for (const isExcessOnly of [true, false]) {
    for (const place of places) {
      const [there, gap] = [correction.ours.at(place), correction.gap(place)];
      const most = (count: number, index: number) =>
        isExcessOnly ? Math.min(count, Math.max(0, -at(gap.tokens, index))) : count;
      const taken = there.tokens.map((count, index) => Math.min(most(count, index), at(left, index)));
      const takenRequests = Math.min(isExcessOnly ? Math.max(0, -gap.requests) : there.requests, requestsLeft);
      if (isNothing(taken) && takenRequests === 0) continue;
      for (const [index, count] of taken.entries()) left[index] = at(left, index) - count;
      requestsLeft -= takenRequests;
      correction.change(place, { tokens: taken.map((count) => -count), requests: -takenRequests }, reason);
    }
  }
}

/** Whatever the parts: those may still differ. */
function sizeOf(tokens: ByPart): number {
  return Math.abs(promptOf(tokens)) + Math.abs(outputOf(tokens));
}

function removeRest(
  correction: Correction,
  place: Place,
  { calls, areRequestsKnown }: { readonly calls: readonly OurCall[]; readonly areRequestsKnown: boolean },
): void {
  const gap = correction.gap(place);
  const tokens = gap.tokens.map((count) => Math.min(0, count));
  const requests = Math.min(0, gap.requests);
  if (isNothing(tokens)) {
    if (requests < 0) {
      correction.change(place, { tokens, requests }, noTokens);
    }
    return;
  }
  const isMixed = gap.tokens.some((count) => count > 0);
  const sought = {
    requests: areRequestsKnown ? -requests : null,
    prompt: -promptOf(tokens),
    output: -outputOf(tokens),
  };
  const found = isMixed ? null : subsetOf(calls, sought);
  correction.change(
    place,
    { tokens, requests },
    found !== null
      ? { cause: 'not_billed', certainty: 'likely', evidence: 'whole calls of ours that are not on the bill' }
      : isMixed
        ? {
            cause: 'unexplained',
            certainty: 'one_of',
            orElse: ['not_billed', 'another_model'],
            evidence: 'ours has more tokens of one part, theirs of another',
          }
        : {
            cause: 'not_billed',
            certainty: 'one_of',
            orElse: ['another_model'],
            evidence:
              'tokens of ours that are not on the bill; they may have been billed elsewhere, or counted twice here',
          },
  );
}

const noTokens = {
  cause: 'not_billed',
  certainty: 'likely',
  evidence: 'requests without tokens that are not on the bill',
} as const;
