/** The parts of a bill, which are disjoint: they add up to prompt plus completion. Named as in `prices/cost.ts`. */
export const PARTS = [
  'input',
  'cache_read',
  'cache_write',
  'cache_write_1h',
  'input_audio',
  'cache_read_audio',
  'input_image',
  'output',
  'output_audio',
  'output_image',
] as const;
export type Part = (typeof PARTS)[number];

/** Counts, or prices in 10^-12 USD a token, by part: in the order of `PARTS`. */
export type ByPart = readonly number[];

const FIRST_OUTPUT = PARTS.indexOf('output');
export const PROMPT_PARTS: readonly number[] = PARTS.map((_, index) => index).slice(0, FIRST_OUTPUT);
export const OUTPUT_PARTS: readonly number[] = PARTS.map((_, index) => index).slice(FIRST_OUTPUT);

export const NO_TOKENS: ByPart = PARTS.map(() => 0);

export function tokensOf(parts: Readonly<Partial<Record<Part, number>>>): number[] {
  return PARTS.map((part) => parts[part] ?? 0);
}

export function partIndex(part: Part): number {
  return PARTS.indexOf(part);
}

export function promptOf(tokens: ByPart): number {
  return sumAt(tokens, PROMPT_PARTS);
}

export function outputOf(tokens: ByPart): number {
  return sumAt(tokens, OUTPUT_PARTS);
}

function sumAt(tokens: ByPart, indices: readonly number[]): number {
  return indices.reduce((sum, index) => sum + at(tokens, index), 0);
}

export function at(values: ByPart, index: number): number {
  return values[index] ?? 0;
}

export function plus(a: ByPart, b: ByPart, times = 1): number[] {
  return a.map((value, index) => value + times * at(b, index));
}

export function isNothing(tokens: ByPart): boolean {
  return tokens.every((count) => count === 0);
}

export function isSame(a: ByPart, b: ByPart): boolean {
  return a.every((count, index) => count === at(b, index));
}

/** In 10^-12 USD: exact, as tokens and rates are whole numbers. */
export function valueOf(tokens: ByPart, rates: ByPart): bigint {
  let sum = 0n;
  for (const [index, count] of tokens.entries()) {
    if (count !== 0) sum += BigInt(count) * BigInt(at(rates, index));
  }
  return sum;
}
