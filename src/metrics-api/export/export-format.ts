import type { Encoder } from './encoder.ts';
import type { ExportColumn } from './export-column.ts';

export const EXPORT_FORMATS = ['csv', 'ndjson', 'parquet'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

interface Kind {
  readonly contentType: string;
  readonly open: (columns: readonly ExportColumn[], about: Readonly<Record<string, string>>) => Promise<Encoder>;
}

/** Loaded when first wanted: most programs write no file. */
const KINDS: Readonly<Record<ExportFormat, Kind>> = {
  csv: {
    contentType: 'text/csv; charset=utf-8; header=present',
    open: async (columns) => new (await import('./csv-encoder.ts')).CsvEncoder(columns),
  },
  ndjson: {
    contentType: 'application/x-ndjson',
    open: async (columns) => new (await import('./ndjson-encoder.ts')).NdjsonEncoder(columns),
  },
  parquet: {
    contentType: 'application/vnd.apache.parquet',
    open: async (columns, about) => new (await import('./parquet-encoder.ts')).ParquetEncoder(columns, about),
  },
};

export function contentTypeOf(format: ExportFormat): string {
  return KINDS[format].contentType;
}

/** @param about what a file says of itself, where its format has a place for that */
export function openEncoder(
  format: ExportFormat,
  columns: readonly ExportColumn[],
  about: Readonly<Record<string, string>>,
): Promise<Encoder> {
  return KINDS[format].open(columns, about);
}
