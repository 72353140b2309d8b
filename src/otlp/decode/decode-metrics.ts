import { decodeJsonMetrics } from './decode-json-metrics.ts';
import { decodeProtobufMetrics } from './decode-protobuf-metrics.ts';
import type { OtlpFormat } from './decode-traces.ts';
import type { KeyTable } from './key-table.ts';
import type { MetricExport, WantsMetric } from './metric-export.ts';
import type { Decoded } from './trace-export.ts';

/**
 * Decodes a decompressed body of `/v1/metrics`. The reason of a failure is fit for the answer 400.
 *
 * @param keys has to keep every key: all attributes together say which series a point is of
 */
export function decodeMetrics(
  body: Uint8Array,
  format: OtlpFormat,
  { keys, wants }: { readonly keys: KeyTable; readonly wants: WantsMetric },
): Decoded<MetricExport> {
  return format === 'json' ? decodeJsonMetrics(body, keys, wants) : decodeProtobufMetrics(body, keys, wants);
}
