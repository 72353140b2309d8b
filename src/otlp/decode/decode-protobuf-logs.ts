import type { AttributeList } from './attribute-list.ts';
import type { KeyTable } from './key-table.ts';
import { eventNameOf, type LogExport, type OtlpLog } from './log-export.ts';
import { FIXED64, type Group, LENGTH_DELIMITED, type Place, ProtobufWalk } from './protobuf-walk.ts';
import { instantMs } from './time.ts';
import type { Decoded } from './trace-export.ts';

/**
 * Decodes `opentelemetry.proto.collector.logs.v1.ExportLogsServiceRequest` over the wire primitives, as spans are
 * (`decode-protobuf.ts`): prompts in attributes and bodies become no strings. Field numbers: opentelemetry-proto 1.9,
 * `logs/v1/logs.proto`.
 */
export function decodeProtobufLogs(body: Uint8Array, keys: KeyTable): Decoded<LogExport> {
  try {
    const walk = new ProtobufWalk(Buffer.from(body.buffer, body.byteOffset, body.byteLength), keys);
    const logs: OtlpLog[] = [];
    for (const group of walk.groups()) for (const place of group.places) logs.push(logFrom(walk, place, group));
    return { ok: true, value: { logs } };
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    return { ok: false, reason: `the body is not a protobuf ExportLogsServiceRequest: ${detail}` };
  }
}

function logFrom(walk: ProtobufWalk, { start, end }: Place, { scope, resource }: Group): OtlpLog {
  const { reader } = walk;
  reader.pos = start;
  let [traceId, spanId, eventName, body] = ['', '', '', ''];
  let [timeMs, observedMs] = [0, 0];
  let map: AttributeList | null = null;
  const attributes = walk.attributes.emptyList();
  while (reader.pos < end) {
    const tag = reader.uint32();
    const wireType = tag & 7;
    if (wireType === FIXED64 && tag >>> 3 === 1) timeMs = instantMs(walk.instant());
    else if (wireType === FIXED64 && tag >>> 3 === 11) observedMs = instantMs(walk.instant());
    else if (wireType !== LENGTH_DELIMITED) reader.skipType(wireType);
    else if (tag >>> 3 === 5) [body, map] = bodyOf(walk);
    else if (tag >>> 3 === 6) walk.attributes.keyValueInto(attributes);
    else if (tag >>> 3 === 9) traceId = walk.text('hex');
    else if (tag >>> 3 === 10) spanId = walk.text('hex');
    else if (tag >>> 3 === 12) eventName = walk.text('utf8');
    else reader.skipType(wireType);
  }
  if (reader.pos !== end) throw new RangeError('a log record is longer than its length prefix says');
  for (const [i, key] of (map?.keys ?? []).entries()) {
    if (!attributes.has(key)) attributes.set(key, map?.values[i] ?? null);
  }
  eventName = eventNameOf(attributes, eventName, body);
  return { traceId, spanId, eventName, timeMs, observedMs, attributes, scope, resource };
}

/** A short text, or a map of attributes; the rest is somebody's prompt. */
function bodyOf(walk: ProtobufWalk): [string, AttributeList | null] {
  const end = walk.end();
  const start = walk.reader.pos;
  const [text] = walk.messages(start, end, 1);
  const [map] = walk.messages(start, end, 6);
  let attributes: AttributeList | null = null;
  if (map !== undefined) {
    walk.reader.pos = map.start;
    attributes = walk.attributes.messageWithAttributes(map.end, 1);
  }
  walk.reader.pos = end;
  const isName = text !== undefined && text.end - text.start <= BODY_BYTES_MAX;
  return [isName ? walk.buffer.toString('utf8', text.start, text.end) : '', attributes];
}

const BODY_BYTES_MAX = 256;
