/**
 * What an amount of a sender's own metrics is a part of. Emitters cut the same tokens differently: where one counts the
 * cached tokens inside the prompt, another counts them beside it, and the prompt is the sum of both.
 *
 * - `prompt`, `completion`: of the whole
 * - `cached`, `cache_write`, `reasoning`: a part that the whole has already
 * - `cached_beside`, `cache_write_beside`, `reasoning_beside`: a part that the whole lacks
 * - `cost`: 10^-9 USD
 */
export const METER_PARTS = [
  'prompt',
  'completion',
  'cached',
  'cached_beside',
  'cache_write',
  'cache_write_beside',
  'reasoning',
  'reasoning_beside',
  'cost',
] as const;

export type MeterPart = (typeof METER_PARTS)[number];
