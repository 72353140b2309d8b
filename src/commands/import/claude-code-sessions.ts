import { tierInGeo } from '../../events/tier-in-geo.ts';
import { type Fields, instantOf, knownTexts, objectOf, parseObject, textOf, tokenSum, tokensOf } from './read-json.ts';
import type { SessionCall, SessionContent } from './session-call.ts';

/** What stands in every line of an answer, and in few others: reading the rest as JSON would take most of the time. */
const USAGE_MARK = '"usage"';

type EntryField =
  | 'type'
  | 'message'
  | 'timestamp'
  | 'requestId'
  | 'uuid'
  | 'isApiErrorMessage'
  | 'requestSessionId'
  | 'sessionId'
  | 'cwd'
  | 'gitBranch'
  | 'version'
  | 'agentId'
  | 'isSidechain';

type UsageField =
  | 'input_tokens'
  | 'cache_read_input_tokens'
  | 'cache_creation_input_tokens'
  | 'cache_creation'
  | 'output_tokens'
  | 'output_tokens_details'
  | 'server_tool_use'
  | 'service_tier'
  | 'speed'
  | 'inference_geo'
  | 'iterations';

/**
 * Reads a file below `projects`: each line of type `assistant` is one block of an answer and repeats the usage of the
 * whole. While an answer streams, its first lines may hold what was known by then: the last line counts.
 */
export function readClaudeCodeSession(lines: Iterable<string>): SessionContent {
  const calls = new Map<string, SessionCall>();
  let unreadableLines = 0;
  for (const line of lines) {
    if (!line.includes(USAGE_MARK)) continue;
    const entry = parseObject<EntryField>(line);
    if (entry === null) unreadableLines++;
    else if (entry.type === 'assistant') {
      for (const call of callsOf(entry)) {
        const earlier = calls.get(call.key);
        calls.set(call.key, earlier === undefined ? call : { ...call, startedAtMs: earlier.startedAtMs });
      }
    }
  }
  return { calls: [...calls.values()], unreadableLines };
}

/** An answer, and the calls of the models that it asked for advice: these are billed beside it, at their own prices. */
function callsOf(entry: Fields<EntryField>): readonly SessionCall[] {
  const call = callOf(entry);
  if (call === null) return [];
  const message = objectOf<'usage'>(entry.message);
  const advised = iterationsOf(objectOf<UsageField>(message?.usage), 'advisor_message');
  const advice = advised.flatMap((usage, i): SessionCall[] => {
    const model = textOf(usage.model);
    if (model === null) return [];
    const key = `${call.key}-advisor-${i}`;
    const metadata = { ...call.metadata, query_source: 'advisor' };
    return [{ ...call, key, ids: [key], model, ...tokensIn(usage), finishReason: null, metadata }];
  });
  return [call, ...advice];
}

/**
 * Claude's API tells as `iterations` what it did beside the answer. Its counts of the whole are those of the answer;
 * an attempt that another model took over is not billed.
 */
function iterationsOf(
  usage: Fields<UsageField> | null,
  type: 'advisor_message' | 'compaction',
): readonly Fields<UsageField | 'model'>[] {
  const iterations = Array.isArray(usage?.iterations) ? usage.iterations : [];
  return iterations.flatMap((each) => {
    const iteration = objectOf<UsageField | 'type' | 'model'>(each);
    return iteration?.type === type ? [iteration] : [];
  });
}

/** @returns null for what the agent wrote itself (`<synthetic>`: an error, a notice), and for what has no usage */
function callOf(entry: Fields<EntryField>): SessionCall | null {
  const message = objectOf<'id' | 'model' | 'stop_reason' | 'usage'>(entry.message);
  const usage = objectOf<UsageField>(message?.usage);
  const model = textOf(message?.model);
  const atMs = instantOf(entry.timestamp);
  const id = textOf(message?.id) ?? textOf(entry.requestId) ?? textOf(entry.uuid);
  if (message === null || usage === null || atMs === null || id === null) return null;
  if (model === null || model === '<synthetic>' || entry.isApiErrorMessage === true) return null;
  const ids = [textOf(entry.requestId), textOf(message.id)].filter((each) => each !== null);
  const sessions = [textOf(entry.requestSessionId), textOf(entry.sessionId)].filter((each) => each !== null);
  return {
    key: `claude-code-${id}`,
    ids,
    provider: providerOf(id),
    model,
    sessions: [...new Set(sessions)],
    startedAtMs: atMs,
    endedAtMs: atMs,
    ...withCompactions(usage),
    finishReason: textOf(message.stop_reason),
    // The fast mode has prices of its own, whatever the tier.
    serviceTier: tierInGeo(usage.speed === 'fast' ? 'fast' : textOf(usage.service_tier), textOf(usage.inference_geo)),
    reportedCostUsd: null,
    metadata: knownTexts({
      project: entry.cwd,
      git_branch: entry.gitBranch,
      agent_version: entry.version,
      request_id: entry.requestId,
      agent_id: entry.agentId,
      ...(entry.isSidechain === true ? { query_source: 'subagent' } : {}),
    }),
  };
}

/** Claude may shorten the conversation before it answers, and bills that as the answer. */
function withCompactions(usage: Fields<UsageField>): Tokens {
  return iterationsOf(usage, 'compaction').reduce<Tokens>((whole, compaction) => {
    const more = tokensIn(compaction);
    return Object.fromEntries(
      TOKEN_FIELDS.map((field) => [field, whole[field] === null ? more[field] : tokenSum(whole[field], more[field])]),
    ) as unknown as Tokens;
  }, tokensIn(usage));
}

const TOKEN_FIELDS = [
  'promptTokens',
  'cachedPromptTokens',
  'cacheWriteTokens',
  'cacheWrite1hTokens',
  'completionTokens',
  'reasoningTokens',
  'webSearchRequests',
] as const satisfies readonly (keyof SessionCall)[];

type Tokens = Readonly<Record<(typeof TOKEN_FIELDS)[number], number | null>>;

/** As Anthropic counts: what the cache gave and took stands beside the input. */
function tokensIn(usage: Fields<UsageField>): Tokens {
  const written = objectOf<'ephemeral_1h_input_tokens'>(usage.cache_creation);
  const { input_tokens: input, cache_read_input_tokens: read, cache_creation_input_tokens: write } = usage;
  return {
    promptTokens: tokenSum(input, read, write),
    cachedPromptTokens: tokensOf(read),
    cacheWriteTokens: tokensOf(write),
    cacheWrite1hTokens: tokensOf(written?.ephemeral_1h_input_tokens),
    completionTokens: tokensOf(usage.output_tokens),
    reasoningTokens: tokensOf(objectOf<'thinking_tokens'>(usage.output_tokens_details)?.thinking_tokens),
    webSearchRequests: tokensOf(objectOf<'web_search_requests'>(usage.server_tool_use)?.web_search_requests),
  };
}

/** Bedrock and Vertex mark the ids of the messages that they serve; they price the same model in their own way. */
function providerOf(messageId: string): string | null {
  if (messageId.startsWith('msg_bdrk_')) return 'aws.bedrock';
  if (messageId.startsWith('msg_vrtx_')) return 'gcp.vertex_ai';
  return messageId.startsWith('msg_') ? 'anthropic' : null;
}
