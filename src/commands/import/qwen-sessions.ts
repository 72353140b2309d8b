import { type Fields, instantOf, knownTexts, objectOf, parseObject, textOf, tokensOf } from './read-json.ts';
import type { SessionCall, SessionContent } from './session-call.ts';

type LineField = 'uuid' | 'sessionId' | 'cwd' | 'version' | 'gitBranch' | 'systemPayload';
type EventField =
  | 'event.name'
  | 'event.timestamp'
  | 'response_id'
  | 'model'
  | 'duration_ms'
  | 'input_token_count'
  | 'output_token_count'
  | 'cached_content_token_count'
  | 'thoughts_token_count'
  | 'total_token_count'
  | 'prompt_id'
  | 'subagent_name';

/**
 * Reads a chat of Qwen Code, an object a line. Beside each answer stands the record of its telemetry, with the id by
 * which a telemetry backend knows the call too; only that is read, since the answer repeats its tokens.
 */
export function readQwenSession(lines: Iterable<string>): SessionContent {
  const calls = new Map<string, SessionCall>();
  let unreadableLines = 0;
  for (const text of lines) {
    const line = parseObject<LineField>(text);
    if (line === null) {
      unreadableLines++;
      continue;
    }
    const call = callOf(line);
    if (call !== null) calls.set(call.key, call);
  }
  return { calls: [...calls.values()], unreadableLines };
}

function callOf(line: Fields<LineField>): SessionCall | null {
  const event = objectOf<EventField>(objectOf<'uiEvent'>(line.systemPayload)?.uiEvent);
  const endedAtMs = instantOf(event?.['event.timestamp']);
  const model = textOf(event?.model);
  if (event === null || event['event.name'] !== 'qwen-code.api_response' || endedAtMs === null || model === null)
    return null;
  const session = textOf(line.sessionId);
  const responseId = textOf(event.response_id);
  return {
    key: `qwen-${textOf(line.uuid) ?? `${session ?? 'unknown'}-${endedAtMs}`}`,
    ids: responseId === null ? [] : [responseId],
    provider: null,
    model,
    sessions: session === null ? [] : [session],
    startedAtMs: Math.max(0, endedAtMs - (tokensOf(event.duration_ms) ?? 0)),
    endedAtMs,
    // The cache lies inside the input.
    promptTokens: tokensOf(event.input_token_count),
    cachedPromptTokens: tokensOf(event.cached_content_token_count),
    cacheWriteTokens: null,
    cacheWrite1hTokens: null,
    webSearchRequests: null,
    completionTokens: completionTokensOf(event),
    reasoningTokens: tokensOf(event.thoughts_token_count),
    finishReason: null,
    serviceTier: null,
    reportedCostUsd: null,
    metadata: knownTexts({
      cwd: line.cwd,
      'app.version': line.version,
      git_branch: line.gitBranch,
      prompt_id: event.prompt_id,
      subagent_name: event.subagent_name,
      'gen_ai.response.id': responseId,
    }),
  };
}

/** Thoughts lie inside the output, unless the total says that they lie beside it. */
function completionTokensOf(event: Fields<EventField>): number | null {
  const [input, output] = [tokensOf(event.input_token_count), tokensOf(event.output_token_count)];
  const thoughts = tokensOf(event.thoughts_token_count) ?? 0;
  if (output === null) return null;
  const isBeside = thoughts > output || (thoughts > 0 && event.total_token_count === (input ?? 0) + output + thoughts);
  return tokensOf(isBeside ? output + thoughts : output);
}
