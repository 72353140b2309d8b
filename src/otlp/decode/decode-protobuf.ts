import protobuf from 'protobufjs/minimal.js';
import { AttributeList } from './attribute-list.ts';
import { type AttributeReader, createAttributeReader } from './decode-protobuf-attributes.ts';
import type { KeyTable } from './key-table.ts';
import { resourceOf, resourceOfScope } from './process-key.ts';
import { durationMsOf, instantMs, type NanoInstant, startMsOf } from './time.ts';
import type { Decoded, OtlpResource, OtlpScope, OtlpSpan, SpanEvent, TraceExport } from './trace-export.ts';
import { SPAN_EVENTS_MAX } from './trace-export.ts';

const LENGTH_DELIMITED = 2;
const FIXED64 = 1;
const VARINT = 0;
const NO_INSTANT: NanoInstant = { high: 0, low: 0 };
const NO_RESOURCE: OtlpResource = resourceOf(new AttributeList());
const NO_SCOPE: OtlpScope = { name: '', version: '' };

/** Thrown inside this file only, so that the reason reaches the sender. */
class WrongShape extends Error {}

/**
 * Decodes `opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest`.
 *
 * Driven by hand over the wire primitives of protobufjs instead of generated code: a generated decoder makes an
 * object and a string for every attribute, although we read a third of them. Unknown fields are skipped, as
 * protobuf asks. Field numbers: opentelemetry-proto v1.9, `trace/v1/trace.proto`, `common/v1/common.proto`.
 */
export function decodeProtobuf(body: Uint8Array, keys: KeyTable): Decoded<TraceExport> {
  const buffer = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const walk = new TraceWalk(buffer, keys);
  try {
    return { ok: true, value: { spans: walk.request() } };
  } catch (error) {
    if (error instanceof WrongShape) return { ok: false, reason: error.message };
    // protobufjs throws RangeError past the end and Error for wire types and lengths that do not exist.
    const detail = error instanceof Error ? error.message : String(error);
    return { ok: false, reason: `the body is not a protobuf ExportTraceServiceRequest: ${detail}` };
  }
}

/** The state of one pass over a body: where the reader stands, and what the current span belongs to. */
class TraceWalk {
  readonly #reader: protobuf.Reader;
  readonly #buffer: Buffer;
  readonly #attributes: AttributeReader;
  readonly #spans: OtlpSpan[] = [];

  constructor(buffer: Buffer, keys: KeyTable) {
    this.#buffer = buffer;
    this.#reader = protobuf.Reader.create(buffer);
    this.#attributes = createAttributeReader(this.#reader, buffer, keys);
  }

  request(): readonly OtlpSpan[] {
    this.#eachField(this.#buffer.length, (field, wireType) => {
      if (field !== 1) return false;
      expectMessage(wireType, 'resource_spans');
      this.#resourceSpans(this.#end('resource_spans'));
      return true;
    });
    return this.#spans;
  }

  /** The resource may come after its spans on the wire, so their places are noted and read in a second pass. */
  #resourceSpans(end: number): void {
    let resource = NO_RESOURCE;
    const scopes: { start: number; end: number }[] = [];
    this.#eachField(end, (field, wireType) => {
      if (field === 1) {
        expectMessage(wireType, 'resource');
        resource = resourceOf(this.#attributes.messageWithAttributes(this.#end('resource'), 1));
        return true;
      }
      if (field !== 2) return false;
      expectMessage(wireType, 'scope_spans');
      const scopeEnd = this.#end('scope_spans');
      scopes.push({ start: this.#reader.pos, end: scopeEnd });
      this.#reader.pos = scopeEnd;
      return true;
    });
    for (const scope of scopes) {
      this.#reader.pos = scope.start;
      this.#scopeSpans(scope.end, resource);
    }
    this.#reader.pos = end;
  }

  #scopeSpans(end: number, resource: OtlpResource): void {
    let scope = NO_SCOPE;
    let ofScope = resource;
    const places: number[] = [];
    this.#eachField(end, (field, wireType) => {
      if (field === 1) {
        expectMessage(wireType, 'scope');
        const scopeEnd = this.#end('scope');
        const start = this.#reader.pos;
        scope = this.#scope(scopeEnd);
        this.#reader.pos = start;
        ofScope = resourceOfScope(resource, this.#attributes.messageWithAttributes(scopeEnd, 3));
        return true;
      }
      if (field !== 2) return false;
      expectMessage(wireType, 'spans');
      const spanEnd = this.#end('spans');
      places.push(this.#reader.pos, spanEnd);
      this.#reader.pos = spanEnd;
      return true;
    });
    for (let i = 0; i < places.length; i += 2) {
      this.#reader.pos = places[i] ?? end;
      this.#spans.push(this.#span(places[i + 1] ?? end, scope, ofScope));
    }
    this.#reader.pos = end;
  }

  #scope(end: number): OtlpScope {
    let name = '';
    let version = '';
    this.#eachField(end, (field, wireType) => {
      if (wireType !== LENGTH_DELIMITED || field > 2) return false;
      if (field === 1) name = this.#reader.string();
      else version = this.#reader.string();
      return true;
    });
    return { name, version };
  }

  #span(end: number, scope: OtlpScope, resource: OtlpResource): OtlpSpan {
    const reader = this.#reader;
    let [traceId, spanId, parentSpanId, name, statusMessage] = ['', '', '', '', ''];
    let [kind, statusCode] = [0, 0];
    let [start, ended] = [NO_INSTANT, NO_INSTANT];
    const attributes = this.#attributes.emptyList();
    const events: SpanEvent[] = [];
    while (reader.pos < end) {
      const tag = reader.uint32();
      switch (tag >>> 3) {
        case 1:
          traceId = this.#hex(tag, 'trace_id');
          break;
        case 2:
          spanId = this.#hex(tag, 'span_id');
          break;
        case 4:
          parentSpanId = this.#hex(tag, 'parent_span_id');
          break;
        case 5:
          expectMessage(tag & 7, 'name');
          name = reader.string();
          break;
        case 6:
          if ((tag & 7) !== VARINT) throw notSpans('kind');
          kind = reader.uint32();
          break;
        case 7:
          start = this.#instant(tag, 'start_time_unix_nano');
          break;
        case 8:
          ended = this.#instant(tag, 'end_time_unix_nano');
          break;
        case 9:
          expectMessage(tag & 7, 'attributes');
          this.#attributes.keyValueInto(attributes);
          break;
        case 11:
          expectMessage(tag & 7, 'events');
          this.#event(this.#end('events'), events);
          break;
        case 15:
          expectMessage(tag & 7, 'status');
          [statusCode, statusMessage] = this.#status(this.#end('status'));
          break;
        default:
          reader.skipType(tag & 7);
      }
    }
    if (reader.pos !== end) throw new WrongShape('a span is longer than its length prefix says');
    return {
      traceId,
      spanId,
      parentSpanId,
      name,
      kind,
      statusCode,
      statusMessage,
      attributes,
      events,
      scope,
      resource,
      startMs: startMsOf(start, ended),
      durationMs: durationMsOf(start, ended),
    };
  }

  #event(end: number, events: SpanEvent[]): void {
    let name = '';
    let at = NO_INSTANT;
    const attributes = this.#attributes.emptyList();
    this.#eachField(end, (field, wireType) => {
      if (field === 1 && wireType === FIXED64) at = this.#instant(wireType, 'events.time_unix_nano');
      else if (field === 2 && wireType === LENGTH_DELIMITED) name = this.#reader.string();
      else if (field === 3 && wireType === LENGTH_DELIMITED) this.#attributes.keyValueInto(attributes);
      else return false;
      return true;
    });
    if (events.length < SPAN_EVENTS_MAX) events.push({ name, atMs: instantMs(at), attributes });
  }

  #status(end: number): [number, string] {
    let code = 0;
    let message = '';
    this.#eachField(end, (field, wireType) => {
      if (field === 2 && wireType === LENGTH_DELIMITED) message = this.#reader.string();
      else if (field === 3 && wireType === 0) code = this.#reader.uint32();
      else return false;
      return true;
    });
    return [code, message];
  }

  #hex(tag: number, field: string): string {
    if ((tag & 7) !== LENGTH_DELIMITED) throw notSpans(field);
    const end = this.#end(field);
    const hex = this.#buffer.toString('hex', this.#reader.pos, end);
    this.#reader.pos = end;
    return hex;
  }

  #instant(tag: number, field: string): NanoInstant {
    if ((tag & 7) !== FIXED64) throw notSpans(field);
    const at = this.#reader.pos;
    if (at + 8 > this.#buffer.length) throw new WrongShape(`${field} is cut off`);
    this.#reader.pos = at + 8;
    return { high: this.#buffer.readUInt32LE(at + 4), low: this.#buffer.readUInt32LE(at) };
  }

  /** Reads a length prefix; the answer is where the message ends. */
  #end(field: string): number {
    const length = this.#reader.uint32();
    const end = this.#reader.pos + length;
    if (end > this.#buffer.length) throw new WrongShape(`the body ends inside ${field}: it was cut off`);
    return end;
  }

  /** Calls back for each field; false means not taken, so that it is skipped. */
  #eachField(end: number, take: (field: number, wireType: number) => boolean): void {
    const reader = this.#reader;
    while (reader.pos < end) {
      const tag = reader.uint32();
      if (!take(tag >>> 3, tag & 7)) reader.skipType(tag & 7);
    }
    if (reader.pos !== end) throw new WrongShape('a message is longer than its length prefix says');
  }
}

function expectMessage(wireType: number, field: string): void {
  if (wireType !== LENGTH_DELIMITED) throw notSpans(field);
}

function notSpans(field: string): WrongShape {
  return new WrongShape(
    `${field} has a wire type that no span has: these look like logs or metrics, which belong to /v1/logs and /v1/metrics`,
  );
}
