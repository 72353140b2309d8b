import type { Signal } from '../export-answer.ts';
import { countJsonItems } from './count-json-items.ts';
import { countProtobufItems } from './count-protobuf-items.ts';
import type { OtlpFormat } from './decode-traces.ts';
import type { ExportLimits, ItemCount } from './item-count.ts';

/** 16 MiB hold some 30,000 spans of model calls without their prompts, and 700,000 attributes. */
export const EXPORT_LIMITS: ExportLimits = { itemsMax: 100_000, partsMax: 2_000_000 };

export const EXPLAIN_LIMITS: ExportLimits = { itemsMax: 1_000, partsMax: 200_000 };

const ITEM_NAMES: Readonly<Record<Signal, string>> = {
  traces: 'spans',
  logs: 'log records',
  metrics: 'data points',
};

/** What is too much of a count, fit for the answer 413; null for what may be decoded. */
export function excessOf({ items, parts }: Readonly<ItemCount>, signal: Signal, limits: ExportLimits): string | null {
  const { itemsMax, partsMax } = limits;
  if (items > itemsMax) return `The body holds more than ${itemsMax} ${ITEM_NAMES[signal]}; send several smaller ones`;
  return parts > partsMax ? `The body holds more than ${partsMax} values; send several smaller ones` : null;
}

/**
 * Counts what a decompressed body holds, up to one beyond a limit. Scans bytes and makes no objects; what is no OTLP at
 * all gives some count, and is left to the decoder to refuse.
 */
export function countItems(
  body: Uint8Array,
  { format, signal, limits }: { format: OtlpFormat; signal: Signal; limits: ExportLimits },
): Readonly<ItemCount> {
  return format === 'json' ? countJsonItems(body, signal, limits) : countProtobufItems(body, signal, limits);
}
