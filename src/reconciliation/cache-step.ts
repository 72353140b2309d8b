import type { Correction, Reason } from './correction.ts';
import { type Ledger, placesOf } from './ledger.ts';
import type { Place } from './question.ts';
import { likenessOf, type StrangersQuestion } from './strangers.ts';
import { at, NO_TOKENS, type Part, partIndex, promptOf } from './tokens.ts';

/** From ours to theirs, the likeliest first. */
const SHIFTS: readonly { readonly from: Part; readonly to: Part; readonly evidence: string }[] = [
  {
    from: 'cache_write',
    to: 'cache_write_1h',
    evidence: 'written to the cache for an hour; ours say for five minutes',
  },
  {
    from: 'cache_write_1h',
    to: 'cache_write',
    evidence: 'written to the cache for five minutes; ours say for an hour',
  },
  { from: 'input', to: 'cache_read', evidence: 'read from the cache; ours do not say so' },
  { from: 'cache_read', to: 'input', evidence: 'not read from the cache; ours say so' },
  { from: 'input', to: 'cache_write', evidence: 'written to the cache; ours do not say so' },
  { from: 'input', to: 'cache_write_1h', evidence: 'written to the cache for an hour; ours do not say so' },
  { from: 'cache_write', to: 'input', evidence: 'not written to the cache; ours say so' },
  { from: 'cache_write_1h', to: 'input', evidence: 'not written to the cache; ours say so' },
  { from: 'cache_write', to: 'cache_read', evidence: 'read from the cache; ours say written' },
  { from: 'cache_read', to: 'cache_write', evidence: 'written to the cache; ours say read' },
  { from: 'cache_write_1h', to: 'cache_read', evidence: 'read from the cache; ours say written' },
  { from: 'cache_read', to: 'cache_write_1h', evidence: 'written to the cache; ours say read' },
  { from: 'input_audio', to: 'input', evidence: 'text; ours say audio' },
  { from: 'input', to: 'input_audio', evidence: 'audio; ours do not say so' },
  { from: 'input', to: 'input_image', evidence: 'images; ours do not say so' },
  { from: 'input_image', to: 'input', evidence: 'text; ours say images' },
  { from: 'output', to: 'output_audio', evidence: 'audio; ours do not say so' },
  { from: 'output', to: 'output_image', evidence: 'images; ours do not say so' },
];

/**
 * Moves tokens to the part that they say, within each place.
 *
 * Where ours never tell a part at all, all of it that theirs has is moved, as far as ours reaches: else tokens of calls
 * that were never seen would stand in for it. Where theirs has more calls like ours, such as retries, these have had
 * their share of it; calls of another application are taken to have had none.
 */
export function cacheStep(
  correction: Correction,
  step: Pick<StrangersQuestion, 'calls' | 'areRequestsKnown' | 'familyOf'>,
): void {
  const isLikeOurs = likenessOf(step);
  const ourShareAt = (place: Place): number => {
    const surplus = { place, ...correction.gap(place) };
    if (promptOf(surplus.tokens) <= 0 || !isLikeOurs(surplus)) return 1;
    return promptOf(correction.ours.at(place).tokens) / promptOf(correction.theirs.at(place).tokens);
  };
  const seriesOf = ({ key, model, tier }: Place) => `${key}\0${model}\0${tier}`;
  for (const places of Map.groupBy(placesOf(correction.ours, correction.theirs), seriesOf).values()) {
    const isTold = (part: Part) => totalOf(correction.ours, places, part) > 0;
    for (const shift of SHIFTS) {
      const isNeverTold = !isTold(shift.to) && totalOf(correction.theirs, places, shift.to) > 0;
      for (const place of places) {
        shiftPart(correction, place, { ...shift, isNeverTold, ourShare: isNeverTold ? ourShareAt(place) : 1 });
      }
    }
  }
}

function totalOf(ledger: Ledger, places: readonly Place[], part: Part): number {
  return places.reduce((sum, place) => sum + at(ledger.at(place).tokens, partIndex(part)), 0);
}

type PartShift = (typeof SHIFTS)[number] & { readonly isNeverTold: boolean; readonly ourShare: number };

function shiftPart(
  correction: Correction,
  place: Place,
  { from, to, evidence, isNeverTold, ourShare }: PartShift,
): void {
  const gap = correction.gap(place);
  const [source, goal] = [partIndex(from), partIndex(to)];
  const lacking = Math.round(Math.max(0, at(gap.tokens, goal)) * ourShare);
  const spare = isNeverTold ? at(correction.ours.at(place).tokens, source) : Math.max(0, -at(gap.tokens, source));
  const count = Math.min(lacking, spare);
  if (count <= 0) return;
  const tokens = [...NO_TOKENS];
  tokens[source] = -count;
  tokens[goal] = count;
  const reason: Reason = { cause: 'cache', certainty: 'sure', evidence };
  correction.change(place, { tokens, requests: 0 }, reason);
}
