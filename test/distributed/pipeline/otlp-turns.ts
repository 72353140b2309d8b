import assert from 'node:assert/strict';
import type { SentPost } from './otlp-posts.ts';
import type { SeededRandom } from './seeded-random.ts';

export interface TurnsOptions {
  /** Of the ingestion processes, which take turns. */
  readonly urls: readonly string[];
  readonly random: SeededRandom;
}

const LANES = 4;
const ANSWER_MS_MAX = 25_000;
/** How long a post is sent again until some ingestion process takes it. */
const PATIENCE_MS_MAX = 60_000;

/**
 * Sends posts one by one, each to the next ingestion process; one that nobody answered goes to the next but one as well.
 * About a fifth is sent twice though it was taken.
 */
export class Turns {
  readonly #options: TurnsOptions;
  readonly #taken: SentPost[] = [];
  #turn = 0;

  constructor(options: TurnsOptions) {
    this.#options = options;
  }

  /** In about this order: some are under way at once. @throws where one is not taken */
  async send(posts: readonly SentPost[]): Promise<void> {
    const rest = posts[Symbol.iterator]();
    await Promise.all(
      Array.from({ length: LANES }, async () => {
        for (const post of rest) {
          await this.#insist(post);
          this.#taken.push(post);
          if (this.#options.random.next() < 0.2) await this.repeatOne();
        }
      }),
    );
  }

  /** Sends once more what was taken before. */
  async repeatOne(): Promise<void> {
    await this.#insist(this.#options.random.pick(this.#taken));
  }

  async #insist(post: SentPost): Promise<void> {
    const { urls } = this.#options;
    const giveUpAtMs = performance.now() + PATIENCE_MS_MAX;
    while (!(await isTaken(`${urls[this.#turn++ % urls.length]}${post.path}`, post))) {
      assert.ok(performance.now() < giveUpAtMs, 'some ingestion process takes it');
    }
  }
}

async function isTaken(url: string, { body, type, key }: SentPost): Promise<boolean> {
  const headers = { 'content-type': type, authorization: `Bearer ${key}` };
  let response: Response;
  try {
    response = await fetch(url, { method: 'POST', headers, body, signal: AbortSignal.timeout(ANSWER_MS_MAX) });
  } catch {
    // Killed, before or after it was durable.
    return false;
  }
  const text = await response.text();
  assert.ok([200, 202, 503].includes(response.status), `${response.status} ${text}`);
  return response.status !== 503;
}
