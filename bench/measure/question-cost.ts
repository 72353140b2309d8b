import { isLongQuestion } from '../../src/metrics-api/question-size.ts';
import { StoreQueries } from '../../src/metrics-api/store-queries.ts';
import { openSqliteMetricsStore } from '../../src/metrics-store/sqlite/sqlite-metrics-store.ts';
import { HISTORY_QUESTIONS } from '../data/history-questions.ts';
import type { HistoryDirectory } from '../setup/history-directory.ts';
import { type Spread, spreadOf } from './contest.ts';

/** Seventeen minutes and some seconds off any boundary: the range lies on no day. */
export const OFF_MS = 17 * 60_000;
/** V8 compiles what is hot only after some; a program that answers has done so. */
const WARM_UP = 6;
const ASKED = 7;

/**
 * CPU seconds of this process for one of `HISTORY_QUESTIONS`, from the store to the text of the answer, which is told
 * part by part where the program would send it so.
 */
export async function questionCpuSeconds({ storePath, toMs }: HistoryDirectory, name: string): Promise<Spread> {
  const asked = HISTORY_QUESTIONS.find((question) => question.name === name);
  if (asked === undefined) throw new Error(`There is no question "${name}"`);
  const reader = openSqliteMetricsStore({ path: storePath, readOnly: true });
  const queries = new StoreQueries({ reader });
  const seconds: number[] = [];
  for (let i = 0; i < WARM_UP + ASKED; i++) {
    const question = asked.questionOf(toMs - OFF_MS);
    const parts: string[] = [];
    const onPart = (text: string) => parts.push(text);
    const before = process.cpuUsage();
    await queries.answer(asked.kind, question, isLongQuestion(asked.kind, question) ? { onPart } : {});
    const { user, system } = process.cpuUsage(before);
    if (i >= WARM_UP) seconds.push((user + system) / 1e6);
  }
  await queries.close();
  return spreadOf(seconds);
}
