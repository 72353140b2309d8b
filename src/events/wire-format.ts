/**
 * Confluent's wire format: a zero byte, the number of the schema in a registry (u32, big endian), then the event as
 * JSON. JSON never begins with a zero byte, so a look at the first one tells both forms apart, on every topic and
 * whether a registry is configured or not.
 */
const MAGIC = 0;
const PREFIX_BYTES = 5;

/** The JSON of a record's value in either form. */
export function payloadOf(value: Uint8Array): Uint8Array {
  return value[0] === MAGIC && value.length > PREFIX_BYTES ? value.subarray(PREFIX_BYTES) : value;
}

/** What stands before each value that is written with a schema. */
export function wirePrefix(schemaId: number): Buffer {
  const prefix = Buffer.alloc(PREFIX_BYTES);
  prefix.writeUInt32BE(schemaId, 1);
  return prefix;
}
