/**
 * The text as every store can keep it: U+0000 (which Postgres refuses) and lone surrogates (which UTF-8 cannot hold)
 * become U+FFFD. All adapters do the same, so that one strange `finish_reason` neither stops a commit nor makes two
 * stores differ.
 */
export function storableText(text: string): string {
  if (text.isWellFormed() && !text.includes('\0')) return text;
  return text.toWellFormed().replaceAll('\0', '\uFFFD');
}

export function storableTextOrNull(text: string | null): string | null {
  return text === null ? null : storableText(text);
}
