import type { Amount } from './correction.ts';
import type { OurCall } from './question.ts';
import { type ByPart, NO_TOKENS, outputOf, plus, promptOf } from './tokens.ts';

export interface Sought {
  /** Null where nobody says how many. */
  readonly requests: number | null;
  readonly prompt: number;
  /** Null where only the prompt has to be the same. */
  readonly output: number | null;
}

/** Three of three hundred: ninety thousand look-ups. */
const CALLS_MAX = 300;
const PICKED_MAX = 3;

/** Some of the calls, at most three, that add up to what is sought to the last token; null where none do. */
export function subsetOf(calls: readonly OurCall[], sought: Sought): readonly OurCall[] | null {
  if (calls.length === 0 || calls.length > CALLS_MAX || (sought.requests ?? 1) > PICKED_MAX) return null;
  const bySize = new Map(calls.map((call) => [sizeId(call, sought), call]));
  const counts = sought.requests === null ? [1, 2, 3] : [sought.requests];
  for (const count of counts) {
    const found = pick(calls, bySize, { ...sought, requests: count });
    if (found !== null) return found;
  }
  return null;
}

/** How far sizes lie apart: the more, the less a match to the last token is a coincidence. */
export interface Spread {
  readonly prompt: number;
  readonly output: number;
}

export type SpreadOf = (call: OurCall) => Spread;

/** By key and model, over all calls that are known of both. */
export function spreadsOf(calls: readonly OurCall[], familyOf: (model: string) => string): SpreadOf {
  const seriesOf = ({ key, model }: OurCall) => `${key}\0${familyOf(model)}`;
  const spreads = new Map<string, Spread>();
  for (const [series, alike] of Map.groupBy(calls, seriesOf)) {
    spreads.set(series, {
      prompt: spread(alike.map(({ tokens }) => promptOf(tokens))),
      output: spread(alike.map(({ tokens }) => outputOf(tokens))),
    });
  }
  return (call) => spreads.get(seriesOf(call)) ?? NO_SPREAD;
}

const NO_SPREAD: Spread = { prompt: 0, output: 0 };

function spread(sizes: readonly number[]): number {
  const [least, most] = sizes.reduce(([low, high], size) => [Math.min(low, size), Math.max(high, size)], [Infinity, 0]);
  return most - least;
}

/** The same as an amount to move, where the tokens agree and such a match is no coincidence. */
export function provedSubset(calls: readonly OurCall[], sought: Sought, spreadOf: SpreadOf): Amount | null {
  const found = sought.prompt + (sought.output ?? 0) === 0 ? null : subsetOf(calls, sought);
  if (found === null || chanceOf({ found, calls, isOutputSought: sought.output !== null, spreadOf }) > CHANCE_MAX)
    return null;
  const parts = found.reduce<ByPart>((sum, { tokens }) => plus(sum, tokens), NO_TOKENS);
  return { requests: sought.requests ?? 0, prompt: promptOf(parts), output: outputOf(parts), parts };
}

/** The chance of a coincidence beyond which a match proves nothing. */
export const CHANCE_MAX = 0.02;

function sizeId({ tokens }: OurCall, { output }: Sought): string {
  return `${promptOf(tokens)} ${output === null ? '' : outputOf(tokens)}`;
}

function pick(
  calls: readonly OurCall[],
  bySize: ReadonlyMap<string, OurCall>,
  { prompt, output, requests }: Sought,
): readonly OurCall[] | null {
  if (prompt < 0 || (output ?? 0) < 0 || requests === null || requests < 1) return null;
  if (requests === 1) {
    const call = bySize.get(`${prompt} ${output ?? ''}`);
    return call === undefined ? null : [call];
  }
  for (const call of calls) {
    const rest = {
      requests: requests - 1,
      prompt: prompt - promptOf(call.tokens),
      output: output === null ? null : output - outputOf(call.tokens),
    };
    const others = pick(calls, bySize, rest);
    // The last of three look-ups may find the same call again: an attempt can be billed three times.
    if (others !== null) return [call, ...others];
  }
  return null;
}

/** How many combinations such a search would expect to hit by chance. */
export function chanceOf({ found, calls, isOutputSought, spreadOf }: FoundSubset): number {
  const [first] = found;
  if (first === undefined) return 1;
  const count = found.length;
  let combinations = 1;
  for (let i = 0; i < count; i++) combinations *= (calls.length + i) / (i + 1);
  const { prompt, output } = spreadOf(first);
  return combinations / ((prompt * count + 1) * (isOutputSought ? output * count + 1 : 1));
}

interface FoundSubset {
  readonly found: readonly OurCall[];
  /** Among which they were looked for. */
  readonly calls: readonly OurCall[];
  readonly isOutputSought: boolean;
  readonly spreadOf: SpreadOf;
}
