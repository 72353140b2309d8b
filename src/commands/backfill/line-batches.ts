import { isUtf8 } from 'node:buffer';
import { EVENT_BYTES_MAX } from '../../events/fields.ts';

/** A batch of lines that fits into one post, and where the input goes on after it. */
export interface LineBatch {
  /** The lines with their newlines: NDJSON. */
  readonly body: Buffer<ArrayBuffer>;
  /** The number of each line in the input, from 1. */
  readonly lineNumbers: readonly number[];
  /** Lines that are no use sending. */
  readonly badLines: readonly BadLine[];
  /** The next batch begins here, in bytes and lines of the decompressed input. */
  readonly end: InputPosition;
}

export interface InputPosition {
  readonly bytes: number;
  readonly lines: number;
}

export interface BadLine {
  readonly line: number;
  readonly why: string;
}

export const START: InputPosition = { bytes: 0, lines: 0 };

/** Large enough that a post's own cost does not count, small enough that sending one again is quick. */
const BATCH_BYTES_MAX = 1024 * 1024;
const BATCH_LINES_MAX = 10_000;
const NEWLINE = 0x0a;

/**
 * Cuts what comes into batches of whole lines. Memory is bounded by one batch, whatever comes: a line longer than an
 * event may be is dropped while it is read. Empty lines count as lines but are not sent.
 *
 * Where it begins alone decides where a batch ends, so another run cuts the same batches.
 *
 * @param input decompressed bytes from `from` on
 * @param firstLinesMax lines of the first batch, where an earlier run ended it by another reason
 */
export async function* lineBatches(
  input: AsyncIterable<Uint8Array>,
  from: InputPosition,
  firstLinesMax = BATCH_LINES_MAX,
): AsyncGenerator<LineBatch> {
  let linesMax = Math.min(firstLinesMax, BATCH_LINES_MAX);
  let batch = new GrowingBatch(from);
  for await (const chunk of input) {
    for (let at = 0; at < chunk.length; ) {
      const newline = chunk.indexOf(NEWLINE, at);
      const end = newline === -1 ? chunk.length : newline;
      batch.addPart(chunk.subarray(at, end));
      at = end;
      if (newline === -1) break;
      batch.endLine(1);
      at++;
      if (batch.bytes >= BATCH_BYTES_MAX || batch.lineCount >= linesMax) {
        const full = batch.finish();
        batch = new GrowingBatch(full.end);
        linesMax = BATCH_LINES_MAX;
        yield full;
      }
    }
  }
  if (batch.hasPart) batch.endLine(0);
  if (batch.lineCount > 0) yield batch.finish();
}

class GrowingBatch {
  /** How many bytes the lines to send have. */
  bytes = 0;
  /** How many lines were taken, those that are not sent included. */
  lineCount = 0;
  readonly #lines: Buffer[] = [];
  readonly #lineNumbers: number[] = [];
  readonly #badLines: BadLine[] = [];
  #end: InputPosition;
  #parts: Buffer[] = [];
  #lineBytes = 0;

  constructor(start: InputPosition) {
    this.#end = start;
  }

  get hasPart(): boolean {
    return this.#lineBytes > 0;
  }

  addPart(part: Uint8Array): void {
    this.#lineBytes += part.length;
    // What is too long already is only counted.
    if (this.#lineBytes <= EVENT_BYTES_MAX + 1) this.#parts.push(Buffer.from(part));
    else this.#parts = [];
  }

  endLine(newlineBytes: number): void {
    const line = this.#end.lines + 1;
    this.lineCount++;
    this.#end = { bytes: this.#end.bytes + this.#lineBytes + newlineBytes, lines: line };
    const why = this.#addLine(line);
    if (why !== null) this.#badLines.push({ line, why });
    this.#parts = [];
    this.#lineBytes = 0;
  }

  finish(): LineBatch {
    const body = Buffer.concat(this.#lines);
    return { body, lineNumbers: this.#lineNumbers, badLines: this.#badLines, end: this.#end };
  }

  /** @returns why the line is not sent */
  #addLine(line: number): string | null {
    if (this.#lineBytes > EVENT_BYTES_MAX + 1)
      return `takes ${this.#lineBytes} bytes; an event takes at most ${EVENT_BYTES_MAX}`;
    const text = Buffer.concat(this.#parts);
    if (isBlank(text)) return null;
    // One byte that is not UTF-8 would have the whole batch refused.
    if (!isUtf8(text)) return 'is not UTF-8';
    this.#lines.push(text, LINE_END);
    this.#lineNumbers.push(line);
    this.bytes += text.length + 1;
    return null;
  }
}

const LINE_END = Buffer.from('\n');

function isBlank(line: Buffer): boolean {
  for (const byte of line) if (byte !== 0x20 && byte !== 0x09 && byte !== 0x0d) return false;
  return true;
}
