import { type Outcome, type Patience, untilAnswered } from '../until-answered.ts';

export interface JsonRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** A body makes it a POST. */
  readonly body?: string;
}

export interface FetchOptions extends Omit<Patience, 'backoffMsMin' | 'backoffMsMax'> {
  readonly timeoutMs: number;
}

export const FETCH_DEFAULTS = { retryMsMax: 120_000, timeoutMs: 60_000 } as const;

const BACKOFF = { backoffMsMin: 500, backoffMsMax: 30_000 } as const;
/** A page of 1,440 minutes by model, key and tier has some megabytes. */
const ANSWER_CHARS_MAX = 256 * 1024 * 1024;

/**
 * Asks until it is answered. Whatever may pass by itself is tried again, as long as its `Retry-After` and the time
 * allow.
 *
 * @throws with a sentence that says what to do, and holds no header of the request
 */
export async function fetchJson(request: JsonRequest, options: FetchOptions): Promise<unknown> {
  return untilAnswered(() => tryOnce(request, options), { ...options, ...BACKOFF });
}

async function tryOnce(
  { url, headers, body }: JsonRequest,
  { signal, timeoutMs }: FetchOptions,
): Promise<Outcome<unknown>> {
  const place = new URL(url);
  const where = `${place.origin}${place.pathname}`;
  try {
    const response = await fetch(url, {
      method: body === undefined ? 'GET' : 'POST',
      headers,
      ...(body === undefined ? {} : { body }),
      // A redirect would carry the key to wherever it points.
      redirect: 'error',
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    });
    return outcomeOf(response, await response.text(), where);
  } catch (error) {
    const { message, cause, name } = error as Error & { cause?: NodeJS.ErrnoException };
    const why =
      name === 'TimeoutError' ? `no answer within ${timeoutMs / 1000} s` : (cause?.code ?? cause?.message ?? message);
    return { why: `${where} cannot be reached: ${why}`, waitMs: 0, mayPass: !signal.aborted };
  }
}

function outcomeOf({ ok, status, headers }: Response, text: string, where: string): Outcome<unknown> {
  if (ok) {
    if (text.length > ANSWER_CHARS_MAX) return never(`${where} answered with ${text.length} characters; ask for less`);
    try {
      return { answer: JSON.parse(text) as unknown };
    } catch {
      return never(`${where} answered ${status} with what is no JSON`);
    }
  }
  const why = `${where} answered ${status}: ${messageIn(text)}`;
  if (status === 401 || status === 403) return never(`${why}. It takes an admin key, which is not a key for calls`);
  const mayPass = status === 408 || status === 429 || status >= 500;
  return { why, waitMs: retryAfterMs(headers.get('retry-after')), mayPass };
}

const never = (why: string): Outcome<never> => ({ why, waitMs: 0, mayPass: false });

/** Seconds or a date. */
function retryAfterMs(text: string | null): number {
  if (text === null) return 0;
  const seconds = Number(text);
  const waitMs = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(text) - Date.now();
  return Number.isFinite(waitMs) ? Math.max(0, waitMs) : 0;
}

const MESSAGE_CHARS_MAX = 300;

/** Providers put it at `error.message`, AWS at `Message` or `message`. Keys that it may repeat are cut out. */
function messageIn(text: string): string {
  let message = text;
  try {
    const value = JSON.parse(text) as { error?: { message?: string } | string; message?: string; Message?: string };
    const { error } = value;
    message = (typeof error === 'object' ? error.message : error) ?? value.message ?? value.Message ?? text;
  } catch {
    // A page of a proxy.
  }
  return message
    .replaceAll(/\b(?:sk-|AKIA|ASIA)[\w*-]+/g, '[key]')
    .replaceAll(/\s+/g, ' ')
    .slice(0, MESSAGE_CHARS_MAX);
}

/** All pages of an answer with `data`, `has_more` and `next_page`. */
export async function fetchPages(
  request: JsonRequest,
  options: FetchOptions,
): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const buckets: Readonly<Record<string, unknown>>[] = [];
  const seen = new Set<string>();
  let page: string | null = null;
  for (let count = 0; count < PAGES_MAX; count++) {
    const url = new URL(request.url);
    if (page !== null) url.searchParams.set('page', page);
    const answer = (await fetchJson({ ...request, url: url.href }, options)) as PagedAnswer | null;
    if (!Array.isArray(answer?.data)) throw new Error(`${url.origin}${url.pathname} answered without "data"`);
    buckets.push(...answer.data);
    if (answer.has_more !== true) return buckets;
    page = typeof answer.next_page === 'string' ? answer.next_page : null;
    if (page === null || seen.has(page)) {
      throw new Error(`${url.origin}${url.pathname} says that there is more, but names no further page`);
    }
    seen.add(page);
  }
  throw new Error(`${new URL(request.url).pathname} has more than ${PAGES_MAX} pages; ask for a shorter range`);
}

interface PagedAnswer {
  readonly data?: readonly Readonly<Record<string, unknown>>[];
  readonly has_more?: boolean;
  readonly next_page?: string | null;
}

const PAGES_MAX = 2_000;
