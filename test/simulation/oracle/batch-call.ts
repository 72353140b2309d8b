import type { Price } from '../../../src/prices/price-book.ts';
import { listedPrice } from '../price-table.ts';
import type { JoinedCall } from './batch-join.ts';

/** Numbers of one finished call, worked out from its two events as the contract says. Null is unknown. */
export interface CallNumbers {
  readonly latencyMs: number | null;
  readonly ttftMs: number | null;
  readonly prompt: number | null;
  readonly completion: number | null;
  readonly cached: number | null;
  readonly cacheWrite: number | null;
  readonly reasoning: number | null;
  readonly error: string | null;
  /** Null: it ended well. */
  readonly errorKind: string | null;
  readonly billedModel: string;
  readonly tier: string;
  /** Whose word the cost is. */
  readonly source: 'provider' | 'gateway' | 'list' | 'file' | 'free' | 'none';
  readonly price: Price | null;
  /** Disjoint parts; null where they cannot be told. */
  readonly parts: Parts | null;
  readonly costPicoUsd: bigint;
  /** By the list, whatever was reported; null where it says nothing. */
  readonly listCostPicoUsd: bigint | null;
}

export interface Parts {
  readonly input: number;
  readonly cacheRead: number;
  readonly cacheWrite: number;
  readonly output: number;
  readonly inputAudio: number;
  readonly outputAudio: number;
  readonly cacheWrite1h: number;
  readonly cacheReadAudio: number;
  readonly inputImage: number;
  readonly outputImage: number;
  readonly request: number;
  readonly webSearch: number;
  readonly groundedRequest: number;
}

type Count = number | null;

export function numbersOf({ request, response }: JoinedCall & { readonly response: object }): CallNumbers {
  const asked = request.fields;
  const answer = response.fields;
  const prompt = (answer['prompt_tokens'] as Count | undefined) ?? count(asked['prompt_tokens']);
  const cached = (answer['cached_prompt_tokens'] as Count | undefined) ?? count(asked['cached_prompt_tokens']);
  const cacheWrite = (answer['cache_write_tokens'] as Count | undefined) ?? count(asked['cache_write_tokens']);
  const completion = count(answer['completion_tokens']);
  const billedModel = (answer['model'] as string | null | undefined) ?? (asked['model'] as string);
  const tier = tierOf(answer['service_tier']);
  const price = listedPrice(billedModel, prompt ?? 0, tier);
  const sentLatencyMs = answer['latency_ms'] as Count | undefined;
  // Only absence asks the two clocks; null says that nobody knows.
  const latencyMs = sentLatencyMs === undefined ? elapsedMs(response.timestampMs - request.timestampMs) : sentLatencyMs;
  const sentTtftMs = (answer['time_to_first_token_ms'] as Count | undefined) ?? null;
  const reasoning = count(answer['reasoning_tokens']);
  const errorKind = kindOf(answer);
  const isFailure = errorKind !== null && errorKind !== 'cancelled';
  const hasOutput = (completion ?? 0) > 0 || (reasoning ?? 0) > 0 || sentTtftMs !== null;
  const isUncounted = isFailure && sentTtftMs !== null && !((completion ?? 0) > 0);
  const more = (name: string) => (answer[name] as Count | undefined) ?? 0;
  const parts =
    prompt === null || completion === null || isUncounted
      ? null
      : cutUp(prompt, completion, {
          cached: cached ?? 0,
          written: cacheWrite ?? 0,
          writtenForAnHour: more('cache_write_1h_tokens'),
          audioIn: more('audio_prompt_tokens'),
          audioCached: more('cached_audio_prompt_tokens'),
          imageIn: more('image_prompt_tokens'),
          audioOut: more('audio_completion_tokens'),
          imageOut: more('image_completion_tokens'),
          searches: more('web_search_requests'),
        });
  const reporter = answer['reported_cost_usd'] == null ? null : answer['cost_reported_by'];
  const isReported = reporter === 'provider' || reporter === 'gateway';
  const isFree = !isReported && (answer['cache_hit'] === true || (isFailure && !hasOutput));
  const listCostPicoUsd = isFree || price === null || parts === null ? null : cost(parts, price);
  let source: CallNumbers['source'] = listCostPicoUsd === null ? 'none' : (price?.kind ?? 'none');
  if (isFree) source = 'free';
  if (isReported) source = reporter;
  return {
    latencyMs,
    ttftMs: sentTtftMs !== null && latencyMs !== null && sentTtftMs > latencyMs + 1 ? null : sentTtftMs,
    prompt,
    completion,
    cached,
    cacheWrite,
    reasoning,
    error: (answer['error'] as string | null | undefined) || null,
    errorKind,
    billedModel,
    tier,
    source,
    price,
    parts,
    costPicoUsd: isReported
      ? BigInt(Math.round((answer['reported_cost_usd'] as number) * 1e12))
      : (listCostPicoUsd ?? 0n),
    listCostPicoUsd,
  };
}

/** A call that ended before it began, when it began, or weeks later tells nothing about its time. */
function elapsedMs(elapsed: number): number | null {
  return elapsed <= 0 || elapsed >= 7 * 86_400_000 ? null : elapsed;
}

/** The words that the simulated senders use, and what they mean. */
const TIERS: Readonly<Record<string, string>> = { default: '', batch: 'batch' };
const KINDS: Readonly<Record<string, string>> = {
  'rate limited': 'rate_limit',
  'HTTP 503': 'server',
  'the user aborted': 'cancelled',
};

function tierOf(word: unknown): string {
  return word == null ? '' : (TIERS[word as string] ?? 'other');
}

function kindOf(answer: Readonly<Record<string, unknown>>): string | null {
  if (answer['error_kind'] != null) return answer['error_kind'] as string;
  if (answer['error']) return KINDS[answer['error'] as string] ?? 'other';
  return answer['finish_reason'] === 'cancelled' ? 'cancelled' : null;
}

/** Absent counts as 0, null is unknown. */
export function count(value: unknown): Count {
  return value === undefined ? 0 : (value as Count);
}

interface SentParts {
  readonly cached: number;
  readonly written: number;
  readonly writtenForAnHour: number;
  readonly audioIn: number;
  readonly audioCached: number;
  readonly imageIn: number;
  readonly audioOut: number;
  readonly imageOut: number;
  readonly searches: number;
}

/** Each part takes what it can get of what is left of the whole, in this order: cached, written, audio, image. */
function cutUp(prompt: number, completion: number, sent: SentParts): Parts {
  const cached = Math.min(sent.cached, prompt);
  const written = Math.min(Math.max(sent.written, sent.writtenForAnHour), prompt - cached);
  const hourly = Math.min(sent.writtenForAnHour, written);
  const fresh = prompt - cached - written;
  const audio = Math.min(sent.audioIn, prompt - written);
  // Audio that has no place among the fresh tokens was cached, whatever was said.
  const cachedAudio = Math.min(audio, cached, Math.max(sent.audioCached, audio - fresh));
  const inputAudio = Math.min(fresh, audio - cachedAudio);
  const inputImage = Math.min(sent.imageIn, fresh - inputAudio);
  const outputAudio = Math.min(sent.audioOut, completion);
  const outputImage = Math.min(sent.imageOut, completion - outputAudio);
  return {
    input: fresh - inputAudio - inputImage,
    cacheRead: cached - cachedAudio,
    cacheWrite: written - hourly,
    cacheWrite1h: hourly,
    inputAudio,
    cacheReadAudio: cachedAudio,
    inputImage,
    output: completion - outputAudio - outputImage,
    outputAudio,
    outputImage,
    request: 1,
    webSearch: sent.searches,
    groundedRequest: Math.min(sent.searches, 1),
  };
}

function cost(parts: Parts, { rates }: Price): bigint {
  let sum = 0n;
  for (const part of Object.keys(parts) as (keyof Parts)[]) sum += BigInt(parts[part]) * BigInt(rates[part]);
  return sum;
}
