import type { ExportRow } from './export-column.ts';

/** Turns rows into the bytes of a file, a few at a time. */
export interface Encoder {
  /** What stands before all rows. */
  begin(): Uint8Array;
  /** Keeps no more than a bounded number of them. */
  add(rows: readonly ExportRow[]): Uint8Array;
  end(): Uint8Array;
}

/** The file piece by piece: the next page is asked for when the bytes of the one before were taken. */
export async function* encoded(
  encoder: Encoder,
  pages: AsyncIterable<readonly ExportRow[]>,
): AsyncGenerator<Uint8Array, void, undefined> {
  yield* some(encoder.begin());
  for await (const rows of pages) yield* some(encoder.add(rows));
  yield* some(encoder.end());
}

function* some(bytes: Uint8Array): Generator<Uint8Array> {
  if (bytes.length > 0) yield bytes;
}
