import { ownValue } from '../../events/own-value.ts';
import type { AttributeList } from './attribute-list.ts';
import { attributesFromJson, isRecord, type JsonRecord, listOf, textOf } from './decode-json-attributes.ts';
import type { KeyTable } from './key-table.ts';
import { resourceOf, resourceOfScope } from './process-key.ts';
import { durationMsOf, instantMs, type NanoInstant, parseNanoInstant, startMsOf } from './time.ts';
import type { Decoded, OtlpResource, OtlpScope, OtlpSpan, SpanEvent, TraceExport } from './trace-export.ts';
import { SPAN_EVENTS_MAX } from './trace-export.ts';

/** Thrown while a body is read, so that the reason reaches the sender. */
export class WrongShape extends Error {}

/** By the specification enums are numbers; protobuf's own JSON mapping writes names, and some senders use it. */
const KIND_OF_NAME: Readonly<Record<string, number>> = {
  SPAN_KIND_INTERNAL: 1,
  SPAN_KIND_SERVER: 2,
  SPAN_KIND_CLIENT: 3,
  SPAN_KIND_PRODUCER: 4,
  SPAN_KIND_CONSUMER: 5,
};
const STATUS_OF_NAME: Readonly<Record<string, number>> = { STATUS_CODE_OK: 1, STATUS_CODE_ERROR: 2 };

/**
 * Decodes OTLP/JSON: ids in hex (base64 is taken too), 64 bit integers as strings or numbers, absent fields as their
 * zero, `snake_case` names beside the `camelCase` of the specification because hand-made senders copy the .proto.
 */
export function decodeJson(body: Uint8Array, keys: KeyTable): Decoded<TraceExport> {
  const parsed = parseBody(body);
  if (!parsed.ok) return parsed;
  try {
    return { ok: true, value: { spans: spansOf(parsed.value, keys) } };
  } catch (error) {
    if (error instanceof WrongShape) return { ok: false, reason: error.message };
    throw error;
  }
}

export function parseBody(body: Uint8Array): Decoded<unknown> {
  try {
    return { ok: true, value: JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body)) as unknown };
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    return { ok: false, reason: `the body is not JSON in UTF-8: ${detail}` };
  }
}

function spansOf(parsed: unknown, keys: KeyTable): readonly OtlpSpan[] {
  if (!isRecord(parsed)) throw new WrongShape('the body must be an object with resourceSpans');
  refuseOtherSignals(parsed);
  const spans: OtlpSpan[] = [];
  for (const [i, resourceSpans] of messages(parsed, 'resourceSpans', 'resource_spans').entries()) {
    const at = `resourceSpans[${i}]`;
    const resource = resourceFrom(resourceSpans['resource'], keys, at);
    const scopeSpans = messages(resourceSpans, 'scopeSpans', 'scope_spans', at);
    // Exporters before 2022 said instrumentationLibrarySpans.
    const groups =
      scopeSpans.length > 0 ? scopeSpans : messages(resourceSpans, 'instrumentationLibrarySpans', undefined, at);
    for (const [j, group] of groups.entries()) {
      const place = `${at}.scopeSpans[${j}]`;
      const about = aboutScope(group['scope'] ?? group['instrumentationLibrary'], { resource, keys, at: place });
      for (const [k, span] of messages(group, 'spans', undefined, place).entries()) {
        spans.push(spanFrom(span, { ...about, keys, at: `${place}.spans[${k}]` }));
      }
    }
  }
  return spans;
}

function refuseOtherSignals(body: JsonRecord): void {
  if ('resourceLogs' in body || 'resource_logs' in body) {
    throw new WrongShape(
      'these are logs (resourceLogs): post them to /v1/logs, and spans (resourceSpans) to /v1/traces',
    );
  }
  if ('resourceMetrics' in body || 'resource_metrics' in body) {
    throw new WrongShape(
      'these are metrics (resourceMetrics): post them to /v1/metrics, and spans (resourceSpans) to /v1/traces',
    );
  }
  if ('spans' in body || 'traceId' in body) {
    throw new WrongShape('spans must lie in resourceSpans[].scopeSpans[].spans[], as OTLP/JSON asks');
  }
}

export function messages(parent: JsonRecord, name: string, otherName?: string, at = ''): readonly JsonRecord[] {
  const value = parent[name] ?? (otherName === undefined ? undefined : parent[otherName]);
  if (value === undefined || value === null) return [];
  const path = at === '' ? name : `${at}.${name}`;
  if (!Array.isArray(value)) throw new WrongShape(`${path} must be an array`);
  for (const [i, item] of value.entries()) {
    if (!isRecord(item)) throw new WrongShape(`${path}[${i}] must be an object`);
  }
  return value as readonly JsonRecord[];
}

export function resourceFrom(value: unknown, keys: KeyTable, at: string): OtlpResource {
  const resource = isRecord(value) ? value : {};
  return resourceOf(attributesAt(resource, keys, `${at}.resource`));
}

interface ScopePlace {
  readonly resource: OtlpResource;
  readonly keys: KeyTable;
  readonly at: string;
}

/** A scope, and the resource with what the scope says. */
export function aboutScope(
  value: unknown,
  { resource, keys, at }: ScopePlace,
): { readonly scope: OtlpScope; readonly resource: OtlpResource } {
  const scope = isRecord(value) ? value : {};
  return {
    scope: { name: textOf(scope['name']), version: textOf(scope['version']) },
    resource: resourceOfScope(resource, attributesAt(scope, keys, `${at}.scope`)),
  };
}

interface SpanPlace {
  readonly scope: OtlpScope;
  readonly resource: OtlpResource;
  readonly keys: KeyTable;
  /** The path of the span in the body, for error texts. */
  readonly at: string;
}

function spanFrom(span: JsonRecord, { scope, resource, keys, at }: SpanPlace): OtlpSpan {
  const status = isRecord(span['status']) ? span['status'] : {};
  const start = instantAt(span['startTimeUnixNano'] ?? span['start_time_unix_nano']);
  const end = instantAt(span['endTimeUnixNano'] ?? span['end_time_unix_nano']);
  return {
    traceId: idFrom(span['traceId'] ?? span['trace_id'], 16),
    spanId: idFrom(span['spanId'] ?? span['span_id'], 8),
    parentSpanId: idFrom(span['parentSpanId'] ?? span['parent_span_id'], 8),
    name: textOf(span['name']),
    kind: enumFrom(span['kind'], KIND_OF_NAME),
    startMs: startMsOf(start, end),
    durationMs: durationMsOf(start, end),
    statusCode: enumFrom(status['code'], STATUS_OF_NAME),
    statusMessage: textOf(status['message']),
    attributes: attributesAt(span, keys, at),
    events: listOf(span['events'])
      .slice(0, SPAN_EVENTS_MAX)
      .filter(isRecord)
      .map((event) => eventFrom(event, keys)),
    scope,
    resource,
  };
}

function eventFrom(event: JsonRecord, keys: KeyTable): SpanEvent {
  return {
    name: textOf(event['name']),
    atMs: instantMs(instantAt(event['timeUnixNano'] ?? event['time_unix_nano'])),
    attributes: attributesAt(event, keys, 'events[]'),
  };
}

export function attributesAt(owner: JsonRecord, keys: KeyTable, at: string): AttributeList {
  const attributes = owner['attributes'];
  if (isRecord(attributes)) {
    throw new WrongShape(
      `${at}.attributes must be an array of {"key":…,"value":{"stringValue":…}}, not an object, as OTLP/JSON asks`,
    );
  }
  return attributesFromJson(listOf(attributes), keys);
}

/** A time that is no count of ns is as good as none; the span is refused later, alone. */
export function instantAt(value: unknown): NanoInstant {
  return parseNanoInstant(value) ?? { high: 0, low: 0 };
}

function enumFrom(value: unknown, codeOfName: Readonly<Record<string, number>>): number {
  if (typeof value === 'number') return value;
  if (typeof value !== 'string') return 0;
  return ownValue(codeOfName, value) ?? (/^\d+$/.test(value) ? Number(value) : 0);
}

/** Hex by the OTLP specification; base64 by protobuf's own JSON mapping, told apart by the length. */
export function idFrom(value: unknown, byteCount: number): string {
  const text = textOf(value);
  if (text.length === byteCount * 2) return text.toLowerCase();
  const bytes = Buffer.from(text, 'base64');
  return bytes.length === byteCount ? bytes.toString('hex') : text;
}
