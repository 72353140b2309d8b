import type { ExportRow } from './export-column.ts';
import type { ExportCursor, ExportPage } from './export-query.ts';

/** Page after page, each asked for when the one before was taken. */
export async function* exportPages(
  read: (cursor: ExportCursor | null) => Promise<ExportPage>,
): AsyncGenerator<readonly ExportRow[], void, undefined> {
  for (let cursor: ExportCursor | null = null; ; ) {
    const page: ExportPage = await read(cursor);
    if (page.rows.length > 0) yield page.rows;
    if (page.next === null) return;
    cursor = page.next;
  }
}
