import type { TObject } from 'typebox';
import { LlmEvaluation } from './llm-evaluation.ts';
import { LlmRequest } from './llm-request.ts';
import { LlmResponse } from './llm-response.ts';
import { PlainEvent } from './plain-event.ts';
import type { EventType } from './topics.ts';

/** An event that is valid for certain. */
export interface ScannedEvent {
  readonly type: EventType;
  readonly requestId: string;
  /** Null where it says nothing. */
  readonly tenantId: string | null;
}

/**
 * Tells what the log has to know of a valid event, from its bytes. Which events it knows, `PlainEvent` says; one that
 * has to name its type names it first, as senders of batches do.
 */
export class EventScanner {
  readonly #readers: Readonly<Record<EventType, Reader>> = {
    request: readerOf('request', LlmRequest),
    response: readerOf('response', LlmResponse),
    evaluation: readerOf('evaluation', LlmEvaluation),
  };
  readonly #named = Object.values(this.#readers);

  /** The event that `bytes` are; null where `JSON.parse` and the schema have to decide. */
  scan(bytes: Uint8Array, given: EventType | null): ScannedEvent | null {
    if (given !== null) return readWith(this.#readers[given], bytes, false);
    for (const reader of this.#named) if (beginsWithType(bytes, reader.typeBytes)) return readWith(reader, bytes, true);
    return null;
  }
}

interface Reader {
  readonly type: EventType;
  readonly typeBytes: Uint8Array;
  readonly event: PlainEvent;
  readonly typeField: number;
  readonly requestId: number;
  readonly tenantId: number;
}

function readerOf(type: EventType, schema: TObject): Reader {
  const event = new PlainEvent(schema);
  return {
    type,
    typeBytes: Buffer.from(type),
    event,
    typeField: event.field('type'),
    requestId: event.field('request_id'),
    tenantId: event.field('tenant_id'),
  };
}

function readWith(reader: Reader, bytes: Uint8Array, isTypeInside: boolean): ScannedEvent | null {
  const { type, event, typeField, typeBytes, requestId, tenantId } = reader;
  // Of two types the last one counts.
  const isKnown = event.read(bytes) && (!isTypeInside || event.isAt(typeField, typeBytes));
  const scanned = isKnown
    ? {
        type,
        requestId: event.textAt(requestId),
        tenantId: event.textOrNullAt(tenantId),
      }
    : null;
  event.release();
  return scanned;
}

/** Whether the type that comes first, with one space before it or none, begins with these bytes. */
function beginsWithType(bytes: Uint8Array, typeBytes: Uint8Array): boolean {
  const start = OPENING_BYTES + (bytes[OPENING_BYTES] === SPACE ? 2 : 1);
  for (let i = 0; i < typeBytes.length; i++) if (bytes[start + i] !== typeBytes[i]) return false;
  return true;
}

/** The length of `{"type":`. */
const OPENING_BYTES = 8;
const SPACE = 0x20;
