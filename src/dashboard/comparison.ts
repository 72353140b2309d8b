import type { MetricsRow } from './api-answers.ts';

/** How a number stands to that of the period before. */
export interface Change {
  readonly text: string;
  /** Whether a person should look; most changes are only news. */
  readonly tone: 'worse' | 'better' | 'same';
  readonly title: string;
}

/** What a change may mean: nothing, that answers got slower, that more of them fail, that more is spent. */
export type Meaning = 'news' | 'latency' | 'errors' | 'cost';

/** Below it a change is how traffic goes; costs go as traffic does. */
const NOTEWORTHY_SHARES = { news: Number.POSITIVE_INFINITY, latency: 0.2, errors: 0.2, cost: 0.5 } as const;
/** So many standard deviations of a count are chance. */
const CHANCE_DEVIATIONS = 3;
/** Fewer calls than these say nothing about a rate. */
const CALLS_MIN = 30;
/** Beyond it one says "12 ×", not "1100 %". */
const PERCENT_MAX = 300;

const RATE_WARN = 0.02;
const RATE_BAD = 0.1;
const ERRORS_MIN = 5;

export interface Compared {
  readonly total: MetricsRow;
  readonly previous: MetricsRow;
  readonly meaning: Meaning;
}

/** Null where there is nothing to compare with. */
export function changeOf(
  now: number | null,
  before: number | null,
  { total, previous, meaning }: Compared,
): Change | null {
  if (now === null || before === null || (before === 0 && now === 0)) return null;
  const title = 'Compared with as much time just before';
  if (before === 0) return { text: 'new', tone: 'same', title };
  const share = now / before - 1;
  const areEnough = Math.min(total.requests, previous.requests) >= CALLS_MIN;
  const isChance = meaning === 'errors' && areErrorsByChance(total, previous);
  const isNoteworthy = areEnough && !isChance && Math.abs(share) >= NOTEWORTHY_SHARES[meaning];
  return { text: changeText(share), tone: isNoteworthy ? toneOf(share, meaning) : 'same', title };
}

/** Spending less is often only less traffic, which is nothing to praise. */
function toneOf(share: number, meaning: Meaning): Change['tone'] {
  if (share > 0) return 'worse';
  return meaning === 'cost' ? 'same' : 'better';
}

/** Whether as many errors would be no wonder, had the rate stayed what it was. */
function areErrorsByChance(total: MetricsRow, previous: MetricsRow): boolean {
  const expected = (previous.errors / Math.max(1, previous.completed)) * total.completed;
  return Math.abs(total.errors - expected) <= CHANCE_DEVIATIONS * Math.sqrt(Math.max(1, expected));
}

function changeText(share: number): string {
  const percent = share * 100;
  if (percent > PERCENT_MAX) return `${formatFactor(share + 1)}\u202f×`;
  const whole = Math.round(Math.abs(percent));
  if (whole === 0) return '±0%';
  return `${percent > 0 ? '+' : '−'}${whole}%`;
}

function formatFactor(factor: number): string {
  return factor < 10 ? factor.toFixed(1) : factor > 9999 ? '>9999' : String(Math.round(factor));
}

/** An error now and then is everyday life; red is for rates that are high, or much higher than before. */
export function errorRateTone(total: MetricsRow, previous: MetricsRow | null): 'bad' | 'warn' | undefined {
  if (total.completed === 0 || total.errors < ERRORS_MIN) return undefined;
  const rate = total.errors / total.completed;
  if (rate >= RATE_BAD) return 'bad';
  const before = previous === null || previous.completed < CALLS_MIN ? null : previous.errors / previous.completed;
  if (rate >= RATE_WARN) return before !== null && rate >= 3 * before ? 'bad' : 'warn';
  return undefined;
}
