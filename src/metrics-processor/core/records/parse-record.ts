import type { LogRecord } from '../../../event-log/event-log.ts';
import { type EventOf, eventErrors, isEvent } from '../../../events/event-validator.ts';
import type { EventType } from '../../../events/topics.ts';
import type { DeadLetterReason } from '../../../metrics-store/outbox.ts';

export type ParsedRecord<K extends EventType> =
  | { readonly ok: true; readonly event: EventOf[K]; readonly key: Uint8Array; readonly value: Uint8Array }
  | RefusedRecord;

export interface RefusedRecord {
  readonly ok: false;
  readonly reason: DeadLetterReason;
  readonly detail: string;
}

/** Any producer may write to the topics, so what HTTP has checked is checked again. */
export function parseRecord<K extends EventType>(type: K, record: Pick<LogRecord, 'key' | 'value'>): ParsedRecord<K> {
  const { key, value } = record;
  if (value === null) return { ok: false, reason: 'invalid', detail: 'The record has no value' };
  let event: unknown;
  try {
    event = JSON.parse(decode(value));
  } catch {
    return { ok: false, reason: 'invalid', detail: 'The value is not JSON' };
  }
  if (!isEvent(type, event, value.length)) {
    const [error] = eventErrors(type, event, value.length);
    return {
      ok: false,
      reason: 'invalid',
      detail: `${error?.path || 'The event'} ${error?.message ?? 'is not valid'}`,
    };
  }
  if (key === null || !spells(key, event.request_id)) {
    return { ok: false, reason: 'key_mismatch', detail: 'The key of the record must be its request_id' };
  }
  return { ok: true, event, key, value };
}

/** Whether the bytes are that text in UTF-8. Ids are ASCII nearly always: comparing needs no text of the key. */
function spells(bytes: Uint8Array, text: string): boolean {
  if (bytes.length !== text.length) return decode(bytes) === text;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i] as number;
    if (byte >= 0x80) return decode(bytes) === text;
    if (byte !== text.charCodeAt(i)) return false;
  }
  return true;
}

function decode(bytes: Uint8Array): string {
  if (bytes instanceof Buffer) return bytes.toString('utf8');
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
}
