import { setTimeout as sleep } from 'node:timers/promises';
import { parsedOrEmpty, problemDetail } from '../problem-detail.ts';
import type { TypedEvent } from './traffic-event.ts';

/**
 * The API cannot be reached, or does not want what is sent: there is no use in going on. The message is for a person.
 */
export class SendError extends Error {
  override readonly name = 'SendError';
}

export interface SendCounts {
  /** Events answered with 202. */
  accepted: number;
  /** Events answered as not valid. */
  rejected: number;
  /** Posts that were sent once more, after 429, 503 or a broken connection. */
  retries: number;
  /** Why the first rejected event was. */
  firstRejection: string | null;
  /** How long each answered post took, from its first byte to its answer. */
  readonly latenciesMs: number[];
}

/** Where events go. */
export interface Target {
  readonly baseUrl: string;
  readonly apiKey: string | undefined;
}

const ATTEMPTS_MAX = 12;
const BACKOFF_MS_MAX = 5000;
const POST_MS_MAX = 60_000;

/**
 * Posts events to an ingestion API and counts the answers. What is refused for now is sent again with growing pauses,
 * about 40 seconds long: repeated ids count once. The connections are kept alive. Not with `p-retry`, as
 * `untilAnswered` says.
 */
export class EventSender {
  readonly counts: SendCounts = { accepted: 0, rejected: 0, retries: 0, firstRejection: null, latenciesMs: [] };
  readonly #baseUrl: string;
  readonly #headers: Readonly<Record<string, string>>;

  constructor({ baseUrl, apiKey }: Target) {
    this.#baseUrl = baseUrl;
    this.#headers = apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` };
  }

  /** @throws {SendError} when the events are not taken, however often they are sent */
  async send(events: readonly TypedEvent[]): Promise<void> {
    const [first] = events;
    if (first === undefined) return;
    const post = events.length === 1 ? single(first) : batch(events);
    for (let attempt = 1; ; attempt++) {
      const waitMs = await this.#attempt(post, events.length, attempt);
      if (waitMs === null) return;
      this.counts.retries++;
      await sleep(waitMs);
    }
  }

  /** @returns after how long to try again, or null when it was answered */
  async #attempt(post: Post, count: number, attempt: number): Promise<number | null> {
    const startedMs = performance.now();
    let answer: { status: number; text: string; retryAfterS: number };
    try {
      const response = await fetch(`${this.#baseUrl}${post.path}`, {
        method: 'POST',
        headers: { ...this.#headers, 'content-type': post.type },
        body: post.body,
        signal: AbortSignal.timeout(POST_MS_MAX),
      });
      const retryAfterS = Number(response.headers.get('retry-after') ?? 0) || 0;
      answer = { status: response.status, text: await response.text(), retryAfterS };
    } catch (error) {
      // Before the first answer it is not an interruption: nobody is there.
      if (this.counts.latenciesMs.length === 0 || attempt >= ATTEMPTS_MAX) throw unreachable(this.#baseUrl, error);
      return backoffMs(attempt);
    }
    this.counts.latenciesMs.push(performance.now() - startedMs);
    if (answer.status === 202) this.#take(answer.text, count);
    else if (answer.status === 400 || answer.status === 413) this.#refuse(count, problemDetail(answer.text));
    else if (answer.status !== 429 && answer.status !== 503) throw unexpected(this.#baseUrl, answer);
    else if (attempt >= ATTEMPTS_MAX) throw busy(this.#baseUrl, answer);
    else return Math.max(backoffMs(attempt), Math.min(answer.retryAfterS * 1000, BACKOFF_MS_MAX));
    return null;
  }

  #take(text: string, count: number): void {
    const { rejected = 0, errors = [] } = parsedOrEmpty(text) as { rejected?: number; errors?: { detail: string }[] };
    this.counts.accepted += count - rejected;
    if (rejected > 0) this.#refuse(rejected, errors[0]?.detail ?? '');
  }

  #refuse(count: number, why: string): void {
    this.counts.rejected += count;
    this.counts.firstRejection ??= why;
  }
}

interface Post {
  readonly path: string;
  readonly type: string;
  readonly body: string;
}

function single({ type, event }: TypedEvent): Post {
  return { path: `/v1/llm/${type}`, type: 'application/json', body: JSON.stringify(event) };
}

function batch(events: readonly TypedEvent[]): Post {
  const lines = events.map(({ type, event }) => `${JSON.stringify({ type, ...event })}\n`);
  return { path: '/v1/llm/events', type: 'application/x-ndjson', body: lines.join('') };
}

/** With jitter, so that senders that were refused together do not come back together. */
function backoffMs(attempt: number): number {
  return Math.min(BACKOFF_MS_MAX, 100 * 2 ** (attempt - 1)) * (0.5 + Math.random() / 2);
}

function unreachable(baseUrl: string, error: unknown): SendError {
  const { message, cause } = error as Error & { cause?: NodeJS.ErrnoException };
  const why = cause?.code ?? cause?.message ?? message;
  return new SendError(
    `Nothing answers at ${baseUrl} (${why}). Is "streamlens up" running? If it listens elsewhere, say where with --base-url`,
    { cause: error },
  );
}

function busy(baseUrl: string, { status, text }: { status: number; text: string }): SendError {
  return new SendError(`${baseUrl} still answered ${status} after ${ATTEMPTS_MAX} attempts: ${problemDetail(text)}`);
}

function unexpected(baseUrl: string, { status, text }: { status: number; text: string }): SendError {
  const detail = problemDetail(text);
  // The metrics API says so itself; a program that is no StreamLens does not.
  const isTold = detail.includes('ingestion API') || (status !== 404 && status !== 405);
  const hint = isTold ? '' : '. Is this the ingestion API? It listens on 8080 by default';
  return new SendError(`${baseUrl} answered ${status}: ${detail}${hint}`);
}
