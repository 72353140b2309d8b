/**
 * A row of sums as one line of text in the order of names, so that rows compare as strings. Zeros stay: a sum that one side does not
 * know is a difference, whatever it comes to.
 */
function rowText(sums: Readonly<Record<string, unknown>>): string {
  return Object.keys(sums)
    .sort()
    .map((name) => `${name}=${String(sums[name])}`)
    .join(' ');
}

/** The same for every row of a table. */
export function numbersText(rows: ReadonlyMap<string, Readonly<Record<string, unknown>>>): Map<string, string> {
  return new Map([...rows].map(([key, sums]) => [key, rowText(sums)]));
}

numbersText.row = rowText;
