/** What one window of one series must show, added up while the events are made: no code is shared with the processor. */
export interface ExpectedRow {
  requests: number;
  completed: number;
  errors: number;
  latencyMsSum: number;
  promptTokens: number;
  completionTokens: number;
}

const MINUTE_MS = 60_000;

/** `tenant|route|model|start of the minute in ms` → what is expected there. */
export class Oracle {
  readonly rows = new Map<string, ExpectedRow>();

  rowOf(series: string, timestampMs: number): ExpectedRow {
    const key = `${series}|${Math.floor(timestampMs / MINUTE_MS) * MINUTE_MS}`;
    let row = this.rows.get(key);
    if (row === undefined) {
      row = { requests: 0, completed: 0, errors: 0, latencyMsSum: 0, promptTokens: 0, completionTokens: 0 };
      this.rows.set(key, row);
    }
    return row;
  }

  /** What another part of the same traffic adds. */
  addAll(other: Oracle): void {
    for (const [key, from] of other.rows) {
      const at = key.lastIndexOf('|');
      const into = this.rowOf(key.slice(0, at), Number(key.slice(at + 1)));
      for (const field of Object.keys(from) as (keyof ExpectedRow)[]) into[field] += from[field];
    }
  }

  total(field: keyof ExpectedRow): number {
    let sum = 0;
    for (const row of this.rows.values()) sum += row[field];
    return sum;
  }
}

/** The first few differences, each a sentence; empty where all rows are equal in all the fields that `actual` has. */
export function differences(oracle: Oracle, actual: ReadonlyMap<string, Partial<ExpectedRow>>): string[] {
  const found: string[] = [];
  for (const key of new Set([...oracle.rows.keys(), ...actual.keys()])) {
    const expected = oracle.rows.get(key);
    const row = actual.get(key);
    if (expected === undefined || row === undefined) {
      found.push(`${key} is ${expected === undefined ? 'not expected' : 'missing'}`);
      continue;
    }
    for (const [field, value] of Object.entries(row)) {
      const wanted = expected[field as keyof ExpectedRow];
      if (value !== wanted) found.push(`${key}: ${field} is ${value} instead of ${wanted}`);
    }
    if (found.length > 5) break;
  }
  return found;
}

/** @throws where any row differs */
export function assertEqual(who: string, oracle: Oracle, actual: ReadonlyMap<string, Partial<ExpectedRow>>): void {
  const found = differences(oracle, actual);
  if (found.length > 0) throw new Error(`${who} does not agree with the oracle:\n  ${found.join('\n  ')}`);
}
