import protobuf from 'protobufjs/minimal.js';
import { AttributeList } from './attribute-list.ts';
import { type AttributeReader, createAttributeReader } from './decode-protobuf-attributes.ts';
import type { KeyTable } from './key-table.ts';
import { eventNameOf, type LogExport, type OtlpLog } from './log-export.ts';
import { resourceOf } from './process-key.ts';
import { instantMs } from './time.ts';
import type { Decoded, OtlpResource, OtlpScope } from './trace-export.ts';

const FIXED64 = 1;
const LENGTH_DELIMITED = 2;

/**
 * Decodes `opentelemetry.proto.collector.logs.v1.ExportLogsServiceRequest` over the wire primitives, as spans are
 * (`decode-protobuf.ts`): prompts in attributes and bodies become no strings. Field numbers: opentelemetry-proto 1.9,
 * `logs/v1/logs.proto`.
 */
export function decodeProtobufLogs(body: Uint8Array, keys: KeyTable): Decoded<LogExport> {
  const walk = new LogWalk(Buffer.from(body.buffer, body.byteOffset, body.byteLength), keys);
  try {
    return { ok: true, value: { logs: walk.request() } };
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    return { ok: false, reason: `the body is not a protobuf ExportLogsServiceRequest: ${detail}` };
  }
}

class LogWalk {
  readonly #reader: protobuf.Reader;
  readonly #buffer: Buffer;
  readonly #attributes: AttributeReader;
  readonly #logs: OtlpLog[] = [];

  constructor(buffer: Buffer, keys: KeyTable) {
    this.#buffer = buffer;
    this.#reader = protobuf.Reader.create(buffer);
    this.#attributes = createAttributeReader(this.#reader, buffer, keys);
  }

  request(): readonly OtlpLog[] {
    for (const place of this.#messages(this.#buffer.length, 1)) this.#resourceLogs(place);
    return this.#logs;
  }

  /** The resource may come after its records on the wire, and so may the scope: both are looked for first. */
  #resourceLogs({ start, end }: Place): void {
    let resource: OtlpResource = resourceOf(new AttributeList());
    for (const place of this.#messagesFrom(start, end, 1)) {
      this.#reader.pos = place.start;
      resource = resourceOf(this.#attributes.messageWithAttributes(place.end, 1));
    }
    for (const group of this.#messagesFrom(start, end, 2)) {
      let scope: OtlpScope = { name: '', version: '' };
      for (const place of this.#messagesFrom(group.start, group.end, 1)) scope = this.#scope(place);
      for (const place of this.#messagesFrom(group.start, group.end, 2)) {
        this.#logs.push(this.#log(place, scope, resource));
      }
    }
    this.#reader.pos = end;
  }

  #scope({ start, end }: Place): OtlpScope {
    const [name = '', version = ''] = [1, 2].map((number) => {
      const [text] = this.#messagesFrom(start, end, number);
      return text === undefined ? '' : this.#buffer.toString('utf8', text.start, text.end);
    });
    return { name, version };
  }

  #log({ start, end }: Place, scope: OtlpScope, resource: OtlpResource): OtlpLog {
    const reader = this.#reader;
    reader.pos = start;
    let [traceId, spanId, eventName, body] = ['', '', '', ''];
    let [timeMs, observedMs] = [0, 0];
    let map: AttributeList | null = null;
    const attributes = this.#attributes.emptyList();
    while (reader.pos < end) {
      const tag = reader.uint32();
      const wireType = tag & 7;
      if (wireType === FIXED64 && tag >>> 3 === 1) timeMs = this.#instantMs();
      else if (wireType === FIXED64 && tag >>> 3 === 11) observedMs = this.#instantMs();
      else if (wireType !== LENGTH_DELIMITED) reader.skipType(wireType);
      else if (tag >>> 3 === 5) [body, map] = this.#body();
      else if (tag >>> 3 === 6) this.#attributes.keyValueInto(attributes);
      else if (tag >>> 3 === 9) traceId = this.#text('hex');
      else if (tag >>> 3 === 10) spanId = this.#text('hex');
      else if (tag >>> 3 === 12) eventName = this.#text('utf8');
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
  #body(): [string, AttributeList | null] {
    const end = this.#end();
    const [text] = this.#messagesFrom(this.#reader.pos, end, 1, this.#reader.pos);
    const [map] = this.#messagesFrom(this.#reader.pos, end, 6, this.#reader.pos);
    let attributes: AttributeList | null = null;
    if (map !== undefined) {
      this.#reader.pos = map.start;
      attributes = this.#attributes.messageWithAttributes(map.end, 1);
    }
    this.#reader.pos = end;
    const isName = text !== undefined && text.end - text.start <= BODY_BYTES_MAX;
    return [isName ? this.#buffer.toString('utf8', text.start, text.end) : '', attributes];
  }

  /** Where the messages of one field lie between the reader's place and `end`. */
  #messages(end: number, number: number): readonly Place[] {
    const places: Place[] = [];
    const reader = this.#reader;
    while (reader.pos < end) {
      const tag = reader.uint32();
      if (tag >>> 3 !== number || (tag & 7) !== LENGTH_DELIMITED) {
        if (tag >>> 3 === number) throw new RangeError(`field ${number} has a wire type that no log has`);
        reader.skipType(tag & 7);
        continue;
      }
      const messageEnd = this.#end();
      places.push({ start: reader.pos, end: messageEnd });
      reader.pos = messageEnd;
    }
    if (reader.pos !== end) throw new RangeError('a message is longer than its length prefix says');
    return places;
  }

  #messagesFrom(start: number, end: number, number: number, after = end): readonly Place[] {
    this.#reader.pos = start;
    const places = this.#messages(end, number);
    this.#reader.pos = after;
    return places;
  }

  #text(encoding: 'hex' | 'utf8'): string {
    const end = this.#end();
    const text = this.#buffer.toString(encoding, this.#reader.pos, end);
    this.#reader.pos = end;
    return text;
  }

  #instantMs(): number {
    const at = this.#reader.pos;
    if (at + 8 > this.#buffer.length) throw new RangeError('a time is cut off');
    this.#reader.pos = at + 8;
    return instantMs({ high: this.#buffer.readUInt32LE(at + 4), low: this.#buffer.readUInt32LE(at) });
  }

  /** Reads a length prefix; the answer is where the message ends. */
  #end(): number {
    const length = this.#reader.uint32();
    const end = this.#reader.pos + length;
    if (end > this.#buffer.length) throw new RangeError('the body is cut off');
    return end;
  }
}

interface Place {
  readonly start: number;
  readonly end: number;
}

const BODY_BYTES_MAX = 256;
