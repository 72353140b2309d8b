const TEXT_SHOWN_MAX = 200;

/** The sentence of a problem that an API answered; what is none, as it begins. */
export function problemDetail(text: string): string {
  const { detail } = parsedOrEmpty(text) as { detail?: unknown };
  return typeof detail === 'string' ? detail : text.slice(0, TEXT_SHOWN_MAX);
}

/** What a JSON text says; an empty object where it is none. */
export function parsedOrEmpty(text: string): unknown {
  try {
    return JSON.parse(text) ?? {};
  } catch {
    return {};
  }
}
