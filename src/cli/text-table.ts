/** Rows as aligned columns, two blanks apart; columns named in `right` are aligned to the right, as numbers are. */
export function textTable(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  right: ReadonlySet<string> = new Set(),
): string {
  const widths = header.map((name, column) =>
    rows.reduce((widest, row) => Math.max(widest, (row[column] ?? '').length), name.length),
  );
  const line = (cells: readonly string[]): string =>
    header
      .map((name, column) => {
        const cell = cells[column] ?? '';
        const width = widths[column] ?? 0;
        return right.has(name) ? cell.padStart(width) : cell.padEnd(width);
      })
      .join('  ')
      .trimEnd();
  return [header, ...rows].map((cells) => `${line(cells)}\n`).join('');
}

/** One line of what may be anything: control characters would move the cursor, and a long text the columns. */
export function shortText(text: string, charactersMax: number): string {
  const plain = text.replaceAll(/\p{Cc}+/gu, ' ');
  return plain.length > charactersMax ? `${plain.slice(0, charactersMax - 1)}…` : plain;
}
