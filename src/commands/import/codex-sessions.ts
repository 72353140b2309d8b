import { type Fields, instantOf, knownTexts, objectOf, parseObject, textOf, tokensOf } from './read-json.ts';
import type { SessionCall, SessionContent } from './session-call.ts';

/** Of the lines that are read; the others hold prompts and answers. */
const MARKS = [
  '"token_count"',
  '"turn_context"',
  '"session_meta"',
  '"token_usage_record"',
  '"compacted"',
  '"thread_settings_applied"',
];

type UsageField =
  | 'input_tokens'
  | 'cached_input_tokens'
  | 'cache_write_input_tokens'
  | 'output_tokens'
  | 'reasoning_output_tokens';
type Usage = Fields<UsageField>;

type MetaField =
  | 'id'
  | 'forked_from_id'
  | 'parent_thread_id'
  | 'source'
  | 'cwd'
  | 'cli_version'
  | 'model_provider'
  | 'git';

/**
 * Reads a rollout file. After each answer stands what it used and what the session used so far; a sum that did not grow
 * repeats an answer that was told before, as Codex does when limits change.
 *
 * A fork and a sub-agent begin with their parent's lines, stamped anew. So a call is known by the sums up to it, in the
 * session that was forked first.
 *
 * What was spent on shortening the session is in no sum: it has a record of its own, which the line of the shortening
 * names.
 */
export function readCodexSession(lines: Iterable<string>): SessionContent {
  const session = new RolloutSession();
  let unreadableLines = 0;
  for (const line of lines) {
    if (!MARKS.some((mark) => line.includes(mark))) continue;
    const entry = parseObject<'type' | 'timestamp' | 'payload'>(line);
    if (entry === null) unreadableLines++;
    else session.read(entry);
  }
  return { calls: session.calls, unreadableLines };
}

class RolloutSession {
  readonly calls: SessionCall[] = [];
  #session: string | null = null;
  #family: string | null = null;
  #provider: string | null = null;
  #model: string | null = null;
  /** Of the answers from here on: null is the standard one. */
  #tier: string | null = null;
  #metadata: Record<string, string> = {};
  #total: Usage | null = null;
  /** The latest record of one response. */
  #response: { readonly id: string; readonly usage: Usage } | null = null;

  read({ type, timestamp, payload }: Fields<'type' | 'timestamp' | 'payload'>): void {
    if (type === 'session_meta') this.#begin(payload);
    else if (type === 'turn_context') {
      const turn = objectOf<'model' | 'cwd'>(payload);
      this.#model = textOf(turn?.model) ?? this.#model;
      Object.assign(this.#metadata, knownTexts({ project: turn?.cwd }));
    } else if (type === 'token_usage_record') {
      const record = objectOf<'response_id' | 'usage'>(payload);
      const [id, usage] = [textOf(record?.response_id), objectOf<UsageField>(record?.usage)];
      this.#response = id === null || usage === null ? null : { id, usage };
    } else if (type === 'compacted') {
      const atMs = instantOf(timestamp);
      const id = textOf(objectOf<'compaction_response_id'>(payload)?.compaction_response_id);
      if (id === null || id !== this.#response?.id || atMs === null) return;
      const call = this.#callOf({ key: `codex-${id}`, used: this.#response.usage, atMs });
      if (isAlike(call, this.calls.at(-1))) return;
      this.calls.push({ ...call, ids: [id], metadata: { ...call.metadata, query_source: 'compact' } });
    } else if (type === 'event_msg') {
      const event = objectOf<'type' | 'info' | 'thread_settings'>(payload);
      if (event?.type === 'thread_settings_applied') {
        this.#tier = textOf(objectOf<'service_tier'>(event.thread_settings)?.service_tier);
      }
      const info =
        event?.type === 'token_count' ? objectOf<'total_token_usage' | 'last_token_usage'>(event.info) : null;
      const total = objectOf<UsageField>(info?.total_token_usage);
      const last = objectOf<UsageField>(info?.last_token_usage);
      const atMs = instantOf(timestamp);
      if (total !== null && atMs !== null) this.#add({ total, last, atMs });
    }
  }

  /** The first says whose file it is; those that a fork copied after it, where it comes from. */
  #begin(payload: unknown): void {
    const meta = objectOf<MetaField>(payload);
    if (meta === null) return;
    this.#family = textOf(meta.forked_from_id) ?? spawnerOf(meta) ?? textOf(meta.id) ?? this.#family;
    if (this.#session !== null) return;
    this.#session = textOf(meta.id);
    this.#provider = textOf(meta.model_provider);
    this.#metadata = knownTexts({
      project: meta.cwd,
      git_branch: objectOf<'branch'>(meta.git)?.branch,
      agent_version: meta.cli_version,
    });
  }

  #add({ total, last, atMs }: { readonly total: Usage; readonly last: Usage | null; readonly atMs: number }): void {
    const before = this.#total;
    const [input, output] = [tokensOf(total.input_tokens), tokensOf(total.output_tokens)];
    if (input === tokensOf(before?.input_tokens) && output === tokensOf(before?.output_tokens)) return;
    this.#total = total;
    // With the session of another agent Codex takes over how long it reckons it to be, which nobody answered.
    if (isNothing(total)) return;
    const key = `codex-${this.#family ?? 'unknown'}-${input ?? 0}-${output ?? 0}`;
    // Nothing is told of an answer that was cut off (`response.incomplete`), though the sums hold it.
    const call = this.#callOf({ key, used: last === null || isNothing(last) ? grownBy(total, before) : last, atMs });
    const earlier = this.calls.at(-1);
    if (earlier?.metadata['query_source'] === 'compact' && isAlike(call, earlier)) this.calls.pop();
    this.calls.push(call);
  }

  #callOf({ key, used, atMs }: { readonly key: string; readonly used: Usage; readonly atMs: number }): SessionCall {
    return {
      key,
      ids: [],
      provider: this.#provider ?? 'openai',
      // Early versions of September 2025 wrote no model: no price would be anything but a guess.
      model: this.#model ?? 'unknown',
      sessions: this.#session === null ? [] : [this.#session],
      startedAtMs: atMs,
      endedAtMs: atMs,
      promptTokens: tokensOf(used.input_tokens),
      cachedPromptTokens: tokensOf(used.cached_input_tokens),
      cacheWriteTokens: tokensOf(used.cache_write_input_tokens),
      cacheWrite1hTokens: null,
      webSearchRequests: null,
      completionTokens: tokensOf(used.output_tokens),
      reasoningTokens: tokensOf(used.reasoning_output_tokens),
      finishReason: null,
      serviceTier: this.#tier,
      reportedCostUsd: null,
      metadata: { ...this.#metadata },
    };
  }
}

function isNothing(used: Usage): boolean {
  return (tokensOf(used.input_tokens) ?? 0) + (tokensOf(used.output_tokens) ?? 0) === 0;
}

/** A version that puts a shortening into the sums as well tells it twice, one after the other. */
function isAlike(a: SessionCall, b: SessionCall | undefined): boolean {
  return a.promptTokens === b?.promptTokens && a.completionTokens === b.completionTokens;
}

/** The session in which a sub-agent was spawned; it stands at either place. */
function spawnerOf({ parent_thread_id: parentId, source }: Fields<MetaField>): string | null {
  const spawn = objectOf<'thread_spawn'>(objectOf<'subagent'>(source)?.subagent)?.thread_spawn;
  return textOf(parentId) ?? textOf(objectOf<'parent_thread_id'>(spawn)?.parent_thread_id);
}

function grownBy(total: Usage, before: Usage | null): Usage {
  const grown = (field: UsageField) => {
    const now = tokensOf(total[field]);
    return now === null ? null : Math.max(0, now - (tokensOf(before?.[field]) ?? 0));
  };
  return {
    input_tokens: grown('input_tokens'),
    cached_input_tokens: grown('cached_input_tokens'),
    cache_write_input_tokens: grown('cache_write_input_tokens'),
    output_tokens: grown('output_tokens'),
    reasoning_output_tokens: grown('reasoning_output_tokens'),
  };
}
