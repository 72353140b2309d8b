/** Clocks and rounding: a first token that comes so much after the end came with it. */
const SLACK_MS = 5;

/** Units in which the time was seen to be written in place of the one that its name asks for: ms, µs, ns for s. */
const UNIT_MISTAKES = [1e3, 1e6, 1e9] as const;

/**
 * The time to the first token, if it can be: a first token after the end of its call is a mistake of unit, where a
 * smaller unit makes sense of it, or nonsense.
 */
export function firstTokenWithin(firstTokenMs: number | null, durationMs: number | null): number | null {
  if (firstTokenMs === null || durationMs === null || firstTokenMs <= durationMs + SLACK_MS) return firstTokenMs;
  const corrected = UNIT_MISTAKES.map((factor) => firstTokenMs / factor).find((ms) => ms <= durationMs + SLACK_MS);
  return corrected === undefined || corrected < SOONEST_MS ? null : corrected;
}

/** No model answers sooner: what a correction makes so small was no mistake of unit. */
const SOONEST_MS = 1;
