/**
 * Rows as aligned columns, two blanks apart; columns named in `right` are aligned to the right, as numbers are. Names
 * come from events, so what would move the cursor of a terminal or colour it is a blank.
 */
export function textTable(
  header: readonly string[],
  cellsOfRows: readonly (readonly string[])[],
  right: ReadonlySet<string> = new Set(),
): string {
  const rows = cellsOfRows.map((cells) => cells.map(withoutControls));
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
  const plain = withoutControls(text);
  return plain.length > charactersMax ? `${plain.slice(0, charactersMax - 1)}…` : plain;
}

/** Control characters, and what turns the direction of the text around. */
function withoutControls(text: string): string {
  return text.replaceAll(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]+/gu, ' ');
}
