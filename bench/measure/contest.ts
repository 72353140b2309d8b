/** One round of one contestant: metric → value. */
export type Measurement = Readonly<Record<string, number>>;

export interface Contestant {
  readonly name: string;
  /** Measures one round. @throws where the result is not what the oracle says */
  run(round: number): Promise<Measurement>;
}

/** What a contestant measured, a value per round. */
export type Outcomes = ReadonlyMap<string, readonly Measurement[]>;

/**
 * Lets contestants take turns, and another one begin each round, so that a machine that becomes slower or busier
 * meanwhile is no advantage to anybody.
 */
export async function contest(contestants: readonly Contestant[], rounds: number): Promise<Outcomes> {
  const outcomes = new Map<string, Measurement[]>(contestants.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (let turn = 0; turn < contestants.length; turn++) {
      const contestant = contestants[(turn + round) % contestants.length] as Contestant;
      const { name } = contestant;
      const measured = await contestant.run(round);
      outcomes.get(name)?.push(measured);
      const shown = Object.entries(measured).map(([metric, value]) => `${metric} ${shorten(value)}`);
      console.log(`round ${round + 1}, ${name}: ${shown.join(', ')}`);
    }
  }
  return outcomes;
}

export interface Spread {
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

export function spreadOf(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  const median = sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
  return { min: sorted[0] ?? Number.NaN, median, max: sorted.at(-1) ?? Number.NaN };
}

export function metricOf(outcomes: Outcomes, name: string, metric: string): number[] {
  return (outcomes.get(name) ?? []).map((measured) => measured[metric] ?? Number.NaN);
}

/** How many times `ours` is `theirs`, per round: the two ran next to each other on the same machine. */
export function ratioOf(
  outcomes: Outcomes,
  metric: string,
  { ours, theirs }: { ours: string; theirs: string },
): Spread {
  const their = metricOf(outcomes, theirs, metric);
  return spreadOf(metricOf(outcomes, ours, metric).map((value, round) => value / (their[round] ?? Number.NaN)));
}

/** Three digits that count, thousands separated. */
export function shorten(value: number): string {
  if (!Number.isFinite(value)) return '–';
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return value.toLocaleString('en', { maximumFractionDigits: digits });
}

export function showSpread({ min, median, max }: Spread): string {
  return min === max ? shorten(median) : `${shorten(median)} (${shorten(min)}–${shorten(max)})`;
}
