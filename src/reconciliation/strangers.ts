import type { Reason } from './correction.ts';
import type { OurCall, Place } from './question.ts';
import { type ByPart, outputOf, promptOf } from './tokens.ts';

export interface Surplus {
  readonly place: Place;
  readonly tokens: ByPart;
  readonly requests: number;
  /** Calls of ours at the same place. */
  readonly calls: readonly OurCall[];
}

export interface StrangersQuestion {
  readonly calls: readonly { readonly call: OurCall; readonly place: Place }[];
  readonly areRequestsKnown: boolean;
  readonly areKeysKnown: boolean;
  readonly ourKeys: ReadonlySet<string>;
  readonly familyOf: (model: string) => string;
}

/** Fewer calls say little about the sizes that ours have. */
const SAMPLE_MIN = 8;
/** In standard deviations: one in some 16,000 of ours lies outside, if sizes are normal; tails of ours are heavier. */
const DEVIATIONS_MAX = 4;

/**
 * Calls that nobody here knows: ours that were never seen, or those of another application. Ours look like ours: same
 * key, same model, and the sizes of prompt and answer that our calls of that key and model have.
 */
export function judgeStrangers(
  surpluses: readonly Surplus[],
  question: StrangersQuestion,
): { readonly surplus: Surplus; readonly reason: Reason }[] {
  const sizesAt = sizesBySeries(question);
  return surpluses.map((surplus) => ({ surplus, reason: reasonOf(surplus, sizesAt(surplus.place), question) }));
}

/** What is more on the bill, whether its sizes are those that our calls of its key and model have. */
export function likenessOf(
  question: Pick<StrangersQuestion, 'calls' | 'areRequestsKnown' | 'familyOf'>,
): (surplus: Pick<Surplus, 'place' | 'tokens' | 'requests'>) => boolean {
  const sizesAt = sizesBySeries(question);
  return (surplus) => {
    const sizes = sizesAt(surplus.place);
    return sizes !== null && sizes.count >= SAMPLE_MIN && isLikeOurs(surplus, sizes, question);
  };
}

function sizesBySeries({
  calls,
  familyOf,
}: Pick<StrangersQuestion, 'calls' | 'familyOf'>): (place: Place) => Sizes | null {
  const seriesOf = ({ key, model }: Place) => `${key}\0${familyOf(model)}`;
  const billed = calls.filter(({ call }) => call.standing === 'billed');
  const samples = Map.groupBy(billed, ({ place }) => seriesOf(place));
  const sizes = new Map([...samples].map(([series, alike]) => [series, sizesOf(alike.map(({ call }) => call))]));
  return (place) => sizes.get(seriesOf(place)) ?? null;
}

interface Sizes {
  readonly count: number;
  readonly prompt: Size;
  readonly output: Size;
}

interface Size {
  readonly mean: number;
  readonly deviation: number;
  readonly most: number;
}

function reasonOf(surplus: Surplus, sizes: Sizes | null, question: StrangersQuestion): Reason {
  const { key } = surplus.place;
  const isMixed = surplus.tokens.some((count) => count < 0);
  if (isMixed || (question.areRequestsKnown && surplus.requests <= 0)) {
    return {
      cause: 'unexplained',
      certainty: 'one_of',
      orElse: ['never_seen', 'cache'],
      evidence: 'tokens on the bill for requests that are here, of a part that is not',
    };
  }
  if (question.areKeysKnown && !question.ourKeys.has(key)) {
    const evidence = key === '' ? 'on a key that the map does not name' : `nothing that uses the key ${key} sends here`;
    return { cause: 'never_seen', certainty: 'sure', evidence };
  }
  if (sizes === null) return foreignModel(question);
  if (sizes.count < SAMPLE_MIN) {
    return {
      ...NEVER_SEEN,
      certainty: 'one_of',
      orElse: ['second_application', 'retries'],
      evidence: 'too few of ours to compare with',
    };
  }
  if (isLikeOurs(surplus, sizes, question)) return NEVER_SEEN;
  return question.areKeysKnown
    ? { cause: 'second_application', certainty: 'likely', evidence: `on a key of ours, but of other sizes than ours` }
    : {
        cause: 'second_application',
        certainty: 'one_of',
        orElse: ['never_seen'],
        evidence: 'of other sizes than ours; which key they use is not known',
      };
}

const NEVER_SEEN: Reason = {
  cause: 'never_seen',
  certainty: 'likely',
  evidence: 'requests like ours, of the same model and sizes, that never came here',
};

function foreignModel({ areKeysKnown }: StrangersQuestion): Reason {
  return areKeysKnown
    ? { cause: 'second_application', certainty: 'likely', evidence: 'on a key of ours, a model that ours never call' }
    : {
        cause: 'second_application',
        certainty: 'one_of',
        orElse: ['never_seen', 'another_model'],
        evidence: 'a model that no call of ours names; which key they use is not known',
      };
}

function sizesOf(calls: readonly OurCall[]): Sizes {
  return {
    count: calls.length,
    prompt: sizeOf(calls.map(({ tokens }) => promptOf(tokens))),
    output: sizeOf(calls.map(({ tokens }) => outputOf(tokens))),
  };
}

function sizeOf(values: readonly number[]): Size {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return { mean, deviation: Math.sqrt(variance), most: values.reduce((most, value) => Math.max(most, value), 0) };
}

function isLikeOurs(
  { tokens, requests }: Pick<Surplus, 'tokens' | 'requests'>,
  sizes: Sizes,
  { areRequestsKnown }: Pick<StrangersQuestion, 'areRequestsKnown'>,
): boolean {
  const [prompt, output] = [promptOf(tokens), outputOf(tokens)];
  const isLike = (count: number) => isNear(prompt, sizes.prompt, count) && isNear(output, sizes.output, count);
  if (areRequestsKnown) return isLike(requests);
  // Nobody says how many they are: as many as their prompts, or one more or less.
  const guess = Math.max(1, Math.round(prompt / Math.max(1, sizes.prompt.mean)));
  const spread = Math.ceil(2 * Math.sqrt(guess));
  for (let count = Math.max(1, guess - spread); count <= guess + spread; count++) if (isLike(count)) return true;
  return false;
}

function isNear(sum: number, { mean, deviation, most }: Size, count: number): boolean {
  const away = Math.abs(sum - count * mean);
  return sum <= count * most * 1.5 && away <= DEVIATIONS_MAX * deviation * Math.sqrt(count) + 0.02 * count * mean;
}
