import { TALLY_EXACT_SUMS, TALLY_HISTOGRAMS } from './tally.ts';
import { CALL_FIELD, CALLS_FIELD, COUNTS_OF_CALL, held, LOW_UNIT, NUMBERS } from './tally-codec.ts';
import { type ByteReader, readVarint, unzigzag, writeVarint, zigzag } from './varint.ts';

/**
 * Rows of numbers, see `tally-rows.ts`, that are calls which were answered, and the field that says so: a third of the
 * bytes, and of the time that it takes to add them.
 */

type NumberOf = (typeof NUMBERS)[number];
type MoneyOf = (typeof TALLY_EXACT_SUMS)[number];

const placeOf = (field: NumberOf): number => NUMBERS.indexOf(field);
const placeOfMoney = (field: MoneyOf): number => NUMBERS.length + 2 * TALLY_EXACT_SUMS.indexOf(field);

const COUNTS = COUNTS_OF_CALL.map(placeOf);
const REQUESTS = placeOf('requests');
const LATENCY_SUM = placeOf('latencyUsSum');
const LATENCY_MAX = placeOf('latencyUsMax');
const PROMPT_TOKENS = placeOf('promptTokens');
const COMPLETION_TOKENS = placeOf('completionTokens');
const COST = placeOfMoney('costPicoUsd');
const LIST_COST = placeOfMoney('listCostPicoUsd');

const SAID: ReadonlySet<number> = new Set([...COUNTS, LATENCY_SUM, LATENCY_MAX, PROMPT_TOKENS, COMPLETION_TOKENS]);
/** The places of the numbers that neither field says, and of the sums of money. */
export const NUMBERS_BESIDE = [...NUMBERS.keys()].filter((place) => !SAID.has(place));
const SAID_MONEY: ReadonlySet<string> = new Set<MoneyOf>(['costPicoUsd', 'listCostPicoUsd']);
export const MONEY_BESIDE = [...TALLY_EXACT_SUMS.entries()].flatMap(([i, sum]) => (SAID_MONEY.has(sum) ? [] : i));
/** The histogram of which the field of one call says a bucket. */
export const LATENCY = TALLY_HISTOGRAMS.indexOf('latency');

/** How many calls the numbers are; 0 where they are something else. */
export function callsIn(numbers: Float64Array, at: number): number {
  const count = numbers[at + REQUESTS] as number;
  for (let i = 1; i < COUNTS.length; i++) if (numbers[at + (COUNTS[i] as number)] !== count) return 0;
  const isByList =
    numbers[at + LIST_COST] === numbers[at + COST] && numbers[at + LIST_COST + 1] === numbers[at + COST + 1];
  return isByList && count > 0 && count < COUNT_END ? count : 0;
}

/** What a varint of 53 bits can hold exactly. */
const COUNT_END = 2 ** 52;

/** Numbers that are calls. @returns the place behind them */
export function writeCalls(bytes: Uint8Array, start: number, numbers: Float64Array, at: number): number {
  bytes[start] = CALLS_FIELD;
  const end = writeSums(bytes, writeVarint(bytes, start + 1, numbers[at + REQUESTS] as number), numbers, at);
  return writeVarint(bytes, end, zigzag(held(numbers[at + LATENCY_MAX] as number)));
}

/** Whether one call may be said by the shorter field, where its latency is in one bucket. */
export function isLatencyLongest(numbers: Float64Array, at: number): boolean {
  return numbers[at + LATENCY_MAX] === numbers[at + LATENCY_SUM];
}

/** @returns the place behind it, where the bucket of its latency is to be written */
export function writeCall(bytes: Uint8Array, start: number, numbers: Float64Array, at: number): number {
  bytes[start] = CALL_FIELD;
  return writeSums(bytes, start + 1, numbers, at);
}

function writeSums(bytes: Uint8Array, start: number, numbers: Float64Array, at: number): number {
  let end = writeVarint(bytes, start, zigzag(held(numbers[at + LATENCY_SUM] as number)));
  end = writeVarint(bytes, end, zigzag(held(numbers[at + PROMPT_TOKENS] as number)));
  end = writeVarint(bytes, end, zigzag(held(numbers[at + COMPLETION_TOKENS] as number)));
  const low = numbers[at + COST + 1] as number;
  const carried = Math.floor(low / LOW_UNIT);
  end = writeVarint(bytes, end, zigzag(held((numbers[at + COST] as number) + carried)));
  return writeVarint(bytes, end, low - carried * LOW_UNIT);
}

/** Adds what `CALLS_FIELD` says. */
export function addCallsTo(numbers: Float64Array, at: number, reader: ByteReader): void {
  addSumsTo(numbers, at, reader, readVarint(reader));
  const longestUs = unzigzag(readVarint(reader));
  if (longestUs > (numbers[at + LATENCY_MAX] as number)) numbers[at + LATENCY_MAX] = longestUs;
}

/** Adds what `CALL_FIELD` says. @returns the bucket of its latency */
export function addCallTo(numbers: Float64Array, at: number, reader: ByteReader): number {
  const latencyUs = addSumsTo(numbers, at, reader, 1);
  if (latencyUs > (numbers[at + LATENCY_MAX] as number)) numbers[at + LATENCY_MAX] = latencyUs;
  return unzigzag(readVarint(reader));
}

/** @returns their latencies */
function addSumsTo(numbers: Float64Array, at: number, reader: ByteReader, count: number): number {
  for (let i = 0; i < COUNTS.length; i++) (numbers[at + (COUNTS[i] as number)] as number) += count;
  const latencyUs = unzigzag(readVarint(reader));
  (numbers[at + LATENCY_SUM] as number) += latencyUs;
  (numbers[at + PROMPT_TOKENS] as number) += unzigzag(readVarint(reader));
  (numbers[at + COMPLETION_TOKENS] as number) += unzigzag(readVarint(reader));
  const high = unzigzag(readVarint(reader));
  const low = readVarint(reader);
  addMoneyTo(numbers, at + COST, high, low);
  addMoneyTo(numbers, at + LIST_COST, high, low);
  return latencyUs;
}

/** A multiple of 2^32 and what is left of it, of which both stay exact. */
export function addMoneyTo(numbers: Float64Array, place: number, high: number, low: number): void {
  const sum = (numbers[place + 1] as number) + low;
  const carried = Math.floor(sum / LOW_UNIT);
  numbers[place] = (numbers[place] as number) + high + carried;
  numbers[place + 1] = sum - carried * LOW_UNIT;
}
