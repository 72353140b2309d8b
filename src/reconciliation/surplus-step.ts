import type { Correction, Reason } from './correction.ts';
import { placesOf, spotId } from './ledger.ts';
import type { OurCall, Place } from './question.ts';
import { judgeStrangers, type Surplus } from './strangers.ts';
import { CHANCE_MAX, chanceOf, type SpreadOf, subsetOf } from './subset.ts';
import { outputOf, promptOf } from './tokens.ts';

export interface SurplusStep {
  readonly calls: readonly { readonly call: OurCall; readonly place: Place }[];
  readonly areRequestsKnown: boolean;
  readonly areKeysKnown: boolean;
  /** Keys that calls of ours use. */
  readonly ourKeys: ReadonlySet<string>;
  readonly familyOf: (model: string) => string;
  readonly spreadOf: SpreadOf;
}

/** Adds what is billed there and not here, and says what it may be. */
export function surplusStep(correction: Correction, step: SurplusStep): void {
  const placed = Map.groupBy(step.calls, ({ place }) => spotId(place, step.familyOf));
  const surpluses = placesOf(correction.theirs, correction.ours)
    .map((place) => ({ place, ...correction.gap(place) }))
    .filter(({ tokens, requests }) => requests > 0 || tokens.some((count) => count > 0))
    .map((surplus) => ({
      ...surplus,
      calls: (placed.get(spotId(surplus.place, step.familyOf)) ?? []).map(({ call }) => call),
    }));
  const left = takeMatches(correction, surpluses, step);
  for (const { surplus, reason } of judgeStrangers(left, step)) correction.change(surplus.place, surplus, reason);
}

/** A surplus, and what of our calls its tokens are the same as. */
interface Match {
  readonly surplus: Surplus;
  readonly reason: Reason;
  readonly chance: number;
}

function takeMatches(correction: Correction, surpluses: readonly Surplus[], step: SurplusStep): Surplus[] {
  const left: Surplus[] = [];
  const weak: Match[] = [];
  for (const surplus of surpluses) {
    const match = matchOf(surplus, step);
    if (match === null) left.push(surplus);
    else if (match.chance <= CHANCE_MAX) correction.change(surplus.place, surplus, match.reason);
    else weak.push(match);
  }
  // Each alone could be a coincidence; so many of them are none.
  const expected = weak.reduce((sum, { chance }) => sum + Math.min(1, chance), 0);
  const areProved = weak.length > 0 && expected <= weak.length * 0.2 && weak.length >= 5;
  for (const { surplus, reason } of weak) {
    correction.change(
      surplus.place,
      surplus,
      areProved
        ? { ...reason, certainty: 'likely' }
        : { ...reason, certainty: 'one_of', orElse: ['never_seen', 'second_application'] },
    );
  }
  return left;
}

function matchOf(surplus: Surplus, { areRequestsKnown, spreadOf }: SurplusStep): Match | null {
  const { tokens, calls } = surplus;
  const [prompt, output] = [promptOf(tokens), outputOf(tokens)];
  const requests = areRequestsKnown ? surplus.requests : null;
  const isExact = { requests, prompt, output };
  const isPrompt = { requests, prompt, output: null };
  for (const { standing, ways, reason } of MATCHES) {
    const candidates = calls.filter((call) => call.standing === standing);
    for (const way of ways) {
      const isOutputSought = way === 'exact';
      const found = subsetOf(candidates, isOutputSought ? isExact : isPrompt);
      if (found === null || prompt === 0) continue;
      const evidence = `${reason.evidence}${isOutputSought ? ', to the last token' : ''}`;
      return {
        surplus,
        reason: { ...reason, evidence },
        chance: chanceOf({ found, calls: candidates, isOutputSought, spreadOf }),
      };
    }
  }
  return null;
}

const MATCHES: readonly {
  readonly standing: OurCall['standing'];
  readonly ways: readonly ('exact' | 'prompt')[];
  readonly reason: Reason;
}[] = [
  {
    standing: 'billed',
    ways: ['exact'],
    reason: {
      cause: 'retries',
      certainty: 'sure',
      evidence: 'the surplus is calls of ours once more',
    },
  },
  {
    standing: 'free',
    ways: ['exact', 'prompt'],
    reason: {
      cause: 'billed_failures',
      certainty: 'sure',
      evidence: 'the surplus has the prompts of calls that failed here',
    },
  },
  {
    standing: 'open',
    ways: ['exact', 'prompt'],
    reason: {
      cause: 'never_seen',
      certainty: 'sure',
      evidence: 'the surplus has the prompts of calls whose answer never came here',
    },
  },
  {
    standing: 'billed',
    ways: ['prompt'],
    reason: {
      cause: 'retries',
      certainty: 'likely',
      evidence: 'the surplus has the prompts of calls of ours, with another answer',
    },
  },
];
