import { AttributeList } from './attribute-list.ts';
import {
  aboutScope,
  attributesAt,
  idFrom,
  instantAt,
  messages,
  parseBody,
  resourceFrom,
  WrongShape,
} from './decode-json.ts';
import { attributesFromJson, isRecord, type JsonRecord, listOf, textOf } from './decode-json-attributes.ts';
import type { KeyTable } from './key-table.ts';
import { eventNameOf, type LogExport, type OtlpLog } from './log-export.ts';
import { instantMs } from './time.ts';
import type { Decoded, OtlpResource, OtlpScope } from './trace-export.ts';

/** Decodes OTLP/JSON of logs, as forgiving as that of spans. */
export function decodeJsonLogs(body: Uint8Array, keys: KeyTable): Decoded<LogExport> {
  const parsed = parseBody(body);
  if (!parsed.ok) return parsed;
  try {
    return { ok: true, value: { logs: logsOf(parsed.value, keys) } };
  } catch (error) {
    if (error instanceof WrongShape) return { ok: false, reason: error.message };
    throw error;
  }
}

function logsOf(parsed: unknown, keys: KeyTable): readonly OtlpLog[] {
  if (!isRecord(parsed)) throw new WrongShape('the body must be an object with resourceLogs');
  if ('resourceSpans' in parsed || 'resource_spans' in parsed) {
    throw new WrongShape(
      'these are spans (resourceSpans): post them to /v1/traces, and logs (resourceLogs) to /v1/logs',
    );
  }
  const logs: OtlpLog[] = [];
  for (const [i, resourceLogs] of messages(parsed, 'resourceLogs', 'resource_logs').entries()) {
    const at = `resourceLogs[${i}]`;
    const resource = resourceFrom(resourceLogs['resource'], keys, at);
    for (const [j, group] of messages(resourceLogs, 'scopeLogs', 'scope_logs', at).entries()) {
      const place = `${at}.scopeLogs[${j}]`;
      const about = aboutScope(group['scope'], { resource, keys, at: place });
      for (const [k, record] of messages(group, 'logRecords', 'log_records', place).entries()) {
        logs.push(logFrom(record, { ...about, keys, at: `${place}.logRecords[${k}]` }));
      }
    }
  }
  return logs;
}

interface LogPlace {
  readonly scope: OtlpScope;
  readonly resource: OtlpResource;
  readonly keys: KeyTable;
  /** The path of the record in the body, for error texts. */
  readonly at: string;
}

function logFrom(record: JsonRecord, { scope, resource, keys, at }: LogPlace): OtlpLog {
  const own = attributesAt(record, keys, at);
  const body = isRecord(record['body']) ? record['body'] : {};
  const attributes = withBody(own, body, keys);
  return {
    traceId: idFrom(record['traceId'] ?? record['trace_id'], 16),
    spanId: idFrom(record['spanId'] ?? record['span_id'], 8),
    eventName: eventNameOf(
      attributes,
      textOf(record['eventName'] ?? record['event_name']),
      textOf(body['stringValue'] ?? body['string_value']),
    ),
    timeMs: instantMs(instantAt(record['timeUnixNano'] ?? record['time_unix_nano'])),
    observedMs: instantMs(instantAt(record['observedTimeUnixNano'] ?? record['observed_time_unix_nano'])),
    attributes,
    scope,
    resource,
  };
}

/** Earlier versions of the convention put an event's attributes into the body. */
function withBody(own: AttributeList, body: JsonRecord, keys: KeyTable): AttributeList {
  const map = body['kvlistValue'] ?? body['kvlist_value'];
  if (!isRecord(map)) return own;
  const behind = attributesFromJson(listOf(map['values']), keys);
  for (const [i, key] of behind.keys.entries()) if (!own.has(key)) own.set(key, behind.values[i] ?? null);
  return own;
}
