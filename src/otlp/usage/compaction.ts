import { countFrom, valueAt } from '../dialects/read-value.ts';

/**
 * Claude may shorten a conversation before it answers. Its API bills both, and tells them as `iterations` of one usage,
 * whose own counts are those of the answer alone:
 *
 * `{"input_tokens": 23000, "output_tokens": 1000, "iterations": [{"type": "compaction", "input_tokens": 180000}, …]}`
 *
 * Other iterations add nothing: those of the answer are in the counts, an attempt that another model took over is not
 * billed, and an adviser is a model with a price of its own.
 *
 * @returns the counts of all compactions of one usage, by path; none where there was none
 */
export function compactionLeaves(usage: object): readonly (readonly [path: string, count: number])[] {
  const { iterations } = usage as { readonly iterations?: unknown };
  if (!Array.isArray(iterations)) return [];
  const of = (type: string): readonly unknown[] => iterations.filter((each) => valueAt(each, 'type') === type);
  const compactions = of('compaction');
  if (compactions.length === 0) return [];
  const sum = (items: readonly unknown[], names: readonly string[]): number =>
    items.reduce<number>((total, item) => total + firstCount(item, names), 0);
  const [cached, written] = [sum(compactions, READ), sum(compactions, WRITTEN)];
  return [
    // As in the whole usage, the cache stands beside the input.
    ['.compaction.input_tokens', sum(compactions, INPUT) + cached + written],
    ['.compaction.output_tokens', sum(compactions, OUTPUT)],
    ['.compaction.cache_read_tokens', cached],
    ['.compaction.cache_write_tokens', written],
    [ANSWER_PATH, firstCount(usage, OUTPUT) || sum(of('message'), OUTPUT)],
  ];
}

/** What the answer took of the output: by it those are known who have added the compaction already. */
export const ANSWER_PATH = '.answer.output_tokens';

const INPUT = ['input_tokens', 'inputTokens'];
const OUTPUT = ['output_tokens', 'outputTokens'];
const READ = ['cache_read_input_tokens', 'cacheReadInputTokens'];
const WRITTEN = ['cache_creation_input_tokens', 'cacheCreationInputTokens'];

function firstCount(item: unknown, names: readonly string[]): number {
  for (const name of names) {
    const count = countFrom(valueAt(item, name));
    if (count !== null) return count;
  }
  return 0;
}
