import { formatInstant, formatSecond } from '../../events/timestamp.ts';
import { decimalText } from './decimal-text.ts';
import type { Encoder } from './encoder.ts';
import type { ColumnKind, ExportColumn, ExportRow, ExportValue } from './export-column.ts';

/**
 * CSV as RFC 4180 has it, but for lines that end in LF. What is null is empty; an empty text is `""`, so that the two
 * are told apart by who wants to.
 */
export class CsvEncoder implements Encoder {
  readonly #columns: readonly ExportColumn[];

  constructor(columns: readonly ExportColumn[]) {
    this.#columns = columns;
  }

  begin(): Uint8Array {
    return Buffer.from(`${this.#columns.map(({ name }) => name).join(',')}\n`);
  }

  add(rows: readonly ExportRow[]): Uint8Array {
    let text = '';
    for (const row of rows) text += `${this.#columns.map(({ kind }, at) => cell(kind, row[at] ?? null)).join(',')}\n`;
    return Buffer.from(text);
  }

  end(): Uint8Array {
    return new Uint8Array(0);
  }
}

function cell(kind: ColumnKind, value: ExportValue): string {
  if (value === null) return '';
  if (kind === 'decimal') return decimalText(value as bigint);
  if (kind === 'second') return formatSecond(value as number);
  if (kind === 'instant') return formatInstant(value as number);
  if (kind === 'text' || kind === 'json') return quoted(inert(String(value)));
  return String(value);
}

/**
 * A table program would take these for a formula, and run what a sender wrote. `@cf/meta/llama` is a model and no
 * formula: it calls nothing.
 */
const inert = (text: string): string => (/^\s*(?:=|[+\-@][^]*[(|!])/.test(text) ? `'${text}` : text);

const quoted = (text: string): string =>
  text === '' || /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
