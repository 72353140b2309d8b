import type { Report } from './report.ts';

/**
 * Of two reports of one span, the one that counts: the later end, then the one that knows more tokens, then the greater
 * text. So it does not matter which of them came first.
 *
 * @returns whether `a` stands for the span rather than `b`; false for two that are equal
 */
export function isNewer(a: Report, b: Report): boolean {
  const [endA, endB] = [endMs(a), endMs(b)];
  if (endA !== endB) return endA > endB;
  const byTokens = tokensOf(a) - tokensOf(b);
  return byTokens === 0 ? JSON.stringify(a) > JSON.stringify(b) : byTokens > 0;
}

/** A span without an end was written while it ran. */
function endMs({ start_ms, duration_ms }: Report): number {
  return duration_ms === null ? Number.NEGATIVE_INFINITY : start_ms + duration_ms;
}

function tokensOf({ facts }: Report): number {
  return (facts?.prompt_tokens ?? 0) + (facts?.completion_tokens ?? 0);
}
