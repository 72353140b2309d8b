import { decodeJsonLogs } from './decode-json-logs.ts';
import { decodeProtobufLogs } from './decode-protobuf-logs.ts';
import type { OtlpFormat } from './decode-traces.ts';
import type { KeyTable } from './key-table.ts';
import type { LogExport } from './log-export.ts';
import type { Decoded } from './trace-export.ts';

/** Decodes a decompressed body of `/v1/logs`. The reason of a failure is fit for the answer 400. */
export function decodeLogs(body: Uint8Array, format: OtlpFormat, keys: KeyTable): Decoded<LogExport> {
  return format === 'json' ? decodeJsonLogs(body, keys) : decodeProtobufLogs(body, keys);
}
