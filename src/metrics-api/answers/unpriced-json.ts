import { formatSecond } from '../../events/timestamp.ts';
import type { UsageRow } from '../../metrics-store/metrics-reader.ts';
import type { UnpricedModel } from '../contract/answers.ts';

/** What could not be priced, per provider and billed model, most calls first. */
export function unpricedJson(rows: readonly UsageRow[]): UnpricedModel[] {
  const models = new Map<string, UnpricedModel>();
  for (const { billed, usage, windowStartMs } of rows) {
    if (usage.unpricedCalls === 0) continue;
    const key = `${billed.provider}\0${billed.model}`;
    const seen = formatSecond(windowStartMs);
    let model = models.get(key);
    if (model === undefined) models.set(key, (model = emptyUnpriced(billed.provider, billed.model, seen)));
    model.calls += usage.unpricedCalls;
    model.calls_without_tokens += usage.unknownCalls;
    model.input_tokens += usage.inputTokens + usage.cacheReadTokens + usage.cacheWriteTokens + usage.inputAudioTokens;
    model.output_tokens += usage.outputTokens + usage.outputAudioTokens;
    if (seen < model.first_seen) model.first_seen = seen;
    if (seen > model.last_seen) model.last_seen = seen;
  }
  return [...models.values()].sort((a, b) => b.calls - a.calls);
}

function emptyUnpriced(provider: string, model: string, seen: string): UnpricedModel {
  return {
    provider: provider === '' ? null : provider,
    model,
    calls: 0,
    calls_without_tokens: 0,
    input_tokens: 0,
    output_tokens: 0,
    first_seen: seen,
    last_seen: seen,
  };
}
