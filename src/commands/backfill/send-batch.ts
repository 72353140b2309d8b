import { type Outcome, untilAnswered } from '../until-answered.ts';
import type { BadLine, LineBatch } from './line-batches.ts';

export interface BatchTarget {
  readonly baseUrl: string;
  readonly apiKey: string | undefined;
  /** How long one batch is tried again. */
  readonly retryMsMax: number;
  /** Told before each further try. */
  readonly onRetry: (why: string, waitMs: number) => void;
}

export interface BatchAnswer {
  readonly accepted: number;
  readonly rejected: number;
  /** The first of those rejected. */
  readonly badLines: readonly BadLine[];
}

const POST_MS_MAX = 60_000;
const BACKOFF = { backoffMsMin: 200, backoffMsMax: 15_000 } as const;

/**
 * Sends one batch until it is answered. Whatever may pass by itself is tried again: no connection, 408, 429, 5xx.
 *
 * @throws when the time is up, or for an answer that trying again would not change (401, 403, 404, 413)
 */
export async function sendBatch(batch: LineBatch, target: BatchTarget, signal: AbortSignal): Promise<BatchAnswer> {
  return untilAnswered(() => tryOnce(batch, target), { ...target, ...BACKOFF, signal });
}

async function tryOnce(batch: LineBatch, { baseUrl, apiKey }: BatchTarget): Promise<Outcome<BatchAnswer>> {
  const url = `${baseUrl}/v1/llm/events`;
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-ndjson',
        ...(apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }),
      },
      body: batch.body,
      signal: AbortSignal.timeout(POST_MS_MAX),
    });
    return outcomeOf(response, await response.text(), batch);
  } catch (error) {
    const { message, cause } = error as Error & { cause?: NodeJS.ErrnoException };
    return {
      why: `${baseUrl} cannot be reached: ${cause?.code ?? cause?.message ?? message}. Is "streamlens up" running?`,
      waitMs: 0,
      mayPass: true,
    };
  }
}

function outcomeOf({ status, headers }: Response, text: string, batch: LineBatch): Outcome<BatchAnswer> {
  const body = parse(text);
  if (status === 202 && typeof body.accepted === 'number') {
    const badLines = (body.errors ?? []).map(({ index = 0, detail = '' }) => ({
      line: lineOf(batch, index),
      why: detail,
    }));
    return { answer: { accepted: body.accepted, rejected: body.rejected ?? 0, badLines } };
  }
  if (status === 400 && body.errors !== undefined) return { answer: noneValid(body, batch) };
  const why = `The server answered ${status}: ${body.detail ?? text.slice(0, 200)}`;
  const waitS = Number(headers.get('retry-after') ?? 0);
  const mayPass = status === 408 || status === 429 || status >= 500;
  return { why, waitMs: Number.isFinite(waitS) ? waitS * 1000 : 0, mayPass };
}

interface AnswerBody {
  readonly accepted?: number;
  readonly rejected?: number;
  readonly detail?: string;
  readonly errors?: readonly { index?: number; detail?: string; path?: string; message?: string }[];
}

function parse(text: string): AnswerBody {
  try {
    return (JSON.parse(text) as AnswerBody | null) ?? {};
  } catch {
    return {};
  }
}

/** Each error names its item: `/3/model`. */
function noneValid({ errors = [] }: AnswerBody, batch: LineBatch): BatchAnswer {
  const badLines = new Map<number, BadLine>();
  for (const { path = '', message = '' } of errors) {
    const [, index = '0', field = ''] = /^\/(\d+)(.*)$/.exec(path) ?? [];
    const line = lineOf(batch, Number(index));
    if (!badLines.has(line)) badLines.set(line, { line, why: `${field} ${message}`.trim() });
  }
  return { accepted: 0, rejected: batch.lineNumbers.length, badLines: [...badLines.values()] };
}

function lineOf({ lineNumbers }: LineBatch, index: number): number {
  return lineNumbers[index] ?? 0;
}
