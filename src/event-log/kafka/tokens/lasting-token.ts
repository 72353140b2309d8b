export interface IssuedToken {
  readonly token: string;
  readonly validForMs: number;
}

/**
 * Of a token's life, after which the next one is fetched: before connections are replaced, after four fifths of what
 * was left when they were opened.
 */
const USED_SHARE = 0.75;

/**
 * Gives the token for as long as it may be used, then fetches the next: once for all connections that ask meanwhile. A
 * failure is not kept, so that whoever asks next tries again.
 */
export function lastingToken(issue: () => Promise<IssuedToken>, nowMs: () => number): () => Promise<string> {
  let current: Promise<string> | null = null;
  let usedUntilMs = Number.NEGATIVE_INFINITY;
  return () => {
    if (current !== null && nowMs() < usedUntilMs) return current;
    const askedAtMs = nowMs();
    usedUntilMs = Number.POSITIVE_INFINITY;
    const asked = issue().then(
      ({ token, validForMs }) => {
        usedUntilMs = askedAtMs + USED_SHARE * validForMs;
        return token;
      },
      (error: unknown) => {
        usedUntilMs = Number.NEGATIVE_INFINITY;
        throw error;
      },
    );
    current = asked;
    return asked;
  };
}
