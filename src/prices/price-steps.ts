/**
 * The prompt sizes, in tokens, at which the price of some model in some list changes. Usage is summed apart between
 * them, whatever the model's price at the time, so that a price that comes later is right for long and short prompts
 * alike.
 */
export const PRICE_STEPS: readonly number[] = [128_001, 200_000, 200_001, 272_000, 272_001, 512_001];

/** The last step that a prompt of this size has reached; 0 below the first. */
export function priceStep(promptTokens: number): number {
  const [first = 0] = PRICE_STEPS;
  // Nearly all prompts are shorter.
  if (!(promptTokens >= first)) return 0;
  let reached = 0;
  for (const step of PRICE_STEPS) if (promptTokens >= step) reached = step;
  return reached;
}
