import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { allLinesOf } from '../session-files.ts';
import type { Row } from './expression.ts';

/** A row of an export and the line that it begins in, from 1; or why what stands there is none. */
export type NumberedRow = { readonly line: number } & ({ readonly row: Row } | { readonly why: string });

/** Of a document that is one JSON text: it is held as a whole. */
const DOCUMENT_CHARS_MAX = 256 * 1024 * 1024;
const UNPACKED_BYTES_MAX = 1024 * 1024 * 1024;

/**
 * The rows of NDJSON, of a JSON list (bare, or below a field such as `data`), or of CSV with a header: its first
 * character tells. `.gz` is unpacked.
 *
 * @throws where the file cannot be read, or is neither
 */
export function* rowsOf(path: string): Generator<NumberedRow> {
  const lines = path.endsWith('.gz') ? unpackedLines(path) : allLinesOf(path);
  let line = 0;
  for (const text of lines) {
    line++;
    const first = text.replace(/^\uFEFF/, '').trimStart();
    if (first === '') continue;
    if (first.startsWith('[') || (first.startsWith('{') && parsed(first) === undefined)) {
      yield* documentRows(first, lines, path);
    } else if (first.startsWith('{')) yield* ndjsonRows(first, lines, line);
    else yield* csvRows(first, lines, line);
    return;
  }
}

function unpackedLines(path: string): Iterator<string> & Iterable<string> {
  const text = gunzipSync(readFileSync(path), { maxOutputLength: UNPACKED_BYTES_MAX }).toString('utf8');
  return text.split('\n').values();
}

function* documentRows(first: string, rest: Iterable<string>, path: string): Generator<NumberedRow> {
  let text = first;
  for (const line of rest) {
    text += `\n${line}`;
    if (text.length > DOCUMENT_CHARS_MAX) {
      throw new Error(
        `${path} is one JSON text of more than ${DOCUMENT_CHARS_MAX} characters: write a row a line (NDJSON)`,
      );
    }
  }
  const value = parsed(text);
  const list = Array.isArray(value) ? (value as unknown[]) : listIn(value);
  if (list === null) throw new Error(`${path} is neither NDJSON, nor a JSON list, nor CSV with a header`);
  for (const [index, each] of list.entries()) yield rowOf(each, index + 1);
}

/** Where APIs put the list of their answer. */
const LISTS = ['data', 'items', 'observations', 'result', 'results', 'records', 'logs', 'events'] as const;

function listIn(value: unknown): readonly unknown[] | null {
  if (!isRow(value)) return null;
  const lists = LISTS.map((name) => value[name]);
  return (lists.find((each) => Array.isArray(each)) as unknown[] | undefined) ?? null;
}

function* ndjsonRows(first: string, rest: Iterable<string>, firstLine: number): Generator<NumberedRow> {
  const value = parsed(first);
  const list = listIn(value);
  // One answer of an API in one line: its list are the rows.
  if (list !== null && list.every(isRow)) for (const [index, each] of list.entries()) yield rowOf(each, index + 1);
  else yield rowOf(value, firstLine);
  let line = firstLine;
  for (const text of rest) {
    line++;
    if (text.trim() !== '') yield rowOf(parsed(text), line);
  }
}

function rowOf(value: unknown, line: number): NumberedRow {
  return isRow(value) ? { line, row: value } : { line, why: 'it is no JSON object' };
}

function isRow(value: unknown): value is Row {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

const DELIMITERS = [',', ';', '\t', '|'] as const;
/** A quote that is never closed takes the rest of the file. */
const ROW_LINES_MAX = 1_000;

function* csvRows(first: string, rest: Iterable<string>, firstLine: number): Generator<NumberedRow> {
  const delimiter = DELIMITERS.toSorted((a, b) => first.split(b).length - first.split(a).length)[0] ?? ',';
  const header = (cellsOf(first, delimiter) ?? [first]).map((name) => name.trim());
  let [line, startLine, held] = [firstLine, firstLine, ''];
  for (const text of rest) {
    line++;
    if (held === '') {
      if (text.trim() === '') continue;
      startLine = line;
    }
    held = held === '' ? text : `${held}\n${text}`;
    const cells = cellsOf(held, delimiter);
    if (cells === null && line - startLine < ROW_LINES_MAX) continue;
    held = '';
    yield csvRow(cells, header, startLine);
  }
  if (held !== '') yield csvRow(null, header, startLine);
}

function csvRow(cells: readonly string[] | null, header: readonly string[], line: number): NumberedRow {
  if (cells === null) return { line, why: 'a quote is not closed' };
  if (cells.length !== header.length) {
    return { line, why: `it has ${cells.length} columns where the header has ${header.length}` };
  }
  return { line, row: Object.fromEntries(header.map((name, i) => [name, cells[i]])) };
}

/** RFC 4180. @returns null where a quoted cell goes on in the next line */
function cellsOf(text: string, delimiter: string): string[] | null {
  const line = text.endsWith('\r') ? text.slice(0, -1) : text;
  const cells: string[] = [];
  let at = 0;
  for (;;) {
    if (line[at] === '"') {
      const end = closingQuote(line, at + 1);
      if (end === -1) return null;
      cells.push(line.slice(at + 1, end).replaceAll('""', '"'));
      at = end + 1;
      if (at < line.length && line[at] !== delimiter)
        at = line.indexOf(delimiter, at) === -1 ? line.length : line.indexOf(delimiter, at);
    } else {
      const end = line.indexOf(delimiter, at);
      cells.push(line.slice(at, end === -1 ? undefined : end));
      at = end === -1 ? line.length : end;
    }
    if (at >= line.length) return cells;
    at++;
    if (at === line.length) {
      cells.push('');
      return cells;
    }
  }
}

function closingQuote(line: string, from: number): number {
  for (let at = line.indexOf('"', from); at !== -1; at = line.indexOf('"', at + 2)) {
    if (line[at + 1] !== '"') return at;
  }
  return -1;
}
