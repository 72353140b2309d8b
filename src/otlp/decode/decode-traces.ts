import { decodeJson } from './decode-json.ts';
import { decodeProtobuf } from './decode-protobuf.ts';
import type { KeyTable } from './key-table.ts';
import type { Decoded, TraceExport } from './trace-export.ts';

/** How an OTLP body is written, and therefore how it must be answered. */
export type OtlpFormat = 'protobuf' | 'json';

/**
 * The format named by a Content-Type, parameters and case ignored; null for any other type (HTTP 415).
 * `application/octet-stream` is not taken: it would turn a wrong upload into a parse error.
 */
export function otlpFormatOf(contentType: string | undefined): OtlpFormat | null {
  const mediaType = contentType?.split(';', 1)[0]?.trim().toLowerCase();
  if (mediaType === 'application/x-protobuf' || mediaType === 'application/protobuf') return 'protobuf';
  return mediaType === 'application/json' ? 'json' : null;
}

/** Decodes a decompressed body. The reason of a failure is fit for the answer 400. */
export function decodeTraces(body: Uint8Array, format: OtlpFormat, keys: KeyTable): Decoded<TraceExport> {
  return format === 'json' ? decodeJson(body, keys) : decodeProtobuf(body, keys);
}
