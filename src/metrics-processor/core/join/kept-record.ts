import type { TObject } from 'typebox';
import type { EventOf } from '../../../events/event-validator.ts';
import { LlmEvaluation } from '../../../events/llm-evaluation.ts';
import { LlmResponse } from '../../../events/llm-response.ts';

/** Up to here a record that waits is kept as it was sent. */
const AS_SENT_BYTES_MAX = 1024;

/** What a record that waits takes beside its bytes, about. */
const OVERHEAD_BYTES = 500;

const SCHEMAS: Readonly<Record<'response' | 'evaluation', TObject>> = {
  response: LlmResponse,
  evaluation: LlmEvaluation,
};

interface Bytes {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/**
 * Key and value of a record that has to wait, copied out of the batch that the log read, which would stay in memory
 * whole (up to 1 MB) otherwise. A larger value is written anew with the fields that we know: what a sender adds to them
 * may be 64 KiB an event, and is on the log for whoever wants it.
 */
export function keptBytes(type: 'response' | 'evaluation', { key, value }: Bytes): Bytes {
  if (value.length <= AS_SENT_BYTES_MAX) return { key: Uint8Array.from(key), value: Uint8Array.from(value) };
  const text = Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('utf8');
  const known = knownFields(type, JSON.parse(text) as EventOf[typeof type]);
  return { key: Uint8Array.from(key), value: Uint8Array.from(Buffer.from(JSON.stringify(known))) };
}

/** A valid event without what its schema does not know. */
export function knownFields<K extends 'response' | 'evaluation'>(type: K, event: EventOf[K]): EventOf[K] {
  const names = Object.keys(SCHEMAS[type].properties).filter((name) => Object.hasOwn(event, name));
  return Object.fromEntries(names.map((name) => [name, event[name as keyof EventOf[K]]])) as unknown as EventOf[K];
}

/** How much memory a kept record takes. */
export function keptSize({ key, value }: Bytes): number {
  return key.length + value.length + OVERHEAD_BYTES;
}
