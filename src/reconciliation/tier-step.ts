import type { Correction, Reason } from './correction.ts';
import { type Ledger, placesOf } from './ledger.ts';
import { excess, type ModelStep, moveAlong } from './model-step.ts';
import type { Place, TheirUsage } from './question.ts';
import { provedSubset } from './subset.ts';
import { at, type ByPart, isNothing, NO_TOKENS, PROMPT_PARTS, plus, promptOf } from './tokens.ts';

const groupOf = ({ startMs, key, model }: Place): string => `${startMs}\0${key}\0${model}`;

/** Moves to the tiers that they say, within each bucket, key and model: whole calls of ours first, then the rest. */
export function tierStep(correction: Correction, { callsAt, areRequestsKnown, spreadOf }: ModelStep): void {
  for (const places of Map.groupBy(placesOf(correction.ours, correction.theirs), groupOf).values()) {
    const groups = [...Map.groupBy(places, ({ tier }) => tier)];
    if (groups.length < 2) continue;
    const calls = places.slice(0, 1).flatMap(callsAt);
    const reason: Reason = {
      cause: 'service_tier',
      certainty: 'sure',
      evidence: `served as ${tierWords(places, correction.theirs)}, which ours do not say`,
    };
    for (const [tier, to] of groups) {
      const surplus = excess(correction, to, 1);
      const others = calls.filter((call) => call.tier !== tier);
      const sought = { ...surplus, requests: areRequestsKnown ? surplus.requests : null };
      const whole = provedSubset(others, sought, spreadOf);
      const from = places.filter((place) => place.tier !== tier);
      if (whole !== null) correction.move(from, (place) => ({ ...place, tier }), whole, reason);
    }
    const to = (place: Place, tier: string) => ({ ...place, tier });
    moveAlong(correction, { places, valueOf: ({ tier }) => tier, to, calls, spreadOf }, reason);
  }
}

function tierWords(places: readonly Place[], theirs: Ledger): string {
  const tiers = places.filter((place) => promptOf(theirs.at(place).tokens) > 0).map(({ tier }) => tier || 'standard');
  return [...new Set(tiers)].sort().join(' and ');
}

/**
 * Their usage as a ledger. What their report does not tell apart is taken to be as ours: tiers, the parts of a prompt,
 * and the number of requests. A difference there cannot be seen in tokens, but it can in the charges.
 */
export function ledgerOfTheirs(usage: readonly TheirUsage[], ours: Ledger, into: Ledger): void {
  const oursByGroup = Map.groupBy(ours.entries(), groupOf);
  for (const row of usage) {
    const here = oursByGroup.get(groupOf({ ...row, tier: '' })) ?? [];
    if (row.tier !== null) {
      const place = { ...row, tier: row.tier };
      into.add(place, partsAs(row, ours.at(place).tokens), row.requests ?? 0);
      continue;
    }
    addWithoutTier(row, here, into);
  }
}

function addWithoutTier(
  row: TheirUsage,
  here: readonly (Place & { tokens: ByPart; requests: number })[],
  into: Ledger,
) {
  const special = here.filter(({ tier }) => tier !== '');
  const sum = here.reduce<ByPart>((all, { tokens }) => plus(all, tokens), NO_TOKENS);
  const tokens = [...partsAs(row, sum)];
  let requests = row.requests ?? 0;
  // Ours in a special tier are there in full if they fit; the rest is of the standard one.
  for (const entry of isNothing(sum) ? [] : special) {
    const part = tokens.map((count, index) => Math.min(count, at(entry.tokens, index)));
    for (const [index, count] of part.entries()) tokens[index] = at(tokens, index) - count;
    const share = Math.min(requests, entry.requests);
    requests -= share;
    into.add({ ...row, tier: entry.tier }, part, share);
  }
  into.add({ ...row, tier: '' }, tokens, requests);
}

/** A prompt that is told as a whole, cut into parts in the proportion of ours; what is over is of the common part. */
function partsAs({ tokens, isPromptWhole }: TheirUsage, ours: ByPart): ByPart {
  if (!isPromptWhole) return tokens;
  const [whole, known] = [promptOf(tokens), promptOf(ours)];
  if (known === 0) return tokens;
  const cut = [...tokens];
  let left = whole;
  for (const index of PROMPT_PARTS.slice(1)) {
    const share = Math.min(left, whole >= known ? at(ours, index) : Math.floor((at(ours, index) * whole) / known));
    cut[index] = share;
    left -= share;
  }
  cut[0] = left;
  return cut;
}
