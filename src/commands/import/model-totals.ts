import type { SessionCall } from './session-call.ts';

/** What calls of one model add up to. A part that a file does not tell counts as none. */
export interface ModelTotal {
  readonly model: string;
  readonly calls: number;
  readonly promptTokens: number;
  readonly cachedPromptTokens: number;
  readonly cacheWriteTokens: number;
  readonly completionTokens: number;
}

/** The model with most calls first. */
export function modelTotals(calls: readonly SessionCall[]): ModelTotal[] {
  const byModel = Map.groupBy(calls, ({ model }) => model);
  const sumOf = (of: readonly SessionCall[], part: (call: SessionCall) => number | null) =>
    of.reduce((sum, call) => sum + (part(call) ?? 0), 0);
  const totals = [...byModel].map(([model, of]) => ({
    model,
    calls: of.length,
    promptTokens: sumOf(of, (call) => call.promptTokens),
    cachedPromptTokens: sumOf(of, (call) => call.cachedPromptTokens),
    cacheWriteTokens: sumOf(of, (call) => call.cacheWriteTokens),
    completionTokens: sumOf(of, (call) => call.completionTokens),
  }));
  return totals.sort((a, b) => b.calls - a.calls || (a.model < b.model ? -1 : 1));
}
