import { ByteWriter, ParquetWriter } from 'hyparquet-writer';
import type { Encoder } from './encoder.ts';
import {
  type ColumnKind,
  DECIMAL_SCALE,
  type ExportColumn,
  type ExportRow,
  type ExportValue,
} from './export-column.ts';

/** A row group is written when it has so many rows, or so many characters of text: what is held at a time. */
const GROUP_ROWS_MAX = 10_000;
const GROUP_CHARACTERS_MAX = 16 * 1024 * 1024;

/** Parquet, one row group after the other. What is behind the last of them, the footer, has some 5 KB a group. */
export class ParquetEncoder implements Encoder {
  readonly #columns: readonly ExportColumn[];
  readonly #bytes = new DrainedWriter();
  readonly #writer: ParquetWriter;
  #rows: ExportRow[] = [];
  #characters = 0;

  constructor(columns: readonly ExportColumn[], about: Readonly<Record<string, string>>) {
    this.#columns = columns;
    this.#writer = new ParquetWriter({
      writer: this.#bytes,
      schema: [{ name: 'root', num_children: columns.length }, ...columns.map(schemaOf)],
      kvMetadata: Object.entries(about).map(([key, value]) => ({ key, value })),
      createdBy: 'streamlens',
    });
  }

  begin(): Uint8Array {
    return this.#bytes.drain();
  }

  add(rows: readonly ExportRow[]): Uint8Array {
    for (const row of rows) {
      this.#rows.push(row);
      for (const value of row) if (typeof value === 'string') this.#characters += value.length;
      if (this.#rows.length >= GROUP_ROWS_MAX || this.#characters >= GROUP_CHARACTERS_MAX) this.#writeGroup();
    }
    return this.#bytes.drain();
  }

  end(): Uint8Array {
    this.#writeGroup();
    void this.#writer.finish();
    return this.#bytes.drain();
  }

  #writeGroup(): void {
    const rows = this.#rows;
    if (rows.length === 0) return;
    const columnData = this.#columns.map(({ name, kind }, at) => ({
      name,
      data: rows.map((row) => stored(kind, row[at] ?? null)),
    }));
    void this.#writer.write({ columnData, rowGroupSize: rows.length });
    this.#rows = [];
    this.#characters = 0;
  }
}

/** What was written is taken out after each row group, so that it does not grow to the size of the file. */
class DrainedWriter extends ByteWriter {
  drain(): Uint8Array {
    const bytes = Uint8Array.from(new Uint8Array(this.buffer, 0, this.index));
    this.index = 0;
    return bytes;
  }
}

type SchemaElement = ConstructorParameters<typeof ParquetWriter>[0]['schema'][number];

const TYPES: Readonly<Record<ColumnKind, Omit<SchemaElement, 'name'>>> = {
  text: { type: 'BYTE_ARRAY', converted_type: 'UTF8' },
  // As text: the type JSON would have it parsed and written anew, and large numbers in it would not come through.
  json: { type: 'BYTE_ARRAY', converted_type: 'UTF8' },
  boolean: { type: 'BOOLEAN' },
  integer: { type: 'INT64' },
  number: { type: 'DOUBLE' },
  instant: { type: 'INT64', converted_type: 'TIMESTAMP_MILLIS' },
  second: { type: 'INT64', converted_type: 'TIMESTAMP_MILLIS' },
  decimal: {
    type: 'FIXED_LEN_BYTE_ARRAY',
    type_length: 16,
    converted_type: 'DECIMAL',
    precision: 38,
    scale: DECIMAL_SCALE,
  },
};

function schemaOf({ name, kind }: ExportColumn): SchemaElement {
  return { name, repetition_type: 'OPTIONAL', ...TYPES[kind] };
}

function stored(kind: ColumnKind, value: ExportValue): unknown {
  if (value === null) return null;
  const isWhole = kind === 'integer' || kind === 'instant' || kind === 'second';
  return isWhole ? BigInt(Math.trunc(value as number)) : value;
}
