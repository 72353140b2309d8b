import type { Price } from '../../../src/prices/price-book.ts';
import { listedPrice } from '../price-table.ts';
import type { JoinedCall } from './batch-join.ts';

/** Numbers of one finished call, worked out from its two events as the contract says. Null is unknown. */
export interface CallNumbers {
  readonly latencyMs: number;
  readonly ttftMs: number | null;
  readonly prompt: number | null;
  readonly completion: number | null;
  readonly cached: number | null;
  readonly cacheWrite: number | null;
  readonly reasoning: number | null;
  readonly error: string | null;
  readonly billedModel: string;
  readonly price: Price | null;
  /** A proxy answered from its own cache: nothing was billed. */
  readonly isFree: boolean;
  /** Disjoint parts; null where they cannot be told. */
  readonly parts: Parts | null;
  readonly costPicoUsd: bigint;
}

export interface Parts {
  readonly input: number;
  readonly cacheRead: number;
  readonly cacheWrite: number;
  readonly output: number;
  readonly inputAudio: number;
  readonly outputAudio: number;
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
  const price = listedPrice(billedModel, prompt ?? 0);
  const parts =
    prompt === null || completion === null
      ? null
      : cutUp(prompt, completion, {
          cached: cached ?? 0,
          written: cacheWrite ?? 0,
          audioIn: (answer['audio_prompt_tokens'] as Count | undefined) ?? 0,
          audioOut: (answer['audio_completion_tokens'] as Count | undefined) ?? 0,
        });
  const isFree = answer['cache_hit'] === true;
  const elapsedMs = Math.max(0, response.timestampMs - request.timestampMs);
  return {
    latencyMs: (answer['latency_ms'] as Count | undefined) ?? Math.min(elapsedMs, 30 * 86_400_000),
    ttftMs: (answer['time_to_first_token_ms'] as Count | undefined) ?? null,
    prompt,
    completion,
    cached,
    cacheWrite,
    reasoning: count(answer['reasoning_tokens']),
    error: (answer['error'] as string | null | undefined) || null,
    billedModel,
    price,
    isFree,
    parts,
    costPicoUsd: isFree || price === null || parts === null ? 0n : cost(parts, price),
  };
}

/** Absent counts as 0, null is unknown. */
export function count(value: unknown): Count {
  return value === undefined ? 0 : (value as Count);
}

function cutUp(
  prompt: number,
  completion: number,
  parts: { cached: number; written: number; audioIn: number; audioOut: number },
): Parts {
  let left = prompt;
  const take = (wanted: number) => {
    const taken = Math.min(wanted, left);
    left -= taken;
    return taken;
  };
  const cacheRead = take(parts.cached);
  const cacheWrite = take(parts.written);
  const inputAudio = take(parts.audioIn);
  const outputAudio = Math.min(parts.audioOut, completion);
  return { input: left, cacheRead, cacheWrite, output: completion - outputAudio, inputAudio, outputAudio };
}

function cost(parts: Parts, { rates }: Price): bigint {
  let sum = 0n;
  for (const part of Object.keys(parts) as (keyof Parts)[]) sum += BigInt(parts[part]) * BigInt(rates[part]);
  return sum;
}
