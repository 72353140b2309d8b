import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type Fields, instantOf, knownTexts, objectOf, parseObject, textOf, tokenSum, tokensOf } from './read-json.ts';
import type { SessionCall, SessionContent } from './session-call.ts';

type MessageField =
  | 'role'
  | 'sessionID'
  | 'modelID'
  | 'providerID'
  | 'time'
  | 'tokens'
  | 'cost'
  | 'finish'
  | 'agent'
  | 'mode'
  | 'path';

type Tokens = Fields<'input' | 'output' | 'reasoning' | 'cache' | 'total'>;

/** What a message is told with by the files around it. */
interface Surroundings {
  readonly session: string | null;
  /**
   * Of the steps of the answer, where there were several: each was a call, and the message has the usage of the last
   * one only.
   */
  readonly steps: readonly unknown[];
  readonly version: unknown;
  readonly isSubagent: boolean;
}

/**
 * Reads what OpenCode keeps: `opencode.db` (SQLite, since 1.2), or a file of a message below `storage/message`. An
 * update copied the files into the database and left them there, and a fork copies messages under new ids: what stays
 * the same is when the call began and ended, to the ms, its model and its tokens. That is the key.
 */
export function readOpenCode(path: string): SessionContent {
  return path.endsWith('.db') ? readDatabase(path) : readMessageFile(path);
}

const CALLS_SQL = `
  SELECT m.data AS data, m.session_id AS session, s.version AS version, s.parent_id AS parent,
    (SELECT json_group_array(json(p.data)) FROM part p WHERE p.message_id = m.id
       AND json_valid(p.data) AND json_extract(p.data, '$.type') = 'step-finish') AS steps
  FROM message m LEFT JOIN session s ON s.id = m.session_id
  ORDER BY m.time_created, s.time_created`;

/** @throws for a file that is no database of OpenCode */
function readDatabase(path: string): SessionContent {
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    const calls: SessionCall[] = [];
    let unreadableLines = 0;
    for (const row of database.prepare(CALLS_SQL).iterate()) {
      const { data, session, version, parent, steps } = row;
      const message = parseObject<MessageField>(String(data));
      if (message === null) unreadableLines++;
      const around = {
        session: textOf(session),
        steps: JSON.parse(String(steps)) as unknown[],
        version,
        isSubagent: parent !== null,
      };
      calls.push(...callsOf(message, around));
    }
    return { calls, unreadableLines };
  } catch (error) {
    throw new Error(`${path} cannot be read as a database of OpenCode: ${(error as Error).message}`, { cause: error });
  } finally {
    database.close();
  }
}

function readMessageFile(path: string): SessionContent {
  const message = parseObject<MessageField>(readFileSync(path, 'utf8'));
  if (message === null) return { calls: [], unreadableLines: 1 };
  const session = textOf(message.sessionID) ?? basename(dirname(path));
  const steps = message.role === 'assistant' ? stepsBeside(path) : [];
  return { calls: callsOf(message, { session, steps, version: null, isSubagent: false }), unreadableLines: 0 };
}

/** The parts of `storage/message/<session>/<message>.json` lie in `storage/part/<message>`. */
function stepsBeside(path: string): unknown[] {
  const folder = join(dirname(path), '..', '..', 'part', basename(path, '.json'));
  if (!existsSync(folder)) return [];
  const texts = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'));
  const parts = texts.filter((text) => text.includes('"step-finish"')).map((text) => parseObject<'type'>(text));
  return parts.filter((part) => part?.type === 'step-finish');
}

/** @returns none for a prompt, for what is still being written, and for what ended before it used anything */
function callsOf(message: Fields<MessageField> | null, around: Surroundings): SessionCall[] {
  const time = objectOf<'created' | 'completed'>(message?.time);
  const [startedAtMs, endedAtMs] = [instantOf(time?.created), instantOf(time?.completed)];
  const model = textOf(message?.modelID);
  if (message?.role !== 'assistant' || model === null || startedAtMs === null || endedAtMs === null) return [];
  const provider = textOf(message.providerID);
  const several = around.steps.map((step) => objectOf<'tokens' | 'cost' | 'reason'>(step));
  const usages =
    several.length > 1 ? several : [{ tokens: message.tokens, cost: message.cost, reason: message.finish }];
  const mark = digestOf([startedAtMs, endedAtMs, provider, model, ...partsOf(objectOf(message.tokens))]);
  return usages.flatMap((usage, step) => {
    const tokens = tokensIn(objectOf(usage?.tokens), provider);
    if (tokens === null) return [];
    return {
      key: step === 0 ? `opencode-${mark}` : `opencode-${mark}-${step}`,
      ids: [],
      provider,
      model,
      sessions: around.session === null ? [] : [around.session],
      startedAtMs,
      endedAtMs,
      ...tokens,
      finishReason: textOf(usage?.reason),
      serviceTier: null,
      reportedCostUsd: typeof usage?.cost === 'number' && usage.cost > 0 ? usage.cost : null,
      metadata: knownTexts({
        project: objectOf<'cwd'>(message.path)?.cwd,
        agent_version: around.version,
        agent_name: message.agent ?? message.mode,
        ...(around.isSubagent ? { query_source: 'subagent' } : {}),
      }),
    };
  });
}

const DIGEST_CHARS = 32;

function digestOf(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, DIGEST_CHARS);
}

/** What the cache gave and took stands beside the input. @returns null where nothing was used */
function tokensIn(tokens: Tokens | null, provider: string | null) {
  const cache = objectOf<'read' | 'write'>(tokens?.cache);
  if (tokens === null || partsOf(tokens).every((part) => (part ?? 0) === 0)) return null;
  return {
    promptTokens: tokenSum(tokens.input, cache?.read, cache?.write),
    cachedPromptTokens: tokensOf(cache?.read),
    cacheWriteTokens: tokensOf(cache?.write),
    cacheWrite1hTokens: null,
    webSearchRequests: null,
    completionTokens: completionOf(tokens, provider),
    reasoningTokens: tokensOf(tokens.reasoning),
  };
}

function partsOf(tokens: Tokens | null): (number | null)[] {
  const cache = objectOf<'read' | 'write'>(tokens?.cache);
  return [tokens?.input, tokens?.output, tokens?.reasoning, cache?.read, cache?.write].map(tokensOf);
}

/**
 * Since there is a total the reasoning stands beside the output. Before, the output was what the provider said: with
 * the reasoning in it, but for Google's.
 */
function completionOf(tokens: Tokens, provider: string | null): number | null {
  const [output, reasoning] = [tokensOf(tokens.output), tokensOf(tokens.reasoning) ?? 0];
  const isBeside = tokens.total !== undefined || /google|gemini/.test(provider ?? '') || reasoning > (output ?? 0);
  return isBeside ? tokenSum(tokens.output, tokens.reasoning) : output;
}
