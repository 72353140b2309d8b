import type { LogRecord } from '../../../event-log/event-log.ts';
import { traceIdOf } from '../../../events/correlation-key.ts';
import { type EventOf, eventErrors, isEvent } from '../../../events/event-validator.ts';
import type { EventType } from '../../../events/topics.ts';
import { payloadOf } from '../../../events/wire-format.ts';
import type { DeadLetterReason } from '../../../metrics-store/outbox.ts';

export type ParsedRecord<K extends EventType> =
  | {
      readonly ok: true;
      readonly event: EventOf[K];
      readonly key: Uint8Array;
      /** The event's JSON, without what may stand before it on the topic. */
      readonly value: Uint8Array;
      /** Whose it is, by its sender's key or its own word; null where neither says. */
      readonly tenantId: string | null;
    }
  | RefusedRecord;

export interface RefusedRecord {
  readonly ok: false;
  readonly reason: DeadLetterReason;
  readonly detail: string;
}

/** Any producer may write to the topics, so what HTTP has checked is checked again. */
export function parseRecord<K extends EventType>(
  type: K,
  record: Omit<LogRecord, 'offset' | 'loggedAtMs'>,
): ParsedRecord<K> {
  const { key, senderTenant } = record;
  const value = record.value === null ? null : payloadOf(record.value);
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
  if (key === null || !isKeyOf(type, key, event.request_id)) {
    return { ok: false, reason: 'key_mismatch', detail: 'The key of the record must be its request_id' };
  }
  const named = event.tenant_id ?? null;
  if (senderTenant === null) return { ok: true, event, key, value, tenantId: named };
  if (named !== null && !spells(senderTenant, named)) return FOREIGN_NAME;
  return { ok: true, event, key, value, tenantId: named ?? decode(senderTenant) };
}

/** What is sent with a key of one tenant names another. Ingestion lets no such thing through. */
export const FOREIGN_NAME: RefusedRecord = {
  ok: false,
  reason: 'foreign_tenant',
  detail: 'The event names another tenant than the API key that it was sent with',
};

/** An evaluation of a call that came by OTLP lies where the reports of its sender do, see `correlation-key.ts`. */
function isKeyOf(type: EventType, key: Uint8Array, requestId: string): boolean {
  return spells(key, requestId) || (type === 'evaluation' && traceIdOf(requestId) !== null);
}

/** Whether the bytes are that text in UTF-8. Texts are ASCII nearly always: comparing needs none of the bytes. */
export function spells(bytes: Uint8Array, text: string): boolean {
  if (bytes.length !== text.length) return decode(bytes) === text;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i] as number;
    if (byte >= 0x80) return decode(bytes) === text;
    if (byte !== text.charCodeAt(i)) return false;
  }
  return true;
}

export function textOrNull(bytes: Uint8Array | null): string | null {
  return bytes === null ? null : decode(bytes);
}

function decode(bytes: Uint8Array): string {
  if (bytes instanceof Buffer) return bytes.toString('utf8');
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
}
