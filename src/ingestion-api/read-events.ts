import { isUtf8 } from 'node:buffer';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { NewRecord } from '../event-log/event-log.ts';
import type { EventScanner, ScannedEvent } from '../events/event-scanner.ts';
import { eventErrors, type FieldError, isEvent } from '../events/event-validator.ts';
import { EVENT_BYTES_MAX } from '../events/fields.ts';
import { type EventType, TOPIC_OF } from '../events/topics.ts';

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

/** The items of `[…]`, each with its `type`. */
export async function readJsonBatch(bytes: Buffer): Promise<readonly ReadEvent[] | FieldError> {
  const parsed = parseJson(bytes);
  if (!parsed.ok) return parsed.errors[0] as FieldError;
  if (!Array.isArray(parsed.value)) return { path: '', message: 'must be an array of events, or NDJSON' };
  const events: ReadEvent[] = [];
  for (const item of parsed.value) {
    events.push(checkItem(item, null));
    if (events.length % ITEMS_PER_TURN === 0) await nextTurn();
  }
  return events;
}

/** One event a line; empty lines do not count. */
export async function readNdjsonBatch(
  bytes: Buffer,
  scanner: EventScanner,
): Promise<readonly ReadEvent[] | FieldError> {
  if (!isUtf8(bytes)) return NOT_UTF8;
  const events: ReadEvent[] = [];
  for (let from = 0; from < bytes.length; ) {
    const newline = bytes.indexOf(NEWLINE, from);
    const line = bytes.subarray(from, newline === -1 ? bytes.length : newline);
    from += line.length + 1;
    const scanned = scanner.scan(line, null);
    if (scanned !== null) events.push(validEvent(scanned, line));
    else if (isBlank(line)) continue;
    else events.push(readLine(line));
    if (events.length % ITEMS_PER_TURN === 0) await nextTurn();
  }
  return events;
}

/** A batch is read in turns of about 5 ms, so that a large one does not hold up everybody's small ones. */
const ITEMS_PER_TURN = 1000;
const NEWLINE = 0x0a;
const NOT_UTF8: FieldError = { path: '', message: 'must be UTF-8' };

function readLine(line: Buffer): ReadEvent {
  let item: unknown;
  try {
    item = JSON.parse(line.toString('utf8'));
  } catch (error) {
    return invalid({ path: '', message: notJson(error) });
  }
  return checkItem(item, line);
}

/** @param bytes as it was sent, or null where it has to be written again */
function checkItem(item: unknown, bytes: Buffer | null): ReadEvent {
  const type = (item as { type?: unknown } | null)?.type;
  if (typeof type !== 'string' || !Object.hasOwn(TOPIC_OF, type)) {
    return invalid({ path: '/type', message: 'must be request, response or evaluation' });
  }
  try {
    return checkEvent(type as EventType, item, bytes ?? Buffer.from(JSON.stringify(item)));
  } catch {
    // JSON.stringify recurses, JSON.parse does not.
    return invalid({ path: '', message: 'is nested too deeply' });
  }
}

function checkEvent(type: EventType, value: unknown, bytes: Buffer): ReadEvent {
  if (bytes.length > EVENT_BYTES_MAX) {
    const message = `takes ${bytes.length} bytes; an event takes at most ${EVENT_BYTES_MAX}`;
    return { ok: false, reason: 'too_large', errors: [{ path: '', message }] };
  }
  if (!isEvent(type, value, bytes.length)) {
    return { ok: false, reason: 'invalid', errors: eventErrors(type, value, bytes.length) };
  }
  const tenantId = (value as { tenant_id?: string | null }).tenant_id ?? null;
  return validEvent({ type, requestId: value.request_id, tenantId }, bytes);
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
    return invalid({ path: '', message: notJson(error) });
  }
}

function invalid(error: FieldError): InvalidEvent {
  return { ok: false, reason: 'invalid', errors: [error] };
}

/** V8 quotes the text it stumbled over; the place is enough. */
function notJson(error: unknown): string {
  const place = /at position \d+/.exec((error as Error).message)?.[0];
  return place === undefined ? 'must be JSON' : `must be JSON; it is not ${place}`;
}

function isBlank(line: Buffer): boolean {
  for (const byte of line) if (byte !== 0x20 && byte !== 0x09 && byte !== 0x0d) return false;
  return true;
}
