import type { TObject } from 'typebox';
import { LlmEvaluation } from './llm-evaluation.ts';
import { LlmRequest } from './llm-request.ts';
import { LlmResponse } from './llm-response.ts';
import { PlainEvent } from './plain-event.ts';
import { isWordAt } from './plain-json.ts';
import type { EventType } from './topics.ts';

/** An event that is valid for certain. */
export interface ScannedEvent {
  readonly type: EventType;
  readonly requestId: string;
  /** Null where it says nothing, and of a response always. */
  readonly tenantId: string | null;
}

/**
 * Tells what the log has to know of a valid event, from its bytes. Which events it knows, `PlainEvent` says; one that
 * has to name its type names it first, as senders of batches do.
 */
export class EventScanner {
  readonly #readers: readonly Reader[] = [
    readerOf('request', LlmRequest),
    readerOf('response', LlmResponse),
    readerOf('evaluation', LlmEvaluation),
  ];

  /** The event that `bytes` are; null where `JSON.parse` and the schema have to decide. */
  scan(bytes: Uint8Array, given: EventType | null): ScannedEvent | null {
    const typeAt = given === null ? leadingTypeAt(bytes) : 0;
    for (const reader of this.#readers) {
      if (given === null ? isWordAt(bytes, typeAt, reader.quotedType) : given === reader.type) {
        return readWith(reader, bytes, given === null);
      }
    }
    return null;
  }
}

interface Reader {
  readonly type: EventType;
  readonly quotedType: string;
  readonly typeBytes: Uint8Array;
  readonly event: PlainEvent;
  readonly typeField: number;
  readonly requestId: number;
  readonly tenantId: number | null;
}

function readerOf(type: EventType, schema: TObject): Reader {
  const event = new PlainEvent(schema);
  return {
    type,
    quotedType: `"${type}"`,
    typeBytes: Buffer.from(type),
    event,
    typeField: event.field('type'),
    requestId: event.field('request_id'),
    tenantId: Object.hasOwn(schema.properties, 'tenant_id') ? event.field('tenant_id') : null,
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
        tenantId: tenantId === null ? null : event.textOrNullAt(tenantId),
      }
    : null;
  event.release();
  return scanned;
}

/** Where the value of the first field begins if that is `type`, written with one space or none; otherwise -1. */
function leadingTypeAt(bytes: Uint8Array): number {
  if (!isWordAt(bytes, 0, OPENING)) return -1;
  return bytes[OPENING.length] === SPACE ? OPENING.length + 1 : OPENING.length;
}

const OPENING = '{"type":';
const SPACE = 0x20;
