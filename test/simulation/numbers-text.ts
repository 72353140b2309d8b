/** A row of sums as one line of text, in the order of names and without zeros, so that rows compare as strings. */
function rowText(sums: Readonly<Record<string, unknown>>): string {
  return Object.keys(sums)
    .sort()
    .map((name) => [name, String(sums[name])] as const)
    .filter(([, value]) => value !== '0' && value !== '0:0')
    .map(([name, value]) => `${name}=${value}`)
    .join(' ');
}

/** The same for every row of a table. */
export function numbersText(rows: ReadonlyMap<string, Readonly<Record<string, unknown>>>): Map<string, string> {
  return new Map([...rows].map(([key, sums]) => [key, rowText(sums)]));
}

numbersText.row = rowText;
