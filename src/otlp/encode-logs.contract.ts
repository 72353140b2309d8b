import protobuf from 'protobufjs/minimal.js';
import { field } from './otlp-builders.contract.ts';

export interface JsonKeyValue {
  readonly key: string;
  readonly value: JsonValue;
}

export interface JsonValue {
  readonly stringValue?: string;
  readonly boolValue?: boolean;
  readonly intValue?: string | number;
  readonly doubleValue?: number;
  readonly arrayValue?: { readonly values: readonly JsonValue[] };
  readonly kvlistValue?: { readonly values: readonly JsonKeyValue[] };
}

export interface JsonLogRecord {
  readonly timeUnixNano?: string;
  readonly observedTimeUnixNano?: string;
  readonly body?: JsonValue | null;
  readonly attributes: readonly JsonKeyValue[];
  readonly traceId?: string;
  readonly spanId?: string;
  readonly eventName?: string;
}

/** OTLP/JSON of logs, as agents write it. */
export interface JsonLogs {
  readonly resourceLogs: readonly {
    readonly resource: { readonly attributes: readonly JsonKeyValue[] };
    readonly scopeLogs: readonly {
      readonly scope?: { readonly name: string; readonly version?: string };
      readonly logRecords: readonly JsonLogRecord[];
    }[];
  }[];
}

export type Write = (writer: protobuf.Writer) => void;

/** Writes a JSON export as protobuf: `logs/v1/logs.proto` and `common/v1/common.proto` of opentelemetry-proto 1.9. */
export function encodeLogs({ resourceLogs }: JsonLogs): Buffer {
  const parts = resourceLogs.map(({ resource, scopeLogs }) =>
    field(1, (writer) => {
      nested(writer, 1, attributes(1, resource.attributes));
      for (const { scope, logRecords } of scopeLogs) {
        nested(writer, 2, (group) => {
          nested(group, 1, (named) => {
            named.uint32(tag(1, 2)).string(scope?.name ?? '');
            named.uint32(tag(2, 2)).string(scope?.version ?? '');
          });
          for (const record of logRecords) nested(group, 2, logRecord(record));
        });
      }
    }),
  );
  return Buffer.concat(parts);
}

function logRecord(record: JsonLogRecord): Write {
  return (writer) => {
    instant(writer, 1, record.timeUnixNano);
    const { body = null, traceId = '', spanId = '', eventName = '' } = record;
    if (body !== null) nested(writer, 5, anyValue(body));
    attributes(6, record.attributes)(writer);
    if (traceId !== '') writer.uint32(tag(9, 2)).bytes(Buffer.from(traceId, 'hex'));
    if (spanId !== '') writer.uint32(tag(10, 2)).bytes(Buffer.from(spanId, 'hex'));
    instant(writer, 11, record.observedTimeUnixNano);
    if (eventName !== '') writer.uint32(tag(12, 2)).string(eventName);
  };
}

/** An encoder leaves out what is 0. */
export function instant(writer: protobuf.Writer, number: number, nanos = '0'): void {
  const all = BigInt(nanos);
  if (all === 0n) return;
  writer
    .uint32(tag(number, 1))
    .fixed32(Number(all & 0xffff_ffffn))
    .fixed32(Number(all >> 32n));
}

export function attributes(number: number, list: readonly JsonKeyValue[]): Write {
  return (writer) => {
    for (const { key, value } of list) {
      nested(writer, number, (pair) => {
        pair.uint32(tag(1, 2)).string(key);
        nested(pair, 2, anyValue(value));
      });
    }
  };
}

function anyValue(value: JsonValue): Write {
  return (writer) => {
    if (value.stringValue !== undefined) writer.uint32(tag(1, 2)).string(value.stringValue);
    else if (value.boolValue !== undefined) writer.uint32(tag(2, 0)).bool(value.boolValue);
    else if (value.intValue !== undefined) writer.uint32(tag(3, 0)).int64(Number(value.intValue));
    else if (value.doubleValue !== undefined) writer.uint32(tag(4, 1)).double(value.doubleValue);
    else if (value.arrayValue !== undefined) {
      const { values } = value.arrayValue;
      nested(writer, 5, (array) => {
        for (const item of values) nested(array, 1, anyValue(item));
      });
    } else if (value.kvlistValue !== undefined) nested(writer, 6, attributes(1, value.kvlistValue.values));
  };
}

export function nested(writer: protobuf.Writer, number: number, write: Write): void {
  writer.uint32(tag(number, 2)).fork();
  write(writer);
  writer.ldelim();
}

export function tag(number: number, wireType: number): number {
  return (number << 3) | wireType;
}
