import { formatInstant, formatSecond } from '../../events/timestamp.ts';
import { decimalText } from './decimal-text.ts';
import type { Encoder } from './encoder.ts';
import type { ColumnKind, ExportColumn, ExportRow, ExportValue } from './export-column.ts';

/** A JSON object a line. Decimals are strings, as most readers would make floating-point numbers of them. */
export class NdjsonEncoder implements Encoder {
  readonly #columns: readonly ExportColumn[];
  readonly #names: readonly string[];

  constructor(columns: readonly ExportColumn[]) {
    this.#columns = columns;
    this.#names = columns.map(({ name }) => JSON.stringify(name));
  }

  begin(): Uint8Array {
    return new Uint8Array(0);
  }

  add(rows: readonly ExportRow[]): Uint8Array {
    let text = '';
    for (const row of rows) {
      const fields = this.#columns.map(({ kind }, at) => `${this.#names[at]}:${field(kind, row[at] ?? null)}`);
      text += `{${fields.join(',')}}\n`;
    }
    return Buffer.from(text);
  }

  end(): Uint8Array {
    return new Uint8Array(0);
  }
}

function field(kind: ColumnKind, value: ExportValue): string {
  if (value === null) return 'null';
  if (kind === 'decimal') return `"${decimalText(value as bigint)}"`;
  if (kind === 'second') return `"${formatSecond(value as number)}"`;
  if (kind === 'instant') return `"${formatInstant(value as number)}"`;
  // It is JSON already.
  return kind === 'json' ? String(value) : JSON.stringify(value);
}
