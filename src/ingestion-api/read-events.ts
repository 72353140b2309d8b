import { isUtf8 } from 'node:buffer';
import type { NewRecord } from '../event-log/event-log.ts';
import type { EventScanner, ScannedEvent } from '../events/event-scanner.ts';
import { eventErrors, type FieldError, isEvent } from '../events/event-validator.ts';
import { EVENT_BYTES_MAX } from '../events/fields.ts';
import { type EventType, TOPIC_OF } from '../events/topics.ts';
import { isBlankByte, isJsonArray, JsonArrayItems } from './json-array-items.ts';
import { Turns } from './turns.ts';

/** An event that is fit for the log, or what is wrong with it. */
export type ReadEvent = ValidEvent | InvalidEvent;

export interface ValidEvent {
  readonly ok: true;
  readonly type: EventType;
  /** Whose the event says it is; null where it says nothing. */
  readonly tenantId: string | null;
  readonly record: NewRecord;
}

export interface InvalidEvent {
  readonly ok: false;
  readonly reason: 'invalid' | 'too_large';
  readonly errors: readonly FieldError[];
}

/** Reads one event as it was sent; valid bytes go to the log as they are. */
export function readEvent(type: EventType, bytes: Buffer, scanner: EventScanner): ReadEvent {
  const scanned = scanner.scan(bytes, type);
  if (scanned !== null) return validEvent(scanned, bytes);
  const parsed = parseJson(bytes);
  return parsed.ok ? checkEvent(type, parsed.value, bytes) : parsed;
}

/** Takes what was read of a batch, one by one. It may throw, to end the reading. */
export type TakeEvent = (event: ReadEvent) => void;

/**
 * Reads the items of `[…]`, each with its `type`.
 *
 * @returns what is wrong with the batch as a whole, where something is; then nothing of it counts
 */
export async function readJsonBatch(bytes: Buffer, scanner: EventScanner, take: TakeEvent): Promise<FieldError | null> {
  if (bytes.length === 0) return { path: '', message: 'must not be empty' };
  if (!isUtf8(bytes)) return NOT_UTF8;
  if (!isJsonArray(bytes)) return { path: '', message: 'must be an array of events, or NDJSON' };
  const items = new JsonArrayItems(bytes);
  const turns = new Turns();
  for (let found = items.next(); found !== 'end'; found = items.next()) {
    if (found === 'broken') return { path: '', message: `must be JSON; it is not at position ${items.start}` };
    const item = bytes.subarray(items.start, items.end);
    const scanned = scanner.scan(item, null);
    if (scanned !== null) take(validEvent(scanned, item));
    else if (item.length > EVENT_BYTES_MAX) take(tooLarge(item));
    else {
      const parsed = parseItem(item);
      if (!parsed.ok) return { path: '', message: notJson(parsed.error, items.start) };
      take(checkItem(parsed.value, item));
    }
    if (turns.isOver()) await turns.next();
  }
  return null;
}

/** Reads one event a line; empty lines do not count. The answer is as for an array. */
export async function readNdjsonBatch(
  bytes: Buffer,
  scanner: EventScanner,
  take: TakeEvent,
): Promise<FieldError | null> {
  if (!isUtf8(bytes)) return NOT_UTF8;
  const turns = new Turns();
  for (let from = 0; from < bytes.length; ) {
    if (turns.isOver()) await turns.next();
    if (isBlankByte(bytes[from])) {
      // Blanks before a line, and whole lines of them, without a slice for each.
      from++;
      continue;
    }
    const newline = bytes.indexOf(NEWLINE, from);
    const line = bytes.subarray(from, newline === -1 ? bytes.length : newline);
    from += line.length + 1;
    const scanned = scanner.scan(line, null);
    if (scanned !== null) take(validEvent(scanned, line));
    else if (line.length > EVENT_BYTES_MAX) take(tooLarge(line));
    else {
      const parsed = parseItem(line);
      take(parsed.ok ? checkItem(parsed.value, line) : invalid({ path: '', message: notJson(parsed.error, 0) }));
    }
  }
  return null;
}

const NEWLINE = 0x0a;
const NOT_UTF8: FieldError = { path: '', message: 'must be UTF-8' };

type ParsedItem = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly error: unknown };

function parseItem(bytes: Buffer): ParsedItem {
  try {
    return { ok: true, value: JSON.parse(bytes.toString('utf8')) };
  } catch (error) {
    return { ok: false, error };
  }
}

function checkItem(item: unknown, bytes: Buffer): ReadEvent {
  const type = (item as { type?: unknown } | null)?.type;
  if (typeof type !== 'string' || !Object.hasOwn(TOPIC_OF, type)) {
    return invalid({ path: '/type', message: 'must be request, response or evaluation' });
  }
  return checkEvent(type as EventType, item, bytes);
}

function checkEvent(type: EventType, value: unknown, bytes: Buffer): ReadEvent {
  if (bytes.length > EVENT_BYTES_MAX) return tooLarge(bytes);
  if (!isEvent(type, value, bytes.length)) {
    return { ok: false, reason: 'invalid', errors: eventErrors(type, value, bytes.length) };
  }
  const tenantId = (value as { tenant_id?: string | null }).tenant_id ?? null;
  return validEvent({ type, requestId: value.request_id, tenantId }, bytes);
}

/** Told before it is parsed: what takes 16 MiB can become a hundred times as much. */
function tooLarge(bytes: Buffer): InvalidEvent {
  const message = `takes ${bytes.length} bytes; an event takes at most ${EVENT_BYTES_MAX}`;
  return { ok: false, reason: 'too_large', errors: [{ path: '', message }] };
}

function validEvent(event: ScannedEvent, bytes: Buffer): ValidEvent {
  const { type, requestId, tenantId } = event;
  return { ok: true, type, tenantId, record: { topic: TOPIC_OF[type], key: requestId, value: bytes } };
}

type Parsed = { readonly ok: true; readonly value: unknown } | InvalidEvent;

function parseJson(bytes: Buffer): Parsed {
  if (bytes.length === 0) return invalid({ path: '', message: 'must not be empty' });
  if (!isUtf8(bytes)) return invalid(NOT_UTF8);
  try {
    return { ok: true, value: JSON.parse(bytes.toString('utf8')) };
  } catch (error) {
    return invalid({ path: '', message: notJson(error, 0) });
  }
}

function invalid(error: FieldError): InvalidEvent {
  return { ok: false, reason: 'invalid', errors: [error] };
}

/** V8 quotes the text it stumbled over; the place is enough. */
function notJson(error: unknown, offset: number): string {
  const place = /at position (\d+)/.exec((error as Error).message)?.[1];
  return place === undefined ? 'must be JSON' : `must be JSON; it is not at position ${Number(place) + offset}`;
}
