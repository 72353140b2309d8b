import { type Fields, instantOf, knownTexts, objectOf, parseObject, textOf, tokenSum, tokensOf } from './read-json.ts';
import type { SessionCall, SessionContent } from './session-call.ts';

type MessageField = 'id' | 'type' | 'timestamp' | 'model' | 'tokens';
type HeadField = 'sessionId' | 'projectHash' | 'kind' | 'messages' | '$set';
type Head = Fields<HeadField>;

/**
 * Reads a chat of Gemini CLI: one JSON document in former versions, one object a line in later ones. There a message
 * may come again when more of it is known, alone or in a `$set` of all messages: the last one counts. What a rewind
 * took back was paid for.
 *
 * @param folder in which it lies: that of a sub-agent has the name of the session which started it, and to which
 * telemetry counts its calls
 */
export function readGeminiSession(lines: Iterable<string>, folder = CHATS): SessionContent {
  const texts = [...lines];
  const entries = texts.map((text) => parseObject<HeadField | MessageField>(text));
  const whole = entries[0] === null ? parseObject<HeadField | MessageField>(texts.join('\n')) : null;
  const read = whole === null ? entries : [whole];
  const calls = new Map<string, SessionCall>();
  let head: Head = {};
  let unreadableLines = 0;
  for (const entry of read) {
    if (entry === null) {
      unreadableLines++;
      continue;
    }
    if (entry.sessionId !== undefined) head = entry;
    const set = objectOf<'messages'>(entry.$set);
    for (const message of [entry, ...listOf(entry.messages), ...listOf(set?.messages)]) {
      const call = callOf(objectOf<MessageField>(message), head);
      if (call === null) continue;
      const isOfOther = head.kind === 'subagent' && folder !== CHATS;
      calls.set(call.key, isOfOther ? { ...call, sessions: [folder, ...call.sessions] } : call);
    }
  }
  return { calls: [...calls.values()], unreadableLines };
}

const CHATS = 'chats';

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function callOf(message: Fields<MessageField> | null, { sessionId, projectHash, kind }: Head): SessionCall | null {
  const tokens = objectOf<'input' | 'output' | 'cached' | 'thoughts' | 'tool'>(message?.tokens);
  const atMs = instantOf(message?.timestamp);
  const model = textOf(message?.model);
  if (message?.type !== 'gemini' || tokens === null || atMs === null || model === null) return null;
  const session = textOf(sessionId);
  return {
    key: `gemini-${textOf(message.id) ?? `${session ?? 'unknown'}-${atMs}`}`,
    ids: [],
    provider: 'gcp.gemini',
    model,
    sessions: session === null ? [] : [session],
    startedAtMs: atMs,
    endedAtMs: atMs,
    // The cache lies inside the input; what tools put into the prompt, and thoughts, lie beside.
    promptTokens: tokenSum(tokens.input, tokens.tool),
    cachedPromptTokens: tokensOf(tokens.cached),
    cacheWriteTokens: null,
    cacheWrite1hTokens: null,
    webSearchRequests: null,
    completionTokens: tokenSum(tokens.output, tokens.thoughts),
    reasoningTokens: tokensOf(tokens.thoughts),
    finishReason: null,
    serviceTier: null,
    reportedCostUsd: null,
    metadata: knownTexts({ project_hash: projectHash, ...(kind === 'subagent' ? { query_source: 'subagent' } : {}) }),
  };
}
