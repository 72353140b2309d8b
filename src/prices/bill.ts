import { type BillableTokens, type BillLines, type BillPart, writeBill } from './cost.ts';
import { NO_RATES, type Price } from './price-book.ts';

/**
 * The bill of one call as it is stored with it: what was counted, at which prices, by which list. A call's cost can so
 * be explained when its price has changed since, and computed again from what it was billed for.
 */
export interface Bill {
  /** Null where no list has a price. */
  readonly source: string | null;
  readonly lines: readonly BillLine[];
}

export interface BillLine {
  readonly part: BillPart;
  readonly count: number;
  /** 10^-12 USD a piece; null where no list has a price. */
  readonly rate: number | null;
}

/** The bill as JSON text. Without a price the lines are there all the same: a later price is for them. */
export function billText(tokens: BillableTokens, price: Price | null): string {
  const lines = new BillLinesText(price !== null);
  writeBill(tokens, price?.rates ?? NO_RATES, lines);
  return `{"source":${price === null ? null : JSON.stringify(price.source)},"lines":[${lines.text}]}`;
}

export function parseBill(text: string): Bill {
  const { source, lines } = JSON.parse(text) as { source: string | null; lines: [BillPart, number, number | null][] };
  return { source, lines: lines.map(([part, count, rate]) => ({ part, count, rate })) };
}

/** What the bill was written for. */
export function billedTokens(bill: Bill): BillableTokens {
  const tokens: Record<keyof BillableTokens, number> = { ...NOTHING };
  for (const { part, count } of bill.lines) tokens[FIELDS[part]] = count;
  // The fees of a call have a line only where there was one.
  return { ...tokens, requestFees: 1, groundedRequests: tokens.webSearches > 0 ? 1 : 0 };
}

const FIELDS: Readonly<Record<BillPart, keyof BillableTokens>> = {
  input: 'inputTokens',
  cache_read: 'cacheReadTokens',
  cache_write: 'cacheWriteTokens',
  cache_write_1h: 'cacheWrite1hTokens',
  input_audio: 'inputAudioTokens',
  cache_read_audio: 'cacheReadAudioTokens',
  input_image: 'inputImageTokens',
  output: 'outputTokens',
  output_audio: 'outputAudioTokens',
  output_image: 'outputImageTokens',
  request: 'requestFees',
  web_search: 'webSearches',
  grounded_request: 'groundedRequests',
};

const NOTHING = Object.fromEntries(Object.values(FIELDS).map((field) => [field, 0])) as Record<
  keyof BillableTokens,
  number
>;

class BillLinesText implements BillLines {
  text = '';
  readonly #hasRates: boolean;

  constructor(hasRates: boolean) {
    this.#hasRates = hasRates;
  }

  line(part: BillPart, count: number, rate: number): void {
    if (this.text !== '') this.text += ',';
    this.text += this.#hasRates ? `["${part}",${count},${rate}]` : `["${part}",${count},null]`;
  }
}

/** The tokens of the prompt in it. */
export function billedPromptTokens(tokens: BillableTokens): number {
  return (
    tokens.inputTokens +
    tokens.cacheReadTokens +
    tokens.cacheWriteTokens +
    tokens.cacheWrite1hTokens +
    tokens.inputAudioTokens +
    tokens.cacheReadAudioTokens +
    tokens.inputImageTokens
  );
}
