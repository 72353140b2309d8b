import type { LogRecord } from '../../../src/event-log/event-log.ts';
import type { PlacedRecord } from './batch-oracle.ts';

export type Fields = Readonly<Record<string, unknown>>;

/** A record as the contract (section 2) reads it, written down once more and independently. */
export interface ReadEvent {
  readonly partition: number;
  readonly offset: number;
  readonly loggedAtMs: number;
  readonly keyText: string;
  readonly fields: Fields;
  readonly timestampMs: number;
  /** Whose it is by the key that it was sent with, or else by its own word. */
  readonly tenant: string | null;
}

type Verdict = ReadEvent | 'invalid' | 'key_mismatch' | 'foreign_tenant';

export function readEvent(topic: string, record: PlacedRecord): Verdict {
  const known = VERDICTS.get(record);
  if (known !== undefined) return known;
  const verdict = judge(topic, record);
  VERDICTS.set(record, verdict);
  return verdict;
}

/** A record is read many times while a schedule runs. It never changes. */
const VERDICTS = new WeakMap<PlacedRecord, Verdict>();

function judge(topic: string, record: PlacedRecord): Verdict {
  const fields = parseObject(record.value);
  if (fields === null) return 'invalid';
  const timestampMs = instant(fields['timestamp']);
  const areFieldsGood =
    isText(fields['request_id'], 128) &&
    timestampMs !== null &&
    (topic !== 'llm.responses' || fields['tenant_id'] == null || isText(fields['tenant_id'], 255)) &&
    (topic === 'llm.responses' || DIMENSIONS[topic]?.every((name) => isText(fields[name], 255))) &&
    COUNTS.every((name) => isCount(fields[name])) &&
    DURATIONS.every((name) => isDuration(fields[name]));
  if (!areFieldsGood || timestampMs === null) return 'invalid';
  const keyText = fields['request_id'] as string;
  const isOfSpan = topic === 'llm.evaluations' && /^[0-9a-f]{32}-[0-9a-f]{16}$/.test(keyText);
  if (!isOfSpan && Buffer.from(record.key ?? []).toString() !== keyText) return 'key_mismatch';
  const named = (fields['tenant_id'] ?? null) as string | null;
  const sender = senderOf(record);
  if (sender !== '' && named !== null && named !== sender) return 'foreign_tenant';
  return {
    partition: record.partition,
    offset: record.offset,
    loggedAtMs: record.loggedAtMs,
    keyText,
    fields,
    timestampMs,
    tenant: sender || named,
  };
}

/** The tenant of the key that a record was sent with, or ''. */
export function senderOf({ senderTenant }: LogRecord): string {
  return Buffer.from(senderTenant ?? []).toString();
}

const DIMENSIONS: Readonly<Record<string, readonly string[]>> = {
  'llm.requests': ['tenant_id', 'route', 'model'],
  'llm.evaluations': ['name'],
};
const COUNTS = ['prompt_tokens', 'completion_tokens', 'cached_prompt_tokens', 'cache_write_tokens', 'reasoning_tokens'];
const DURATIONS = ['latency_ms', 'time_to_first_token_ms'];

function parseObject(value: Uint8Array | null): Fields | null {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(value ?? []).toString());
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed) ? (parsed as Fields) : null;
  } catch {
    return null;
  }
}

function instant(text: unknown): number | null {
  if (typeof text !== 'string' || !/^\d{4}-\d\d-\d\dT/.test(text)) return null;
  const ms = Date.parse(text);
  // `Date.parse` takes the 30th of February for the 1st of March.
  const day = Number(text.slice(8, 10));
  const daysInMonth = new Date(Date.UTC(Number(text.slice(0, 4)), Number(text.slice(5, 7)), 0)).getUTCDate();
  return Number.isNaN(ms) || ms < 0 || day > daysInMonth ? null : ms;
}

function isText(value: unknown, lengthMax: number): boolean {
  return typeof value === 'string' && value.length > 0 && value.length <= lengthMax;
}

function isCount(value: unknown): boolean {
  return value === undefined || value === null || (Number.isInteger(value) && (value as number) >= 0);
}

function isDuration(value: unknown): boolean {
  return value === undefined || value === null || (typeof value === 'number' && value >= 0);
}
