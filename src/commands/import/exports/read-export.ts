import type { SessionCall, SessionContent } from '../session-call.ts';
import { readRow } from './exported-call.ts';
import type { Mapping } from './mapping.ts';
import { rowsOf } from './rows.ts';

const PROBLEMS_MAX = 20;

/** Reads an export of a gateway. A row that cannot be read is told with its line, and costs none of the others. */
export function readExport(path: string, mapping: Mapping, source: string): SessionContent {
  const calls: SessionCall[] = [];
  const problems: string[] = [];
  let refusedRows = 0;
  for (const each of rowsOf(path)) {
    const reading = 'row' in each ? readRow(each.row, mapping, source) : each;
    if ('call' in reading) calls.push(reading.call);
    if (!('why' in reading)) continue;
    refusedRows++;
    if (problems.length < PROBLEMS_MAX) problems.push(`line ${each.line}: ${reading.why}`);
  }
  return { calls, unreadableLines: 0, problems, refusedRows };
}
